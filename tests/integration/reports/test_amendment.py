"""The amendment as a page and on paper: old beside new, and who is touched by each point (requirement 49)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from followup.services import migrate_participants, plan_visits_for
from reports.amendment import Amendment, PointLine, amendment_of, amendment_pdf
from tests.integration.crf.conftest import Save, save
from tests.integration.crf.test_consequences import numbered
from tests.integration.followup.test_versions_in_force import decided
from tests.unit.crf.examples import demographics
from tests.versions import LETTER, amended, shelf
from tests.world import NOW, TODAY, World, screen
from trials import services as trials
from trials.models import Participant, SiteVersion

__all__ = ["save"]

pytestmark = pytest.mark.django_db

PAGE = "/protocol/versions/1.1/sites/01/amendment/"
LIMIT = 'value = {}\nsource = "default"\nsection = "7.9"'
CHANGES = (
    (LIMIT.format(75), LIMIT.format(90)),
    ("pregnant or breast-feeding", "pregnant, breast-feeding or planning a pregnancy"),
    ("妊娠或哺乳期", "妊娠、哺乳期或计划妊娠"),
    ("200 mg IV, days 1 and 22", "240 mg IV, days 1 and 22"),
    ("200 mg 静脉滴注", "240 mg 静脉滴注"),
    ("amount = 200", "amount = 240"),
    ("AUC 2 IV, days", "AUC 2 i.v., days"),
    ('value = "Mosteller"', 'value = "DuBois"'),
)


def second() -> str:
    """Version 1.1: other visits, a limit, a criterion, a dose, and a formula that form DM reads."""
    text = amended("1.1")
    for old, new in CHANGES:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.fixture(autouse=True)
def _two_versions(tmp_path: Path, everywhere: None) -> Iterator[None]:
    with shelf(tmp_path, v1_1=second()):
        yield


@pytest.fixture
def everywhere() -> Iterator[None]:
    from kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING):
        yield


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def on_treatment(world: World, arm: str) -> Participant:
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    participant = screen(world)
    trials.reveal_arm(participant=participant, arm=arm, **by)
    for code, day in {"RAND": date(2026, 11, 10), "NEO_D1": date(2026, 11, 16)}.items():
        trials.set_milestone(participant=participant, code=code, on=day, source="test", **by)
    participant.refresh_from_db()
    plan_visits_for(participant=participant, **by)
    return participant


def line_of(amendment: Amendment, title: str, aspect: str = "") -> PointLine:
    (found,) = (
        line
        for group in amendment.groups
        for line in group.lines
        if title in line.title and aspect in line.aspect
    )
    return found


def touched(line: PointLine) -> dict[str, tuple[str, ...]]:
    return {each.label: each.numbers for each in line.touched}


def test_rare_05_each_point_names_whom_it_touches(world: World, save: Save) -> None:
    first, second_arm, begun, judged = (
        on_treatment(world, "1"),
        on_treatment(world, "2"),
        screen(world),
        screen(world),
    )
    dm = {name: value for name, value in demographics.VALUES.items() if name != "dysph"}
    save(begun, "DM", values=dm, groups=numbered(demographics.GROUPS))
    decided(world, judged)
    shown = amendment_of(world.site, "1.1", user=world.investigator, at=NOW)
    assert [group.title for group in shown.groups] == [
        *("Eligibility", "Treatment", "Visits", "Limits and rules"),
    ]
    dose = line_of(shown, "Camrelizumab", "Amount")
    assert (dose.before, dose.after) == ("200 mg", "240 mg")
    assert touched(dose) == {"Doses still due": (first.number,)}
    spared = amendment_of(world.site, "1.1", user=world.data_manager, at=NOW)
    assert touched(line_of(spared, "Camrelizumab", "Amount")) == {"Doses still due": ()}, "whose is the arm"
    ended: dict[str, Any] = {
        "code": "NEO_END",
        "on": TODAY,
        "source": "test",
        "by": world.coordinator,
        "at": NOW,
    }
    trials.set_milestone(participant=second_arm, **ended)
    both = touched(
        line_of(amendment_of(world.site, "1.1", user=world.investigator, at=NOW), "Carboplatin", "Dose")
    )
    assert both == {"Doses still due": (first.number,)}
    criterion = touched(line_of(shown, "E-5"))
    assert criterion["Signed decisions on eligibility that lapse"] == (judged.number,)
    assert criterion["In screening, still to be decided on"] == (begun.number,)
    formula = touched(line_of(shown, "body surface area"))
    assert formula == {"Form DM in progress, which stays under version 1.0": (begun.number,)}
    limit = line_of(shown, "Below which platelet count")
    assert (limit.before, limit.after, limit.touched) == ("75", "90", ())
    moved = {
        number for each in shown.everybody if each.label == "With other visits" for number in each.numbers
    }
    assert {first.number, second_arm.number} >= moved


def test_rare_05_who_may_not_see_arms_is_told_a_number_only(world: World) -> None:
    on_treatment(world, "1")
    dose = line_of(
        amendment_of(world.site, "1.1", user=world.trial_manager, at=NOW), "Camrelizumab", "Amount"
    )
    assert [(each.count, each.numbers) for each in dose.touched] == [(1, ())]


def test_rare_05_the_page_speaks_both_languages(world: World) -> None:
    page = client_of(world.trial_manager).get(PAGE).text
    for words in (
        "pregnant or breast-feeding",
        "planning a pregnancy",
        "Surveillance, month 15 (AS-15)",
        "240 mg",
        "Who is touched today",
    ):
        assert words in page
    chinese = client_of(world.trial_manager).get(PAGE, headers={"Accept-Language": "zh-hans"}).text
    for words in ("妊娠、哺乳期或计划妊娠", "主动监测，第 15 个月（AS-15）", "目前涉及的受试者", "入排标准"):
        assert words in chinese


@pytest.mark.parametrize(("language", "words"), [("en", "planning a pregnancy"), ("zh-hans", "计划妊娠")])
def test_rare_05_the_committee_gets_it_on_paper(world: World, language: str, words: str) -> None:
    pytest.importorskip("weasyprint", exc_type=(ImportError, OSError), reason="no text engine for PDFs here")
    import pypdfium2

    paper = amendment_pdf(world.site, "1.1", user=world.trial_manager, language=language, at=NOW)
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(paper)]
    assert any(words in page.replace("\r\n", "").replace("\n", "") or words in page for page in pages)
    answer = client_of(world.trial_manager).get(f"/protocol/versions/1.1/sites/01/amendment-{language}.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_rare_05_an_opened_version_is_shown_against_the_one_before(world: World) -> None:
    told: dict[str, Any] = {"site": world.site, "version": "1.1", "by": world.trial_manager, "at": NOW}
    trials.record_version_approval(approved_on=TODAY, **LETTER, **told)
    trials.open_site_version(reason="Amendment 1", **told)
    migrate_participants(site_version=SiteVersion.objects.get(), at=NOW)
    world.site.refresh_from_db()
    shown = amendment_of(world.site, "1.1", user=world.trial_manager, at=NOW)
    assert (shown.earlier.version, shown.is_ahead, shown.everybody) == ("1.0", False, ())
    assert "240 mg" in client_of(world.trial_manager).get(PAGE).text
    assert client_of(world.trial_manager).get("/protocol/versions/9.9/sites/01/amendment/").status_code == 404
    assert client_of(world.stranger).get(PAGE).status_code == 404


def test_rare_05_a_large_site_is_counted_by_the_command(world: World, monkeypatch: Any) -> None:
    on_treatment(world, "1")
    monkeypatch.setattr("reports.amendment.MOST_COUNTED", 0)
    page = client_of(world.trial_manager).get(PAGE).text
    assert "manage.py protocol_impact --to 1.1 --site 01" in page
    with translation.override("en"):
        assert not amendment_of(world.site, "1.1", user=world.investigator, at=NOW).is_counted


def test_rare_05_the_page_costs_the_same_for_many(world: World, django_assert_max_num_queries: Any) -> None:
    for _number in range(3):
        on_treatment(world, "2")
    manager = client_of(world.trial_manager)
    manager.get(PAGE)
    with django_assert_max_num_queries(18):
        manager.get(PAGE)
