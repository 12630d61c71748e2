"""How many of our files and functions one reads to follow a save: a number that may not grow."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.integration.crf.conftest import record_at
from tests.integration.crf.test_pages import client_of, form_url, posted
from tests.tour import check_chapter
from tests.tracing import Trace, traced
from tests.world import World, screen
from trials.models import Participant

pytestmark = pytest.mark.django_db

MOST_FILES, MOST_FUNCTIONS = 30, 200


@pytest.fixture
def trace(screened: Participant, world: World) -> Trace:
    """What the first save of STAGE enters once the form is open, in a process that has saved one before."""
    client, other = client_of(world.coordinator), screen(world, signed_on=date(2026, 1, 5))
    assert client.post(form_url(other), posted(key="before")).status_code == 302
    address, typed = form_url(screened), posted()
    assert client.get(address).status_code == 200
    with traced() as trace:
        answer: Any = client.post(address, typed)
    assert answer.status_code == 302
    assert record_at(screened, "STAGE").version == 1
    return trace


def test_a_save_passes_through_few_files(trace: Trace) -> None:
    assert len(trace.files) <= MOST_FILES, trace.table()


def test_a_save_passes_through_few_functions(trace: Trace) -> None:
    assert len(trace.functions) <= MOST_FUNCTIONS, trace.table()


def test_a_save_is_read_from_the_address_to_the_row(trace: Trace) -> None:
    way = [
        "crf/views/forms.py",
        "crf/page/editor.py",
        "crf/engine/submission.py",
        "crf/records/save.py",
        "crf/engine/evaluation.py",
        "crf/records/consequences.py",
        "crf/recheck.py",
    ]
    assert [file for file in trace.files if file in way] == way


def test_the_tour_tells_the_way_of_a_save(trace: Trace) -> None:
    check_chapter("save", trace)
