"""The arm stands in lists of many participants by a right of its own, given to one person with a reason (ADR 55).

Who sees allocations one by one reads lists, listings, tables, comparisons, the trail and the API without the arm, and
nobody keeps, sorts or counts the rows of every site by it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from accounts.permissions import CENTRAL_ROLES, ROLE_PERMISSIONS, Grant, Permission, Role
from audit.acts import open_act
from audit.models import Act
from crf import catalogue
from crf.engine.questions import argument
from crf.listings.definition import ListingDefinition, RowFilter
from crf.listings.rows import ColumnCountsByArm, ColumnTellsArm, page_of
from crf.listings.services import save_listing
from crf.models import ListedFinding, Query, Record
from crf.page.deviations import _line_of_record
from crf.page.findings import findings_for, line_of
from crf.queries.services import raise_query
from crf.queries.sparing import CheckCountsByArm, spared_words
from crf.queries.values import _elsewhere, values_of_queries
from crf.store.records import record_key_of
from exports.compare.services import COMMON, changed_rows, scope_of
from exports.cuts import Cut
from exports.data import as_told_to
from exports.kept_cuts.services import take_cut
from exports.models import KeptCut
from exports.selected.narrowing import RowsCountedByArm, narrowed
from exports.selected.selection import ColumnFilter, Selection, TableView, UnknownColumn
from exports.selected.services import file_named, settled_selection
from exports.tables import File
from kernel.scope import EVERYTHING, scope
from reports.worklist.participants import deviations
from tests.integration.crf.test_deviations import record
from tests.integration.crf.test_pages import client_of
from tests.integration.exports.test_api import caller
from tests.unit.crf.examples import deviation, medical_history
from tests.world import NOW, TODAY, World, _person, screen
from trials.models import Participant
from trials.models.people import with_grants
from trials.services import confirm_delegation, delegate, propose_deviation, reveal_arm
from trials.services.delegations import ReasonForTheArm, RolesIncompatible

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SPARED = ("data_manager", "monitor", "inspector", "trial_manager")
TELLS = "DV.dv_cross_from"
RECEIVED = "DV.dv_cross_to"  # one of two strategies: it says which one was allocated


@pytest.fixture
def crossed(world: World) -> list[Participant]:
    """Two participants of arm 2 and one of arm 1, one of whom crossed over."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        people = [
            reveal_arm(participant=screen(world, site=site), arm=arm, by=None, at=NOW)
            for arm, site in (("2", world.site), ("2", world.site), ("1", world.other_site))
        ]
        record(people[0], world.data_manager, {**deviation.VALUES, "dv_cross_to": "surveillance"})
    return people


