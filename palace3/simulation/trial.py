"""Two years of the trial, in the order of time."""

from __future__ import annotations

import heapq
import itertools
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connections

from followup.services import roll_site
from palace3.kernel.clock import local_date
from palace3.kernel.scope import EVERYTHING, scope
from palace3.simulation.answers import Case
from palace3.simulation.journey import Journey, at_work
from palace3.simulation.places import PASSWORD, Stage, set_stage, suspend
from palace3.simulation.stories import tell
from palace3.simulation.urgent import alarm
from randomization.services import set_up_scheme

YEARS = timedelta(days=730)
Tell = Callable[[int, int], None]


def play(
    *, participants: int, sites: int, seed: int, until: datetime, tell_progress: Tell
) -> tuple[Stage, list[str]]:
    """The trial has run for two years up to ``until``; the stage and what was refused on the way are returned."""
    dice = random.Random(seed)  # noqa: S311 (a story, not a secret)
    last = until.date()
    opened_on = last - YEARS
    opening = at_work(opened_on, dice)
    with scope(user_id=None, sites=EVERYTHING):
        stage = set_stage(sites=sites, opened_on=opened_on, at=opening)
        set_up_scheme(
            name="PALACE-3 demonstration",
            statistician=stage.central["stats"],
            statistician_password=PASSWORD,
            second=stage.central["stats2"],
            second_password=PASSWORD,
            at=opening + timedelta(hours=2),
        )
    journeys = list(_journeys(stage, participants, opened_on, last, dice))
    refused = _let_time_pass(journeys, until, tell_progress)
    alarm(stage, until)
    _roll(stage, until)
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
    """Every journey has gone as far as ``until``; return what services refused on the way.

    Sites do not wait for each other: each process takes some of them, in the order of time.
    """
    processes = min(os.cpu_count() or 1, len({journey.place.site.pk for journey in journeys}))
    if processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return _walk(journeys, until, _Progress(len(journeys), tell_progress))
    sites = sorted({journey.place.site.code for journey in journeys})
    shares = [
        [j for j in journeys if sites.index(j.place.site.code) % processes == n] for n in range(processes)
    ]
    connections.close_all()  # a connection belongs to one process, and so does a pool of them
    connections["default"].close_pool()  # type: ignore[attr-defined]
    progress = _Progress(len(journeys), tell_progress, multiprocessing.get_context("fork").Value("i", 0))
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        _SHARED.update(shares=shares, until=until, progress=progress)
        return [line for lines in pool.map(_walk_share, range(processes)) for line in lines]


_SHARED: dict[str, Any] = {}


def _walk_share(number: int) -> list[str]:
    """Walk one share of the journeys, inherited from the process that forked."""
    return _walk(_SHARED["shares"][number], _SHARED["until"], _SHARED["progress"])


@dataclass
class _Progress:
    """How many journeys have come to their end, over all processes."""

    of: int
    tell: Tell
    done: Any = None

    def one_more(self) -> None:
        if self.done is None:
            self.done = multiprocessing.get_context().Value("i", 0)
        with self.done.get_lock():
            self.done.value += 1
            self.tell(self.done.value, self.of)


def _walk(journeys: list[Journey], until: datetime, progress: _Progress) -> list[str]:
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
            progress.one_more()
        else:
            heapq.heappush(waiting, (coming, next(count), journey, steps))
    return [line for journey in journeys for line in journey.refused]


def _roll(stage: Stage, until: datetime) -> None:
    """Every visit stands where the calendar puts it now, as the nightly task leaves it."""
    with scope(user_id=None, sites=EVERYTHING):
        for place in stage.places:
            roll_site(site=place.site, on=local_date(until, place.site.time_zone), at=until)


def _suspend_one(stage: Stage, at: datetime) -> None:
    open_places = [place for place in stage.places if place.consent is not None]
    if len(open_places) > 2:
        with scope(user_id=None, sites=EVERYTHING):
            suspend(open_places[-1], by=stage.central["trial"], at=at)
