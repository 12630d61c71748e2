"""The copy of its records that a site keeps after its close-out (issue point 13 of the rare days), and before it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.test import Client
from lxml import etree

from audit.acts import open_act
from audit.leaf_format import kinds_of
from audit.models import Act
from crf.engine.submission import Answers
from crf.records.save import save_answers
from crf.store.records import NEW, record_key_of
from demo.servers.broker import EmbeddedBroker
from exports import tasks
from exports.odm.study import site_oid
from exports.services import FileChanged
from exports.site_copy import archive, services, trail, work
from exports.site_copy.services import (
    PAPERS_A_RUN,
    folder_of_copy,
    hand_out_copy,
    look_after_copies,
    make_site_copy,
    path_of_copy,
)
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from reports.site_versions import NOT_RECORDS, data_digest_of, path_to_participant, versioned_models
from tests.integration.exports.test_casebook import pages_of
from tests.integration.palace3.test_worker import Worker, broker, eventually, send, start_worker
from tests.integration.trials.test_closing import ask, confirm, to
from tests.world import NOW, PASSWORD, TODAY, World, as_person, screen
from tests.world_database import committed_world
from trials import services as trials
from trials.models import CloseOut, Participant, SiteCopy, SiteCopyDownload
from trials.models.closing import CopyFailure, CopyState
from trials.models.participants import Track
from trials.models.sites import SiteState
from trials.services import copies

__all__ = ["broker", "start_worker"]
pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)
QUICK_PDF = b"%PDF-1.7 quick"


@pytest.fixture(autouse=True)
def kept_in(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.MEDIA_ROOT = tmp_path / "exports"
    monkeypatch.setenv("EXPORT_ROOT", str(tmp_path / "exports"))
    return tmp_path / "exports"


@pytest.fixture
def quick(set_at_once: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pages are set at once, and the files of answers hold nothing."""

    def written_at_once(folder: Path, *_told: Any, **_more: Any) -> None:
        for name in ("snapshot.xml", "audit.xml"):
            (folder / name).write_text("<ODM/>", encoding="utf-8")

    monkeypatch.setattr(services, "write_answers", written_at_once)
    return set_at_once


