"""Two people at once, and a process that dies: real transactions, real threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from typing import Any

import pytest
from django.db import connection, transaction

from crf.engine.submission import Answers
from crf.models import SaveKey
from crf.records.refusals import StaleVersion
from crf.records.save import Saved, save_answers
from crf.store.records import find_stored_record, record_key_of
from kernel.scope import EVERYTHING, scope
from tests.database import SECRET_KEY
from tests.integration.crf.conftest import record_at
from tests.integration.crf.test_saving import stage
from tests.races import at_once
from tests.world import NOW, World, screen
from tests.world_database import committed_world
from trials.models import Participant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trial() -> tuple[World, Participant]:
    world = committed_world()
    return world, screen(world)


def save(participant: Participant, by: Any, *, version: int, key: str = "", **said: Any) -> Saved:
    place = record_key_of(participant=participant, form="STAGE")
    return save_answers(record_key=place, answers=Answers(**said), version=version, key=key, by=by, at=NOW)


def test_two_writers_of_one_record_one_saves_and_one_chooses(trial: tuple[World, Participant]) -> None:
    world, participant = trial
    with scope(user_id=None, sites=EVERYTHING):
        save(participant, world.coordinator, version=0, **stage())
    results = at_once(
        lambda: save(participant, world.coordinator, version=1, **stage(eus_mm=12), reason="Misread"),
        lambda: save(participant, world.investigator, version=1, **stage(eus_mm=13), reason="Measured"),
    )
    saved = [result for result in results if isinstance(result, Saved)]
    stale = [result for result in results if isinstance(result, StaleVersion)]
    assert (len(saved), len(stale)) == (1, 1)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        record = record_at(participant, "STAGE")
    assert record.version == 2
    assert stale[0].theirs.values["eus_mm"] == record.eus_mm
    assert stale[0].mine.values["eus_mm"] != record.eus_mm


def test_two_first_writers_make_one_record(trial: tuple[World, Participant]) -> None:
    world, participant = trial
    results = at_once(
        lambda: save(participant, world.coordinator, version=0, **stage()),
        lambda: save(participant, world.investigator, version=0, **stage(eus_mm=12)),
    )
    assert sorted(type(result).__name__ for result in results) == ["Saved", "StaleVersion"]


def test_a_button_pressed_eight_times_saves_once(trial: tuple[World, Participant]) -> None:
    world, participant = trial
    press = [lambda: save(participant, world.coordinator, version=0, key="page", **stage())] * 8
    results = at_once(*press)
    assert {(result.record_id, result.version) for result in results} == {(results[0].record_id, 1)}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert record_at(participant, "STAGE").events.count() == 1
        assert SaveKey.objects.count() == 1


DIES = """
    import os, signal
    import django
    django.setup()
    from crf.records import save
    from crf.engine.submission import Answers
    from crf.records.save import save_answers
    from crf.store.records import NEW, record_key_of
    from kernel.scope import EVERYTHING, scope
    from tests.integration.crf.test_saving import stage
    from tests.world import NOW
    from trials.models import Participant

    save.apply_consequences = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    with scope(user_id=None, sites=EVERYTHING):
        from django.db import transaction
        with transaction.atomic():
            participant = Participant.objects.select_related("site").get(pk={pk})
        save_answers(record_key=record_key_of(participant=participant, form="STAGE"), answers=Answers(**stage()),
                     version=NEW, by=None, at=NOW)
"""


def test_a_process_killed_in_the_middle_leaves_nothing_half_written(trial: tuple[World, Participant]) -> None:
    world, participant = trial
    script = textwrap.dedent(DIES).format(pk=participant.pk)
    at = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    here = {"DJANGO_SETTINGS_MODULE": "palace3.settings", "SECRET_KEY": SECRET_KEY, "DATABASE_URL": at}
    environment = {**os.environ, **here}
    ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()[-2000:]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert find_stored_record(record_key_of(participant=participant, form="STAGE")) is None
        assert save(participant, world.coordinator, version=0, **stage()).version == 1
