"""Two years of the trial, in the order of time."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction

from crf.store.expected import recount_expected_forms
from demo.simulation.answers import Case
from demo.simulation.attachments import attach_some
from demo.simulation.bulk import BulkProgress, Tell, in_parallel
from demo.simulation.central_review import review_some
from demo.simulation.coding import code_some
from demo.simulation.contact_requests import let_people_ask, read_news
from demo.simulation.copies import copy_up_to
from demo.simulation.cuts import FIRST, SECOND, cut_for_committee, save_some
from demo.simulation.deviations import settle_some
from demo.simulation.every_question import OF_THE_END, answer_every_question
from demo.simulation.imports import preview_some
from demo.simulation.listings import share_listings
from demo.simulation.locking import lock_some
from demo.simulation.oversight import watch_over
from demo.simulation.participant import Journey, at_work
from demo.simulation.profiles import tell
from demo.simulation.queries import ask_some
from demo.simulation.rare_courses import end_some, run_rare_courses
from demo.simulation.sites import PASSWORD, Stage, set_stage, suspend
from demo.simulation.urgent import alarm
from demo.simulation.verification import plan_verification, sign_some, verify_some
from followup.services import update_visit_states
from kernel.clock import local_date
from kernel.scope import EVERYTHING, scope
from monitoring.services import work_out
from randomization.services import set_up_scheme
from randomization.services.lists import DEFAULT_PLACES

YEARS = timedelta(days=730)
PARTICIPANTS_PER_PLACE = 4  # the largest stratum holds less than a quarter of a large trial


def play(
    *,
    participants: int,
    sites: int,
    seed: int,
    until: datetime,
    tell_progress: Tell,
    walked: int | None = None,
    superuser: str = "",
) -> tuple[Stage, list[str]]:
    """The trial has run for two years up to ``until``; the stage and what was refused on the way are returned.

    ``walked`` participants (else all) are walked through the services one by one; beyond them, copies are made, past
    the guards of the database where the address of a ``superuser`` is given.
    """
    walked = participants if walked is None else walked
    dice = random.Random(seed)  # noqa: S311 (a story, not a secret)
    last = until.date()
    opened_on = last - YEARS
    opening = at_work(opened_on, dice)
    with scope(user_id=None, sites=EVERYTHING):
        stage = set_stage(sites=sites, opened_on=opened_on, at=opening)
        plan_verification(stage, at=opening)
        set_up_scheme(
            name="PALACE-3 demonstration",
            statistician=stage.central["stats"],
            statistician_password=PASSWORD,
            second=stage.central["stats2"],
            second_password=PASSWORD,
            at=opening + timedelta(hours=2),
            places_per_stratum=max(DEFAULT_PLACES, participants // PARTICIPANTS_PER_PLACE),
        )
    journeys = list(_journeys(stage, walked, opened_on, last, dice))
    refused = _let_time_pass(journeys, until, tell_progress)
    if participants > walked:
        _turn_visits(stage, until)  # once for the walked ones: their copies repeat it
        copy_up_to(participants, at=until, tell_progress=tell_progress, superuser=superuser)
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            recount_expected_forms()  # as each night does: every copy added rows to the counts
    cut_for_committee(stage, FIRST, until - timedelta(hours=6))
    alarm(stage, until)
    _finish(stage, until, seed)
    watch_over(stage, until)
    run_rare_courses(stage, until)
    answer_every_question(stage, until, seed)
    end_some(stage, until)
    answer_every_question(stage, until, seed, OF_THE_END)
    settle_some(stage, until)
    code_some(stage, until)
    review_some(stage, until)
    ask_some(stage, until)
    share_listings(stage, until)
    preview_some(stage, until)
    attach_some(stage, until)
    verify_some(stage, until)
    sign_some(stage, until)
    lock_some(stage, until)
    save_some(stage, until - timedelta(hours=2))
    cut_for_committee(stage, SECOND, until - timedelta(hours=1))
    _suspend_one(stage, until - timedelta(days=20))
    return stage, refused


def _journeys(
    stage: Stage, number: int, opened_on: date, last: date, dice: random.Random
) -> Iterator[Journey]:
    """Yield the journeys; consent days grow denser as sites gain pace, and the last are still in screening."""
    open_places = [place for place in stage.places if place.consent is not None]
    weights = [1 + 1 / (1 + n) for n in range(len(open_places))]
    span = (last - opened_on).days - 3
    for _one in range(number):
        place = dice.choices(open_places, weights)[0]
        day = opened_on + timedelta(days=int(span * dice.random() ** 0.75))
        own = random.Random(dice.getrandbits(64))  # noqa: S311
        yield Journey(place, Case(tell(own, consent_on=day), own), until=last)


def _let_time_pass(journeys: list[Journey], until: datetime, tell_progress: Tell) -> list[str]:
    """Every journey has gone as far as ``until``; return what services refused on the way."""
    progress = BulkProgress(len(journeys), tell_progress)

    def work(sites: list[int]) -> list[str]:
        return _walk([journey for journey in journeys if journey.place.site.pk in sites], until, progress)

    weights: Counter[int] = Counter()
    for journey in journeys:
        weights[journey.place.site.pk] += journey.length
    return in_parallel(work, weights)


def _walk(journeys: list[Journey], until: datetime, progress: BulkProgress) -> list[str]:
    """Wake each journey when its time has come, until ``until``."""
    count = itertools.count()
    waiting = []
    for journey in journeys:
        steps = journey.steps()
        waiting.append((next(steps), next(count), journey, steps))
    heapq.heapify(waiting)
    while waiting:
        when, _n, journey, steps = heapq.heappop(waiting)
        coming = None
        if when <= until:
            journey.now = when
            coming = next(steps, None)
        if coming is None:
            progress.more(1)
        else:
            heapq.heappush(waiting, (coming, next(count), journey, steps))
    return [line for journey in journeys for line in journey.refused]


def _finish(stage: Stage, until: datetime, seed: int) -> None:
    """Visits stand where the calendar puts them now, as each night leaves them, and people have asked for calls."""
    _turn_visits(stage, until)

    def work(sites: list[int]) -> list[str]:
        for place in (place for place in stage.places if place.site.pk in sites):
            let_people_ask(place, until=until, dice=random.Random(seed + place.site.pk))  # noqa: S311 (a story)
        return []

    in_parallel(work, {place.site.pk: 1 for place in stage.places})
    read_news(stage, until)
    with scope(user_id=None, sites=EVERYTHING):
        work_out(at=until)


def _turn_visits(stage: Stage, until: datetime) -> None:
    """Each visit that came due, is overdue or was missed by now says so."""

    def work(sites: list[int]) -> list[str]:
        for place in (place for place in stage.places if place.site.pk in sites):
            with scope(user_id=None, sites=EVERYTHING):
                update_visit_states(site=place.site, on=local_date(until, place.site.time_zone), at=until)
        return []

    in_parallel(work, {place.site.pk: 1 for place in stage.places})


def _suspend_one(stage: Stage, at: datetime) -> None:
    open_places = [place for place in stage.places if place.consent is not None]
    if len(open_places) > 2:
        with scope(user_id=None, sites=EVERYTHING):
            suspend(open_places[-1], by=stage.central["trial"], at=at)
