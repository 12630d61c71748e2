"""Which safety clocks run for a serious event, since when and until when (protocol 2.6, 3.6)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from protocol.safety import SusarDays, sae_report_due, susar_due, susar_follow_up_due


class ClockKind(StrEnum):
    """What has to be done in time."""

    SAE_REPORT = "sae_report"
    SUSAR_URGENT = "susar_urgent"
    SUSAR_FOLLOW_UP = "susar_follow_up"
    SUSAR_OTHER = "susar_other"


@dataclass(frozen=True, slots=True)
class SeriousEventFacts:
    """What is known of one serious event.

    ``reported`` is the site's first report to the sponsor: its day is day 0 of a SUSAR. ``authority_on``
    and ``follow_up_on`` are the days on which the sponsor told the authority.
    """

    aware: datetime | None = None
    reported: datetime | None = None
    susar: bool | None = None
    fatal_or_life_threatening: bool = False
    authority_on: date | None = None
    follow_up_on: date | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock: it starts, is due, and is met or still runs."""

    kind: ClockKind
    starts: datetime
    due: datetime
    met: datetime | None = None

    @property
    def late(self) -> bool:
        """Whether it was met after it was due."""
        return self.met is not None and self.met > self.due


def clocks_of(event: SeriousEventFacts, *, zone: str, hours: int, susar_days: SusarDays) -> tuple[Clock, ...]:
    """The clocks of one serious event: the site's report within ``hours`` of its awareness; for a SUSAR the
    report to the authority within ``susar_days`` of the sponsor's awareness, and the follow-up of a fatal or
    life-threatening one (protocol 2.6). A last day ends at midnight in ``zone``.
    """
    clocks = []
    if event.aware:
        due = sae_report_due(event.aware, hours=hours)
        clocks.append(Clock(ClockKind.SAE_REPORT, event.aware, due, event.reported))
    if event.susar and event.reported:
        clocks += _expedited(event, event.reported, zone, susar_days)
    return tuple(clocks)


def _expedited(event: SeriousEventFacts, known: datetime, zone: str, days: SusarDays) -> list[Clock]:
    day_0 = known.astimezone(ZoneInfo(zone)).date()
    told = _noon(event.authority_on, zone)
    if not event.fatal_or_life_threatening:
        due = susar_due(day_0, days, fatal_or_life_threatening=False)
        return [Clock(ClockKind.SUSAR_OTHER, known, end_of(due, zone), told)]
    first = end_of(susar_due(day_0, days, fatal_or_life_threatening=True), zone)
    second, followed = end_of(susar_follow_up_due(day_0, days), zone), _noon(event.follow_up_on, zone)
    return [
        Clock(ClockKind.SUSAR_URGENT, known, first, told),
        Clock(ClockKind.SUSAR_FOLLOW_UP, known, second, followed),
    ]


def end_of(day: date, zone: str) -> datetime:
    """The moment at which ``day`` is over in ``zone``."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


def _noon(day: date | None, zone: str) -> datetime | None:
    """A day on which something was done, as a moment of that day."""
    return datetime.combine(day, time(12), ZoneInfo(zone)) if day else None
