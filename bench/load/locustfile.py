"""A morning: coordinators sign in within minutes, read their work list, and fill in forms.

Run by ``make load`` against a demonstration that serves (docs/scaling.md says how, and what was measured). Accounts and
participants are read from the pages, as people do; ``ACCOUNTS`` names the file that the demonstration wrote.
"""

from __future__ import annotations

import json
import os
import random
import re
import uuid
from pathlib import Path
from typing import Any

from locust import HttpUser, between, task
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

ACCOUNTS = Path(os.environ.get("ACCOUNTS", "var/demo/accounts.json"))
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
ONCE = re.compile(r'name="once" value="([0-9a-f]{32})"')
NUMBER = re.compile(r"/participants/(\d\d-\d{4})/")
FORM = re.compile(r'href="(/participants/\d\d-\d{4}/(?:visits/\w+/)?forms/[^"]+)"')
# A browser asks again where the server had just closed an idle connection; what is sent is never repeated.
ASKS_AGAIN = Retry(total=1, connect=1, read=1, status=0, allowed_methods={"GET"})
# People think; a benchmark that does not is of something else.
THINKS = float(os.environ.get("THINKS", "5"))


def coordinators() -> list[dict[str, Any]]:
    accounts = json.loads(ACCOUNTS.read_text(encoding="utf-8"))
    return [each for each in accounts if each["role"] == "coordinator" and not each.get("totp")]


class Coordinator(HttpUser):
    """Somebody at a site, at their own pace."""

    wait_time = between(THINKS / 2, THINKS * 1.5)  # type: ignore[no-untyped-call]

    def on_start(self) -> None:
        """Sign in as one of the coordinators whose site has participants."""
        for scheme in ("http://", "https://"):
            self.client.mount(scheme, HTTPAdapter(max_retries=ASKS_AGAIN))
        self.numbers: list[str] = []
        accounts = coordinators()
        random.shuffle(accounts)
        for account in accounts:
            self.client.cookies.clear()
            self._sign_in(account)
            shown = self.client.get("/participants/", name="participants").text
            self.numbers = sorted(set(NUMBER.findall(shown)))
            if self.numbers:
                return

    def _sign_in(self, account: dict[str, Any]) -> None:
        page = self.client.get("/accounts/sign-in/", name="sign-in page").text
        token = TOKEN.search(page)
        told = {"csrfmiddlewaretoken": token[1] if token else "", "code": ""}
        told |= {"username": account["name"], "password": account["password"]}
        self.client.post("/accounts/sign-in/", told, name="sign in")

    @task(4)
    def work_list(self) -> None:
        self.client.get("/work-list/", name="work list")

    @task(4)
    def participant(self) -> None:
        self.client.get(f"/participants/{self._number()}/", name="participant")

    @task(6)
    def form(self) -> None:
        """A form is opened from the page of its participant."""
        page = self.client.get(f"/participants/{self._number()}/", name="participant").text
        if forms := FORM.findall(page):
            self.client.get(random.choice(forms), name="form")

    @task(2)
    def queries(self) -> None:
        self.client.get("/queries/", name="queries")

    @task(3)
    def note(self) -> None:
        """Something is saved: a page, a key, a POST, an act."""
        place = f"/participants/{self._number()}/notes/"
        page = self.client.get(place, name="notes").text
        token, once = TOKEN.search(page), ONCE.search(page)
        if token and once:
            told = {"csrfmiddlewaretoken": token[1], "once": once[1], "text": f"load {uuid.uuid4().hex}"}
            self.client.post(f"{place}new/", told, name="save a note")

    def _number(self) -> str:
        return random.choice(self.numbers)
