"""A real browser before the real server: the clock can be set, the network ends at the server's address.

With ``PALACE3_LOOK=folder`` every page that is examined is also kept as a picture, to be looked at.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browser import environment

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Even with all of these the browser asks for hosts of its maker; this ends that before any look-up.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
WIDE, TABLET = {"width": 1280, "height": 900}, {"width": 820, "height": 1100}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where no browser is, these tests say so and are skipped."""
    if CHROMIUM is None:
        absent = pytest.mark.skip(reason="no Chromium on this machine: apt-get install chromium")
        for item in items:
            if Path(item.path).is_relative_to(Path(__file__).parent):
                item.add_marker(absent)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the driver keeps a loop running in this thread
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, env=environment())
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session", autouse=True)
def _static_files_as_served() -> Iterator[None]:
    """WhiteNoise gives static files, as it does to people, and the browser keeps them from page to page."""
    from django.conf import settings
    from django.contrib.staticfiles.handlers import StaticFilesHandler

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StaticFilesHandler, "_should_handle", lambda *_asked: False)
        patched.setattr(settings, "WHITENOISE_MAX_AGE", 3600, raising=False)
        yield


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser of its own; a request to anywhere else fails the test, as does a script's fault.

    ``beside`` is a second place to which the test leads the browser.
    """
    own, faults, contexts = urlsplit(live_server.url).netloc, [], []

    def opened(size: dict[str, int] = WIDE, *, beside: str = "", **more: Any) -> Page:
        context = browser.new_context(viewport=size, base_url=live_server.url, **more)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        context.on(
            "request", lambda sent: faults.append(sent.url) if _leaves(sent.url, own, beside) else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        return page

    yield opened
    for context in contexts:
        context.close()  # an open connection would keep the test database from being dropped
    assert faults == []


def _leaves(address: str, *places: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme not in {"data", "blob", "about"} and parts.netloc not in places


@pytest.fixture
def tasks_at_once() -> Iterator[None]:
    """Tasks run where they are sent, and their faults are seen."""
    from palace3.celery import app

    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)
