"""An export says exactly what it holds, and holds exactly what the database has."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import zipfile
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.permissions import Permission
from crf import catalogue
from exports import writing
from exports.cuts import Cut
from exports.listed.catalogue import BY_NAME, listed_files
from exports.models import Export, ExportState
from exports.selected.selection import Selection
from exports.services import (
    CutInFuture,
    FileChanged,
    NothingChosen,
    PurposeMissing,
    UnknownSite,
    hand_out,
    path_of,
    request_export,
    write_export,
)
from exports.tables import files_of
from exports.writing import RowsMissing
from kernel.scope import EVERYTHING, scope
from tests.world import NOW, World, as_person, screen

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)
SELECTED = {each.name for each in fields(Selection)}


@pytest.fixture(autouse=True)
def kept_in(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def taken(world: World, **scope_of: Any) -> Export:
    values: dict[str, Any] = {"forms": list(catalogue.forms()), "sites": ["01", "02"], "purpose": "test"}
    asked_at, by = scope_of.pop("at", LATER), scope_of.pop("by", world.data_manager)
    chosen = {name: scope_of.pop(name) for name in SELECTED if name in scope_of}
    if by.may(Permission.EXPORT_ARM):
        chosen.setdefault("arm", "shown")
    with as_person(by):
        whole = {**values, **scope_of, "selection": Selection(**chosen)}
        export = request_export(**whole, by=by, at=asked_at)
        with scope(user_id=None, sites=EVERYTHING):
            return write_export(export=export, at=LATER)


def files(export: Export) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(path_of(export)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".csv")]
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))) for name in names
        }


def test_an_export_is_readable_by_its_owner_alone(world: World) -> None:
    before = os.umask(0o022)
    try:
        path = path_of(taken(world, forms=["ELIG"]))
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_manifest_counts_every_file(world: World) -> None:
    screen(world)
    export = taken(world)
    with zipfile.ZipFile(path_of(export)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    read = files(export)
    assert {one["file"] for one in manifest["files"]} == set(read)
    for one in manifest["files"]:
        assert one["expected"] == one["written"] == len(read[one["file"]]), one
    assert (manifest["requested_by"], manifest["purpose"]) == ("data_manager", "test")


def test_an_empty_trial_has_the_same_columns(world: World) -> None:
    export = taken(world)
    with zipfile.ZipFile(path_of(export)) as archive:
        header = archive.read("PATH.csv").decode("utf-8-sig").splitlines()[0].split(",")
    assert header[:6] == ["STUDYID", "SITEID", "SUBJID", "VISIT", "VISITSEQ", "FORMSEQ"]
    assert {"YPT", "YPT_MISS", "FORM_STATE"} <= set(header)


def test_only_the_sites_asked_for_are_in_it(world: World) -> None:
    screen(world)
    screen(world, site=world.other_site)
    assert {row["SITEID"] for row in files(taken(world, sites=["02"]))["PARTICIPANTS.csv"]} == {"02"}


def test_every_exported_code_is_in_the_code_lists(world: World) -> None:
    lists = files(taken(world))["CODELISTS.csv"]
    assert {(row["FORM"], row["VARIABLE"], row["CODE"]) for row in lists} >= {("PATH", "YPT", "T4a")}


def test_a_file_short_of_a_row_stops_the_export_and_nothing_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    screen(world)
    counted = writing._expected
    monkeypatch.setattr(
        writing, "_expected", lambda *a: [rows + (n == 0) for n, rows in enumerate(counted(*a))]
    )
    with pytest.raises(RowsMissing, match=r"PARTICIPANTS should have 2 rows and has 1"):
        taken(world)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [Cut(at=NOW, is_past=False), Cut(at=NOW)])
def test_rows_that_a_join_would_lose_are_counted(cut: Cut) -> None:
    for file in (
        *listed_files(cut, BY_NAME),
        *(file for form in catalogue.forms().values() for file in files_of(form, cut=cut)),
    ):
        assert " p ON " not in file.counted, file.name
        assert " v ON " not in file.counted, file.name


def test_memory_does_not_grow_with_the_rows() -> None:
    passed_on = io.BytesIO()
    tally, row = writing._Tally(passed_on), b"x" * 1000
    for _row in range(2000):
        tally.put(row)
        assert len(tally.held) < writing.HELD_AT_MOST + len(row)
    tally.pass_on()
    assert passed_on.getvalue() == row * 2000
    assert tally.digest.hexdigest() == hashlib.sha256(row * 2000).hexdigest()


def test_nothing_chosen_is_refused(world: World) -> None:
    with pytest.raises(NothingChosen):
        taken(world, forms=[])
    with pytest.raises(NothingChosen):
        taken(world, sites=[])
    with pytest.raises(CutInFuture):
        taken(world, cut_at=datetime(2030, 1, 1, tzinfo=UTC))


def test_a_site_that_is_none_and_a_purpose_that_is_none_are_refused(world: World) -> None:
    """Else the register would name a site of which the file holds nothing."""
    with pytest.raises(UnknownSite):
        taken(world, sites=["01", "99"])
    with pytest.raises(PurposeMissing):
        taken(world, purpose="  ")


def test_taking_and_handing_out_are_acts(world: World) -> None:
    from audit.models import Act

    export = taken(world)
    with as_person(world.data_manager):
        hand_out(export=export, by=world.data_manager, at=LATER)
        verbs = set(Act.objects.filter(verb__startswith="exports:").values_list("verb", flat=True))
    steps = ("export:request", "export:begin", "export:write", "cut:settle", "export:download")
    assert verbs == {f"exports:{step}" for step in steps}


def test_a_file_that_was_touched_is_not_handed_out(world: World) -> None:
    export = taken(world)
    path_of(export).write_bytes(b"something else")
    with as_person(world.data_manager), pytest.raises(FileChanged):
        hand_out(export=export, by=world.data_manager, at=LATER)


def test_writing_twice_gives_the_same_file(world: World) -> None:
    export = taken(world)
    digest = export.digest
    with scope(user_id=None, sites=EVERYTHING):
        assert write_export(export=export, at=LATER).digest == digest
    assert export.state == ExportState.DONE


def test_a_coordinator_takes_no_export(world: World, client: Any) -> None:
    client.force_login(world.coordinator)
    assert client.get("/exports/new/").status_code == 403
