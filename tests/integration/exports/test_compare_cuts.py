"""What changed between two cuts: each row and field that was added, changed or removed, by whom and why."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from audit.models import Act
from crf import catalogue
from crf.engine.submission import Answers
from crf.records.save import save_answers
from crf.store.records import NEW, find_stored_record, record_key_of
from exports.compare.origins import origin_of
from exports.cuts import Cut
from exports.listed.catalogue import BY_NAME
from exports.writing import files_for
from kernel.scope import EVERYTHING, scope
from tests.integration.exports.test_exports import kept_in, taken
from tests.world import NOW, World, screen
from trials import services as trials
from trials.models import Participant

__all__ = ["kept_in"]

pytestmark = pytest.mark.django_db
ALL_FORMS = list(catalogue.forms().values())


def stage(world: World, participant: Participant, t: str, *rows: dict[str, Any], **reasons: Any) -> None:
    key = record_key_of(participant=participant, form="STAGE", visit=None)
    stored = find_stored_record(key)
    with transaction.atomic():
        save_answers(
            record_key=key,
            answers=Answers(
                values={"ct": t},
                groups={"node": [{"position": n, **row} for n, row in enumerate(rows, 1)]},
                **reasons,
            ),
            version=stored.record.version if stored else NEW,
            key="",
            by=world.coordinator,
            at=NOW,
        )


@pytest.fixture
def changed(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Participant]:
    """A staging changed, a row of it removed, a participant added and one allocated, between two cuts."""
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)
    with scope(user_id=None, sites=EVERYTHING):
        participant = screen(world)
        stage(world, participant, "T2", {"station": "7"}, {"station": "8"})
        taken(world, forms=["STAGE"], cut_name="first")
        told: dict[str, Any] = {"reason": "CT read again", "reasons": {"ct": "the radiologist corrected it"}}
        stage(world, participant, "T3", {"station": "7"}, **told)
        trials.reveal_arm(participant=participant, arm="2", by=world.statistician, at=NOW)
        trials.set_milestone(
            participant=participant, code="RAND", on=date(2026, 11, 9), source="test", by=None, at=NOW
        )
        screen(world, site=world.other_site)
        taken(world, forms=["STAGE"], cut_name="second", at=NOW + timedelta(minutes=6))
        yield participant


def compared(out: Path, *names: str, **more: Any) -> list[dict[str, str]]:
    said = io.StringIO()
    told: dict[str, Any] = {"person": "statistician", "purpose": "committee", "out": out}
    call_command("compare_cuts", *names, stdout=said, **{**told, **more})
    manifest = json.loads(said.getvalue())
    rows = list(csv.DictReader((out / "CHANGES.csv").read_text("utf-8-sig").splitlines()))
    assert manifest["rows"] == len(rows)
    return rows


def test_the_command_says_what_changed_by_whom_and_why(changed: Participant, tmp_path: Path) -> None:
    rows = compared(tmp_path / "out", "second", "first")  # the earlier one first, however they are named
    said = {(row["FILE"], row["SUBJID"], row["VARIABLE"], row["CHANGE"]): row for row in rows}
    answer = said["STAGE", changed.number, "CT", "field_changed"]
    assert (answer["BEFORE"], answer["AFTER"]) == ("T2", "T3")
    assert (answer["ACTED_BY"], answer["ROLE"]) == ("coordinator", "coordinator")
    assert answer["REASON"] == "the radiologist corrected it"
    removed = said["STAGE_NODE", changed.number, "", "row_removed"]
    assert (removed["ROW"], removed["REASON"], removed["VERB"]) == ("2", "CT read again", "crf:answers:save")
    assert said["STAGE_NODE", changed.number, "STATION", "field_removed"]["BEFORE"] == "8"
    arm = said["PARTICIPANTS", changed.number, "ARM", "field_added"]
    assert (arm["AFTER"], arm["ACTED_BY"], arm["VERB"]) == (
        "2",
        "statistician",
        "trials:participant:reveal_arm",
    )
    new = said["PARTICIPANTS", "02-0001", "", "row_added"]
    assert (new["ACTED_BY"], new["VERB"]) == ("coordinator", "trials:participant:register")
    assert said["MILESTONES", changed.number, "", "row_added"]["ACTED_BY"] == "system"
    untouched = {row["VARIABLE"] for row in rows if row["FILE"] == "STAGE"}
    assert "CN" not in untouched
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert Act.objects.get(verb="exports:comparison:take").reason == "first → second: committee"


def test_form_and_site_narrow_and_what_is_none_is_refused(changed: Participant, tmp_path: Path) -> None:
    assert {row["FILE"] for row in compared(tmp_path / "a", "first", "second", form="STAGE")} == {
        "STAGE",
        "STAGE_NODE",
    }
    other = compared(tmp_path / "b", "first", "second", sites=["02"])
    assert {row["SUBJID"] for row in other} == {"02-0001"}
    for out, names, why in (("c", ("first", "first"), "itself"), ("d", ("first", "third"), "no cut named")):
        with pytest.raises(CommandError, match=why):
            compared(tmp_path / out, *names)
    with pytest.raises(CommandError, match="may not take"):
        compared(tmp_path / "e", "first", "second", person="coordinator")


def test_the_page_shows_it_and_hands_out_the_file(changed: Participant, world: World, client: Any) -> None:
    client.force_login(world.data_manager)
    asked = {"before": "first", "after": "second", "form": "STAGE", "site": "01"}
    page = client.get("/exports/cuts/", asked)
    text = page.content.decode()
    assert page.status_code == 200
    for said in ("T2", "T3", "the radiologist corrected it", "Coordinator", "Row removed", " UTC+8</option>"):
        assert said in text, said
    client.cookies["django_language"] = "zh-hans"
    chinese = client.get("/exports/cuts/", asked).content.decode()
    assert "移除行" in chinese
    assert " UTC+8</option>" in chinese
    client.cookies["django_language"] = "en"
    sent = client.post("/exports/cuts/file/?before=first&after=second&form=STAGE&site=01", {"purpose": "x"})
    assert sent["Content-Disposition"] == 'attachment; filename="CHANGES.csv"'
    assert "the radiologist corrected it" in sent.content.decode()
    assert client.post("/exports/cuts/file/?before=first&after=second", {"purpose": ""}).status_code == 422
    assert client.get("/exports/cuts/", {"before": "first", "after": "first"}).status_code == 422
    client.force_login(world.coordinator)
    assert client.get("/exports/cuts/", asked).status_code == 403


def test_pages_follow_one_another(
    changed: Participant, world: World, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.views.cuts.ROWS_PER_PAGE", 2)
    client.force_login(world.data_manager)
    asked = {"before": "first", "after": "second", "form": "STAGE"}
    first = client.get("/exports/cuts/", asked)
    assert len(first.context["rows"]) == 2
    assert first.context["next"] == 0
    beyond = client.get("/exports/cuts/", {**asked, "page": "99"})
    assert "“99” is no choice of this page" in beyond.content.decode()
    assert (beyond.context["number"], len(beyond.context["rows"])) == (1, 2), "not “nothing changed”"
    everything = {"before": "first", "after": "second"}
    seen = []
    number = 1
    while number:
        page = client.get("/exports/cuts/", {**everything, "page": number})
        seen += [(row.file, str(row.keys)) for row in page.context["rows"]]
        number = page.context["next"]
    assert len(seen) == len(set(map(str, seen))) > 4


def test_the_arm_is_left_out_for_who_is_not_told_it_in_lists(changed: Participant, tmp_path: Path) -> None:
    assert "ARM" in {row["VARIABLE"] for row in compared(tmp_path / "told", "first", "second")}
    rows = compared(tmp_path / "out", "first", "second", person="data_manager")
    assert "ARM" not in {row["VARIABLE"] for row in rows}


def test_every_file_says_what_its_rows_are_made_of() -> None:
    cut = Cut(at=NOW, last_act=1, unseen_acts=())
    files = list(files_for(ALL_FORMS, cut, BY_NAME))
    assert {file.name for file in files if not file.form} == set(BY_NAME)
    for file in files:
        origin = origin_of(file)
        assert origin.parts, file.name
        for part in origin.parts:
            assert re.search(rf"\b{part.alias}( ON | JOIN | LEFT | WHERE |, )", file.rows), (file.name, part)
