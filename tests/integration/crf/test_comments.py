"""Comments beside answers: who may write them, where they are shown, and that they stay (protocol 3.0)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.locked import DataFrozen
from crf.locks.services import freeze_data
from crf.models import AnswerComment, Record
from crf.records.comments import CommentAboutNothing, CommentUnreadable, write_comment
from crf.records.refusals import RecordLocked
from crf.records.signing import NothingThere
from crf.store.context import FormContext
from crf.store.history import history_of
from crf.store.preconditions import NotYours, TrainingFirst
from crf.store.records import find_stored_record
from exports.casebook.records import printed_record
from tests.integration.crf.conftest import Save, everything, place_at, save, screened
from tests.integration.crf.test_data_locks import clean, end, levels, lock
from tests.integration.crf.test_pages import client_of, form_url
from tests.integration.crf.test_saving import GROUPS, dated
from tests.unit.crf.examples import demographics, staging
from tests.world import NOW, World
from trials.models import Participant

CHAPTERS = ("3.0",)
__all__ = ["clean", "everything", "save", "screened"]  # fixtures

pytestmark = pytest.mark.django_db
SAID = "Read from the paper of 5 March <b>"


@pytest.fixture
def recorded(screened: Participant, save: Save) -> Participant:
    save(screened, "DM", values=demographics.VALUES)
    save(screened, "STAGE", values=dated(staging.VALUES), groups=GROUPS)
    return screened


def comment(participant: Participant, by: Any, code: str = "DM", **said: Any) -> AnswerComment:
    told = {"target": "height", "text": SAID, **said}
    return write_comment(record_key=place_at(participant, code), by=by, at=NOW, **told)


def test_point_11_a_comment_stands_at_its_answer_with_who_and_when(
    recorded: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    page = client.get(form_url(recorded, "DM")).content.decode()
    link = f"/participants/{recorded.number}/forms/DM/1/comment/?target=height"
    assert f'href="{link}"' in page
    opened = client.get(link).content.decode()
    assert '<option value="height" selected>' in opened
    sent = client.post(link, {"target": "height", "text": SAID}, follow=True)
    shown = sent.content.decode()
    assert "The comment stands beside the answer." in shown
    beside = shown.split('id="q-height"')[1].split('id="q-weight"')[0]
    assert "Read from the paper of 5 March &lt;b&gt;" in beside
    assert str(world.coordinator) in beside
    assert "Read from the paper" not in shown.split('id="q-weight"')[1]
    # and everybody who sees the form reads it, who may not enter it is offered none
    reads = client_of(world.data_manager).get(form_url(recorded, "DM")).content.decode()
    assert "Read from the paper of 5 March &lt;b&gt;" in reads
    assert 'href="?target' not in reads
    assert f'href="{link}"' not in reads


def test_point_11_a_comment_is_in_the_history_of_its_answer(recorded: Participant, world: World) -> None:
    comment(recorded, world.coordinator)
    comment(recorded, world.coordinator, "STAGE", target="node.1.station", text="Seen on CT")
    key = place_at(recorded, "DM")
    stored = find_stored_record(key)
    assert stored is not None
    for field, found in (("", True), ("height", True), ("weight", False)):
        texts = [entry.new for entry in history_of(key, stored, field)]
        assert (SAID in texts) == found, field
    key = place_at(recorded, "STAGE")
    stored = find_stored_record(key)
    assert stored is not None
    (entry,) = (entry for entry in history_of(key, stored, "node-0-station") if entry.new == "Seen on CT")
    assert entry.act.by == world.coordinator
    assert "Seen on CT" not in [each.new for each in history_of(key, stored, "node-1-station")]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"text": "  "}, CommentUnreadable),
        ({"text": "x" * 1001}, CommentUnreadable),
        ({"text": "a\x07b"}, CommentUnreadable),
        ({"target": "no_such"}, CommentAboutNothing),
        ({"target": ""}, CommentAboutNothing),
    ],
)
def test_point_11_what_is_no_comment_is_refused(
    recorded: Participant, world: World, said: dict[str, str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        comment(recorded, world.coordinator, **said)
    assert AnswerComment.objects.count() == 0


def test_point_11_a_row_that_is_not_there_has_no_comment(recorded: Participant, world: World) -> None:
    with pytest.raises(CommentAboutNothing):
        comment(recorded, world.coordinator, "STAGE", target="node.99.station")


def test_point_11_only_who_enters_the_form_comments(recorded: Participant, world: World) -> None:
    for person in (world.data_manager, world.stranger):
        with pytest.raises(NotYours):
            comment(recorded, person)
    world.coordinator.trained_on = None
    with pytest.raises(TrainingFirst):
        comment(recorded, world.coordinator)
    assert client_of(world.stranger).get(form_url(recorded, "DM", "comment")).status_code == 404


def test_point_11_a_record_that_is_not_saved_has_no_comment(screened: Participant, world: World) -> None:
    with pytest.raises(NothingThere):
        comment(screened, world.coordinator)


def test_point_11_a_comment_is_printed_in_the_casebook(recorded: Participant, world: World) -> None:
    comment(recorded, world.coordinator)
    record = Record.objects.get(participant=recorded, form_code="DM")
    printed = printed_record(record, around=FormContext(recorded, at=NOW), queries=(), digest="", at=NOW)
    (entry,) = printed.changes
    assert (str(entry.label), entry.new) == ("Comment on: Height", SAID)
    assert entry.act.by == world.coordinator


def test_point_11_a_comment_is_never_changed(recorded: Participant, world: World) -> None:
    row = comment(recorded, world.coordinator)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE crf_answercomment SET text = 'other' WHERE id = %s", [row.pk])
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM crf_answercomment WHERE id = %s", [row.pk])


def test_point_11_a_comment_is_data_that_a_freeze_and_a_lock_refuse(clean: Participant, world: World) -> None:
    scope = levels(clean)["form"]
    said = {"target": "ct", "text": "Late"}
    freeze_data(scope=scope, reason="Interim analysis", by=world.data_manager, at=NOW)
    with pytest.raises(DataFrozen):
        comment(clean, world.coordinator, "STAGE", **said)
    end(world, scope)
    lock(world, scope)
    with pytest.raises(RecordLocked):
        comment(clean, world.coordinator, "STAGE", **said)
    end(world, scope)
    assert comment(clean, world.coordinator, "STAGE", **said).text == "Late"
