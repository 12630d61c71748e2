"""Synthetic participants for one learner: walked as far as the tour of the role begins (ADR 57)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.permissions import Role
from crf.queries.services import answer_query, raise_general_query
from demo.practice.services import practice_site
from demo.simulation.answers import Case
from demo.simulation.form_filler import fill
from demo.simulation.participant import Journey
from demo.simulation.profiles import tell
from demo.simulation.sites import SiteWithPeople
from kernel.scope import EVERYTHING, scope
from trials.models import ConsentVersion, Participant
from trials.models.people import with_grants

# How many steps of a journey: consent, screening forms, decision, randomization.
READY_TO_DECIDE, RANDOMIZED = 2, 4
CONSENTED_BEFORE: Final = {READY_TO_DECIDE: timedelta(days=9), RANDOMIZED: timedelta(days=35)}
WITH_AN_ARM: Final = frozenset({Role.COORDINATOR, Role.STATISTICIAN})
DEVIATION: Final = {
    "dv_src": "site",
    "dv_cat": "sample",
    "dv_term": "The blood sample of the day was not taken.",
}
ASKED: Final = "Is the identification log of the site complete for this participant?"


def prepare_for(role: Role, *, seed: int, at: datetime) -> list[str]:
    """Walk a new participant to where the tour of the role begins; return the number.

    A coordinator finds somebody randomized, with a visit to record and a query to answer; an investigator somebody to
    decide about and forms to sign; a data manager a query that was answered; a monitor forms to verify; a statistician
    a deviation to judge.
    """
    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            place = _place(at.date())
        participant = _walk(place, RANDOMIZED if role in WITH_AN_ARM else READY_TO_DECIDE, seed, at)
        with transaction.atomic():
            if role in {Role.COORDINATOR, Role.DATA_MANAGER}:
                monitor = with_grants(User.objects.get(username="monitor"), on=at.date())
                query = raise_general_query(participant=participant, text=ASKED, by=monitor, at=at)
                if role is Role.DATA_MANAGER:
                    answer_query(query=query, text="Yes, since this morning.", by=place.coordinator, at=at)
        if role is Role.STATISTICIAN:
            told = DEVIATION | {"dv_dt": at.date() - timedelta(days=1), "dv_found": at.date()}
            fill(participant, "DV", {"answers": told}, is_new=True, by=place.coordinator, at=at)
    return [participant.number]


def case_of(seed: int, *, consent_on: date) -> Case:
    """Return somebody who may take part; the same seed gives the same person."""
    dice = random.Random(seed)  # noqa: S311 (a story, not a secret)
    return Case(replace(tell(dice, consent_on=consent_on), ending="randomized"), dice)


def _place(on: date) -> SiteWithPeople:
    site = practice_site()
    coordinator, investigator = (
        with_grants(User.objects.get(username=f"{name}{site.code}"), on=on) for name in ("coord", "invest")
    )
    return SiteWithPeople(site, coordinator, investigator, ConsentVersion.objects.filter(site=site).first())


def _walk(place: SiteWithPeople, so_far: int, seed: int, at: datetime) -> Participant:
    journey = Journey(
        place, case_of(seed, consent_on=(at - CONSENTED_BEFORE[so_far]).date()), until=at.date()
    )
    steps: Any = journey.steps()
    for when in islice(steps, so_far):
        journey.now = when
    next(steps, None)  # the step of the last moment is done
    if journey.refused:
        raise RuntimeError(f"practice could not be prepared: {journey.refused}")
    return journey.participant
