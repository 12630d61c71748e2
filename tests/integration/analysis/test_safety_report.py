"""The safety report: pooled for whoever may see safety, at a cut, by arm on record alone, and each site its own."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from audit.acts import open_act
from audit.models import Act
from exports.cuts import Cut
from exports.kept_cuts.services import keep_cut
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import person, randomized, treated
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import adverse_event
from tests.world import World
from trials.models import Participant

CHAPTERS = ("3.6", "6.5", "6.6")

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]

OF_CAMRELIZUMAB = ("ir_", "irae_type")
FEVER = {
    **{name: value for name, value in adverse_event.VALUES.items() if not name.startswith(OF_CAMRELIZUMAB)},
    "ctcae_term": "Fever",
    "grade": "3",
    "irae": "N",
}


def with_event(person: Participant, save: Save) -> Participant:
    patient = randomized(person, "2")
    treated(patient, save)
    save(patient, "AE", values=FEVER)
    return patient


def number_of(page: str, row: str) -> list[str]:
    cells = re.search(rf'<th scope="row">{row}</th>(.*?)</tr>', page, re.DOTALL)
    assert cells, row
    return re.findall(r"<td[^>]*>(.*?)</td>", cells.group(1))


def test_the_report_works_before_anything_happened(world: World) -> None:
    page = client_of(world.trial_manager).get(reverse("analysis:safety")).text

    assert "Nobody is randomized yet." in page
    assert number_of(page, "Any adverse event") == ["0", "0", "–", "nobody at risk"]


def test_the_pooled_report_counts_events_and_names_no_arm(
    world: World, person: Participant, save: Save
) -> None:
    with_event(person, save)
    address = reverse("analysis:safety")

    page = client_of(world.trial_manager).get(address, {"period": "all"}).text
    other = client_of(world.stranger).get(address, {"period": "all"}).text
    file = client_of(world.monitor).get(reverse("analysis:safety-file"), {"period": "all"})

    assert number_of(page, "Grade 3 or more")[:3] == ["1", "1", "100.0 %"]
    assert number_of(page, "· Fever") == ["0", "0", "1", "0", "0", "0", "1", "1"]
    assert "Report the serious event" in page
    assert not re.search(r"\b[Aa]rm [12]\b", page)
    assert reverse("analysis:safety-by-arm") not in page
    assert number_of(other, "Any adverse event")[:2] == ["0", "0"]
    assert "· Fever,0,0,1" in file.content.decode("utf-8-sig")
    assert file["Content-Disposition"].startswith('attachment; filename="PALACE-3_safety_')


def test_a_named_cut_shows_what_was_known_then(world: World, person: Participant, save: Save) -> None:
    patient = randomized(person)
    treated(patient, save)
    before = Cut.of_this_snapshot()
    with open_act("exports:cut:take", by=world.data_manager, at=before.at) as act:
        keep_cut(before, name="first review", act=act, at=before.at)
    save(patient, "AE", values=FEVER)

    reader = client_of(world.data_manager)
    now = reader.get(reverse("analysis:safety"), {"period": "all"}).text
    then = reader.get(reverse("analysis:safety"), {"period": "all", "cut": "first review"}).text

    assert number_of(now, "Any adverse event")[:2] == ["1", "1"]
    assert number_of(then, "Any adverse event")[:2] == ["0", "1"]


@pytest.mark.parametrize("name", ["analysis:safety-by-arm", "analysis:safety-arms-file"])
def test_by_arm_is_the_statisticians_and_each_look_is_on_record(
    world: World, person: Participant, save: Save, name: str
) -> None:
    with_event(person, save)

    refused = [client_of(user).get(reverse(name)) for user in (world.data_manager, world.trial_manager)]
    assert not Act.objects.filter(verb="analysis:arms:look").exists()
    shown = client_of(world.statistician).get(reverse(name), {"period": "all"})

    assert {answer.status_code for answer in refused} == {403}
    assert shown.status_code == 200
    assert "Arm 2: With it" in shown.content.decode()
    look = Act.objects.get(verb="analysis:arms:look")
    assert (look.by, look.reason) == (world.statistician, "safety")


def test_the_number_of_queries_does_not_grow_with_participants(
    world: World, person: Participant, save: Save, django_assert_max_num_queries: object
) -> None:
    with_event(person, save)
    reader = client_of(world.coordinator)
    with django_assert_max_num_queries(60):  # type: ignore[operator]
        assert reader.get(reverse("analysis:safety")).status_code == 200
