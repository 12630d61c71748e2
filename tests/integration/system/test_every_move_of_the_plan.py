"""Every act that moves the plan of a participant shows first which visits it moves (protocol 2.1, 2.5)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from accounts.permissions import Permission
from crf import catalogue
from crf.engine.typed import raw_of
from followup.models import ContactAttempt, Visit, VisitState
from followup.services import (
    mark_not_done,
    record_contact_attempt,
    record_lost,
    record_visit,
    what_follows,
    withdraw_participant,
)
from followup.wording import NotDone
from kernel.row_keys import row_key
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import (
    LATER,
    _changes,
    numbered,
    person,
    randomized,
    screened_on_paper,
    treated,
    visit,
)
from tests.integration.crf.test_pages import client_of
from tests.integration.exports.test_api import caller
from tests.unit.crf.examples import response, survival, treatment
from tests.world import World
from trials.models import LossToFollowUp, Participant, Withdrawal

CHAPTERS = ("2.1", "2.5")

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]

ROOT = Path(__file__).parents[3]
PACKAGES = (
    "trials",
    "website",
    "followup",
    "crf",
    "randomization",
    "notices",
    "reports",
    "exports",
    "design",
)
SHOWN = "shown by the acts below"
SETTLES = "settles a visit; moves no other (tested below)"
PLANNERS = {
    "crf/records/consequences.py:apply_consequences": SHOWN,
    "crf/eligibility/screening.py:end_screening": "screening has ended: what was to come of it is called off",
    "crf/locks/services.py:catch_up_participant": "what a lock made wait, which the page of the lock says",
    "crf/recheck.py:_move_milestones": "a day that is worked out moves with what it is worked out from",
    "crf/recheck.py:recheck_moved": "plans the visits of screening from the first consent; nothing stood before it",
    "followup/services/transferring.py:confirm_transfer": "the pages of the transfer show what goes along",
    "followup/services/loss.py:record_lost": SHOWN,
    "followup/services/loss.py:cancel_loss": SHOWN,
    "followup/services/loss.py:reach_again": SHOWN,
    "followup/services/loss.py:_follow": SHOWN,
    "followup/services/visits.py:record_visit": SETTLES,
    "followup/services/visits.py:mark_not_done": SETTLES,
    "followup/services/visits.py:describe_visit": "asks for the sweep of a data cut, or ends it; moves no other visit",
    "followup/services/contacts.py:cancel_contact_attempt": SHOWN,
    "followup/services/contacts.py:record_contact_attempt": "ends the sweep of a data cut, which it answers",
    "followup/services/amending.py:_carry": "shown on the page of the version before it is opened",
    "followup/services/cuts.py:plan_data_cuts": "announced for the whole trial, on a page that says for whom",
    "followup/services/rolling.py:_follow": "the calendar, no act of a person",
    "randomization/services/allocate.py:_put_into_effect": "plans the first visits, under a signature",
}


def planners() -> Iterator[str]:
    """Yield every function of the product that plans the visits of a participant."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.FunctionDef) and _plans(node):
                    yield f"{file.relative_to(ROOT)}:{node.name}"


def _plans(function: ast.FunctionDef) -> bool:
    called = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(getattr(name, "id", getattr(name, "attr", "")) == "plan_visits_for" for name in called)


def test_rare_11_every_function_that_plans_is_known_here() -> None:
    assert set(planners()) == set(PLANNERS)


@dataclass(frozen=True)
class Step:
    """One act on its page: what came before, and what is typed; ``confirms`` is where the page asks."""

    before: Callable[[Setting], None]
    address: Callable[[Participant], str]
    typed: Callable[[Participant], dict[str, Any]]
    confirms: str = "confirmed"


@dataclass(frozen=True)
class Setting:
    """Somebody of arm 1 who was treated, and who does the acts."""

    patient: Participant
    save: Save
    world: World


CALLS = (("phone", date(2026, 9, 1)), ("family", date(2026, 10, 1)), ("phone", date(2026, 10, 31)))
GONE_ON = date(2026, 11, 1)
WISH = {"mdt_dec": "surveillance", "pt_dec": "asks_surgery", "pt_reason": "Fear."}


def nothing(_there: Setting) -> None:
    """Nothing came before."""


