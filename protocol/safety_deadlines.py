"""Which safety clocks run for a serious event or a pregnancy, since when and until when (protocol 2.6, 3.6)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from protocol.safety import SusarDays, report_due, susar_due, susar_follow_up_due


class ClockKind(StrEnum):
    """What has to be done in time."""

    SAE_REPORT = "sae_report"
    SUSAR_URGENT = "susar_urgent"
    SUSAR_FOLLOW_UP = "susar_follow_up"
    SUSAR_OTHER = "susar_other"
    PREGNANCY = "pregnancy"


@dataclass(frozen=True, slots=True)
class SeriousEventFacts:
    """What is known of one serious event.

    ``aware`` is the earliest moment at which anybody of the site knew, from any form that says so, ``recorded``
    the moment at which the event was first saved as serious: nobody can have learnt of it later.
    ``reported`` is the site's first report to the sponsor. ``susar_known`` is when the sponsor first knew that
    the case qualifies as a SUSAR, ``urgent_known`` when it first knew it as a fatal or life-threatening one.
    ``authority_on`` and ``follow_up_on`` are the days on which the sponsor told the authority.
    """

    recorded: datetime
    aware: datetime | None = None
    reported: datetime | None = None
    susar: bool | None = None
    susar_known: datetime | None = None
    fatal_or_life_threatening: bool = False
    urgent_known: datetime | None = None
    authority_on: date | None = None
    follow_up_on: date | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock: it starts, is due, and is met or still runs.

    A ``provisional`` one starts when the event was saved, because nobody has said since when it is known.
    """

    kind: ClockKind
    starts: datetime
    due: datetime
    met: datetime | None = None
    provisional: bool = False

    @property
    def late(self) -> bool:
        """Whether it was met after it was due."""
        return self.met is not None and self.met > self.due

    def not_later_than(self, starts: datetime, due: datetime) -> "Clock":
        """The clock, if ``starts`` and ``due`` were promised before: no later answer gives more time."""
        return replace(self, starts=min(self.starts, starts), due=min(self.due, due))


def clocks_of(event: SeriousEventFacts, *, zone: str, hours: int, susar_days: SusarDays) -> tuple[Clock, ...]:
    """The clocks of one serious event: the site's report within ``hours`` of its awareness; for a SUSAR the
    report to the authority within ``susar_days`` of the moment at which the sponsor knew that the case
    qualifies, and the follow-up of a fatal or life-threatening one (protocol 2.6). A last day ends at midnight
    in ``zone``.
    """
    clocks = [_of_report(ClockKind.SAE_REPORT, event.recorded, event.aware, event.reported, hours)]
    if event.susar and event.susar_known:
        clocks += _expedited(event, event.susar_known, zone, susar_days)
    return tuple(clocks)


def clock_of_pregnancy(
    *, recorded: datetime, aware: datetime | None, reported: datetime | None, hours: int
) -> Clock:
    """The clock of one pregnancy: the site tells the sponsor within ``hours`` of its awareness (protocol 2.6)."""
    return _of_report(ClockKind.PREGNANCY, recorded, aware, reported, hours)


def _of_report(
    kind: ClockKind, recorded: datetime, aware: datetime | None, reported: datetime | None, hours: int
) -> Clock:
    """The clock of the site's report: from the awareness, or from the record if that came first."""
    starts = min(filter(None, (aware, recorded)))
    return Clock(kind, starts, report_due(starts, hours=hours), reported, provisional=aware is None)


def _expedited(event: SeriousEventFacts, known: datetime, zone: str, days: SusarDays) -> list[Clock]:
    urgent = event.fatal_or_life_threatening
    starts = (event.urgent_known or event.recorded) if urgent else known
    day_0 = starts.astimezone(ZoneInfo(zone)).date()
    first = end_of(susar_due(day_0, days, fatal_or_life_threatening=urgent), zone)
    told = _told(event.authority_on, day_0, zone)
    if not urgent:
        return [Clock(ClockKind.SUSAR_OTHER, starts, first, told)]
    second, followed = end_of(susar_follow_up_due(day_0, days), zone), _told(event.follow_up_on, day_0, zone)
    unsaid = event.urgent_known is None
    return [
        Clock(ClockKind.SUSAR_URGENT, starts, first, told, provisional=unsaid),
        Clock(ClockKind.SUSAR_FOLLOW_UP, starts, second, followed, provisional=unsaid),
    ]


def end_of(day: date, zone: str) -> datetime:
    """The moment at which ``day`` is over in ``zone``."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


def _told(day: date | None, day_0: date, zone: str) -> datetime | None:
    """A day on which the authority was told, as a moment of that day; what it was told before day 0 was another
    report.
    """
    return datetime.combine(day, time(12), ZoneInfo(zone)) if day and day >= day_0 else None
