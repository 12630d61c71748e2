"""Exports as work: followed, cancelled, stopped with a reason, taken up again, cleared away, saved and scheduled."""

from __future__ import annotations

import errno
import json
import os
import signal
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Mail
from audit.models import Act
from exports import services, tasks
from exports.jobs.progress import Progress, progress_of
from exports.jobs.services import (
    DefinitionNameTaken,
    ExportOver,
    KeptForLock,
    NoFileToDelete,
    cancel_export,
    delete_file,
    look_after_exports,
    save_definition,
    take_due,
)
from exports.models import DatabaseLock, Export, ExportDefinition, ExportFailure, ExportState, Rhythm
from exports.selected.selection import Selection
from exports.services import FileDeleted, hand_out, path_of, request_export, write_export
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.exports.test_cuts import in_a_thread
from tests.integration.exports.test_exports import LATER, kept_in, taken
from tests.integration.followup.test_transfer import accepted, confirm
from tests.world import NOW, World, as_person, screen
from trials import services as trials
from trials.services.people import close_account

__all__ = ["kept_in"]

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(minutes=30)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What was handed to the broker."""
    numbers: list[int] = []
    monkeypatch.setattr("exports.tasks.write.delay", numbers.append)
    return numbers


def asked(world: World, **more: Any) -> Export:
    with as_person(world.data_manager), transaction.atomic():
        told: dict[str, Any] = {"forms": ["ELIG"], "sites": ["01"], "purpose": "test", **more}
        return request_export(**told, by=world.data_manager, at=NOW)


def as_it_is(export: Export) -> Export:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Export.objects.select_related("definition").get(pk=export.pk)


def by_worker(export: Export) -> Export:
    with scope(user_id=None, sites=EVERYTHING):
        tasks.write.run(export.pk)
    return as_it_is(export)


def looked_after(at: Any = SOON) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        look_after_exports(at=at)


class TestProgress:
    def test_page_and_api_tell_how_far_it_is_and_only_what_is_new(
        self, world: World, client: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export = asked(world)
        client.force_login(world.data_manager)
        seen = []

        def look(row: Export, done: int, of: int) -> None:
            told(row, done, of)
            if done == 5:
                seen.append((progress_of(row), of))

        told = services.tell_progress
        monkeypatch.setattr(services, "tell_progress", look)
        assert by_worker(export).state == ExportState.DONE
        ((progress, of),) = seen
        assert progress == Progress(5, of)
        assert progress_of(export) is None
        monkeypatch.setattr("exports.views.exports.progress_of", lambda _row: Progress(5, 60))
        monkeypatch.setattr("exports.api.shapes.progress_of", lambda _row: Progress(5, 60))
        page, htmx = f"/exports/{row_key(export)}/", {"HX-Request": "true"}
        assert "5 of 60 files" in client.get(page).content.decode()
        assert client.get(f"{page}?seen=done-5", headers=htmx).status_code == 204
        assert client.get(f"{page}?seen=done-4", headers=htmx).status_code == 200
        told_by_api = client.get(f"/api/v1/exports/{row_key(export)}/").json()
        assert told_by_api["progress"] == {"done": 5, "of": 60}


class TestCancel:
    def test_one_that_waits_is_never_written(self, world: World, client: Any, tmp_path: Path) -> None:
        export = asked(world)
        client.force_login(world.data_manager)
        assert client.post(f"/exports/{row_key(export)}/cancel/").status_code == 302
        assert by_worker(export).state == ExportState.CANCELLED
        assert list(tmp_path.iterdir()) == []
        assert "Cancelled" in client.get(f"/exports/{row_key(export)}/").content.decode()
        with as_person(world.data_manager), pytest.raises(ExportOver):
            cancel_export(export=export, by=world.data_manager, at=LATER)

    @pytest.mark.django_db(transaction=True)
    def test_one_in_work_ends_after_the_file_in_hand_and_leaves_nothing(
        self, world: World, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export, answers = asked(world), []
        client.force_login(world.data_manager)
        told, files = services.tell_progress, []

        def press(row: Export, done: int, of: int) -> None:
            files.append(done)
            if done == 3:
                in_a_thread(
                    lambda: answers.append(client.post(f"/api/v1/exports/{row_key(export)}/cancel/"))
                ).join()
            told(row, done, of)

        monkeypatch.setattr(services, "tell_progress", press)
        assert by_worker(export).state == ExportState.CANCELLED
        assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [(200, "cancelled")]
        assert files == [0, 1, 2, 3]
        assert list(tmp_path.iterdir()) == []

    def test_one_that_was_just_finished_writing_is_thrown_away(
        self, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export = asked(world)
        finish = services.finish_export

        def late(*args: Any) -> Export:
            with as_person(world.data_manager):
                cancel_export(export=export, by=world.data_manager, at=LATER)
            return finish(*args)

        monkeypatch.setattr(services, "finish_export", late)
        assert by_worker(export).state == ExportState.CANCELLED
        assert list(tmp_path.iterdir()) == []


class TestFailure:
    def test_a_full_disk_is_said_and_frees_the_register(
        self, world: World, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def write(*_args: Any, **_more: Any) -> None:
            raise full

        monkeypatch.setattr("exports.writing._copy", write)
        failed = by_worker(asked(world, cut_name="committee 3"))
        assert (failed.state, failed.failure) == (ExportState.FAILED, ExportFailure.NOT_WRITTEN)
        with scope(user_id=None, sites=EVERYTHING):
            assert Act.objects.get(pk=failed.act_id).reason == "No space left on device"
        assert list(tmp_path.iterdir()) == []
        client.force_login(world.data_manager)
        assert "disk may be full" in client.get(f"/exports/{row_key(failed)}/").content.decode()
        monkeypatch.undo()
        assert asked(world, cut_name="committee 3").state == ExportState.QUEUED  # the name is free again

    def test_a_fault_of_the_program_is_said_and_logged(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("exports.writing.readers_of", lambda _files: 1 / 0)
        export = asked(world)
        with pytest.raises(ZeroDivisionError):
            by_worker(export)
        assert as_it_is(export).failure == ExportFailure.FAULT

    def test_what_the_broker_never_had_is_handed_over_by_beat(
        self,
        world: World,
        sent: list[int],
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        def away(_pk: int) -> None:
            raise ConnectionError("no broker")

        monkeypatch.setattr("exports.tasks.write.delay", away)
        with django_capture_on_commit_callbacks(execute=True):
            export = asked(world)  # not refused: it is on the register
        monkeypatch.setattr("exports.tasks.write.delay", sent.append)
        with django_capture_on_commit_callbacks(execute=True):
            looked_after(NOW + timedelta(seconds=30))
        assert sent == []
        with django_capture_on_commit_callbacks(execute=True):
            looked_after()
        assert sent == [export.pk]
        assert by_worker(export).state == ExportState.DONE

    @pytest.mark.django_db(transaction=True)
    def test_what_a_killed_worker_left_is_taken_up_by_another(
        self, world: World, tmp_path: Path, sent: list[int]
    ) -> None:
        export = asked(world, data_format="parquet")
        sent.clear()
        worker = os.fork()
        if worker == 0:
            write_until_killed(export)
        until = time.monotonic() + 30
        while as_it_is(export).state != ExportState.RUNNING or not list(tmp_path.glob("*-run-1*")):
            assert time.monotonic() < until
        looked_after()
        assert sent == []  # somebody writes it
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        while not alone(export):
            assert time.monotonic() < until
        looked_after()
        assert sent == [export.pk]
        done = by_worker(export)
        assert (done.state, done.runs) == (ExportState.DONE, 2)
        assert [path.name for path in tmp_path.iterdir()] == [done.file_name]

    def test_one_that_is_begun_anew_before_it_is_finished_is_written_by_whoever_began_it(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before, it was on record as not written, with a full disk: its file had been cleared away."""
        export, finish = asked(world), services.finish_export

        def begun_anew(begun: Export, *rest: Any) -> Export:
            assert services._begin(begun, LATER)  # as a command that waits for a worker does
            return finish(begun, *rest)

        monkeypatch.setattr(services, "finish_export", begun_anew)
        assert by_worker(export).state == ExportState.RUNNING
        monkeypatch.setattr(services, "finish_export", finish)
        assert by_worker(export).state == ExportState.DONE

    def test_one_that_is_killed_again_and_again_is_given_up(self, world: World, sent: list[int]) -> None:
        export = asked(world)
        with scope(user_id=None, sites=EVERYTHING):
            for _killed in range(3):
                assert services._begin(export, NOW)
        looked_after()
        given_up = as_it_is(export)
        assert (given_up.state, given_up.failure) == (ExportState.FAILED, ExportFailure.STOPPED)
        assert by_worker(export).state == ExportState.FAILED