def followed(there: Setting) -> None:
    """Both evaluations were clear: surveillance is planned."""
    evaluated(there)
    there.save(there.patient, "CRE", visit=visit(there.patient, "CRE-2"), values=response.VALUES)


def tried(there: Setting) -> None:
    followed(there)
    by: dict[str, Any] = {"participant": there.patient, "by": there.world.coordinator, "at": LATER}
    for route, day in CALLS:
        record_contact_attempt(on=day, route=route, result="no_answer", **by)


def lost(there: Setting) -> None:
    tried(there)
    record_lost(participant=there.patient, on=GONE_ON, by=there.world.coordinator, at=LATER)


def reached(there: Setting) -> None:
    lost(there)
    by: dict[str, Any] = {"participant": there.patient, "by": there.world.coordinator, "at": LATER}
    record_contact_attempt(on=date(2026, 11, 2), route="phone", result="reached", **by)


def withdrawn(there: Setting) -> None:
    by: dict[str, Any] = {"by": there.world.coordinator, "at": LATER}
    withdraw_participant(participant=there.patient, on=GONE_ON, all_contact=True, **by)


def evaluated(there: Setting, **answers: Any) -> None:
    values = {**response.VALUES, **_changes(response.at_cre1()), **answers}
    there.save(there.patient, "CRE", visit=visit(there.patient, "CRE-1"), values=values)


def wished(there: Setting) -> None:
    evaluated(there, **WISH)


def died(there: Setting) -> None:
    there.save(there.patient, "SURV", visit=visit(there.patient, "SWEEP-06"), values=DEATH)


def course(name: str) -> Callable[[Participant], str]:
    return lambda patient: reverse(f"followup:{name}", args=[patient.number])


def of_withdrawal(name: str) -> Callable[[Participant], str]:
    def address(patient: Participant) -> str:
        standing = Withdrawal.objects.get(participant=patient, cancelled_at=None)
        return reverse(f"followup:{name}", args=[patient.number, standing.pk])

    return address


def of_loss(patient: Participant) -> str:
    loss = LossToFollowUp.objects.get(participant=patient, cancelled_at=None)
    return reverse("followup:cancel-loss", args=[patient.number, loss.pk])


def of_last_attempt(patient: Participant) -> str:
    attempt = ContactAttempt.objects.filter(participant=patient).latest("pk")
    return reverse("followup:cancel-attempt", args=[patient.number, attempt.pk])


def form(code: str, visit_code: str) -> Callable[[Participant], str]:
    def address(patient: Participant) -> str:
        place = reverse("crf:form", args=[patient.number, code, 1])
        return f"{place}?visit={row_key(visit(patient, visit_code))}" if visit_code else place

    return address


def answers(code: str, values: dict[str, Any], groups: Any = None, visit_code: str = "") -> Any:
    def typed(patient: Participant) -> dict[str, Any]:
        rows = {name: [{**row, "missing": {}} for row in of] for name, of in numbered(groups or {}).items()}
        declared = catalogue.form(code)
        raw = raw_of(declared, values=values, groups=rows, missing={}, zone="Asia/Shanghai")
        stored = record_of(patient, code, visit_code)
        version = str(stored.version if stored else 0)
        return {**raw, "_version": version, "_key": "k", "_reason": "Read again" if stored else ""}

    return typed


def record_of(patient: Participant, code: str, visit_code: str) -> Any:
    from crf.store.records import find_stored_record, record_key_of

    of = visit(patient, visit_code) if visit_code else None
    found = find_stored_record(record_key_of(participant=patient, form=code, visit=of))
    return found.record if found else None


def typed(**fields: str) -> Callable[[Participant], dict[str, Any]]:
    return lambda _patient: fields


DEATH = {**_changes(survival.dead()), "status_dt": date(2026, 11, 10), "death_dt": "2026-11-02"}
ALIVE = {**survival.VALUES, "status_dt": date(2026, 11, 10)}
CLEAR = {**response.VALUES, **_changes(response.at_cre1())}
LATER_END = {**treatment.VALUES, "rt_end": date(2026, 6, 17)}
GONE = {"on": "2026-11-20", "all_contact": "on"}

