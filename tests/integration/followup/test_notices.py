"""What a site is told beside its visits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import Mail
from followup.services import update_visit_states
from notices.services.site_notices import write_site_notices
from tests.integration.followup.conftest import noon
from tests.world import OPENED_ON, World
from trials.models import Participant
from trials.services import fulfil_checklist_item

pytestmark = pytest.mark.django_db

EXPIRES = date(2027, 3, 31)


def told(world: World, on: date) -> list[str]:
    before = set(Mail.objects.values_list("pk", flat=True))
    write_site_notices(site=world.site, on=on, at=noon(on))
    return sorted(
        Mail.objects.exclude(pk__in=before).filter(kind="followup:expiry").values_list("subject", flat=True)
    )


@pytest.fixture
def approval(world: World, everywhere: None) -> Any:
    return fulfil_checklist_item(
        site=world.site,
        kind="ethics",
        done_on=OPENED_ON,
        expires_on=EXPIRES,
        by=None,
        at=noon(date(2026, 11, 20)),
    )


def test_an_approval_that_runs_out_is_told_in_time_and_once_a_stage(world: World, approval: Any) -> None:
    days = {
        left: len(told(world, EXPIRES - timedelta(days=left))) for left in (61, 60, 59, 30, 8, 7, 0, -1, -2)
    }
    assert days == {61: 0, 60: 3, 59: 0, 30: 3, 8: 0, 7: 3, 0: 0, -1: 3, -2: 0}


def test_after_days_without_a_worker_only_the_last_warning_is_given(world: World, approval: Any) -> None:
    assert (
        told(world, EXPIRES - timedelta(days=3))
        == ["01 Riverside Hospital: Ethics approval expires on 31 Mar 2027"] * 3
    )


def test_the_week_is_reported_once_even_when_monday_was_missed(
    world: World, randomized: Callable[..., Participant]
) -> None:
    randomized()
    wednesday = date(2026, 11, 25)
    update_visit_states(site=world.site, on=wednesday, at=noon(wednesday))
    assert write_site_notices(site=world.site, on=wednesday, at=noon(wednesday)) == 3
    assert write_site_notices(site=world.site, on=wednesday + timedelta(1), at=noon(wednesday)) == 0
    monday = date(2026, 11, 30)
    assert write_site_notices(site=world.site, on=monday, at=noon(monday)) == 3
    mail = Mail.objects.filter(kind="followup:weekly").first()
    assert mail is not None
    assert "the week from 23 Nov 2026" in mail.subject
    assert "Visits overdue: 3" in mail.body
    assert ": 0" not in mail.body  # nought is not said


def test_point_16_a_hospital_without_anything_to_tell_is_told_nothing(world: World, everywhere: None) -> None:
    wednesday = date(2026, 11, 25)
    assert write_site_notices(site=world.site, on=wednesday, at=noon(wednesday)) == 0
