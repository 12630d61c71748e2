"""Queries with the values they are about, raised where they arise, assigned, walked, and handled many at once.

Issue point 3.14: before, no page of a query showed a value, and raising one meant leaving the form.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from audit.models import Act
from crf import catalogue
from crf.models import ExpectedForm, MessageKind, Query, QueryState
from crf.queries import services
from crf.queries.assigning import Assignee
from crf.queries.bulk import MOST
from crf.queries.list import chosen_queries, neighbours_of
from crf.queries.places import places_of
from crf.queries.refusals import NoSuchAssignee, NotYourStep, QueryClosed
from crf.queries.sparing import names_looking_at_the_arm
from crf.queries.values import MOST_OF_A_ROW, _row_in_words, values_of_queries
from followup.services import add_unscheduled_visit, record_visit
from kernel.row_keys import key_of, number_of, row_key
from reports.worklist import work_for
from tests.integration.crf.conftest import Save, place_at, record_at
from tests.integration.crf.test_consequences import person, randomized, screened_on_paper, visit
from tests.integration.crf.test_pages import client_of, form_url
from tests.integration.crf.test_queries import DOUBTFUL, KEY
from tests.integration.crf.test_saving import stage
from tests.integration.exports.test_api import caller
from tests.unit.crf.examples import treatment
from tests.world import NOW, TODAY, World, as_person
from trials.models import Participant

CHAPTERS = ("3.0", "3.17")
pytestmark = pytest.mark.django_db
__all__ = ["person"]


@pytest.fixture
def doubted(screened: Participant, save: Save) -> Query:
    save(screened, "STAGE", **stage(**DOUBTFUL))
    return Query.objects.living().get(key=KEY)


def asked(participant: Participant, world: World, text: str = "Why?", **more: Any) -> Query:
    place = place_at(participant, "STAGE")
    about: dict[str, Any] = {"record_key": place, "text": text, "by": world.monitor, "at": NOW}
    return services.raise_query(**about | more)


def values(query: Query, reader: Any) -> list[tuple[str, str, str]]:
    found = values_of_queries([query], reader).get(query.pk, ())
    return [(each.label, each.now, each.before) for each in found]


def test_point_14_the_values_in_question_stand_with_the_query(
    doubted: Query, screened: Participant, world: World, save: Save
) -> None:
    label = str(catalogue.form("STAGE").questions["eus_mm"].text)
    assert values(doubted, world.monitor) == [(label, "45 mm", "")]
    save(screened, "STAGE", **stage(eus_mm=50), reason="Measured again")
    assert values(doubted, world.monitor) == [(label, "50 mm", "45 mm")]
    addresses = (reverse("crf:queries"), reverse("crf:queries-several"), doubted.get_absolute_url())
    for address in addresses:
        page = client_of(world.coordinator).get(address).text
        assert "<strong>50 mm</strong>" in page, address
        assert "(45 mm when it was asked)" in page, address


def test_point_14_a_check_over_several_answers_shows_them_all(
    screened: Participant, world: World, save: Save
) -> None:
    """Before, a query said that two answers do not fit together, and showed neither."""
    save(screened, "STAGE", **stage(ut="T1b"))
    query = Query.objects.get(check_code="STAGE-04")
    form = catalogue.form("STAGE")
    labels = [str(form.questions[name].text) for name in ("ut", "ct")]
    assert [label for label, _now, _before in values(query, world.monitor)] == labels
    page = client_of(world.coordinator).get(query.get_absolute_url()).text
    for _label, now, _before in values(query, world.monitor):
        assert now != "–"
        assert f"<strong>{now}</strong>" in page


def test_point_14_a_check_over_a_whole_table_shows_the_rows_that_it_speaks_of(
    screened: Participant, world: World, save: Save
) -> None:
    """Before, a query said that cells do not add up, and showed none of them."""
    visits = {"took_place_on": TODAY, "forms": ["LB"], "why": "Test", "by": None, "at": NOW}
    at_visit = add_unscheduled_visit(participant=screened, **visits)
    counts = (("HGB", "12.4", "g/dL"), *((test, "4", "10^9/L") for test in ("WBC", "NEUT", "LYM")))
    tests = [dict(zip(("lb_test", "lb_res", "lb_unit"), each, strict=True)) for each in counts]
    table = catalogue.form("LB").groups["tests"]
    codes = table.questions["lb_test"].codes
    assert codes
    label_of, counted = codes.label, {each[0] for each in counts}
    others = [code for code in codes.labels if code not in counted][:10]
    tests += [{"lb_test": code, "missing": {"lb_res": "ND"}} for code in others]
    save(screened, "LB", visit=at_visit, values={"lb_done": "Y", "lb_dt": TODAY}, groups={"tests": tests})
    query = Query.objects.get(check_code="LB-09")
    labels = [f"{table.title} · {label_of(code)}" for code in ("WBC", "NEUT", "LYM")]
    assert values(query, world.monitor) == [(label, "4 · 10⁹/L", "") for label in labels]
    assert "4 · 10⁹/L" in client_of(world.coordinator).get(query.get_absolute_url()).text
    # what a check names in the form stands before the rows, and none of the fourteen is cut off
    query.check_code = "LB-05"
    missing = str(catalogue.form("LB").questions["lb_left"].text)
    first, *rows = values(query, world.coordinator)
    assert (first[0], len(rows)) == (missing, len(tests))


def test_point_14_nothing_that_a_query_is_about_is_left_out_in_silence(
    screened: Participant, world: World, save: Save
) -> None:
    """Before, what stood behind the twelfth value of a query and the fourth of a row was not to be seen."""
    visits = {"took_place_on": TODAY, "forms": ["LB"], "why": "Test", "by": None, "at": NOW}
    at_visit = add_unscheduled_visit(participant=screened, **visits)
    codes = ("CORT", "ALT", "AST", "ALP", "GGT", "ALB", "UREA", "SODIUM", "K", "CL", "CA", "MG", "LDH", "CK")
    tests = [{"lb_test": code, "lb_res": "4"} for code in codes]
    save(screened, "LB", visit=at_visit, values={"lb_done": "Y", "lb_dt": TODAY}, groups={"tests": tests})
    query = Query.objects.get(check_code="LB-07")
    assert len(values(query, world.monitor)) == len(codes) + 1
    client = client_of(world.monitor)
    assert client.get(query.get_absolute_url()).text.count("<div><dt>") == len(codes) + 1
    listed = client.get(reverse("crf:queries"), {"check": "LB-07"}).text
    assert "<summary>11 more values</summary>" in listed
    assert f'href="{query.get_absolute_url()}">3 more on the page of the query</a>' in listed
    chemo = catalogue.form("TREAT").groups["chemo"]
    dose = dict.fromkeys(chemo.questions) | treatment.GROUPS["chemo"][0]
    told = [name for name, value in dose.items() if value is not None and not chemo.questions[name].derived]
    said = _row_in_words(chemo, dose, Query(site=world.site))
    assert said.endswith(f" · {len(told) - MOST_OF_A_ROW} more answers")


def test_point_14_a_query_of_a_person_shows_the_answer_or_the_row(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    of_answer = asked(screened, world, target="eus_mm")
    assert values(of_answer, world.monitor)[0][1].endswith("mm")
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    assert values(of_answer, world.monitor)[0][1:] == ("12 mm", "11 mm")
    group = next(name for name, rows in stage()["groups"].items() if rows)
    of_row = asked(screened, world, target=f"{group}.1")
    assert all("row 1" in label for label, _now, _before in values(of_row, world.monitor))
    assert values(of_row, world.monitor)


def test_point_14_values_follow_the_rights_of_the_reader(doubted: Query, world: World) -> None:
    """The trial manager sees queries and reads no answers; no list of theirs holds one."""
    assert values(doubted, world.trial_manager) == []
    page = client_of(world.trial_manager).get(reverse("crf:queries")).text
    assert "p3-query-values" not in page
    assert values(doubted, world.stranger) == []
    for code in catalogue.forms():
        form = catalogue.form(code)
        for name in names_looking_at_the_arm(code) & form.questions.keys():
            about = Query(pk=1, form_code=code, target=name, site_id=world.site.pk, seen={"value": "1"})
            assert values_of_queries([about], world.trial_manager).get(1, ()) == (), f"{code} {name}"


def test_point_14_a_query_is_raised_at_the_field_without_leaving_the_form(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    client, page = client_of(world.monitor), form_url(screened)
    shown = client.get(page).text
    address = reverse("crf:ask", args=[screened.number, "STAGE", 1])
    assert f'href="{address}?target=eus_mm"' in shown
    assert "data-ask-dialog" in shown
    sent = {"target": "eus_mm", "text": "At which level?", "assignee": "role:investigator"}
    told = client.post(address, sent, headers={"X-Requested-With": "fetch"}).json()
    query = Query.objects.get(pk=number_of("query", told["number"]))
    assert (query.target, query.assigned_role, query.seen) == (
        "eus_mm",
        "investigator",
        {"value": record_at(screened, "STAGE").eus_mm},
    )
    balloon = re.compile(rf'class="p3-balloon" href="{query.get_absolute_url()}" title="At which level\?"')
    for reader in (world.monitor, world.coordinator):
        assert balloon.search(client_of(reader).get(page).text)
    assert "data-ask=" not in client_of(world.coordinator).get(page).text
    # without a script the same page asks, and leads back to the answer
    back = client.post(f"{address}?target=eus_mm", {"target": "eus_mm", "text": "And in cm?", "assignee": ""})
    assert back.status_code == 302
    assert back["Location"].endswith("#q-eus_mm")
    refused = client.post(address, {"target": "eus_mm", "text": ""}, headers={"X-Requested-With": "fetch"})
    assert (refused.status_code, "without words" in refused.json()["error"]) == (422, True)


def test_point_14_a_row_a_visit_a_participant_and_an_absent_form_are_asked_about(
    person: Participant, world: World, save: Save
) -> None:
    screened_on_paper(person, save)
    randomized(person)
    planned = visit(person, "N1")
    client = client_of(world.monitor)
    group = next(name for name, rows in stage()["groups"].items() if rows)
    addresses = {
        reverse("crf:ask-participant", args=[person.number]): {},
        reverse("crf:ask-visit", args=[person.number, planned.pk]): {},
        reverse("crf:ask", args=[person.number, "STAGE", 1]): {"target": f"{group}.1"},
        reverse("crf:ask", args=[person.number, "TREAT", 1]): {"target": ""},
    }
    for address, about in addresses.items():
        assert client.get(address).status_code == 200, address
        assert client.post(address, {"text": "Please look", "assignee": "", **about}).status_code == 302
    found = list(Query.objects.filter(key="", raised_by=world.monitor).order_by("pk"))
    assert [(each.form_code, each.visit_id, each.target, each.record_id is None) for each in found] == [
        ("", None, "", True),
        ("", planned.pk, "", True),
        ("STAGE", None, f"{group}.1", False),
        ("TREAT", None, "", True),
    ]
    was = str(planned.get_state_display())
    assert values(found[1], world.monitor) == [("Visit", was, "")]
    record_visit(visit=planned, took_place_on=date(2026, 5, 15), by=None, at=NOW)
    about_visit = Query.objects.select_related("visit").get(pk=found[1].pk)
    assert values(about_visit, world.monitor) == [("Visit", "Took place, 15 May 2026", was)]
    assert values(about_visit, world.coder) == []
    listed = client_of(world.coordinator).get(reverse("crf:queries")).text
    for words in ("The participant", "The visit", "row 1"):
        assert words in listed
    for each in found:
        assert "Please look" in client_of(world.coordinator).get(each.get_absolute_url()).text
    assert client_of(world.coordinator).get(next(iter(addresses))).status_code == 403


def test_point_14_a_query_waits_for_a_person_or_a_role(doubted: Query, world: World) -> None:
    by: dict[str, Any] = {"by": world.data_manager, "at": NOW}
    services.assign_query(query=doubted, assignee="role:coordinator", **by)
    seen = {who: _work(getattr(world, who), doubted) for who in ("coordinator", "investigator")}
    assert seen == {"coordinator": True, "investigator": False}
    services.assign_query(query=doubted, assignee=str(Assignee(user_id=world.investigator.pk)), **by)
    seen = {who: _work(getattr(world, who), doubted) for who in ("coordinator", "investigator")}
    assert seen == {"coordinator": False, "investigator": True}
    doubted.refresh_from_db()
    assert (doubted.assigned_role, doubted.assigned_to) == (None, world.investigator)
    assert [each.text for each in doubted.messages.filter(kind=MessageKind.ASSIGNED)] == [
        "Coordinator",
        "Investigator",
    ]
    mine = client_of(world.investigator).get(reverse("crf:queries"), {"assigned": "me"})
    assert [line.query.pk for line in mine.context["lines"]] == [doubted.pk]
    assert "assigned to Investigator" in " ".join(
        client_of(world.monitor).get(doubted.get_absolute_url()).text.split()
    )
    elsewhere = [str(Assignee(user_id=each.pk)) for each in (world.stranger, world.statistician)]
    for strange in (*elsewhere, f"user:{world.investigator.pk}", "role:inspector", "x"):
        with pytest.raises(NoSuchAssignee), transaction.atomic():
            services.assign_query(query=doubted, assignee=strange, **by)
    with pytest.raises(NotYourStep):
        services.assign_query(query=doubted, assignee="", by=world.inspector, at=NOW)
    passed = client_of(world.coordinator).post(
        reverse("crf:query-assign", args=[doubted.pk]), {"assignee": "role:investigator"}
    )
    assert passed.status_code == 302
    services.close_query(query=doubted, **by)
    with pytest.raises(QueryClosed), transaction.atomic():
        services.assign_query(query=doubted, assignee="", **by)


def _work(user: Any, query: Query) -> bool:
    return any(
        item.href.endswith(f"/queries/several/?participant={query.participant.number}")
        for section in work_for(user, at=NOW, today=TODAY)
        for item in section.items
    )


@pytest.fixture
def twenty(screened: Participant, world: World, save: Save) -> list[Query]:
    """Twenty queries of one site, some of them raised at the same moment."""
    save(screened, "STAGE", **stage())
    return [
        asked(screened, world, f"Question {n}", at=NOW - timedelta(minutes=n // 2), target="eus_mm")
        for n in range(20)
    ]


def test_point_14_twenty_queries_are_answered_in_one_sitting(twenty: list[Query], world: World) -> None:
    """Each answer leads to the next query: 21 pages for twenty answers, where it took three pages for each."""
    client = client_of(world.coordinator)
    page = client.get(
        reverse("crf:queries-first"), {"state": "open", "participant": twenty[0].participant.number}
    )
    loads = 0
    while "/queries/" in page["Location"] and re.search(r"/queries/\w{8}/", page["Location"]):
        shown = client.get(page["Location"])
        loads += 1
        assert "<strong>" in shown.text
        answer = re.search(r'data-answer formaction="([^"]+)"', shown.text)
        assert answer, "the page has a first button that answers and goes on"
        sent = {"text": f"Answer {loads}", "go": "next"}
        page = client.post(answer[1].replace("&amp;", "&"), sent)
        assert page.status_code == 302
        assert loads <= 20
    assert loads == 20
    assert {each.state for each in Query.objects.filter(pk__in=[each.pk for each in twenty])} == {"answered"}
    assert page["Location"].startswith(reverse("crf:queries"))


def test_point_14_next_and_previous_walk_the_whole_list(twenty: list[Query], world: World) -> None:
    chosen = {"participant": twenty[0].participant.number, "form": "STAGE"}
    rows = list(chosen_queries(world.coordinator, chosen, at=NOW))
    assert len(rows) >= 20
    around = [neighbours_of(each, world.coordinator, chosen, at=NOW) for each in rows]
    keys = [each.pk for each in rows]
    assert [each.previous for each in around] == [None, *keys[:-1]]
    assert [each.next for each in around] == [*keys[1:], None]
    assert [each.number for each in around] == list(range(1, len(rows) + 1))
    shown = client_of(world.coordinator).get(rows[3].get_absolute_url(), chosen).text
    assert "data-next" in shown
    assert f"/queries/{row_key(rows[4])}/?participant=" in shown
    assert f"4 of {len(rows)}" in shown


def dry_run(client: Any, address: str, **sent: Any) -> Any:
    shown = client.post(address, sent)
    assert shown.status_code == 200, shown.text[:300]
    return shown.context["outcome"]


def test_point_14_queries_are_closed_together_after_what_would_happen_is_shown(
    twenty: list[Query], world: World
) -> None:
    client, address = client_of(world.data_manager), reverse("crf:queries-close")
    services.close_query(query=twenty[2], by=world.data_manager, at=NOW)
    rows = [row_key(each) for each in twenty[:4]]
    acts = Act.objects.count()
    outcome = dry_run(client, address, row=rows, text="Settled")
    assert (len(outcome.possible), len(outcome.refused)) == (3, 1)
    assert "closed" in outcome.refused[0].refused
    assert Act.objects.count() == acts, "what is shown leaves nothing"
    # given that one is closed in between, nothing is done and the list is shown anew
    services.close_query(query=twenty[3], by=world.monitor, at=NOW)
    sent = {"row": rows, "text": "Settled", "seen": outcome.digest}
    late = client.post(address, sent)
    assert (late.status_code, len(late.context["outcome"].possible)) == (409, 2)
    assert "Nothing was done" in late.text
    assert Query.objects.get(pk=twenty[0].pk).state == "open"
    # when what is shown now is confirmed, those are closed in one act, and the others are as they were
    done = client.post(address, sent | {"seen": late.context["outcome"].digest, "once": "0" * 32})
    assert done.status_code == 302
    closed = Query.objects.filter(pk__in=[each.pk for each in twenty], state="closed")
    assert closed.count() == 4
    parents = {each.act.parent.verb for each in closed if each.act.parent}
    assert parents == {"crf:queries:close"}
    assert len({each.act.parent_id for each in closed if each.act.parent}) == 1


def test_point_14_queries_are_assigned_together(twenty: list[Query], world: World) -> None:
    client, address = client_of(world.monitor), reverse("crf:queries-assign")
    services.assign_query(query=twenty[0], assignee="role:investigator", by=world.monitor, at=NOW)
    sent = {"all": "1", "assignee": "role:investigator"}
    filters = f"?participant={twenty[0].participant.number}&form=STAGE&state=open"
    outcome = dry_run(client, address + filters, **sent)
    number = Query.objects.filter(form_code="STAGE", state="open").count()
    assert (len(outcome.possible), len(outcome.refused)) == (number - 1, 1)
    rows = [row_key(each) for each in Query.objects.filter(form_code="STAGE", state="open")]
    done = client.post(address, {"row": rows, "assignee": "role:investigator", "seen": outcome.digest})
    assert done.status_code == 302
    assert Query.objects.filter(assigned_role="investigator").count() == number
    assert client_of(world.coordinator).post(address, {"row": rows}).status_code == 403


def test_point_14_queries_are_raised_for_the_chosen_rows_of_a_list(
    person: Participant, world: World, save: Save
) -> None:
    screened_on_paper(person, save)
    randomized(person)
    record_visit(visit=visit(person, "N1"), took_place_on=date(2026, 5, 15), by=None, at=NOW)
    waiting = list(ExpectedForm.objects.filter(participant=person).unfilled()[:3])
    assert waiting
    client, address = client_of(world.data_manager), reverse("crf:queries-raise")
    rows = [f"expected:{key_of('expected', each.pk)}" for each in waiting]
    assert f'value="{rows[0]}"' in client.get(reverse("reports:unfinished-forms")).text
    sent = {"row": rows, "text": "Please fill it in", "assignee": ""}
    assert client.post(address, sent | {"text": " "}).status_code == 422
    outcome = dry_run(client, address, **sent)
    assert len(outcome.possible) == len(waiting)
    assert client.post(address, sent | {"seen": outcome.digest}).status_code == 302
    made = Query.objects.filter(raised_by=world.data_manager)
    assert {each.form_code for each in made} == {each.form_code for each in waiting}
    # asked once, the same rows are not asked again, and the page says which query asks
    again = dry_run(client, address, **sent)
    assert not again.possible
    assert all(row_key(query) in " ".join(line.refused for line in again.refused) for query in made)
    assert client_of(world.coordinator).post(address, sent).status_code == 403
    many = client.post(address, sent | {"row": [f"record:{key_of('record', n)}" for n in range(MOST + 1)]})
    assert many.status_code == 200, "rows that are not there, or elsewhere, are no rows"


def test_point_14_ageing_and_workload_by_site_on_page_file_and_api(twenty: list[Query], world: World) -> None:
    services.answer_query(query=twenty[0], text="Here", by=world.coordinator, at=NOW)
    services.close_query(query=twenty[0], by=world.monitor, at=NOW)
    services.answer_query(query=twenty[1], text="Here", by=world.coordinator, at=NOW)
    services.assign_query(query=twenty[2], assignee="role:coordinator", by=world.monitor, at=NOW)
    number = Query.objects.living().filter(state=QueryState.OPEN).count()
    shown = client_of(world.data_manager).get("/reports/queries/")
    tables = {table.slug: table for table in shown.context["report"].tables}
    by_site = {row[0]: row[1:] for row in tables["waiting"].rows}
    assert by_site["01"][:3] == (number, 1, 0)
    assert by_site["02"] == (0,) * len(by_site["01"])
    assert sum(by_site["01"][3:7]) == number + 1
    work = {row[0]: row[1:] for row in tables["work"].rows}
    assert work["01"][1] == 1
    assert ("01", "Coordinator", 1, 1, 0, 0, 0, 0) in tables["by-assignee"].rows
    csv = client_of(world.data_manager).get("/reports/queries/csv/")
    assert f"Waiting,01,{number},1,0" in csv.text
    from accounts.permissions import Permission

    told = caller(world.data_manager, Permission.QUERY_VIEW).get("/api/v1/queries/ageing/").json()
    assert {row["site"]: row["open"] for row in told} == {"01": number, "02": 0}
    listed = caller(world.stranger, Permission.QUERY_VIEW).get("/api/v1/queries/").json()
    assert listed["results"] == []
    mine = (
        caller(world.coordinator, Permission.QUERY_VIEW).get("/api/v1/queries/", {"state": "answered"}).json()
    )
    assert [row["id"] for row in mine["results"]] == [row_key(twenty[1])]


def test_point_14_lists_ask_the_same_however_many_queries_they_show(
    twenty: list[Query], world: World, django_assert_max_num_queries: Any
) -> None:
    client = client_of(world.monitor)
    client.get(reverse("crf:queries"))
    with django_assert_max_num_queries(15):
        client.get(reverse("crf:queries"))
    with django_assert_max_num_queries(20):
        client.get(twenty[4].get_absolute_url())


def test_point_14_who_may_not_read_a_form_asks_nothing_about_its_records(
    doubted: Query, world: World
) -> None:
    """A coder raises queries and reads no form: in bulk any record could be asked about by its number."""
    rows = [f"record:{key_of('record', doubted.record_id)}"]
    with as_person(world.coder), transaction.atomic():
        assert places_of(rows, by=world.coder) == []
    with as_person(world.data_manager), transaction.atomic():
        [place] = places_of(rows, by=world.data_manager)
    assert place.form_code == doubted.form_code


def test_point_14_a_list_folds_what_is_more_than_four_values() -> None:
    """A check over a panel of sixteen results made one line of the list as high as the window."""
    line = {"values": [{"label": f"Result {number}", "now": f"{number}.5"} for number in range(1, 7)]}
    partial = "crf/partials/query_values.html"
    with override("en"):
        whole = render_to_string(partial, {"line": line})
        listed = render_to_string(partial, {"line": line, "folds": True})
        four = render_to_string(partial, {"line": {"values": line["values"][:4]}, "folds": True})
    assert "<details>" not in whole + four
    open_to_all, folded = listed.split("<details>")
    assert "<summary>2 more values</summary>" in folded
    assert [text.count("<dt>") for text in (open_to_all, folded)] == [4, 2]
