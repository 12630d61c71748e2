"""The calculator of interim looks, and warnings that are printed with the tables they belong to."""

from __future__ import annotations

import pytest
from django.urls import reverse

from analysis.definitions import DEFINITIONS, WARNINGS, warnings_of
from tests.integration.crf.conftest import everything
from tests.integration.crf.test_consequences import person, randomized
from tests.integration.crf.test_pages import client_of
from tests.world import World
from trials.models import Participant

CHAPTERS = ("6.1", "6.3", "6.4")

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person"]

ASKED = {"kind": "obrien_fleming", "looks": "0.5 1", "error": "0.05"}


def test_the_calculator_says_boundaries_assumptions_and_that_it_is_off(world: World) -> None:
    reader, address = client_of(world.coordinator), reverse("analysis:interim")

    empty = reader.get(address)
    shown = reader.get(address, ASKED)
    file = reader.get(address, {**ASKED, "as": "csv"}).content.decode("utf-8-sig")

    assert "Off: the trial has no interim look" in empty.text
    assert "Error spent so far" not in empty.text
    assert "2.9626" in shown.text  # Lan and DeMets, half of the information, 5 % two-sided
    assert "1.9686" in shown.text
    assert "independent normal steps" in shown.text
    assert file.splitlines()[1].startswith("0.5,2.96")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"looks": "0.5"}, "end with 1"),
        ({"looks": "1 0.5 1"}, "end with 1"),
        ({"looks": "one"}, "is no number"),
        ({"looks": " ".join(["0.1"] * 11)}, "10 looks at most"),
        ({"error": "1.5"}, "between 0 and 1"),
        ({"error": "nan"}, "is no number"),
        ({"kind": "haybittle_peto", "error": "0.002"}, "spend more than the error"),
    ],
)
def test_what_cannot_be_worked_out_is_refused_in_words(
    world: World, changed: dict[str, str], said: str
) -> None:
    answer = client_of(world.coordinator).get(reverse("analysis:interim"), ASKED | changed)

    assert answer.status_code == 422
    assert said in answer.text


def test_each_warning_is_printed_with_its_tables_alone(world: World, person: Participant) -> None:
    randomized(person)
    page = client_of(world.statistician).get(reverse("analysis:results-by-arm")).text
    sections = {part.split('"', 1)[0]: part for part in page.split('<h2 id="')[1:]}

    assert {code for each in WARNINGS for code in each.codes} <= {each.code for each in DEFINITIONS}
    for each in DEFINITIONS:
        for warning in WARNINGS:
            assert (str(warning.text) in sections[each.code]) == (each.code in warning.codes), each.code
    assert warnings_of("OS") == ()


def test_the_safety_report_by_arm_carries_its_warnings_on_page_and_in_file(
    world: World, person: Participant
) -> None:
    randomized(person)
    reader = client_of(world.statistician)

    page = reader.get(reverse("analysis:safety-by-arm")).text
    file = reader.get(reverse("analysis:safety-arms-file")).content.decode()
    pooled = client_of(world.trial_manager).get(reverse("analysis:safety")).text

    assert page.count("One arm is evaluated more often") == 2
    assert file.count("One arm is evaluated more often") == 2
    assert "The arms operate on different kinds" in page
    assert "evaluated more often" not in pooled