def write_until_killed(export: Export) -> None:
    """Write in a process of its own, which waits for its end after two files."""
    _of_the_parent = connection.connection  # not closed: it would be closed for the parent too
    connection.connection = None
    services.tell_progress = lambda _row, done, _of: signal.pause() if done == 2 else None
    try:
        with scope(user_id=None, sites=EVERYTHING):
            write_export(export=export, at=NOW)
    finally:
        os._exit(1)


def alone(export: Export) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"exports:write:{export.pk}"]
        )
        return bool(cursor.fetchone()[0])


class TestEndedRights:
    @pytest.mark.parametrize("when", ["it waits", "it is written"])
    def test_what_whoever_asked_may_not_take_any_more_is_stopped(
        self, world: World, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
    ) -> None:
        """The account is closed while it waits; the role ends while it is written."""
        export = asked(world)
        told: dict[str, Any] = {"by": world.trial_manager, "at": NOW, "reason": "left"}
        if when == "it waits":
            with scope(user_id=None, sites=EVERYTHING):
                close_account(user=world.data_manager, **told)
        finish = services.finish_export

        def late(*args: Any) -> Export:
            with transaction.atomic():
                (grant,) = world.data_manager.delegations.filter(ended_at=None)
                trials.end_delegation(delegation=grant, on=NOW.date(), **told)
            return finish(*args)

        monkeypatch.setattr(services, "finish_export", late)
        stopped = by_worker(export)
        assert (stopped.state, stopped.failure) == (ExportState.FAILED, ExportFailure.RIGHT_ENDED)
        assert (stopped.runs or 0, stopped.digest) == (int(when == "it is written"), "")
        assert list(tmp_path.iterdir()) == []
        client.force_login(world.statistician)
        assert (
            "may not take these data any more" in client.get(f"/exports/{row_key(export)}/").content.decode()
        )

    def test_a_file_is_handed_out_by_the_rights_of_whoever_opens_the_link(
        self, world: World, client: Any
    ) -> None:
        export = taken(world, forms=["ELIG"], identifying=True)
        links = (f"/exports/{row_key(export)}/download/", f"/api/v1/exports/{row_key(export)}/file/")
        people = {"statistician": 403, "coordinator": 403, "inspector": 403, "data_manager": 200}
        for name, status in people.items():
            client.force_login(getattr(world, name))
            said = [call(link).status_code for link in links for call in (client.head, client.get)]
            assert said == [status] * 4, name
        with as_person(world.data_manager):
            assert {row.by_id for row in export.downloads.all()} == {world.data_manager.pk}
        client.logout()
        assert [client.get(link).status_code for link in links] == [302, 401]


