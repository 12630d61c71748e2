"""Serious events: listed by right, on paper with their versions, as an E2B(R3) file, and beside a safety database."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from django.urls import reverse
from django.utils.html import strip_tags
from pypdf import PdfReader

from audit.models import Act
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import person, randomized, treated
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_safety import AWARE, LATER, assess, write
from tests.unit.crf.examples import adverse_event, medical_history, medication, serious_event
from tests.world import World
from trials.models import Participant

CHAPTERS = ("2.6", "3.6")

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]

GOES_ON = {**adverse_event.VALUES, "ae_ongo": "Y", "ae_en": None, "outcome": "recovering", "ir_en": None}


@pytest.fixture
def reported(world: World, person: Participant, save: Save) -> Participant:
    """One serious event, reported late, corrected once and judged; a second one that nobody reported."""
    patient = randomized(person)
    treated(patient, save)
    write(world, patient, "MH", medical_history.VALUES)
    write(world, patient, "CM", {**medication.VALUES, "cm_dose": 5, "cm_dosu": "mg"})
    write(
        world,
        patient,
        "CM",
        {**medication.VALUES, "cm_trt": "cefuroxime", "cm_ongo": "N", "cm_end": "2019-06"},
    )
    write(world, patient, "AE", GOES_ON)
    write(world, patient, "SAE", {**serious_event.VALUES, "sae_report": AWARE + timedelta(hours=25)})
    write(world, patient, "AE", {**GOES_ON, "grade": "4"}, sequence=1, reason="Seen again in the source")
    assess(world, patient)
    write(world, patient, "AE", {**GOES_ON, "ae_term": "Haemorrhage"})
    return patient


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))


def test_the_listing_has_its_clocks_and_each_site_sees_its_own(world: World, reported: Participant) -> None:
    address = reverse("analysis:serious")

    page = client_of(world.trial_manager).get(address).text
    other = client_of(world.stranger).get(address).text
    file = client_of(world.monitor).get(reverse("analysis:serious-file")).content.decode("utf-8-sig")

    reader = client_of(world.trial_manager)
    reader.cookies["django_language"] = "zh-hans"
    chinese = strip_tags(reader.get(address).text)
    assert all(words in chinese for words in ("CTCAE 分级", "事件转归", "好转中"))
    assert not [code for code in ("recovering", "分化程度", "overdue", "in_time") if code in chinese]
    assert f"{reported.number} · 1" in page
    assert f"{reported.number} · 2" in page
    assert reverse("analysis:serious-icsr", args=[reported.number, 1]) in page
    assert "Arm 1" not in page
    assert reported.number not in other
    assert "No serious event is on record" in other
    first, second = list(csv.reader(StringIO(file)))[1:]
    assert (first[2:4], first[-2]) == (["1", "01"], "late")
    assert second[-2] == "overdue"


def _text_of(paper: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages)


def test_the_paper_holds_reports_judgement_clocks_and_every_version(
    world: World, reported: Participant
) -> None:
    address = reverse("analysis:serious-paper", args=[reported.number, 1])

    paper = client_of(world.trial_manager).get(address)
    text = _text_of(paper.content)

    assert "Cough and fever three weeks" in " ".join(text.split())
    assert "unexpected" in text
    assert "Seen again in the source" in " ".join(text.split())
    assert "AE 1 2" in text
    assert "Arm 1" not in text
    assert "amlodipine · 5 mg · since 2019-05" in text
    assert "cefuroxime" not in text, "it had ended before the event"
    assert medical_history.VALUES["mh_text"] in text
    assert "18 May 2026: 210 mg" in text
    of_arm = client_of(world.investigator).get(address)
    dosed = re.search(r"Camrelizumab\s+\d+ \w+ \d{4}: 200 mg", _text_of(of_arm.content))
    assert dosed, "who may see the arm reads its doses"
    assert not re.search(r"Camrelizumab\s+\d+ \w+ \d{4}", text), "who may not, does not"
    assert client_of(world.stranger).get(address).status_code == 404
    assert client_of(world.coordinator).get(address.replace("/1/", "/9/")).status_code == 404


def test_the_file_for_authorities_is_made_of_what_was_reported_and_on_record(
    world: World, reported: Participant
) -> None:
    reader = client_of(world.trial_manager)

    made = reader.get(reverse("analysis:serious-icsr", args=[reported.number, 1]))
    early = reader.get(reverse("analysis:serious-icsr", args=[reported.number, 2]))
    refused = client_of(world.coordinator).get(reverse("analysis:serious-icsr", args=[reported.number, 1]))

    root = fromstring(made.content)  # noqa: S314 (our own file)
    said = [each.text for each in root.iter() if each.text and each.text.strip()]
    assert "Camrelizumab" in said
    assert any("Cough and fever" in each for each in said)
    assert "probable" in said
    assert (early.status_code, refused.status_code) == (409, 403)
    act = Act.objects.get(verb="analysis:icsr:take")
    assert (act.by, act.participant_id) == (world.trial_manager, reported.pk)


def compared(world: World, content: Iterable[Iterable[str]], **more: str) -> Any:
    text = StringIO()
    csv.writer(text).writerows(content)
    file = BytesIO(text.getvalue().encode())
    file.name = "safety.csv"
    return client_of(world.data_manager).post(
        reverse("analysis:reconciliation"), {"file": file, "shown": "page", **more}
    )


def test_our_file_beside_itself_says_the_same_and_each_difference_is_named(
    world: World, reported: Participant
) -> None:
    ours = client_of(world.data_manager).get(reverse("analysis:reconciliation-file")).content
    first, second = lines(ours)
    names = list(first)

    same = compared(world, [names, first.values(), second.values()])
    changed = {**first, "AEOUT": "recovered", "AETERM": first["AETERM"].upper() + " "}
    stranger = {**first, "SUBJID": "09-0009"}
    other = compared(world, [names, changed.values(), stranger.values()], shown="csv")
    act = Act.objects.filter(verb="analysis:safety:reconcile").earliest("pk")

    assert "Both sides say the same." in same.text
    assert [tuple(row.values()) for row in lines(other.content)] == [
        ("value", reported.number, "1", "AEOUT", "recovering", "recovered"),
        ("only_here", reported.number, "2", "", "", ""),
        ("only_there", "09-0009", "1", "", "", ""),
    ]
    assert act.by == world.data_manager
    assert "SHA-256" in act.reason
    assert LATER


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([["SUBJID"], ["01-0001"]], "no column “AESEQ”"),
        ([["SUBJID", "AESEQ"], ["01-0001", "one"]], "Line 2 names no event"),
        ([["SUBJID", "AESEQ"], ["01-0001", "1"], ["01-0001", "1"]], "Line 3 names event 1"),
    ],
)
def test_a_file_that_names_no_event_is_refused_in_words(
    world: World, everything: None, content: list[list[str]], said: str
) -> None:
    answer = compared(world, content)

    assert answer.status_code == 422
    assert said in answer.text
    assert not Act.objects.filter(verb="analysis:safety:reconcile").exists()
