"""The synthetic trial holds together: nobody is left in a phase, and forms of past visits are filled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from crf.engine.base import RecordState
from crf.models import Record
from demo.simulation.trial import play
from followup.models import Visit, VisitState
from followup.track_limits import overdue
from kernel.scope import EVERYTHING, scope
from notices.sources.records import _of_visits
from trials.models import Participant
from trials.models.participants import Track

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
UNTIL = datetime(2026, 11, 20, 2, tzinfo=UTC)
CAUGHT_UP_AFTER = timedelta(
    days=200
)  # what was not typed on the day is typed at the next visit, half a year later


@pytest.fixture
def played() -> Iterator[None]:
    _stage, refused = play(participants=10, sites=2, seed=3, until=UNTIL, tell_progress=lambda done, of: None)
    assert refused == []
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        yield


def test_point_25_the_synthetic_trial_leaves_nobody_behind(played: None) -> None:
    """Before, one in seven stayed in a treatment of five weeks for a year, and forms stayed empty for good."""
    late = overdue(Participant.objects.exclude(state=Track.SCREENED), on=UNTIL.date())
    assert list(late.values_list("number", "state")) == []
    filled = set(Record.objects.exclude(state=RecordState.EMPTY).values_list("visit", "form_code"))
    past = Visit.objects.filter(
        state=VisitState.DONE, took_place_on__lt=UNTIL.date() - CAUGHT_UP_AFTER
    ).exclude(participant__state=Track.LOST)
    empty = [
        (str(visit), code)
        for visit in past
        for code in _of_visits(visit.forms)
        if (visit.pk, code) not in filled
    ]
    assert empty == []
    assert Participant.objects.randomized().exists()
