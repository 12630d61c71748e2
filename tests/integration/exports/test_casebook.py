"""The casebook of a participant on paper (requirements 31 and 43)."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.db import transaction
from django.test import Client
from django.utils import translation

from accounts.models import User
from accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from audit.models import Act
from crf.models import Query
from crf.queries.services import answer_query, close_query, raise_query
from crf.records.expected import say_nothing_new
from crf.records.signing import sign_record
from crf.store.records import find_stored_record, record_key_of
from exports.casebook.content import casebook_of
from exports.casebook.paper import Making, casebook_page, filled_form_page
from exports.casebook.services import make_casebook
from exports.services import PurposeMissing
from followup.services import add_unscheduled_visit, describe_visit, plan_visits_for
from protocol.text import digest_of
from tests.archival import faults_of_archive
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import numbered
from tests.unit.crf.examples import demographics
from tests.world import NOW, PASSWORD, World, as_person, screen
from tests.world_database import committed_world
from trials import services as trials
from trials.models import Participant

__all__ = ["everything", "save"]

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=2)
REASON = "weighed again, source sheet of 20 November"


@pytest.fixture
def filled(world: World, everything: None, save: Save) -> Participant:
    """Demographics with a missing answer, saved, asked about, answered, corrected with a reason, signed."""
    person = screen(world, signed_on=date(2026, 4, 28))
    values = {name: value for name, value in demographics.VALUES.items() if name != "kps"}
    said: dict[str, Any] = {"groups": numbered(demographics.GROUPS), "missing": {"kps": "ND"}}
    save(person, "DM", values=values, **said)
    key = record_key_of(participant=person, form="DM")
    query = raise_query(
        record_key=key, target="weight", text="Is it the weight of today?", by=world.data_manager, at=NOW
    )
    answer_query(query=query, text="It was of last week.", by=world.coordinator, at=NOW)
    save(person, "DM", values={**values, "weight": 61}, reason=REASON, at=LATER, **said)
    return person


def pages_of(pdf: bytes, kept_as: str = "") -> list[str]:
    """Return the text of each page; the pages are kept as pictures where PALACE3_LOOK names a folder."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        if folder := os.environ.get("PALACE3_LOOK"):
            for number, page in enumerate(document, 1):
                page.render(scale=1.3).to_pil().save(Path(folder) / f"{kept_as}-{number:02}.png")
        return [page.get_textpage().get_text_bounded() for page in document]


def made(person: Participant, by: User, language: str = "en") -> list[str]:
    pdf = make_casebook(participant=person, purpose="archive of the site", language=language, by=by, at=LATER)
    return pages_of(pdf, f"casebook-{language}")


def squeezed(pages: list[str]) -> str:
    """Return the text without the breaks of lines, which depend on the width of columns."""
    return "".join("".join(pages).split())


def test_rare_13_a_casebook_holds_everything_about_a_participant(world: World, filled: Participant) -> None:
    text = squeezed(made(filled, world.investigator))
    wanted = (
        *(filled.number, "archive of the site", "Height", "170 cm", "61 kg", "missing: not done"),
        *("Is it the weight of today?", "It was of last week.", "62.5", REASON, "derived"),
        *("answered under protocol version 1.0", digest_of("1.0"), "In screening"),
    )
    missing = [each for each in wanted if "".join(each.split()) not in text]
    assert not missing


def test_point_02_who_said_that_a_log_has_nothing_new_is_printed(world: World, filled: Participant) -> None:
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    seen = add_unscheduled_visit(
        participant=filled, took_place_on=date(2026, 5, 4), forms=["AE"], why="Asked", **by
    )
    assert "Nothingnewinlogs" not in squeezed(made(filled, world.data_manager)).partition("Audittrail")[0]
    say_nothing_new(visit=seen, **by)
    describe_visit(visit=seen, contact_mode="telephone", source_keeper="local_hospital", **by)
    printed = squeezed(made(filled, world.data_manager)).partition("Audittrail")[0]
    before, _heading, told = printed.partition("Nothingnewinlogs")
    assert "Bytelephone;Recordofalocalhospital" in before
    assert "".join(f"{seen}Adverse event{world.coordinator}".split()) in told


def test_rare_13_every_page_bears_the_number_and_says_which_of_how_many(
    world: World, filled: Participant
) -> None:
    pages = made(filled, world.investigator)
    assert len(pages) > 2
    for number, text in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in text
        assert f"PALACE-3 · {filled.number}" in text


def test_rare_13_a_casebook_has_bookmarks_to_its_records(world: World, filled: Participant) -> None:
    pdf = make_casebook(participant=filled, purpose="archive", language="en", by=world.investigator, at=LATER)
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        found = [(mark.level, mark.get_title()) for mark in document.get_toc()]
    assert (0, f"Casebook {filled.number}") in found
    assert any(level == 1 and "Demographics" in title for level, title in found), found


