"""The way of one participant drawn on a true time axis: windows, milestones, branches (protocol 2.1-2.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from unicodedata import east_asian_width

from followup.models import AWAITED, HAPPENED, Visit, VisitState
from followup.wording import in_language, milestone_name
from kernel.days import in_chinese, time_left, time_until, written
from protocol.loader.schema import TrackRule
from protocol.text import ProtocolText
from reports.phases import Phase, phase_of
from trials.models import Milestone

WIDTH: Final = 1000
LEFT, RIGHT, TOP, LANE, FOOT = 165, 24, 84, 34, 26
FLAGS: Final = (12, 28, 44, 60)
LETTER, LEAST_BAR = 6.3, 5
COMING_DRAWN: Final = 5
BEYOND: Final = timedelta(days=21)
STEPS: Final = (1, 2, 3, 6, 12, 24)
MOST_TICKS: Final = 10
NEAR: Final = 44  # of the word for today, where no month is written
KINDS: Final[Mapping[str, str]] = {
    VisitState.DONE: "done",
    VisitState.NOT_DONE: "off",
    VisitState.MISSED: "off",
    VisitState.OVERDUE: "late",
    VisitState.DUE: "due",
    VisitState.OPEN: "due",
    VisitState.PLANNED: "ahead",
}


@dataclass(frozen=True)
class Mark:
    """One visit of the drawing: its window as a bar, where it took place as a point, and the same in words."""

    x: int
    width: int
    y: int
    kind: str
    code: str
    name: str
    days: str
    when: str
    href: str
    point: int | None = None
    is_named: bool = False

    @property
    def label(self) -> str:
        """Return what a reader of the screen hears of it."""
        return " · ".join(part for part in (self.code, self.name, self.days, self.when) if part)

    @property
    def middle(self) -> int:
        return self.point if self.point is not None else self.x + self.width // 2

    @property
    def top(self) -> int:
        """Return where the bar begins."""
        return self.y - 5

    @property
    def word_y(self) -> int:
        return self.y - 9


@dataclass(frozen=True)
class Flag:
    """One milestone above the axis, its name on one of the heights that are free."""

    x: int
    y: int
    name: str
    day: str
    is_named: bool = True

    @property
    def stem(self) -> int:
        return self.y + 4


@dataclass(frozen=True)
class Lane:
    """One phase of the drawing."""

    y: int
    title: str
    later: str = ""


@dataclass(frozen=True)
class Branch:
    """From an evaluation to where its result leads, or may lead."""

    path: str
    why: str
    x: int
    y: int
    is_taken: bool


@dataclass(frozen=True)
class Pathway:
    """The drawing as a value; the template makes SVG and table of it."""

    height: int
    axis: int
    foot: int
    today: int
    ticks: tuple[tuple[int, str], ...]
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    flags: tuple[Flag, ...]
    branches: tuple[Branch, ...]
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT


@dataclass(frozen=True)
class _Scale:
    first: date
    last: date

    def x(self, day: date) -> int:
        span = max((self.last - self.first).days, 1)
        share = (day - self.first).days / span
        return round(LEFT + share * (WIDTH - LEFT - RIGHT))


def pathway(
    text: ProtocolText,
    milestones: Iterable[Milestone],
    visits: Iterable[Visit],
    names: Mapping[int, str],
    *,
    arm: str | None,
    today: date,
) -> Pathway | None:
    """Draw milestones and visits on one axis, as far as the next few visits; nothing where nothing has a day."""
    shown = [visit for visit in visits if visit.state != VisitState.CANCELLED and _first(visit)]
    reached = sorted((day, name) for day, name in _reached(text, milestones))
    days = [day for day, _name in reached] + [day for visit in shown if (day := _first(visit))]
    if not days:
        return None
    scale = _Scale(min(days), max(today + BEYOND, _horizon(shown, today)))
    drawn = [visit for visit in shown if (_first(visit) or scale.last) <= scale.last]
    phases = _phases(text, drawn, arm)
    forks = [fork for fork in _forks(text, drawn, arm) if _is_open(fork) or _after(fork, drawn, phases)]
    there = [phase for phase in Phase if phase in phases.values() or phase in {fork.to for fork in forks}]
    heights = {phase: TOP + LANE // 2 + LANE * place for place, phase in enumerate(there)}
    left_out = [visit for visit in shown if visit not in drawn]
    foot = TOP + LANE * len(there)
    return Pathway(
        height=foot + FOOT,
        axis=TOP - 8,
        foot=foot,
        today=scale.x(today),
        ticks=tuple(_ticks(scale, today)),
        lanes=tuple(
            Lane(y, str(phase.label), _later(text, phase, left_out, arm)) for phase, y in heights.items()
        ),
        marks=tuple(_marks(drawn, phases, heights, names, scale, today)),
        flags=tuple(_flags(reached, scale)),
        branches=tuple(_branches(forks, drawn, phases, heights, scale)),
    )


def _first(visit: Visit) -> date | None:
    return visit.took_place_on or visit.opens


def _reached(text: ProtocolText, milestones: Iterable[Milestone]) -> Iterator[tuple[date, str]]:
    known = {milestone.code: milestone for milestone in text.milestones}
    for milestone in milestones:
        if milestone.on and milestone.code in known:
            yield milestone.on, milestone_name(known[milestone.code])


def _horizon(visits: Sequence[Visit], today: date) -> date:
    coming = sorted(
        visit.closes for visit in visits if visit.state in AWAITED and visit.closes and visit.closes >= today
    )
    settled = [visit.took_place_on for visit in visits if visit.took_place_on]
    return max([*coming[:COMING_DRAWN][-1:], *settled, today])


def _phases(text: ProtocolText, visits: Iterable[Visit], arm: str | None) -> dict[int, Phase]:
    return {visit.pk: phase_of(text, visit.code, arm) for visit in visits}


def _later(text: ProtocolText, phase: Phase, visits: Iterable[Visit], arm: str | None) -> str:
    """Return how many visits of a phase lie beyond the drawing."""
    number = sum(phase_of(text, visit.code, arm) is phase for visit in visits)
    return f"+{number}" if number else ""


def _ticks(scale: _Scale, today: date) -> Iterator[tuple[int, str]]:
    months = (scale.last.year - scale.first.year) * 12 + scale.last.month - scale.first.month
    step = next((each for each in STEPS if months // each <= MOST_TICKS), STEPS[-1])
    for number in range(step, months + 1, step):
        place = scale.first.year * 12 + scale.first.month - 1 + number
        day = date(place // 12, place % 12 + 1, 1)
        if day <= scale.last:
            x = scale.x(day)
            is_free = abs(x - scale.x(today)) > NEAR
            yield x, (f"{day:%Y-%m}" if in_chinese() else f"{day:%b %Y}") if is_free else ""


def _long(words: str) -> float:
    """Return about how wide words stand in the drawing."""
    return sum(LETTER * (2 if east_asian_width(letter) in "WF" else 1) for letter in words)


def _flags(reached: Iterable[tuple[date, str]], scale: _Scale) -> Iterator[Flag]:
    ends = [float("-inf")] * len(FLAGS)
    for day, name in reached:
        x = scale.x(day)
        start = min(x, WIDTH - _long(name))
        free = next((place for place, end in enumerate(ends) if end < start), None)
        if free is not None:
            ends[free] = start + _long(name) + 8
        yield Flag(x, FLAGS[free or 0], name, written(day), is_named=free is not None and start == x)


def _marks(
    visits: Iterable[Visit],
    phases: Mapping[int, Phase],
    heights: Mapping[Phase, int],
    names: Mapping[int, str],
    scale: _Scale,
    today: date,
) -> Iterator[Mark]:
    ends: dict[Phase, float] = {}
    for visit in sorted(visits, key=lambda each: (_first(each) or scale.first, each.pk)):
        opens, closes = visit.opens or visit.took_place_on, visit.closes or visit.took_place_on
        if opens is None or closes is None:
            continue
        phase = phases[visit.pk]
        x = max(scale.x(max(opens, scale.first)), LEFT)
        width = max(scale.x(min(closes, scale.last)) - x, LEAST_BAR)
        point = scale.x(visit.took_place_on) if visit.took_place_on else None
        middle = point if point is not None else x + width // 2
        reach = _long(str(visit)) / 2
        is_named = middle - reach > ends.get(phase, LEFT)
        if is_named:
            ends[phase] = middle + reach + 3
        yield Mark(
            x=x,
            width=width,
            y=heights[phase] + 5,
            kind=KINDS.get(visit.state, "ahead"),
            code=str(visit),
            name=names[visit.pk],
            days=written(visit.took_place_on)
            if visit.took_place_on
            else f"{written(opens)} – {written(closes)}",
            when=_when(visit, today),
            href=visit.get_absolute_url(),
            point=point,
            is_named=is_named,
        )


def _when(visit: Visit, today: date) -> str:
    """Return how a visit stands: took place, so many days left or late, or when it may begin."""
    if visit.state not in AWAITED or visit.opens is None or visit.closes is None:
        return str(VisitState(visit.state).label)
    return (
        time_until(visit.opens, today=today) if visit.opens > today else time_left(visit.closes, today=today)
    )


@dataclass(frozen=True)
class _Fork:
    visit: Visit
    to: Phase
    why: str


def _forks(text: ProtocolText, visits: Iterable[Visit], arm: str | None) -> Iterator[_Fork]:
    """Yield where the protocol lets each evaluation lead, as far as a phase of the drawing follows from it."""
    for visit in visits:
        if phase_of(text, visit.code, arm) is not Phase.EVALUATION or visit.state == VisitState.MISSED:
            continue
        for track in (track for track in text.tracks if visit.code in track.ends_at):
            for move in text.moves:
                phase = _entered(text, text.track(move.to), arm)
                if move.start == track.code and arm in move.arms and phase:
                    yield _Fork(visit, phase, in_language(move.why))


def _entered(text: ProtocolText, track: TrackRule, arm: str | None) -> Phase | None:
    """Return the phase that a state leads into: that of the visits at which it ends, or that which has its name."""
    if track.ends_at:
        return phase_of(text, track.ends_at[0], arm)
    return next((phase for phase in Phase if phase == track.code.lower()), None)


def _branches(
    forks: Iterable[_Fork],
    visits: Sequence[Visit],
    phases: Mapping[int, Phase],
    heights: Mapping[Phase, int],
    scale: _Scale,
) -> Iterator[Branch]:
    for fork in forks:
        start, is_over = scale.x(_first(fork.visit) or scale.first), not _is_open(fork)
        after = [scale.x(day) for day in _after(fork, visits, phases)]
        end = max(min([*after, start + 60]) if after else start + 40, start + 8)
        y, to = heights[Phase.EVALUATION] + 5, heights[fork.to] + 5
        bend = start + (end - start) // 2
        yield Branch(f"M{start} {y} C{bend} {y} {bend} {to} {end} {to}", fork.why, end + 6, to + 4, is_over)


def _is_open(fork: _Fork) -> bool:
    """Say whether the evaluation is still to come, so that each of its ways is possible."""
    return fork.visit.state not in HAPPENED


def _after(fork: _Fork, visits: Iterable[Visit], phases: Mapping[int, Phase]) -> list[date]:
    """Return the days of the visits that follow an evaluation in the phase to which a way of it leads."""
    day = _first(fork.visit)
    days = (_first(visit) for visit in visits if phases[visit.pk] is fork.to)
    return [each for each in days if each and day and each > day]
