"""A cut that was read once is read again byte for byte, whatever happens after it, and in another cluster too."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction

from exports.kept_cuts.services import CutHasName, CutNameTaken, OneCutOnly, UnknownCut, name_cut, settle_cuts
from exports.models import Export, KeptCut
from exports.services import path_of
from kernel.days import written_moment
from kernel.scope import EVERYTHING, scope
from tests.integration.exports.test_cuts import MADE, History, in_a_thread
from tests.integration.exports.test_exports import kept_in, taken
from tests.world import NOW, ZONE, World, as_person, screen
from trials import services as trials

__all__ = ["kept_in"]

FORMS = ["ELIG", "STAGE", "AE"]
LATER = NOW + timedelta(days=2)
NUMBERED = 1_000_000  # an act that the test writes for its changes
KEYS = {"pgh_id", "pgh_obj_id", "id", "act_id", "pgh_label", "pgh_created_at"}


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)


def data_files(export: Export) -> dict[str, bytes]:
    with zipfile.ZipFile(path_of(export)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}


def change_everything(owner: psycopg.Connection[Any]) -> set[str]:
    """Each row of each audited table has one more version, in which every text, number, day and moment is another."""
    owner.execute("SET session_replication_role = replica")
    owner.execute(
        "INSERT INTO audit_act (id, verb, role, at, stored_at, transaction, reason, request_id) VALUES "
        "(%s, 'tests:all:change', '', now(), now(), pg_current_xact_id()::text::bigint, 'test', '')",
        [NUMBERED],
    )
    changed = set()
    for model in apps.get_models():
        table = model._meta.db_table
        if not hasattr(model, "pgh_tracked_model") or not table.endswith("event"):
            continue
        columns = owner.execute(
            "SELECT column_name, data_type, character_maximum_length FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name = %s",
            [table],
        ).fetchall()
        names = [name for name, _kind, _most in columns if name != "pgh_id"]
        values = [_another(name, kind) for name, kind, _most in columns if name != "pgh_id"]
        spelled = ", ".join(f'"{name}"' for name in names)
        rows = owner.execute(
            f"INSERT INTO {table} ({spelled}) SELECT {', '.join(values)} FROM "  # noqa: S608 (names of the catalogue)
            f"(SELECT DISTINCT ON (pgh_obj_id) * FROM {table} ORDER BY pgh_obj_id, pgh_id DESC) e"
        ).rowcount
        if rows:
            changed.add(table)
    owner.execute("SET session_replication_role = origin")
    return changed


def _another(name: str, kind: str) -> str:
    column = f'e."{name}"'
    if name == "act_id":
        return str(NUMBERED)
    if name in KEYS or name.endswith("_id"):
        return column
    if kind == "date":
        return f"{column} + 1"
    if kind.startswith("timestamp"):
        return f"{column} + interval '1 day'"
    if kind in ("integer", "bigint", "smallint"):
        return f"{column} + 1"
    return f"NOT {column}" if kind == "boolean" else column


def settled(name: str) -> KeptCut:
    """Return the cut once it is settled: transactions of other databases of the server were open with it, too."""
    until = time.monotonic() + 60
    while True:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            settle_cuts(at=NOW + timedelta(minutes=7))
            kept: KeptCut = KeptCut.objects.get(name=name)
        if kept.settled_at is not None:
            return kept
        assert time.monotonic() < until, "a transaction of before the cut is open still"
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_a_named_cut_is_the_same_byte_for_byte_whatever_changes(world: World, superuser: Any) -> None:
    history = History(world)
    for step in ("answered", "arm_given", "milestone_moved", "visits_planned", "somebody_new", "answered"):
        history.go_on(step)
    stored, go = threading.Event(), threading.Event()

    def hang_open() -> None:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            history.row_removed()
            trials.register_participant(site=world.other_site, by=world.stranger, at=NOW)
            stored.set()
            go.wait(30)

    thread = in_a_thread(hang_open)
    assert stored.wait(30)
    screen(world)  # an act with a later number than those in flight, and seen
    first = taken(world, forms=FORMS, cut_name="committee 3")
    then = data_files(first)
    with scope(user_id=None, sites=EVERYTHING):
        assert settle_cuts(at=NOW + timedelta(minutes=6)) == 0  # one transaction is open still
    go.set()
    thread.join()
    assert data_files(again(world)) == then  # read by numbers of transactions; settled afterwards
    kept = settled("committee 3")
    assert (kept.name, len(kept.unseen_acts or ())) == ("committee 3", 2)
    for step in ("somebody_new", "answered", "arm_given", "milestone_moved", "site_number_changed"):
        history.go_on(step)
    assert {"trials_participantevent", "followup_visitevent"} < change_everything(superuser)
    # Restored elsewhere, each act has been written by a transaction with another number.
    superuser.execute("SET session_replication_role = replica")
    superuser.execute("UPDATE audit_act SET transaction = (id * 7919) %% 1000 + 3", [])
    superuser.execute("SET session_replication_role = origin")
    second = again(world)
    assert data_files(second) == then
    assert (second.manifest["read_by"], second.manifest["cut"]) == ("snapshot", "committee 3")
    assert second.manifest["data_as_of"] == first.manifest["data_as_of"]
    now = data_files(taken(world, forms=FORMS))
    assert {name for name in then if name.endswith(".csv") and now[name] == then[name]} >= MADE
    assert now["PARTICIPANTS.csv"] != then["PARTICIPANTS.csv"]


def again(world: World) -> Export:
    return taken(world, forms=FORMS, cut="committee 3", at=LATER)


@pytest.mark.django_db
def test_a_name_is_given_once_and_a_cut_is_chosen_or_read_anew(world: World) -> None:
    taken(world, forms=["ELIG"], cut_name="committee 3")
    with pytest.raises(CutNameTaken):
        taken(world, forms=["ELIG"], cut_name="committee 3")
    with pytest.raises(UnknownCut):
        taken(world, forms=["ELIG"], cut="committee 4")
    with pytest.raises(CutHasName):
        taken(world, forms=["ELIG"], cut="committee 3", cut_name="committee 4")
    with pytest.raises(OneCutOnly):
        taken(world, forms=["ELIG"], cut="committee 3", cut_at=NOW)
    unnamed = taken(world, forms=["ELIG"], at=NOW + timedelta(minutes=6)).cut
    assert unnamed
    with as_person(world.data_manager):
        named = name_cut(kept=unnamed, cut_name="committee 4", by=world.data_manager, at=LATER)
        with pytest.raises(CutHasName):
            name_cut(kept=named, cut_name="committee 5", by=world.data_manager, at=LATER)


@pytest.mark.django_db
def test_page_api_and_command_offer_the_named_cut(world: World, client: Any, tmp_path: Path) -> None:
    first = taken(world, forms=["ELIG"], cut_name="committee 3")
    client.force_login(world.data_manager)
    assert first.cut
    moment = written_moment(first.cut.cut_at.astimezone(ZoneInfo(ZONE)))
    assert moment.endswith(" UTC+8")
    assert f">committee 3 · {moment}<" in client.get("/exports/new/").content.decode()
    sent = {
        "forms": ["ELIG"],
        "sites": ["01"],
        "purpose": "again",
        "data_format": "csv",
        "cut": "committee 3",
    }
    assert client.post("/exports/new/", sent).status_code == 302
    body = {"forms": ["ELIG"], "sites": ["01"], "purpose": "by a program", "cut": "committee 3"}
    answer = client.post("/api/v1/exports/", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["cut"]) == (202, "committee 3")
    listed = client.get("/api/v1/exports/cuts/").json()["results"]
    assert [(one["name"], one["read_by"]) for one in listed] == [("committee 3", "moment of storing")]
    with as_person(world.data_manager):
        asked = {row.purpose: row.cut_id for row in Export.objects.all()}
    assert set(asked.values()) == {first.cut_id}
    said = io.StringIO()
    told: dict[str, Any] = {"person": "data_manager", "purpose": "again", "forms": ["ELIG"], "format": "csv"}
    call_command("export", stdout=said, out=tmp_path / "out", cut="committee 3", **told)
    manifest = json.loads(said.getvalue())
    assert (manifest["cut"], manifest["data_as_of"]) == ("committee 3", first.manifest["data_as_of"])
    with pytest.raises(CommandError, match="no cut named"):
        call_command("export", stdout=said, out=tmp_path / "none", cut="committee 9", **told)


@pytest.mark.django_db(transaction=True)
def test_the_present_moment_is_kept_from_its_page_and_exported_later(world: World, client: Any) -> None:
    history = History(world)
    history.go_on("answered")
    client.force_login(world.data_manager)
    stood = data_files(taken(world, forms=FORMS))
    assert client.post("/exports/cuts/take/", {"cut_name": "committee 3"}).status_code == 302
    assert client.post("/exports/cuts/take/", {"cut_name": "committee 3"}).status_code == 422
    history.go_on("somebody_new")
    export = again(world)
    assert data_files(export) == stood
    assert export.manifest["read_by"] == "snapshot"
