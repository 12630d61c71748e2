"""The codebook tells of every column of every file, keys and states too (issue point 11)."""

from __future__ import annotations

import pytest

from exports.cuts import Cut
from exports.tables import files_of
from exports.writing import KEYS
from tests.integration.exports.test_exports import files, kept_in, taken
from tests.world import NOW, World

__all__ = ["kept_in"]
pytestmark = pytest.mark.django_db


def test_point_11_the_codebook_names_every_column_in_its_order(world: World) -> None:
    import zipfile

    from exports.services import path_of

    export = taken(world)
    book = files(export)["CODEBOOK.csv"]
    with zipfile.ZipFile(path_of(export)) as archive:
        for name in archive.namelist():
            if name.endswith(".csv") and name not in {"CODEBOOK.csv", "CODELISTS.csv"}:
                header = archive.read(name).decode("utf-8-sig").splitlines()[0].split(",")
                rows = [row for row in book if row["FILE"] == name]
                assert [row["VARIABLE"] for row in rows] == header, name
                assert all(row["LABEL"] and row["TYPE"] for row in rows), name


def test_point_11_the_codebook_says_that_keys_with_zeros_are_texts(world: World) -> None:
    types = {(row["FILE"], row["VARIABLE"]): row["TYPE"] for row in files(taken(world))["CODEBOOK.csv"]}
    for file in ("PARTICIPANTS.csv", "MILESTONES.csv", "VISITS.csv", "ELIG.csv", "STAGE_NODE.csv"):
        assert types[file, "SITEID"] == types[file, "SUBJID"] == "text"
    keys = {key: types["STAGE.csv", key] for key in KEYS}
    assert keys == {
        "STUDYID": "text",
        "SITEID": "text",
        "SUBJID": "text",
        "VISIT": "code",
        "VISITSEQ": "integer",
        "FORMSEQ": "integer",
    }


def test_point_11_code_lists_hold_missing_reasons_and_states(world: World) -> None:
    lists = {(row["FILE"], row["VARIABLE"], row["CODE"]) for row in files(taken(world))["CODELISTS.csv"]}
    assert lists >= {
        ("PATH.csv", "YPT_MISS", "NAP"),
        ("PATH.csv", "FORM_STATE", "locked"),
        ("PARTICIPANTS.csv", "STATE", "RANDOMISED"),
        ("VISITS.csv", "STATE", "planned"),
    }


def test_point_11_an_old_version_leaves_under_the_code_of_today() -> None:
    from crf import catalogue

    past, now = (
        next(files_of(catalogue.form("PATH"), cut=Cut(at=NOW, is_past=is_past))).select
        for is_past in (True, False)
    )
    assert "WHEN 'NA' THEN 'NAP'" in past
    assert "WHEN '28-8' THEN '28_8'" in past
    assert "CASE f.missing" not in now
