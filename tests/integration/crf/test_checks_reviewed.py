"""What checks bring is counted, and data management retires them or looks at what sites confirm.

Issue points 3.13 and 3.14: before, a site closed a check's query alone, and nobody counted what a check was worth.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.permissions import Permission
from crf.check_review.services import (
    CheckStays,
    MarkedAlready,
    MarkEnded,
    NotYourCheck,
    PlanVersionNeeded,
    ReasonOfMarkNeeded,
    end_mark,
    mark_check,
)
from crf.check_review.yields import yields_of
from crf.models import CheckMark, MarkKind, MessageKind, Query, QueryState, Resolution
from crf.queries import services
from crf.records.judging import run_checks
from tests.integration.crf.conftest import Save, record_at
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_queries import DOUBTFUL, KEY
from tests.integration.crf.test_saving import stage
from tests.integration.exports.test_api import caller
from tests.world import NOW, World
from trials.models import Participant

CHAPTERS = ("3.17",)
pytestmark = pytest.mark.django_db


def mark(world: World, kind: MarkKind, check: str = KEY, **more: Any) -> CheckMark:
    said = {"form": "STAGE", "check": check, "kind": kind, "reason": "Looked at often", "plan_version": "1.1"}
    return mark_check(**{**said, "by": world.data_manager, "at": NOW} | more)


def the_query() -> Query:
    return Query.objects.filter(key=KEY).latest("pk")


def test_point_14_a_confirmation_of_a_marked_check_waits_to_be_reviewed(
    screened: Participant, world: World, save: Save
) -> None:
    mark(world, MarkKind.REVIEWED)
    save(screened, "STAGE", **stage(**DOUBTFUL), confirmations={KEY: "Seen twice"})
    query = the_query()
    assert (query.state, query.resolution, query.shown_state) == ("answered", "confirmed", "to_review")
    page = client_of(world.data_manager).get(reverse("crf:queries"), {"state": "to_review"})
    assert [line.query.pk for line in page.context["lines"]] == [query.pk]
    assert "Answered, to be reviewed" in page.text
    # while the values stay it is not asked again, and judging by night changes nothing
    save(screened, "STAGE", **stage(**DOUBTFUL, bx_n=7), reason="Counted again")
    assert the_query().shown_state == "to_review"
    assert not run_checks(people=[screened.pk], at=NOW).asks
    # other values are another question
    save(screened, "STAGE", **stage(eus_mm=50), reason="Measured again")
    query.refresh_from_db()
    assert (query.state, query.resolution, query.seen) == ("open", "", {"value": 50.0})
    assert query.messages.filter(kind=MessageKind.REOPENED).exists()
    # confirmed from the query it waits too, and who closes it accepts the confirmation
    services.confirm_answer(query=query, reason="Three readings", by=world.coordinator, at=NOW)
    query.refresh_from_db()
    assert query.waits_for_review
    services.close_query(query=query, by=world.data_manager, at=NOW)
    query.refresh_from_db()
    assert (query.state, query.resolution) == (QueryState.CLOSED, Resolution.CONFIRMED)
    save(screened, "STAGE", **stage(eus_mm=50, bx_n=8), reason="Counted once more")
    assert the_query().pk == query.pk, "a confirmation that was accepted holds for its values"


def test_point_14_a_confirmation_of_another_check_still_closes_its_query(
    screened: Participant, world: World, save: Save
) -> None:
    mark(world, MarkKind.REVIEWED, "upper_cm:soft")
    save(screened, "STAGE", **stage(**DOUBTFUL), confirmations={KEY: "Seen twice"})
    assert the_query().state == QueryState.CLOSED


def test_point_13_a_retired_check_asks_nobody_until_it_is_taken_back(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage(**DOUBTFUL))
    assert the_query().state == QueryState.OPEN
    retired = mark(world, MarkKind.RETIRED)
    assert (the_query().state, the_query().resolution) == ("closed", Resolution.OBSOLETE)
    page = client_of(world.coordinator).get(f"/participants/{screened.number}/forms/STAGE/").text
    assert "outside what is usual" not in page
    saved = save(screened, "STAGE", **stage(eus_mm=50), reason="Measured again")
    assert saved.queries_opened == 0
    assert not run_checks(people=[screened.pk], at=NOW).asks
    assert record_at(screened, "STAGE").eus_mm == 50
    end_mark(mark=retired, reason="Needed after all", by=world.data_manager, at=NOW)
    assert run_checks(people=[screened.pk], at=NOW).opened
    assert the_query().state == QueryState.OPEN


def test_point_13_each_check_says_how_often_it_fired_changed_and_was_confirmed(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage(**DOUBTFUL))
    save(screened, "STAGE", **stage(eus_mm=11), reason="Misread")
    save(screened, "STAGE", **stage(eus_mm=46), reason="Measured", confirmations={KEY: "Seen twice"})
    (line,) = [
        each for each in yields_of(world.data_manager) if (each.form.code, each.check) == ("STAGE", KEY)
    ]
    numbers = {name: number for name, number in line.numbers.items() if number}
    assert numbers == {"fired": 2, "changed": 1, "confirmed": 1}
    shown = client_of(world.data_manager).get(reverse("crf:checks"), {"form": "STAGE"}).text
    assert KEY in shown
    assert "outside what is usual" in shown
    told = (
        caller(world.data_manager, Permission.FINDING_VIEW).get("/api/v1/checks/", {"form": "STAGE"}).json()
    )
    (row,) = [each for each in told if each["check"] == KEY]
    assert (row["fired"], row["changed"], row["confirmed"]) == (2, 1, 1)
    other = [each for each in yields_of(world.data_manager, site="02") if each.check == KEY]
    assert not other or not other[0].fired


def test_point_13_only_data_management_marks_a_check_with_a_reason_and_a_version(world: World) -> None:
    refusals: list[tuple[type[Exception], dict[str, Any]]] = [
        (NotYourCheck, {"by": world.monitor}),
        (ReasonOfMarkNeeded, {"reason": " "}),
        (PlanVersionNeeded, {"plan_version": ""}),
        (CheckStays, {"check": "eus_mm:hard"}),
        (CheckStays, {"check": "no_such"}),
    ]
    for refusal, more in refusals:
        with pytest.raises(refusal), transaction.atomic():
            mark(world, MarkKind.RETIRED, **more)
    client = client_of(world.data_manager)
    page = reverse("crf:mark-check", args=["STAGE", KEY, "retired"])
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": "", "plan_version": "1.2"}).status_code == 422
    assert client.post(page, {"reason": "Asks too much", "plan_version": "1.2"}).status_code == 302
    kept = CheckMark.objects.standing().get()
    assert (kept.reason, kept.plan_version, kept.act.verb) == ("Asks too much", "1.2", "crf:check:mark")
    with pytest.raises(MarkedAlready), transaction.atomic():
        mark(world, MarkKind.RETIRED)
    assert "Asks too much" in client.get(reverse("crf:checks"), {"show": "marked"}).text
    away = reverse("crf:end-check-mark", args=[kept.pk])
    assert client.get(away).status_code == 200
    assert client.post(away, {"reason": ""}).status_code == 422
    assert client.post(away, {"reason": "Back"}).status_code == 302
    with pytest.raises(MarkEnded), transaction.atomic():
        end_mark(mark=kept, reason="Twice", by=world.data_manager, at=NOW)
    with pytest.raises(NotYourCheck), transaction.atomic():
        end_mark(mark=kept, reason="Mine", by=world.monitor, at=NOW)
    assert client_of(world.monitor).get(page).status_code == 403