def test_rare_13_a_casebook_is_read_in_chinese(world: World, filled: Participant) -> None:
    text = squeezed(made(filled, world.investigator, "zh-hans"))
    for each in ("病例册", "身高", "缺失：未做", "方案版本", digest_of("1.0")):
        assert each in text, each
    for left in ("Casebook", "Changes", "derived", "Purpose", "Window"):
        assert left not in text


def test_rare_13_signatures_stand_with_the_ones_that_fell(
    world: World, filled: Participant, save: Save
) -> None:
    key = record_key_of(participant=filled, form="DM")
    for query in Query.objects.living().filter(participant=filled):
        close_query(query=query, text="settled", by=world.data_manager, at=LATER)
    stored = find_stored_record(key)
    assert stored is not None
    sign_record(
        record_key=key, version=stored.record.version, password=PASSWORD, by=world.investigator, at=LATER
    )
    values = {name: value for name, value in demographics.VALUES.items() if name != "kps"}
    said: dict[str, Any] = {"groups": numbered(demographics.GROUPS), "missing": {"kps": "ND"}}
    save(filled, "DM", values={**values, "weight": 60}, reason=REASON, at=LATER, **said)
    (record,) = casebook_of(filled, user=world.investigator, at=LATER).records
    assert [(each.version, each.fell_at) for each in record.signatures] == [(2, LATER)]
    text = squeezed(made(filled, world.investigator))
    signature = record.signatures[0].signature
    for each in (signature.printed_name, signature.meaning):
        assert "".join(each.split()) in text
    making = Making(1, world.investigator, LATER, "archive")
    page = casebook_page(filled, reader=world.investigator, made=making, language="zh-hans")
    with translation.override("zh-hans"):
        assert (
            translation.gettext(signature.meaning) in page
        )  # kept in English, told in the reader's language
    assert signature.meaning not in page


def test_rare_03_each_record_names_version_and_digest(world: World, filled: Participant) -> None:
    book = casebook_of(filled, user=world.investigator, at=LATER)
    assert [(each.version, each.digest) for each in book.versions] == [("1.0", digest_of("1.0"))]
    assert {(each.record.protocol_version, each.digest) for each in book.records} == {
        ("1.0", digest_of("1.0"))
    }


def test_rare_13_the_arm_is_not_shown_to_a_role_that_is_spared_it(world: World, filled: Participant) -> None:
    trials.reveal_arm(participant=filled, arm="1", by=None, at=LATER)
    filled.refresh_from_db()
    with translation.override("en"):
        assert casebook_of(filled, user=world.monitor, at=LATER).arm
        assert not casebook_of(filled, user=world.trial_manager, at=LATER).arm


def test_rare_13_who_makes_casebooks_may_read_all_that_is_in_them() -> None:
    reads = {
        *(Permission.PARTICIPANT_VIEW, Permission.CRF_VIEW, Permission.QUERY_VIEW, Permission.VISIT_VIEW),
        *(Permission.ALLOCATION_VIEW, Permission.ELIGIBILITY_VIEW, Permission.AUDIT_VIEW),
    }
    makers = {role for role, rights in ROLE_PERMISSIONS.items() if Permission.CASEBOOK_MAKE in rights}
    assert makers == {Role.INVESTIGATOR, Role.MONITOR, Role.DATA_MANAGER}
    assert all(reads <= ROLE_PERMISSIONS[role] for role in makers)


