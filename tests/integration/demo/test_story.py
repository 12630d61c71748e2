"""The synthetic trial holds together: nobody is left in a phase, and forms of past visits are filled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from jsonschema import Draft202012Validator
from rest_framework.renderers import JSONRenderer

from crf import catalogue
from crf.models import (
    ExpectedForm,
    FilledBy,
    RecordSignature,
    RecordVerification,
    SignedAs,
    VerificationPlan,
)
from crf.store.expected import differing_forms, stored, worked_out
from demo.simulation.trial import play
from exports.api import shapes
from exports.api.components import components
from exports.models import DatabaseLock
from followup.track_limits import overdue
from kernel.scope import EVERYTHING, scope
from protocol.text import load
from trials.models import DataLock, Participant
from trials.models.participants import Track

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
UNTIL = datetime(2026, 11, 20, 16, 20, tzinfo=UTC)  # midnight has passed at the sites twenty minutes ago
CAUGHT_UP_AFTER = timedelta(
    days=200
)  # what was not typed on the day is typed at the next visit, half a year later


@pytest.fixture
def played() -> Iterator[None]:
    _stage, refused = play(
        participants=10, sites=2, seed=5200, until=UNTIL, tell_progress=lambda done, of: None
    )
    assert refused == []
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        yield


def test_points_08_09_25_the_synthetic_trial_is_whole_and_leaves_nobody_behind(played: None) -> None:
    """One story for all that is asked of it: it takes a minute to play."""
    point_25_nobody_is_left_behind()
    point_08_the_table_of_expected_forms_is_what_is_worked_out()
    point_09_whoever_stands_for_months_in_a_phase_of_weeks_is_an_item()
    every_record_is_what_the_api_describes()


def point_25_nobody_is_left_behind() -> None:
    """Before, one in seven stayed in a treatment of five weeks for a year, and forms stayed empty for good."""
    late = overdue(Participant.objects.exclude(state=Track.SCREENED), on=UNTIL.date())
    assert list(late.values_list("number", "state")) == []
    long_ago = UNTIL.date() - CAUGHT_UP_AFTER
    left = ExpectedForm.objects.unfilled().filter(due_on__lt=long_ago).exclude(participant__state=Track.LOST)
    assert [(each.visit_code, each.form_code, each.state) for each in left] == []
    assert Participant.objects.randomized().exists()
    assert DataLock.objects.standing().exists()
    assert DatabaseLock.objects.current().get().items.count() == 1
    the_monitor_has_verified_and_investigators_have_signed()


def point_08_the_table_of_expected_forms_is_what_is_worked_out() -> None:
    for participant in Participant.objects.select_related("site"):
        assert differing_forms(stored(participant), worked_out(participant)) == [], participant.number
    assert ExpectedForm.objects.filter(filled_by=FilledBy.LOG).exclude(entered_at=None).exists()


def point_09_whoever_stands_for_months_in_a_phase_of_weeks_is_an_item() -> None:
    weeks = {track.code for track in load("1.0").tracks if track.lasts_days}
    months_ago = UNTIL.date() - timedelta(days=120)
    standing = Participant.objects.filter(state__in=weeks, state_since__lt=months_ago)
    items = overdue(Participant.objects.all(), on=UNTIL.date())
    assert {each.number for each in standing} <= {each.number for each in items}


def every_record_is_what_the_api_describes() -> None:
    """The trial that fills every form is where an untrue type would show."""
    whole = {"schemas": components()}
    for code, form in catalogue.forms().items():
        rows = list(form.model.objects.select_related("participant", "visit"))
        described = Draft202012Validator({**whole["schemas"][f"Record_{code}"], "components": whole})
        for identifying in (True, False):
            shown = json.loads(
                JSONRenderer().render(shapes.records(form, rows, identifying=identifying, removed=True))
            )
            faults = [
                f"{list(fault.absolute_path)}: {fault.message[:200]}"
                for each in shown
                for fault in described.iter_errors(each)
            ]
            assert faults[:5] == [], code


def the_monitor_has_verified_and_investigators_have_signed() -> None:
    """Issue points 16 and 18; the same story, which costs a minute to play."""
    assert VerificationPlan.objects.get().critical
    verified = RecordVerification.objects.filter(record__field_verifications__fell_at=None, left=0)
    assert verified.exists()
    assert RecordVerification.objects.unverified().exists()
    signed = RecordSignature.objects.filter(signed_as=SignedAs.CASEBOOK, fell_at=None)
    assert signed.values("participant").distinct().count() >= 1
