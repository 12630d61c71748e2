"""What is selected leaves and nothing else; the arm shown, masked or absent; identifying answers by their own right."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from audit.models import Act
from crf import catalogue
from exports.listed.catalogue import TABLES, USUAL
from exports.masking import KEPT_FORMS, kept_visits, treatments_of_one_arm
from exports.models import ArmLetters, Export
from exports.selected.selection import (
    ColumnFilter,
    DaysInDisorder,
    ParticipantNotSelectable,
    Selection,
    TableView,
    UnknownColumn,
    UnknownState,
    UnknownTable,
    UnknownVisit,
    UnreadableFilter,
)
from exports.selected.services import ExportWithArmNotYours, IdentifyingNotYours, NotInThisFormat
from exports.services import hand_out, path_of
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.exports.test_cuts import History
from tests.integration.exports.test_exports import files, kept_in, taken
from tests.world import NOW, TODAY, World, as_person

__all__ = ["kept_in"]

FORMS = ["ELIG", "STAGE", "TREAT", "AE", "SAE", "QOL"]
NOTHING: list[str] = []


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)


@pytest.fixture
def lived(world: World) -> History:
    """Two participants: one staged and with an arm, the other new."""
    history = History(world)
    for step in ("answered", "arm_given", "milestone_moved", "visits_planned"):
        history.go_on(step)
    first = history.participant
    history.go_on("somebody_new")
    history.other, history.participant = history.participant, first  # type: ignore[attr-defined]
    return history


def manifest(export: Export) -> dict[str, Any]:
    with zipfile.ZipFile(path_of(export)) as archive:
        said: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return said


@pytest.mark.django_db
def test_participants_visits_states_and_days_narrow_and_the_manifest_says_where(
    world: World, lived: History
) -> None:
    number = lived.participant.number
    export = taken(world, forms=["ELIG", "STAGE"], participants=(number,))
    rows = files(export)
    assert {row["SUBJID"] for rows_of in rows.values() for row in rows_of if row.get("SUBJID")} == {number}
    assert rows["SITES.csv"]
    narrowed_by = {one["file"]: one["narrowed_by"] for one in manifest(export)["files"]}
    assert (narrowed_by["STAGE.csv"], narrowed_by["SITES.csv"]) == (["participants"], [])
    assert export.manifest["selection"] == {"participants": [number], "arm": "shown"} == export.selection
    assert {row["VISIT"] for row in files(taken(world, visits=("N1",)))["VISITS.csv"]} == {"N1"}
    started = files(taken(world, forms=["ELIG", "STAGE"], states=("in_progress",)))
    assert {row["FORM_STATE"] for row in started["STAGE.csv"]} == {"in_progress"}
    assert files(taken(world, forms=["STAGE"], states=("locked",)))["STAGE.csv"] == []
    day = NOW.date()
    today = files(taken(world, forms=["STAGE"], since=day, until=day))
    assert len(today["STAGE.csv"]) == 1
    assert today["STAGE_NODE.csv"]
    past = files(taken(world, forms=["STAGE"], until=TODAY - timedelta(days=2)))
    assert past["STAGE.csv"] == past["STAGE_NODE.csv"] == past["PARTICIPANTS.csv"] == []


@pytest.mark.django_db
def test_tables_are_named_and_a_view_leaves_just_as_it_is_seen(world: World, lived: History) -> None:
    rows = files(taken(world, forms=["STAGE"], tables=("SITES", "DELEGATIONS")))
    assert set(rows) - {"CODEBOOK.csv", "CODELISTS.csv"} >= {"SITES.csv", "DELEGATIONS.csv", "STAGE.csv"}
    assert "PARTICIPANTS.csv" not in rows
    seen = TableView("STAGE_NODE", ("SUBJID", "STATION"), (ColumnFilter("ROW", "least", "2"),), ("-STATION",))
    only = files(taken(world, forms=["STAGE"], tables=(), view=seen))
    assert only.keys() == {"STAGE_NODE.csv", "CODEBOOK.csv", "CODELISTS.csv"}
    assert only["STAGE_NODE.csv"] == [{"SUBJID": lived.participant.number, "STATION": "8"}]
    assert [row["VARIABLE"] for row in only["CODEBOOK.csv"]] == ["SUBJID", "STATION"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("chosen", "refusal"),
    [
        ({"participants": ("01-9999",)}, ParticipantNotSelectable),
        ({"visits": ("N99",)}, UnknownVisit),
        ({"states": ("done",)}, UnknownState),
        ({"tables": ("NOWHERE",)}, UnknownTable),
        ({"since": TODAY, "until": TODAY - timedelta(days=1)}, DaysInDisorder),
        ({"view": TableView("AE", ("NOTHING",))}, UnknownColumn),
        ({"view": TableView("AE", (), (ColumnFilter("FORMSEQ", "least", "x"),))}, UnreadableFilter),
    ],
)
def test_what_does_not_exist_is_refused_by_its_name(world: World, chosen: Any, refusal: Any) -> None:
    with pytest.raises(refusal):
        taken(world, forms=["AE"], **chosen)


@pytest.mark.django_db
def test_a_masked_arm_is_a_or_b_alike_and_nothing_beside_it_unmasks(world: World, lived: History) -> None:
    export = taken(world, forms=FORMS, arm="masked")
    rows = files(export)
    (person,) = (row for row in rows["PARTICIPANTS.csv"] if row["SUBJID"] == lived.participant.number)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        letters = ArmLetters.objects.get()
    assert person["ARM"] == ("A" if letters.arm_of_a == "2" else "B")
    assert {row["ARM"] for row in rows["PARTICIPANTS.csv"]} == {person["ARM"], ""}
    assert "STATE" not in person
    assert {"TREAT.csv", "MILESTONES.csv", "QUERIES.csv", "COMMENTS.csv", "DATA_LOCKS.csv"}.isdisjoint(rows)
    assert {row["VISIT"] for row in rows["VISITS.csv"]} <= set(kept_visits())
    left_out = {each["file"]: each["columns"] for each in manifest(export)["left_out"]}
    assert left_out["TREAT"] == []
    assert {"REL_CAMRE", "ACTION_CAMRE"} <= set(left_out["AE"])
    assert "SAE_ARM" in left_out["SAE"]
    told = {
        name: of for name, of in rows.items() if name != "CODEBOOK.csv"
    }  # that one says what is asked, of nobody
    text = json.dumps(told).lower()
    assert not any(name in text for name in treatments_of_one_arm())
    again = files(taken(world, forms=FORMS, arm="masked"))
    assert again["PARTICIPANTS.csv"] == rows["PARTICIPANTS.csv"]
    asked = [row for row in rows["CODEBOOK.csv"] if row["CLASSIFICATION"] and row["DERIVED"] == "N"]
    assert {row["FILE"] for row in asked} >= {"AE.csv", "QOL.csv", "STAGE.csv"}
    assert not [row for row in asked if row["TYPE"] == "text"]


def test_masking_is_read_from_the_protocol_and_keeps_no_visit_of_one_arm() -> None:
    assert treatments_of_one_arm() == ("camrelizumab",)
    assert {"SCR", "N1", "OS36"} <= set(kept_visits())
    assert {"CRE-1", "RST", "SF90", "AS-06", "FU-06", "SURG-1", "SURG-2"}.isdisjoint(kept_visits())
    assert set(KEPT_FORMS) <= set(catalogue.forms())
    assert "MILESTONES" not in [table.name for table in TABLES if table.when_masked]


def test_what_leaves_masked_is_listed_for_the_study_team_to_confirm() -> None:
    said = (
        (Path(__file__).parents[3] / "docs" / "exports.md")
        .read_text()
        .partition("## Masked: to be confirmed")[2]
    )
    table = [line for line in said.partition("\n## ")[0].splitlines() if line.startswith("|")]
    rows = dict(line.split("|")[1:3] for line in table)
    told = {kind.strip(): {name.strip(",:") for name in names.split()} for kind, names in rows.items()}
    assert told["forms"] == set(KEPT_FORMS)
    assert set(kept_visits()) <= told["visits"]
    assert {table.name for table in TABLES if table.when_masked} == told["tables"]


@pytest.mark.django_db
def test_the_arm_and_identifying_answers_have_rights_of_their_own(
    world: World, lived: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = taken(world, forms=["ELIG"], identifying=True)
    assert "BIRTH" in header(whole, "ELIG")
    assert "BIRTH" not in header(taken(world, forms=["ELIG"]), "ELIG")
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        act = Act.objects.get(verb="exports:identifying:take")
    assert (act.by, act.reason) == (world.data_manager, f"{row_key(whole)}: test")
    less = ROLE_PERMISSIONS[Role.DATA_MANAGER] - {Permission.EXPORT_ARM, Permission.EXPORT_IDENTIFYING}
    monkeypatch.setitem(ROLE_PERMISSIONS, Role.DATA_MANAGER, less)
    absent = taken(world, forms=FORMS)
    assert absent.selection == {"arm": "absent"}
    assert "ARM" not in header(absent, "PARTICIPANTS")
    assert "SAE_ARM" not in header(absent, "SAE")
    assert {"file": "PARTICIPANTS", "columns": ["ARM"]} in manifest(absent)["left_out"]
    for chosen, refusal in (
        ({"arm": "shown"}, ExportWithArmNotYours),
        ({"identifying": True}, IdentifyingNotYours),
        ({"data_format": "odm132"}, NotInThisFormat),
    ):
        with pytest.raises(refusal):
            taken(world, forms=["ELIG"], **chosen)
    with as_person(world.data_manager), pytest.raises(ExportWithArmNotYours):
        hand_out(export=whole, by=world.data_manager, at=NOW)


def header(export: Export, name: str) -> list[str]:
    with zipfile.ZipFile(path_of(export)) as archive:
        return next(csv.reader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig"))))


@pytest.mark.django_db
def test_documents_take_participants_and_refuse_the_rest_by_name(world: World, lived: History) -> None:
    number = lived.participant.number
    export = taken(world, forms=["STAGE"], data_format="odm132", participants=(number,))
    with zipfile.ZipFile(path_of(export)) as archive:
        odm = archive.read("odm.xml").decode()
    assert number in odm
    assert lived.other.number not in odm  # type: ignore[attr-defined]
    with pytest.raises(NotInThisFormat, match="visits, arm masked"):
        taken(world, forms=["STAGE"], data_format="odm20", visits=("N1",), arm="masked")


@pytest.mark.django_db
def test_the_command_and_the_program_select_as_the_page_does(
    world: World, lived: History, client: Any, tmp_path: Path
) -> None:
    number = lived.participant.number
    said = io.StringIO()
    told: dict[str, Any] = {"person": "data_manager", "purpose": "look", "forms": ["STAGE"], "format": "csv"}
    call_command(
        "export",
        stdout=said,
        out=tmp_path / "a",
        participants=[number],
        arm="masked",
        tables=["SITES"],
        **told,
    )
    by_command = json.loads(said.getvalue())
    wanted = {"participants": [number], "arm": "masked", "tables": ["SITES"]}
    assert by_command["selection"] == wanted
    assert {path.name for path in (tmp_path / "a").glob("*.csv")} >= {"SITES.csv", "STAGE.csv"}
    for kind in ("sdtm-xpt", "dataset-json"):
        with pytest.raises(CommandError, match="arm of everybody"):
            call_command(
                "export",
                stdout=said,
                out=tmp_path / "b",
                arm="masked",
                **{**told, "forms": [], "format": kind},
            )
    client.force_login(world.data_manager)
    body = {"forms": ["STAGE"], "sites": ["01", "02"], "purpose": "look", **wanted}
    answer = client.post("/api/v1/exports/", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["selection"]) == (202, wanted)
    wrong = client.post(
        "/api/v1/exports/", json.dumps(body | {"arm": "hidden"}), content_type="application/json"
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "exports.unknown_arm_shown")
    page = {"forms": ["STAGE"], "sites": ["01"], "purpose": "look", "data_format": "csv"}
    chosen = {"participants": number, "tables": ["SITES"], "arm": "masked"}
    assert client.post("/exports/new/", page | chosen).status_code == 302
    with as_person(world.data_manager):
        assert Export.objects.order_by("-pk").first().selection == wanted  # type: ignore[union-attr]
    shown = client.get(f"/exports/{answer.json()['id']}/").content.decode()
    assert number in shown
    assert "A and B" in shown


Tables = dict[str, list[dict[str, str]]]


def by_command(out: Path, *options: str) -> Tables:
    """Take the screening and staging forms and two tables with the options, as somebody types them."""
    told = ("--as", "data_manager", "--purpose", "look", "--forms", "ELIG", "STAGE")
    named = ("--tables", "PARTICIPANTS", "VISITS")
    call_command("export", *told, *named, *options, "--out", str(out), stdout=io.StringIO())
    return {
        path.stem: list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        for path in out.glob("*.csv")
    }


@pytest.mark.django_db
def test_each_option_of_the_command_is_seen_in_what_leaves(
    world: World, lived: History, tmp_path: Path
) -> None:
    number, other = lived.participant.number, lived.other.number  # type: ignore[attr-defined]

    def left(*options: str) -> Tables:
        return by_command(tmp_path / "-".join(options).replace("/", ""), *options)

    def arm(rows: Tables) -> str | None:
        return next(row.get("ARM") for row in rows["PARTICIPANTS"] if row["SUBJID"] == number)

    usual = left("--cut-name", "committee")
    assert {row["SUBJID"] for row in usual["PARTICIPANTS"]} == {number, other}
    assert len({row["VISIT"] for row in usual["VISITS"]}) > 1
    assert len(usual["STAGE"]) == 1
    assert {row["VISIT"] for row in left("--visits", "N1", "N2")["VISITS"]} == {"N1", "N2"}
    assert left("--states", "in_progress")["STAGE"] == usual["STAGE"]
    assert left("--states", "locked", "signed")["STAGE"] == []
    assert left("--until", "2026-11-18")["STAGE"] == left("--since", "2026-11-22")["STAGE"] == []
    assert left("--since", "2026-11-20", "--until", "2026-11-20")["STAGE"] == usual["STAGE"]
    named = {row["VARIABLE"]: row["LABEL"] for row in usual["CODEBOOK"]}
    assert "BIRTH" in {row["VARIABLE"] for row in left("--identifying")["CODEBOOK"]} - named.keys()
    assert (arm(usual), arm(left("--arm", "absent"))) == (None, None)
    assert arm(left("--arm", "shown")) == "2"
    assert arm(left("--arm", "masked")) in {"A", "B"}
    assert left("--participants", other)["STAGE"] == []
    labels = {row["VARIABLE"]: row["LABEL"] for row in left("--lang", "zh")["CODEBOOK"]}
    assert labels.keys() == named.keys()
    assert "中心" in labels["SITEID"]
    assert "中心" not in named["SITEID"]
    assert left("--as-of", "2020-01-01T00:00:00+08:00")["PARTICIPANTS"] == []
    lived.go_on("row_removed")
    lived.go_on("somebody_new")
    now, then = left("--lang", "en"), left("--cut", "committee")
    assert (len(now["STAGE_NODE"]), len(now["PARTICIPANTS"])) == (1, 3)
    assert then == usual


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--visits", "N99"), "plans a visit N99"),
        (("--participants", "01-9999"), "no participant 01-9999"),
        (("--states", "done"), "invalid choice: 'done'"),
        (("--tables", "NOWHERE"), "invalid choice: 'NOWHERE'"),
        (("--arm", "hidden"), "invalid choice: 'hidden'"),
        (("--lang", "fr"), "invalid choice: 'fr'"),
        (("--until", "soon"), "soon is no day"),
        (("--since", "2026-11-20", "--until", "2026-11-19"), "comes after 2026-11-19"),
        (("--as-of", "2020-01-01T00:00:00"), "is no moment"),
        (("--as-of", "2100-01-01T00:00:00Z"), "has not come yet"),
        (("--cut", "third"), "no cut named “third”"),
        (("--cut", "third", "--as-of", "2020-01-01T00:00:00Z"), "an export shows one moment"),
        (("--cut-name", "x" * 81), "has 81 characters"),
        (("--as", "statistician", "--identifying"), "no right to take answers that could say who"),
    ],
    ids=lambda each: " ".join(each)[:40] if isinstance(each, tuple) else "",
)
def test_an_option_that_cannot_be_is_refused_in_a_sentence(
    world: World, options: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=said):
        by_command(tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_a_selection_is_kept_and_read_again() -> None:
    chosen = Selection(
        participants=("01-0001",),
        since=TODAY,
        tables=USUAL[:2],
        arm="masked",
        view=TableView("AE", ("SUBJID",), (ColumnFilter("AE_NO", "is", "1"),), ("-AE_NO",)),
    )
    assert Selection.of(json.loads(json.dumps(chosen.as_json()))) == chosen
    assert Selection.of(None).arm == "shown"
