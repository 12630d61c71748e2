"""Lists and participant pages at 100 and at 35,600 participants: queries and server time.

Each trial is served by a process of its own; the two are asked in turn, page by page and round by round.
Run: ``python -m bench.pages [--small 100] [--large 35600] [--rounds 15]``. The trials are kept in var/bench.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection
from typing import Any

from bench.databases import Trial, filled, serve, server
from bench.table import HEAD, row

QUERIES, RATIO = 15, 1.5
NOT_ASKED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")  # what frames the queries of a page
VISITS = 24  # the participant whose page is asked for has about so many, in both trials
PAGES = (
    ("work list, coordinator", "coord01", "/work-list/"),
    ("work list, investigator", "invest01", "/work-list/"),
    ("work list, data manager", "data", "/work-list/"),
    ("work list, trial manager", "trial", "/work-list/"),
    ("work list, statistician", "stats", "/work-list/"),
    ("work list, monitor", "monitor", "/work-list/"),
    ("participants list, data manager", "data", "/participants/"),
    ("participants list, coordinator", "coord01", "/participants/"),
    ("participants list, searched", "data", "/participants/?number=01-00"),
    ("participant page", "coord01", "/participants/{number}/"),
    ("participant page, data manager", "data", "/participants/{number}/"),
    ("participant page with safety clocks", "data", "/participants/{clocked}/"),
    ("participant page in screening", "coord01", "/participants/{screened}/"),
    ("form page", "coord01", "/participants/{number}/forms/STAGE/"),
    ("log of adverse events", "data", "/participants/{clocked}/forms/AE/"),
    ("acts of a participant", "data", "/participants/{number}/acts/"),
    ("queries, data manager", "data", "/queries/"),
    ("queries, coordinator", "coord01", "/queries/"),
    ("visits, coordinator", "coord01", "/visits/"),
    ("visits, data manager", "data", "/visits/"),
    ("visits, the whole list", "coord01", "/visits/?show=list"),
    ("visits of a month", "coord01", "/visits/month/"),
    ("sites", "trial", "/sites/"),
    ("exports", "data", "/exports/"),
    ("data of the exports", "data", "/exports/data/"),
    ("data of one form", "data", "/exports/data/AE/"),
    ("search", "data", "/search/?q=01-00"),
    ("listings", "data", "/listings/"),
)
REPORTS = (  # they count every visit or allocation: their time grows, their queries do not
    ("report: visit adherence", "data", "/visits/adherence/"),
    ("report: balance", "stats", "/randomization/schemes/1/balance/"),
)


class Asked:
    """A process that serves one trial and is asked for pages."""

    def __init__(self, trial: Trial) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_answer, args=(trial, theirs), daemon=True)
        self.process.start()
        self.people: dict[str, str] = self.pipe.recv()

    def get(self, user: str, address: str, *, count: bool = False) -> tuple[int, float]:
        """Return how many queries the page asked (counted only when told to) and its milliseconds."""
        self.pipe.send((user, address.format(**self.people), count))
        status, queries, taken = self.pipe.recv()
        if status != 200:
            raise RuntimeError(f"{address} as {user} answered {status}")
        return queries, taken


def _answer(trial: Trial, pipe: Connection) -> None:
    serve(trial)
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    clients: dict[str, Any] = {}
    seen: CaptureQueriesContext | None
    _leave_an_export()
    pipe.send(_people())
    while True:
        user, address, count = pipe.recv()
        if count or user not in clients:
            clients[user] = Client(HTTP_HOST="127.0.0.1")
            clients[user].force_login(person(user))
        began = time.perf_counter()
        if count:
            with CaptureQueriesContext(connection) as seen:
                response = clients[user].get(address)
        else:
            response, seen = clients[user].get(address), None
        queries = sum(not query["sql"].startswith(NOT_ASKED) for query in seen or ())
        pipe.send((response.status_code, queries, (time.perf_counter() - began) * 1000))


def person(name: str) -> Any:
    """Return the person with what they are delegated today."""
    from django.utils import timezone

    from accounts.models import User
    from trials.models.people import with_grants

    return with_grants(User.objects.get(username=name), on=timezone.now().date())


def _leave_an_export() -> None:
    """The register holds an export in both trials; an empty one asks a question less."""
    from django.db import transaction
    from django.utils import timezone

    from exports import services
    from exports.models import Export
    from kernel.scope import EVERYTHING, scope

    services.send = lambda name, *args, **more: None  # nobody writes it: there is no worker here
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        if not Export.objects.exists():
            services.request_export(
                forms=["DM"], sites=["01"], purpose="bench", by=person("data"), at=timezone.now()
            )


def _people() -> dict[str, str]:
    """Return the participants whose pages are asked for."""
    from django.db import transaction

    from crf.models import SafetyClock
    from kernel.scope import EVERYTHING, scope
    from trials.models import Participant

    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        clock = SafetyClock.objects.running().select_related("participant").order_by("pk").first()
        screened = Participant.objects.filter(number__startswith="01-", state="SCREENED")
        return {
            "number": _participant(),
            "clocked": clock.participant.number if clock else _participant(),
            "screened": screened.earliest("pk").number,
        }


def _participant() -> str:
    """Return the number of a participant of site 01 with about as many visits as in the other trial."""
    from django.db import transaction
    from django.db.models import Count

    from kernel.scope import EVERYTHING, scope
    from trials.models import Participant

    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        people = Participant.objects.filter(number__startswith="01-", arm__isnull=False)
        counted = people.annotate(n=Count("visits")).values_list("n", "number")[:2000]
        return min(counted, key=lambda one: (abs(one[0] - VISITS), one[1]))[1]


def compare(
    small: Asked, large: Asked, page: tuple[str, str, str], rounds: int, ratio: float | None = RATIO
) -> None:
    """Print the row of one page. The first request of a session counts, the session's own queries with it."""
    what, user, address = page
    try:
        queries = [asked.get(user, address, count=True)[0] for asked in (small, large)]
    except RuntimeError as refused:
        row(what, str(refused), "a page", kept=False)
        return
    times: tuple[list[float], list[float]] = ([], [])
    for _round in range(rounds):
        for asked, taken in zip((small, large), times, strict=True):
            taken.append(asked.get(user, address)[1])
    before, after = map(statistics.median, times)
    row(
        what,
        f"{queries[0]} and {queries[1]} queries; {before:.1f} and {after:.1f} ms: {after / before:.2f} ×",
        f"as many, ≤ {QUERIES}" + (f"; ≤ {ratio} ×" if ratio else ""),
        kept=queries[0] == queries[1] and queries[1] <= QUERIES and (not ratio or after <= ratio * before),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=100)
    parser.add_argument("--large", type=int, default=35_600)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--walk", type=int, default=712, help="walk so many of a trial that is filled now")
    parser.add_argument("--only", default="", help="pages whose name holds this")
    asked = parser.parse_args()
    with server() as running:
        trials = [filled(running, number, walked=asked.walk) for number in (asked.small, asked.large)]
        small, large = map(Asked, trials)
        print(f"\n{asked.small} and {asked.large} participants\n\n{HEAD}")
        for page in PAGES:
            if asked.only in page[0]:
                compare(small, large, page, asked.rounds)
        for page in REPORTS:
            if asked.only in page[0]:
                compare(small, large, page, asked.rounds, None)


if __name__ == "__main__":
    main()
