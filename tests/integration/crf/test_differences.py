"""What the night finds stored otherwise than it is worked out is seen by people until it is settled (point 2.18)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from audit.acts import open_act
from crf import catalogue
from crf.engine.base import RecordState
from crf.models import DerivedDifference, DifferenceKind, Query, QueryState, Resolution
from crf.records.differences import work_out_again
from crf.records.overnight import report_differences
from crf.records.signing import NotInYourRole
from crf.records.verification import verify_derived
from followup.models import VisitState
from kernel.once import new_key
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import person
from tests.integration.crf.test_found_at_an_evaluation import surveilled
from tests.integration.crf.test_judged_again import (
    BY,
    LATEST,
    NOW,
    SEEN,
    different,
    followed,
    last_alive,
    visit_of,
)
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_queries import DOUBTFUL, KEY, stage
from tests.unit.crf.examples import response
from tests.world import World
from trials.models import Participant

CHAPTERS = ("3.0",)
pytestmark = pytest.mark.django_db
__all__ = ["followed", "person", "surveilled"]

NIGHT = NOW - timedelta(hours=3)
PAGE = "/differences/"


def behind(person: Participant, at: datetime = NOW) -> None:
    """A visit is written without the service, so that nothing is judged again: what a fault would leave behind."""
    with open_act("test:visit:behind", participant=person, by=None, at=at) as act:
        visit = visit_of(person, "N1")
        visit.state, visit.took_place_on, visit.act = VisitState.DONE, LATEST, act
        visit.save(update_fields=["state", "took_place_on", "act"])


def night(at: datetime = NIGHT) -> int:
    return report_differences(zone="Asia/Shanghai", at=at)


def standing() -> list[Any]:
    with transaction.atomic():
        return list(DerivedDifference.objects.standing().select_related("participant", "record"))


def section_of(user: Any) -> Any:
    sections = client_of(user).get(reverse("home")).context["sections"]
    return next((each for each in sections if str(each.title) == "Derived answers that differ"), None)


def test_point_18_a_difference_stands_on_the_work_list_until_it_is_settled(
    followed: Participant, world: World
) -> None:
    assert (night(), standing(), section_of(world.data_manager)) == (0, [], None)
    behind(followed)
    assert (night(), night(NIGHT + timedelta(hours=1))) == (1, 1)
    row = standing()[0]
    assert len(standing()) == 1
    assert (row.kind, row.item, row.seen_at) == (DifferenceKind.ANSWER, "last_alive_dt", NIGHT)
    assert (row.stored, row.worked_out) == (SEEN.isoformat(), LATEST.isoformat())
    listed = section_of(world.data_manager)
    assert (listed.total, listed.href) == (1, PAGE)
    assert (listed.items[0].number, listed.items[0].what) == (followed.number, "SURV · Latest proof of life")
    for person_ in (world.coordinator, world.investigator, world.trial_manager, world.monitor):
        assert section_of(person_) is None

    answer = client_of(world.data_manager).post(
        reverse("crf:settle-differences", args=[followed.number]), {"once": new_key()}, follow=True
    )
    assert "was worked out again: everything that is not locked agrees" in answer.text
    assert last_alive(followed) == LATEST
    assert (standing(), section_of(world.data_manager), different(followed)) == ([], None, [])
    assert DerivedDifference.objects.get().settled_at is not None
    assert night(NIGHT + timedelta(days=2)) == 0


def test_point_18_the_page_says_what_is_stored_what_is_worked_out_and_what_to_do(
    followed: Participant, world: World
) -> None:
    behind(followed)
    night()
    client = client_of(world.data_manager)
    (line,) = client.get(PAGE).context["lines"]
    assert (line.label, line.stored, line.worked_out) == ("Latest proof of life", "2026-06-01", "2026-11-01")
    assert line.what_to_do.startswith("Tell the people who run the system")
    assert client.get(line.href).status_code == 200
    assert "Work out again" in client.get(PAGE).text
    assert "Work out again" not in client_of(world.monitor).get(PAGE).text
    assert client_of(world.stranger).get(PAGE).context["lines"] == []
    work_out_again(participant=followed, by=world.data_manager, at=NOW)
    assert client.get(PAGE).context["lines"] == []
    (line,) = client.get(PAGE, {"show": "all"}).context["lines"]
    assert (line.row.state, line.what_to_do) == ("settled", "Nothing: both agree again.")
    client.cookies["django_language"] = "zh-hans"
    world.data_manager.language = "zh-hans"
    with open_act("test:language", **BY) as act:
        world.data_manager.act = act
        world.data_manager.save(update_fields=["language", "act"])
    assert "不一致的衍生答案" in client.get(PAGE, {"show": "all"}).text


def test_point_18_a_difference_that_agrees_by_itself_is_settled_by_the_next_night(
    followed: Participant, world: World, save: Save
) -> None:
    behind(followed)
    night()
    survey = catalogue.form("SURV").model.objects.get(participant=followed)
    save(
        followed,
        "SURV",
        visit=survey.visit,
        values={"status_dt": SEEN, "vital": "alive", "v_source": "clinic", "dz_now": "none"},
        reason="Source",
    )
    assert last_alive(followed) == LATEST
    assert night(NIGHT + timedelta(days=1)) == 0
    assert standing() == []


def test_point_18_a_query_and_a_state_that_differ_are_listed(
    screened: Participant, save: Save, world: World
) -> None:
    save(screened, "STAGE", **stage(**DOUBTFUL))
    with open_act("test:behind", participant=screened, **BY) as act:
        Query.objects.filter(participant=screened, key=KEY).update(
            state=QueryState.CLOSED, resolution=Resolution.CORRECTED, closed_at=NOW, act=act
        )
        record = catalogue.form("STAGE").model.objects.get(participant=screened)
        other = {
            RecordState.IN_PROGRESS: RecordState.COMPLETE,
            RecordState.COMPLETE: RecordState.IN_PROGRESS,
        }[record.state]
        kept, record.state, record.act = record.state, other, act
        record.save(update_fields=["state", "act"])
    night()
    lines = {line.row.item: line for line in client_of(world.data_manager).get(PAGE).context["lines"]}
    assert (lines[KEY].stored, lines[KEY].worked_out) == ("no open query", "open query")
    assert lines[KEY].label == f"Query of {KEY}"
    assert lines["state"].label == "State of the form"
    assert lines["state"].worked_out == RecordState(kept).label
    assert work_out_again(participant=screened, by=world.data_manager, at=NIGHT) == 0
    assert catalogue.form("STAGE").model.objects.get(participant=screened).state == kept


def test_point_18_a_locked_form_stays_as_it_was_and_is_no_work(followed: Participant, world: World) -> None:
    behind(followed)
    with open_act("test:lock", participant=followed, **BY) as act:
        record = catalogue.form("SURV").model.objects.get(participant=followed)
        record.state, record.act = RecordState.LOCKED, act
        record.save(update_fields=["state", "act"])
    assert night() == 0
    assert section_of(world.data_manager) is None
    (line,) = client_of(world.data_manager).get(PAGE).context["lines"]
    assert line.what_to_do.startswith("The form is locked")
    assert work_out_again(participant=followed, by=world.data_manager, at=NIGHT) == 0
    assert (last_alive(followed), len(standing())) == (SEEN, 1)


def test_point_18_only_who_may_has_a_participant_worked_out_again(
    followed: Participant, world: World
) -> None:
    for person_ in (world.coordinator, world.investigator, world.trial_manager, world.inspector):
        with pytest.raises(NotInYourRole):
            work_out_again(participant=followed, by=person_, at=NOW)


def test_point_18_a_record_is_judged_by_the_milestone_that_its_own_save_moves(
    surveilled: Participant, save: Save
) -> None:
    """CRE-2 said cCR and says regrowth now: there was no cCR before it, as its own milestone tells."""
    evaluation = visit_of(surveilled, "CRE-2")
    changed = response.VALUES | {
        "bx_result": "scc",
        "local_call": "1",
        "cre_outcome": "REGROWTH",
        "mdt_dec": "surgery",
    }
    save(surveilled, "CRE", visit=evaluation, values=changed, reason="Read wrongly")
    assert list(verify_derived([surveilled], at=NOW)) == []
    record = catalogue.form("CRE").model.objects.get(participant=surveilled, visit=evaluation)
    assert Query.objects.filter(record=record, check_code="X038a", state=QueryState.OPEN).exists()
    assert date(2026, 8, 25) == record.ogd_dt
