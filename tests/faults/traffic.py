"""People at work: each reads pages and keeps notes, and remembers what was acknowledged."""

from __future__ import annotations

import http.cookiejar
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field

from tests.faults.installation import Installation

PAUSE = 0.15
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
ONCE = re.compile(r'name="once" value="([0-9a-f]{32})"')
NUMBER = re.compile(r"/participants/(\d\d-\d{4})/")


@dataclass
class Seen:
    """What people saw while a fault was played."""

    requests: int = 0
    errors: int = 0
    away: int = 0
    slowest: float = 0.0
    acknowledged: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)


class Worker(threading.Thread):
    """A coordinator with one browser, behind a balancer that asks the next node where one does not answer."""

    def __init__(
        self, installation: Installation, seen: Seen, lock: threading.Lock, ended: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self.installation, self.seen, self.lock, self.ended = installation, seen, lock, ended
        jar = http.cookiejar.CookieJar()
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.number = ""

    def run(self) -> None:
        while not self.ended.is_set():
            if not self.number:
                self._sign_in()
            else:
                self._ask("/work-list/")
                self._ask(f"/participants/{self.number}/")
                self._keep_note()
            self.ended.wait(PAUSE)

    def _sign_in(self) -> None:
        accounts = json.loads((self.installation.folder / "accounts.json").read_text())
        account = next(
            each for each in accounts if "coordinator" in each["name"] or each["name"].startswith("coord")
        )
        page = self._ask("/accounts/sign-in/")
        token = TOKEN.search(page)
        if token is None:
            return
        self._ask(
            "/accounts/sign-in/",
            {
                "csrfmiddlewaretoken": token[1],
                "username": account["name"],
                "password": account["password"],
                "code": "",
            },
        )
        shown = NUMBER.search(self._ask("/participants/"))
        self.number = shown[1] if shown else ""

    def _keep_note(self) -> None:
        place = f"/participants/{self.number}/notes/"
        page = self._ask(place)
        token, once = TOKEN.search(page), ONCE.search(page)
        if token is None or once is None:
            self.number = ""
            return
        text = f"fault {uuid.uuid4().hex}"
        told = {"csrfmiddlewaretoken": token[1], "once": once[1], "text": text}
        if text in self._ask(f"{place}new/", told):
            with self.lock:
                self.seen.acknowledged.append(text)

    def _ask(self, path: str, told: dict[str, str] | None = None) -> str:
        begun, status, text = time.monotonic(), 0, ""
        for port in self.installation.ports:
            address = f"http://127.0.0.1:{port}{path}"
            content = urllib.parse.urlencode(told).encode() if told else None
            try:
                with self.browser.open(urllib.request.Request(address, content), timeout=60) as answer:
                    status, text = answer.status, answer.read().decode(errors="replace")
                break
            except urllib.error.HTTPError as refused:
                status = refused.code
                break
            except (urllib.error.URLError, OSError):
                if told:  # what may have been done is not sent twice
                    break
        with self.lock:
            self.seen.requests += 1
            self.seen.statuses[status] = self.seen.statuses.get(status, 0) + 1
            self.seen.errors += status >= 500
            self.seen.away += status == 0
            self.seen.slowest = max(self.seen.slowest, time.monotonic() - begun)
        return text
