"""The end of the study follows the acts that made it, and closes what was planned (protocol 2.1, 2.5, 3.16)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crf import catalogue
from crf.links import form_url
from crf.models import Query, QueryState
from crf.records.verification import verify_derived
from followup.models import Todo, TodoState, Visit
from followup.services import cancel_withdrawal, withdraw_participant
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import SYSTEM, person, randomized, screened_on_paper
from tests.integration.crf.test_judged_again import NOW
from tests.integration.crf.test_pages import client_of
from tests.world import World
from trials.models import Milestone, Participant
from trials.models.participants import Track

CHAPTERS = ("2.1", "2.5", "3.16")
pytestmark = pytest.mark.django_db
__all__ = ["person"]

LEFT = date(2026, 10, 5)
ENDED = {"eos_phase": "study", "eos_dt": LEFT, "eos_status": "stopped", "eos_why": "withdrew"}
WITHDREW = {**ENDED, "wd_data": "Y", "wd_samp": "N", "wd_reg": "N"}


def asked(participant: Participant) -> set[str]:
    living = Query.objects.filter(participant=participant, form_code="EOS").exclude(state=QueryState.CLOSED)
    return set(living.values_list("check_code", flat=True))


@pytest.fixture
def followed(person: Participant, save: Save) -> Participant:
    screened_on_paper(person, save)
    randomized(person, arm="2")
    person.refresh_from_db()
    return person


def test_who_withdrew_from_everything_is_asked_for_the_end_and_it_reads_the_withdrawal(
    world: World, followed: Participant, save: Save
) -> None:
    page = followed.get_absolute_url()
    assert "The end of the study is not recorded yet." not in client_of(world.coordinator).get(page).text
    withdrawal = withdraw_participant(participant=followed, on=LEFT, all_contact=True, **SYSTEM)
    followed.refresh_from_db()
    text = client_of(world.coordinator).get(page).text
    assert "The end of the study is not recorded yet." in text
    assert form_url(followed.number, "EOS", sequence=0) in text
    todo = Todo.objects.get(participant=followed, trigger="WITHDRAWAL")
    assert (todo.state, todo.due_on) == (TodoState.OPEN, date(2026, 10, 12))
    save(followed, "EOS", values=WITHDREW)
    todo.refresh_from_db()
    assert todo.state == TodoState.DONE
    record = catalogue.form("EOS").model.objects.get(participant=followed)
    assert (record.state, record.wd_dt, record.wd_all, record.wd_drug) == ("complete", LEFT, "Y", "N")
    assert asked(followed) == set()
    assert Milestone.objects.get(participant=followed, code="EOS").on == LEFT
    followed.refresh_from_db()
    assert followed.state == Track.WITHDRAWN_ALL
    assert "The end of the study is not recorded yet." not in client_of(world.coordinator).get(page).text
    cancel_withdrawal(withdrawal=withdrawal, reason="A mistake", **SYSTEM)
    record.refresh_from_db()
    assert (record.wd_dt, record.wd_all) == (None, "N")
    assert asked(followed) == {"EOS-04"}
    assert list(verify_derived([followed], at=NOW)) == []


def test_a_withdrawal_in_part_asks_for_the_end_of_a_phase_until_it_is_cancelled(
    followed: Participant, save: Save
) -> None:
    withdrawal = withdraw_participant(participant=followed, on=LEFT, procedures=True, **SYSTEM)
    todo = Todo.objects.get(participant=followed)
    assert (todo.trigger, todo.state, todo.due_on) == ("WITHDRAWAL", TodoState.OPEN, date(2026, 10, 12))
    cancel_withdrawal(withdrawal=withdrawal, reason="A mistake", **SYSTEM)
    todo.refresh_from_db()
    assert todo.state == TodoState.DROPPED


def test_who_completed_the_study_stands_there_and_nothing_is_planned_any_more(
    followed: Participant, save: Save
) -> None:
    planned = Visit.objects.filter(participant=followed).awaited()
    assert planned.exists()
    done: dict[str, Any] = {"eos_phase": "study", "eos_dt": LEFT, "eos_status": "completed"}
    save(followed, "EOS", values=done)
    followed.refresh_from_db()
    assert (followed.state, followed.state_since) == (Track.COMPLETED, LEFT)
    assert not planned.filter(opens__gt=LEFT).exists()


def test_a_phase_that_ends_ends_nothing_else(followed: Participant, save: Save) -> None:
    before = Visit.objects.filter(participant=followed).awaited().count()
    save(
        followed,
        "EOS",
        values={"eos_phase": "study", "eos_dt": LEFT, "eos_status": None} | {"eos_phase": "response"},
    )
    followed.refresh_from_db()
    assert followed.state != Track.COMPLETED
    assert not Milestone.objects.filter(participant=followed, code="EOS", on__isnull=False).exists()
    assert Visit.objects.filter(participant=followed).awaited().count() == before
