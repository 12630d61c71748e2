"""Casebooks of a site or of the whole trial: one file each with its digest, through kills and a second time."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import signal
import time
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from pypdf import PdfReader

from accounts.models import User
from audit.models import Act
from exports import tasks
from exports.casebooks import papers, services
from exports.jobs.progress import progress_of
from exports.jobs.services import cancel_export, look_after_exports
from exports.models import Export, ExportFailure, ExportState
from exports.packages import CasebooksNotYours
from exports.selected.selection import Selection
from exports.services import OnlyAsItStands, hand_out, path_of, request_export
from kernel.long_paper import set_long_page
from kernel.scope import EVERYTHING, scope
from tests.archival import faults_of_archive
from tests.integration.exports.test_exports import kept_in
from tests.world import NOW, World, as_person, screen
from trials.models.people import with_grants

__all__ = ["kept_in"]

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)
SIGNED_ON = date(2026, 4, 28)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The exports for which a lane was sent for."""
    numbers: list[int] = []
    monkeypatch.setattr("exports.tasks.write.delay", lambda _pk: None)
    monkeypatch.setattr("exports.tasks.casebooks.delay", numbers.append)
    return numbers


@pytest.fixture
def set_at_once(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that were set; the PDF is their own bytes, since setting one takes seconds."""
    pages: list[str] = []

    def set_long_page(page: str) -> bytes:
        pages.append(page)
        return page.encode()

    monkeypatch.setattr(services, "set_long_page", set_long_page)
    return pages


def asked(world: World, **more: Any) -> Export:
    told: dict[str, Any] = {"forms": ["ELIG"], "sites": ["01", "02"], "purpose": "archive", **more}
    by: User = told.pop("by", world.data_manager)
    with as_person(by), transaction.atomic():
        return request_export(**told, data_format="casebooks", by=by, at=NOW)


def as_it_is(export: Export) -> Export:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Export.objects.get(pk=export.pk)


def by_workers(export: Export, runs: int = 9) -> Export:
    with scope(user_id=None, sites=EVERYTHING):
        tasks.write.run(export.pk)
        for _run in range(runs):
            tasks.casebooks.run(export.pk)
    return as_it_is(export)


def listed(export: Export) -> dict[str, dict[str, str]]:
    """The casebooks by participant, as the archive lists them; each has the digest that it says."""
    with zipfile.ZipFile(path_of(export)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("CASEBOOKS.csv").decode("utf-8-sig"))))
        for row in rows:
            assert hashlib.sha256(archive.read(row["FILE"])).hexdigest() == row["SHA256"]
    said = {file["file"]: file["sha256"] for file in export.manifest["files"]}
    assert {row["FILE"]: row["SHA256"] for row in rows}.items() <= said.items()
    return {row["SUBJID"]: row for row in rows}


def digests(export: Export) -> dict[str, str]:
    return {number: row["SHA256"] for number, row in listed(export).items()}


def test_each_participant_has_a_pdf_of_its_own_and_the_next_time_only_who_changed_is_made(
    world: World, set_at_once: list[str]
) -> None:
    people = [screen(world, signed_on=SIGNED_ON) for _each in range(7)]
    first = by_workers(asked(world))
    assert (first.state, len(set_at_once)) == (ExportState.DONE, 7)
    assert set(listed(first)) == {each.number for each in people}
    assert not papers.folder_of(first).exists()
    changed = screen(world, signed_on=SIGNED_ON)
    second = by_workers(asked(world))
    assert [changed.number in page for page in set_at_once[7:]] == [True]
    told = listed(second)
    assert {number for number, row in told.items() if row["MADE_IN_EXPORT"] == str(second.pk)} == {
        changed.number
    }
    assert digests(first).items() < digests(second).items()
    of_two = asked(world, selection=Selection(participants=(people[0].number, changed.number)))
    assert set(listed(by_workers(of_two))) == {people[0].number, changed.number}
    in_chinese = by_workers(asked(world, language="zh-hans", sites=["01"]))
    assert len(set_at_once) == 8 + 8
    assert all(row["FILE"].endswith("-zh-hans.pdf") for row in listed(in_chinese).values())


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_loses_the_casebook_in_hand_and_the_digests_are_those_of_an_unbroken_run(
    world: World, sent: list[int], tmp_path: Path
) -> None:
    people = [screen(world, signed_on=SIGNED_ON) for _each in range(4)]
    export = asked(world)
    with scope(user_id=None, sites=EVERYTHING):
        tasks.write.run(export.pk)
    assert sent == [export.pk] * services.LANES
    worker = os.fork()
    if worker == 0:
        make_until_killed(export)
    until = time.monotonic() + 60
    while papers.number_made(export) < 2 or not (papers.place_of(export, people[2].number)).exists():
        assert time.monotonic() < until
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    assert papers.number_made(export) == 2
    before = {
        place.parent.name: place.read_bytes() for place in papers.folder_of(export).glob("papers/*/*.pdf")
    }
    done = by_workers(export)  # beat, or the broker, gives it to another
    assert (done.state, done.runs) == (ExportState.DONE, 1)
    assert [path.name for path in tmp_path.iterdir()] == [done.file_name]
    after = digests(done)
    assert set(after) == {each.number for each in people}
    assert {
        number: hashlib.sha256(pdf).hexdigest() for number, pdf in before.items()
    }.items() <= after.items()
    assert made_without_a_break(done, people) == after


def make_until_killed(export: Export) -> None:
    """Make casebooks in a process of its own, which waits for its end with the third in hand."""
    _of_the_parent = connection.connection  # not closed: it would be closed for the parent too
    connection.connection = None

    def set_two(page: str) -> bytes:
        if papers.number_made(export) == 2:
            signal.pause()
        return set_long_page(page)

    vars(services)["set_long_page"] = set_two
    try:
        with scope(user_id=None, sites=EVERYTHING):
            tasks.casebooks.run(export.pk)
    finally:
        os._exit(1)


def made_without_a_break(export: Export, people: list[Any]) -> dict[str, str]:
    """The digests of the same casebooks, each made anew from the start; they are PDF/A with a page and an outline."""
    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            whole = Export.objects.select_related("requested_by").get(pk=export.pk)
            act = Act.objects.filter(verb="exports:export:begin").get()
        reader = with_grants(whole.requested_by, on=NOW.date())
        assert whole.begun_at
        begun = papers.BegunCasebooks(act.pk, whole.begun_at, 0)
        path_of(whole).rename(path_of(whole).with_suffix(".away"))  # nothing is taken over
        made = [services._casebook(whole, each, reader, begun, LATER) for each in people]
    for _note, pdf in made:
        document = PdfReader(io.BytesIO(pdf))
        assert (len(document.pages) >= 1, bool(document.outline)) == (True, True)
        assert faults_of_archive(pdf) == []
    path_of(whole).with_suffix(".away").rename(path_of(whole))
    return {note.number: note.sha256 for note, _pdf in made}


def test_progress_is_told_and_a_cancelled_one_leaves_nothing(
    world: World, set_at_once: list[str], tmp_path: Path
) -> None:
    for _each in range(6):
        screen(world, signed_on=SIGNED_ON)
    export = asked(world)
    by_workers(export, runs=1)
    progress = progress_of(export)
    assert progress is not None
    assert (progress.done, progress.of) == (services.CASEBOOKS_A_RUN, 6)
    with as_person(world.data_manager):
        cancel_export(export=export, by=world.data_manager, at=LATER)
    assert by_workers(export, runs=2).state == ExportState.CANCELLED
    assert (list(tmp_path.iterdir()), len(set_at_once)) == ([], 5)


def test_one_that_makes_nothing_again_and_again_is_given_up_and_one_that_goes_on_is_not(
    world: World, set_at_once: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _each in range(3):
        screen(world, signed_on=SIGNED_ON)
    export = asked(world)
    monkeypatch.setattr("exports.jobs.services.is_idle", lambda *_args, **_more: True)
    for _killed in range(3):
        by_workers(export, runs=0)
    with scope(user_id=None, sites=EVERYTHING):
        look_after_exports(at=NOW + timedelta(hours=1))
    given_up = as_it_is(export)
    assert (given_up.state, given_up.failure) == (ExportState.FAILED, ExportFailure.STOPPED)
    assert not papers.folder_of(export).exists()
    assert papers.is_idle(export, at=NOW, after=timedelta(minutes=2))


def test_who_may_have_casebooks_and_of_which_moment(world: World, set_at_once: list[str]) -> None:
    screen(world, signed_on=SIGNED_ON)
    with pytest.raises(CasebooksNotYours):
        asked(world, by=world.statistician)
    with pytest.raises(OnlyAsItStands):
        asked(world, cut_at=NOW - timedelta(days=1))
    done = by_workers(asked(world))
    assert done.selection
    assert done.selection["identifying"] is True
    with scope(user_id=None, sites=EVERYTHING):
        assert Act.objects.filter(verb="exports:identifying:take").count() == 1
    with as_person(world.statistician), pytest.raises(CasebooksNotYours):
        hand_out(export=done, by=world.statistician, at=LATER)


def test_the_command_makes_them_without_a_worker(
    world: World, set_at_once: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person = screen(world, signed_on=SIGNED_ON)
    options = ("--as", world.data_manager.username, "--purpose", "archive", "--format", "casebooks")
    call_command("export", *options, "--out", str(tmp_path / "out"))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"casebook-{person.number}-en.pdf", "CASEBOOKS.csv", "manifest.json"}
    assert person.number in capsys.readouterr().out
