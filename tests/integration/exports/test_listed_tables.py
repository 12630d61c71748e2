"""The tables beside the forms: one list, each with codebook and codes, at any cut (issue point 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from exports.cuts import Cut
from exports.listed.catalogue import BY_NAME, TABLES, listed_files
from exports.listed.system import KINDS_OF_OPERATIONS
from exports.masking import Tells
from exports.services import hand_out
from kernel.scope import EVERYTHING, scope
from operations.models import OperationKind
from operations.services import OperationFile, QualificationFinding, record_operation
from tests.integration.exports.test_cuts import History
from tests.integration.exports.test_exports import LATER, files, kept_in, taken
from tests.world import NOW, World
from trials.services.people import close_account

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
    assert [table.name for table in TABLES if table.on_request] == [
        *("EXPORTS", "EXPORT_DOWNLOADS", "ACCOUNTS", "LIFE_CYCLE"),
        *("ACTS", "AUDIT_TRAIL"),
    ]


def test_a_column_that_names_the_arm_says_so() -> None:
    tells = {
        (file.name, column.header)
        for file in listed_files(CUT, BY_NAME)
        for column in file.columns
        if column.tells == Tells.ARM
    }
    assert tells == {("PARTICIPANTS", "ARM"), ("ALLOCATIONS", "ARM")}


def test_the_kinds_of_operations_are_those_of_their_model() -> None:
    assert dict(OperationKind.choices) == KINDS_OF_OPERATIONS


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
        ("SIGNATURES.csv", "ROLE"),
        ("ACTS.csv", "ROLE"),
        ("AUDIT_TRAIL.csv", "ROLE"),
        ("EXPORTS.csv", "ARM_SHOWN"),
        ("LIFE_CYCLE.csv", "KIND"),
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


@pytest.mark.django_db(transaction=True)
def test_exports_taken_accounts_by_date_and_the_life_cycle_leave_as_tables(world: World) -> None:
    """What was taken and by whom, who could sign in since when, what was done to the installation."""
    before = taken(world, forms=["ELIG"], cut_name="before")
    taken(world, forms=["ELIG"], sites=["02"])
    everybody = scope(user_id=None, sites=EVERYTHING)
    with everybody, transaction.atomic():
        download = hand_out(export=before, by=world.data_manager, at=LATER)
        by: dict[str, Any] = {"by": world.trial_manager, "at": LATER}
        close_account(user=world.stranger, reason="Left the hospital", **by)
        seen = QualificationFinding("Dump", is_well=True, seen="7 bytes")
        file = OperationFile(digest="d" * 64, size=7)
        record_operation(OperationKind.BACKUP, took=timedelta(minutes=1), findings=[seen], file=file, **by)
    assert download
    told: dict[str, Any] = {"forms": ["ELIG"], "at": NOW + timedelta(days=1)}
    told["tables"] = ["EXPORTS", "EXPORT_DOWNLOADS", "ACCOUNTS", "LIFE_CYCLE"]
    now, then = files(taken(world, sites=["01"], **told)), files(taken(world, cut="before", **told))
    (listed,) = (row for row in now["EXPORTS.csv"] if row["EXPORT"] == str(before.pk))
    assert (listed["REQUESTED_BY"], listed["PURPOSE"], listed["STATE"], listed["DIGEST"]) == (
        *(world.data_manager.username, "test", "done"),
        before.digest,
    )
    assert [row["SITES"] for row in now["EXPORTS.csv"]] == ["01 02", "01"]
    assert [(row["EXPORT"], row["DOWNLOADED_BY"]) for row in now["EXPORT_DOWNLOADS.csv"]] == [
        (str(before.pk), world.data_manager.username)
    ]
    turns = [row for row in now["ACCOUNTS.csv"] if row["PERSON"] == world.stranger.username]
    assert turns == []  # of another site
    stood = files(taken(world, **told))["ACCOUNTS.csv"]
    turns = [row for row in stood if row["PERSON"] == world.stranger.username]
    assert [(row["MAY_SIGN_IN"], row["BY"], row["REASON"]) for row in turns][1:] == [
        ("N", world.trial_manager.username, "Left the hospital")
    ]
    assert [row["MAY_SIGN_IN"] for row in then["ACCOUNTS.csv"] if row["PERSON"] == turns[0]["PERSON"]] == [
        "Y"
    ]
    assert [(row["KIND"], row["PASSED"], row["DIGEST"]) for row in now["LIFE_CYCLE.csv"]] == [
        ("backup", "Y", "d" * 64)
    ]
    assert (then["LIFE_CYCLE.csv"], then["EXPORT_DOWNLOADS.csv"]) == ([], [])