def test_rare_13_each_making_is_on_record_with_its_purpose(world: World, filled: Participant) -> None:
    client = Client()
    client.force_login(world.investigator)
    address = f"/participants/{filled.number}/casebook/"
    assert address in client.get(filled.get_absolute_url()).text
    assert client.get(address).status_code == 200
    assert client.post(address, {"purpose": " ", "language": "en"}).status_code == 422
    answer = client.post(address, {"purpose": "monitoring visit", "language": "en"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert "attachment" in answer["Content-Disposition"]
    act = Act.objects.get(verb="exports:casebook:make")
    assert (act.by, act.reason, act.participant_id) == (world.investigator, "monitoring visit", filled.pk)


def test_rare_13_nothing_is_made_without_a_purpose(world: World, filled: Participant) -> None:
    with as_person(world.investigator), pytest.raises(PurposeMissing):
        make_casebook(participant=filled, purpose=" ", language="en", by=world.investigator, at=LATER)
    assert not Act.objects.filter(verb="exports:casebook:make").exists()


def test_rare_13_only_who_may_is_offered_the_casebook(world: World, filled: Participant) -> None:
    for name, user in world.everyone().items():
        client = Client()
        client.force_login(user)
        page = client.get(filled.get_absolute_url())
        is_offered = page.status_code == 200 and "/casebook/" in page.text
        assert is_offered == (name in {"investigator", "monitor", "data_manager"}), name


@pytest.mark.django_db(transaction=True)
def test_rare_13_a_casebook_of_committed_data_is_made_outside_the_transaction_of_a_request() -> None:
    world = committed_world()
    person = screen(world)
    client = Client()
    client.force_login(world.monitor)
    address = f"/participants/{person.number}/casebook/"
    assert client.get(address).status_code == 200
    answer = client.post(address, {"purpose": "monitoring visit", "language": "zh-hans"})
    assert answer.status_code == 200
    assert person.number in pages_of(answer.content)[0]
    with as_person(world.monitor), transaction.atomic():
        assert Act.objects.get(verb="exports:casebook:make").reason == "monitoring visit"


def test_rare_13_records_stand_in_the_order_of_the_schedule(
    world: World, filled: Participant, save: Save
) -> None:
    by: dict[str, Any] = {"by": world.coordinator, "at": LATER}
    trials.reveal_arm(participant=filled, arm="1", **by)
    for code, day in {"RAND": date(2026, 5, 12), "NEO_D1": date(2026, 5, 18)}.items():
        trials.set_milestone(participant=filled, code=code, on=day, source="test", **by)
    filled.refresh_from_db()
    plan_visits_for(participant=filled, **by)
    visits = [("QOL", filled.visits.get(code="QOL-0")), ("SURV", filled.visits.get(code="SWEEP-06"))]
    for form, visit in reversed(visits):  # the later one is answered first
        save(filled, form, values={}, missing={}, visit=visit, at=LATER)
    with translation.override("en"):
        book = casebook_of(filled, user=world.investigator, at=LATER)
    assert len(book.schedule) > len(visits)
    assert [(each.form.code, each.record.visit_id) for each in book.records] == [
        ("DM", None),
        *((form, visit.pk) for form, visit in visits),
    ]
    made(filled, world.monitor, "zh-hans")


def test_a_form_is_printed_as_it_is_saved(filled: Participant, world: World) -> None:
    """Paper of one form: what is on record, in the reader's language, and nothing that is not asked."""
    client = Client()
    client.force_login(world.coordinator)
    paper = client.get(f"/participants/{filled.number}/forms/DM/1/filled.pdf")
    assert paper.headers["Content-Type"] == "application/pdf"
    assert paper.headers["Content-Disposition"] == f'inline; filename="{filled.number}-DM-1.pdf"'
    assert faults_of_archive(paper.content) == []
    [first, *_others] = pages_of(paper.content)
    assert filled.number in first
    assert "Weight" in first
    assert "61" in first
    assert "not done" in "".join(pages_of(paper.content)).lower()
    client.cookies["django_language"] = "zh-hans"
    translated = pages_of(client.get(f"/participants/{filled.number}/forms/DM/1/filled.pdf").content)
    assert "体重" in "".join(translated)


def test_what_is_not_saved_yet_is_not_printed(filled: Participant, world: World) -> None:
    client = Client()
    client.force_login(world.coordinator)
    answered = client.get(f"/participants/{filled.number}/forms/ELIG/1/filled.pdf")
    assert answered.status_code == 404
    assert "no saved answers yet" in answered.text
    page = client.get(f"/participants/{filled.number}/forms/ELIG/1/").text
    assert "filled.pdf" not in page
    assert "filled.pdf" in client.get(f"/participants/{filled.number}/forms/DM/1/").text


def test_a_printed_form_has_no_more_than_its_reader_sees(filled: Participant, world: World) -> None:
    """The page is told the form of the reader: who is spared the arm has one without what is worked out by it."""
    key = record_key_of(participant=filled, form="DM")
    stored = find_stored_record(key)
    assert stored
    narrowed = replace(
        key.form,
        questions={name: each for name, each in key.form.questions.items() if name != "weight"},
        sections=tuple(
            replace(part, fields=tuple(name for name in part.fields if name != "weight"))
            for part in key.form.sections
        ),
    )
    of = {"reader": world.coordinator, "at": LATER}
    whole = filled_form_page(key, stored, **of)
    spared = filled_form_page(replace(key, form=narrowed), stored, **of)
    weight = str(key.form.questions["weight"].text)
    assert f">{weight}</th>" in whole
    assert f">{weight}</th>" not in spared
    # units stand as on the pages
    assert ("kg/m²" in whole, "kg/m2" in whole) == (True, False)
