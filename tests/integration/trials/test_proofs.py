"""Training and identity are verified by a second person; people are invited by a link (requirements 12, 34, 35)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts import services as accounts
from accounts.models import Mail, User
from accounts.permissions import Role
from accounts.proofs import DayAhead, NoIdentityDocument, NoTrainingDocument
from accounts.second_factor import code_at
from accounts.services import change_person
from kernel.scope import EVERYTHING, scope
from tests.clock import clock_time
from tests.world import NOW, OPENED_ON, TODAY, World
from trials import services as trials
from trials.models.people import with_grants
from trials.services.delegations import ProofsNotVerified
from trials.services.people import (
    InUseAlready,
    NoAddressToInvite,
    NothingToVerify,
    VerifierIsNoSecond,
    change_account,
    invite_person,
    reset_account,
    verify_proofs,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everything(world: World) -> Any:
    with scope(user_id=None, sites=EVERYTHING):
        yield


def second_manager() -> User:
    new: Any = {"trained_on": OPENED_ON, "identity_checked_on": OPENED_ON, "by": None, "at": NOW}
    user = accounts.create_person(username="second_manager", display_name="Second Manager", **new)
    trials.delegate(user=user, role=Role.TRIAL_MANAGER, site=None, starts_on=OPENED_ON, by=None, at=NOW)
    return with_grants(user, on=TODAY)


def test_point_5_training_and_identity_need_a_document_and_a_second_verifier(world: World) -> None:
    new: Any = {"username": "newcomer", "display_name": "New Comer", "by": world.trial_manager, "at": NOW}
    with pytest.raises(NoTrainingDocument):
        accounts.create_person(**new, trained_on=OPENED_ON)
    with pytest.raises(NoIdentityDocument):
        accounts.create_person(**new, identity_checked_on=OPENED_ON)
    with pytest.raises(DayAhead):
        accounts.create_person(**new, trained_on=date(2035, 1, 1), training_document="GCP course")
    user = accounts.create_person(
        **new, trained_on=OPENED_ON, training_document="GCP course", identity_checked_on=OPENED_ON,
        identity_document="Identity card", accountability_accepted_on=OPENED_ON,
    )  # fmt: skip
    second = second_manager()
    delegation = trials.delegate(
        user=user, role=Role.MONITOR, site=None, starts_on=OPENED_ON, by=world.trial_manager, at=NOW
    )
    with pytest.raises(ProofsNotVerified):
        trials.confirm_delegation(delegation=delegation, by=second, at=NOW)
    with pytest.raises(VerifierIsNoSecond):
        verify_proofs(user=user, by=world.trial_manager, at=NOW)
    assert "second person" in accounts._missing_for_signing(user)
    verify_proofs(user=user, by=second, at=NOW)
    trials.confirm_delegation(delegation=delegation, by=second, at=NOW)
    with pytest.raises(NothingToVerify):
        verify_proofs(user=user, by=second, at=NOW)
    change_account(user=user, by=second, at=NOW, reason="trained anew", training_document="Another course")
    assert User.objects.get(pk=user.pk).waits_for_verifier, "what changes is verified anew"


def test_point_6_somebody_is_invited_by_a_link_that_is_good_once(world: World, client: Client) -> None:
    manager = world.trial_manager
    new: Any = {"username": "newcomer", "display_name": "New Comer", "by": manager, "at": clock_time()}
    user = accounts.create_person(**new)
    with pytest.raises(NoAddressToInvite):
        invite_person(user=user, by=manager, at=clock_time())
    change_account(user=user, by=manager, at=clock_time(), reason="address", email="n@example.org")
    invite_person(user=user, by=manager, at=clock_time())
    (link,) = re.findall(r"\S+/accounts/first-password/\S+", Mail.objects.get(kind="trials:invitation").body)
    path = link[link.index("/accounts/") :]
    chosen = {"new": "seven quiet herons at dawn", "again": "seven quiet herons at dawn"}
    assert client.post(path, chosen).status_code == 302
    assert client.post(path, chosen).status_code == 410
    user.refresh_from_db()
    assert not user.must_change_password, "nobody else has known it"
    change_person(user=user, by=None, at=NOW, signed_in_at=NOW)
    with pytest.raises(InUseAlready):
        invite_person(user=user, by=manager, at=NOW)


def test_must_show_a_trial_manager_who_resets_an_account_does_not_become_its_owner(
    world: World, client: Client
) -> None:
    """Whoever resets an account knows its password; it takes a second manager before anything opens by it."""
    reset = {"by": world.trial_manager, "at": clock_time(), "reason": "lost"}
    reset_account(user=world.investigator, password="known to the manager", **reset)  # type: ignore[arg-type]
    typed = {"username": "investigator", "password": "known to the manager"}
    client.post("/accounts/sign-in/", typed)
    chosen = {
        "password": typed["password"],
        "new": "seven quiet herons at dawn",
        "again": "seven quiet herons at dawn",
    }
    client.post("/accounts/password/", chosen)
    client.post("/accounts/second-factor/begin/", {"begin-password": chosen["new"]})
    user = User.objects.get(pk=world.investigator.pk)
    client.post("/accounts/second-factor/", {"code": code_at(user, clock_time())})
    assert User.objects.get(pk=user.pk).has_second_factor
    for address in ("/work-list/", "/participants/", "/api/v1/participants/"):
        assert client.get(address).headers["Location"] == "/accounts/"
    assert "Your account was reset" in client.get("/accounts/").text
    assert "second person" in accounts._missing_for_signing(User.objects.get(pk=user.pk))
    with pytest.raises(VerifierIsNoSecond):
        verify_proofs(user=user, by=world.trial_manager, at=NOW)
    verify_proofs(user=user, by=second_manager(), at=NOW)
    assert client.get("/work-list/").status_code == 200


def test_point_6_who_had_the_address_before_is_told_that_it_is_another_one_now(world: World) -> None:
    def told() -> list[str]:
        with scope(user_id=None, sites=EVERYTHING):
            return list(Mail.objects.filter(kind="accounts:notice").values_list("address", flat=True))

    user: Any = world.investigator
    given: dict[str, Any] = {"user": user, "by": world.trial_manager, "at": NOW, "reason": "wrong"}
    change_account(**given, email="first@example.org")
    assert told() == [], "nobody works with it yet"
    change_person(user=user, by=None, at=NOW, signed_in_at=NOW)
    change_account(**given, display_name="Dr One")
    assert told() == []
    change_account(**given, email="another@example.org")
    assert told() == ["first@example.org"]
