"""The invented callers and readers of the demonstration go through the services that the pages call."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from demo.simulation.contact_requests import let_people_ask, read_news
from demo.simulation.sites import set_stage
from kernel.scope import EVERYTHING, scope
from trials.models import ContactRequest, NewsLetter
from trials.models.requests import RequestState
from website.contact.counting import count_requests
from website.services.news import count_readers

pytestmark = pytest.mark.django_db(transaction=True)
UNTIL = datetime(2026, 11, 20, 2, tzinfo=UTC)


def test_every_state_of_a_request_is_there_to_be_seen() -> None:
    opened_on = (UNTIL - timedelta(days=700)).date()
    with scope(user_id=None, sites=EVERYTHING):
        stage = set_stage(sites=2, opened_on=opened_on, at=UNTIL - timedelta(days=700))
    for place in stage.places:
        let_people_ask(place, until=UNTIL, dice=random.Random(place.site.pk))
    read_news(stage, UNTIL)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        states = set(ContactRequest.objects.values_list("state", flat=True))
        assert NewsLetter.objects.filter(released_at=None).count() == 1
    assert states == set(RequestState)
    assert sum(count.received for count in count_requests()) == 10
    assert sum(count_readers().values()) == 5
