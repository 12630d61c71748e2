"""Forms that are filled many times: numbered by the service, listed on one page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.urls import reverse

from crf import catalogue
from crf.engine.declaration import Repeats
from crf.engine.submission import Answers
from crf.models import Draft
from crf.records.drafts import keep_draft
from crf.records.save import Saved, save_answers
from crf.store.records import NEW, RecordKey
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_saving import stage
from tests.world import NOW, World, as_person
from trials.models import Participant

pytestmark = pytest.mark.django_db


def log_place(participant: Participant, sequence: int = NEW) -> RecordKey:
    """Staging as if it were a log: what repeats is said by the declaration alone."""
    return RecordKey(replace(catalogue.form("STAGE"), repeats=Repeats.LOG), participant, None, sequence)


def add(participant: Participant, by: Any, key: str, sequence: int = NEW, **changes: Any) -> Saved:
    answers = Answers(**stage(**changes))
    return save_answers(
        record_key=log_place(participant, sequence), answers=answers, version=NEW, key=key, by=by, at=NOW
    )


def test_each_new_record_takes_the_next_number(screened: Participant, world: World) -> None:
    first = add(screened, world.coordinator, "a")
    second = add(screened, world.coordinator, "b", eus_mm=12)
    far = add(screened, world.coordinator, "c", sequence=77)
    assert [saved.record_key.sequence for saved in (first, second, far)] == [1, 2, 3]
    again = add(screened, world.coordinator, "b", eus_mm=12)
    assert (again.record_id, again.again) == (second.record_id, True)


def test_the_list_shows_every_record(screened: Participant, world: World) -> None:
    add(screened, world.coordinator, "a")
    add(screened, world.coordinator, "b", eus_mm=12)
    url = reverse("crf:log", args=[screened.number, "STAGE"])
    log = client_of(world.monitor).get(url).context["log"]
    assert [line.record.sequence for line in log.lines] == [1, 2]
    assert client_of(world.stranger).get(url).status_code == 404


def test_the_draft_of_a_new_record_goes_when_it_is_saved(screened: Participant, world: World) -> None:
    with as_person(world.coordinator):
        keep_draft(
            record_key=log_place(screened),
            page="a",
            raw={"ct": ["T3"]},
            version=NEW,
            by=world.coordinator,
            at=NOW,
        )
        add(screened, world.coordinator, "a")
        assert Draft.objects.count() == 0
