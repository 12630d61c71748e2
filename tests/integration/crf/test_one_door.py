"""Page, API and demonstration save through one door: what one keeps, refuses or tells, the others do too."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.permissions import Permission
from audit.models import Act
from crf.models import ChangeReason, EntryPrompt, Query
from crf.records.refusals import AnswersImpossible, ReasonNeeded
from demo.simulation.form_filler import UnreadableStoryError, fill
from tests.integration.crf.conftest import record_at
from tests.integration.crf.test_consequences import numbered, randomized, visit
from tests.integration.crf.test_saving import GROUPS, dated
from tests.integration.exports.test_api import caller
from tests.tracing import ROOT
from tests.unit.crf.examples import staging, treatment
from tests.world import NOW, World, screen
from trials.models import Milestone, Participant

pytestmark = pytest.mark.django_db
PROMPTS = [
    {"key": "upper_cm:hard", "name": "upper_cm", "value": "900", "message": "outside what is possible"}
]
AFTER = date(2026, 6, 17)


@pytest.fixture
def person(world: World, everything: None) -> Participant:
    """A participant of site 01, consented on the day that the examples of the forms say."""
    return screen(world, signed_on=date(2026, 4, 28))


def as_json(value: Any) -> Any:
    """What a program sends: texts, numbers, lists and objects."""
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value if value is None or isinstance(value, int | str) else str(value)


def stage_sent(**changes: Any) -> dict[str, Any]:
    return {"answers": as_json({**dated(staging.VALUES), **changes}), "groups": as_json(GROUPS)}


def treatment_sent(**changes: Any) -> dict[str, Any]:
    groups = as_json(numbered(treatment.GROUPS))
    return {"answers": as_json({**treatment.VALUES, **changes}), "groups": groups}


class ByProgram:
    """Saves as a program does, through the API."""

    def __init__(self, world: World) -> None:
        self.client: Client = caller(world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW)

    def __call__(self, participant: Participant, code: str, sent: dict[str, Any], **headers: str) -> Any:
        where = f"/api/v1/participants/{participant.number}/answers/{code}/"
        return self.client.put(where, sent, content_type="application/json", headers=headers)


@pytest.fixture
def by_program(world: World) -> ByProgram:
    return ByProgram(world)


def test_a_program_s_prompts_are_kept(screened: Participant, by_program: ByProgram) -> None:
    saved = by_program(screened, "STAGE", stage_sent() | {"prompts": PROMPTS})
    assert saved.status_code == 200, saved.content
    prompt = EntryPrompt.objects.get()
    assert (prompt.entered, prompt.level, prompt.saved, prompt.message) == (
        "900",
        "hard",
        "27",
        "outside what is possible",
    )


def test_prompts_that_are_no_rows_are_refused(screened: Participant, by_program: ByProgram) -> None:
    assert by_program(screened, "STAGE", stage_sent() | {"prompts": "900"}).status_code == 400
    assert by_program(screened, "STAGE", stage_sent() | {"prompts": ["900"]}).status_code == 400
    assert record_at(screened, "STAGE") is None


def test_a_demonstration_s_prompts_confirmations_and_reasons_are_kept(
    screened: Participant, world: World
) -> None:
    by: Any = {"by": world.coordinator, "at": NOW}
    doubtful = stage_sent(eus_mm=40) | {"prompts": PROMPTS, "confirmations": {"eus_mm:soft": "Seen twice"}}
    saved = fill(screened, "STAGE", doubtful, **by)
    assert (saved.state, saved.queries_opened) == ("complete", 0)
    assert EntryPrompt.objects.count() == 1
    assert Query.objects.get(key="eus_mm:soft").resolution == "confirmed"
    with pytest.raises(ReasonNeeded):
        fill(screened, "STAGE", stage_sent(bx_n=7, eus_mm=40), **by)
    fill(screened, "STAGE", stage_sent(bx_n=7, eus_mm=40) | {"reasons": {"bx_n": "Second report"}}, **by)
    assert [(row.target, row.text) for row in ChangeReason.objects.all()] == [("bx_n", "Second report")]


def test_a_demonstration_that_types_what_no_form_reads_is_a_bug(screened: Participant, world: World) -> None:
    with pytest.raises(UnreadableStoryError, match="upper_cm"):
        fill(screened, "STAGE", stage_sent(upper_cm="9x"), by=world.coordinator, at=NOW)
    with pytest.raises(AnswersImpossible):
        fill(screened, "STAGE", stage_sent(upper_cm=900), by=world.coordinator, at=NOW)
    assert record_at(screened, "STAGE") is None


def test_a_program_is_told_which_visits_moved(person: Participant, by_program: ByProgram) -> None:
    randomized(person)
    first = by_program(person, "TREAT", treatment_sent())
    assert first.status_code == 200, first.content
    assert {row["kind"] for row in first.json()["moved"]} == {"added"}
    opened = visit(person, "CRE-2").opens
    corrected = treatment_sent(rt_end=AFTER) | {"version": 1, "reason": "Read from the wrong line"}
    answer = by_program(person, "TREAT", corrected).json()
    assert answer["version"] == 2, answer
    moved = {row["visit"]: row for row in answer["moved"]}
    assert moved["CRE-2"]["kind"] == "moved"
    assert moved["CRE-2"]["before"][0] == opened.isoformat()
    assert moved["CRE-2"]["after"][0] == visit(person, "CRE-2").opens.isoformat()


def test_a_program_that_asks_is_shown_first_and_saves_with_what_it_has_read(
    person: Participant, by_program: ByProgram
) -> None:
    randomized(person)
    by_program(person, "TREAT", treatment_sent())
    corrected = treatment_sent(rt_end=AFTER) | {"version": 1, "reason": "Read from the wrong line"}
    stopped = by_program(person, "TREAT", corrected | {"seen_plan": ""})
    assert stopped.status_code == 422
    assert "CRE-2" in {row["visit"] for row in stopped.json()["moved"]}
    assert Milestone.objects.get(participant=person, code="NEO_END").on != AFTER
    saved = by_program(person, "TREAT", corrected | {"seen_plan": stopped.json()["seen_plan"]})
    assert saved.status_code == 200, saved.content
    assert Milestone.objects.get(participant=person, code="NEO_END").on == AFTER


def test_a_program_that_presses_twice_saves_once(screened: Participant, by_program: ByProgram) -> None:
    answers = [by_program(screened, "STAGE", stage_sent(), **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.json()["version"] for answer in answers] == [1, 1]
    assert record_at(screened, "STAGE").events.count() == 1
    refused = by_program(screened, "STAGE", stage_sent(), **{"Idempotency-Key": "k" * 65})
    assert (refused.status_code, refused.json()["code"]) == (400, "crf.key_too_long")


def test_a_save_that_moves_nothing_says_so(screened: Participant, by_program: ByProgram) -> None:
    assert by_program(screened, "STAGE", stage_sent()).json()["moved"] == []
    assert Act.objects.filter(verb="crf:answers:save").count() == 1


def test_nobody_else_writes_answers() -> None:
    """One function opens the act under which answers are saved, and four callers of the product call it."""
    callers = {
        str(path.relative_to(ROOT))
        for folder in ("crf", "exports", "demo", "reports", "followup", "randomization", "notices")
        for path in (ROOT / folder).rglob("*.py")
        if any(_calls_the_door(node) for node in ast.walk(ast.parse(Path(path).read_text("utf-8"))))
    }
    assert callers == {
        "crf/page/editor.py",
        "crf/deviations/settling.py",
        "exports/api/views.py",
        "exports/imports/services.py",
        "exports/odm/importing.py",
        "demo/simulation/form_filler.py",
        "demo/simulation/every_question.py",
    }


def _calls_the_door(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "save_answers"
