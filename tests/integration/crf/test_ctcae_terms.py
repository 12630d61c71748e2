"""Chapter 3.6: a term of CTCAE is found from the page of an adverse event, kept with its version, and printed."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from crf import catalogue
from crf.catalogue.adverse_event.form import AdverseEvent
from crf.engine.submission import parse
from tests.world import World
from trials.models import Participant

CHAPTERS = ("3.6",)
pytestmark = pytest.mark.django_db


def search(client: Client, text: str, dictionary: str = "ctcae", **headers: Any) -> Any:
    return client.get(reverse("crf:terms", args=[dictionary]), {"q": text}, **headers)


def test_a_page_finds_terms_while_somebody_types(client: Client, world: World) -> None:
    client.force_login(world.coordinator)
    terms = search(client, "neutropenia").json()["terms"]
    assert terms[0] == {
        "name": "Neutrophil count decreased",
        "text": "Neutrophil count decreased",
        "about": "neutropenia · Investigations · grades 1, 2, 3, 4",
    }
    assert len(search(client, "e").json()["terms"]) == 12
    assert search(client, "").json() == {"terms": []}


def test_nobody_else_asks_and_no_other_dictionary_is_there(client: Client, world: World) -> None:
    assert search(client, "pain").status_code in (302, 403)
    client.force_login(world.coordinator)
    assert search(client, "pain", dictionary="meddra").status_code == 404


def test_the_term_is_kept_with_code_version_and_grades(
    world: World, screened: Participant, save: Any
) -> None:
    typed = {"ae_term": "Fever with few neutrophils", "ctcae_term": "发热性中性粒细胞减少"}
    save(screened, "AE", values=parse(catalogue.form("AE"), typed, zone=screened.site.time_zone).values)
    event = AdverseEvent.objects.get()
    assert event.ctcae_term == "Febrile neutropenia"
    assert (event.ctcae_code, event.ctcae_version, event.ctcae_grades) == ("10016288", "5.0", ["3", "4", "5"])


def test_the_command_prints_every_term_with_its_grades() -> None:
    printed = StringIO()
    call_command("dictionary", "ctcae", "--format", "csv", stdout=printed)
    rows = list(csv.DictReader(StringIO(printed.getvalue())))
    assert len(rows) == 837
    assert rows[0] == {
        "meddra_code": "10002272",
        "soc": "Blood and lymphatic system disorders",
        "term": "Anemia",
        **{f"grade{grade}": "Y" for grade in range(1, 6)},
    }
    by_term = {row["term"]: row for row in rows}
    assert [by_term["Febrile neutropenia"][f"grade{grade}"] for grade in range(1, 6)] == [
        "",
        "",
        "Y",
        "Y",
        "Y",
    ]
