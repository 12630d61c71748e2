"""Criteria that rest on a form which is not complete, or on a history that does not tell (protocol 1.3, 3.1, 3.3)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from crf.eligibility.evidence import current_evidence
from crf.records.eligibility_lapse import decide
from randomization.allocation.readiness import readiness
from tests.integration.crf.conftest import Save, record_at
from tests.integration.crf.test_consequences import LATER, numbered
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import demographics, eligibility, staging
from tests.world import PASSWORD, World, screen
from trials.models import EligibilityDecision, Participant
from trials.services.decisions import EvidenceIncomplete, EvidenceMoved

CHAPTERS = ("1.3", "3.1", "3.3")

pytestmark = pytest.mark.django_db
HISTORY = {"E-1", "E-2", "E-3", "E-4", "E-7", "E-8"}


@pytest.fixture
def person(world: World, everything: None, save: Save) -> Participant:
    """Everything of screening but the history."""
    participant = screen(world, signed_on=date(2026, 4, 28))
    save(participant, "STAGE", values=staging.VALUES, groups=numbered(staging.GROUPS))
    save(participant, "ELIG", values=eligibility.VALUES)
    return participant


def history(save: Save, person: Participant, **changed: Any) -> None:
    values = {**demographics.VALUES, **changed}
    missing = {name: "ND" for name, value in changed.items() if value is None}
    save(
        person,
        "DM",
        values={name: value for name, value in values.items() if value is not None},
        missing=missing,
        groups=numbered(demographics.GROUPS),
        reason="x",
    )


def signed(world: World, person: Participant, answers: dict[str, str]) -> EligibilityDecision:
    evidence = current_evidence(person)
    with transaction.atomic():
        return decide(
            shown=evidence,
            seen_digest=evidence.digest,
            eligible=True,
            answers=answers,
            note="",
            password=PASSWORD,
            by=world.investigator,
            at=LATER,
        )


def open_criteria(person: Participant) -> set[str]:
    return {each.code for each in current_evidence(person).assessment.criteria if each.met is None}


def criteria_in_the_way(person: Participant) -> set[str]:
    return {each.code for each in readiness(person, at=LATER).unmet if each.code.startswith("criterion")}


def test_point_13_without_a_history_form_nobody_is_eligible(
    world: World, person: Participant, save: Save
) -> None:
    assert open_criteria(person) == HISTORY
    assert record_at(person, "ELIG").elig_ok is None
    with pytest.raises(EvidenceIncomplete, match="E-1, E-2, E-3, E-4, E-7, E-8"):
        signed(world, person, {"E-1": "no history form needed"})
    history(save, person, smoke=None, weight=None)
    assert record_at(person, "DM").state == "complete"
    assert (open_criteria(person), record_at(person, "ELIG").elig_ok) == (set(), "Y")


def test_point_13_a_history_that_is_only_begun_decides_nothing(person: Participant, save: Save) -> None:
    begun = {name: value for name, value in demographics.VALUES.items() if name != "dysph"}
    save(person, "DM", values=begun, groups=numbered(demographics.GROUPS))
    assert record_at(person, "DM").state == "in_progress"
    assert (open_criteria(person), record_at(person, "ELIG").elig_ok) == (HISTORY, None)
    save(person, "DM", values=begun, groups=numbered(demographics.GROUPS), missing={"dysph": "ND"})
    assert (open_criteria(person), record_at(person, "ELIG").elig_ok) == (set(), "Y")


def test_point_13_the_investigator_answers_what_the_history_does_not_tell(
    world: World, person: Participant, save: Save
) -> None:
    history(save, person, mh_autoimmune="U", mh_ild=None)
    assert open_criteria(person) == {"E-1", "E-3"}
    assert record_at(person, "ELIG").elig_ok is None
    with pytest.raises(EvidenceIncomplete, match="E-3"):
        signed(world, person, {"E-1": "ANA negative"})
    decision = signed(world, person, {"E-1": "ANA negative", "E-3": "CT of the lung normal"})
    assert decision.answers == {"E-1": "ANA negative", "E-3": "CT of the lung normal"}
    frozen = {each["code"]: each["reason"] for each in decision.evidence["criteria"]}
    assert (frozen["E-1"], frozen["E-2"]) == ("answered_by_investigator", "met")
    assert decision.signature.digest == decision.digest != current_evidence(person).digest
    assert record_at(person, "ELIG").elig_ok == "Y"
    assert criteria_in_the_way(person) == set()


def test_point_13_an_answer_by_name_falls_with_the_decision(
    world: World, person: Participant, save: Save
) -> None:
    history(save, person, mh_autoimmune="U")
    decision = signed(world, person, {"E-1": "ANA negative"})
    history(save, person, mh_autoimmune="U", mh_prior_ca="U")
    decision.refresh_from_db()
    assert decision.lapsed_at is not None
    record = record_at(person, "ELIG")
    assert (record.elig_ok, record.elig_sig) == (None, None)


def test_point_13_the_page_asks_for_each_reason_and_keeps_what_was_seen(
    world: World, person: Participant, save: Save
) -> None:
    history(save, person, mh_prior_ca="U")
    client, url = client_of(world.investigator), reverse("crf:eligibility", args=[person.number])
    page = client.get(url)
    assert "E-7: why does it not stand in the way?" in page.text
    said = {
        "verdict": "eligible",
        "password": PASSWORD,
        "seen_digest": page.context["form"]["seen_digest"].value(),
    }
    assert client.post(url, said).status_code == 409
    assert client.post(url, {**said, "answer-E-7": "Asked the clinic: never treated"}).status_code == 302
    shown = client.get(url).text
    assert "E-7 · Asked the clinic: never treated" in shown
    assert EligibilityDecision.objects.get(participant=person).eligible


def test_rare_02_the_page_shown_again_signs_the_evidence_that_it_shows(
    world: World, person: Participant, save: Save
) -> None:
    """An answer changed while the page was read: it shows the evidence of now, and sends back the digest of that."""
    history(save, person, mh_prior_ca="U")
    client, url = client_of(world.investigator), reverse("crf:eligibility", args=[person.number])
    old = client.get(url).context["form"]["seen_digest"].value()
    history(save, person, mh_prior_ca="N")
    said = {"verdict": "eligible", "password": PASSWORD, "seen_digest": old}
    again = client.post(url, said)
    assert again.status_code == 409
    assert "An answer changed while you were reading" in again.text
    now = again.context["form"]["seen_digest"].value()
    assert now == current_evidence(person).digest != old
    assert f'value="{now}"' in again.text
    assert client.post(url, said | {"seen_digest": now}).status_code == 302


def test_what_was_not_seen_is_not_signed(world: World, person: Participant, save: Save) -> None:
    history(save, person)
    evidence = current_evidence(person)
    with pytest.raises(EvidenceMoved), transaction.atomic():
        decide(
            shown=evidence,
            seen_digest="0" * 64,
            eligible=True,
            answers={},
            note="",
            password=PASSWORD,
            by=world.investigator,
            at=LATER,
        )
