"""Queries: opened and closed by the system, and what people do with them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crf.models import MessageKind, Query, QueryState, Resolution
from crf.queries import services
from crf.queries.refusals import NotYourStep, OnlyForChecks, QueryClosed, WordsNeeded
from crf.records.signing import QueriesStillOpen, sign_record
from kernel.row_keys import row_key
from reports.worklist import work_for
from tests.clock import NIGHT
from tests.integration.crf.conftest import Save, place_at, record_at
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_saving import stage
from tests.world import NOW, PASSWORD, TODAY, World, as_person, screen
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("3.0",)

pytestmark = pytest.mark.django_db
DOUBTFUL = {"eus_mm": 45}
KEY = "eus_mm:soft"


def living() -> list[Query]:
    return list(Query.objects.living().filter(key=KEY))


@pytest.fixture
def doubted(screened: Participant, save: Save) -> Query:
    save(screened, "STAGE", **stage(**DOUBTFUL))
    return living()[0]


def test_a_soft_finding_saves_and_opens_one_query(screened: Participant, save: Save) -> None:
    saved = save(screened, "STAGE", **stage(**DOUBTFUL))
    assert saved.queries_opened >= 1
    (query,) = living()
    assert (query.target, query.state, query.seen, query.raised_by) == (
        "eus_mm",
        "open",
        {"value": 45.0},
        None,
    )
    assert query.act.verb == "crf:query:judge"
    save(screened, "STAGE", **stage(**DOUBTFUL, bx_n=7), reason="Counted again")
    assert [found.pk for found in living()] == [query.pk]


def test_point_07_a_participants_queries_are_found_with_any_keyboard(doubted: Query, world: World) -> None:
    number = doubted.participant.number
    for typed in (
        number,
        number.replace("-", "‑"),
        "".join(chr(ord(sign) + 0xFEE0) for sign in number),
        "01-1",
    ):
        page = client_of(world.coordinator).get("/queries/", {"participant": typed}).text
        assert f"/queries/{row_key(doubted)}/" in page, typed


def test_it_closes_itself_when_the_answer_is_corrected(
    doubted: Query, screened: Participant, save: Save
) -> None:
    save(screened, "STAGE", **stage(eus_mm=11), reason="Misread")
    doubted.refresh_from_db()
    assert (doubted.state, doubted.resolution) == (QueryState.CLOSED, Resolution.CORRECTED)
    assert [m.kind for m in doubted.messages.all()] == [MessageKind.CLOSED]


def test_an_answer_confirmed_with_a_reason_is_not_asked_again(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage(**DOUBTFUL), confirmations={KEY: "Seen twice"})
    query = Query.objects.get(key=KEY)
    assert (query.state, query.resolution) == (QueryState.CLOSED, Resolution.CONFIRMED)
    assert [(m.kind, m.by, m.text) for m in query.messages.all()] == [
        (MessageKind.CONFIRMED, world.coordinator, "Seen twice")
    ]
    save(screened, "STAGE", **stage(**DOUBTFUL, bx_n=7), reason="Counted again")
    assert living() == []
    save(screened, "STAGE", **stage(eus_mm=50), reason="Measured again")
    assert len(living()) == 1
    # before, a value that no binary fraction equals was asked about at every save and every night
    save(screened, "STAGE", **stage(eus_mm=50.3), reason="Measured", confirmations={KEY: "Seen twice"})
    save(screened, "STAGE", **stage(eus_mm=50.3, bx_n=8), reason="Counted again")
    assert living() == []


def test_confirming_from_the_query_closes_it(
    doubted: Query, world: World, screened: Participant, save: Save
) -> None:
    with pytest.raises(WordsNeeded):
        services.confirm_answer(query=doubted, reason=" ", by=world.coordinator, at=NOW)
    services.confirm_answer(query=doubted, reason="Seen twice", by=world.coordinator, at=NOW)
    save(screened, "STAGE", **stage(**DOUBTFUL, bx_n=7), reason="Counted again")
    assert living() == []


def test_a_question_no_longer_asked_makes_its_query_obsolete(
    doubted: Query, screened: Participant, save: Save
) -> None:
    gone = {**stage(eus_done="N", eus_dt=None), "reason": "EUS was not done"}
    save(screened, "STAGE", **gone, leave_out=True)
    doubted.refresh_from_db()
    assert doubted.resolution == Resolution.OBSOLETE


def test_a_thread_between_monitor_and_site(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage())
    query = services.raise_query(
        record_key=place_at(screened, "STAGE"),
        target="node.1.station",
        text="Left or right?",
        by=world.monitor,
        at=NOW,
    )
    with pytest.raises(OnlyForChecks), transaction.atomic():
        services.confirm_answer(query=query, reason="It is", by=world.coordinator, at=NOW)
    services.answer_query(query=query, text="Left", by=world.coordinator, at=NOW)
    services.reopen(query=query, text="Sure?", by=world.monitor, at=NOW)
    services.answer_query(query=query, text="Yes", by=world.investigator, at=NOW)
    closed = services.close_query(query=query, by=world.monitor, at=NOW)
    assert (closed.state, closed.resolution) == (QueryState.CLOSED, Resolution.SETTLED)
    assert [m.kind for m in query.messages.all()] == ["raised", "answered", "reopened", "answered", "closed"]
    with pytest.raises(QueryClosed), transaction.atomic():
        services.answer_query(query=query, text="More", by=world.coordinator, at=NOW)


def test_a_form_that_is_not_there_yet_can_be_asked_for(
    screened: Participant, world: World, save: Save
) -> None:
    query = services.raise_query(
        record_key=place_at(screened, "STAGE"), text="Where is it?", by=world.data_manager, at=NOW
    )
    assert query.record_id is None
    save(screened, "STAGE", **stage())
    query.refresh_from_db()
    assert query.record_id == record_at(screened, "STAGE").pk


def test_who_may_not_take_a_step(doubted: Query, world: World, screened: Participant) -> None:
    for service, who in (
        (services.answer_query, world.monitor),
        (services.close_query, world.coordinator),
        (services.reopen, world.coordinator),
        (services.answer_query, world.stranger),
    ):
        with pytest.raises(NotYourStep):
            service(query=doubted, text="x", by=who, at=NOW)
    with pytest.raises(NotYourStep):
        services.raise_query(record_key=place_at(screened, "STAGE"), text="x", by=world.coordinator, at=NOW)


def test_a_record_with_open_queries_is_not_signed(
    doubted: Query, world: World, screened: Participant
) -> None:
    with pytest.raises(QueriesStillOpen):
        sign_record(
            record_key=place_at(screened, "STAGE"),
            version=1,
            password=PASSWORD,
            by=world.investigator,
            at=NOW,
        )


def test_another_form_asks_and_stops_asking_when_this_one_changes(
    screened: Participant, save: Save, world: World
) -> None:
    """Staging reads milestone ICF and RAND: setting RAND late makes its dates doubtful, and back."""
    from crf import catalogue
    from crf.recheck import recheck
    from crf.store.context import FormContext

    save(screened, "STAGE", **stage())
    before = {query.key for query in Query.objects.living()}
    by: Any = {"by": None, "at": NOW}
    trials.set_milestone(participant=screened, code="RAND", on=date(2026, 11, 1), source="test", **by)
    assert any("milestone.RAND" in form.foreign_reads for form in catalogue.forms().values())
    recheck(record_key=None, changed={"milestone.RAND"}, form_context=FormContext(screened, at=NOW), **by)
    during = {query.key for query in Query.objects.living()} - before
    assert during
    trials.set_milestone(participant=screened, code="RAND", on=date(2026, 1, 12), source="test", **by)
    recheck(record_key=None, changed={"milestone.RAND"}, form_context=FormContext(screened, at=NOW), **by)
    assert {query.key for query in Query.objects.living()} == before


def test_the_list_and_the_thread_on_the_pages(doubted: Query, world: World, screened: Participant) -> None:
    monitor = client_of(world.monitor)
    listed = monitor.get(reverse("crf:queries")).context["lines"]
    assert doubted.pk in [line.query.pk for line in listed]
    for wrong in (
        {"site": "02"},
        {"form": "PATH"},
        {"state": "closed"},
        {"participant": "01-9999"},
        {"age": "7"},
    ):
        assert monitor.get(reverse("crf:queries"), wrong).context["lines"] == [], wrong
    assert client_of(world.stranger).get(reverse("crf:queries")).context["lines"] == []
    page = reverse("crf:query", args=[doubted.pk])
    assert "outside what is usual" in client_of(world.coordinator).get(page).content.decode()
    assert client_of(world.stranger).get(page).status_code == 404
    empty = client_of(world.coordinator).post(reverse("crf:query-confirm", args=[doubted.pk]), {"text": ""})
    assert (empty.status_code, "without words" in empty.content.decode()) == (422, True)
    done = client_of(world.coordinator).post(
        reverse("crf:query-confirm", args=[doubted.pk]), {"text": "Seen"}
    )
    assert done.status_code == 302
    assert client_of(world.monitor).post(reverse("crf:query-answer", args=[doubted.pk])).status_code == 403
    assert client_of(world.stranger).post(reverse("crf:query-answer", args=[doubted.pk])).status_code == 404


def test_asking_from_the_form(screened: Participant, world: World) -> None:
    url = reverse("crf:ask", args=[screened.number, "STAGE", 1])
    client = client_of(world.monitor)
    assert client.get(url).status_code == 200
    assert client.post(url, {"target": "", "text": ""}).status_code == 422
    assert client.post(url, {"target": "nope", "text": "Why?"}).status_code == 422
    assert client.post(url, {"target": "ct", "text": "Why?"}).status_code == 302
    page = client_of(world.coordinator).get(reverse("crf:form", args=[screened.number, "STAGE", 1]))
    assert "Why?" in page.content.decode()
    assert client_of(world.coordinator).get(url).status_code == 403


@pytest.fixture
def several(screened: Participant, save: Save) -> list[Query]:
    save(screened, "STAGE", **stage(**DOUBTFUL, upper_cm=15, suvmax=70))
    return list(Query.objects.living().filter(state=QueryState.OPEN).order_by("pk"))[:3]


def test_several_queries_are_answered_from_one_list(several: list[Query], world: World) -> None:
    # given a coordinator who answers one, confirms one, and forgets the words of a third
    client, page = client_of(world.coordinator), reverse("crf:queries-several")
    answered, confirmed, forgotten = several
    shown = [line["query"].pk for line in client.get(page).context["lines"]]
    assert set(shown) >= {query.pk for query in several}
    sent = {
        f"text-{row_key(answered)}": "See the report",
        f"text-{row_key(confirmed)}": "Seen at the source",
        f"right-{row_key(confirmed)}": "1",
        f"right-{row_key(forgotten)}": "1",
    }
    # when the list is sent
    reply = client.post(page, sent)
    # then two are settled by acts of their own, and the third says what is missing
    assert reply.status_code == 409
    assert "a query without words" in reply.text
    for query in several:
        query.refresh_from_db()
    assert [query.state for query in several] == ["answered", "closed", "open"]
    assert answered.act.verb == "crf:query:answer"
    assert confirmed.act.verb == "crf:query:confirm"
    assert answered.act.pk != confirmed.act.pk
    # and the data manager closes what was answered, from the same list
    manager = client_of(world.data_manager)
    listed = manager.get(page).context["lines"]
    assert [(line["query"].pk, line["said"]) for line in listed] == [(answered.pk, "See the report")]
    assert manager.post(page, {f"close-{row_key(answered)}": "1"}).status_code == 302
    answered.refresh_from_db()
    assert (answered.state, answered.resolution) == ("closed", Resolution.SETTLED)


def test_what_was_typed_beside_a_query_that_closed_meanwhile_stays(
    several: list[Query], world: World
) -> None:
    services.close_query(query=several[0], by=world.data_manager, at=NOW)
    sent = {
        f"text-{row_key(several[0])}": "Typed while it was closed",
        f"text-{row_key(several[1])}": "Taken",
    }
    page = reverse("crf:queries-several") + "?state=all"
    reply = client_of(world.coordinator).post(page, sent)
    assert reply.status_code == 409
    assert "Typed while it was closed" in reply.text
    assert "Taken</textarea>" not in reply.text
    several[1].refresh_from_db()
    assert several[1].state == "answered"


def test_a_list_from_another_site_or_role_changes_nothing(several: list[Query], world: World) -> None:
    page, key = reverse("crf:queries-several"), row_key(several[0])
    assert client_of(world.stranger).post(page, {f"text-{key}": "Mine"}).status_code == 302
    assert client_of(world.coordinator).post(page, {f"close-{key}": "1"}).status_code == 409
    assert client_of(world.inspector).get(page).status_code == 403
    assert client_of(world.inspector).post(page, {f"close-{key}": "1"}).status_code == 403
    several[0].refresh_from_db()
    assert several[0].state == "open"


def test_the_list_needs_few_queries(
    screened: Participant, world: World, save: Save, django_assert_max_num_queries: Any
) -> None:
    save(screened, "STAGE", **stage(**DOUBTFUL, upper_cm=15, suvmax=70))
    client = client_of(world.monitor)
    client.get(reverse("crf:queries"))
    with django_assert_max_num_queries(15):
        client.get(reverse("crf:queries"))


def test_point_24_the_work_list_asks_the_same_however_many_queries_wait(
    screened: Participant, world: World, save: Save
) -> None:
    """Before, it asked for the site of each query by itself: 23 questions for an investigator with eight."""

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("home")).status_code == 200
        return len(queries)

    client = client_of(world.coordinator)
    save(screened, "STAGE", **stage(**DOUBTFUL))
    asked()
    one = asked()
    save(screen(world), "STAGE", **stage(**DOUBTFUL))
    assert len(living()) == 2
    assert asked() == one


def test_the_work_list_names_the_day_of_the_site(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage(**DOUBTFUL), at=NIGHT)
    with as_person(world.coordinator):
        found = [item for part in work_for(world.coordinator, today=TODAY, at=NIGHT) for item in part.items]
    assert {item.when for item in found if "/queries/several/" in item.href} == {TODAY}
