"""One played trial, asked once a run for everything that leaves it: files, pages, data with code, and the casebooks.

Its list of allocations is drawn from a fixed seed, so that the same ten people go the same ways each time: among them
are a crossover, a salvage operation, a death and a withdrawal of all consent.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from crf import catalogue
from demo.simulation import profiles
from exports.casebook.content import casebook_of
from exports.casebook.paper import Making, casebook_page
from exports.casebook.records import PrintedGroup
from exports.cuts import Cut
from exports.models import Export
from exports.odm.elements import OdmVersion
from exports.odm.streams import ExportScope
from exports.odm.writing import OdmContent, write_odm
from exports.selected.selection import Selection
from exports.services import path_of, request_export, write_export
from kernel.scope import EVERYTHING, scope
from randomization.models import Allocation
from tests.demo_trial import UNTIL, Played, played_trial
from trials.models import Participant

SEED = 2154
PAGES = ("results", "results-by-arm", "survival", "survival-by-arm", "flow")


def played_reports(settings: Any, folders: pytest.TempPathFactory) -> Path:
    """Return the folder with what was taken, by whichever worker of the run came first."""
    folder = _of_the_run(folders) / "reports"
    folder.mkdir(exist_ok=True)
    settings.MEDIA_ROOT, whole = folder / "media", folder / "whole"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # it ends with the file
        if not whole.exists():
            with pytest.MonkeyPatch.context() as patch:
                go_the_same_ways(patch)
                _play(folder)
            whole.touch()
    return folder


def _of_the_run(folders: pytest.TempPathFactory) -> Path:
    """Return the folder that the workers of a run share; each has one of its own in it."""
    own = folders.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def _play(folder: Path) -> None:
    with played_trial(participants=10, seed=SEED, is_kept=False) as played:
        with scope(user_id=None, sites=EVERYTHING):
            _commands(played, folder)
            _whole(played, folder)
        _pages(played, folder)


def go_the_same_ways(patch: pytest.MonkeyPatch) -> None:
    """Allocations are drawn from one seed, and somebody who is to be operated declines it, whichever the arm."""
    patch.setattr("randomization.services.lists.secrets", SimpleNamespace(token_hex=lambda size: "5a" * size))
    crossed: list[profiles.Story] = []

    def told(dice: Random, *, consent_on: date) -> profiles.Story:
        story = profiles.tell(dice, consent_on=consent_on)
        is_operated = not (story.tumour_gone or story.progresses_early or story.wants_surgery)
        stays = story.dies_after is None and story.withdraws_after is None
        if crossed or story.ending != "randomized" or not (is_operated and stays):
            return story
        crossed.append(replace(story, declines_surgery=True))
        return crossed[0]

    patch.setattr("demo.simulation.trial.tell", told)


def _whole(played: Played, folder: Path) -> None:
    """The whole trial stands in the folder as CSV, ODM and casebooks; Define-XML is made by the command."""
    person = played.people["D"]
    options = ("--as", person.username, "--purpose", "review", "--format", "define")
    call_command("export", *options, "--out", str(folder / "define"))
    with scope(user_id=person.pk, sites=EVERYTHING):
        export = request_export(
            forms=list(catalogue.forms()),
            sites=["01", "02"],
            purpose="SDTM",
            selection=Selection(arm="shown"),
            by=person,
            at=UNTIL,
        )
        write_export(export=export, at=UNTIL)  # where the task has not written it yet
    with transaction.atomic():
        shutil.copy(path_of(Export.objects.get(pk=export.pk)), folder / "whole.zip")
        with (folder / "whole.xml").open("wb") as target:
            chosen = ExportScope(Cut(at=UNTIL, is_past=False), ("01", "02"))
            content = OdmContent(OdmVersion.V132)
            write_odm(target, content=content, forms=list(catalogue.forms()), scope=chosen)
        people = Participant.objects.select_related("site")
        books = {person.number: _book(person) for person in people}
        randomized = Allocation.objects.latest("number").participant
        made = Making(1, None, UNTIL, "review")
        for language in ("en", "zh-hans"):
            page = casebook_page(randomized, reader=None, made=made, language=language)
            (folder / f"casebook.{language}.html").write_text(page, encoding="utf-8")
    (folder / "casebooks.json").write_text(json.dumps(books), encoding="utf-8")


def _book(person: Participant) -> dict[str, Any]:
    """What the casebook prints of a participant: the arm, and of each record its form and questions with answers."""
    with translation.override("en"):
        book = casebook_of(person, user=None, at=UNTIL)
        records = []
        for each in book.records:
            parts = [part for section in each.sections for part in section.parts]
            answers = [part for part in parts if not isinstance(part, PrintedGroup)]
            told = [(each.text, each.answer) for each in answers if each.answer]
            records.append([each.form.code, told])
        return {"arm": book.arm, "zone": person.site.time_zone, "records": records}


def _commands(played: Played, folder: Path) -> None:
    """Both commands have run, for the statistician; another is refused."""
    asked = ("--as", played.people["S"].username, "--purpose", "analysis")
    call_command("endpoints", *asked, "--with-arm", "--out", str(folder / "endpoints"))
    call_command("export", *asked, "--format", "adam", "--out", str(folder / "adam"))
    with pytest.raises(CommandError, match="for the statistician"):
        call_command(
            "export",
            *("--as", played.people["D"].username, "--purpose", "x", "--format", "adam"),
            *("--out", str(folder / "refused")),
        )


def _pages(played: Played, folder: Path) -> None:
    statistician = client_of(played.people["S"])
    for name in PAGES:
        answer = statistician.get(reverse(f"analysis:{name}"))
        assert answer.status_code == 200, name
        (folder / f"{name}.html").write_bytes(answer.content)
    for name, person, typed in (
        ("by-arm", "S", {"with_arm": "True"}),
        ("pooled", "D", {}),
        ("refused", "D", {"with_arm": "True"}),
    ):
        answer = client_of(played.people[person]).post(
            reverse("analysis:data-and-code"), {"purpose": "to see the numbers again", **typed}
        )
        assert answer.status_code == (403 if name == "refused" else 200), name
        (folder / f"{name}.zip").write_bytes(answer.content)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
