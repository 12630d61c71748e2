"""An approval is known by its letter, a consent text by its label, and a refusal to sign is an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.models import User
from audit.acts import open_act
from followup.impact import asked_to_consent_anew, stays_under_older_text, to_consent_anew
from followup.services import migrate_participants, withdraw_participant
from tests.versions import LETTER, amended, shelf
from tests.world import NOW, TODAY, World, screen
from trials import services as trials
from trials.models import ConsentRefusal, ConsentVersion, Participant, SiteVersion
from trials.models.participants import AfterRefusal
from trials.services.participants import ConsentAlreadyRecorded
from trials.services.reconsent import (
    AskedInFuture,
    ChangedWithoutReason,
    DeclinesInScreening,
    NothingSignedBefore,
    TextNotInForce,
)
from trials.services.sites import ConsentVersionKnown
from trials.services.versions import (
    ApprovalBeforeText,
    ApprovalInFuture,
    ApprovalWithoutLetter,
    ConsentTextOlder,
    LetterNotAfterApproval,
)

pytestmark = pytest.mark.django_db

Make = Callable[..., Participant]
STAYS, LEAVES = AfterRefusal.STAYS, AfterRefusal.LEAVES
YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)


@pytest.fixture(autouse=True)
def _two_versions(tmp_path: Path) -> Iterator[None]:
    with shelf(tmp_path, v2_0=amended()):
        yield


def by(world: World) -> dict[str, Any]:
    return {"by": world.trial_manager, "at": NOW}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def approve(world: World, **more: Any) -> SiteVersion:
    told = {"site": world.site, "version": "2.0", "approved_on": TODAY, **LETTER, **by(world)}
    return trials.record_version_approval(**(told | more))


def new_text(world: World, label: str = "2.0", on: date = TODAY) -> ConsentVersion:
    return trials.add_consent_version(site=world.site, label=label, approved_on=on, **by(world))


def asked_anew(world: World) -> SiteVersion:
    """Version 2.0 is open at site 01 and asks for consent text 2.0."""
    approve(world, consent=new_text(world))
    told: dict[str, Any] = {"site": world.site, "version": "2.0", "reason": "Amendment 1", **by(world)}
    opened = trials.open_site_version(**told)
    migrate_participants(site_version=opened, at=NOW)
    return opened


def refuse(world: World, participant: Participant, follows: str = STAYS, **more: Any) -> ConsentRefusal:
    text = ConsentVersion.objects.get(site=participant.site, label="2.0")
    told = {"participant": participant, "version": text, "asked_on": TODAY, "follows": follows, **by(world)}
    return trials.record_consent_refusal(**(told | more))


def names(people: Any) -> list[str]:
    return [each.number for each in people]


@pytest.mark.parametrize(
    ("said", "refusal", "sentence"),
    [
        ({"approved_on": date(2026, 11, 4)}, ApprovalBeforeText, "dated 2026-11-05"),
        ({"approved_on": TOMORROW}, ApprovalInFuture, "has not come yet"),
        ({"letter_on": TOMORROW}, ApprovalInFuture, "has not come yet"),
        ({"letter_on": YESTERDAY}, LetterNotAfterApproval, "before the approval"),
        ({"reference": " "}, ApprovalWithoutLetter, "reference and the date"),
    ],
)
def test_rare_05_an_approval_is_not_before_the_text_and_has_its_letter(
    world: World, everywhere: None, said: dict[str, Any], refusal: Any, sentence: str
) -> None:
    with pytest.raises(refusal, match=sentence):
        approve(world, **said)
    assert not SiteVersion.objects.exists()
    assert approve(world).letter_on == LETTER["letter_on"]


def test_rare_05_only_a_consent_text_approved_with_the_version_belongs_to_it(
    world: World, everywhere: None
) -> None:
    old = world.site.consent_versions.get()
    with pytest.raises(ConsentTextOlder, match=r"before version 2\.0 was on 2026-11-20"):
        approve(world, consent=old)
    between = new_text(world, "1.1", YESTERDAY)
    with pytest.raises(ConsentTextOlder):
        approve(world, consent=between)
    assert approve(world, consent=between, approved_on=YESTERDAY).consent == between
    page = client_of(world.trial_manager).get("/protocol/versions/2.0/sites/01/approve/")
    assert [str(text) for text in page.context["form"].fields["consent"].queryset] == ["1.1"]


def test_rare_05_the_form_asks_for_the_letter(world: World, everywhere: None) -> None:
    manager = client_of(world.trial_manager)
    page = manager.post("/protocol/versions/2.0/sites/01/approve/", {"approved_on": "2026-11-20"})
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"reference", "letter_on"}


def test_rare_05_a_label_on_record_is_a_sentence(world: World, everywhere: None) -> None:
    manager = client_of(world.trial_manager)
    page = manager.post("/sites/01/consent-versions/new/", {"label": "1.0", "approved_on": TODAY.isoformat()})
    assert page.status_code == 422
    assert "Consent version 1.0 of site 01 is on record already" in page.text
    with pytest.raises(ConsentVersionKnown):
        new_text(world, "1.0")
    with pytest.raises(ApprovalInFuture):
        new_text(world, on=TOMORROW)
    world.site.refresh_from_db()
    assert world.site.consent_versions.get().ended_on is None


def test_rare_05_whoever_refuses_and_stays_is_asked_no_more(
    world: World, everywhere: None, randomized: Make
) -> None:
    staying, silent = randomized(), randomized()
    opened = asked_anew(world)
    refuse(world, staying)
    people = Participant.objects.all()
    assert names(asked_to_consent_anew(people)) == names(to_consent_anew(people, opened)) == [silent.number]
    assert names(stays_under_older_text(people, opened)) == [staying.number]
    page = client_of(world.coordinator).get(f"/participants/{staying.number}/").text
    assert "Did not sign consent 2.0, asked on" in page
    assert "Stays in the trial under the consent signed before" in page
    version_page = client_of(world.coordinator).get("/protocol/versions/2.0/sites/01/").text
    assert "Refused it and stay under the consent signed before" in version_page


def test_rare_05_whoever_refuses_and_leaves_stands_there_until_the_withdrawal(
    world: World, everywhere: None, randomized: Make
) -> None:
    leaving = randomized()
    asked_anew(world)
    coordinator = client_of(world.coordinator)
    text = ConsentVersion.objects.get(site=world.site, label="2.0")
    said = {"version": text.pk, "asked_on": TODAY.isoformat(), "follows": LEAVES}
    sent = coordinator.post(f"/participants/{leaving.number}/consent/refused/", said)
    assert sent.headers["Location"] == f"/participants/{leaving.number}/withdraw/"
    work = coordinator.get("/work-list/").text
    assert "Does not sign the new text and leaves: record the withdrawal" in work
    told: dict[str, Any] = {"participant": leaving, "on": TODAY, "study_drug": True}
    withdraw_participant(**told, by=world.coordinator, at=NOW)
    assert names(asked_to_consent_anew(Participant.objects.all())) == []


def test_rare_05_whoever_signs_after_all_has_signed(world: World, everywhere: None, randomized: Make) -> None:
    participant = randomized()
    opened = asked_anew(world)
    refused = refuse(world, participant, LEAVES)
    signed: dict[str, Any] = {"version": refused.version, "signed_on": TODAY, "sensitive_data": True}
    trials.record_consent(participant=participant, **signed, **by(world))
    people = Participant.objects.all()
    assert names(to_consent_anew(people, opened)) == names(stays_under_older_text(people, opened)) == []
    with pytest.raises(ConsentAlreadyRecorded):
        refuse(world, participant)


def test_rare_05_a_refusal_is_corrected_with_a_reason(
    world: World, everywhere: None, randomized: Make
) -> None:
    participant = randomized()
    asked_anew(world)
    refuse(world, participant, LEAVES)
    with pytest.raises(ChangedWithoutReason):
        refuse(world, participant, STAYS)
    assert refuse(world, participant, STAYS, reason="Changed their mind").follows == STAYS
    assert ConsentRefusal.objects.count() == 1


def test_rare_05_what_cannot_have_been_refused(world: World, everywhere: None, randomized: Make) -> None:
    participant, screened = randomized(), screen(world)
    asked_anew(world)
    old = world.site.consent_versions.get(label="1.0")
    for refusal, more in (
        (AskedInFuture, {"asked_on": TOMORROW}),
        (TextNotInForce, {"asked_on": YESTERDAY}),
        (TextNotInForce, {"version": old}),
        (TextNotInForce, {"version": world.other_site.consent_versions.get(), "asked_on": YESTERDAY}),
        (DeclinesInScreening, {"participant": screened}),
    ):
        with pytest.raises(refusal):
            refuse(world, **({"participant": participant} | more))
    never: dict[str, Any] = {"participant": trials.register_participant(site=world.site, **by(world))}
    trials.record_screening_outcome(
        **never, declined=True, reason="no_trial", criteria=[], on=TODAY, **by(world)
    )
    with pytest.raises(NothingSignedBefore):
        refuse(world, never["participant"])


@pytest.mark.parametrize("change", [{"reference": "EC 2026-99"}, {"letter_on": date(2026, 11, 21)}])
def test_rare_05_the_letter_of_an_open_version_stays(
    world: World, everywhere: None, change: dict[str, Any]
) -> None:
    opened = asked_anew(world)
    told: dict[str, Any] = {"by": world.trial_manager, "at": NOW, "site": world.site, "reason": "try"}
    with pytest.raises(DatabaseError, match="set once and stays"), transaction.atomic():
        with open_act("tests:version:change", **told) as act:
            SiteVersion.objects.filter(pk=opened.pk).update(act=act, **change)
