"""Private working notes: the owner's alone, an inspector's to read, never exported, one step from a query."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from audit.acts import open_act
from audit.models import Act
from crf.models import Query, WorkingNote
from crf.notes import services
from crf.store.records import record_key_of
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.test_pages import client_of
from tests.world import NOW, OPENED_ON, TODAY, World, as_person
from trials.models import Delegation, Participant
from trials.services import end_delegation

pytestmark = pytest.mark.django_db
WORDS = "Wife mentioned a fall <last> week"


def keep(participant: Participant, by: Any, form: str = "", **more: Any) -> WorkingNote:
    with as_person(by):
        place = record_key_of(participant=participant, form=form) if form else None
        return services.write_note(
            participant=participant, record_key=place, text=WORDS, by=by, at=NOW, **more
        )


def notes_of(person: Any) -> int:
    with as_person(person):
        return int(WorkingNote.objects.count())


def test_the_owner_alone_reads_a_note_and_an_inspector(world: World, screened: Participant) -> None:
    keep(screened, world.coordinator)
    assert notes_of(world.coordinator) == 1
    assert notes_of(world.inspector) == 1
    for person in (
        world.investigator,
        world.stranger,
        world.data_manager,
        world.monitor,
        world.trial_manager,
    ):
        assert notes_of(person) == 0
        with as_person(person), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM crf_workingnoteevent")
            assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("who", ["investigator", "data_manager", "monitor", "inspector"])
def test_the_page_shows_ones_own_or_everybodys_to_an_inspector(
    world: World, screened: Participant, who: str
) -> None:
    keep(screened, world.coordinator)
    page = client_of(getattr(world, who)).get(f"/participants/{screened.number}/notes/").text
    assert ("Wife mentioned a fall &lt;last&gt; week" in page) is (who == "inspector")
    assert "Not source data" in page
    assert ('name="text"' in page) is (who != "inspector")


def test_not_even_that_a_note_exists_is_on_the_participants_record(
    world: World, screened: Participant
) -> None:
    keep(screened, world.coordinator)
    assert not Act.objects.filter(verb__startswith="crf:note", participant_id=screened.pk).exists()
    page = client_of(world.investigator).get(f"/participants/{screened.number}/acts/").text
    assert "Consent recorded" in page
    assert "Working note" not in page


def test_a_note_is_kept_from_the_form_and_from_the_participant(world: World, screened: Participant) -> None:
    client = client_of(world.coordinator)
    page = f"/participants/{screened.number}/forms/ELIG/1/note/"
    assert "Note for myself" in client.get(f"/participants/{screened.number}/forms/ELIG/").text
    assert client.post(page, {"target": "", "text": ""}).status_code == 422
    assert client.post(page, {"target": "", "text": WORDS}).status_code == 302
    new = f"/participants/{screened.number}/notes/new/"
    assert client.post(new, {"text": " "}).status_code == 422
    assert client.post(new, {"text": WORDS}).status_code == 302
    assert notes_of(world.coordinator) == 2
    assert "Working notes (2)" in client.get(f"/participants/{screened.number}/").text


def test_one_step_from_note_to_query(world: World, screened: Participant) -> None:
    note = keep(screened, world.monitor, "ELIG")
    client = client_of(world.monitor)
    assert "Make it a query" in client.get(f"/participants/{screened.number}/notes/").text
    answer = client.post(f"/notes/{row_key(note)}/ask/")
    assert answer.status_code == 302
    query = Query.objects.get(raised_by=world.monitor)
    assert query.messages.get().text == WORDS
    assert answer.headers["Location"] == query.get_absolute_url()
    assert client.post(f"/notes/{row_key(note)}/ask/").status_code == 409
    assert client.post(f"/notes/{row_key(note)}/settle/").status_code == 409


def test_a_note_about_the_participant_says_where_queries_are_asked(
    world: World, screened: Participant
) -> None:
    note = keep(screened, world.monitor)
    answer = client_of(world.monitor).post(f"/notes/{row_key(note)}/ask/")
    assert answer.status_code == 409
    assert "Open the form and ask there" in answer.text


@pytest.mark.parametrize("step", ["settle", "ask"])
def test_nobody_touches_anothers_note(world: World, screened: Participant, step: str) -> None:
    note = keep(screened, world.coordinator, "ELIG")
    assert client_of(world.monitor).post(f"/notes/{row_key(note)}/{step}/").status_code == 404
    service: Any = {"settle": services.settle_note, "ask": services.ask_from_note}[step]
    with pytest.raises(services.NotYourNote):
        service(note=note, by=world.monitor, at=NOW)


@pytest.mark.parametrize(
    ("day", "read"),
    [
        (date(2024, 4, 30), 0),
        (OPENED_ON, 1),
        (date(2026, 11, 20), 1),
        (date(2026, 11, 21), 0),
        (None, 0),
    ],
)
def test_an_inspector_reads_on_the_days_of_the_inspection(
    world: World, screened: Participant, day: date | None, read: int
) -> None:
    """The database asks for the day that the work is done on; what day its own clock shows is nothing to it."""
    keep(screened, world.coordinator)
    with as_person(world.trial_manager):
        role = Delegation.objects.get(user=world.inspector)
        end_delegation(delegation=role, on=TODAY, by=world.trial_manager, at=NOW, reason="It is over")
    with scope(user_id=world.inspector.pk, sites=EVERYTHING, on=day), transaction.atomic():
        assert WorkingNote.objects.count() == read


def test_a_note_of_blanks_is_none(world: World, screened: Participant) -> None:
    with as_person(world.coordinator), pytest.raises(services.NoteEmpty):
        services.write_note(participant=screened, text=" \n ", by=world.coordinator, at=NOW)


def test_an_inspector_keeps_none(world: World, screened: Participant) -> None:
    with pytest.raises(services.NotYourNote):
        keep(screened, world.inspector)
    with as_person(world.inspector), pytest.raises(DatabaseError, match="row-level security"):
        slip_in(screened, world)


def slip_in(screened: Participant, world: World) -> None:
    """Write a note in somebody else's name, past the service."""
    with open_act("crf:note:write", by=world.inspector, at=NOW, site=world.site) as act:
        WorkingNote.objects.create(
            participant=screened,
            site=world.site,
            owner=world.coordinator,
            text="x",
            written_at=NOW,
            act=act,
        )