class TestFile:
    def test_a_download_resumes_and_can_be_checked(self, world: World, client: Any) -> None:
        export = taken(world, forms=["ELIG"])
        whole, tag = path_of(export).read_bytes(), f'"{export.digest}"'
        client.force_login(world.data_manager)
        for address in (f"/api/v1/exports/{row_key(export)}/file/", f"/exports/{row_key(export)}/download/"):
            head = client.head(address)
            assert (head.status_code, head["ETag"], int(head["Content-Length"])) == (200, tag, len(whole))
            assert (head["Accept-Ranges"], head.content) == ("bytes", b"")
            first = client.get(address, headers={"Range": "bytes=0-99"})
            rest = client.get(address, headers={"Range": "bytes=100-", "If-Range": tag})
            assert (first.status_code, rest.status_code) == (206, 206)
            assert first["Content-Range"] == f"bytes 0-99/{len(whole)}"
            assert b"".join(first) + b"".join(rest) == whole
            last = client.get(address, headers={"Range": "bytes=-10"})
            assert b"".join(last) == whole[-10:]
            other = client.get(address, headers={"Range": "bytes=100-", "If-Range": '"another file"'})
            assert (other.status_code, b"".join(other)) == (200, whole)
            beyond = client.get(address, headers={"Range": f"bytes={len(whole)}-"})
            assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(whole)}")
            several = client.get(address, headers={"Range": "bytes=0-1,4-5"})
            assert (several.status_code, several["ETag"]) == (200, tag)
        page = client.get(f"/exports/{row_key(export)}/").content.decode()
        assert page.count("resumed from byte 100") == 2
        with as_person(world.data_manager):
            assert export.downloads.count() == 10
            assert {row.by_id for row in export.downloads.all()} == {world.data_manager.pk}
        assert "Data Manager" in page

    def test_it_is_deleted_after_its_days_and_the_register_stays(
        self, world: World, client: Any, settings: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        settings.EXPORT_KEEP_DAYS = 30
        export, kept = taken(world, forms=["ELIG"]), taken(world, forms=["ELIG"])
        with scope(user_id=None, sites=EVERYTHING):
            begin_lock(world, kept)
        with django_capture_on_commit_callbacks(execute=True):
            looked_after(LATER + timedelta(days=29))
        assert path_of(export).exists()
        with django_capture_on_commit_callbacks(execute=True):
            looked_after(LATER + timedelta(days=31))
        assert not path_of(export).exists()
        assert path_of(kept).exists()
        gone = as_it_is(export)
        assert (gone.state, gone.deleted_at) == (ExportState.DONE, LATER + timedelta(days=31))
        with as_person(world.data_manager):
            with pytest.raises(FileDeleted):
                hand_out(export=gone, by=world.data_manager, at=SOON)
            with pytest.raises(NoFileToDelete):
                delete_file(export=gone, by=world.data_manager, at=SOON)
            with pytest.raises(KeptForLock):
                delete_file(export=kept, by=world.data_manager, at=SOON)
        client.force_login(world.data_manager)
        assert client.head(f"/api/v1/exports/{row_key(export)}/file/").status_code == 410
        assert "The file was deleted" in client.get(f"/exports/{row_key(export)}/").content.decode()


def begin_lock(world: World, export: Export) -> None:
    from audit.acts import open_act

    with open_act("tests:lock:begin", by=None, at=NOW) as act:
        DatabaseLock.objects.create(
            purpose="primary analysis", begun_by=world.data_manager, begun_at=NOW, export=export, act=act
        )


class TestSaved:
    def save(self, world: World, rhythm: Rhythm, **more: Any) -> ExportDefinition:
        told: dict[str, Any] = {"name": "monthly review", "forms": ["ELIG"], "sites": ["01", "02"], **more}
        with as_person(world.data_manager):
            return save_definition(
                **told,
                purpose="data review",
                rhythm=rhythm,
                language="en",
                data_format="csv",
                by=world.data_manager,
                at=NOW,
            )

    def due(self, on: date) -> int:
        with scope(user_id=None, sites=EVERYTHING):
            return take_due(on=on, at=NOW)

    def test_a_saved_choice_is_taken_from_its_page(self, world: World, client: Any) -> None:
        client.force_login(world.data_manager)
        sent = {
            "name": "weekly look",
            "purpose": "data review",
            "rhythm": "never",
            "data_format": "xlsx",
            "forms": ["ELIG", "DM"],
            "sites": ["02"],
        }
        assert client.post("/exports/saved/new/", sent).status_code == 302
        assert client.post("/exports/saved/new/", sent).status_code == 422  # the name is taken
        assert "weekly look" in client.get("/exports/saved/").content.decode()
        with as_person(world.data_manager):
            definition = ExportDefinition.objects.get()
        assert client.post(f"/exports/saved/{row_key(definition)}/take/").status_code == 302
        with as_person(world.data_manager):
            export = Export.objects.get()
        assert (export.forms, export.site_codes, export.data_format) == (["ELIG", "DM"], ["02"], "xlsx")
        client.force_login(world.statistician)
        assert client.post(f"/exports/saved/{row_key(definition)}/take/").status_code == 404
        client.force_login(world.data_manager)
        client.post(f"/exports/saved/{row_key(definition)}/end/")
        assert "weekly look" not in client.get("/exports/saved/").content.decode()

    def test_a_rhythm_takes_it_once_a_day_and_its_owner_has_a_mail(self, world: World) -> None:
        self.save(world, Rhythm.MONTHLY)
        with pytest.raises(DefinitionNameTaken):
            self.save(world, Rhythm.MONTHLY)
        self.save(world, Rhythm.WEEKLY, name="weekly")
        self.save(world, Rhythm.NEVER, name="by hand")
        assert [self.due(date(2026, 12, day)) for day in (1, 1, 2, 7)] == [1, 0, 0, 1]
        with scope(user_id=None, sites=EVERYTHING):
            first, second = Export.objects.order_by("due_on")
        assert (first.due_on, second.due_on) == (date(2026, 12, 1), date(2026, 12, 7))
        by_worker(first)
        with scope(user_id=None, sites=EVERYTHING):
            (mail,) = Mail.objects.filter(kind="exports.ready")
        assert (mail.to_id, mail.subject) == (
            world.data_manager.pk,
            "Your export “monthly review” is ready",
        )
        assert f"/exports/{row_key(first)}/" in mail.body

    def test_one_whose_owner_may_not_take_it_any_more_is_stopped(self, world: World) -> None:
        self.save(world, Rhythm.MONTHLY)
        with scope(user_id=None, sites=EVERYTHING):
            (grant,) = world.data_manager.delegations.all()
            trials.end_delegation(
                delegation=grant, on=date(2026, 11, 30), by=world.trial_manager, at=NOW, reason="left"
            )
        assert self.due(date(2026, 12, 1)) == 1
        with scope(user_id=None, sites=EVERYTHING):
            export = Export.objects.get()
        assert (export.state, export.failure) == (ExportState.FAILED, ExportFailure.RIGHT_ENDED)
        assert by_worker(export).state == ExportState.FAILED
        assert json.dumps(export.manifest) == "{}"

    def test_a_choice_that_is_refused_by_now_is_stopped_and_stops_no_other(self, world: World) -> None:
        with scope(user_id=None, sites=EVERYTHING):
            participant = screen(world)
            trials.reveal_arm(participant=participant, arm="2", by=None, at=NOW)
        chosen = Selection(participants=(participant.number,))
        self.save(world, Rhythm.MONTHLY, name="one of site 01", sites=["01"], selection=chosen)
        self.save(world, Rhythm.MONTHLY, name="other")
        confirm(world, accepted(world, participant))
        assert self.due(date(2026, 12, 1)) == 2
        with scope(user_id=None, sites=EVERYTHING):
            moved, other = Export.objects.order_by("definition__name")
            act = Act.objects.get(pk=moved.act_id)
        assert (moved.state, moved.failure) == (ExportState.FAILED, ExportFailure.CHOICE_ENDED)
        assert act.reason == f"There is no participant {participant.number} at the chosen sites."
        assert other.state == ExportState.QUEUED
