"""Listings: one form or several joined, saved and shared, reviewed row by row, taken as files, turned into queries.

Issue point 3.15: before, a data manager had no table of answers but the export.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.permissions import Grant, Permission, Role
from audit.models import Act
from crf import catalogue
from crf.engine.questions import Classification
from crf.listings.definition import (
    TESTS,
    ListingDefinition,
    NoSuchColumn,
    NoSuchSource,
    RowFilter,
)
from crf.listings.rows import ColumnTellsArm, page_of, rows_for_file
from crf.listings.select import FilterUnreadable
from crf.listings.services import (
    FileRightMissing,
    ListingPurposeMissing,
    ListingWithoutColumns,
    ListingWithoutName,
    NotYourListing,
    review_rows,
    save_listing,
    take_file,
)
from crf.models import ListingFile, Query, SavedListing
from crf.queries.sparing import names_looking_at_the_arm
from kernel.row_keys import number_of
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_coding import drug, event
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_saving import stage
from tests.unit.kernel.test_spreadsheets import cells_of
from tests.world import NOW, World, screen
from trials.models import Participant

CHAPTERS = ("3.0",)
pytestmark = pytest.mark.django_db


def made(by: Any, *columns: str, sources: tuple[str, ...] = ("STAGE",), **more: Any) -> SavedListing:
    said = {name: more.pop(name) for name in ("name", "is_shared") if name in more}
    definition = ListingDefinition(sources=sources, columns=columns, **more)
    about: dict[str, Any] = {"name": "Staging", "is_shared": False} | said
    return save_listing(definition=definition, by=by, at=NOW, **about)


def shown(listing: SavedListing, reader: Any, show: str = "all") -> list[list[str]]:
    rows = page_of(listing, reader, number=1, show=show).rows
    return [[row.participant, *(cell.text for cell in row.cells)] for row in rows]


@pytest.fixture
def two(screened: Participant, world: World, save: Save) -> list[Participant]:
    """Two participants of site 01 and one of site 02, who came between them, each staged with another length."""
    theirs = screen(world, signed_on=date(2026, 1, 5), site=world.other_site)
    other = screen(world, signed_on=date(2026, 1, 5))
    save(screened, "STAGE", **stage(eus_mm=11))
    save(other, "STAGE", **stage(eus_mm=30, ct="T2"))
    save(theirs, "STAGE", **stage(eus_mm=12), by=world.stranger)
    return [screened, other, theirs]


def test_point_15_a_listing_shows_the_rows_of_the_readers_sites(two: list[Participant], world: World) -> None:
    first, second, theirs = two
    listing = made(world.data_manager, "STAGE.eus_mm", "STAGE.ct", is_shared=True)
    in_words = catalogue.form("STAGE").questions["ct"].codes
    assert in_words
    assert shown(listing, world.data_manager) == [
        [first.number, "11", in_words.label("T3")],
        [second.number, "30", in_words.label("T2")],
        [theirs.number, "12", in_words.label("T3")],
    ]
    for reader, mine in ((world.coordinator, two[:2]), (world.stranger, two[2:])):
        page = client_of(reader).get(listing.get_absolute_url())
        assert [row.participant for row in page.context["page"].rows] == [each.number for each in mine]
        for each in set(two) - set(mine):
            assert each.number not in page.text
    named = made(world.coordinator, "STAGE.ct", name=f"Look at {first.number}", is_shared=True)
    about = (RowFilter("participant", "is", first.number),)
    told = made(world.data_manager, "STAGE.ct", name="Look", is_shared=True, filters=about)
    for each, readers in ((named, (world.coordinator, world.monitor)), (told, (world.monitor,))):
        assert client_of(world.stranger).get(each.get_absolute_url()).status_code == 404
        assert [client_of(one).get(each.get_absolute_url()).status_code for one in readers] == [200] * len(
            readers
        )
    assert first.number not in client_of(world.stranger).get(reverse("crf:listings")).text
    private = made(world.data_manager, "STAGE.ct", name="Mine alone")
    assert client_of(world.monitor).get(private.get_absolute_url()).status_code == 404
    assert "Mine alone" not in client_of(world.monitor).get(reverse("crf:listings")).text
    assert client_of(world.trial_manager).get(listing.get_absolute_url()).status_code == 403


def test_point_15_the_number_of_a_record_is_compared_as_a_number(
    screened: Participant, world: World, save: Save
) -> None:
    """The tenth record stood before the ninth: its number was compared letter by letter."""
    for number in range(1, 11):
        event(screened, world, f"Event {number}")
    listing = {"sources": ("AE",), "filters": (RowFilter("sequence", "least", "9"),)}
    said = shown(made(world.data_manager, "AE.ae_term", **listing), world.data_manager)
    assert [row[1] for row in said] == ["Event 9", "Event 10"]
    with pytest.raises(FilterUnreadable):
        made(
            world.data_manager, "AE.ae_term", sources=("AE",), filters=(RowFilter("sequence", "is", "ninth"),)
        )


def test_point_15_every_condition_narrows_and_the_order_holds(two: list[Participant], world: World) -> None:
    numbers = [each.number for each in two]
    wanted: list[tuple[RowFilter, list[int]]] = [
        (RowFilter("STAGE.eus_mm", "least", "12"), [1, 2]),
        (RowFilter("STAGE.eus_mm", "most", "11"), [0]),
        (RowFilter("STAGE.ct", "is", "T2"), [1]),
        (RowFilter("STAGE.ct", "not", "T2"), [0, 2]),
        (RowFilter("STAGE.ct", "contains", "t3"), [0, 2]),
        (RowFilter("STAGE.eus_mm", "answered"), [0, 1, 2]),
        (RowFilter("STAGE.eus_mm", "empty"), []),
        (RowFilter("site", "is", "02"), [2]),
        (RowFilter("participant", "is", numbers[1]), [1]),
        (RowFilter("state", "is", "complete"), [0, 1, 2]),
    ]
    assert {each.test for each, _rows in wanted} == set(TESTS)
    for condition, rows in wanted:
        listing = made(world.data_manager, "STAGE.ct", filters=(condition,))
        assert [row[0] for row in shown(listing, world.data_manager)] == [numbers[n] for n in rows], condition
    for order, rows in ((("-STAGE.eus_mm",), [1, 2, 0]), (("STAGE.ct", "-participant"), [1, 2, 0])):
        listing = made(world.data_manager, "STAGE.ct", order=order)
        assert [row[0] for row in shown(listing, world.data_manager)] == [numbers[n] for n in rows]
    # what somebody types into a filter is a value and never a part of the question
    hostile = "x' OR '1'='1"
    for each in (RowFilter("STAGE.ct", "contains", hostile), RowFilter("participant", "is", hostile)):
        assert shown(made(world.data_manager, "STAGE.ct", filters=(each,)), world.data_manager) == []


def test_point_15_every_column_of_every_form_and_table_can_be_asked(
    world: World, two: list[Participant]
) -> None:
    """A property over the whole catalogue: the question is one that the database understands."""
    by = world.data_manager
    by.grants = (*by.grants, Grant(Role.ARM_READER, None))
    for form in catalogue.forms().values():
        for source in (form.code, *(f"{form.code}.{name}" for name in form.groups)):
            names = tuple(ListingDefinition(sources=(source,)).known)
            listing = made(by, *names, sources=(source,), order=names[:2])
            page_of(listing, by, number=1, show="new")


def test_point_15_forms_stand_side_by_side_by_their_keys(
    two: list[Participant], world: World, save: Save
) -> None:
    first, second, theirs = two
    save(first, "DM", values={"ecog": "1"})
    listing = made(world.data_manager, "STAGE.eus_mm", "DM.ecog", sources=("STAGE", "DM"))
    in_words = catalogue.form("DM").questions["ecog"].codes
    assert in_words
    assert shown(listing, world.data_manager) == [
        [first.number, "11", in_words.label("1")],
        [second.number, "30", ""],
        [theirs.number, "12", ""],
    ]
    rows = made(world.data_manager, "STAGE.node.station", "STAGE.eus_mm", sources=("STAGE.node",))
    found = shown(rows, world.data_manager)
    assert [[row[0], row[2]] for row in found] == [
        [first.number, "11"],
        [second.number, "30"],
        [theirs.number, "12"],
    ]


def test_point_15_a_form_stands_beside_the_record_that_it_names(screened: Participant, world: World) -> None:
    """Two operations and two reports of the pathologist made four rows: each report beside each operation."""
    for words in ("Nausea", "Cough"):
        event(screened, world, words)
    for number, words in ((2, "Codeine"), (1, "Ondansetron"), (None, "Zinc")):
        indicated = {"cm_indc": "ae", "cm_ae": number} if number else {}
        drug(screened, world, cm_trt=words, **indicated)
    by = world.data_manager
    beside = [[screened.number, "Codeine", "Cough"], [screened.number, "Ondansetron", "Nausea"]]
    of_drugs = made(by, "CM.cm_trt", "AE.ae_term", sources=("CM", "AE"))
    assert shown(of_drugs, by) == [*beside, [screened.number, "Zinc", ""]]
    of_events = made(by, "CM.cm_trt", "AE.ae_term", sources=("AE", "CM"), joins=("named",))
    assert shown(of_events, by) == beside[::-1]
    everything_beside = made(by, "CM.cm_trt", "AE.ae_term", sources=("CM", "AE"), joins=("participant",))
    assert len(shown(everything_beside, by)) == 6
    client, builder = client_of(by), reverse("crf:new-listing")
    for first, further, offered in (("CM", "AE", True), ("STAGE", "DM", False)):
        page = client.get(builder, {"source-1": first, "source-2": further}).text
        assert ('value="named" selected' in page) is offered


def test_point_15_new_or_changed_since_ones_own_review(
    two: list[Participant], world: World, save: Save
) -> None:
    listing = made(world.data_manager, "STAGE.eus_mm", is_shared=True)
    assert len(shown(listing, world.monitor, "new")) == 3
    client = client_of(world.monitor)
    page = client.get(listing.get_absolute_url())
    seen = re.findall(r'name="seen" value="([^"]+)"', page.text)
    # given that one row changes after the page was shown, it is the version that was seen that counts
    save(two[0], "STAGE", **stage(eus_mm=20), reason="Measured again")
    assert client.post(reverse("crf:review-rows", args=[listing.pk]), {"seen": seen}).status_code == 302
    assert shown(listing, world.monitor, "new") == [[two[0].number, "20"]]
    again = client.get(listing.get_absolute_url(), {"show": "new"})
    assert "changed since" in again.text
    assert len(shown(listing, world.data_manager, "new")) == 3, "each person has reviews of their own"
    assert Act.objects.filter(verb="crf:listing:review").count() == 1
    assert review_rows(listing=listing, rows=[], by=world.monitor, at=NOW) == 0


def test_point_15_a_row_of_a_table_is_changed_by_itself(
    screened: Participant, world: World, save: Save
) -> None:
    """Each new dose made every earlier one of the record "changed since"."""
    answers, by = stage(), world.data_manager
    codes = catalogue.form("STAGE").groups["node"].questions["station"].codes
    assert codes
    one, two, three = list(codes.labels)[:3]

    def saved(*stations: str, **more: Any) -> None:
        (node,) = answers["groups"]["node"]
        rows = [{**node, "position": place, "station": each} for place, each in enumerate(stations, 1)]
        values = {**answers["values"], **more.pop("values", {})}
        save(screened, "STAGE", values=values, groups={**answers["groups"], "node": rows}, **more)

    saved(one, two)
    alone = made(by, "STAGE.node.station", sources=("STAGE.node",))
    around = made(by, "STAGE.node.station", "STAGE.eus_mm", sources=("STAGE.node",), name="Around")
    for listing in (alone, around):
        rows = page_of(listing, by, number=1, show="all").rows
        assert all(number_of("act", each.version.split(".")[-1]) for each in rows), "acts have keys"
        seen = [(each.key, each.version) for each in rows]
        assert review_rows(listing=listing, rows=seen, by=by, at=NOW) == 2
        assert shown(listing, by, "new") == []
    saved(one, three, reason="Misread")
    assert shown(alone, by, "new") == [[screened.number, codes.label(three)]]
    assert len(shown(around, by, "new")) == 2, "what the record says around its rows may have changed"


def test_point_15_a_file_leaves_on_record_without_identifying_answers_or_formulas(
    two: list[Participant], world: World, save: Save
) -> None:
    texts = [
        name
        for name, question in catalogue.form("STAGE").questions.items()
        if question.kind == "text" and not question.derived and question.shown_when is None
    ]
    named = next((name for name in texts), "")
    if named:
        save(two[0], "STAGE", **stage(**{named: "=1+1"}), reason="Typed")
    columns = ("STAGE.eus_mm", "STAGE.ct", *([f"STAGE.{named}"] if named else []))
    listing = made(world.data_manager, *columns)
    client = client_of(world.data_manager)
    for kind in ("csv", "xlsx"):
        address = reverse("crf:take-listing", args=[listing.pk, kind])
        assert client.post(address, {"purpose": " "}).status_code == 422
        taken = client.post(address, {"purpose": "Review of staging"})
        assert taken.status_code == 200
        row = ListingFile.objects.latest("pk")
        assert (row.kind, row.rows, row.purpose, row.taken_by) == (
            kind,
            3,
            "Review of staging",
            world.data_manager,
        )
        assert row.act.verb == "crf:listing:take"
        if kind == "csv":
            lines = taken.content.decode().splitlines()
            assert lines[0].removeprefix("\ufeff").startswith("SITE,PARTICIPANT,VISIT,FORMSEQ,STATE,STAGE.")
            assert all(not cell.startswith("=") for line in lines for cell in line.split(","))
        else:
            cells = cells_of(taken.content)
            assert cells["formulas"] == []
            assert {cells[f"B{n}"] for n in (2, 3, 4)} == {each.number for each in two}
    assert "Review of staging" in client.get(listing.get_absolute_url()).text
    assert client_of(world.monitor).post(address, {"purpose": "Mine"}).status_code == 403
    with pytest.raises(FileRightMissing):
        take_file(listing=listing, kind="csv", purpose="x", by=world.monitor, at=NOW)
    with pytest.raises(ListingPurposeMissing):
        take_file(listing=listing, kind="csv", purpose="", by=world.data_manager, at=NOW)
    for form in catalogue.forms().values():
        names = [
            name
            for name, question in form.questions.items()
            if (question.classification or form.classification) == Classification.IDENTIFYING
        ]
        if names:
            of_names = made(
                world.data_manager, *(f"{form.code}.{name}" for name in names), sources=(form.code,)
            )
            assert len(rows_for_file(of_names, world.data_manager)[0]) == 5, form.code


def test_point_15_rows_become_queries_after_a_dry_run(two: list[Participant], world: World) -> None:
    listing = made(world.data_manager, "STAGE.node.station", sources=("STAGE.node",), is_shared=True)
    client = client_of(world.monitor)
    page = client.get(listing.get_absolute_url()).text
    rows = re.findall(r'name="row" value="(record:\w+:node\.\d+)"', page)
    assert len(rows) == 3
    sent: dict[str, Any] = {"row": rows[:2], "target": "station", "text": "Which station?", "assignee": ""}
    address = reverse("crf:queries-raise")
    outcome = client.post(address, sent).context["outcome"]
    assert len(outcome.possible) == 2
    assert client.post(address, sent | {"seen": outcome.digest}).status_code == 302
    raised = Query.objects.filter(raised_by=world.monitor)
    assert {each.target for each in raised} == {"node.1.station"}
    assert len({each.participant_id for each in raised}) == 2


def test_point_15_the_builder_makes_changes_copies_and_puts_away(
    two: list[Participant], world: World
) -> None:
    client = client_of(world.data_manager)
    page = reverse("crf:new-listing")
    assert client.get(page).status_code == 200
    chosen = f"{page}?source-1=STAGE&source-2=DM"
    assert "STAGE.eus_mm" in client.get(chosen).text
    tests = {f"test-{n}": "is" for n in range(1, 5)}
    sent = {
        **tests,
        "name": "Long tumours",
        "is_shared": "on",
        "columns": ["STAGE.eus_mm", "DM.ecog"],
        "join-1": "participant",
        "filter-1": "STAGE.eus_mm",
        "test-1": "least",
        "value-1": "12",
        "order-1": "STAGE.eus_mm",
        "down-1": "on",
    }
    assert client.post(chosen, sent | {"name": ""}).status_code == 422
    assert client.post(chosen, sent | {"value-1": "long"}).status_code == 422
    assert client.post(chosen, sent | {"columns": []}).status_code == 422
    done = client.post(chosen, sent)
    listing = SavedListing.objects.get(name="Long tumours")
    assert (done.status_code, done["Location"]) == (302, listing.get_absolute_url())
    assert [row[0] for row in shown(listing, world.data_manager)] == [two[1].number, two[2].number]
    change = reverse("crf:change-listing", args=[listing.pk])
    assert 'value="STAGE.eus_mm" checked' in client.get(change).text
    assert client.post(change, sent | {"name": "Longer tumours"}).status_code == 302
    listing.refresh_from_db()
    assert listing.name == "Longer tumours"
    copied = client_of(world.monitor).post(change, sent | {"name": "My copy"})
    assert copied.status_code == 302
    assert SavedListing.objects.get(name="My copy").owner == world.monitor
    away = reverse("crf:archive-listing", args=[listing.pk])
    assert client_of(world.monitor).post(away).status_code == 403
    assert client.post(away).status_code == 302
    assert client.get(listing.get_absolute_url()).status_code == 404


def test_point_15_what_cannot_be_read_is_refused_in_a_sentence(two: list[Participant], world: World) -> None:
    by = world.data_manager
    wrong: list[tuple[type[Exception], dict[str, Any]]] = [
        (NoSuchSource, {"sources": ("NONE",)}),
        (NoSuchSource, {"sources": ("STAGE", "STAGE.node")}),
        (NoSuchColumn, {"order": ("DM.ecog",)}),
        (NoSuchColumn, {"filters": (RowFilter("STAGE.ct", "like", "x"),)}),
        (FilterUnreadable, {"filters": (RowFilter("STAGE.eus_mm", "is", "long"),)}),
        (FilterUnreadable, {"filters": (RowFilter("STAGE.ct", "least", "T2"),)}),
        (FilterUnreadable, {"filters": (RowFilter("STAGE.eus_mm", "is", ""),)}),
        (ListingWithoutName, {"name": " "}),
    ]
    for refusal, more in wrong:
        with pytest.raises(refusal), transaction.atomic():
            made(by, "STAGE.ct", **more)
    with pytest.raises(ListingWithoutColumns):
        made(by)
    with pytest.raises(NotYourListing), transaction.atomic():
        save_listing(
            listing=made(by, "STAGE.ct"),
            name="Mine",
            definition=ListingDefinition(sources=("STAGE",), columns=("STAGE.ct",)),
            is_shared=False,
            by=world.monitor,
            at=NOW,
        )


def test_point_15_who_is_spared_the_arm_has_no_column_of_it(two: list[Participant], world: World) -> None:
    """A reader of answers without the right to see allocations, as a token can be."""
    by = world.data_manager
    by.grants = (*by.grants, Grant(Role.ARM_READER, None))
    told = {code: names_looking_at_the_arm(code) for code in catalogue.forms()}
    code, name = next(
        (code, name)
        for code, names in told.items()
        for name in sorted(names)
        if name in catalogue.form(code).questions
    )
    listing = made(by, f"{code}.{name}", sources=(code,))
    page_of(listing, by, number=1, show="all")
    by.limits = frozenset({Permission.CRF_VIEW, Permission.DEVIATION_VIEW})
    with pytest.raises(ColumnTellsArm):
        page_of(listing, by, number=1, show="all")
    others = {"columns": ("STAGE.ct",), "sources": ("STAGE",)}
    page_of(made(by, *others["columns"]), by, number=1, show="all")


def test_point_15_a_page_asks_the_same_however_many_rows_there_are(
    two: list[Participant], world: World, django_assert_max_num_queries: Any
) -> None:
    listing = made(world.data_manager, "STAGE.eus_mm", "STAGE.ct", is_shared=True)
    client = client_of(world.monitor)
    client.get(listing.get_absolute_url())
    with django_assert_max_num_queries(12):
        client.get(listing.get_absolute_url())
