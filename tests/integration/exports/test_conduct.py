"""Withdrawals, losses, contacts, deviations and queries leave with exports, as of their moment (protocol 3.15)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from accounts.permissions import ROLE_PERMISSIONS, Permission
from crf.deviations.settling import dismiss_deviation
from crf.engine.submission import Answers
from crf.queries.services import raise_query
from crf.records.comments import write_comment
from crf.records.expected import say_nothing_new
from crf.records.save import save_answers
from crf.store.records import NEW, record_key_of
from followup.services import (
    add_unscheduled_visit,
    describe_visit,
    record_contact_attempt,
    record_lost,
    withdraw_participant,
)
from kernel.scope import EVERYTHING, scope
from tests.integration.exports.test_cuts import database_moment
from tests.integration.exports.test_exports import files, kept_in, taken
from tests.world import NOW, TODAY, World, screen
from trials.models import Participant
from trials.services import propose_deviation, reveal_arm, set_milestone

CHAPTERS = ("3.13", "3.15", "3.16")
__all__ = ["kept_in"]  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = {
    *("WITHDRAWALS", "LOSSES", "CONTACTS", "NOTHING_NEW", "DEVIATION_PROPOSALS", "QUERIES", "QUERY_MESSAGES"),
    *("DEVIATION_DECISIONS", "LISTED_FINDINGS", "COMMENTS", "CODING", "ADJUDICATION"),
}


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)


def randomized(world: World) -> Participant:
    participant, by = screen(world), {"by": None, "at": NOW}
    participant = reveal_arm(participant=participant, arm="2", **by)  # type: ignore[arg-type]
    day = TODAY - timedelta(days=100)
    set_milestone(participant=participant, code="RAND", on=day, source="test", **by)  # type: ignore[arg-type]
    return participant


def lived(world: World, participant: Participant) -> None:
    """One row of each file about the participant."""
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    record_contact_attempt(
        participant=participant, on=TODAY, route="phone", result="no_answer", note="Rang", **by
    )
    propose_deviation(
        participant=participant,
        rule="X012",
        key="late",
        detail="Late (100%) by %(days)s days, %(days)s",
        values={"days": "9"},
        **by,
    )
    missed = propose_deviation(participant=participant, rule="X012", key="missed", detail="Missed", **by)
    dismiss_deviation(proposal=missed, reason="She came, “late”", **by)
    seen = add_unscheduled_visit(
        participant=participant, took_place_on=TODAY, forms=["AE"], why="Asked", **by
    )
    describe_visit(visit=seen, contact_mode="telephone", source_keeper="local_hospital", **by)
    say_nothing_new(visit=seen, **by)
    key = record_key_of(participant=participant, form="DM", visit=None)
    demographics = Answers(values={"height": Decimal(170)})
    save_answers(record_key=key, answers=demographics, version=NEW, key="dm", **by)
    write_comment(record_key=key, target="height", text="Measured at the bed, “lying”", **by)
    raise_query(record_key=key, text="Is that so?", by=world.data_manager, at=NOW)
    withdraw_participant(participant=participant, on=TODAY, study_drug=True, reason="Too tired", **by)


def rows(world: World, **asked: Any) -> dict[str, list[dict[str, str]]]:
    found = files(taken(world, forms=["DM"], **asked))
    return {name: found[f"{name}.csv"] for name in NAMES}


def test_point_20_how_people_were_followed_leaves_with_every_export_as_of_its_moment(world: World) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        participant, other = randomized(world), screen(world, site=world.other_site)
        before = database_moment()
        lived(world, participant)
    found = rows(world)
    (withdrawal,), (contact,), (deviation, dismissed) = (
        found["WITHDRAWALS"],
        found["CONTACTS"],
        found["DEVIATION_PROPOSALS"],
    )
    assert {row["SUBJID"] for name in NAMES for row in found[name]} == {participant.number}
    assert (withdrawal["WITHDRAWN_ON"], withdrawal["STUDY_DRUG"], withdrawal["ALL_CONTACT"]) == (
        str(TODAY),
        "Y",
        "N",
    )
    assert (contact["ROUTE"], contact["RESULT"]) == ("phone", "no_answer")
    (visit,) = (row for row in files(taken(world, forms=["DM"]))["VISITS.csv"] if row["VISIT"] == "UNS")
    assert (visit["CONTACT_MODE"], visit["SOURCE_KEEPER"]) == ("telephone", "local_hospital")
    (nothing_new,) = found["NOTHING_NEW"]
    assert (nothing_new["FORM"], nothing_new["VISIT"], nothing_new["SAID_BY"]) == (
        "AE",
        "UNS",
        world.coordinator.username,
    )
    assert nothing_new["SAID_AT"].endswith("+08:00")
    assert (deviation["RULE"], deviation["DETAIL"]) == ("X012", "Late (100%) by 9 days, 9")
    assert deviation["DETAIL_VALUES"] == '{"days": "9"}'
    settled = ("SETTLED_AT", "SETTLED_BY", "REASON")
    assert [deviation[name] for name in settled] == ["", "", ""]
    assert [dismissed[name] for name in settled[1:]] == [world.coordinator.username, "She came, “late”"]
    assert dismissed["SETTLED_AT"].endswith("+08:00")
    (query,) = (row for row in found["QUERIES"] if row["ASKED_BY"] == "person")
    assert (query["FORM"], query["STATE"], query["RESOLUTION"]) == ("DM", "open", "")
    assert query["OPENED_AT"].endswith("+08:00")
    (comment,) = found["COMMENTS"]
    assert (comment["FORM"], comment["QUESTION"], comment["COVAL"]) == (
        "DM",
        "height",
        "Measured at the bed, “lying”",
    )
    assert comment["CODTC"].endswith("+08:00")
    assert not any("Is that so" in value for row in found["QUERIES"] for value in row.values())
    (said,) = (row for row in found["QUERY_MESSAGES"] if row["QUERY"] == query["QUERY"])
    assert (said["WHAT"], said["SAID_BY"], said["WORDS"]) == (
        "raised",
        world.data_manager.username,
        "Is that so?",
    )
    assert rows(world, sites=["02"]) == {name: [] for name in NAMES}, other.number
    later = {"at": before + timedelta(days=1)}
    assert rows(world, cut_at=before, **later) == {name: [] for name in NAMES}
    assert rows(world, cut_at=database_moment(), **later) == found


def test_point_20_a_loss_leaves_with_its_end(world: World) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        participant = randomized(world)
        tried(world, participant)
    (loss,) = rows(world)["LOSSES"]
    assert (loss["SUBJID"], loss["REACHED_ON"]) == (participant.number, "")


def tried(world: World, participant: Participant) -> None:
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    day = TODAY - timedelta(days=110)
    set_milestone(participant=participant, code="ICF", on=day, source="test", **by)
    for back, route in ((80, "phone"), (60, "family"), (40, "letter"), (10, "register")):
        record_contact_attempt(
            participant=participant,
            on=TODAY - timedelta(days=back),
            route=route,
            result="no_answer",
            note="",
            **by,
        )
    record_lost(participant=participant, on=TODAY, **by)


def test_point_22_whoever_takes_an_export_may_see_the_arm() -> None:
    """Files of queries and deviations name it, as that of participants does."""
    takers = [may for may in ROLE_PERMISSIONS.values() if Permission.EXPORT_TAKE in may]
    assert takers
    assert all(Permission.ALLOCATION_VIEW in may for may in takers)