def given(world: World, user: User) -> User:
    """The person may see the arm in lists: one trial manager says why, another one confirms it."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        by, second = (
            _person(f"{name}_for_{user.username}", Role.TRIAL_MANAGER, None) for name in ("one", "two")
        )
        asked: dict[str, Any] = {"user": user, "role": Role.ARM_READER, "site": None, "starts_on": TODAY}
        with pytest.raises(ReasonForTheArm), transaction.atomic():
            delegate(**asked, by=by, at=AT)
        made = delegate(**asked, reason="Drug supply is counted by hand", by=by, at=AT)
        assert not with_grants(user, on=TODAY).may(Permission.ALLOCATION_LIST), "a second person confirms it"
        confirm_delegation(delegation=made, by=second, at=AT)
        assert (
            Act.objects.get(verb="trials:delegation:grant", by=by).reason == "Drug supply is counted by hand"
        )
    return with_grants(user, on=TODAY)


def test_point_15_the_arm_in_lists_is_nobodys_by_a_central_role() -> None:
    holders = {role for role, rights in ROLE_PERMISSIONS.items() if Permission.ALLOCATION_LIST in rights}
    assert holders & CENTRAL_ROLES == {Role.STATISTICIAN, Role.ARM_READER}
    assert holders - CENTRAL_ROLES == {Role.COORDINATOR, Role.INVESTIGATOR}


def test_point_15_the_right_opens_no_page_by_itself_and_nobody_acts_under_it(world: World) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        alone = _person("alone", Role.COMMITTEE, None)
    alone.grants = (Grant(Role.ARM_READER, None),)
    assert not any(alone.may(right) for right in Permission if right is not Permission.ALLOCATION_LIST)
    assert given(world, world.data_manager).role_at(None) is Role.DATA_MANAGER


def test_point_15_lists_of_central_roles_have_no_arm_and_a_right_of_its_own_shows_it(
    world: World, crossed: list[Participant]
) -> None:
    def armed(user: User) -> list[str]:
        page = client_of(user).get("/participants/?arm=2")
        assert page.context["page"].paginator.count == 3, "nobody central keeps rows by the arm"
        assert page.context["shows_arm"] is (">Arm</th>" in page.text)
        return sorted(line.arm for line in page.context["lines"])

    for name in SPARED:
        assert armed(world.everyone()[name]) == ["", "", ""], name
    for name in set(SPARED) - {
        "trial_manager"
    }:  # who administers accounts takes no other part (requirement 11)
        assert armed(given(world, world.everyone()[name])) == ["1", "2", "2"], name
    assert armed(world.statistician) == ["1", "2", "2"]
    own = client_of(world.coordinator).get("/participants/?arm=2")
    assert [line.arm for line in own.context["lines"]] == ["2", "2"]


def test_point_15_whoever_works_at_one_site_sees_no_arm_of_another(
    world: World, crossed: list[Participant]
) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        delegate(
            user=world.coordinator, role=Role.MONITOR, site=world.other_site, starts_on=TODAY, by=None, at=AT
        )
    client = client_of(world.coordinator)
    lines = client.get("/participants/").context["lines"]
    assert {(line.participant.site_id, line.arm) for line in lines} == {
        (world.site.pk, "2"),
        (world.other_site.pk, ""),
    }
    assert client.get("/participants/?arm=1").context["page"].paginator.count == 0


def test_point_15_the_program_is_told_no_arm_of_many(world: World, crossed: list[Participant]) -> None:
    rights = [
        Permission.PARTICIPANT_VIEW,
        Permission.CRF_VIEW,
        Permission.DEVIATION_VIEW,
        Permission.ALLOCATION_VIEW,
    ]
    number = crossed[0].number
    api = caller(world.data_manager, *rights)
    assert all("arm" not in each for each in api.get("/api/v1/participants/").json()["results"])
    assert api.get(f"/api/v1/participants/{number}/").json()["arm"] == "2"
    many = api.get("/api/v1/answers/DV/?purpose=look").json()["results"]
    assert [{"dv_cross_to", "dv_cross_from", "dv_cross_by"} & set(each["answers"]) for each in many] == [
        {"dv_cross_by"}
    ], "what was received instead says what was allocated"
    (one,) = api.get(f"/api/v1/answers/DV/?participant={number}").json()["results"]
    assert one["answers"]["dv_cross_from"] == "surgery"
    told = caller(given(world, world.data_manager), *rights, Permission.ALLOCATION_LIST)
    assert {each["arm"] for each in told.get("/api/v1/participants/").json()["results"]} == {"1", "2"}
    (shown,) = told.get("/api/v1/answers/DV/?purpose=look").json()["results"]
    assert shown["answers"]["dv_cross_from"] == "surgery"


def test_point_15_a_listing_has_no_column_that_says_the_arm_and_is_not_sorted_by_one(
    world: World, crossed: list[Participant]
) -> None:
    def listing(by: User, column: str = TELLS, **more: Any) -> Any:
        asked = ListingDefinition(sources=("DV",), columns=(column,), **more)
        return save_listing(name=f"Crossed {column}", definition=asked, is_shared=False, by=by, at=AT)

    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        spared = world.data_manager
        for column in (TELLS, RECEIVED):
            with pytest.raises(ColumnTellsArm):
                page_of(listing(spared, column), spared, number=1, show="all")
        told = given(world, spared)
        (row,) = page_of(listing(told), told, number=1, show="all").rows
        assert row.cells[0].text
        for more in (
            {"order": (TELLS,)},
            *({"filters": (RowFilter(column, "is", "surgery"),)} for column in (TELLS, RECEIVED)),
        ):
            with pytest.raises(ColumnCountsByArm):
                page_of(listing(told, **more), told, number=1, show="all")


def test_point_15_no_table_counts_its_rows_by_the_arm(world: World, crossed: list[Participant]) -> None:
    counted = "/exports/data/PARTICIPANTS/?where0=ARM&test0=is&value0=2"
    sorted_by = "/exports/data/PARTICIPANTS/?sort=ARM"

    def headers(user: User) -> list[str]:
        return [
            each.header for each in client_of(user).get("/exports/data/PARTICIPANTS/").context["page"].columns
        ]

    spared = client_of(world.data_manager)
    assert "ARM" not in headers(world.data_manager)
    for address in (counted, sorted_by, "/exports/data/PARTICIPANTS/?column=ARM"):
        answer = spared.get(address)
        assert (answer.status_code, answer.context["page"].total) == (422, 3), address
    asked = {"purpose": "look", "data_format": "csv"}
    assert spared.post(counted.replace("/?", "/export/?"), asked).status_code == 422
    assert "ARM" in headers(given(world, world.data_manager))
    for reader in (world.statistician, world.data_manager):
        for address in (counted, sorted_by):
            answer = client_of(reader).get(address)
            assert (answer.status_code, answer.context["page"].total) == (422, 3), address
            assert "counted by the arm" in answer.text


def test_point_15_no_table_of_deviations_has_what_was_received_instead(
    world: World, crossed: list[Participant]
) -> None:
    page = client_of(world.data_manager).get("/exports/data/DV/")
    headers = {each.header for each in page.context["page"].columns}
    assert {"DV_CROSS_TO", "DV_CROSS_FROM", "DV_CROSS_BY"} & headers == {"DV_CROSS_BY"}
    for reader in (world.data_manager, world.statistician):
        answer = client_of(reader).get("/exports/data/DV/?where0=DV_CROSS_TO&test0=is&value0=surveillance")
        assert (answer.status_code, answer.context["page"].total) == (422, 1)


def test_point_15_the_trail_of_answers_says_no_arm_on_a_page_nor_without_it(
    world: World, crossed: list[Participant]
) -> None:
    """Rows of the trail hold every answer by its name: kept by name and value, they were counted by the arm."""
    told = given(world, _person_like(world, world.data_manager))

    def rows(reader: User, variable: str) -> int:
        asked = f"/exports/data/AUDIT_TRAIL/?where0=VARIABLE&test0=is&value0={variable}"
        return int(client_of(reader).get(asked).context["page"].total)

    for reader in (world.data_manager, told, world.statistician):
        assert [rows(reader, name) for name in ("DV_CROSS_BY", "DV_CROSS_FROM", "DV_CROSS_TO")] == [1, 0, 0]
    page = "/exports/data/AUDIT_TRAIL/"
    totals = {
        client_of(each).get(page).context["page"].total for each in (world.data_manager, world.statistician)
    }
    assert len(totals) == 1, "nor are such rows counted"
    whole = file_named("AUDIT_TRAIL", Cut(at=AT, is_past=False))
    assert says_of(whole, arm="shown") == {"DV_CROSS_BY", "DV_CROSS_FROM", "DV_CROSS_TO"}
    assert says_of(whole, arm="absent") == {"DV_CROSS_BY"}


def says_of(file: File, *, arm: str) -> set[str]:
    """Return which answers about the change of strategy a table holds as it leaves, each row counted."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic(), connection.cursor() as cursor:
        made = narrowed(file, Selection(arm=arm), Cut.of_this_snapshot()).file
        assert made is not None
        cursor.execute(made.count, {"sites": ["01", "02"]})
        (total,) = cursor.fetchone()
        cursor.execute(made.select, {"sites": ["01", "02"]})
        place = [column.header for column in made.columns].index("VARIABLE")
        rows = cursor.fetchall()
    assert len(rows) == total > 5
    return {row[place] for row in rows if row[place].startswith("DV_CROSS")}


