"""Any sequence of typing, saving, going back, reloading, pressing twice and losing answers, in two windows.

Whatever happened, what is stored is what the last acknowledged save said, or a later one whose answer was lost. The
browser of these tests is the worst there is: Back brings a page from memory as it was, with its key and its version.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crf.store.records import find_stored_record, record_key_of
from tests.integration.crf.test_pages import client_of
from tests.world import World, screen
from trials.models import Participant

pytestmark = pytest.mark.django_db

STEPS = ("type", "type", "press", "press", "twice", "lose", "back", "reload", "again", "draft")
SEQUENCES = st.lists(
    st.tuples(st.sampled_from((0, 1)), st.sampled_from(STEPS), st.integers(0, 5)), min_size=3, max_size=12
)
# Saved, gone back, changed, saved; and saved in one window, then in the other.
BACK = [(0, "type", 1), (0, "press", 0), (0, "back", 0), (0, "type", 2), (0, "press", 0)]
TWO_WINDOWS = [
    (0, "type", 1),
    (1, "type", 2),
    (0, "press", 0),
    (1, "press", 0),
    (0, "back", 0),
    (0, "twice", 0),
]
SLOW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Opened:
    """One page as it stands in the memory of a window."""

    address: str
    save: str
    draft: str
    key: str
    version: str
    typed: str


@dataclass
class Window:
    """One window of the browser: its page, those before it, and what it was last told."""

    client: Client
    start: str
    question: str
    history: list[Opened] = field(default_factory=list)

    @property
    def page(self) -> Opened:
        return self.history[-1]

    def open(self, address: str) -> str:
        """Ask for a page; return what is said on it."""
        answer: Any = self.client.get(address, follow=True)
        page, typed = (
            answer.context["page"],
            re.search(rf'name="{self.question}"[^>]* value="([^"]*)"', answer.text),
        )
        stands = answer.redirect_chain[-1][0] if answer.redirect_chain else address
        opened = Opened(
            stands, page.links.save, page.links.draft, page.key, str(page.version), typed[1] if typed else ""
        )
        self.history.append(opened)
        return str(answer.text)

    def send(self) -> Any:
        page = self.page
        reason = {"_reason": "Read again"}
        sent = {self.question: page.typed, "_key": page.key, "_version": page.version, **reason}
        return self.client.post(page.save, sent)

    def keep(self) -> None:
        page = self.page
        values = {self.question: [page.typed], "_key": [page.key], "_version": [page.version]}
        self.client.post(page.draft, json.dumps({"values": values}), content_type="application/json")


@dataclass
class Told:
    """What was acknowledged for each record, and what was sent later and may or may not have arrived."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, set[str]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)  # keys of pages of new records that were sent

    def saved(self, record: str, value: str) -> None:
        self.acknowledged[record] = value
        self.unknown.pop(record, None)


def stored(participant: Participant, code: str, question: str) -> dict[str, str]:
    """What the database holds: the answer of each record, by the address of its page."""
    found = {}
    for number in range(1, 30):
        place = record_key_of(participant=participant, form=code, sequence=number)
        record = find_stored_record(place)
        if record is None:
            break
        value = getattr(record.record, question)
        found[str(place.sequence)] = "" if value is None else str(value)
        if code != "AE":
            break
    return found


def number_in(address: str) -> str:
    found = re.search(r"/forms/\w+/(\d+)/", address)
    return found[1] if found else "1"


def step(window: Window, what: str, value: int, told: Told) -> None:
    if what == "type":
        window.page.typed = f"15{value}.0"
    elif what == "draft":
        window.keep()
    elif what == "back" and len(window.history) > 1:
        window.history.pop()
    elif what == "reload":
        window.open(window.page.address)
    elif what == "again":
        window.open(window.start)
    elif what == "lose":
        lost(window, told)
    elif what in {"press", "twice"}:
        if what == "twice":
            window.send()
        press(window, told)


def press(window: Window, told: Told) -> None:
    """Press Save; where the page says that it is saved, that is what was acknowledged."""
    page = window.page
    answer = window.send()
    if answer.status_code != 302:
        assert answer.status_code in {409, 422}
        return
    if number_in(page.save) == "0":
        told.begun.add(page.key)
    said = window.open(answer.headers["Location"])
    if "Saved at" in said:
        told.saved(number_in(answer.headers["Location"]), page.typed)


def lost(window: Window, told: Told) -> None:
    """Press Save; the answer is lost, so that nobody knows whether it was saved."""
    page = window.page
    answer = window.send()
    if answer.status_code == 302:
        if number_in(page.save) == "0":
            told.begun.add(page.key)
        record = number_in(answer.headers["Location"])
        told.unknown.setdefault(record, set()).add(page.typed)
        window.client.get(answer.headers["Location"])  # the message is read by nobody


def played(world: World, code: str, question: str, steps: list[tuple[int, str, int]]) -> None:
    """Play the steps with a participant of their own, and compare what was told with what is stored."""
    with transaction.atomic():
        participant, told = screen(world), Told()
        start = reverse("crf:form", args=[participant.number, code, 0 if code == "AE" else 1])
        windows = [Window(client_of(world.coordinator), start, question) for _ in range(2)]
        for window in windows:
            window.open(start)
        for which, what, value in steps:
            step(windows[which], what, value, told)
            held = stored(participant, code, question)
            for record, said in told.acknowledged.items():
                assert held[record] in {said} | told.unknown.get(record, set()), (record, what)
        held = stored(participant, code, question)
        if code == "AE":
            assert len(held) == len(told.begun), "a record was lost, or is there twice"
        transaction.set_rollback(True)


@SLOW
@example(steps=BACK)
@example(steps=TWO_WINDOWS)
@given(steps=SEQUENCES)
def test_point_01_any_sequence_on_a_form_ends_with_what_was_acknowledged(
    world: World, everything: None, steps: list[tuple[int, str, int]]
) -> None:
    played(world, "DM", "height", steps)


@SLOW
@example(steps=BACK)
@example(steps=TWO_WINDOWS)
@given(steps=SEQUENCES)
def test_point_02_any_sequence_on_a_log_ends_with_what_was_acknowledged(
    world: World, everything: None, steps: list[tuple[int, str, int]]
) -> None:
    played(world, "AE", "ae_term", steps)
