"""The audit trail of the whole trial: filters, old and new, files, and planned reviews (requirements 18, 24)."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts.services import sign_in
from audit.models import Act, TrailReviewResult
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import Save, everything, save, screened
from tests.unit.crf.examples import demographics
from tests.world import NOW, PASSWORD, World
from trials.models import Participant

pytestmark = pytest.mark.django_db
__all__ = ["everything", "save", "screened"]  # fixtures of the forms' tests
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def later(time_machine: Any) -> None:
    time_machine.move_to(LATER, tick=False)


@pytest.fixture
def corrected(screened: Participant, save: Save) -> Participant:
    """A weight was saved, and corrected for a reason."""
    save(screened, "DM", values=demographics.VALUES)
    changed = {**demographics.VALUES, "weight": 71.5}
    save(screened, "DM", values=changed, reason="misread the scale", at=LATER)
    return screened


def page(person: Any, query: str = "") -> str:
    client = Client()
    client.force_login(person)
    return client.get(f"{reverse('reports:trail')}{query}").text


def rows(person: Any, kind: str, query: str = "") -> list[dict[str, str]]:
    client = Client()
    client.force_login(person)
    answer = client.get(f"{reverse('reports:trail-file', args=[kind])}{query}")
    assert answer.status_code == 200
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    head, *lines = [
        ["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)
    ]
    return [dict(zip(head, line, strict=True)) for line in lines]


@pytest.mark.filterwarnings("ignore:Workbook contains no default style")  # ours names none
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_requirement_18_one_file_says_form_old_new_and_why(
    corrected: Participant, world: World, kind: str
) -> None:
    line = next(each for each in rows(world.monitor, kind, "?form=DM&field=weight") if each["OLD"])
    assert line["BY"] == "coordinator"
    assert (line["SITE"], line["PARTICIPANT"]) == ("01", corrected.number)
    assert line["PLACE"].startswith("DM ")
    assert "71.5" in line["NEW"]
    assert "misread the scale" in (line["REASON"], line["REASON_OF_ITEM"])
    assert Act.objects.filter(verb="reports:trail:take", by=world.monitor).count() == 1


def test_the_page_narrows_by_person_participant_form_and_kind(corrected: Participant, world: World) -> None:
    shown = page(world.data_manager, f"?participant={corrected.number}&form=DM&person=coordinator")
    assert "71.5" in shown
    assert "misread the scale" in shown
    assert "71.5" not in page(world.data_manager, "?person=monitor")
    assert "71.5" not in page(world.data_manager, "?form=DM&field=height")
    assert "71.5" not in page(world.data_manager, "?until=2020-01-01")
    assert "No act fits" in page(world.data_manager, "?kind=locks")


def test_sign_ins_and_refusals_stand_in_it(world: World) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        sign_in(username="monitor", password="wrong", code="", at=NOW)
        sign_in(username="monitor", password=PASSWORD, code="", at=NOW)
    shown = page(world.trial_manager, "?kind=sign-ins&person=monitor")
    assert "Sign-in refused" in shown
    assert "Signed in" in shown


def test_a_site_reads_its_own_lines_alone_and_who_sees_no_answers_sees_none(
    corrected: Participant, world: World
) -> None:
    assert corrected.number in page(world.coordinator)
    assert corrected.number not in page(world.stranger)
    assert rows(world.stranger, "csv", f"?participant={corrected.number}") == []
    theirs = page(world.trial_manager, "?form=DM")
    assert "71.5" not in theirs
    assert "that your role does not see" in theirs


def test_requirement_24_a_planned_review_comes_due_is_recorded_and_comes_due_again(
    corrected: Participant, world: World, time_machine: Any
) -> None:
    client = Client()
    client.force_login(world.data_manager)
    new = reverse("reports:plan-review") + "?form=DM"
    told = {"name": "Weights", "every_days": "7", "first_on": "2020-01-01", "_key": "k1"}
    assert client.post(new, told).status_code == 302
    assert "Reviews that are overdue" in client.get(reverse("reports:trail")).text
    listed = client.get(reverse("reports:trail-reviews"))
    review = listed.context["reviews"][0].review
    assert review.filters == {"form": "DM"}
    done = {"outcome": "nothing", "note": "Each change has its source.", "_key": "k2"}
    assert client.post(reverse("reports:record-review", args=[review.pk]), done).status_code == 302
    result = TrailReviewResult.objects.get()
    assert (result.reviewer, result.lines) == (world.data_manager, 2)
    assert "Reviews that are overdue" not in client.get(reverse("reports:trail")).text
    time_machine.move_to(LATER + timedelta(days=9), tick=False)
    client.force_login(world.data_manager)
    assert "Reviews that are overdue" in client.get(reverse("reports:trail")).text
    change = reverse("reports:change-review", args=[review.pk])
    assert client.post(change, {"every_days": "30", "reason": "", "_key": "k3"}).status_code == 422
    told = {"every_days": "30", "reason": "Few changes now", "_key": "k4"}
    assert client.post(change, told).status_code == 302
    assert "Reviews that are overdue" not in client.get(reverse("reports:trail")).text
    review.refresh_from_db()
    assert (review.every_days, review.act.reason) == (30, "Few changes now")
    time_machine.move_to(LATER + timedelta(days=32), tick=False)
    client.force_login(world.data_manager)
    assert "Reviews that are overdue" in client.get(reverse("reports:trail")).text
    end = reverse("reports:end-review", args=[review.pk])
    assert client.post(end, {"reason": "over", "_key": "k5"}).status_code == 302
    assert "Reviews that are overdue" not in client.get(reverse("reports:trail")).text
