"""Every page and file of the analysis says something plain where there is nobody, no event, one arm or a day amiss."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from analysis.urls import urlpatterns
from followup.models import Visit
from tests.clock import Clock
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import person, randomized, treated
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import survival
from tests.world import World, screen
from trials.models import Participant

CHAPTERS = ("6.1", "6.2", "6.5", "6.7")

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]

OF_ONE = {"serious-paper", "serious-icsr", "flow-box"}  # the page of one event or of one box
NO_NUMBER = re.compile(r"(?<![\w.])(?:nan|-?inf|NaN|-?Infinity)(?![\w.])|>None<|Traceback")
TODAY = datetime(2026, 11, 20, 2, tzinfo=UTC)


def test_the_examination_sees_what_is_no_number() -> None:
    for shown in ("<td>nan</td>", "x,inf,y", "NaN", "[-Infinity]", "<td>None</td>"):
        assert NO_NUMBER.search(shown), shown
    assert not NO_NUMBER.search("information, Nanjing, infinite; None of them")


def test_bad_input_gives_a_stated_result_on_every_page_and_file(
    world: World, person: Participant, save: Save, clock: Clock
) -> None:
    clock.go(TODAY)
    assert faults(world) == [], "nobody is randomized"
    first = randomized(person, "1")
    assert faults(world) == [], "one person in one arm, without treatment or event"
    treated(first, save)
    second, third = (randomized(screen(world, signed_on=date(2026, 4, 28)), "2") for _each in "23")
    assert faults(world) == [], "two arms, one treated, everybody censored"
    died(second, save, "2026-05-08")
    assert faults(world) == [], "a death at time 0"
    died(third, save, "2026")
    assert faults(world) == [], "a death known by its year"
    died(first, save, "2026-11")
    assert faults(world) == [], "nobody is left at risk"


def died(person: Participant, save: Save, on: str) -> None:
    """The person's first sweep says when they died."""
    sweep = Visit.objects.filter(participant=person, forms__contains=["SURV"]).earliest("target")
    told = {**survival.DEATH, "death_dt": on, "status_dt": date(2026, 11, 19)}
    save(person, "SURV", values=told, visit=sweep, at=TODAY, reason="test")


def faults(world: World) -> list[str]:
    """Return which page or file fails, or tells no number where it tells one."""
    told = []
    readers = [client_of(world.statistician), client_of(world.trial_manager)]
    for name in sorted({str(each.name) for each in urlpatterns} - OF_ONE):
        answers = [client.get(reverse(f"analysis:{name}")) for client in readers]
        said = {answer.status_code for answer in answers}
        told += [f"{name}: {said}"] * bool(200 not in said or said - {200, 403})
        for answer in answers:
            told += [f"{name}: {amiss[0]}" for text in texts(answer) if (amiss := NO_NUMBER.search(text))]
    return told


def texts(answer: Any) -> Iterator[str]:
    """Yield what an answer says: a page, a table, or the files of an archive."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            yield from (archive.read(each).decode() for each in archive.namelist() if each.endswith(".csv"))
    elif isinstance(answer, HttpResponse) and "pdf" not in answer["Content-Type"]:
        yield body.decode()
