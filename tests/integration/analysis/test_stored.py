"""Endpoints of what is stored: as of a past moment, from the form PROG, into files, and by arm only on record."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from analysis.definitions import DEFINITIONS, every_column
from analysis.flow import flow_of
from analysis.reading import READ, DerivedParticipant, derived_at
from analysis.sets import AnalysisSet, sets_of
from audit.models import Act
from crf import catalogue
from exports.cuts import Cut
from protocol.endpoint_values import names_of_values
from tests.demo_trial import Played, played_trial
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import LATER, person, randomized, treated
from tests.integration.crf.test_pages import client_of
from tests.integration.exports.test_cuts import database_moment
from tests.unit.crf.examples import progression
from tests.world import World
from trials.models import Participant, Site

CHAPTERS = ("6.1", "6.2", "6.5", "6.7", "6.8", "6.9")

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]


def now_of(world: World) -> list[DerivedParticipant]:
    return list(derived_at(Cut.of_this_snapshot(), {world.site.pk: "01", world.other_site.pk: "02"}))


def test_every_endpoint_is_defined_and_every_question_is_one_of_its_form() -> None:
    assert sorted(name for each in DEFINITIONS for name in each.values) == sorted(names_of_values())
    assert len(set(every_column())) == len(list(every_column()))
    for name, questions in READ.items():
        form, _dot, group = name.partition(".")
        declared = catalogue.form(form)
        known = declared.groups[group].questions if group else declared.questions
        assert set(questions) <= set(known), name


def test_the_progression_form_feeds_the_endpoints_as_of_its_moment(
    world: World, person: Participant, save: Save
) -> None:
    patient = randomized(person)
    treated(patient, save)
    before = database_moment()
    day = date(2026, 6, 1)
    save(patient, "PROG", values={**progression.VALUES, "prog_dt": day}, at=LATER)

    (told,) = now_of(world)
    (earlier,) = derived_at(Cut(at=before), {world.site.pk: "01"})

    assert told.facts.progression is not None
    assert told.facts.progression.on == day
    assert (told.values.dfs_a.event, told.values.dfs_a.on, told.values.dfs_a.because) == (
        True,
        day,
        "distant",
    )
    assert told.values.intercurrent.progressed_before_decision
    assert earlier.facts.progression is None
    assert not earlier.values.dfs_a.event
    assert sets_of(told)[AnalysisSet.TREATED].inside
    assert not sets_of(told)[AnalysisSet.RESECTED].inside


def lines(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(path.read_text(encoding="utf-8-sig"))))


def test_the_arm_is_taken_only_by_who_may_see_it_and_on_record(
    world: World, person: Participant, save: Save, tmp_path: Path
) -> None:
    patient = randomized(person, "2")
    treated(patient, save)

    call_command("endpoints", out=tmp_path / "plain", stdout=StringIO())
    with pytest.raises(CommandError, match="for the statistician"):
        call_command(
            "endpoints", out=tmp_path / "no", person="data_manager", with_arm=True, stdout=StringIO()
        )
    assert not Act.objects.filter(verb="analysis:arms:look").exists()
    call_command("endpoints", out=tmp_path / "arm", person="statistician", with_arm=True, stdout=StringIO())

    (plain,), (with_arm,) = lines(tmp_path / "plain/endpoints.csv"), lines(tmp_path / "arm/endpoints.csv")
    assert plain["SUBJID"] == patient.number
    assert "ARM" not in plain
    assert with_arm["ARM"] == "2"
    assert {name: value for name, value in with_arm.items() if name != "ARM"} == plain
    assert set(every_column()) <= plain.keys()
    assert {row["COLUMN"] for row in lines(tmp_path / "plain/columns.csv")} == {*plain, "ARM"}
    manifest = json.loads((tmp_path / "plain/manifest.json").read_text())
    assert manifest["files"]["endpoints.csv"]["rows"] == 1
    assert manifest["arm"] is False
    assert Act.objects.get(verb="analysis:arms:look").by == world.statistician
    assert Act.objects.get(verb="analysis:endpoints:take").by is None


@pytest.mark.parametrize("name", ["analysis:flow-by-arm", "analysis:results-by-arm"])
def test_each_look_at_results_by_arm_is_on_record(world: World, person: Participant, name: str) -> None:
    randomized(person)

    refused = client_of(world.data_manager).get(reverse(name))
    shown = client_of(world.statistician).get(reverse(name))

    assert (refused.status_code, shown.status_code) == (403, 200)
    assert Act.objects.get(verb="analysis:arms:look").by == world.statistician


def test_a_site_sees_its_own_flow_and_the_centre_sees_it_pooled(world: World, person: Participant) -> None:
    own, other = client_of(world.coordinator), client_of(world.stranger)
    address = reverse("analysis:flow")

    assert "add up to 1," in own.get(address).text
    assert "add up to 0," in other.get(address).text
    assert person.number in own.get(reverse("analysis:flow-box", args=["screening"])).text
    assert person.number not in other.get(reverse("analysis:flow-box", args=["screening"])).text
    pooled = client_of(world.trial_manager).get(address).text
    assert "add up to 1," in pooled
    assert reverse("analysis:flow-by-arm") not in pooled


@pytest.fixture
def played(transactional_db: None, clock: Any, settings: Any, tmp_path: Path) -> Iterator[Played]:
    settings.MEDIA_ROOT = tmp_path
    with played_trial() as trial:
        yield trial


@pytest.mark.slow
def test_the_demonstration_adds_up_and_every_endpoint_of_it_is_derived(
    played: Played, everything: None, tmp_path: Path
) -> None:
    with transaction.atomic():
        sites = dict(Site.objects.values_list("pk", "code"))
        flow = flow_of(sites)
        rows = list(derived_at(Cut.of_this_snapshot(), sites))
        registered, enrolled = Participant.objects.count(), Participant.objects.randomized().count()
    call_command("endpoints", out=tmp_path / "out", stdout=StringIO())

    assert flow.contradictions == ()
    assert flow.adds_up
    assert flow.total == registered
    assert flow.randomized() == len(rows) == enrolled > 0
    assert [row["SUBJID"] for row in lines(tmp_path / "out/endpoints.csv")] == [
        row.facts.number for row in rows
    ]
    for row in rows:
        assert row.values.os.days >= row.values.dfs_a.days >= 0
        assert row.facts.cutoff - row.facts.rand >= timedelta(days=row.values.os.days)
    paper = client_of(played.people["S"]).get(reverse("analysis:flow-paper"))
    assert paper.content.startswith(b"%PDF")
    assert "<svg" in client_of(played.people["D"]).get(reverse("analysis:flow-picture")).text
