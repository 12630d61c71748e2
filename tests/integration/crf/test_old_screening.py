"""Screening that is too old is told before the step that cannot be undone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from crf import catalogue
from crf.eligibility.window import LIMITS, RANDOMIZED, too_old_on
from crf.engine.declaration import FormDeclaration
from protocol.text import load
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import screened_on_paper
from tests.world import NOW, TODAY, World, screen

pytestmark = pytest.mark.django_db

MOST = load("1.0").setting("screening_window_days")


def test_rare_08_screening_that_is_too_old_is_named_on_the_page_of_eligibility(
    world: World, everything: None, save: Save
) -> None:
    participant = screen(world, signed_on=date(2026, 4, 28))
    screened_on_paper(participant, save)
    found = {each.field: each for each in too_old_on(participant, on=TODAY, at=NOW)}
    assert {"icf_dt", "ct_dt", "ogd_dt"} <= set(found)
    assert found["ct_dt"].most_days == MOST
    client = Client()
    client.force_login(world.investigator)
    page = client.get(f"/participants/{participant.number}/eligibility/").text
    assert "Screening is too old for randomization today" in page
    assert f"the protocol allows {MOST} days" in page


def test_rare_08_the_last_day_of_the_window_is_in_it(world: World, everything: None, save: Save) -> None:
    participant = screen(world, signed_on=date(2026, 4, 28))
    screened_on_paper(participant, save)
    day = {each.field: each.day for each in too_old_on(participant, on=TODAY, at=NOW)}["ct_dt"]
    assert isinstance(MOST, int)
    last = day + timedelta(days=MOST)
    assert "ct_dt" not in {each.field for each in too_old_on(participant, on=last, at=NOW)}
    assert "ct_dt" in {each.field for each in too_old_on(participant, on=last + timedelta(1), at=NOW)}


@pytest.mark.parametrize("form", catalogue.forms().values(), ids=lambda form: str(form.code))
def test_rare_08_every_check_of_a_screening_window_is_one_that_is_told(form: FormDeclaration) -> None:
    """A form that begins to judge the age of screening by a limit must be one whose days are looked at before."""
    from crf.eligibility.evidence import SOURCE_FORMS

    judged: list[Any] = [
        check for check in form.checks if RANDOMIZED in check.reads and set(check.reads) & set(LIMITS)
    ]
    assert not judged or form.code in SOURCE_FORMS
    assert all(len(check.fields) == 1 for check in judged)
