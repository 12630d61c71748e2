"""Bad input by page, API and file: kept alike and exactly, or refused each way in a sentence (protocol 3.0)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from accounts.permissions import Permission
from crf import catalogue
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

DRUG = {**medication.VALUES, "cm_indc": "other", "cm_mh": None}
KEPT: list[tuple[str, str, object]] = [
    ("cm_trt", "😀 腹痛 𠮷", "😀 腹痛 𠮷"),
    ("cm_trt", '<script>alert(1)</script><b x="\'">', '<script>alert(1)</script><b x="\'">'),
    ("cm_trt", "'; DROP TABLE crf_record; --", "'; DROP TABLE crf_record; --"),
    ("cm_trt", "=HYPERLINK(1) {{ x }} %s", "=HYPERLINK(1) {{ x }} %s"),
    ("cm_trt", "12,5 ｍｇ", "12,5 ｍｇ"),
    ("cm_dose", "１２．５", Decimal("12.500")),
    ("cm_start", "2019-05", "2019-05"),
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
]


def by_page(world: World, person: Participant, typed: dict[str, str]) -> str:
    raw: dict[str, Any] = raw_of(catalogue.form("CM"), values=DRUG, groups={}, missing={}, zone=ZONE)
    sent = {**raw, **typed, "_version": "0", "_key": "k1"}
    answer = client_of(world.coordinator).post(form_url(person, "CM"), sent)
    assert answer.status_code in (302, 422), answer.status_code
    return "" if answer.status_code == 302 else answer.text


def by_program(world: World, person: Participant, typed: dict[str, str]) -> str:
    client = caller(world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW)
    body = {"answers": {name: value for name, value in {**DRUG, **typed}.items() if value is not None}}
    address = f"/api/v1/participants/{person.number}/answers/CM/"
    answer = client.put(address, body, content_type="application/json")
    assert answer.status_code in (200, 422), answer.text
    return "" if answer.status_code == 200 else str(answer.json()["errors"])


def by_file(world: World, person: Participant, typed: dict[str, str]) -> str:
    said = {name: value for name, value in {**DRUG, **typed}.items() if value is not None}
    text = io.StringIO()
    sheet = csv.DictWriter(text, ["id", *said])
    sheet.writeheader()
    sheet.writerow({"id": person.number, **said})
    mapping = {"participant": "id", "match": ["cm_trt", "cm_start"], "answers": {name: name for name in said}}
    try:
        done = imported(world, text.getvalue().encode(), form="CM", mapping=mapping)
    except Refusal as refusal:
        return str(refusal)
    return " ".join(str(cell["said"]) for cell in done.result if cell["outcome"] == "refused")


WAYS: dict[str, Callable[[World, Participant, dict[str, str]], str]] = {
    "page": by_page,
    "program": by_program,
    "file": by_file,
}


@pytest.fixture
def screened(world: World) -> Iterator[Participant]:
    with scope(user_id=None, sites=EVERYTHING):
        yield screen(world, signed_on=date(2026, 1, 5))


def stored(person: Participant, name: str) -> list[Any]:
    return list(catalogue.form("CM").model.objects.filter(participant=person).values_list(name, flat=True))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_sent_is_kept_exactly_or_refused_in_a_sentence(
    way: str, screened: Participant, world: World
) -> None:
    """A file keeps the other cells of a line: what was refused of it is an answer that is not there."""
    wrong: list[str] = []
    for name, typed, kept in [*KEPT, *((name, typed, None) for name, typed in REFUSED)]:
        with transaction.atomic():
            said = WAYS[way](world, screened, {name: typed})
            rows, about = stored(screened, name), f"{name} {typed[:40]!r}: {said[:120]!r}"
            if kept is not None and (said or rows != [kept]):
                wrong.append(f"not kept: {about} {rows}")
            if kept is None and (any(rows) or len(said.split()) < 3 or "Traceback" in said):
                wrong.append(f"not refused: {about} {rows}")
            transaction.set_rollback(True)
    assert not wrong, "\n".join(wrong)
