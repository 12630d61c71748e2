"""A stage group corrected after randomization: both values, wherever anybody looks (protocol 3.2, X072; decision A2).

Looked at: the listing, the allocation's page, the work list, the API, the export now and as of an earlier moment.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.permissions import Permission
from crf import catalogue
from crf.engine.submission import Answers
from crf.records.save import save_answers
from crf.records.verification import verify_derived
from crf.store.records import NEW, find_stored_record, record_key_of
from kernel.scope import EVERYTHING, scope
from randomization.allocation.strata import to_mark
from randomization.models import Allocation, ErrorKind, ListPart
from randomization.services import randomize, record_allocation_error
from randomization.services.mistakes import Mistake
from tests.integration.crf.test_consequences import numbered
from tests.integration.exports.test_cuts import database_moment
from tests.integration.exports.test_exports import files, kept_in, taken
from tests.integration.randomization.test_api import address, caller
from tests.integration.randomization.test_pages import browser, page
from tests.unit.crf.examples import staging
from tests.world import NOW, PASSWORD, TODAY, World, as_person
from trials.models import Participant

CHAPTERS = ("3.2", "3.17")
__all__ = ["browser", "kept_in"]

pytestmark = pytest.mark.django_db(transaction=True)

Browser = Callable[..., Client]
WIDER = {"ct": "T2"}  # T2 N1 M0 is II; T3 N1 M0, as randomized, is III


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)


@pytest.fixture
def randomized(world: World, part: ListPart, eligible: Callable[..., Participant]) -> Participant:
    participant = eligible()
    with as_person(world.investigator):
        randomize(
            participant=participant,
            confirmed_stratum="01/III",
            password=PASSWORD,
            by=world.investigator,
            at=NOW,
        )
    stage(participant)
    return participant


def stage(participant: Participant, **changed: Any) -> None:
    """Save the staging form, corrected with a reason once it is there."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        key = record_key_of(participant=Participant.objects.get(pk=participant.pk), form="STAGE", visit=None)
        stored = find_stored_record(key)
        answers = Answers(
            values=staging.VALUES | changed,
            groups={} if stored else numbered(staging.GROUPS),
            reason="The CT was read again",
        )
        version = stored.record.version if stored else NEW
        save_answers(record_key=key, answers=answers, version=version, key="", by=None, at=NOW)


def mark(world: World, participant: Participant, true: str) -> None:
    mistake = Mistake(ErrorKind.WRONG_STRATUM, TODAY, "cT misread", "STAGE corrected", true)
    with as_person(world.data_manager), transaction.atomic():
        held = Allocation.objects.get(participant=participant)
        record_allocation_error(allocation=held, mistake=mistake, by=world.data_manager, at=NOW)


def exported(world: World, **asked: Any) -> tuple[str, ...]:
    with transaction.atomic():
        (row,) = files(taken(world, forms=["STAGE"], sites=["01"], **asked))["PARTICIPANTS.csv"]
    return tuple(
        row[name] for name in ("STRAT_SITE", "STRAT_STAGE", "STRAT_STAGE_TRUE", "STRAT_STAGE_MARKED")
    )


def test_point_16_a_stratum_corrected_after_randomization_stands_beside_the_one_used(
    world: World, randomized: Participant, browser: Browser
) -> None:
    statistician = browser(world.statistician)
    assert randomized.number not in statistician.get(page("strata")).text
    stage(randomized, **WIDER)
    listed = statistician.get(page("strata")).text
    assert all(word in listed for word in (randomized.number, "01/III", ">III<", ">II<"))
    shown = browser(world.investigator).get(page("allocation", randomized.number)).text
    assert "The stage group was corrected after randomization" in shown
    api = caller(world.investigator, Permission.ALLOCATION_VIEW).get(address(randomized)).json()
    assert (api["stage_group"], api["stage_group_corrected"], api["stage_group_marked"]) == (
        "III",
        "II",
        None,
    )
    assert exported(world) == ("01", "III", "II", "")
    stage(randomized)
    assert randomized.number not in statistician.get(page("strata")).text


def test_point_16_a_corrected_stratum_waits_on_the_work_list_until_it_is_marked(
    world: World, randomized: Participant, browser: Browser
) -> None:
    manager = browser(world.data_manager)
    to_do = page("record-error", randomized.number)
    assert to_do not in manager.get("/work-list/").text
    stage(randomized, **WIDER)
    assert to_do in manager.get("/work-list/").text
    mark(world, randomized, "II")
    assert to_do not in manager.get("/work-list/").text
    assert exported(world) == ("01", "III", "II", "II")
    assert randomized.number in manager.get(page("strata")).text


def test_point_16_an_export_holds_the_corrected_stratum_of_its_moment(
    world: World, randomized: Participant
) -> None:
    before = database_moment()
    stage(randomized, **WIDER)
    mark(world, randomized, "II")
    later = {"at": before + timedelta(days=1)}  # the moments of the trail are the database's own
    assert exported(world, cut_at=before, **later) == ("01", "III", "III", "")
    assert exported(world, cut_at=database_moment(), **later) == ("01", "III", "II", "II")


def test_point_16_a_stranger_sees_no_line_of_another_site(
    world: World, randomized: Participant, browser: Browser
) -> None:
    stage(randomized, **WIDER)
    assert randomized.number not in browser(world.stranger).get(page("strata")).text


def test_point_16_nobody_is_corrected_who_was_never_allocated(
    world: World, part: ListPart, eligible: Callable[..., Participant]
) -> None:
    stage(eligible(), **WIDER)
    assert exported(world) == ("", "", "", "")


def test_point_24_the_staging_form_says_where_another_stratum_was_used(
    world: World, randomized: Participant
) -> None:
    """It is stored by the act that moves it, and the night compares it as every derived answer."""

    def stored() -> tuple[str | None, str | None]:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            participant = Participant.objects.get(pk=randomized.pk)
            form = catalogue.form("STAGE").model.objects.get(participant=participant)
            assert list(verify_derived([participant], at=NOW)) == []
            return participant.strat_stage, form.strat_stage_corr

    assert stored() == ("III", None)
    stage(randomized, **WIDER)
    assert stored() == ("III", "II")
    stage(randomized)
    assert stored() == ("III", None)


def test_point_24_nothing_is_worked_out_for_each_allocation(world: World, randomized: Participant) -> None:
    """Before, finding whom to mark worked out five values for each of all allocations: 1.8 s for 25,872."""

    def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
        return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]

    stage(randomized, **WIDER)
    with as_person(world.data_manager), transaction.atomic():
        rows = to_mark(Allocation.objects.open_to(world.data_manager, Permission.ALLOCATION_CORRECT))
        assert [row.participant_id for row in rows] == [randomized.pk]
        [plan] = json.loads(rows.values("pk").explain(format="json"))
    found = nodes(plan["Plan"])
    per_row = [
        node
        for node in found
        if node.get("Parent Relationship") == "SubPlan" and "Limit" in node["Node Type"]
    ]
    assert len(found) > 3
    assert per_row == []
    mark(world, randomized, "II")
    with as_person(world.data_manager), transaction.atomic():
        assert not rows.all().exists()
