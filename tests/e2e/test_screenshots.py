"""The screenshot book, taken from a synthetic trial of two years: ``make screenshots`` writes ``docs/screens`` anew.

Which pages stand in it, as whom and in which state, is said once, in ``BOOK``. Pictures hold few colours, and all of
them together stay below ``LARGEST_BOOK``.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as conf
from django.db import transaction
from django.db.models import Count
from django.test import Client
from PIL import Image
from playwright.sync_api import Page

from accounts.models import User
from crf.models import Draft, Query
from kernel.scope import EVERYTHING, scope
from tests.clock import Clock
from tests.demo_trial import UNTIL, Played, played_trial
from tests.e2e.browser import axe
from tests.world import as_person
from trials.models import Participant
from trials.models.participants import Track

pytestmark = [pytest.mark.browser, pytest.mark.screenshots, pytest.mark.django_db(transaction=True)]

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"
LANGUAGES = {"en": "en", "zh-hans": "zh"}
SIZES = {1280: 800, 820: 1100, 1600: 1000}
MIDDLE = 1280
COLOURS, LARGEST_BOOK = 48, 6_000_000


def no_state(_page: Page) -> None:
    """Show the page as it opens."""


def search(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("01-0", delay=20)
    page.locator("#p3-find-hits a").first.wait_for()


def stop(page: Page) -> None:
    """Type what cannot be."""
    field = page.locator("[name=upper_cm]")
    field.fill("510")
    field.blur()
    page.locator(".p3-q.has-error").first.wait_for()
    field.scroll_into_view_if_needed()


def beside_each_other(page: Page) -> None:
    """Show where the doses stand beside each other."""
    page.locator(".p3-side-by-side").first.evaluate("table => table.scrollIntoView({block: 'center'})")


def dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)  # colours pass from light to dark


@dataclass(frozen=True)
class Shown:
    """One page of the book: whose it is, where it stands, in which state, and whether in every width."""

    name: str
    letter: str
    view: str
    about: tuple[tuple[str, str], ...] = ()
    state: Callable[[Page], None] = no_state
    whole: bool = False
    status: int = 200


ONE, STAGE, TREAT = (
    (("number", "one"),),
    (("number", "one"), ("code", "STAGE")),
    (("number", "one"), ("code", "TREAT")),
)
BOOK = (
    Shown("public", "", "trials:public", whole=True),
    Shown("sign-in", "", "accounts:sign-in"),
    Shown("work-list", "C", "home", whole=True),
    Shown("work-list-dark", "C", "home", state=dark),
    Shown("search", "C", "home", state=search),
    Shown("visits", "C", "followup:agenda"),
    Shown("participants", "C", "reports:participants"),
    Shown("participant", "C", "participant", ONE, whole=True),
    Shown("form", "C", "crf:form", STAGE, whole=True),
    Shown("form-stopped", "C", "crf:form", STAGE, state=stop),
    Shown("doses", "C", "crf:form", TREAT, beside_each_other, whole=True),
    Shown("eligibility", "I", "crf:eligibility", ONE),
    Shown("allocation", "I", "randomization:allocation", ONE, whole=True),
    Shown("to-sign", "I", "crf:to-sign"),
    Shown("completeness", "D", "reports:completeness", whole=True),
    Shown("queries", "D", "crf:queries"),
    Shown("query", "D", "crf:query", (("pk", "query"),)),
    Shown("verification", "M", "reports:verification"),
    Shown("monitoring", "M", "monitoring:board"),
    Shown("safety-clocks", "T", "crf:clocks"),
    Shown("dashboard", "T", "reports:dashboard", whole=True),
    Shown("site", "T", "trials:site", (("code", "01"),)),
    Shown("people", "T", "trials:people"),
    Shown("list", "S", "randomization:schemes"),
    Shown("flow", "S", "analysis:flow"),
    Shown("trail", "X", "reports:trail"),
    Shown("help", "C", "help", whole=True),
    Shown("not-there", "C", "participant", (("number", "99-9999"),), status=404),
)


@pytest.fixture
def played(transactional_db: None, clock: Clock, settings: Any, tmp_path: Any) -> Iterator[Played]:
    clock.go(UNTIL)
    settings.MEDIA_ROOT = tmp_path
    with played_trial(participants=16, seed=7, is_kept=False) as trial:
        yield trial


def test_screenshots(played: Played, open_page: Callable[..., Page], live_server: Any) -> None:
    # given a trial that has gone on for two years
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        people = Participant.objects.filter(site__code="01").exclude(arm=None)
        one = people.filter(state=Track.SURVEILLANCE).first() or people.annotate(n=Count("visits")).latest(
            "n"
        )
        query = Query.objects.filter(site__code="01").order_by("pk").first()
        assert query
        known = {"one": one.number, "query": query.pk}
    SCREENS.mkdir(parents=True, exist_ok=True)
    for old in SCREENS.glob("*.png"):
        old.unlink()
    # when each page is opened in both languages, and the main ones in every width
    titles: dict[str, list[str]] = {}
    for language, short in LANGUAGES.items():
        for width in SIZES:
            with as_person(played.people["C"]), transaction.atomic():
                Draft.objects.all().delete()  # of the form that was stopped in an earlier picture
            windows: dict[str, Page] = {}
            for shown in BOOK:
                if not shown.whole and width != MIDDLE:
                    continue
                if shown.letter not in windows:
                    person = played.people.get(shown.letter)
                    windows[shown.letter] = window(open_page, person, language, width, live_server.url)
                title = take(windows[shown.letter], shown, played, known, f"{shown.name}.{short}.{width}")
                if width == MIDDLE:
                    titles.setdefault(shown.name, []).append(title)
    # then the book is small, and its index leads to every picture
    assert sum(path.stat().st_size for path in SCREENS.glob("*.png")) <= LARGEST_BOOK
    (SCREENS / "README.md").write_text("\n".join(index(titles)) + "\n", encoding="utf-8")


def window(
    open_page: Callable[..., Page], person: User | None, language: str, width: int, server: str
) -> Page:
    """Return a page of this width, in which the person is signed in and reads the language."""
    page = open_page({"width": width, "height": SIZES[width]}, locale=language)
    cookies = {conf.LANGUAGE_COOKIE_NAME: language}
    if person:
        client = Client(headers={"User-Agent": page.evaluate("navigator.userAgent")})
        client.force_login(person)
        cookies[conf.SESSION_COOKIE_NAME] = client.cookies[conf.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": name, "value": value, "url": server} for name, value in cookies.items()]
    )
    return page


def take(page: Page, shown: Shown, played: Played, known: dict[str, Any], name: str) -> str:
    """Then the picture of what first meets the eye is in the book; return the title.

    Axe looks at each page where every page is walked (``palace3/test_every_page.py``), and here at the other states.
    """
    page.emulate_media(color_scheme="light")
    about = {part: known.get(value, value) for part, value in shown.about}
    answered = page.goto(played.address(shown.view, **about))
    assert answered
    assert answered.status == shown.status, shown.name
    shown.state(page)
    if shown.state is not no_state:
        axe(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(SCREENS / f"{name}.png", optimize=True)
    return page.title().partition(" · PALACE-3")[0]


def index(titles: dict[str, list[str]]) -> Iterator[str]:
    """Yield the lines of the book's index: a row for each page, with a picture in English and one in Chinese."""
    yield "# Screenshots · 界面截图"
    yield ""
    yield "Made by `make screenshots` from a synthetic trial; every participant is made up. Each page at 1280 px in"
    yield "both languages, the main ones at 820 and 1600 px too. `BOOK` in `tests/e2e/test_screenshots.py` names them."
    yield ""
    yield "| page | English | 简体中文 |"
    yield "|---|---|---|"
    for shown in BOOK:
        cells = []
        for language in LANGUAGES.values():
            widths = sorted(SIZES) if shown.whole else [MIDDLE]
            links = " · ".join(f"[{width} px]({shown.name}.{language}.{width}.png)" for width in widths)
            cells.append(f"![{shown.name}]({shown.name}.{language}.1280.png) {links}")
        yield f"| {' · '.join(titles[shown.name])} | {' | '.join(cells)} |"
