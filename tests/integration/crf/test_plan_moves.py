"""A corrected milestone shows what it would move before the save is carried out (protocol 2.1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from audit.models import Act
from crf import catalogue
from crf.eligibility.screening import end_screening
from crf.engine.typed import raw_of
from crf.models import Draft
from tests.integration.crf.conftest import Save, record_at
from tests.integration.crf.test_consequences import numbered, person, randomized, visit
from tests.integration.crf.test_pages import client_of, form_url
from tests.unit.crf.examples import treatment
from tests.world import NOW, World, as_person, screen
from trials.models import Milestone, Participant

ZONE = "Asia/Shanghai"

CHAPTERS = ("2.1",)

pytestmark = pytest.mark.django_db
__all__ = ["person"]  # a fixture of the tests of consequences

BEFORE, AFTER = date(2026, 6, 10), date(2026, 6, 17)


def posted(version: int, key: str, doses: int = 5, **changes: Any) -> dict[str, Any]:
    groups = {**treatment.GROUPS, "chemo": treatment.GROUPS["chemo"][:doses]}
    rows = {name: [{**row, "missing": {}} for row in rows] for name, rows in numbered(groups).items()}
    values = {**treatment.VALUES, **changes}
    raw = raw_of(catalogue.form("TREAT"), values=values, groups=rows, missing={}, zone=ZONE)
    return {**raw, "_version": str(version), "_key": key}


@pytest.fixture
def treated(person: Participant, world: World) -> tuple[Any, Participant]:
    """The treatment form was saved once on the page: its first entry planned what hangs on it."""
    randomized(person)
    client = client_of(world.coordinator)
    answer = client.post(form_url(person, "TREAT"), posted(0, "first"), follow=True)
    assert answer.status_code == 200
    assert "visits are planned now" in answer.text, "a first entry is told after the save"
    assert "Not saved yet" not in answer.text
    return client, person


def test_a_correction_that_moves_visits_is_shown_first(treated: Any, world: World) -> None:
    client, person = treated
    windows = (visit(person, "CRE-2").opens, visit(person, "CRE-1").opens)
    typed = posted(1, "second", rt_end=AFTER) | {"_reason": "Read from the wrong line"}
    stopped = client.post(form_url(person, "TREAT"), typed)
    assert stopped.status_code == 422
    for words in (
        "Not saved yet: these visits would change",
        "CRE-2",
        "CRE-1",
        "Moved",
        "Save, and change these",
    ):
        assert words in stopped.text
    assert 'value="2026-06-17"' in stopped.text, "everything typed is on the page"
    assert "Read from the wrong line" in stopped.text
    assert record_at(person, "TREAT").rt_end == BEFORE
    assert (visit(person, "CRE-2").opens, visit(person, "CRE-1").opens) == windows
    with as_person(world.coordinator):
        assert Draft.objects.filter(form_code="TREAT").exists(), "and in the draft"
    digest = stopped.text.split('name="_plan" value="')[1].split('"')[0]
    saved = client.post(form_url(person, "TREAT"), typed | {"_plan": digest}, follow=True)
    assert saved.status_code == 200
    assert "visits have moved" in saved.text
    assert record_at(person, "TREAT").rt_end == AFTER
    assert Milestone.objects.get(participant=person, code="NEO_END").on == AFTER
    assert visit(person, "CRE-2").opens > windows[0]
    acts = Act.objects.filter(participant_id=person.pk, verb="followup:visits:plan").order_by("-pk")
    assert acts[0].reason == "Read from the wrong line", "planned in the same act, for the same reason"


def test_a_dose_that_is_added_moves_the_safety_visit_without_asking(
    person: Participant, world: World
) -> None:
    """Each week's dose moves the visit that counts from the last one: that is expected, for everybody (use.md, D12)."""
    randomized(person)
    client = client_of(world.coordinator)
    # the radiotherapy goes on, and so does the chemotherapy
    assert client.post(form_url(person, "TREAT"), posted(0, "a", doses=4, rt_end=None)).status_code == 302
    window = visit(person, "SF30").opens
    further = client.post(form_url(person, "TREAT"), posted(1, "b", doses=5, rt_end=None), follow=True)
    assert further.status_code == 200
    assert "visit has moved" in further.text or "visits have moved" in further.text, (
        "it is told after the save"
    )
    assert visit(person, "SF30").opens > window
    # one that is taken for another day is a correction, and is shown first
    rows = posted(2, "c", doses=5, rt_end=None) | {"_reason": "Read from the wrong line"}
    fifth = str(treatment.GROUPS["chemo"][4]["adm_dt"])
    moved = {name: "2026-06-11" for name, value in rows.items() if value == [fifth]}
    stopped = client.post(form_url(person, "TREAT"), rows | moved)
    assert "Not saved yet: these visits would change" in stopped.text


def test_what_was_read_must_be_what_happens(treated: Any) -> None:
    client, person = treated
    typed = posted(1, "second", rt_end=AFTER) | {"_reason": "Typed wrongly"}
    digest = client.post(form_url(person, "TREAT"), typed).text.split('name="_plan" value="')[1].split('"')[0]
    other = posted(1, "second", rt_end=date(2026, 6, 24)) | {"_reason": "Typed wrongly", "_plan": digest}
    again = client.post(form_url(person, "TREAT"), other)
    assert again.status_code == 422
    assert f'value="{digest}"' not in again.text
    assert record_at(person, "TREAT").rt_end == BEFORE


def test_a_correction_without_a_reason_is_asked_for_it_first(treated: Any) -> None:
    client, person = treated
    silent = client.post(form_url(person, "TREAT"), posted(1, "second", rt_end=AFTER))
    assert silent.status_code == 422
    assert "Say why" in silent.text
    assert "these visits would change" not in silent.text


def test_a_correction_that_moves_nothing_is_simply_saved(treated: Any) -> None:
    client, person = treated
    typed = posted(1, "second", tech="imrt") | {"_reason": "Read the plan again"}
    assert client.post(form_url(person, "TREAT"), typed).status_code == 302
    assert record_at(person, "TREAT").tech == "imrt"


def test_services_are_not_asked(person: Participant, save: Save) -> None:
    """Who is not a person at a page (an import, the simulation) says what is so; nobody is there to read."""
    randomized(person)
    groups = numbered(treatment.GROUPS)
    save(person, "TREAT", values=treatment.VALUES, groups=groups)
    save(person, "TREAT", values={**treatment.VALUES, "rt_end": AFTER}, groups=groups, reason="Corrected")
    assert record_at(person, "TREAT").rt_end == AFTER


def test_nobody_is_awaited_once_screening_has_ended(world: World, everything: None) -> None:
    """The plan was right and nobody made it anew: randomization stayed overdue for ever on the work list."""
    failed = screen(world, signed_on=date(2026, 10, 1))
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    assert set(failed.visits.awaited().values_list("code", flat=True)) == {"SCR", "QOL-0", "RND"}
    with transaction.atomic():
        end_screening(
            participant=failed, declined=True, reason="no_trial", criteria=[], on=date(2026, 11, 2), **by
        )
    assert set(failed.visits.awaited().values_list("code", flat=True)) <= {"SCR"}
