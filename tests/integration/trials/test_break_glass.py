"""`manage.py break_glass`: two people together, on record, and everybody who may care is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import Mail, User
from accounts.second_factor import code_at
from audit.models import Act
from kernel.scope import EVERYTHING, scope
from tests.clock import clock_time
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def everything() -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


def code_of(user: User) -> str:
    with transaction.atomic():
        return code_at(User.objects.get(pk=user.pk), clock_time())


def run(
    monkeypatch: pytest.MonkeyPatch, user: User, *witnesses: User, passwords: Any = None, **options: Any
) -> None:
    typed = iter(
        word
        for number, each in enumerate(witnesses)
        for word in ((passwords or {}).get(number, PASSWORD), code_of(each))
    )
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    told = {"reason": "Both telephones are lost", "witness": [each.username for each in witnesses], **options}
    call_command("break_glass", user.username, **told)


def test_two_people_open_the_account_and_all_managers_are_told(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manager = world.trial_manager
    run(monkeypatch, manager, world.coordinator, world.investigator)
    password = capsys.readouterr().out.strip().rpartition(" ")[2]
    with transaction.atomic():
        after = User.objects.get(pk=manager.pk)
        assert after.check_password(password)
        assert after.must_change_password
        assert (after.totp_secret, after.totp_confirmed_at) == ("", None)
        broken = Act.objects.get(verb="trials:account:break_glass")
        assert (broken.by, broken.reason) == (world.coordinator, "Both telephones are lost")
        assert Act.objects.get(verb="trials:account:witness", parent=broken).by == world.investigator
        letter = Mail.objects.get(kind="trials.break_glass", to=manager)
    assert "Both telephones are lost" in letter.body
    assert password not in letter.body


def test_one_person_alone_opens_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    manager, before = world.trial_manager, world.trial_manager.password
    for witnesses, passwords, said in (
        ((world.coordinator,), {}, "Name two people"),
        ((world.coordinator, world.coordinator), {}, "Two different people"),
        ((world.coordinator, manager), {}, "Two different people"),
        ((world.coordinator, world.investigator), {1: "wrong"}, "Two different people"),
    ):
        with pytest.raises(CommandError, match=said):
            run(monkeypatch, manager, *witnesses, passwords=passwords)
    with pytest.raises(CommandError, match="is no trial manager"):
        run(monkeypatch, world.coordinator, world.investigator, manager)
    with pytest.raises(CommandError, match="Say why"):
        run(monkeypatch, manager, world.coordinator, world.investigator, reason=" ")
    with transaction.atomic():
        assert User.objects.get(pk=manager.pk).password == before
        assert not Act.objects.filter(verb="trials:account:break_glass").exists()


@pytest.mark.parametrize("command", ["createsuperuser", "changepassword"])
def test_commands_that_write_past_the_acts_say_what_to_use(command: str) -> None:
    with pytest.raises(CommandError, match="create_trial_manager"):
        call_command(command)
