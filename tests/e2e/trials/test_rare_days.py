"""A site closes and an outage ends, at the browser, in both languages, with worker and beat as in production."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Mail
from accounts.permissions import Role
from demo.servers.broker import EmbeddedBroker
from kernel.scope import EVERYTHING, scope
from notices.second_person import SECOND_PERSON
from randomization.models import Allocation, Envelope
from tests.e2e.browser import examine, follow, give_password, sign_in, speak
from tests.e2e.processes import beat, sent_to_broker
from tests.integration.palace3.test_worker import Worker, broker, eventually, send, start_worker
from tests.integration.randomization.conftest import answers, eligible, list_key, part, world
from tests.integration.randomization.test_envelopes import paper
from tests.world import NOW, OPENED_ON, TODAY, World, screen
from trials import services
from trials.models import Participant
from trials.models.participants import Track

__all__ = [
    "answers",
    "beat",
    "broker",
    "eligible",
    "list_key",
    "paper",
    "part",
    "sent_to_broker",
    "start_worker",
    "world",
]
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Start, Open, Make = Callable[[str], Worker], Callable[..., Page], Callable[..., Participant]

SAYS = {
    "en": {
        "waits": "waits for a second person",
        "closed out": "Closed out on",
        "final": "The close-out is final",
        "public": "Has finished its part in the trial",
        "second": "Waiting for your decision",
        "register": "Register a participant",
        "opened": "Opened, and the participant is not entered yet",
        "to enter": "Opened envelopes to enter",
    },
    "zh-hans": {
        "waits": "等待第二人确认",
        "closed out": "关闭：由",
        "final": "中心关闭不可再撤回",
        "public": "已结束参与本试验",
        "second": "等待您处理",
        "register": "登记受试者",
        "opened": "已开启，受试者尚未录入",
        "to enter": "待录入的已开启信封",
    },
}


@pytest.fixture
def kept_in(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that web process and worker share."""
    settings.MEDIA_ROOT = tmp_path / "exports"
    monkeypatch.setenv("EXPORT_ROOT", str(settings.MEDIA_ROOT))
    return settings.MEDIA_ROOT


def signed_in(page: Page, username: str, language: str) -> Page:
    sign_in(page, username)
    speak(page, language)
    return page


def submit(page: Page) -> None:
    follow(page, page.locator("main form button[type=submit]"))


def mails_to(username: str) -> int:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Mail.objects.filter(kind=SECOND_PERSON, to__username=username).count()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_rare_13_a_site_closes_without_losing_its_people(
    world: World,
    broker: EmbeddedBroker,
    kept_in: Path,
    beat: Path,
    start_worker: Start,
    open_page: Open,
    language: str,
) -> None:
    worker, says = start_worker("worker"), SAYS[language]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        living = screen(world)
        services.correct_track(participant=living, to=Track.FOLLOW_UP, on=TODAY, by=None, at=NOW)
        services.delegate(
            user=world.stranger, role=Role.COORDINATOR, site=world.site, starts_on=OPENED_ON, by=None, at=NOW
        )
    manager = signed_in(open_page(), "trial_manager", language)
    closes_out(manager, world, says, language)
    send(broker, "notices:second_person")  # what beat sends every five minutes
    assert eventually(lambda: mails_to("investigator") == 1, within=60), worker.log.read_text()
    assert eventually(lambda: "beat: Starting" in beat.read_text(), within=60), beat.read_text()
    investigator = signed_in(open_page(), "investigator", language)
    confirms(investigator, says, language)
    coordinator = signed_in(open_page(), "coordinator", language)
    coordinator.goto(reverse("home"))
    expect(coordinator.locator("main")).not_to_contain_text(says["register"])
    keeper = signed_in(open_page(), "stranger", language)
    keeper.goto(living.get_absolute_url())
    expect(keeper.locator("h1")).to_contain_text(living.number)
    public = open_page()
    public.goto("/" if language == "en" else "/zh/")
    expect(public.locator("#centres")).to_contain_text(says["public"])


