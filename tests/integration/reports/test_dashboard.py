"""The dashboard by role, accrual with its forecast, and the screening log with reasons."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.urls import reverse

from reports.accrual import accrual, screening
from reports.quality import Report
from tests.integration.crf.conftest import everything
from tests.integration.crf.test_consequences import person, randomized
from tests.integration.crf.test_pages import client_of
from tests.world import NOW, World, screen
from trials.models import Participant, Site
from trials.services import record_screening_outcome

CHAPTERS = ("6.7",)

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person"]

TODAY = date(2026, 11, 20)


def rows(report: Report, slug: str) -> dict[str, tuple[object, ...]]:
    table = next(each for each in report.tables if each.slug == slug)
    return {str(row[0]): row[1:] for row in (*table.rows, *([table.total] if table.total else []))}


def test_accrual_before_anybody_is_randomized(world: World, everything: None) -> None:
    report = accrual(Site.objects.all(), today=TODAY)

    assert (
        rows(report, "by-site")["All sites"][1:] == (0, 0, "0.0 %") or rows(report, "by-site")["01"][1] == 0
    )
    assert "There is no forecast: nobody was randomized in the last months." in report.notes
    assert "Plan reached on" not in rows(report, "forecast")
    assert report.chart == ""
    assert any("not set" in note for note in report.notes)


def test_accrual_counts_by_site_and_month_and_foresees_the_end(person: Participant) -> None:
    randomized(person)

    report = accrual(Site.objects.all(), today=TODAY)

    assert rows(report, "by-site")["01"][1] == 1
    assert rows(report, "by-month")["2026-05"] == (1, 1)
    assert rows(report, "by-month")["2026-11"] == (0, 1)
    assert len(rows(report, "by-month")) == 7
    assert rows(report, "forecast")["Participants a month"][0] == "0.0"
    assert "<svg" in report.chart
    soon = accrual(Site.objects.all(), today=date(2026, 6, 8))
    planned = sum(site.planned_participants for site in Site.objects.all())
    assert rows(soon, "forecast")["Still to be randomized"][0] == max(planned - 1, 0)
    assert rows(soon, "forecast")["Participants a month"][0] == "1.0"


def test_the_screening_log_says_who_was_not_randomized_and_why(world: World, person: Participant) -> None:
    failed = screen(world)
    record_screening_outcome(
        participant=failed,
        declined=False,
        reason="criterion",
        criteria=["I-3"],
        on=NOW.date(),
        by=world.coordinator,
        at=NOW,
    )
    randomized(person)

    report = screening(Site.objects.all(), today=date(2027, 1, 1))

    assert rows(report, "by-site")["01"] == (2, 1, 0, 1, 0)
    assert rows(report, "criteria") == {"I-3": (1,)}
    assert rows(report, "log")[failed.number][2] == "not randomized"
    assert screening(Site.objects.none(), today=TODAY).is_empty


def test_each_role_sees_what_it_watches_at_its_sites(world: World, person: Participant) -> None:
    randomized(person)
    address = reverse("reports:dashboard")

    pages = {
        name: client_of(user).get(address).text
        for name, user in (("C", world.coordinator), ("T", world.trial_manager), ("O", world.stranger))
    }

    assert '<h2 id="accrual">' in pages["T"]
    assert '<h2 id="completeness">' not in pages["T"]  # the trial manager reads no answers
    assert '<h2 id="completeness">' in pages["C"]
    assert "<svg" in pages["C"]
    assert 'id="accrual-by-site"' in pages["C"]
    assert "Nobody is randomized yet" not in pages["C"]
    assert person.number not in pages["O"]
    assert re.search(r"[Aa]rm [12]\b", pages["T"]) is None
    for name in ("accrual", "screening"):
        file = client_of(world.coordinator).get(reverse("reports:report-file", args=[name]))
        assert file.content.startswith(b"\xef\xbb\xbf")
        assert b"01" in file.content
