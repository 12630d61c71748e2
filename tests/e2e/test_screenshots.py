"""The pictures of the README, taken from a synthetic trial of some weeks: ``make screenshots`` writes them anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from playwright.sync_api import Page

from demo.simulation.sites import PASSWORD
from demo.simulation.trial import play
from kernel.scope import EVERYTHING, scope
from tests.clock import Clock
from tests.e2e.browser import axe, sign_in
from trials.models import Participant
from trials.models.participants import Track

pytestmark = [pytest.mark.browser, pytest.mark.screenshots, pytest.mark.django_db(transaction=True)]

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
UNTIL = datetime(2026, 11, 20, 2, tzinfo=UTC)
LARGEST = 200_000


def test_screenshots(
    transactional_db: None, clock: Clock, tasks_at_once: None, open_page: Callable[..., Page]
) -> None:
    # given a trial that has gone on for two years
    clock.go(UNTIL)
    stage, _refused = play(participants=16, sites=2, seed=7, until=UNTIL, tell_progress=lambda done, of: None)
    account = next(each for each in stage.accounts if each["name"] == "coord01")
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        people = Participant.objects.filter(site__code="01").exclude(arm=None)
        furthest = people.filter(state=Track.SURVEILLANCE).first() or people.annotate(
            n=Count("visits")
        ).latest("n")
    # when a coordinator looks at the work list, a participant, and a form
    page = open_page({"width": 1280, "height": 800})
    sign_in(page, "coord01", password=PASSWORD, secret=account.get("totp", ""))
    take(page, reverse("home"), "work-list")
    take(page, f"/participants/{furthest.number}/", "participant")
    take(page, f"/participants/{furthest.number}/forms/STAGE/", "form")
    # when a patient opens the address
    take(open_page({"width": 1280, "height": 800}), "/", "public-page")


def take(page: Page, address: str, name: str) -> None:
    """Then the picture of what first meets the eye is in ``docs/images``, and small."""
    page.goto(address)
    axe(page)
    IMAGES.mkdir(exist_ok=True)
    page.screenshot(path=IMAGES / f"{name}.png")
    assert (IMAGES / f"{name}.png").stat().st_size <= LARGEST, name
