"""What is to be done next about one participant, the latest first, each with where it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import User
from accounts.permissions import Permission
from crf.page.safety import ClockLine
from crf.trial_rules.expected import rules_of
from followup.history import text_for
from followup.models import AWAITED, TodoState, Visit, VisitState
from followup.todo_lines import TodoLine
from kernel.days import time_left, time_until, written
from reports.matrix import Cell, Matrix
from trials.models import Participant

SHOWN: Final = 5
AWAITS_AN_ANSWER: Final = frozenset({"due", "overdue", "in_progress"})


@dataclass(frozen=True)
class NextStep:
    """One thing to do: what, until when, and the pages on which it is done."""

    what: str
    links: tuple[tuple[str, str], ...]
    when: str = ""
    tone: str = "info"
    due: date | None = None


@dataclass(frozen=True)
class NextBand:
    """What is to be done now, what follows, and what comes when nothing is."""

    steps: tuple[NextStep, ...] = ()
    more: tuple[NextStep, ...] = ()
    coming: str = ""


def next_band(
    participant: Participant,
    *,
    user: User,
    today: date,
    visits: Iterable[Visit],
    names: Mapping[int, str],
    matrix: Matrix,
    todos: Iterable[TodoLine],
    clocks: Iterable[ClockLine],
) -> NextBand:
    """Return what this person can do next: clocks first, then by the day on which each thing was or is due."""
    awaited = [visit for visit in visits if visit.state in AWAITED and visit.opens and visit.closes]
    steps = [
        *_visits(participant, awaited, names, user, today),
        *_forms(participant, matrix, user, today),
        *(_todo(line, today) for line in todos if line.todo.state == TodoState.OPEN),
    ]
    ordered = [
        *map(_clock, clocks),
        *sorted(steps, key=lambda step: step.due or date.max),
        *_questions(participant, matrix, user),
        *_to_sign(participant, matrix, user),
    ]
    return NextBand(tuple(ordered[:SHOWN]), tuple(ordered[SHOWN:]), _coming(awaited, names, today))


def _by(last: date, today: date) -> tuple[str, str]:
    """Return how much time is left, and the tone in which it is said."""
    return time_left(last, today=today), "stop" if last < today else "info"


def _clock(line: ClockLine) -> NextStep:
    what = f"{line.open.what} · {line.open.subject}"
    tone = "stop" if line.open.overdue else "warn"
    return NextStep(what, ((line.open.href, pgettext("button", "Open")),), line.words, tone)


def _visits(
    participant: Participant, awaited: Iterable[Visit], names: Mapping[int, str], user: User, today: date
) -> Iterator[NextStep]:
    if not user.may(Permission.VISIT_RECORD, participant.site_id):
        return
    by_itself = text_for(participant).track(participant.state).ends_at if not participant.arm else ()
    for visit in awaited:
        is_due = visit.opens is not None and visit.opens <= today and visit.code not in by_itself
        if is_due and visit.closes:
            when, tone = _by(visit.closes, today)
            links = ((visit.get_absolute_url(), _("Record the visit")),)
            yield NextStep(f"{visit} · {names[visit.pk]}", links, when, tone, visit.closes)


def _forms(participant: Participant, matrix: Matrix, user: User, today: date) -> Iterator[NextStep]:
    """Yield the visits that took place and whose forms are not complete, each with its forms."""
    if not user.may(Permission.CRF_EDIT, participant.site_id):
        return
    rules, named = rules_of(text_for(participant)), set[str]()
    for row in matrix.rows:
        if row.visit.state != VisitState.DONE or row.visit.took_place_on is None:
            continue
        open_cells = [cell for cell in row.cells if cell and _is_to_fill(cell) and cell.href not in named]
        if not open_cells:
            continue
        named |= {cell.href for cell in open_cells}
        last = row.visit.took_place_on + timedelta(days=min(rules[cell.code].days for cell in open_cells))
        when, tone = _by(last, today)
        links = tuple((cell.href, cell.code) for cell in open_cells)
        yield NextStep(f"{pgettext('work', 'Fill in')} · {row.visit} {row.name}", links, when, tone, last)


def _is_to_fill(cell: Cell) -> bool:
    return bool(cell.href) and cell.state in AWAITS_AN_ANSWER


def _todo(line: TodoLine, today: date) -> NextStep:
    when, tone = _by(line.todo.due_on, today)
    return NextStep(capfirst(line.name), ((line.href, _("Go there")),), when, tone, line.todo.due_on)


def _questions(participant: Participant, matrix: Matrix, user: User) -> Iterator[NextStep]:
    number = matrix.open_queries
    if number and user.may(Permission.QUERY_ANSWER, participant.site_id):
        address = f"{reverse('crf:queries-several')}?{urlencode({'participant': participant.number})}"
        words = ngettext("%(n)s open query", "%(n)s open queries", number) % {"n": number}
        yield NextStep(words, ((address, _("Answer")),), tone="warn")


def _to_sign(participant: Participant, matrix: Matrix, user: User) -> Iterator[NextStep]:
    number = matrix.unsigned
    if number and user.may(Permission.CRF_SIGN, participant.site_id):
        address = f"{reverse('crf:sign-lot')}?{urlencode({'participant': participant.number})}"
        words = ngettext("%(n)s form to sign", "%(n)s forms to sign", number) % {"n": number}
        yield NextStep(words, ((address, _("Read and sign together")),))


def _coming(awaited: Iterable[Visit], names: Mapping[int, str], today: date) -> str:
    """Return the next visit that is not due yet, and when its window opens."""
    ahead = [(visit.opens, visit.pk, visit) for visit in awaited if visit.opens and visit.opens > today]
    if not ahead:
        return ""
    opens, pk, visit = min(ahead)
    return f"{visit} · {names[pk]} · {time_until(opens, today=today)} ({written(opens)})"
