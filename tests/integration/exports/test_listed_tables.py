"""The tables beside the forms: one list, each with codebook and codes, at any cut (issue point 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from exports.cuts import Cut
from exports.listed.catalogue import BY_NAME, TABLES, listed_files
from exports.masking import Tells
from tests.integration.exports.test_cuts import History
from tests.integration.exports.test_exports import files, kept_in, taken
from tests.world import NOW, World

__all__ = ["kept_in"]

CUT = Cut(at=NOW, is_past=False)
EVERY = list(BY_NAME)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)


def test_the_list_names_each_table_as_its_file_does_and_no_table_twice() -> None:
    made = [file.name for file in listed_files(CUT, BY_NAME)]
    assert made == [table.name for table in TABLES]
    assert len(set(made)) == len(made)
    assert [table.name for table in TABLES if table.on_request] == ["ACTS", "AUDIT_TRAIL"]


def test_a_column_that_names_the_arm_says_so() -> None:
    tells = {
        (file.name, column.header)
        for file in listed_files(CUT, BY_NAME)
        for column in file.columns
        if column.tells == Tells.ARM
    }
    assert tells == {("PARTICIPANTS", "ARM"), ("ALLOCATIONS", "ARM")}


@pytest.mark.django_db(transaction=True)
def test_every_table_leaves_with_codes_and_at_a_cut_as_it_stood(world: World) -> None:
    history = History(world)
    for step in ("answered", "arm_given", "milestone_moved", "visits_planned"):
        history.go_on(step)
    first = files(taken(world, forms=["ELIG", "STAGE"], tables=EVERY, cut_name="first"))
    assert {f"{name}.csv" for name in EVERY} < set(first)
    (screened,) = (row for row in first["SCREENING.csv"] if row["SUBJID"] == history.participant.number)
    assert screened["CONSENTED_ON"]
    assert {row["SITEID"] for row in first["SITES.csv"]} == {"01", "02"}
    assert {row["ROLE"] for row in first["DELEGATIONS.csv"] if not row["SITEID"]} >= {"data_manager"}
    assert first["CONSENT_TEXTS.csv"]
    codes = {(row["FILE"], row["VARIABLE"]) for row in first["CODELISTS.csv"]}
    assert codes >= {
        ("SITES.csv", "STATE"),
        ("DELEGATIONS.csv", "ROLE"),
        ("DATA_LOCKS.csv", "LEVEL"),
        ("SAFETY_CLOCKS.csv", "KIND"),
        ("QUERY_MESSAGES.csv", "WHAT"),
        ("ELIGIBILITY_EVIDENCE.csv", "CRITERION"),
    }
    for step in ("somebody_new", "answered", "row_removed", "site_number_changed"):
        history.go_on(step)
    whole: dict[str, Any] = {"forms": ["ELIG", "STAGE"], "tables": EVERY, "at": NOW + timedelta(days=1)}
    assert files(taken(world, cut="first", **whole)) == first
    assert files(taken(world, **whole))["SCREENING.csv"] != first["SCREENING.csv"]


@pytest.mark.django_db(transaction=True)
def test_the_trail_says_each_change_of_an_answer_with_act_and_reason(world: World) -> None:
    history = History(world)
    history.go_on("answered")
    history.go_on("answered")
    out: dict[str, Any] = files(taken(world, forms=["STAGE"], tables=["ACTS", "AUDIT_TRAIL"]))
    assert [
        (row["FILE"], row["BEFORE"], row["AFTER"])
        for row in out["AUDIT_TRAIL.csv"]
        if row["VARIABLE"] == "CT"
    ] == [("STAGE", "", "T3"), ("STAGE", "T3", "T2")]
    line = next(row for row in out["AUDIT_TRAIL.csv"] if row["AFTER"] == "T2")
    assert (line["SUBJID"], line["ACTED_BY"], line["REASON"]) == (
        history.participant.number,
        "",
        "Read again",
    )
    stations = [(row["ROW"], row["AFTER"]) for row in out["AUDIT_TRAIL.csv"] if row["FILE"] == "STAGE_NODE"]
    assert ("1", "7") in stations
    acts = {row["ACT"]: row for row in out["ACTS.csv"]}
    assert acts[line["ACT"]]["VERB"] == line["VERB"]
    assert "PARTICIPANTS.csv" not in out
    assert not any(row["VARIABLE"] == "BIRTH" for row in out["AUDIT_TRAIL.csv"])
