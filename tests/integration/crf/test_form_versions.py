"""Issue point 6: a form asks otherwise from a version of the protocol on, and earlier records keep theirs (2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from crf import catalogue
from crf.catalogue.shared.common import EXAM
from crf.engine.checks import Check, Level
from crf.engine.codebook import codebook
from crf.engine.codelists import CodeList
from crf.engine.declaration import FormDeclaration
from crf.engine.versions import BegunUnder, changes_of, versioned
from crf.links import form_url
from crf.listings.rows import page_of
from crf.models import Query
from crf.page.blank_pdf import blank_html
from crf.recheck import recheck_everything
from crf.records.overnight import run_checks
from crf.records.signing import sign_record, signature_holds, verify_record
from crf.store.context import FormContext
from crf.store.history import history_of
from crf.store.records import find_stored_record, record_key_of
from exports.acrf import annotated_html
from exports.casebook.records import printed_sections
from exports.odm.elements import Elements, OdmVersion
from exports.odm.metadata import StudyMetadata
from exports.odm.study import item_groups
from followup.models import Visit
from followup.services import migrate_participants, plan_visits_for
from reports.amendment import amendment_of
from tests.amendment_day import version_1_1
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_listings import made
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import vital_signs
from tests.versions import LETTER, shelf
from tests.world import NOW, PASSWORD, World, screen
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("2.2",)
pytestmark = pytest.mark.django_db

OLD_WORDS = ("Pulse of old", "Normal of old", "Signs of old")
NEW_WORDS = ("Pulse at rest", "Nothing remarkable", "Vital signs at rest")
OLD_TITLE, NEW_TITLE = "Signs form of old", "Signs form of now"
OLD_MESSAGES, NEW_MESSAGES = (
    [f"The pulse is {word} {said}" for word in ("listed", "asked about")] for said in ("of old", "of now")
)
LISTED, ASKED = (
    Check(code, level, ("hr",), lambda hr: hr < 100, said, ("hr",), formerly={"1.1": before})
    for code, level, said, before in (
        ("Z901", Level.LISTING, NEW_MESSAGES[0], OLD_MESSAGES[0]),
        ("Z902", Level.SOFT, NEW_MESSAGES[1], OLD_MESSAGES[1]),
    )
)
MEASURED: dict[str, Any] = {**vital_signs.VALUES, "vs_dt": date(2026, 11, 19), "weight": 61}
OLD = {name: value for name, value in MEASURED.items() if name != "rr"}
NEW = {name: value for name, value in MEASURED.items() if name != "spo2"}


def second_version(form: FormDeclaration) -> FormDeclaration:
    """The form of vital signs with a new question, one less and one reworded, all from version 1.1 on."""
    asked = dict(form.questions)
    asked["rr"] = replace(asked["rr"], since="1.1", required=True)
    asked["spo2"] = replace(asked["spo2"], until="1.1")
    asked["hr"] = replace(
        asked["hr"], text="Pulse at rest", formerly={"1.1": "Pulse of old"}, soft_formerly={"1.1": (50, 100)}
    )
    labels = dict(EXAM.labels) | {"normal": "Nothing remarkable"}
    former = {"normal": {"1.1": "Normal of old"}}
    asked["exam"] = replace(asked["exam"], codes=CodeList("EXAM", labels, formerly=former))
    sections = tuple(
        replace(each, title="Vital signs at rest", formerly={"1.1": "Signs of old"})
        if each.name == "vital"
        else each
        for each in form.sections
    )
    return replace(
        form,
        questions=versioned(asked),
        sections=sections,
        reworded=True,
        title="Signs form of now",
        formerly={"1.1": "Signs form of old"},
        checks=(*form.checks, LISTED, ASKED),
    )


@pytest.fixture
def two_versions(tmp_path: Path) -> Iterator[FormDeclaration]:
    first = catalogue.form("VS")
    forms = catalogue.forms()
    with shelf(tmp_path, v1_1=version_1_1()):
        forms["VS"] = second_version(first)
        catalogue.form.cache_clear()
        try:
            yield forms["VS"]
        finally:
            forms["VS"] = first
            catalogue.form.cache_clear()


def treated(world: World) -> Participant:
    by: dict[str, Any] = {"by": None, "at": NOW}
    person = screen(world)
    with transaction.atomic():
        trials.reveal_arm(participant=person, arm="1", **by)
        for code in ("RAND", "NEO_D1"):
            trials.set_milestone(participant=person, code=code, on=date(2026, 11, 19), source="test", **by)
        plan_visits_for(participant=person, **by)
    person.refresh_from_db()
    return person


def at_visit(person: Participant) -> Visit:
    visit: Visit = Visit.objects.filter(participant=person, forms__contains=["VS"]).order_by("opens", "pk")[0]
    return visit


def opened(world: World) -> None:
    told: dict[str, Any] = {"site": world.site, "version": "1.1", "by": world.trial_manager, "at": NOW}
    trials.record_version_approval(approved_on=NOW.date(), **LETTER, **told)
    migrate_participants(site_version=trials.open_site_version(reason="Amendment 1", **told), at=NOW)


def test_point_06_each_record_is_asked_and_shown_what_its_own_version_asked(
    world: World, everything: None, two_versions: FormDeclaration, save: Save
) -> None:
    # given a record that was begun, signed and complete under version 1.0
    old = treated(world)
    visit = at_visit(old)
    save(old, "VS", visit=visit, values=OLD)
    place = record_key_of(participant=old, form="VS", visit=visit)
    stored = find_stored_record(place)
    assert stored is not None
    assert stored.record.state == "complete", "the question of the next version is not missed"
    told: dict[str, Any] = {"record_key": place, "version": stored.record.version, "at": NOW}
    verify_record(**told, by=world.monitor)
    signed = sign_record(**told, by=world.investigator, password=PASSWORD)
    # when the amendment opens
    opened(world)
    old.refresh_from_db()
    new = treated(world)
    assert (old.protocol_version, new.protocol_version) == ("1.1", "1.1")
    # then the old record keeps its questions, words and signature
    client = client_of(world.coordinator)
    page = client.get(form_url(old.number, "VS", visit_id=visit.pk)).text
    assert ("Pulse of old" in page, "Pulse at rest" in page) == (True, False)
    stored = find_stored_record(place)
    assert stored is not None
    assert signature_holds(place, stored, signed)
    printed = str(printed_sections(place, stored, FormContext(old, at=NOW)))
    assert ("Pulse of old" in printed, "Pulse at rest" in printed) == (True, False)
    assert "Pulse of old" in {str(entry.label) for entry in history_of(place, stored)}
    # and a new record is asked the new questions, in the new words
    where = at_visit(new)
    page = client.get(form_url(new.number, "VS", visit_id=where.pk)).text
    assert ("Pulse of old" in page, "Pulse at rest" in page) == (False, True)
    save(new, "VS", visit=where, values={name: NEW[name] for name in NEW if name != "rr"})
    assert record(new).state == "in_progress", "the new question is required"
    save(new, "VS", visit=where, values=NEW)
    assert (record(new).state, record(new).rr, record(new).spo2) == ("complete", 16, None)
    # and a correction of the old record keeps the answer to the question that is asked no longer
    save(old, "VS", visit=visit, values=OLD | {"hr": 81}, reason="Read again")
    assert (record(old).state, record(old).hr, record(old).spo2) == ("complete", 81, 97)


def test_point_06_heading_answers_ranges_query_list_and_listing_are_those_of_the_record(
    world: World, everything: None, two_versions: FormDeclaration, save: Save
) -> None:
    old = treated(world)
    visit = at_visit(old)
    save(old, "VS", visit=visit, values=OLD | {"hr": 105})
    opened(world)
    old.refresh_from_db()
    new = treated(world)
    save(new, "VS", visit=at_visit(new), values=NEW | {"hr": 105})
    # page and print
    client = client_of(world.coordinator)
    for person, words in ((old, OLD_WORDS), (new, NEW_WORDS)):
        where = at_visit(person)
        place = record_key_of(participant=person, form="VS", visit=where)
        stored = find_stored_record(place)
        assert stored is not None
        page = client.get(form_url(person.number, "VS", visit_id=where.pk)).text
        printed = str(printed_sections(place, stored, FormContext(person, at=NOW)))
        for text in (page, printed):
            assert [word in text for word in (*OLD_WORDS, *NEW_WORDS)] == [
                word in words for word in (*OLD_WORDS, *NEW_WORDS)
            ]
    # 105 was outside the range of before and lies within that of now
    asked = Query.objects.filter(target="hr").select_related("participant")
    queries = list(asked.exclude(check_code="Z902"))
    assert [query.participant for query in queries] == [old]
    reader = client_of(world.data_manager)
    for address in (reverse("crf:queries"), reverse("crf:query", args=[queries[0].pk])):
        said = reader.get(address, {"participant": old.number}).text
        assert "Pulse of old is outside what is usual (50 to 100 /min)" in said
        assert "Pulse at rest" not in said
    run_checks(people=[old.pk, new.pk], at=NOW, keeps=True)
    # title and messages too: in the lists of both, and on the page and the print of each
    words = (OLD_TITLE, NEW_TITLE, *OLD_MESSAGES, *NEW_MESSAGES)
    for person, own in ((old, (OLD_TITLE, *OLD_MESSAGES)), (new, (NEW_TITLE, *NEW_MESSAGES))):
        told = {"participant": person.number, "form": "VS"}
        lists = [
            reader.get(reverse(f"crf:{name}"), told).text.split("<tbody")[1]
            for name in ("findings", "queries")
        ]
        page = client.get(form_url(person.number, "VS", visit_id=at_visit(person).pk)).text
        for text, expected in (("".join(lists), own), (page, (own[0], own[2]))):
            assert [word for word in words if word in text] == [word for word in words if word in expected]
    # judged again, the record stays as it was judged
    with transaction.atomic():
        recheck_everything(participant=old, by=None, at=NOW)
    assert Query.objects.get(pk=queries[0].pk).state == queries[0].state
    # a listing has both, each row in its own words
    listing = made(world.data_manager, "VS.hr", "VS.exam", sources=("VS",))
    cells = {
        line.participant: line.cells[1].text
        for line in page_of(listing, world.data_manager, number=1, show="all").rows
    }
    assert cells == {old.number: "Normal of old", new.number: "Nothing remarkable"}
    shown = reader.get(reverse("crf:listing", args=[listing.pk])).text
    assert "Before version 1.1: “Pulse of old”." in shown


def record(person: Participant) -> Any:
    return catalogue.form("VS").model.objects.get(participant=person)


def test_point_06_what_a_version_changes_of_forms_is_shown_before_it_opens(
    world: World, everything: None, two_versions: FormDeclaration, save: Save
) -> None:
    old = treated(world)
    save(old, "VS", visit=at_visit(old), values={"vs_done": "Y"})
    with transaction.atomic():
        amendment = amendment_of(world.site, "1.1", user=world.data_manager, at=NOW)
    (group,) = [each for each in amendment.groups if each.title == "Questions of forms"]
    lines = {line.title.split(" · ")[1]: line for line in group.lines if "range" not in line.title}
    assert {name: line.kind for name, line in lines.items()} == {
        "VS": "changed",
        "Z901": "changed",
        "Z902": "changed",
        "vital": "changed",
        "HR": "changed",
        "EXAM = normal": "changed",
        "RR": "added",
        "SPO2": "removed",
    }
    assert "newly required" in lines["RR"].title
    assert [line.after for line in group.lines if line.title.endswith("· range")] == ["50 to 110 /min"]
    assert (lines["HR"].before, lines["HR"].after) == ("Pulse of old", "Pulse at rest")
    assert [each.numbers for each in lines["RR"].touched] == [(old.number,), (old.number,)]
    assert [each.label for each in lines["SPO2"].touched] == [
        "Form VS in progress, which stays under version 1.0"
    ]
    page = client_of(world.data_manager).get(reverse("followup:amendment", args=["1.1", "01"])).text
    assert ("Pulse of old" in page, "Pulse at rest" in page) == (True, True)


def test_point_06_the_codebook_says_which_versions_ask_and_in_which_words(
    two_versions: FormDeclaration,
) -> None:
    said = {variable.name: variable.help for variable in codebook(two_versions)}
    assert "Asked of records begun under version 1.1 or later." in said["rr"]
    assert "Not asked of records begun under version 1.1 or later." in said["spo2"]
    assert "Before version 1.1: “Pulse of old”." in said["hr"]


@pytest.mark.parametrize("standard", OdmVersion)
def test_point_06_odm_and_paper_have_the_words_of_every_version(
    two_versions: FormDeclaration, standard: OdmVersion
) -> None:
    """A record carries the version that it was begun under; what its answers meant then stands beside today's words."""
    item_groups.cache_clear()
    definitions = StudyMetadata(Elements(standard), ["VS"]).element()
    item_groups.cache_clear()
    for file in (" ".join(definitions.itertext()), annotated_html(["VS"]), blank_html(two_versions)):
        said = unescape(file)
        assert [word for word in (OLD_TITLE, NEW_TITLE, *OLD_WORDS, *NEW_WORDS) if word not in said] == []
        assert "Usual before version 1.1: 50 to 100 /min" in said


def test_point_06_bounds_follow_the_order_of_versions_and_the_browser_judges_alike(
    two_versions: FormDeclaration,
) -> None:
    cases = {
        ("", "1.1"): (True, False),
        ("1.1", ""): (False, True),
        ("1.1", "1.2"): (False, True),
        ("", ""): (True, True),
    }
    for (since, until), expected in cases.items():
        under = BegunUnder(since, until)
        assert (
            tuple(under.holds(lambda _name, version=version: version) for version in ("1.0", "1.1"))
            == expected
        )
        names = ("1.0", "1.1")
        assert under.as_json()[2] == [name for name, holds in zip(names, expected, strict=True) if holds]
    assert [change.kind for change in changes_of(catalogue.form("DM"), "1.0", "1.1")] == []
