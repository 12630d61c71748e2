"""Any course: leaving, loss, death, choices, findings, visits and what is put right (protocol 2.1, 2.5, 3.12, 3.16).

Whatever was done in whatever order, the visits are those of a plan made anew from what stands; lists and counts agree
with them; and nobody is awaited after death or after refusing every contact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crf.models import Record
from followup import agenda
from followup.adherence import adherence_of
from followup.history import UNSCHEDULED, history_of, text_for
from followup.models import AWAITED, ContactAttempt, Visit, VisitState
from followup.services import (
    add_unscheduled_visit,
    cancel_contact_attempt,
    cancel_loss,
    cancel_withdrawal,
    correct_withdrawal,
    mark_not_done,
    plan_visits_for,
    record_contact_attempt,
    record_lost,
    record_visit,
    withdraw_participant,
)
from followup.wording import NotDone
from kernel.errors import Refusal
from protocol.schedule import plan
from reports.worklist.visits import visit_sections
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_choices import allow_registers
from tests.integration.crf.test_consequences import (
    LATER,
    _changes,
    person,
    randomized,
    screened_on_paper,
    treated,
    visit,
)
from tests.unit.crf.examples import follow_up, response, surgery, survival
from tests.world import World
from trials.holidays import works_on
from trials.models import LossToFollowUp, Participant, Withdrawal
from trials.models.participants import Track

CHAPTERS = ("2.1", "2.2", "2.5", "3.12", "3.16")

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
__all__ = ["everything", "person", "save"]

TODAY = LATER.date()
GONE_ON = date(2026, 10, 16)
LOST_ON = date(2026, 10, 26)  # the calls begin after the second evaluation: who came to it was reached
CALLS = (("phone", date(2026, 8, 26)), ("family", date(2026, 9, 26)), ("phone", LOST_ON))
SCOPES = ("all_contact", "study_drug", "procedures", "quality_of_life", "all_contact")


@dataclass
class Course:
    """Somebody who was treated, and who acts."""

    patient: Participant
    save: Save
    by: dict[str, Any]

    def of_patient(self) -> dict[str, Any]:
        return {"participant": Participant.objects.get(pk=self.patient.pk), **self.by}

    def answers(self, form: str, values: dict[str, Any], of: Visit | None) -> None:
        said: dict[str, Any] = {"values": values, "reason": "Read again"}
        self.save(self.of_patient()["participant"], form, at=LATER, **said, **({"visit": of} if of else {}))


Act = Callable[[Course, int], object]


def withdraw(course: Course, number: int) -> object:
    return withdraw_participant(on=GONE_ON, **{SCOPES[number % 5]: True}, **course.of_patient())


def standing(course: Course) -> Withdrawal:
    """The last withdrawal that stands; where there is none, there is nothing to do."""
    found: Withdrawal = Withdrawal.objects.filter(participant=course.patient, cancelled_at=None).latest("pk")
    return found


def correct(course: Course, number: int) -> object:
    scope, on = SCOPES[number % 5], date(2026, 10, 1 + number)
    return correct_withdrawal(
        withdrawal=standing(course), on=on, reason="Misheard", **{scope: True}, **course.by
    )


def come_back(course: Course, _number: int) -> object:
    return cancel_withdrawal(withdrawal=standing(course), reason="Changed their mind", **course.by)


def lose(course: Course, _number: int) -> object:
    for route, day in CALLS:
        record_contact_attempt(on=day, route=route, result="no_answer", **course.of_patient())
    return record_lost(on=LOST_ON, **course.of_patient())


def find(course: Course, number: int) -> object:
    on = LOST_ON + timedelta(1 + number)
    return record_contact_attempt(on=on, route="phone", result="reached", **course.of_patient())


def not_found(course: Course, _number: int) -> object:
    calls = ContactAttempt.objects.standing().filter(participant=course.patient, result="reached")
    return cancel_contact_attempt(attempt=calls.latest("pk"), reason="Another family", **course.by)


def never_lost(course: Course, _number: int) -> object:
    losses = LossToFollowUp.objects.filter(participant=course.patient, cancelled_at=None)
    return cancel_loss(loss=losses.latest("pk"), reason="They had called", **course.by)


def die(course: Course, number: int) -> object:
    told = {**_changes(survival.dead()), "status_dt": date(2026, 11, 10), "v_source": "register"}
    day = ("2026-11-02", "2026-11", "2026-11-10")[number % 3]
    sweep = visit(course.patient, ("SWEEP-06", "SWEEP-12")[number % 2])
    return course.answers("SURV", {**told, "death_dt": day}, sweep)


def live(course: Course, number: int) -> object:
    sweep = visit(course.patient, ("SWEEP-06", "SWEEP-12")[number % 2])
    return course.answers("SURV", {**survival.VALUES, "status_dt": date(2026, 11, 10)}, sweep)


CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"mdt_dt": date(2026, 7, 20), "mdt_dec": "surveillance", "pt_dec": "asks_surgery", "pt_reason": "Fear."},
    {"bx_result": "scc", "local_call": "1", "cre_outcome": "NON_CCR", "mdt_dec": "surgery"}
    | {"mdt_dt": date(2026, 7, 20), "pt_dec": "declines_surgery", "pt_reason": "Fear."},
)


def evaluate_first(course: Course, number: int) -> object:
    values = {**response.VALUES, **_changes(response.at_cre1()), **CHOICES[number % 3]}
    return course.answers("CRE", values, visit(course.patient, "CRE-1"))


def evaluate_again(course: Course, number: int) -> object:
    values = {**response.VALUES, **CHOICES[number % 2], "mdt_dt": date(2026, 9, 1)}
    return course.answers("CRE", values, visit(course.patient, "CRE-2"))


def operate(course: Course, number: int) -> object:
    done = date(2026, 9, 1 + number)
    values = {**surgery.VALUES, "surg_dt": done, "disch_dt": date(2026, 9, 20)}
    given_up = {"surg_done": "none", "no_surg_reason": "patient_refused", "no_surg_dt": date(2026, 9, 2)}
    return course.answers("SURG", values if number % 2 else given_up, None)


CONTACT = {key: value for key, value in follow_up.VALUES.items() if not key.startswith("adj_")}
CONTACT |= {"fu_dt": date(2026, 10, 12), "img_any": "N"}
FOUND: dict[str, Any] = {
    "dz_status": "proven",
    "rec_yn": "Y",
    "rec_dt_first_suspect": date(2026, 10, 10),
    "rec_method": "histology",
    "rec_dt_proof": date(2026, 10, 12),
    "n_lesions": 1,
    "resectable": "Y",
}


def recur(course: Course, number: int) -> object:
    found = FOUND | {"rec_type": [("local", "distant", "anastomotic")[number % 3]]}
    return course.answers("FU", CONTACT | found, contact(course))


def not_recur(course: Course, _number: int) -> object:
    return course.answers("FU", CONTACT, contact(course))


def contact(course: Course) -> Visit:
    known = Visit.objects.filter(participant=course.patient, code=UNSCHEDULED, forms=["FU"]).first()
    day: Any = {"took_place_on": CONTACT["fu_dt"], "forms": ["FU"], "why": "Dysphagia"}
    return known or add_unscheduled_visit(**day, **course.of_patient())


def come(course: Course, number: int) -> object:
    some = past(course)[number % 3]
    return record_visit(visit=some, took_place_on=some.opens, reason="Source", **course.by)


def not_come(course: Course, number: int) -> object:
    return mark_not_done(visit=past(course)[number % 3], why=NotDone.values[0], reason="Source", **course.by)


def past(course: Course) -> list[Visit]:
    rows = Visit.objects.filter(participant=course.patient, opens__range=(date(2026, 6, 1), TODAY))
    return list(rows.exclude(code=UNSCHEDULED).order_by("opens", "code")[:3])


ACTS: tuple[Act, ...] = (
    *(withdraw, correct, come_back, lose, find, not_found, never_lost, die, live),
    *(evaluate_first, evaluate_again, operate, recur, not_recur, come, not_come),
)


@pytest.fixture
def course(person: Participant, save: Save, world: World) -> Course:
    screened_on_paper(person, save)
    treated(randomized(person), save)
    allow_registers(person)
    return Course(person, save, {"by": world.coordinator, "at": LATER})


def awaited(patient: Participant) -> set[str]:
    return set(Visit.objects.awaited().filter(participant=patient).values_list("code", flat=True))


def check(course: Course, world: World) -> None:
    """Plan, lists and counts agree with what stands."""
    patient = Participant.objects.select_related("site").get(pk=course.patient.pk)
    rows = list(patient.visits.exclude(state=VisitState.CANCELLED))
    history = history_of(patient, list(patient.visits.all()), as_of=TODAY)
    anew = {each.code: each for each in plan(text_for(patient), history, works_on=works_on)}
    standing = {each.code: each for each in rows if each.code != UNSCHEDULED}
    assert {code: (each.opens, each.closes, tuple(each.forms)) for code, each in standing.items()} == {
        code: (each.opens, each.closes, each.forms) for code, each in anew.items()
    }
    assert plan_visits_for(participant=patient, **course.by) == []
    waits = {each.pk: each for each in rows if each.state in AWAITED}
    left = [day for day in (history.on("DEATH"), history.withdrawn.get("all")) if day]
    if patient.state in {Track.DEAD, Track.WITHDRAWN_ALL}:
        assert patient.state_since in left
    for ended_on in left:
        assert not [each.code for each in waits.values() if each.closes and each.closes >= ended_on]
    _check_lists(course, world, waits, rows)


def _check_lists(course: Course, world: World, waits: dict[int, Visit], rows: list[Visit]) -> None:
    visits = Visit.objects.filter(participant=course.patient)
    week = agenda.Week.around(TODAY)
    assert {each.pk for each in agenda.shown(visits, show="list", week=week)} == waits.keys()
    states = Counter(each.state for each in rows)
    expected = {
        "due": states[VisitState.OPEN] + states[VisitState.DUE],
        "overdue": states[VisitState.OVERDUE],
        "missed": states[VisitState.MISSED],
    }
    assert agenda.counts(visits) == {name: str(number) for name, number in expected.items()}
    open_now = {each.get_absolute_url() for each in waits.values() if each.opens and each.opens <= TODAY}
    work, _undescribed = visit_sections(world.coordinator, TODAY)
    assert {item.href for item in work.items} <= open_now
    assert work.total == len(open_now)
    (counted,) = adherence_of(visits).by_site
    assert counted.overdue == states[VisitState.OVERDUE]
    assert counted.missed == states[VisitState.MISSED]


class _UndoneError(Exception):
    """The example is over: the next one begins where this one began."""


STEPS = st.lists(st.tuples(st.integers(0, len(ACTS) - 1), st.integers(0, 5)), min_size=4, max_size=7)
RICH = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def put_right(course: Course) -> None:
    """Every ending that stands is taken back: the participant is followed again."""
    for record in Record.objects.filter(participant=course.patient, form_code="SURV"):
        course.answers("SURV", {**survival.VALUES, "status_dt": date(2026, 11, 10)}, record.visit)
    while Withdrawal.objects.filter(participant=course.patient, cancelled_at=None).exists():
        come_back(course, 0)
    find(course, 5)
    course.patient.refresh_from_db()
    assert course.patient.state not in {Track.DEAD, Track.WITHDRAWN_ALL, Track.LOST}


def steps(*acts: tuple[Act, int]) -> list[tuple[int, int]]:
    return [(ACTS.index(act), number) for act, number in acts]


@example(steps((evaluate_first, 0), (evaluate_again, 0), (withdraw, 0), (die, 0), (live, 0), (come_back, 0)))
@example(
    steps((evaluate_first, 1), (lose, 0), (evaluate_first, 0), (find, 1), (evaluate_again, 1), (operate, 1))
)
@example(
    steps((evaluate_first, 0), (evaluate_again, 0), (recur, 0), (withdraw, 2), (not_recur, 0), (correct, 0))
)
@example(steps((evaluate_first, 2), (come, 0), (die, 1), (come, 0), (not_come, 1), (live, 1), (recur, 1)))
@given(STEPS)
@RICH
def test_rare_11_any_course_agrees_with_a_plan_made_anew(
    course: Course, world: World, sequence: list[tuple[int, int]]
) -> None:
    with suppress(_UndoneError), transaction.atomic():
        for act, number in sequence:
            with (
                suppress(Refusal, ObjectDoesNotExist),
                transaction.atomic(),
            ):
                ACTS[act](course, number)
            check(course, world)
        put_right(course)
        check(course, world)
        raise _UndoneError


# What is awaited after each finding, by the beginning of its code: survival always, and what the finding asks for.
SURVIVAL = {"SWEEP", "OS36"}
FINDINGS: dict[str, tuple[tuple[tuple[Act, int], ...], int, str, set[str]]] = {
    "regrowth in surveillance": (
        ((evaluate_first, 0), (evaluate_again, 0)), 0, "SURGERY_PLANNED", SURVIVAL | {"SURG", "FU"}
    ),
    "metastasis in surveillance": (
        ((evaluate_first, 0), (evaluate_again, 0)), 1, "DISTANT", SURVIVAL
    ),
    "metastasis after the operation": (
        ((evaluate_first, 1), (operate, 1)), 1, "RECURRENCE", SURVIVAL | {"PO90"}
    ),
    "recurrence after the operation": (
        ((evaluate_first, 1), (operate, 1)), 2, "RECURRENCE", SURVIVAL | {"PO90"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("finding", FINDINGS)
def test_rare_11_a_finding_ends_what_makes_no_sense_and_its_correction_brings_it_back(
    course: Course, world: World, finding: str
) -> None:
    before_it, kind, track, leaves = FINDINGS[finding]
    for act, number in before_it:
        act(course, number)
    contact(course)
    course.patient.refresh_from_db()
    state, planned = (course.patient.state, course.patient.state_since), coming(course)
    assert {code.split("-")[0] for code in planned} > SURVIVAL
    recur(course, kind)
    course.patient.refresh_from_db()
    assert course.patient.state == track
    assert {code.split("-")[0] for code in coming(course)} <= leaves
    assert {code.split("-")[0] for code in coming(course)} >= SURVIVAL
    check(course, world)
    not_recur(course, 0)
    course.patient.refresh_from_db()
    assert coming(course) == planned
    assert (course.patient.state, course.patient.state_since) == state
    check(course, world)


def coming(course: Course) -> set[str]:
    """What is awaited and opens after the finding."""
    rows = Visit.objects.awaited().filter(participant=course.patient, opens__gt=date(2026, 10, 12))
    return set(rows.values_list("code", flat=True))