def test_point_15_an_export_has_the_arm_where_somebody_asked_for_it(world: World) -> None:
    def usual(user: User, kind: str = "csv", **more: Any) -> str:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            return settled_selection(Selection(**more), sites=["01"], data_format=kind, by=user, at=AT).arm

    spared = world.data_manager
    assert usual(spared) == "absent"
    assert usual(spared, arm="shown") == "shown", "a right of its own, on record with the export"
    assert usual(spared, "odm132") == "shown", "a file of whole records has no other form"
    assert usual(world.statistician) == usual(given(world, spared)) == "shown"
    view = TableView("PARTICIPANTS", ("SUBJID",), (ColumnFilter("ARM", "is", "2"),), ())
    with pytest.raises(UnknownColumn):
        usual(world.statistician, arm="absent", view=view)
    with pytest.raises(
        RowsCountedByArm
    ):  # everybody who reads the register would see how many rows there are
        usual(world.statistician, arm="shown", view=view)


def test_point_15_comparisons_words_and_the_trail_spare_it_in_lists(
    world: World, crossed: list[Participant]
) -> None:
    reader = world.data_manager
    told = given(world, _person_like(world, reader))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        place = record_key_of(participant=crossed[0], form="DV", sequence=1)
        query = raise_query(
            record_key=place, target="dv_cross_from", text="Is that the strategy?", by=reader, at=AT
        )
        assert not scope_of(form=COMMON, sites=["01"], by=reader).with_arm
        assert scope_of(form=COMMON, sites=["01"], by=told).with_arm
    asked = "Is that the strategy?"
    assert asked in client_of(reader).get(query.get_absolute_url()).text, "the page of one query says it"
    assert asked not in client_of(reader).get("/queries/").text
    assert asked in client_of(told).get("/queries/").text
    said = "Allocated strategy"
    trail = "/audit-trail/?kind=answers"
    assert said not in client_of(reader).get(trail).text
    assert said in client_of(told).get(trail).text


