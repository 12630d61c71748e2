"""Issue point 3: what the grades of CTCAE mean stands beside their choice, from NCI's own table (protocol 3.6)."""

from __future__ import annotations

import csv
import io
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from crf.models import GradeText
from crf.store.grade_texts import grade_texts
from protocol import ctcae
from tests.integration.crf.test_pages import client_of, form_url
from tests.world import World
from trials.models import Participant

CHAPTERS = ("3.6",)
pytestmark = pytest.mark.django_db
TERM = "Febrile neutropenia"


def table(
    folder: Path, *, language: str = "en", leave_out: str = "", more: str = "", header: str = ""
) -> str:
    """Write a table laid out as NCI's, with made-up texts: "-" where a term has no such grade."""
    grades = [f"Grade {grade} " for grade in ctcae.GRADES]  # the publisher's headings end with a blank
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow([header or "MedDRA Code", "MedDRA SOC", "CTCAE Term", *grades, "Definition"])
    for term in ctcae.terms():
        texts = [
            f"{language} words {grade}\n of {term.code}" if grade in term.grades else "-"
            for grade in ctcae.GRADES
        ]
        if term.code != leave_out:
            writer.writerow([term.code, term.soc, term.name, *texts, "made up"])
    if more:
        writer.writerow([more, "", "", *["x"] * 5, ""])
    file = folder / f"{language}.csv"
    file.write_text(written.getvalue(), encoding="utf-8-sig")
    return str(file)


def load(file: str, **said: Any) -> str:
    out = StringIO()
    call_command("load_ctcae", file, stdout=out, **said)
    return out.getvalue()


def test_point_03_grade_texts_are_loaded_once_with_digest_and_version(
    everything: None, tmp_path: Path
) -> None:
    number = sum(len(term.grades) for term in ctcae.terms())
    assert load(table(tmp_path)).startswith(f"{number} of {number}")
    assert load(table(tmp_path)).startswith(f"0 of {number}")
    row = GradeText.objects.get(term_code="10016288", grade="4")
    assert (row.version, row.language, row.text) == ("5.0", "en", "en words 4 of 10016288")
    assert (len(row.digest), row.act.verb, row.act.by) == (64, "crf:grade_text:load", None)
    assert sorted(grade_texts(TERM, "zh-hans")) == ["3", "4", "5"]
    load(table(tmp_path, language="zh-hans"), language="zh-hans")
    assert grade_texts(TERM, "zh-hans")["3"] == "zh-hans words 3 of 10016288"
    assert grade_texts(TERM, "en")["3"] == "en words 3 of 10016288"
    assert grade_texts("no term", "en") == {}
    printed = StringIO()
    call_command("dictionary", "ctcae", texts=True, stdout=printed)
    rows = {row["term"]: row for row in csv.DictReader(io.StringIO(printed.getvalue()))}
    assert (rows[TERM]["grade2"], rows[TERM]["grade3"]) == ("", "en words 3 of 10016288")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"leave_out": "10016288"}, TERM),
        ({"more": "99999999"}, "99999999"),
        ({"header": "Code"}, "MedDRA Code"),
    ],
)
def test_point_03_a_table_of_another_version_is_refused(
    changes: dict[str, str], says: str, everything: None, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=says):
        load(table(tmp_path, **changes))
    assert not GradeText.objects.exists()


def test_point_03_the_texts_stand_beside_the_grades_of_the_form(
    world: World, screened: Participant, save: Any, tmp_path: Path
) -> None:
    load(table(tmp_path))
    client = client_of(world.coordinator)
    address = reverse("crf:grades")
    assert client.get(address, {"term": TERM}).json()["meanings"]["3"] == "en words 3 of 10016288"
    assert client.get(address, {"term": "hot"}).json() == {"meanings": {}}
    log = client.get(reverse("crf:form", args=[screened.number, "AE", 0]), follow=True).content.decode()
    assert 'data-explained-by="ctcae_term"' in log
    assert "en words" not in log
    save(screened, "AE", values={"ae_term": "Fever", "ctcae_term": TERM})
    shown = client.get(form_url(screened, code="AE")).content.decode()
    assert '<small class="p3-meaning" data-meaning="3">en words 3 of 10016288</small>' in shown
    assert '<small class="p3-meaning" data-meaning="1"></small>' in shown
