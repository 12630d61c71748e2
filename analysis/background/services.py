"""Reports are worked out: at once where few are counted, else by the worker, who keeps what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import override

from analysis.background import results
from analysis.background.reports import REPORTS, ReportData
from analysis.background.results import ReportRequest, ReportResult, WorkCancelledError, WorkEnd
from exports.cuts import Cut
from exports.kept_cuts.services import cut_of
from exports.register import named_cuts
from kernel.clock import local_date
from kernel.snapshot import one_snapshot
from kernel.tasks import send
from trials.models import Participant

MOST_AT_ONCE: Final = 5000  # participants: more take longer than the five seconds that a page may take


def counted_in(asked: ReportRequest) -> int:
    """Return how many participants the report is about."""
    randomized = Participant.objects.filter(site__in=asked.keys_of_sites).exclude(arm=None)
    return int(randomized.count())


def takes_long(asked: ReportRequest) -> bool:
    """Say whether the worker works the report out, and no page waits for it."""
    return counted_in(asked) > MOST_AT_ONCE


def result_of(
    asked: ReportRequest, *, at: datetime, tell: Callable[[int], None] = lambda done: None
) -> ReportResult:
    """Return the report as it is worked out now, inside one transaction, in the language in force."""
    cut = cut_of(named_cuts().get(name=asked.cut_name)) if asked.cut_name else Cut.of_this_snapshot()
    as_of = cut.at if asked.cut_name else at
    data = ReportData(cut, as_of, local_date(as_of, settings.TRIAL_TIME_ZONE), tell)
    return ReportResult(REPORTS[asked.report](asked, data), as_of)


def ask_for_report(*, asked: ReportRequest) -> None:
    """The worker works the report out; one that is asked for already is not asked for twice.

    Locks: nothing.
    """
    if results.begin(asked, of=counted_in(asked)):
        send("analysis:work_out", asked.as_json(), may_fail=True)


def cancel_report(*, asked: ReportRequest) -> None:
    """Nobody works the report out any more; the last result stays.

    Locks: nothing.
    """
    results.ask_to_stop(asked)


def work_out_report(*, asked: ReportRequest, at: datetime) -> None:
    """What came of the report is kept with the moment of its data, or that it was cancelled, or that it failed.

    Locks: nothing.
    """
    try:
        with one_snapshot(), override(asked.language):
            of = counted_in(asked)
            results.tell(asked, 0, of)
            result = result_of(asked, at=at, tell=lambda done: results.tell(asked, done, of))
        results.keep(asked, result)
    except WorkCancelledError:
        results.end(asked, WorkEnd.CANCELLED)
    except Exception:
        results.end(asked, WorkEnd.FAILED)
        raise