def closes_out(page: Page, world: World, says: dict[str, str], language: str) -> None:
    """The trial manager closes the site to recruitment, names the keeper, and signs."""
    page.goto("/sites/01/")
    follow(page, page.locator('a[href="/sites/01/move/closed/"]'))
    page.locator('[name="reason"]').fill("enough participants")
    examine(page, f"site-closed-{language}")
    submit(page)
    follow(page, page.locator('a[href="/sites/01/close-out/"]'))
    examine(page, f"close-out-open-{language}")
    page.locator('[name="reason"]').fill("the site moves to another building")
    give_password(page, "trial_manager")
    submit(page)
    expect(page.locator("main form")).to_contain_text("(1)")  # the living participant
    page.locator('[name="keeper"]').select_option(value=str(world.other_site.pk))
    give_password(page, "trial_manager")
    submit(page)
    expect(page.locator("body")).to_contain_text(says["waits"])
    examine(page, f"close-out-asked-{language}")


def confirms(page: Page, says: dict[str, str], language: str) -> None:
    """The investigator finds it on the work list, confirms it, and confirms the copy for the site."""
    page.goto(reverse("home"))
    expect(page.locator("main")).to_contain_text(says["second"])
    examine(page, f"second-person-{language}")
    follow(page, page.locator('a[href="/sites/01/close-out/"]').first)
    signs(page, "/sites/01/close-out/confirm/", says["closed out"])
    follow(page, page.locator('a[href="/sites/01/close-out/copies/new/"]'))
    submit(page)
    download = page.locator('#site-copies form button[type="submit"]')
    expect(download).to_be_visible(timeout=60_000)  # the worker makes it, and the page follows
    with page.expect_download(timeout=20_000) as handed:
        download.click()
    page.reload()
    digest = hashlib.sha256(Path(handed.value.path()).read_bytes()).hexdigest()
    expect(page.locator("#site-copies tbody")).to_contain_text(digest)
    examine(page, f"copy-downloaded-{language}")
    signs(page, page.locator('#site-copies a[href$="/confirm/"]').get_attribute("href"), says["final"])
    expect(page.locator("#site-copies")).to_contain_text(digest)
    page.set_viewport_size({"width": 820, "height": 1180})
    examine(page, f"closed-out-{language}")


def signs(page: Page, address: str | None, words: str) -> None:
    follow(page, page.locator(f'a[href="{address}"]'))
    give_password(page, "investigator")
    submit(page)
    expect(page.locator("body")).to_contain_text(words)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_rare_07_an_outage_costs_no_allocation(
    world: World,
    paper: list[Envelope],
    eligible: Make,
    beat: Path,
    start_worker: Start,
    open_page: Open,
    language: str,
) -> None:
    worker, says, opened = start_worker("worker"), SAYS[language], paper[1].number
    page = signed_in(open_page(), "investigator", language)
    page.goto(reverse("randomization:outage"))
    examine(page, f"outage-{language}")
    follow(page, page.locator(f'a[href="{reverse("randomization:open-envelope", args=[opened])}"]'))
    for name, value in (("opened_on", "2026-11-18"), ("opened_at", "23:10"), ("opened_by", "duty")):
        page.locator(f'[name="{name}"]').fill(value)
    examine(page, f"outage-opened-{language}")
    submit(page)
    expect(page.locator("main")).to_contain_text(says["opened"])
    on_line, entered = eligible(), eligible()
    randomizes(page, on_line)
    page.goto(reverse("home"))
    expect(page.locator("main")).to_contain_text(says["to enter"])
    randomizes(page, entered, envelope=opened)
    expect(page.locator("body")).to_contain_text(opened)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        given = dict(Allocation.objects.values_list("participant__number", "number"))
    assert given[entered.number] == opened
    assert given[on_line.number] not in {each.number for each in paper}
    page.goto(reverse("randomization:envelopes"))
    expect(page.locator("main")).to_contain_text(entered.number)
    examine(page, f"outage-register-{language}")
    assert eventually(lambda: worker.says("ready"), within=60), worker.log.read_text()
    assert eventually(lambda: "beat: Starting" in beat.read_text(), within=60), beat.read_text()


def randomizes(page: Page, participant: Participant, *, envelope: str = "") -> None:
    page.goto(f"/participants/{participant.number}/randomize/")
    page.locator('[name="strata_right"]').check()
    if envelope:
        page.locator("main details summary").click()
        page.locator('[name="envelope"]').fill(envelope)
    give_password(page, "investigator")
    submit(page)
    page.wait_for_url(lambda address: "allocation" in address)