def test_a_settled_note_stays_readable(world: World, screened: Participant) -> None:
    note = keep(screened, world.coordinator)
    client = client_of(world.coordinator)
    assert client.post(f"/notes/{row_key(note)}/settle/").status_code == 302
    page = client.get(f"/participants/{screened.number}/notes/").text
    assert "a fall" in page
    assert "settled" in page


def test_no_export_and_no_api_holds_a_note(
    world: World, screened: Participant, settings: Any, tmp_path: Any
) -> None:
    from exports.services import path_of, request_export, write_export

    settings.MEDIA_ROOT = tmp_path
    keep(screened, world.coordinator, "ELIG")
    export = request_export(forms=["ELIG"], sites=["01"], purpose="look", by=world.data_manager, at=NOW)
    done = write_export(export=export, at=NOW)
    with zipfile.ZipFile(io.BytesIO(path_of(done).read_bytes())) as archive:
        assert not [name for name in archive.namelist() if b"Wife mentioned" in archive.read(name)]
    client = client_of(world.coordinator)
    for address in (f"/api/participants/{screened.number}/", "/api/answers/ELIG/"):
        assert b"Wife mentioned" not in client.get(address).content


def test_texts_of_a_signed_out_visitor_are_asked_to_sign_in(screened: Participant) -> None:
    assert Client().get(f"/participants/{screened.number}/notes/").status_code == 302
