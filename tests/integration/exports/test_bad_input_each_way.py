"""Bad input by page, API and file: kept alike and exactly, or refused each way in a sentence (protocol 3.0)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from accounts.permissions import Permission
from crf import catalogue
from crf.engine.questions import QuestionKind
from crf.engine.typed import raw_of
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.test_pages import ZONE, client_of, form_url
from tests.integration.exports.test_api import caller
from tests.integration.exports.test_imports import imported
from tests.unit.crf.examples import medication
from tests.world import World, screen
from trials.models import Participant

CHAPTERS = ("3.0",)
pytestmark = pytest.mark.django_db

# Two logs that have between them a question of every kind: other answers of each, and by which a file finds a record.
OTHERS: dict[str, dict[str, Any]] = {
    "CM": {**medication.VALUES, "cm_indc": "other", "cm_mh": None},
    "AE": {"ae_term": "Pain", "serious": "Y", "rel_surg": "possible", "lab_test": "HGB"},
}
MATCHED = {"CM": ["cm_trt", "cm_start"], "AE": ["ae_term"]}
KEPT: list[tuple[str, str, object]] = [
    ("cm_trt", "😀 腹痛 𠮷", "😀 腹痛 𠮷"),
    ("cm_trt", '<script>alert(1)</script><b x="\'">', '<script>alert(1)</script><b x="\'">'),
    ("cm_trt", "'; DROP TABLE crf_record; --", "'; DROP TABLE crf_record; --"),
    ("cm_trt", "=HYPERLINK(1) {{ x }} %s", "=HYPERLINK(1) {{ x }} %s"),
    ("cm_trt", "12,5 ｍｇ", "12,5 ｍｇ"),
    ("cm_dose", "１２．５", Decimal("12.500")),
    ("cm_start", "2019-05", "2019-05"),
    ("ae_op", "１", 1),
    ("lab_dt", "２０２６－０１－０６", date(2026, 1, 6)),
    ("lab_dt", "6 Jan 2026", date(2026, 1, 6)),
    ("ser_aware", "２０２６-０１-０６ ０８：３０", datetime(2026, 1, 6, 8, 30, tzinfo=ZoneInfo(ZONE))),
]
REFUSED: list[tuple[str, str]] = [
    ("cm_trt", "a\x07b"),
    ("cm_trt", "a\u202eb"),
    ("cm_trt", "字" * 5_000),
    ("cm_dose", "12,5"),
    ("cm_dose", "1\u00a0500"),
    ("cm_dose", "5 mg"),
    ("cm_dose", "-1"),
    ("cm_dose", "100001"),
    ("cm_dose", "١٢"),
    ("cm_start", "31/02/2026"),
    ("cm_start", "2999-01-01"),
    ("cm_ongo", "perhaps"),
    ("ae_op", "1,0"),
    ("ae_op", "1.5"),
    ("ae_op", "一"),
    ("ae_op", "100"),
    ("ae_op", "2 op"),
    ("lab_dt", "05/06/2026"),
    ("lab_dt", "2026-02-30"),
    ("lab_dt", "2999-01-01"),
    ("lab_dt", "<b>6 Jan 2026</b>"),
    ("ser_aware", "2026-01-06"),
    ("ser_aware", "2026-01-06 25:00"),
    ("ser_aware", "2026-01-06 08:30:15"),
    ("ser_aware", "2999-01-01 08:00"),
    ("ser_crit", "no_such"),
    ("ser_crit", "';--"),
    ("grade", "9"),
    ("ae_st", "2026-13"),
]


def form_with(name: str) -> str:
    """Return the log that asks the question."""
    return next(code for code in OTHERS if name in catalogue.form(code).questions)


def by_page(world: World, person: Participant, form: str, typed: dict[str, str]) -> str:
    raw: dict[str, Any] = raw_of(catalogue.form(form), values=OTHERS[form], groups={}, missing={}, zone=ZONE)
    sent = {**raw, **typed, "_version": "0", "_key": "k1"}
    answer = client_of(world.coordinator).post(form_url(person, form), sent)
    assert answer.status_code in (302, 422), answer.status_code
    return "" if answer.status_code == 302 else answer.text


def by_program(world: World, person: Participant, form: str, typed: dict[str, str]) -> str:
    client = caller(world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW)
    said: dict[str, Any] = {name: value for name, value in {**OTHERS[form], **typed}.items() if value}
    asked = catalogue.form(form).questions
    listed = {name: [value] for name, value in said.items() if asked[name].kind == QuestionKind.MULTIPLE}
    body = {"answers": said | listed}
    address = f"/api/v1/participants/{person.number}/answers/{form}/"
    answer = client.put(address, body, content_type="application/json")
    assert answer.status_code in (200, 422), answer.text
    return "" if answer.status_code == 200 else str(answer.json()["errors"])


def by_file(world: World, person: Participant, form: str, typed: dict[str, str]) -> str:
    said = {name: value for name, value in {**OTHERS[form], **typed}.items() if value is not None}
    text = io.StringIO()
    sheet = csv.DictWriter(text, ["id", *said])
    sheet.writeheader()
    sheet.writerow({"id": person.number, **said})
    mapping = {"participant": "id", "match": MATCHED[form], "answers": {name: name for name in said}}
    try:
        done = imported(world, text.getvalue().encode(), form=form, mapping=mapping)
    except Refusal as refusal:
        return str(refusal)
    return " ".join(str(cell["said"]) for cell in done.result if cell["outcome"] == "refused")


WAYS: dict[str, Callable[[World, Participant, str, dict[str, str]], str]] = {
    "page": by_page,
    "program": by_program,
    "file": by_file,
}


@pytest.fixture
def screened(world: World) -> Iterator[Participant]:
    with scope(user_id=None, sites=EVERYTHING):
        yield screen(world, signed_on=date(2026, 1, 5))


def stored(person: Participant, name: str) -> list[Any]:
    model = catalogue.form(form_with(name)).model
    return list(model.objects.filter(participant=person).values_list(name, flat=True))


def test_the_answers_that_are_tried_are_of_every_kind() -> None:
    tried = {catalogue.form(form_with(name)).questions[name].kind for name, _typed in REFUSED}
    entered = {
        each.kind for form in catalogue.forms().values() for each in form.all_questions() if not each.derived
    }
    assert tried == entered


@pytest.mark.parametrize("way", WAYS)
def test_what_is_sent_is_kept_exactly_or_refused_in_a_sentence(
    way: str, screened: Participant, world: World
) -> None:
    """A file keeps the other cells of a line: what was refused of it is an answer that is not there."""
    wrong: list[str] = []
    for name, typed, kept in [*KEPT, *((name, typed, None) for name, typed in REFUSED)]:
        with transaction.atomic():
            said = WAYS[way](world, screened, form_with(name), {name: typed})
            rows, about = stored(screened, name), f"{name} {typed[:40]!r}: {said[:120]!r}"
            if kept is not None and (said or rows != [kept]):
                wrong.append(f"not kept: {about} {rows}")
            if kept is None and (any(rows) or len(said.split()) < 3 or "Traceback" in said):
                wrong.append(f"not refused: {about} {rows}")
            transaction.set_rollback(True)
    assert not wrong, "\n".join(wrong)
