"""Ways to sign in, at the same moment twice: one hospital account, one recovery code, the last passkeys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.factors import LastFactor, make_recovery_codes, remove_passkey
from accounts.hospital.provider import HospitalIdentity
from accounts.hospital.services import HospitalAccountTaken, connect_hospital
from accounts.models import User
from accounts.services import change_person, sign_in
from kernel.scope import EVERYTHING, scope
from tests.races import at_once
from tests.world import NOW, PASSWORD, World
from tests.world_database import committed_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_opens_one_account_or_one_session_does_so_for_one_of_two(time_machine: Any) -> None:
    world: World = committed_world()
    one_hospital_account_is_connected_with_one_person(world)
    a_recovery_code_opens_one_session(world)
    the_last_factor_stays(world)
    who_never_signed_in_is_listed_after_90_days(world, time_machine)


def one_hospital_account_is_connected_with_one_person(world: World) -> None:
    identity = HospitalIdentity(key="h", issuer="https://h.example.org", subject="s-1", has_factor=False)
    people = (world.coordinator, world.investigator, world.monitor)

    def connect(user: User) -> Callable[[], Any]:
        return lambda: connect_hospital(user=user, identity=identity, hospital="H", at=NOW)

    answers = at_once(*map(connect, people))
    assert sum(isinstance(each, HospitalAccountTaken) for each in answers) == 2, answers
    assert User.objects.filter(hospital_accounts__contains=[identity.kept]).count() == 1


def a_recovery_code_opens_one_session(world: World) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        code, *_others = make_recovery_codes(user=world.investigator, at=NOW)

    def enter() -> Any:
        return sign_in(username="investigator", password=PASSWORD, code=code, at=NOW)

    opened = [each for each in at_once(enter, enter, enter) if isinstance(each, User)]
    assert len(opened) == 1
    assert len(User.objects.get(pk=world.investigator.pk).recovery_codes or []) == 9


def the_last_factor_stays(world: World) -> None:
    keys = [{"key": name, "name": name, "made_at": NOW.isoformat(), "count": 0} for name in "ab"]
    with scope(user_id=None, sites=EVERYTHING):
        person = User.objects.get(pk=world.trial_manager.pk)
        change_person(user=person, by=None, at=NOW, passkeys=keys, totp_secret="", totp_confirmed_at=None)
    assert world.trial_manager.needs_second_factor

    def remove(key: str) -> Callable[[], Any]:
        return lambda: remove_passkey(user=world.trial_manager, key=key, at=NOW)

    answers = at_once(remove("a"), remove("b"))
    assert sum(isinstance(each, LastFactor) for each in answers) == 1, answers
    assert len(User.objects.get(pk=world.trial_manager.pk).passkeys or []) == 1


def who_never_signed_in_is_listed_after_90_days(world: World, time_machine: Any) -> None:
    client, other = Client(), Client()
    listed = "Never signed in; account of"
    for days, count in ((89, 0), (91, 1)):
        time_machine.move_to(NOW + timedelta(days=days), tick=False)
        client.force_login(User.objects.get(pk=world.trial_manager.pk))
        said = client.get("/people/").text
        assert (listed in said) == bool(count), days
    assert (
        "coordinator"
        in said.partition(listed)[0].rpartition("Accounts that nobody")[2] + said.partition(listed)[2]
    )
    other.force_login(world.coordinator)
    assert listed not in other.get("/people/").text
