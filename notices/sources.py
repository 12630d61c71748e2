"""Matters that wait too long, each with its ladder: what a source tells, and the sources of this floor.

A source is a function ``(site, *, on, at) -> Iterable[Matter]``, named in ``settings.MATTERS`` so that upper
floors can tell of theirs. It yields what waits *now*, at its present stage: what is settled is simply not
named any more, and is then not sent either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accounts.permissions import Role
from followup.history import whole_number
from followup.models import MatterKind, Todo
from followup.safety_clocks import RunningClock, open_clocks
from followup.todo_lines import todo_event, todo_name
from protocol.text import load
from protocol.windows import add_months
from trials.models import Delegation, Participant, Site
from trials.models.participants import TERMINAL, Track

SITE_TEAM: Final = frozenset({Role.COORDINATOR, Role.INVESTIGATOR})
ABOVE_THE_SITE: Final = frozenset({Role.INVESTIGATOR, Role.TRIAL_MANAGER})
SPONSOR: Final = frozenset({Role.TRIAL_MANAGER, Role.DATA_MANAGER})
RUN_OUT: Final = 2
# A person is told of their training two months, one month and one week before it ends, and when it has ended.
WARNED_AT: Final = (60, 30, 7, -1)


@dataclass(frozen=True)
class Matter:
    """One thing that waits: what it is, how far up its ladder, and who is told at this stage.

    ``key`` names it among those of its ``kind`` for good; ``what`` says it in the language then in
    force. An ``urgent`` matter is told at any hour. ``person`` is told whatever their role.
    """

    kind: MatterKind
    key: str
    what: Callable[[], str]
    stage: int
    told: frozenset[Role]
    participant: Participant | None = None
    urgent: bool = False
    person: int | None = None


Source = Callable[..., Iterable[Matter]]


def matters_at(site: Site, *, on: date, at: datetime) -> list[Matter]:
    """Return everything that waits too long at the site, from every source."""
    sources: list[Source] = [import_string(name) for name in settings.MATTERS]
    return [matter for source in sources for matter in source(site, on=on, at=at)]


def stage_of(waited: int, steps: tuple[int, ...]) -> int | None:
    """Return the highest step of the ladder that ``waited`` days have reached; None below the first."""
    return max((number for number, days in enumerate(steps) if waited >= days), default=None)


def safety(site: Site, *, on: date, at: datetime) -> Iterator[Matter]:
    """Clocks of safety reporting, at any hour: when they start, in their last quarter, when they have run out."""
    said = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            said[language] = {clock.clock_id: clock for clock in open_clocks(site, at=at)}
    clocks = said[settings.LANGUAGE_CODE]
    numbers = {clock.number for clock in clocks.values()}
    people = (
        {person.number: person for person in Participant.objects.filter(number__in=numbers)}
        if numbers
        else {}
    )
    for pk, clock in clocks.items():
        stage = _stage_of_clock(clock, at)
        team = SITE_TEAM if clock.of_site else SPONSOR
        yield Matter(
            kind=MatterKind.CLOCK,
            key=str(pk),
            what=_clock_said(said, pk, site),
            stage=stage,
            told=team | ABOVE_THE_SITE if stage >= RUN_OUT else team,
            participant=people[clock.number],
            urgent=True,
        )


def _stage_of_clock(clock: RunningClock, at: datetime) -> int:
    """Return 0 from the start, 1 in the last quarter, 2 when it has run out, 3 a day later."""
    if at > clock.due_at:
        return RUN_OUT + 1 if at > clock.due_at + timedelta(days=1) else RUN_OUT
    return 1 if clock.due_at - at <= (clock.due_at - clock.starts_at) / 4 else 0


def _clock_said(said: Any, pk: int, site: Site) -> Callable[[], str]:
    def words() -> str:
        clock = said[get_language() or settings.LANGUAGE_CODE][pk]
        due = clock.due_at.astimezone(ZoneInfo(site.time_zone))
        values = {"what": clock.what, "number": clock.event_no, "due": f"{due:%Y-%m-%d %H:%M}"}
        if clock.overdue:
            return _("serious event %(number)s: %(what)s was due at %(due)s") % values
        return _("serious event %(number)s: %(what)s by %(due)s") % values

    return words


def todos(site: Site, *, on: date, at: datetime) -> Iterator[Matter]:
    """To-dos: told when they open, when their day has passed, and some days later above the site."""
    late = whole_number(load(settings.PROTOCOL_VERSION), "todo_escalates_days")
    waiting = Todo.objects.filter(site=site).waiting().select_related("participant")
    for todo in waiting.exclude(participant__state__in=TERMINAL - {Track.LOST, Track.DEAD}):
        passed = (on - todo.due_on).days
        stage = 2 if passed >= late else 1 if passed >= 1 else 0
        yield Matter(
            kind=MatterKind.TODO,
            key=str(todo.pk),
            what=_todo_said(todo, on),
            stage=stage,
            told=ABOVE_THE_SITE if stage == 2 else SITE_TEAM,
            participant=todo.participant,
        )


def _todo_said(todo: Todo, on: date) -> Callable[[], str]:
    def said() -> str:
        values = {"what": todo_name(todo), "day": todo.due_on, "event": todo_event(todo)}
        if todo.due_on < on:
            return _("%(what)s was due on %(day)s (%(event)s)") % values
        return _("%(what)s by %(day)s (%(event)s)") % values

    return said


def training(site: Site, *, on: date, at: datetime) -> Iterator[Matter]:
    """Training that ends, of everybody who works at the site."""
    months = whole_number(load(settings.PROTOCOL_VERSION), "training_valid_months")
    held = Delegation.objects.in_force(on=on).filter(site=site, user__is_active=True).select_related("user")
    people = {delegation.user_id: delegation.user for delegation in held.order_by("user_id")}
    for user in people.values():
        if user.trained_on is None:
            continue
        until = add_months(user.trained_on, months)
        left = (until - on).days
        stage = stage_of(-left, tuple(-days for days in WARNED_AT))
        if stage is not None:
            yield Matter(
                kind=MatterKind.TRAINING,
                key=f"{user.pk}:{until.isoformat()}",
                what=_training_said(user, until, on),
                stage=stage,
                told=frozenset({Role.TRIAL_MANAGER}),
                person=user.pk,
            )


def _training_said(user: Any, until: date, on: date) -> Callable[[], str]:
    def said() -> str:
        values = {"person": user.display_name, "day": until}
        if until < on:
            return _("training of %(person)s ended on %(day)s: train again, then record it") % values
        return _("training of %(person)s ends on %(day)s") % values

    return said


def waited_since(since: date, on: date) -> int:
    """Return for how many days something has waited."""
    return (on - since) // timedelta(days=1)
