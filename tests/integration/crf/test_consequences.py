"""What follows from answers: milestones, track, visits, the eligibility decision."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from accounts.permissions import Permission
from crf.eligibility.evidence import current_evidence, stage_for_stratum
from crf.models import Query
from crf.store.context import FormContext
from followup.models import Todo, Visit, VisitState
from followup.services import plan_visits_for
from tests.integration.crf.conftest import Save, record_at
from tests.integration.crf.test_pages import client_of
from tests.integration.exports.test_api import caller
from tests.unit.crf.examples import (
    adverse_event,
    demographics,
    eligibility,
    follow_up,
    response,
    staging,
    surgery,
    survival,
    treatment,
)
from tests.world import OPENED_ON, PASSWORD, World, screen
from trials import services as trials
from trials.models import DeviationProposal, EligibilityDecision, Milestone, Participant
from trials.models.participants import Track
from trials.models.sites import ChecklistKind

CHAPTERS = ("2.1", "2.5", "2.6", "3.1", "3.15", "3.17")

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SYSTEM: Any = {"by": None, "at": LATER}


def numbered(groups: dict[str, Any]) -> dict[str, Any]:
    return {name: [{"position": n, **row} for n, row in enumerate(rows, 1)] for name, rows in groups.items()}


@pytest.fixture
def person(world: World, everything: None) -> Participant:
    """A participant of site 01, consented on the day that the examples of the forms say."""
    return screen(world, signed_on=date(2026, 4, 28))


def screened_on_paper(person: Participant, save: Save) -> None:
    save(person, "STAGE", values=staging.VALUES, groups=numbered(staging.GROUPS))
    save(person, "DM", values=demographics.VALUES, groups=numbered(demographics.GROUPS))
    save(person, "ELIG", values=eligibility.VALUES)


def randomized(person: Participant, arm: str = "1") -> Participant:
    with transaction.atomic():
        trials.reveal_arm(participant=person, arm=arm, **SYSTEM)
        trials.set_milestone(participant=person, code="RAND", on=date(2026, 5, 8), source="test", **SYSTEM)
        plan_visits_for(participant=person, **SYSTEM)
    person.refresh_from_db()
    return person


def treated(person: Participant, save: Save) -> None:
    groups = numbered(treatment.GROUPS)
    save(
        person,
        "TREAT",
        values=treatment.VALUES,
        groups=groups if person.arm == "1" else {**groups, "camre": []},
    )
    person.refresh_from_db()


def visit(person: Participant, code: str) -> Visit:
    found: Visit = Visit.objects.get(participant=person, code=code)
    return found


def decide(person: Participant, world: World) -> EligibilityDecision:
    evidence = current_evidence(person)
    with transaction.atomic():
        return trials.decide_eligibility(
            participant=person,
            eligible=True,
            evidence=evidence.as_json(),
            digest=evidence.digest,
            seen_digest=evidence.digest,
            password=PASSWORD,
            by=world.investigator,
            at=LATER,
        )


def test_the_evidence_is_read_from_three_forms(person: Participant, save: Save) -> None:
    assert current_evidence(person).verdict is None
    assert stage_for_stratum(person, at=LATER) is None
    screened_on_paper(person, save)
    evidence = current_evidence(person)
    assert (evidence.verdict, evidence.unmet) == (True, [])
    source = stage_for_stratum(person, at=LATER)
    assert source is not None
    assert (source.group, source.ct, source.cn, source.cm) == ("III", "T3", "N1", "M0")


def test_the_decision_lapses_when_an_answer_behind_it_changes(
    person: Participant, world: World, save: Save
) -> None:
    screened_on_paper(person, save)
    decision = decide(person, world)
    save(
        person,
        "DM",
        values={**demographics.VALUES, "height": 171},
        groups=numbered(demographics.GROUPS),
        reason="x",
    )
    decision.refresh_from_db()
    assert decision.lapsed_at is None
    save(person, "ELIG", values={**eligibility.VALUES, "ecog": "0"}, reason="Misread")
    decision.refresh_from_db()
    assert decision.lapsed_at == LATER
    with translation.override("zh-hans"):  # kept in the words of the source, whoever changed the answer
        assert (decision.lapse_cause, decision.why_lapsed) == (
            "An answer on the form ELIG was changed.",
            "表单 ELIG 中有一项填写内容已修改。",
        )


def test_who_is_never_treated_is_followed_for_survival_alone_until_that_is_put_right(
    person: Participant, save: Save
) -> None:
    """Decision C3: the state had no way in, and the visits of treatment stayed on the lists for good."""
    randomized(person)
    declined = datetime(2026, 5, 15, 2, 0, tzinfo=UTC)
    save(person, "TREAT", values={"rt_given": "N", "completed": "N", "stop_reason": "patient"}, at=declined)
    person.refresh_from_db()
    assert (person.state, visit(person, "N1").state) == (Track.NEVER_TREATED, VisitState.CANCELLED)
    assert visit(person, "OS36").state != VisitState.CANCELLED
    late = {"rt_given": "N", "completed": "N", "stop_reason": "other"}
    save(person, "TREAT", values={"rt_given": "N"}, reason="Undecided still", at=declined)
    save(person, "TREAT", values=late, reason="Decided now", at=datetime(2026, 8, 20, 2, 0, tzinfo=UTC))
    person.refresh_from_db()
    assert (person.state, visit(person, "N1").state) == (Track.NEVER_TREATED, VisitState.CANCELLED)
    groups = numbered(treatment.GROUPS)
    save(person, "TREAT", values=treatment.VALUES, groups=groups, reason="Of somebody else")
    person.refresh_from_db()
    assert person.state == Track.AWAIT_CRE1
    assert visit(person, "CRE-1").target == date(2026, 7, 15)


def test_after_randomization_a_deviation_is_proposed_instead(
    person: Participant, world: World, save: Save
) -> None:
    screened_on_paper(person, save)
    decision = decide(person, world)
    randomized(person)
    save(person, "ELIG", values={**eligibility.VALUES, "ecog": "0"}, reason="Misread")
    save(
        person, "ELIG", values={**eligibility.VALUES, "ecog": "0", "mdt_dt": date(2026, 5, 5)}, reason="Typo"
    )
    decision.refresh_from_db()
    assert decision.lapsed_at is None
    assert DeviationProposal.objects.filter(participant=person, rule="X007").count() == 1


def proposed(person: Participant, rule: str) -> list[str]:
    found = DeviationProposal.objects.filter(participant=person, rule=rule)
    return sorted(proposal.key.rpartition("-")[2] for proposal in found)


def test_a_dose_that_was_not_given_as_planned_is_proposed_once(person: Participant, save: Save) -> None:
    randomized(person)
    groups = numbered({**treatment.GROUPS, "chemo": [*treatment.GROUPS["chemo"][:4], treatment.omitted(5)]})
    values = {
        **treatment.VALUES,
        "gap_days": 3,
        "gap_reason": "machine",
        "completed": "N",
        "stop_reason": "toxicity",
    }
    save(person, "TREAT", values=values, groups=groups)
    save(person, "TREAT", values={**values, "resp_end": "SD"}, groups=groups, reason="Misread")
    assert proposed(person, "drug_dose") == ["17:chemo.5"]
    assert proposed(person, "radiotherapy") == ["19"]


def test_what_becomes_a_departure_by_another_form_is_proposed_as_well(
    person: Participant, save: Save
) -> None:
    randomized(person, arm="2")
    treated(person, save)
    save(person, "SURG", values=surgery.VALUES)
    assert proposed(person, "surgery_timing") == []
    groups = {**numbered(treatment.GROUPS), "camre": []}
    ended_later = {**treatment.VALUES, "rt_end": date(2026, 7, 3)}
    save(person, "TREAT", values=ended_later, groups=groups, reason="The treatment record says so")
    assert proposed(person, "surgery_timing") == ["X041"]


def test_point_15_a_therapy_of_an_earlier_contact_is_read_when_a_later_one_has_none(
    person: Participant, save: Save
) -> None:
    randomized(person, arm="2")
    treated(person, save)
    save(person, "SURG", values=surgery.VALUES)
    save(person, "ST", values={"st_kind": "io", "st_class": ["pd1"], "st_start": "2026-09"})
    visits = list(Visit.objects.filter(participant=person, code__in=("PO90", "FU-06")).order_by("opens"))
    for visit, day, new in zip(visits, (date(2026, 10, 28), date(2026, 11, 18)), "YN", strict=True):
        values = {**follow_up.VALUES, "fu_dt": day, "img_any": "N", "post_tx_any": new}
        save(person, "FU", visit=visit, values=values)
    event = {**adverse_event.VALUES, "ae_st": "2026-11-02", "ae_en": "2026-11-12", "rel_camre": "na"}
    save(person, "AE", values=event)
    assert not Query.objects.filter(participant=person, check_code="X023").exists()


def test_camrelizumab_in_arm_2_is_kept_out_and_proposed_as_a_deviation(
    person: Participant, world: World
) -> None:
    randomized(person, arm="2")
    page = reverse("crf:form", args=[person.number, "TREAT", 1])
    typed = {"ci_any": "Y", "rt_given": "N"}
    for _again in range(2):
        answer = client_of(world.coordinator).post(page, typed)
        assert (answer.status_code, "Arm 2 has no camrelizumab" in answer.content.decode()) == (422, True)
        assert proposed(person, "wrong_treatment") == ["X011"]
    api = caller(world.coordinator, Permission.PARTICIPANT_VIEW, Permission.CRF_VIEW, Permission.CRF_EDIT)
    address = f"/api/v1/participants/{person.number}/answers/TREAT/"
    sent = api.put(address, {"answers": typed}, content_type="application/json")
    assert (sent.status_code, set(sent.json()["errors"])) == (422, {"ci_any"})
    assert proposed(person, "wrong_treatment") == ["X011"]
    assert record_at(person, "TREAT") is None


@pytest.mark.parametrize(
    ("page", "typed", "answer"),
    [
        ("decline", {"reason": "wants_surgery"}, "approached_no"),
        ("screen-failure", {"reason": "progression"}, "sf_reason"),
    ],
)
def test_the_eligibility_form_keeps_why_screening_ended(
    person: Participant, world: World, save: Save, page: str, typed: dict[str, str], answer: str
) -> None:
    save(person, "ELIG", values=eligibility.VALUES)
    address = f"/participants/{person.number}/{page}/"
    sent = client_of(world.coordinator).post(address, {**typed, "on": "2026-05-06", "detail": "x"})
    assert sent.status_code == 302, sent.content.decode()[-3000:]
    assert getattr(record_at(person, "ELIG"), answer) == typed["reason"]


def test_a_renewed_ethics_approval_does_not_make_earlier_consents_impossible(
    person: Participant, world: World, save: Save
) -> None:
    renewed = date(2026, 10, 1)
    trials.fulfil_checklist_item(site=world.site, kind=ChecklistKind.ETHICS, done_on=renewed, **SYSTEM)
    save(person, "ELIG", values=eligibility.VALUES)
    assert not Query.objects.filter(participant=person, check_code="ELIG-01").exists()


def test_a_site_is_activated_on_the_day_its_first_checklist_was_complete(
    person: Participant, world: World
) -> None:
    def activated_on() -> date:
        found: date = FormContext(person, at=LATER).context_value("site.activated_on")
        return found

    assert activated_on() == OPENED_ON
    trials.fulfil_checklist_item(
        site=world.site, kind=ChecklistKind.TRAINING, done_on=date(2026, 10, 1), **SYSTEM
    )
    assert activated_on() == OPENED_ON


def test_the_eligibility_page_signs_the_decision(person: Participant, world: World, save: Save) -> None:
    url = reverse("crf:eligibility", args=[person.number])
    screened_on_paper(person, save)
    page = client_of(world.investigator).get(url)
    digest = page.context["form"]["seen_digest"].value()
    lines = {line.code: line for line in page.context["criteria"]}
    assert (lines["I-2"].verdict, [item.form_code for item in lines["I-2"].items]) == (
        "met",
        ["ELIG", "ELIG"],
    )
    said = {"verdict": "eligible", "password": PASSWORD, "seen_digest": digest, "note": ""}
    assert client_of(world.coordinator).post(url, said).status_code == 403
    assert client_of(world.coordinator).get(url).status_code == 200
    assert client_of(world.investigator).post(url, {**said, "password": "wrong"}).status_code == 422
    assert client_of(world.investigator).post(url, {**said, "seen_digest": "0" * 64}).status_code == 409
    assert client_of(world.investigator).post(url, said).status_code == 302
    signed = EligibilityDecision.objects.get()
    assert (signed.eligible, signed.digest, signed.signature.printed_name) == (True, digest, "Investigator")
    assert client_of(world.stranger).get(url).status_code == 404
    assert client_of(world.trial_manager).get(url).status_code == 403


def test_treatment_sets_its_milestones_and_moves_the_track(person: Participant, save: Save) -> None:
    screened_on_paper(person, save)
    randomized(person)
    save(person, "TREAT", values={"rt_given": "Y", "rt_start": treatment.MONDAY})
    person.refresh_from_db()
    assert person.state == Track.NEOADJUVANT
    treated(person, save)
    assert person.state == Track.AWAIT_CRE1
    assert (visit(person, "CRE-1").anchor_on, visit(person, "CRE-1").state) == (
        date(2026, 6, 10),
        VisitState.MISSED,
    )


def test_two_clear_evaluations_make_a_ccr_and_surveillance(person: Participant, save: Save) -> None:
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    first = {**response.VALUES, **_changes(response.at_cre1())}
    save(person, "CRE", visit=visit(person, "CRE-1"), values=first)
    person.refresh_from_db()
    assert person.state == Track.AWAIT_CRE2
    assert (visit(person, "CRE-1").state, visit(person, "CRE-1").took_place_on) == (
        VisitState.DONE,
        date(2026, 7, 14),
    )
    save(person, "CRE", visit=visit(person, "CRE-2"), values=response.VALUES)
    person.refresh_from_db()
    found = {m.code: (m.on, m.result) for m in Milestone.objects.filter(participant=person)}
    assert found["CRE1"] == (date(2026, 7, 14), "clear")
    assert found["CCR"][0] == date(2026, 8, 25)
    assert (person.state, person.state_since) == (Track.SURVEILLANCE, date(2026, 8, 25))
    assert Visit.objects.filter(participant=person, code="AS-06").exists()


def _changes(example: dict[str, Any]) -> dict[str, Any]:
    return dict(example["values"])


def test_a_residue_leads_to_surgery(person: Participant, save: Save) -> None:
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    found = _changes(
        response.at_cre1(
            local_call="1",
            bx_result="scc",
            cre_outcome="NON_CCR",
            mdt_dt=date(2026, 7, 20),
            mdt_dec="surgery",
        )
    )
    save(person, "CRE", visit=visit(person, "CRE-1"), values={**response.VALUES, **found})
    person.refresh_from_db()
    assert person.state == Track.SURGERY_PLANNED


def test_a_death_closes_what_was_planned(person: Participant, save: Save) -> None:
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    died = {
        **survival.VALUES,
        **_changes(survival.dead()),
        "status_dt": date(2026, 11, 10),
        "death_dt": "2026-11-02",
    }
    save(person, "SURV", visit=visit(person, "OS36"), values=died)
    person.refresh_from_db()
    assert (person.state, person.state_since) == (Track.DEAD, date(2026, 11, 2))
    assert Milestone.objects.get(participant=person, code="DEATH").on == date(2026, 11, 2)
    assert not Visit.objects.awaited().filter(participant=person, opens__gt=date(2026, 11, 2)).exists()


def death_of(person: Participant) -> tuple[date | None, date | None, date | None]:
    milestone = Milestone.objects.get(participant=person, code="DEATH")
    return milestone.on, milestone.earliest, milestone.latest


def test_rare_10_a_death_known_by_its_year_is_a_milestone_with_its_possible_days(
    person: Participant, save: Save
) -> None:
    """Decision D4: no day is used, the participant is dead since the first possible one, until a day is known."""
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    told = {**survival.VALUES, **_changes(survival.dead()), "status_dt": date(2026, 11, 10)}
    alive_on = date(2026, 6, 10)
    for died, on, first, last in (
        ("2026", None, alive_on, date(2026, 11, 10)),
        ("2026-08", date(2026, 8, 15), date(2026, 8, 1), date(2026, 8, 31)),
        ("2026-08-20", date(2026, 8, 20), None, None),
        (None, None, alive_on, date(2026, 11, 10)),
    ):
        missing = {} if died else {"death_dt": "NK"}
        answers = {"values": {**told, "death_dt": died}, "missing": missing, "reason": "Heard since"}
        save(person, "SURV", visit=visit(person, "OS36"), **answers)
        assert death_of(person) == (on, first, last), died
        person.refresh_from_db()
        assert (person.state, person.state_since) == (Track.DEAD, on or first), died
    alive = {**survival.VALUES, "status_dt": date(2026, 11, 10)}
    save(person, "SURV", visit=visit(person, "OS36"), values=alive, reason="Another participant's letter")
    assert death_of(person) == (None, None, None)


def test_rare_10_a_known_day_of_death_counts_before_an_estimated_one(person: Participant, save: Save) -> None:
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    told = {**survival.VALUES, **_changes(survival.dead()), "status_dt": date(2026, 11, 10)}
    alive = {**survival.VALUES, "status_dt": date(2026, 7, 1)}
    save(person, "SURV", visit=visit(person, "SWEEP-06"), values=alive)
    save(person, "SURV", visit=visit(person, "OS36"), values={**told, "death_dt": "2026-08"})
    assert death_of(person)[0] == date(2026, 8, 15)
    known = {**told, "death_dt": "2026-08-20"}
    save(person, "SURV", visit=visit(person, "SWEEP-06"), values=known, reason="Another letter")
    assert death_of(person) == (date(2026, 8, 20), None, None)


def test_a_death_entered_by_mistake_is_taken_back(person: Participant, save: Save) -> None:
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    died = {**_changes(survival.dead()), "status_dt": date(2026, 11, 10), "death_dt": "2026-11-02"}
    save(person, "SURV", visit=visit(person, "OS36"), values=died)
    alive = {**survival.VALUES, "status_dt": date(2026, 11, 10)}
    save(person, "SURV", visit=visit(person, "OS36"), values=alive, reason="Another participant's letter")
    person.refresh_from_db()
    assert (person.state, person.act.reason) == (Track.AWAIT_CRE1, "Another participant's letter")
    assert Milestone.objects.get(participant=person, code="DEATH").on is None
    assert visit(person, "AS-06" if person.arm == "2" else "CRE-2").state != VisitState.CANCELLED


def test_a_milestone_that_is_taken_back_has_no_day(person: Participant, save: Save) -> None:
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    assert Milestone.objects.get(participant=person, code="NEO_END").on
    values = {**treatment.VALUES, "rt_end": None, "deliv_fx": None, "completed": None}
    save(
        person,
        "TREAT",
        values=values,
        groups=numbered({**treatment.GROUPS, "chemo": []}),
        reason="Wrong form",
    )
    assert Milestone.objects.get(participant=person, code="NEO_END").on is None
    assert record_at(person, "TREAT").neo_end is None


def todos_of(person: Participant) -> dict[str, tuple[str, date, date | None]]:
    return {todo.trigger: (todo.state, todo.due_on, todo.closed_on) for todo in Todo.objects.all()}


def test_a_positive_evaluation_opens_a_to_do_that_the_decision_closes(
    person: Participant, save: Save
) -> None:
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    found = _changes(response.at_cre1(local_call="1", bx_result="scc", cre_outcome="NON_CCR"))
    undecided = {**response.VALUES, **found, "mdt_dt": None, "mdt_dec": None, "pt_dec": None}
    save(person, "CRE", visit=visit(person, "CRE-1"), values=undecided)
    assert todos_of(person) == {"CRE_POSITIVE": ("open", date(2026, 7, 28), None)}
    assert Todo.objects.get().visit == visit(person, "CRE-1")
    decision = {"mdt_dt": date(2026, 7, 20), "mdt_dec": "surgery", "pt_dec": "accepts"}
    save(person, "CRE", visit=visit(person, "CRE-1"), values={**undecided, **decision}, reason="Decided")
    assert todos_of(person) == {"CRE_POSITIVE": ("done", date(2026, 7, 28), date(2026, 11, 20))}
    save(person, "CRE", visit=visit(person, "CRE-1"), values=undecided, reason="Another participant's")
    assert todos_of(person) == {"CRE_POSITIVE": ("open", date(2026, 7, 28), None)}


def test_a_death_drops_every_to_do_but_its_own(person: Participant, save: Save) -> None:
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    found = _changes(response.at_cre1(bx_result="uncertain", local_call="4", cre_outcome="PROCEED_TO_CRE2"))
    save(person, "CRE", visit=visit(person, "CRE-1"), values={**response.VALUES, **found})
    assert todos_of(person) == {"REPEAT_BIOPSY": ("open", date(2026, 8, 11), None)}
    person.refresh_from_db()
    died = {**survival.VALUES, "status_dt": date(2026, 11, 10), "vital": "dead", "death_dt": "2026-11-02"}
    save(person, "SURV", visit=visit(person, "OS36"), values=died)
    assert todos_of(person) == {
        "REPEAT_BIOPSY": ("dropped", date(2026, 8, 11), date(2026, 11, 20)),
        "DEATH": ("open", date(2026, 11, 17), None),
    }