STEPS = {
    "withdrawal": Step(followed, course("withdraw"), typed(**GONE)),
    "withdrawal corrected": Step(
        withdrawn,
        of_withdrawal("correct-withdrawal"),
        typed(on="2026-11-19", procedures="on", reason="Wrong part"),
    ),
    "withdrawal cancelled": Step(withdrawn, of_withdrawal("cancel-withdrawal"), typed(reason="Mistake")),
    "loss": Step(tried, course("lost"), typed(on=f"{GONE_ON}")),
    "loss cancelled": Step(lost, of_loss, typed(reason="Mistake")),
    "reached again": Step(lost, course("contacts"), typed(on="2026-11-19", route="phone", result="reached")),
    "reached, which was a mistake": Step(reached, of_last_attempt, typed(reason="Another family")),
    "milestone corrected": Step(
        nothing, form("TREAT", ""), answers("TREAT", LATER_END, treatment.GROUPS), "_plan"
    ),
    "wish taken back": Step(wished, form("CRE", "CRE-1"), answers("CRE", CLEAR, visit_code="CRE-1"), "_plan"),
    "death": Step(nothing, form("SURV", "SWEEP-06"), answers("SURV", DEATH, visit_code="SWEEP-06"), "_plan"),
    "death taken back": Step(
        died, form("SURV", "SWEEP-06"), answers("SURV", ALIVE, visit_code="SWEEP-06"), "_plan"
    ),
}


@pytest.fixture
def there(person: Participant, save: Save, world: World) -> Setting:
    screened_on_paper(person, save)
    treated(randomized(person), save)
    return Setting(person, save, world)


def standing(patient: Participant) -> set[tuple[Any, ...]]:
    rows = Visit.objects.filter(participant=patient).exclude(state=VisitState.CANCELLED)
    return set(rows.values_list("code", "opens", "closes"))


@pytest.mark.parametrize("name", STEPS)
def test_rare_11_whatever_moves_the_plan_shows_first_what_it_moves(there: Setting, name: str) -> None:
    step, patient = STEPS[name], there.patient
    step.before(there)
    patient.refresh_from_db()
    before, state = standing(patient), patient.state
    browser, address, fields = client_of(there.world.coordinator), step.address(patient), step.typed(patient)
    asked = browser.post(address, fields)
    assert "visits would change" in asked.text, asked.text[-4000:]
    patient.refresh_from_db()
    assert (standing(patient), patient.state) == (before, state), "nothing is done before it was read"
    read = asked.text.split(f'name="{step.confirms}" value="')[1].split('"')[0]
    done = browser.post(address, fields | {step.confirms: read})
    assert done.status_code == 302, done.text[-4000:]
    assert standing(patient) != before


def test_rare_11_a_visit_on_record_moves_no_other(there: Setting) -> None:
    by: dict[str, Any] = {"by": there.world.coordinator, "at": LATER}
    consented, today = date(2026, 4, 28), LATER.date()
    behind = list(Visit.objects.awaited().filter(opens__range=(consented, today)))
    assert len(behind) > 3
    for each in behind:
        for act in (
            lambda each=each: record_visit(visit=each, took_place_on=each.opens, **by),
            lambda each=each: mark_not_done(visit=each, why=NotDone.values[0], **by),
        ):
            assert what_follows(participant=there.patient, act=act) == []


def test_rare_11_a_program_that_asks_is_shown_what_a_death_taken_back_moves(there: Setting) -> None:
    patient = there.patient
    planned = standing(patient)
    died(there)
    over = standing(patient)
    program = caller(there.world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW, Permission.VISIT_VIEW)
    place = f"/api/v1/participants/{patient.number}/answers/SURV/?visit={row_key(visit(patient, 'SWEEP-06'))}"
    alive = {"answers": {**ALIVE, "status_dt": "2026-11-10"}, "version": 1, "reason": "Another person"}
    sent = alive | {"replace": True, "seen_plan": ""}
    asked = program.put(place, sent, content_type="application/json")
    assert (asked.status_code, asked.json()["code"]) == (422, "crf.visits_would_change")
    assert {row["kind"] for row in asked.json()["moved"]} == {"added"}
    assert standing(patient) == over
    sent["seen_plan"] = asked.json()["seen_plan"]
    assert program.put(place, sent, content_type="application/json").status_code == 200
    assert standing(patient) == planned
