"""Histories written from the protocol's text and the decisions, with where each must end (protocol 2.2 to 2.5, 3.16).

Each was written down before the services were read. It says the state in which the participant stands, and of which
kinds the visits are that are still awaited: those that must be among them, and those that must not.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from followup.models import Visit
from followup.services import (
    add_unscheduled_visit,
    record_contact_attempt,
    record_lost,
    withdraw_participant,
)
from kernel.errors import Refusal
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_choices import allow_registers
from tests.integration.crf.test_consequences import (
    _changes,
    person,
    randomized,
    screened_on_paper,
    treated,
    visit,
)
from tests.integration.system.test_any_course import (
    LATER,
    Act,
    Course,
    _UndoneError,
    check,
    come_back,
    correct,
    die,
    evaluate_again,
    evaluate_first,
    find,
    live,
    lose,
    never_lost,
    not_found,
    not_recur,
    operate,
    recur,
    withdraw,
)
from tests.unit.crf.examples import response, surgery, survival
from tests.world import World
from trials.models import Participant

CHAPTERS = ("2.2", "2.3", "2.4", "2.5", "3.16")

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]

DRUG, PROCEDURES, QUALITY, EVERYTHING_LEFT = 1, 2, 3, 4  # what each withdrawal is from
RESIDUE: dict[str, Any] = {
    "bx_result": "scc",
    "local_call": "1",
    "cre_outcome": "NON_CCR",
    "mdt_dt": date(2026, 7, 20),
    "mdt_dec": "surgery",
    "pt_dec": "accepts",
    "pet_done": "Y",
    "pet_dt": date(2026, 7, 10),
}
DISTANT: dict[str, Any] = RESIDUE | {
    "local_call": "0",
    "bx_result": "none",
    "dist_call": "1",
    "pet_dm": "proven",
    "pet_dm_site": ["liver"],
    "cre_outcome": "DISTANT",
    "mdt_dec": "systemic",
}


def _evaluated(course: Course, code: str, values: dict[str, Any]) -> None:
    first = {**response.VALUES, **_changes(response.at_cre1()), **values}
    course.answers("CRE", first, visit(course.patient, code))


def residue(course: Course, _number: int) -> object:
    return _evaluated(course, "CRE-1", RESIDUE)


def distant_first(course: Course, _number: int) -> object:
    return _evaluated(course, "CRE-1", DISTANT)


def asks_after_ccr(course: Course, _number: int) -> object:
    """A complete response, and the wish for surgery all the same (2.5: crossover)."""
    wish = {"pt_dec": "asks_surgery", "pt_reason": "Fear.", "mdt_dt": date(2026, 9, 1)}
    return course.answers("CRE", {**response.VALUES, **wish}, visit(course.patient, "CRE-2"))


def restage_clear(course: Course, _number: int) -> object:
    clear = RESIDUE | {"local_call": "0", "bx_result": "none", "cre_outcome": "RST_CLEAR"}
    return _evaluated(course, "RST", clear)


def restage_declines(course: Course, _number: int) -> object:
    declines = {"pt_dec": "declines_surgery", "pt_reason": "Fear.", "cre_outcome": "RST_RESIDUE"}
    return _evaluated(course, "RST", RESIDUE | declines)


def restage_distant(course: Course, _number: int) -> object:
    return _evaluated(course, "RST", DISTANT)


def end_follow_up(course: Course, number: int) -> object:
    """Clinical follow-up ends: for good (0), or it was the follow-up of another phase (1), and is put right."""
    ended = {
        "eos_phase": ("follow_up", "response")[number],
        "eos_dt": date(2026, 10, 20),
        "eos_status": "stopped",
    }
    return course.answers("EOS", {**ended, "eos_why": "progression"}, None)


def operate_second(course: Course, _number: int) -> object:
    return course.answers("SURG", {**surgery.VALUES, "surg_dt": date(2026, 7, 27)}, None)


def explore(course: Course, _number: int) -> object:
    """Opened and closed: metastasis was seen."""
    open_close = {
        "surg_done": "explored",
        "surg_dt": date(2026, 7, 27),
        "disch_dt": date(2026, 8, 8),
        "no_surg_reason": "distant",
    }
    return course.answers("SURG", surgery.VALUES | open_close, None)


def alive_in_a_register(course: Course, _number: int) -> object:
    sweep = visit(course.patient, "SWEEP-06")
    told = {"status_dt": date(2026, 11, 10), "v_source": "register", "dz_now": None}
    return course.answers("SURV", {**survival.VALUES, **told}, sweep)


def come_late(course: Course, _number: int) -> object:
    """They come to the clinic by themselves."""
    day: Any = {"took_place_on": date(2026, 10, 28), "forms": [], "why": "Dysphagia"}
    return add_unscheduled_visit(**day, **course.of_patient())


def lose_again(course: Course, _number: int) -> object:
    """Found on 1 November, and not found any more."""
    for route, day in (("phone", date(2026, 11, 3)), ("family", date(2026, 11, 8))):
        record_contact_attempt(on=day, route=route, result="no_answer", **course.of_patient())
    return record_lost(on=date(2026, 11, 18), **course.of_patient())


def leave_wholly(course: Course, number: int) -> object:
    on = date(2026, 10, 27 + number)
    return withdraw_participant(on=on, all_contact=True, **course.of_patient())


@dataclass(frozen=True)
class History:
    acts: tuple[tuple[Act, int], ...]
    state: str
    awaits: str = ""
    not_awaits: str = ""
    refused: str = ""
    arm: str = "1"


CCR: tuple[tuple[Act, int], ...] = ((evaluate_first, 0), (evaluate_again, 0))
IN_SURVEILLANCE = {"state": "SURVEILLANCE", "awaits": "AS SWEEP OS36", "not_awaits": "SURG FU PO30 CRE"}
CLINICAL = {"state": "SURVEILLANCE", "awaits": "FU SWEEP OS36", "not_awaits": "AS SURG CRE"}
LOST = {"state": "LOST", "awaits": "SWEEP OS36", "not_awaits": "AS FU SURG CRE PO90"}
NOBODY = {"not_awaits": "AS FU SURG CRE SWEEP OS36 PO30 PO90 SF30 SF90 ADJ N1 RST"}
GONE = {"state": "WITHDRAWN_ALL", **NOBODY}
DEAD = {"state": "DEAD", **NOBODY}
OPERATED = {"state": "FOLLOW_UP OPERATED", "awaits": "PO90 FU SWEEP OS36", "not_awaits": "AS SURG CRE RST"}
ALONE = {"state": "SURVIVAL_ONLY", "awaits": "SWEEP OS36", "not_awaits": "AS SURG CRE FU SF30 SF90"}
TO_OPERATE = {"state": "SURGERY_PLANNED", "awaits": "SURG SWEEP OS36", "not_awaits": "AS"}

HISTORIES: dict[str, History] = {
    "two clear evaluations": History(CCR, **IN_SURVEILLANCE),
    "residue at the first": History(((residue, 0),), **TO_OPERATE | {"not_awaits": "AS CRE"}),
    "residue, surgery declined": History(((evaluate_first, 2),), **IN_SURVEILLANCE),
    "residue, then operated": History(((residue, 0), (operate, 1)), **OPERATED),
    "residue, operation given up": History(((residue, 0), (operate, 0)), **IN_SURVEILLANCE),
    "distant at the first": History(
        ((distant_first, 0),), "DISTANT SURVIVAL_ONLY", "SWEEP OS36", "AS SURG CRE"
    ),
    "distant, follow-up ended": History(((distant_first, 0), (end_follow_up, 0)), **ALONE),
    "distant, follow-up not ended": History(
        ((distant_first, 0), (end_follow_up, 0), (end_follow_up, 1)), "DISTANT", "SWEEP OS36", "AS SURG CRE"
    ),
    "distant, follow-up ended, lost, found": History(
        ((distant_first, 0), (end_follow_up, 0), (lose, 0), (find, 1)), **ALONE
    ),
    "distant, follow-up ended, refuses, taken back": History(
        ((distant_first, 0), (end_follow_up, 0), (leave_wholly, 1), (come_back, 0)), **ALONE
    ),
    "distant, follow-up ended, dies": History(
        ((distant_first, 0), (end_follow_up, 0), (die, 0)), **DEAD
    ),
    "in surveillance, follow-up ended": History((*CCR, (end_follow_up, 0)), **IN_SURVEILLANCE),
    "a wish after the first": History(((evaluate_first, 1),), "SURGERY_PLANNED", "SURG CRE SWEEP OS36", "AS"),
    "a wish, operated": History(((evaluate_first, 1), (operate, 1)), **OPERATED),
    "a wish, given up again": History(
        ((evaluate_first, 1), (operate, 0)), "AWAIT_CRE2 SURVEILLANCE", "SWEEP OS36", "SURG FU"
    ),
    "a complete response and a wish": History(
        ((evaluate_first, 0), (asks_after_ccr, 0)), "SURGERY_PLANNED", "SURG AS SWEEP OS36", "FU"
    ),  # as CRE-2 after CRE-1: evaluated until the operation is done (C4 of the rare days)
    "no more procedures": History((*CCR, (withdraw, PROCEDURES)), **CLINICAL),
    "no more drug": History((*CCR, (withdraw, DRUG)), **IN_SURVEILLANCE),
    "no more contact": History((*CCR, (withdraw, 0)), **GONE),
    "no more contact, narrowed to procedures": History(
        (*CCR, (withdraw, 0), (correct, PROCEDURES)), **CLINICAL
    ),
    "procedures, widened to all contact": History((*CCR, (withdraw, PROCEDURES), (correct, 0)), **GONE),
    "no more contact, taken back": History((*CCR, (withdraw, 0), (come_back, 0)), **IN_SURVEILLANCE),
    "procedures, then all contact taken back": History(
        (*CCR, (withdraw, PROCEDURES), (leave_wholly, 1), (come_back, 0)), **CLINICAL
    ),
    "lost": History((*CCR, (lose, 0)), **LOST),
    "lost and found": History((*CCR, (lose, 0), (find, 1)), **IN_SURVEILLANCE),
    "lost, the finding a mistake": History((*CCR, (lose, 0), (find, 1), (not_found, 0)), **LOST),
    "lost by mistake": History((*CCR, (lose, 0), (never_lost, 0)), **IN_SURVEILLANCE),
    "lost, alive in a register": History((*CCR, (lose, 0), (alive_in_a_register, 0)), **LOST),
    "lost, found, lost too soon": History(
        (*CCR, (lose, 0), (find, 5), (lose_again, 0)), **IN_SURVEILLANCE, refused="lose_again"
    ),
    "lost, comes to the clinic": History((*CCR, (lose, 0), (come_late, 0)), **IN_SURVEILLANCE),
    "lost, the finding a mistake, alive in a register": History(
        (*CCR, (lose, 0), (find, 1), (alive_in_a_register, 0), (not_found, 0)), **LOST
    ),
    "lost, the finding a mistake, but seen": History(
        (*CCR, (lose, 0), (find, 1), (come_late, 0), (not_found, 0)), **IN_SURVEILLANCE
    ),
    "seen, then called in vain before it": History(
        (*CCR, (come_late, 0), (lose, 0)), **IN_SURVEILLANCE, refused="lose"
    ),
    "lost, then refuses every contact": History((*CCR, (lose, 0), (leave_wholly, 3)), **GONE),
    "lost, refuses, taken back": History((*CCR, (lose, 0), (leave_wholly, 3), (come_back, 0)), **LOST),
    "lost, dies": History((*CCR, (lose, 0), (die, 0)), **DEAD),
    "dies": History((*CCR, (die, 0)), **DEAD),
    "dies in some month": History((*CCR, (die, 1)), **DEAD),
    "the death a mistake": History((*CCR, (die, 0), (live, 0)), **IN_SURVEILLANCE),
    "refuses every contact, dies by the register": History((*CCR, (withdraw, 0), (die, 0)), **DEAD),
    "refuses, dies, the death a mistake": History((*CCR, (withdraw, 0), (die, 0), (live, 0)), **GONE),
    "withdraws after death": History(
        (*CCR, (die, 0), (withdraw, 0)), **DEAD, refused="withdraw"
    ),
    "regrowth": History((*CCR, (recur, 0)), **TO_OPERATE),
    "distant in surveillance": History(
        (*CCR, (recur, 1)), "DISTANT SURVIVAL_ONLY", "SWEEP OS36", "AS SURG CRE"
    ),
    "distant, refuses, taken back": History(
        (*CCR, (recur, 1), (leave_wholly, 1), (come_back, 0)),
        "DISTANT SURVIVAL_ONLY",
        "SWEEP OS36",
        "AS SURG CRE",
    ),
    "lost, regrowth typed and taken back, found": History(
        (*CCR, (lose, 0), (recur, 0), (not_recur, 0), (find, 3)), **IN_SURVEILLANCE
    ),
    "residue, lost before the operation, found": History(
        ((residue, 0), (lose, 0), (find, 2)), **TO_OPERATE
    ),
    "residue, refuses every contact": History(((residue, 0), (leave_wholly, 0)), **GONE),
    "operated, the form comes after the withdrawal": History(
        ((residue, 0), (withdraw, 0), (operate, 1)), **GONE, refused="operate"  # X071
    ),
    "withdrawal taken back, then operated": History(
        ((residue, 0), (withdraw, 0), (come_back, 0), (operate, 1)), **OPERATED
    ),
    "restaged": History(((restage_clear, 0),), **TO_OPERATE | {"state": "SURGERY_PLANNED AWAIT_RESTAGE"}, arm="2"),
    "restaged, surgery declined": History(((restage_declines, 0),), **IN_SURVEILLANCE, arm="2"),
    "declined, agrees after all": History(
        ((restage_declines, 0), (restage_clear, 0)),
        **TO_OPERATE | {"state": "SURGERY_PLANNED AWAIT_RESTAGE"},
        arm="2",
    ),
    "declined, lost, found": History(
        ((restage_declines, 0), (lose, 0), (find, 0)), **IN_SURVEILLANCE, arm="2"
    ),
    "restaged, distant": History(
        ((restage_distant, 0),), "DISTANT SURVIVAL_ONLY", "SWEEP OS36", "AS SURG", arm="2"
    ),
    "operated as planned": History(((restage_clear, 0), (operate_second, 0)), **OPERATED, arm="2"),
    "operated without restaging": History(
        ((operate_second, 0),), **OPERATED | {"not_awaits": "AS SURG CRE"}, arm="2"
    ),
    "opened and closed, follow-up ended": History(
        ((restage_clear, 0), (explore, 0), (end_follow_up, 0)), **ALONE, arm="2"
    ),
    "opened and closed": History(
        ((restage_clear, 0), (explore, 0)), "NOT_RESECTED SURVIVAL_ONLY", "SWEEP OS36", "AS SURG", arm="2"
    ),
    "operated, distant later": History(
        ((restage_clear, 0), (operate_second, 0), (recur, 1)),
        "RECURRENCE SURVIVAL_ONLY DISTANT",
        "SWEEP OS36",
        "AS SURG FU",
        arm="2",
    ),
    "declined, then regrowth": History(
        ((restage_declines, 0), (recur, 0)), **TO_OPERATE, arm="2"
    ),
    "declined, no more contact, taken back": History(
        ((restage_declines, 0), (withdraw, 0), (come_back, 0)), **IN_SURVEILLANCE, arm="2"
    ),
}  # fmt: skip


@pytest.fixture
def courses(person: Participant, save: Save, world: World) -> Any:
    screened_on_paper(person, save)

    def make(arm: str) -> Course:
        treated(randomized(person, arm), save)
        allow_registers(person)
        return Course(person, save, {"by": world.coordinator, "at": LATER})

    return make


@pytest.mark.parametrize("arm", ["1", "2"])
def test_rare_11_each_history_ends_where_the_protocol_says(courses: Any, world: World, arm: str) -> None:
    course, wrong = courses(arm), []
    for name, history in HISTORIES.items():
        if history.arm == arm:
            with suppress(_UndoneError), transaction.atomic():
                wrong += [(name, each) for each in differences(course, world, history)]
                raise _UndoneError
    assert not wrong, "\n".join(f"{name}: {each}" for name, each in wrong)


def kinds_of(patient: Participant, since: date) -> set[str]:
    """The kinds of visits that are awaited and whose window does not close before a day."""
    rows = Visit.objects.awaited().filter(participant=patient, closes__gte=since)
    return {code.split("-")[0] for code in rows.values_list("code", flat=True)}


def differences(course: Course, world: World, history: History) -> list[str]:
    """What is otherwise than it was written down, in words."""
    found = []
    for act, number in history.acts:
        try:
            with transaction.atomic():
                act(course, number)
        except Refusal as refusal:
            if act.__name__ != history.refused:
                return [f"{act.__name__} refused: {refusal}"]
        else:
            if act.__name__ == history.refused:
                found.append(f"{act.__name__} was not refused")
    course.patient.refresh_from_db()
    kinds, still = kinds_of(course.patient, date.min), kinds_of(course.patient, date(2026, 11, 2))
    if course.patient.state not in history.state.split():
        found.append(f"state {course.patient.state}")
    if missing := set(history.awaits.split()) - kinds:
        found.append(f"not awaited: {sorted(missing)}")
    if phantom := set(history.not_awaits.split()) & still:
        found.append(f"awaited: {sorted(phantom)}")
    try:
        check(course, world)
    except AssertionError as difference:
        found.append(f"check: {str(difference)[:300]}")
    return found
