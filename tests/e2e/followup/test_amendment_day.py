"""The day of an amendment at the browser, in both languages, with worker and beat as in production (requirement 49)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crf.links import form_url
from protocol.text import read_from
from tests.amendment_day import AmendmentDay, begin, follows, month_12
from tests.e2e.browser import examine, follow, sign_in, speak
from tests.e2e.processes import beat, sent_to_broker
from tests.integration.palace3.test_worker import Worker, broker, eventually, start_worker
from tests.world import World

__all__ = ["beat", "broker", "sent_to_broker", "start_worker"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

VERSION = "/protocol/versions/1.1/sites/01/"
# What each page must say in each language.
SAYS = {
    "en": {
        "criterion": "planning a pregnancy",
        "visit": "12 months and 2 weeks",
        "carried": "Every living participant of the site follows the version since",
        "to sign": "Still to sign consent version 1.1",
        "refused": "Refused it and stay under the consent signed before",
        "dose": "240 mg on days 1, 22",
        "lapsed": "Lapsed",
    },
    "zh-hans": {
        "criterion": "计划妊娠",
        "visit": "12 个月又 2 周",
        "carried": "本中心全部在组受试者自",
        "to sign": "尚待签署知情同意书版本 1.1",
        "refused": "拒签并继续适用此前签署的知情同意书",
        "dose": "240 mg，第 1、22 天",
        "lapsed": "失效",
    },
}


@pytest.fixture
def day(
    world: World, sent_to_broker: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[AmendmentDay]:
    """The trial on the day, the file installed; what the web process sends goes to the broker."""
    made = begin(world, tmp_path)
    made.install()
    monkeypatch.setenv("PROTOCOL_FOLDER", str(made.installed))
    settings.PROTOCOL_FOLDER = str(made.folder)

    yield made
    read_from()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_rare_06_the_day_of_an_amendment_at_the_browser(
    day: AmendmentDay,
    beat: Path,
    start_worker: Callable[[str], Worker],
    open_page: Callable[..., Page],
    language: str,
) -> None:
    worker, says, before = start_worker("worker"), SAYS[language], month_12(day.watched)
    page = open_page()
    _signed_in(page, "trial_manager", language)
    _reads(page, says, language)
    _approves(page, language)
    _opens(page)
    assert eventually(lambda: follows(day.watched) == "1.1", within=90), worker.log.read_text()
    assert eventually(lambda: "beat: Starting" in beat.read_text(), within=60), beat.read_text()
    assert (follows(day.elsewhere), month_12(day.elsewhere)) == ("1.0", before)
    assert month_12(day.watched) != before
    expect_soon(page, says["carried"])
    examine(page, f"amendment-carried-{language}")
    other = open_page()
    _signed_in(other, "coordinator", language)
    _refuses(other, day, says, language)
    other.goto(form_url(day.treated.number, "TREAT"))
    expect(other.locator("main")).to_contain_text(says["dose"])
    third = open_page()
    _signed_in(third, "investigator", language)
    third.goto(f"/participants/{day.decided.number}/eligibility/")
    for words in (says["criterion"], says["lapsed"]):
        expect(third.locator("main")).to_contain_text(words)


def _signed_in(page: Page, username: str, language: str) -> None:
    sign_in(page, username)
    speak(page, language)


def expect_soon(page: Page, words: str) -> None:
    """The page says the words once it is loaded again after the worker has ended."""
    page.goto(VERSION)
    for _try in range(40):
        if words in page.locator("main").inner_text():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("main")).to_contain_text(words)


def _reads(page: Page, says: dict[str, str], language: str) -> None:
    """From the list of versions to the preview, and from there to the points in words."""
    page.goto("/protocol/versions/")
    follow(page, page.locator(f'a[href="{VERSION}"]').first)
    follow(page, page.locator(f'a[href="{VERSION}amendment/"]'))
    for words in (says["criterion"], says["visit"], "240 mg", "90"):
        expect(page.locator("main")).to_contain_text(words)
    examine(page, f"amendment-words-{language}")
    paper = page.request.get(f"{VERSION}amendment-{language}.pdf")
    assert paper.body().startswith(b"%PDF")


def _approves(page: Page, language: str) -> None:
    """The consent text first, then the approval with its letter."""
    page.goto("/sites/01/consent-versions/new/")
    page.locator('[name="label"]').fill("1.1")
    page.locator('[name="approved_on"]').fill("2026-11-18")
    follow(page, page.locator("main form button[type=submit]"))
    page.goto(f"{VERSION}approve/")
    page.locator('[name="approved_on"]').fill("2026-11-18")
    page.locator('[name="reference"]').fill("EC 2026-17")
    page.locator('[name="letter_on"]').fill("2026-11-19")
    page.locator('[name="consent"]').select_option(label="1.1")
    examine(page, f"amendment-approval-{language}")
    follow(page, page.locator("main form button[type=submit]"))


def _opens(page: Page) -> None:
    page.goto(f"{VERSION}open/")
    page.locator('[name="reason"]').fill("Amendment 1")
    follow(page, page.locator("main form button[type=submit]"))


def _refuses(page: Page, day: AmendmentDay, says: dict[str, str], language: str) -> None:
    """Somebody in surveillance does not sign the new text and stays."""
    page.goto(VERSION)
    expect(page.locator("main")).to_contain_text(says["to sign"])
    page.goto(f"/participants/{day.watched.number}/consent/")
    follow(page, page.locator('a[href$="/consent/refused/"]'))
    page.locator('[name="version"]').select_option(label="1.1")
    page.locator('[name="asked_on"]').fill("2026-11-20")
    page.locator('[name="follows"][value="stays"]').check()
    examine(page, f"amendment-refusal-{language}")
    follow(page, page.locator("main form button[type=submit]"))
    page.goto(VERSION)
    expect(page.locator("main")).to_contain_text(says["refused"])
