"""Tables of treatment begin with a row for each dose of the version followed (protocol 1.4, 2.2, 3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.permissions import Permission
from crf import catalogue
from crf.links import form_url
from crf.models import Query
from crf.page.blank_pdf import blank_html
from followup.models import Visit
from followup.services import migrate_participants, plan_visits_for
from tests.integration.crf.conftest import Save, record_at
from tests.integration.crf.test_pages import client_of
from tests.integration.exports.test_api import caller
from tests.unit.crf.examples.treatment import MONDAY, camrelizumab, chemotherapy
from tests.versions import FIRST, LETTER, shelf
from tests.world import NOW, World, screen
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("1.4", "2.2", "3.5")

pytestmark = pytest.mark.django_db

TWO, THREE = "days = [1, 22]", "days = [1, 22, 43]"
FIVE, SIX = "days = [1, 8, 15, 22, 29]", "days = [1, 8, 15, 22, 29, 36]"
WORDS = (
    ('version = "1.0"', 'version = "2.0"'),
    ("released_on = 2026-11-01", "released_on = 2026-11-05"),
    ("days 1 and 22 (two doses", "days 1, 22 and 43 (three doses"),
    ("第 1、22 天（两次", "第 1、22、43 天（三次"),
    ("days 1, 8, 15, 22, 29", "days 1, 8, 15, 22, 29, 36"),
    ("第 1、8、15、22、29 天", "第 1、8、15、22、29、36 天"),
    (TWO, THREE),
    (FIVE, SIX),
)
VISIT = re.compile(r'\[\[visits\]\]\ncode = "N5".*?(?=\n\[\[visits\]\]|\n# Day 31)', re.S)
BEGUN = {"rt_given": "Y", "rt_start": MONDAY}


def more_doses() -> str:
    """Version 2.0: a third dose of camrelizumab, a sixth of chemotherapy, and the visits that they need."""
    text = FIRST
    for old, new in WORDS:
        assert old in text, old
        text = text.replace(old, new)
    blocks = VISIT.findall(text)
    made = [_later(block, code, day) for code, day in (("N6", 36), ("N7", 43)) for block in blocks]
    place = text.index(blocks[-1]) + len(blocks[-1])
    return text[:place] + "\n" + "\n".join(made) + text[place:]


def _later(block: str, code: str, day: int) -> str:
    block = block.replace('code = "N5"', f'code = "{code}"').replace("day 29", f"day {day}")
    return block.replace("第 29 天", f"第 {day} 天").replace("days = 28", f"days = {day - 1}")


@pytest.fixture
def both(tmp_path: Path) -> Iterator[None]:
    with shelf(tmp_path, v2_0=more_doses()):
        yield


def treated(world: World) -> Participant:
    """A participant of arm 1 whose treatment is planned."""
    by: dict[str, Any] = {"by": None, "at": NOW}
    person = screen(world)
    with transaction.atomic():
        trials.reveal_arm(participant=person, arm="1", **by)
        trials.set_milestone(participant=person, code="RAND", on=date(2026, 5, 8), source="test", **by)
        plan_visits_for(participant=person, **by)
    person.refresh_from_db()
    return person


def opened(world: World) -> None:
    told: dict[str, Any] = {"site": world.site, "version": "2.0", "by": world.trial_manager, "at": NOW}
    trials.record_version_approval(approved_on=NOW.date(), **LETTER, **told)
    site_version = trials.open_site_version(reason="Amendment 1", **told)
    migrate_participants(site_version=site_version, at=NOW)


def rows_on_the_page(world: World, person: Participant, group: str, question: str) -> int:
    page = client_of(world.coordinator).get(form_url(person.number, "TREAT")).text
    return len(set(re.findall(rf'name="{group}-(\d+)-{question}"', page)))


def doses(person: Participant, group: str) -> list[int]:
    number = "ci_no" if group == "camre" else "dose_no"
    return [getattr(row, number) for row in getattr(record_at(person, "TREAT"), group).order_by("position")]


def asked(person: Participant) -> set[str]:
    return set(
        Query.objects.filter(participant=person, form_code="TREAT").values_list("check_code", flat=True)
    )


def days_of_treatment(person: Participant) -> dict[str, int]:
    planned = Visit.objects.filter(participant=person, code__regex="^N[2-9]$")
    return {visit.code: (visit.target - NOW.date()).days + 1 for visit in planned}


def infusions(*numbers: int) -> list[dict[str, Any]]:
    return [{**camrelizumab(number), "position": number} for number in numbers]


def chemo(*numbers: int) -> list[dict[str, Any]]:
    return [{**chemotherapy(number), "position": number} for number in numbers]


def test_rare_04_a_form_begun_under_a_version_has_a_row_for_each_of_its_doses(
    world: World, everything: None, both: None, save: Save
) -> None:
    # given a form that was begun under the first version, and an amendment with more doses
    old = treated(world)
    save(old, "TREAT", values=BEGUN, groups={"chemo": chemo(*range(1, 6)), "camre": infusions(1)})
    opened(world)
    old.refresh_from_db()
    assert old.protocol_version == "2.0"
    new = treated(world)
    # then the old form keeps its rows, and a new one has those of the amendment
    assert rows_on_the_page(world, old, "chemo", "given") == 5
    assert rows_on_the_page(world, new, "chemo", "given") == 6
    assert rows_on_the_page(world, new, "camre", "ci_given") == 4, (
        "three doses, and the empty row for one more"
    )
    # and every dose of the amendment is recorded, without a question
    save(new, "TREAT", values=BEGUN, groups={"chemo": chemo(*range(1, 7)), "camre": infusions(1, 2, 3)})
    assert (doses(new, "chemo"), doses(new, "camre")) == ([1, 2, 3, 4, 5, 6], [1, 2, 3])
    assert not {"TREAT-16", "TREAT-31", "TREAT-32", "TREAT-07", "X013"} & asked(new)
    assert record_at(new, "TREAT").camre.get(ci_no=3).planned_day == 43


def test_rare_04_a_dose_more_than_the_version_of_the_form_plans_is_kept_and_asked_about(
    world: World, everything: None, both: None, save: Save
) -> None:
    old = treated(world)
    save(old, "TREAT", values=BEGUN, groups={"camre": infusions(1)})
    opened(world)
    save(old, "TREAT", values=BEGUN, groups={"camre": infusions(1, 2, 3)}, reason="Given by the amendment")
    assert doses(old, "camre") == [1, 2, 3]
    assert "TREAT-32" in asked(old)


def test_rare_04_the_visits_of_the_doses_are_planned_by_the_version_followed(
    world: World, everything: None, both: None
) -> None:
    old = treated(world)
    by: dict[str, Any] = {"by": None, "at": NOW}
    with transaction.atomic():
        trials.set_milestone(participant=old, code="NEO_D1", on=NOW.date(), source="test", **by)
        old.refresh_from_db()
        plan_visits_for(participant=old, **by)
    assert days_of_treatment(old) == {"N2": 8, "N3": 15, "N4": 22, "N5": 29}
    opened(world)
    assert days_of_treatment(old) == {"N2": 8, "N3": 15, "N4": 22, "N5": 29, "N6": 36, "N7": 43}


def test_rare_04_a_program_records_the_doses_of_the_version(
    world: World, everything: None, both: None
) -> None:
    opened(world)
    person = treated(world)
    client = caller(world.coordinator, Permission.CRF_VIEW, Permission.CRF_EDIT)
    address = f"/api/v1/participants/{person.number}/answers/TREAT/"
    sixth = {"position": 6, "given": "full", "adm_dt": "2026-06-15"}
    body = {
        "version": 0,
        "answers": {"rt_given": "Y", "rt_start": "2026-05-11"},
        "groups": {"chemo": [sixth]},
    }
    answer = client.put(address, body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert doses(person, "chemo") == [1, 2, 3, 4, 5, 6]


def test_rare_04_a_blank_form_has_a_row_for_each_dose_of_any_version(tmp_path: Path) -> None:
    rows = r"Carboplatin, AUC"
    before = len(re.findall(rows, blank_html(catalogue.form("TREAT"))))
    with shelf(tmp_path, v2_0=more_doses()):
        assert len(re.findall(rows, blank_html(catalogue.form("TREAT")))) == before + before // 5


def test_rare_04_rows_declared_are_those_of_the_first_version() -> None:
    """What the declaration holds is read from no text: it must be what version 1.0 says."""
    counted = [
        group for form in catalogue.forms().values() for group in form.groups.values() if group.counted_by
    ]
    assert {group.name for group in counted} == {"chemo", "camre"}
    assert all(len(group.starts_with) == group.rows_under("1.0") for group in counted)
    assert catalogue.form("TREAT").under("1.0") is catalogue.form("TREAT")