OF_ARM = "X041"  # a check of form SURG that looks at the arm


@pytest.fixture
def asked(world: World, crossed: list[Participant]) -> Query:
    """A check that looks at the arm has asked, and a rule has proposed a deviation with its words."""
    (check,) = (each for each in catalogue.form("SURG").checks if each.code == OF_ARM)
    with scope(user_id=None, sites=EVERYTHING), open_act("crf:query:judge", by=None, at=AT) as act:
        propose_deviation(
            participant=crossed[0],
            rule="surgery_timing",
            key="SURG",
            detail=str(check.message),
            by=None,
            at=AT,
        )
        return Query.objects.create(
            participant=crossed[0], site=world.site, form_code="SURG", sequence=1,
            check_code=OF_ARM, key=OF_ARM, kind="check", level="soft", seen={}, opened_at=AT, act=act,
        )  # fmt: skip


def test_point_15_a_check_that_looks_at_the_arm_keeps_sorts_and_counts_no_rows(
    world: World, asked: Query
) -> None:
    """Its words are in the codebook: its code told the arm of each line, and its filter and its yield counted one."""
    told = given(world, _person_like(world, world.data_manager))

    def listed(api: Any) -> list[str]:
        rows = api.get("/api/v1/queries/").json()["results"]
        return [each["check"] for each in rows if each["form"] == "SURG"]

    for reader in (world.data_manager, world.monitor, world.trial_manager, told, world.statistician):
        client = client_of(reader)
        assert OF_ARM not in client.get("/queries/").text
        assert client.get(f"/queries/?check={OF_ARM}").status_code == 422
    for reader, shown in (
        (world.trial_manager, False),
        (world.data_manager, True),
        (world.coordinator, True),
    ):
        assert (OF_ARM in client_of(reader).get(asked.get_absolute_url()).text) is shown, "one query says it"
    for reader in (world.data_manager, world.monitor, told):
        client = client_of(reader)
        (line,) = (each for each in client.get("/checks/").context["lines"] if each.check == OF_ARM)
        assert (line.looks_at_arm, set(line.numbers.values())) == (True, {0})
        with scope(user_id=None, sites=EVERYTHING), pytest.raises(CheckCountsByArm):
            findings_for(reader, {"check": OF_ARM})
    rights = (Permission.QUERY_VIEW, Permission.FINDING_VIEW, Permission.CRF_VIEW, Permission.ALLOCATION_VIEW)
    api = caller(world.data_manager, *rights)
    assert listed(api) == [""]
    assert OF_ARM not in {each["check"] for each in api.get("/api/v1/checks/").json()}
    own = caller(world.coordinator, Permission.QUERY_VIEW, Permission.ALLOCATION_LIST)
    assert listed(own) == [OF_ARM]

    page = "/exports/data/QUERIES/"
    for reader in (world.data_manager, world.statistician):
        assert OF_ARM not in client_of(reader).get(page).text
        kept = client_of(reader).get(f"{page}?where0=CHECK_CODE&test0=is&value0={OF_ARM}")
        assert kept.context["page"].total == 0
    file = file_named("QUERIES", Cut(at=AT, is_past=False))
    assert [OF_ARM in values_of(file, "CHECK_CODE", arm=arm) for arm in ("shown", "absent")] == [True, False]