@pytest.fixture
def set_at_once(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pages are set at once; what they say is kept."""
    said: list[str] = []

    def at_once(page: str) -> bytes:
        said.append(page)
        return QUICK_PDF

    monkeypatch.setattr(services, "set_long_page", at_once)
    return said


def closed_out(world: World, *, people: int = 2) -> CloseOut:
    for _each in range(people):
        screen(world)
    screen(world, site=world.other_site)
    to(world.site, SiteState.CLOSED, world)
    return confirm(world, ask(world))


def asked(world: World, close_out: CloseOut) -> SiteCopy:
    with as_person(world.investigator), transaction.atomic():
        return trials.ask_copy(close_out=close_out, by=world.investigator, at=NOW)


def read(pk: int) -> SiteCopy:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        rows = SiteCopy.objects.select_related("site", "close_out", "asked_by")
        row: SiteCopy = rows.get(pk=pk)
        return row


def made(copy: SiteCopy) -> SiteCopy:
    tasks.site_copy(copy.pk)
    return read(copy.pk)


def looked_after(*, at: datetime) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        look_after_copies(at=at)


def files_in(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        return {name.partition("/")[2]: opened.read(name) for name in opened.namelist()}


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def assert_whole(copy: SiteCopy, people: list[str]) -> dict[str, bytes]:
    """The file is the one in the register, holds what it says, and each digest is right."""
    path = path_of_copy(copy)
    assert copy.state == CopyState.READY
    assert (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size) == (copy.digest, copy.size)
    found = files_in(path)
    casebooks = {f"casebooks/{number}-{language}.pdf" for number in people for language in ("en", "zh-hans")}
    others = {"README.txt", "README.zh.txt", "manifest.json", "SHA256SUMS", "verify_copy.py"}
    others |= {f"audit/{name}" for name in ("proofs.jsonl", "seals.json", "anchors.json")}
    tables = {f"audit/{name}.csv" for name in ("acts", "signatures", "people", "versions")}
    answers = {f"odm/{name}.xml" for name in ("snapshot", "audit")}
    assert set(found) == casebooks | others | tables | answers
    listed = {each["file"]: each["sha256"] for each in json.loads(found["manifest.json"])["files"]}
    summed = dict(reversed(line.split("  ")) for line in found["SHA256SUMS"].decode().splitlines())
    for name, content in found.items():
        digest = hashlib.sha256(content).hexdigest()
        assert name == "SHA256SUMS" or summed[name] == digest
        assert name in {"SHA256SUMS", "manifest.json"} or listed[name] == digest
    return found


def numbers(world: World) -> list[str]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return list(Participant.objects.filter(site=world.site).values_list("number", flat=True))


def test_rare_13_the_copy_holds_the_casebooks_and_the_audit_trail_of_the_site(world: World) -> None:
    copy = made(asked(world, closed_out(world, people=1)))
    (number,) = numbers(world)
    found = assert_whole(copy, [number])
    for language, words in (("en", "Casebook"), ("zh-hans", "病例册")):
        text = "".join(pages_of(found[f"casebooks/{number}-{language}.pdf"], f"copy-{language}"))
        assert words in text
        assert number in text
    assert path_of_copy(copy).stat().st_mode & 0o777 == 0o600
    assert not folder_of_copy(copy).exists()
    acts = table(found["audit/acts.csv"])
    assert {"trials:participant:register", "trials:consent:record", "trials:close_out:confirm"} <= {
        each["VERB"] for each in acts
    }
    assert all(each["WORDS_EN"] and each["WORDS_ZH"] != each["WORDS_EN"] for each in acts)
    signed = [(each["BY"], each["MEANING"]) for each in table(found["audit/signatures.csv"])]
    assert signed == [("trial_manager", "Close-out asked for"), ("investigator", "Close-out confirmed")]
    rows = table(found["audit/versions.csv"])
    assert {"trials_participant", "trials_consent"} <= {each["TABLE"] for each in rows}
    assert {each["ACT"] for each in rows} <= {each["ACT"] for each in acts}
    assert "not in it" in found["README.txt"].decode()
    assert "副本" in found["README.zh.txt"].decode()


def test_rare_13_nothing_of_another_site_and_no_secret_is_in_the_copy(world: World, quick: list[str]) -> None:
    copy = made(asked(world, closed_out(world)))
    found = assert_whole(copy, numbers(world))
    assert not any(name.startswith("casebooks/02-") for name in found)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        theirs = {str(each.pk) for each in Participant.objects.filter(site=world.other_site)}
    rows = table(found["audit/versions.csv"])
    assert not theirs & {each["ROW"] for each in rows if each["TABLE"] == "trials_participant"}
    assert not theirs & {str(json.loads(each["CONTENT"]).get("participant_id")) for each in rows}
    assert not any("02-0001" in page for page in quick)
    assert "randomization_envelope" not in {each["TABLE"] for each in rows}


def test_rare_13_every_recorded_table_about_a_participant_is_in_the_copy_or_named_as_left_out() -> None:
    recorded = {model.pgh_tracked_model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")}
    about = {model._meta.label for model in recorded if path_to_participant(model)}
    copied = {model.pgh_tracked_model._meta.label for model, _path in versioned_models()}
    assert about - copied == NOT_RECORDS & about
    assert {"trials.Participant", "crf.Record", "crf.Query", "crf.QueryMessage", "followup.Visit"} <= copied
    assert not {"randomization.Envelope", "randomization.ListPart", "trials.ContactRequest"} & copied
    for model in apps.get_app_config("crf").get_models():
        if model.__module__.startswith("crf.catalogue") and model in recorded:
            assert model._meta.label in copied


def test_every_column_of_the_copy_that_may_count_rows_stands_as_a_key() -> None:
    """A row number that is no foreign key is named by its model (``NUMBERS``); acts keep theirs (ADR 62)."""
    plain = {
        f"{model._meta.db_table}.{field.column}"
        for model in (Act, *(model for model, _path in versioned_models()))
        for field in model._meta.concrete_fields
        if isinstance(field, models.BigIntegerField) and field.column not in kinds_of(model)
    }
    assert plain == {"audit_act.id"}
    assert kinds_of(Act) == {
        "by_id": "accounts_user",
        "site_id": "trials_site",
        "participant_id": "trials_participant",
        "transaction": "transaction",
    }


def test_rare_13_asked_for_twice_there_is_one_copy(world: World, quick: list[str]) -> None:
    close_out = closed_out(world)
    first, second = asked(world, close_out), asked(world, close_out)
    assert first.pk == second.pk
    done = made(first)
    digest, sets = done.digest, len(quick)
    assert made(first).digest == digest
    assert len(quick) == sets, "what is ready is not made again"
    third = asked(world, close_out)

    def beside() -> None:
        told: dict[str, Any] = {"close_out": close_out, "site": third.site, "asked_at": NOW}
        with (
            scope(user_id=None, sites=EVERYTHING),
            open_act("tests:copy:twice", by=None, at=NOW, site=world.site) as act,
        ):
            SiteCopy.objects.create(asked_by=world.investigator, act=act, **told)

    with pytest.raises(DatabaseError, match="one_being_made"):
        beside()


def test_rare_13_only_what_was_downloaded_and_still_stands_is_confirmed(
    world: World, quick: list[str]
) -> None:
    close_out = closed_out(world)
    copy = asked(world, close_out)

    def confirmed(of: SiteCopy) -> CloseOut:
        with as_person(world.investigator), transaction.atomic():
            told: dict[str, Any] = {"copy": read(of.pk), "data_digest": data_digest_of(world.site)}
            return trials.confirm_copy(**told, password=PASSWORD, by=world.investigator, at=LATER)

    with pytest.raises(copies.CopyNotReady):
        confirmed(copy)
    made(copy)
    with as_person(world.monitor):
        hand_out_copy(copy=read(copy.pk), by=world.monitor, at=LATER)
    with pytest.raises(copies.CopyNotDownloaded):
        confirmed(copy)
    with as_person(world.investigator):
        hand_out_copy(copy=read(copy.pk), by=world.investigator, at=LATER)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        person = Participant.objects.filter(site=world.site).first()
        assert person is not None
        trials.correct_track(participant=person, to=Track.SCREEN_FAIL, on=TODAY, by=None, at=LATER)
    with pytest.raises(copies.CopyOutdated):
        confirmed(copy)
    newer = asked(world, close_out)
    with pytest.raises(copies.CopyReplaced):
        confirmed(copy)
    made(newer)
    with as_person(world.investigator):
        hand_out_copy(copy=read(newer.pk), by=world.investigator, at=LATER)
    done = confirmed(newer)
    assert done.copy_digest == read(newer.pk).digest == done.copy_signature.digest
    with pytest.raises(copies.CopyConfirmed):
        asked(world, close_out)


def test_rare_13_the_database_wants_a_digest_with_the_confirmation(world: World) -> None:
    close_out = closed_out(world, people=0)

    def confirmed_without() -> None:
        with (
            as_person(world.investigator),
            open_act("tests:copy:confirm", by=None, at=NOW, site=world.site) as act,
        ):
            CloseOut.objects.filter(pk=close_out.pk).update(
                copy_confirmed_by=world.investigator,
                copy_confirmed_at=NOW,
                copy_signature=close_out.confirming_signature,
                act=act,
            )

    with pytest.raises(DatabaseError, match="copy_whole"):
        confirmed_without()


class Killed(BaseException):
    """The process ends here."""


STEPS: dict[str, tuple[Any, str]] = {
    "a paper is kept": (work, "keep"),
    "the trail is written": (services, "write_trail"),
    "a table of the trail is written": (trail, "_write"),
    "the archive is begun": (services, "write_archive"),
    "a digest is taken": (archive, "digest_of_file"),
    "the archive is packed": (archive, "_zip"),
    "the row is written": (services, "finish_copy"),
    "the folder is cleared": (services, "clear"),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_rare_13_wherever_the_worker_dies_a_later_run_makes_the_copy_whole(
    world: World, quick: list[str], monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    copy = asked(world, closed_out(world))
    (module, name), times = STEPS[step], [2]
    whole: Callable[..., Any] = getattr(module, name)

    def dies(*told: Any, **more: Any) -> Any:
        times[0] -= 1
        if times[0] == 0 and when == "before":
            raise Killed
        result = whole(*told, **more)
        if times[0] == 0:
            raise Killed
        return result

    if step in {"the trail is written", "the archive is begun", "the archive is packed"} | {
        "the row is written",
        "the folder is cleared",
    }:
        times[0] = 1
    with monkeypatch.context() as patched, transaction.atomic(), scope(user_id=None, sites=EVERYTHING):
        patched.setattr(module, name, dies)
        with pytest.raises(Killed):
            make_site_copy(copy=read(copy.pk), at=NOW)
    stands = read(copy.pk)
    if stands.state == CopyState.MAKING:
        with as_person(world.investigator), pytest.raises(copies.CopyNotReady):
            hand_out_copy(copy=stands, by=world.investigator, at=LATER)
    done = made(copy)
    assert_whole(done, numbers(world))
    looked_after(at=LATER)
    assert [each.name for each in path_of_copy(done).parent.iterdir() if "palace3" in each.name] == [
        done.file_name
    ]


def test_rare_13_papers_of_who_moved_while_the_copy_was_made_are_made_anew(
    world: World, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, sent = asked(world, closed_out(world)), []
    monkeypatch.setattr(services, "send", lambda *told, **_more: sent.append(told))
    whole = services._papers_missing

    def moved(*told: Any) -> bool:
        found = whole(*told)
        with transaction.atomic():
            person = Participant.objects.filter(site=world.site).first()
            assert person is not None
            trials.correct_track(participant=person, to=Track.SCREEN_FAIL, on=TODAY, by=None, at=LATER)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(services, "_papers_missing", moved)
        assert made(copy).state == CopyState.MAKING
    assert sent == [("exports:site_copy", copy.pk)]
    done = made(copy)
    assert_whole(done, numbers(world))
    assert len(quick) == 6, (
        "both papers of the one whose data moved were made of the old and of the new state"
    )
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert done.data_digest == data_digest_of(world.site)


def test_rare_13_a_large_site_is_copied_in_several_runs(
    world: World, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, sent = asked(world, closed_out(world)), []
    monkeypatch.setattr(services, "PAPERS_A_RUN", 3)
    monkeypatch.setattr(services, "send", lambda *told, **_more: sent.append(told))
    assert made(copy).state == CopyState.MAKING
    assert (len(quick), sent) == (3, [("exports:site_copy", copy.pk)])
    assert_whole(made(copy), numbers(world))
    assert len(quick) == 4
    assert PAPERS_A_RUN > 1


def test_rare_13_a_copy_that_cannot_be_made_says_why(
    world: World, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    close_out = closed_out(world)

    def fails(error: Exception) -> SiteCopy:
        def write(*_told: Any, **_more: Any) -> None:
            raise error

        copy = asked(world, close_out)
        with monkeypatch.context() as patched:
            patched.setattr(services, "write_archive", write)
            return made(copy)

    full = fails(OSError(28, "No space left on device"))
    assert (full.state, full.failure) == (CopyState.FAILED, CopyFailure.NOT_WRITTEN)
    assert not folder_of_copy(full).exists()
    with pytest.raises(ZeroDivisionError):
        fails(ZeroDivisionError())
    page = Client()
    page.force_login(world.investigator)
    said = page.get("/sites/01/close-out/").text
    assert "The file could not be written" in said
    assert "A fault of the program" in said
    waiting = asked(world, close_out)
    with as_person(world.investigator):
        trials.end_close_out(close_out=close_out, reason="one form", by=world.investigator, at=NOW)
    assert made(waiting).failure == CopyFailure.TAKEN_BACK


def test_rare_13_the_pages_make_download_and_confirm_the_copy(
    world: World, quick: list[str], time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    closed_out(world)
    client = {
        name: Client() for name in ("investigator", "trial_manager", "monitor", "coordinator", "stranger")
    }
    for name, each in client.items():
        each.force_login(getattr(world, name))
    page = "/sites/01/close-out/"
    assert "No copy has been made yet" in client["investigator"].get(page).text
    assert client["trial_manager"].post(f"{page}copies/new/", {"_key": "k" * 32}).status_code == 302
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        copy = SiteCopy.objects.get()
    assert "The copy is being made" in client["investigator"].get(page).text
    assert "copies/new" not in client["investigator"].get(page).text
    file, sign = f"{page}copies/{row_key(copy)}/", f"{page}copies/{row_key(copy)}/confirm/"
    assert client["investigator"].post(file).status_code == 409
    copy = made(copy)
    assert sign not in client["investigator"].get(page).text, "it has not been downloaded"
    assert client["investigator"].post(sign, {"password": PASSWORD}).status_code == 409
    assert client["trial_manager"].post(file).status_code == 403
    assert client["coordinator"].post(file).status_code == 403
    assert client["stranger"].post(file).status_code in {403, 404}
    assert file not in client["trial_manager"].get(page).text
    assert file in client["monitor"].get("/sites/01/").text
    for name in ("monitor", "investigator"):
        answer = client[name].post(file)
        assert answer.status_code == 200
        assert hashlib.sha256(b"".join(answer)).hexdigest() == copy.digest  # type: ignore[arg-type]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        downloads = SiteCopyDownload.objects.order_by("pk").values_list("by__username", flat=True)
        assert list(downloads) == ["monitor", "investigator"]
        assert Act.objects.filter(verb="trials:site_copy:download").count() == 2
    assert sign in client["investigator"].get(page).text
    assert copy.digest in client["investigator"].get(sign).text
    assert client["investigator"].post(sign, {"password": "wrong"}).status_code == 422
    assert client["investigator"].post(sign, {"password": PASSWORD}).status_code == 302
    said = client["trial_manager"].get(page).text
    assert copy.digest in said
    assert "confirmed with a signature" in said
    assert client["trial_manager"].post(f"{page}copies/new/", {"_key": "l" * 32}).status_code == 409


def test_rare_13_a_copy_that_is_behind_the_data_is_not_offered_for_confirmation(
    world: World, quick: list[str]
) -> None:
    copy = made(asked(world, closed_out(world)))
    client = Client()
    client.force_login(world.investigator)
    answer = client.post(f"/sites/01/close-out/copies/{row_key(copy)}/")
    assert hashlib.sha256(b"".join(answer)).hexdigest() == copy.digest  # type: ignore[arg-type]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        person = Participant.objects.filter(site=world.site).first()
        assert person is not None
        trials.correct_track(participant=person, to=Track.SCREEN_FAIL, on=TODAY, by=None, at=LATER)
    said = client.get("/sites/01/close-out/").text
    assert "Records have changed since" in said
    assert "/confirm/" not in said


def test_rare_13_a_file_that_was_altered_is_not_handed_out(world: World, quick: list[str]) -> None:
    copy = made(asked(world, closed_out(world)))
    with path_of_copy(copy).open("ab") as file:
        file.write(b"x")
    with as_person(world.investigator), pytest.raises(FileChanged):
        hand_out_copy(copy=copy, by=world.investigator, at=LATER)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert not SiteCopyDownload.objects.exists()


def test_rare_13_the_file_is_deleted_when_its_time_is_over(world: World, quick: list[str]) -> None:
    close_out = closed_out(world)
    first, second = made(asked(world, close_out)), made(asked(world, close_out))
    looked_after(at=LATER)
    assert read(first.pk).file_deleted_at == LATER, "a newer one is ready"
    assert not path_of_copy(first).exists()
    with as_person(world.investigator), transaction.atomic():
        hand_out_copy(copy=second, by=world.investigator, at=LATER)
        told: dict[str, Any] = {"copy": second, "data_digest": data_digest_of(world.site)}
        trials.confirm_copy(**told, password=PASSWORD, by=world.investigator, at=LATER)
    looked_after(at=LATER + copies.KEPT_FOR)
    assert path_of_copy(second).exists(), "the site may download it once more"
    after = LATER + copies.KEPT_FOR + timedelta(seconds=1)
    looked_after(at=after)
    kept = read(second.pk)
    assert not path_of_copy(second).exists()
    assert (kept.file_deleted_at, kept.digest) == (after, second.digest)
    with as_person(world.investigator), pytest.raises(copies.CopyDeleted):
        hand_out_copy(copy=kept, by=world.investigator, at=after)


def test_rare_13_a_close_out_that_is_taken_back_leaves_no_file(world: World, quick: list[str]) -> None:
    close_out = closed_out(world)
    copy = made(asked(world, close_out))
    with as_person(world.trial_manager):
        trials.end_close_out(close_out=close_out, reason="a query", by=world.trial_manager, at=NOW)
    looked_after(at=LATER)
    assert not path_of_copy(copy).exists()
    assert read(copy.pk).file_deleted_at == LATER


def test_trust_04_a_site_that_works_takes_its_copy_with_its_answers(
    world: World, set_at_once: list[str]
) -> None:
    """At any time, and again: nothing is closed, and answers come as ODM of this site alone."""
    own, theirs = working(world)
    client = {name: Client() for name in ("investigator", "trial_manager", "monitor", "stranger")}
    for name, each in client.items():
        each.force_login(getattr(world, name))
    page = "/sites/01/copies/"
    assert "No copy has been made yet" in client["investigator"].get(page).text
    assert client["trial_manager"].post(f"{page}new/", {"_key": "k" * 32}).status_code == 403
    for key in ("l", "m"):
        assert client["investigator"].post(f"{page}new/", {"_key": key * 32}).status_code == 302
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        copy = SiteCopy.objects.get()
    done = made(copy)
    found = assert_whole(done, numbers(world))
    assert "not closed out" in found["README.txt"].decode()
    for name, kind in (("snapshot", "Snapshot"), ("audit", "Transactional")):
        tree = etree.fromstring(found[f"odm/{name}.xml"])
        assert tree.get("FileType") == kind
        people = [each.get("SubjectKey") for each in tree.iter("{*}SubjectData")]
        assert people == [own.number]
        assert (next(tree.iter("{*}AuditRecord"), None) is None) == (name == "snapshot")
        named = {each.get("OID") for tag in ("User", "Location") for each in tree.iter(f"{{*}}{tag}")}
        meant = {each.get("UserOID") for each in tree.iter("{*}UserRef")}
        assert meant | {each.get("LocationOID") for each in tree.iter("{*}LocationRef")} <= named
        told = table(found["audit/people.csv"])
        assert {each["USERNAME"] for each in told} & {"coordinator", "stranger"} == {"coordinator"}
        assert {each for each in named if each and each.startswith("USR.")} == {
            "USR.SYSTEM",
            *(f"USR.{each['PERSON']}" for each in told),
        }
        assert site_oid(world.other_site.code) not in named
        assert theirs.number.encode() not in found[f"odm/{name}.xml"]
    file = f"/sites/01/close-out/copies/{row_key(done)}/"
    assert file in client["monitor"].get(page).text
    answer = client["investigator"].post(file)
    assert hashlib.sha256(b"".join(answer)).hexdigest() == done.digest  # type: ignore[arg-type]
    assert client["stranger"].post(file).status_code == client["stranger"].get(page).status_code == 403
    again = made(asked_while_working(world))
    looked_after(at=LATER)
    assert (read(done.pk).file_deleted_at, path_of_copy(again).exists()) == (LATER, True)
    looked_after(at=LATER + copies.KEPT_FOR + timedelta(days=1))
    assert not path_of_copy(again).exists()


def working(world: World) -> tuple[Participant, Participant]:
    """A participant of the site with answers, one of them changed, and one of the other site."""
    own, theirs = screen(world), screen(world, site=world.other_site)
    with as_person(world.coordinator), transaction.atomic():
        place = record_key_of(participant=own, form="STAGE")
        told: dict[str, Any] = {"record_key": place, "by": world.coordinator, "at": NOW}
        first = save_answers(answers=Answers(values={"ct": "T3"}), version=NEW, **told)
        changed = Answers(values={"ct": "T4"}, reason="read anew")
        save_answers(answers=changed, version=first.version, **told)
    return own, theirs


def asked_while_working(world: World) -> SiteCopy:
    with as_person(world.investigator), transaction.atomic():
        return trials.ask_living_copy(site=world.site, by=world.investigator, at=NOW)


def test_trust_04_a_site_that_is_closed_out_is_copied_by_its_close_out_alone(
    world: World, quick: list[str]
) -> None:
    asked_while_working(world)
    closed_out(world, people=0)
    with pytest.raises(copies.CopyAtCloseOut):
        asked_while_working(world)


@pytest.mark.django_db(transaction=True)
def test_rare_13_a_worker_that_is_killed_in_the_middle_is_followed_by_one_that_makes_it_whole(
    broker: EmbeddedBroker, start_worker: Callable[[str], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("celery.app.task.Task.delay", lambda *_told, **_more: None)
    world = committed_world()
    copy = asked(world, closed_out(world))
    casebooks = folder_of_copy(copy) / "content" / "casebooks"
    first = start_worker("first")
    send(broker, "exports:site_copies")  # what beat sends every ten minutes
    assert eventually(lambda: len(list(casebooks.glob("*.pdf"))) >= 2, within=60), first.log.read_text()
    first.kill()
    kept = list(casebooks.glob("*.pdf"))
    stands = read(copy.pk)
    assert (stands.state, path_of_copy(copy).exists()) == (CopyState.MAKING, False)
    with as_person(world.investigator), pytest.raises(copies.CopyNotReady):
        hand_out_copy(copy=stands, by=world.investigator, at=LATER)
    heir = start_worker("heir")
    send(broker, "exports:site_copies")
    assert eventually(lambda: read(copy.pk).state == CopyState.READY, within=90), heir.log.read_text()
    assert_whole(read(copy.pk), numbers(world))
    assert 2 <= len(kept) < 4, "it was killed in the middle"
