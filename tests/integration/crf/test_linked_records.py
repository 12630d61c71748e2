"""Records are linked both ways: each page shows what it names and what names it (protocol 3.0, 3.6, 3.10)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from crf import catalogue
from crf.engine.submission import Answers
from crf.page.linked import linked_records, naming_questions
from crf.records.save import save_answers
from crf.store.records import NEW, record_key_of
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import numbered, person, randomized
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import adverse_event, serious_event, treatment
from tests.world import NOW, World
from trials.models import Participant

__all__ = ["everything", "person", "save"]  # fixtures

pytestmark = pytest.mark.django_db
DRUG = {"cm_trt": "Prednisone", "cm_start": "2026-06-21", "cm_ongo": "Y", "cm_indc": "irae", "cm_ae": 1}
DEVIATION = {
    "dv_src": "site",
    "dv_dt": date(2026, 6, 21),
    "dv_found": date(2026, 6, 22),
    "dv_cat": "other",
    "dv_term": "A dose was given while the event was open.",
    "dv_ae": 1,
}


@pytest.fixture
def linked(person: Participant, save: Save, world: World) -> Participant:
    """An adverse event with its drug, its report, a changed dose and a deviation; a second one names no event."""
    randomized(person)
    save(person, "AE", values=adverse_event.VALUES, groups=numbered(adverse_event.GROUPS))
    save(person, "SAE", values=serious_event.VALUES)
    save(person, "CM", values=DRUG)
    save(person, "DV", values=DEVIATION)
    second = Answers(values={**DEVIATION, "dv_ae": 7})
    place = record_key_of(participant=person, form="DV", sequence=2)
    save_answers(record_key=place, answers=second, version=NEW, by=world.coordinator, at=NOW)
    doses = [dict(row) for row in treatment.GROUPS["chemo"]]
    doses[1] |= {"given": "reduced", "mod_reason": "other_ae", "dose_ae": 1}
    save(person, "TREAT", values=treatment.VALUES, groups=numbered({**treatment.GROUPS, "chemo": doses}))
    return person


def lines_at(world: World, participant: Participant, code: str, sequence: int = 1) -> list[tuple[str, str]]:
    page = client_of(world.coordinator).get(reverse("crf:form", args=[participant.number, code, sequence]))
    assert page.status_code == 200, page.text[:500]
    lines = page.context["actions"].linked
    for line in lines:
        assert line.why in page.text
    return [(line.text, line.href) for line in lines]


def test_point_02_an_event_shows_what_names_it(linked: Participant, world: World) -> None:
    lines = lines_at(world, linked, "AE")
    assert [text for text, _href in lines] == [
        "Medication 1",
        "Neoadjuvant treatment",
        "Serious adverse event report 1",
        "Protocol deviation 1",
    ]
    client = client_of(world.coordinator)
    assert {client.get(href).status_code for _text, href in lines} == {200}


@pytest.mark.parametrize("code", ["SAE", "CM", "DV", "TREAT"])
def test_point_02_what_names_an_event_shows_it(linked: Participant, world: World, code: str) -> None:
    ((text, href),) = lines_at(world, linked, code)
    assert text == "Adverse event 1"
    assert client_of(world.coordinator).get(href).context["editor"].form.code == "AE"


def test_point_02_a_dose_and_the_steroid_before_it_show_each_other(
    linked: Participant, save: Save, world: World
) -> None:
    """Protocol 3.5 A, premed: a link to the log of medication, where dose and days of the steroid stand."""
    doses = [dict(row) | {"premed_cm": 1} for row in treatment.GROUPS["chemo"]]
    groups = numbered({**treatment.GROUPS, "chemo": doses})
    save(linked, "TREAT", values=treatment.VALUES, groups=groups, reason="Premedication")
    assert [text for text, _href in lines_at(world, linked, "TREAT")] == ["Medication 1"]
    assert [text for text, _href in lines_at(world, linked, "CM")] == [
        "Adverse event 1",
        "Neoadjuvant treatment",
    ]


def test_point_02_a_record_that_is_not_there_is_said_to_be_missing(linked: Participant, world: World) -> None:
    assert lines_at(world, linked, "DV", 2) == [("Adverse event 7: there is no such record", "")]


def test_point_02_the_links_of_a_page_are_one_question_to_the_database(
    linked: Participant, world: World, django_assert_num_queries: Any
) -> None:
    page = client_of(world.coordinator).get(reverse("crf:form", args=[linked.number, "AE"]))
    editor = page.context["editor"]
    with django_assert_num_queries(1):
        linked_records(editor)


def test_point_02_what_the_protocol_links_is_linked() -> None:
    links = {(each.form.code, each.question.links_to) for each in naming_questions()}
    events = {
        "CM",
        "TREAT",
        "SAE",
        "SURG",
        "COMP",
        "SURV",
        "DV",
    }  # drug, dose, report, stay, death, deviation
    assert {form for form, to in links if to == "AE"} == events
    assert {form for form, to in links if to == "SURG"} == {"AE", "COMP", "PATH"}
    assert ("TREAT", "CM") in links
    assert {to for _form, to in links} <= catalogue.forms().keys()