def values_of(file: File, header: str, *, arm: str) -> list[Any]:
    """Return what stands in one column of a table as it leaves."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic(), connection.cursor() as cursor:
        made = narrowed(file, Selection(arm=arm), Cut.of_this_snapshot()).file
        assert made is not None
        cursor.execute(made.select, {"sites": ["01", "02"]})
        place = [column.header for column in made.columns].index(header)
        return [row[place] for row in cursor.fetchall()]


def test_point_15_words_of_a_check_are_spared_on_the_work_list_and_among_deviations(
    world: World, asked: Query
) -> None:
    words, told = "Surgery in Arm 2", given(world, _person_like(world, world.data_manager))
    for reader, shown in ((world.data_manager, False), (world.monitor, False), (told, True)):
        with scope(user_id=None, sites=EVERYTHING):
            (item,) = deviations(reader, TODAY).items
        page = re.sub("</?dfn[^>]*>", "", client_of(reader).get("/deviations/?show=proposed").text)
        for said in (item.what, page):
            assert (words in said, spared_words() in said) == (shown, not shown), reader
    with scope(user_id=None, sites=EVERYTHING):
        of_log = catalogue.form("DV").model.objects.select_related("participant", "site")
        kept = of_log.get(participant=asked.participant)
    kept.dv_term = NAMED  # refused where it is typed; a file or an earlier release may have brought it
    for reader, shown in ((world.data_manager, False), (told, True)):
        line = _line_of_record(kept, reader, Permission.ALLOCATION_LIST)
        assert (line.said == NAMED, line.said == spared_words()) == (shown, not shown)


def test_point_15_findings_and_the_values_of_queries_spare_what_says_the_arm(
    world: World, crossed: list[Participant]
) -> None:
    about: dict[str, Any] = {"participant": crossed[0], "site": world.site}
    with scope(user_id=None, sites=EVERYTHING), open_act("crf:query:judge", by=None, at=AT) as act:
        stored = Record.objects.get(participant=crossed[0], form_code="DV")
        found = ListedFinding.objects.create(
            record=stored, check_code="DV-03", key="DV-03", target="dv_cross_from", seen={}, found_at=AT, act=act,
            **about,
        )  # fmt: skip
        query = Query.objects.get(participant=crossed[0], check_code="DV-03")
    told = given(world, _person_like(world, world.data_manager))
    for reader, shown in ((world.data_manager, False), (told, True), (world.coordinator, True)):
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            line = line_of(found, reader=reader)
            assert (line.text != spared_words(), line.check) == (shown, "DV-03" if shown else "")
            values = values_of_queries([query], reader)[query.pk]
            query.seen = {argument(RECEIVED): "surveillance"}
            elsewhere = _elsewhere(query, RECEIVED, reader)
            assert ("active surveillance" in " ".join(each.now for each in values)) is shown
            assert [each.now for each in elsewhere] == (["active surveillance"] if shown else [])
            query.target = "dv_cross_from"
            assert bool(values_of_queries([query], reader)) is shown, (
                "nor any value where its words are kept back"
            )
            query.target = "dv_cat"


READS = (Permission.CRF_VIEW, Permission.AUDIT_VIEW, Permission.ALLOCATION_VIEW, Permission.ALLOCATION_LIST)
NAMED = "Hypertension, seen when Arm 2 was told"


def test_point_15_words_that_name_an_arm_are_kept_back_where_many_are_listed(
    world: World, crossed: list[Participant]
) -> None:
    """What people type is spared in lists of deviations and queries: so it is in every other list of it."""
    told = given(world, _person_like(world, world.data_manager))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        cuts = [take_cut(cut_name="before", by=world.statistician, at=AT)]
        record(crossed[0], world.coordinator, {**medical_history.VALUES, "mh_text": NAMED}, "MH")
        cuts.append(take_cut(cut_name="after", by=world.statistician, at=AT))
        listings = {
            user: save_listing(
                name="Terms",
                definition=ListingDefinition(sources=("MH",), columns=("MH.mh_text",)),
                is_shared=False,
                by=user,
                at=AT,
            )
            for user in (world.data_manager, told)
        }

    def lists(user: User) -> dict[str, str]:
        client, api = client_of(user), caller(user, *(each for each in READS if user.may(each)))
        return {
            "data": client.get("/exports/data/MH/").text,
            "trail of answers": client.get("/exports/data/AUDIT_TRAIL/?where0=FILE&test0=is&value0=MH").text,
            "trail": client.get("/audit-trail/?kind=answers").text,
            "listing": client.get(listings[user].get_absolute_url()).text,
            "API": api.get("/api/v1/answers/MH/?purpose=look").content.decode(),
            "comparison": compared(cuts, user),
            "API trail": api.get("/api/v1/trail/?kind=answers").content.decode(),
        }

    assert [name for name, text in lists(world.data_manager).items() if NAMED in text] == []
    assert [name for name, text in lists(told).items() if NAMED not in text] == []
    rights = (Permission.PARTICIPANT_VIEW, Permission.CRF_VIEW, Permission.ALLOCATION_VIEW)
    one = caller(world.data_manager, *rights)
    assert NAMED in one.get(f"/api/v1/answers/MH/?participant={crossed[0].number}").content.decode()
    for user in (world.data_manager, told, world.statistician):
        answer = client_of(user).get("/exports/data/MH/?where0=MH_TEXT&test0=contains&value0=arm 2")
        assert answer.status_code == 422, "rows that name an arm are not counted"
    file = file_named("CRE", Cut(at=AT, is_past=False))
    for user, names in ((world.data_manager, False), (told, True)):
        (kind,) = (each for each in as_told_to(user, file).columns if each.header == "CRE_TYPE")
        assert ("RST" in kind.codes, "CRE1" in kind.codes) == (names, True), "a code whose words name an arm"


def compared(cuts: list[KeptCut], by: User) -> str:
    """Return what the page of two cuts shows of a form."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        what = scope_of(form="MH", sites=["01"], by=by)
        rows = changed_rows(cuts[0], cuts[1], what, first=0, number=20)
    return " ".join(each.after_in_words for row in rows for each in row.fields)


def _person_like(world: World, user: User) -> User:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return _person("told_manager", Role.DATA_MANAGER, None)


def test_point_15_who_answers_without_the_arm_is_not_given_it(world: World) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        for user in (world.reviewer, world.coder, world.committee):
            with pytest.raises(RolesIncompatible), transaction.atomic():
                delegate(
                    user=user,
                    role=Role.ARM_READER,
                    site=None,
                    starts_on=TODAY,
                    reason="x",
                    by=world.trial_manager,
                    at=AT,
                )
