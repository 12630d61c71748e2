"""The phases of a participant's way through the trial, and the matrix cut into them (protocol 2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from crf.engine.declaration import FormDeclaration, Repeats
from followup.history import series_of
from followup.models import VisitState
from followup.wording import timing
from kernel.days import time_until, written
from kernel.punctuation import listed_facts
from protocol.text import ProtocolText
from reports.matrix import Cell, Matrix, MatrixRow

COMING_SHOWN: Final = 2
UNFINISHED: Final = frozenset({"due", "overdue", "in_progress"})
WAITS: Final = frozenset({VisitState.OPEN, VisitState.DUE, VisitState.OVERDUE})


class Phase(TextChoices):
    """A stretch of the way, with the visits of one or more series."""

    SCREENING = "screening", _lazy("Screening")
    TREATMENT = "treatment", _lazy("Neoadjuvant treatment")
    EVALUATION = "evaluation", _lazy("Response evaluation")
    SURGERY = "surgery", _lazy("Surgery and recovery")
    SURVEILLANCE = "surveillance", _lazy("Active surveillance")
    FOLLOW_UP = "follow_up", _lazy("Follow-up")
    SURVIVAL = "survival", _lazy("Vital status")
    UNSCHEDULED = "unscheduled", _lazy("Unscheduled visits")


PHASE_OF_SERIES: Final[dict[str, Phase]] = {
    "screening": Phase.SCREENING,
    "baseline quality of life": Phase.SCREENING,
    "randomisation": Phase.SCREENING,
    "start of treatment": Phase.TREATMENT,
    "treatment": Phase.TREATMENT,
    "end of treatment": Phase.TREATMENT,
    "safety": Phase.TREATMENT,
    "immune safety": Phase.TREATMENT,
    "response": Phase.EVALUATION,
    "restaging": Phase.EVALUATION,
    "surgery": Phase.SURGERY,
    "postoperative": Phase.SURGERY,
    "adjuvant": Phase.SURGERY,
    "surveillance": Phase.SURVEILLANCE,
    "follow-up": Phase.FOLLOW_UP,
    "month 36": Phase.SURVIVAL,
    "sweep": Phase.SURVIVAL,
    "data cut": Phase.SURVIVAL,
}


@dataclass(frozen=True)
class PhaseRow:
    """One visit of a phase, with its cells under the forms of the phase."""

    row: MatrixRow
    cells: tuple[Cell | None, ...]
    exception: str

    @property
    def is_quiet(self) -> bool:
        """Say whether the state of the visit is only what everybody expects."""
        return self.row.visit.state in {VisitState.DONE, VisitState.PLANNED}


@dataclass(frozen=True)
class MatrixPhase:
    """The visits of one phase: those that matter now, those far ahead, and the records that belong to all of them."""

    phase: Phase
    forms: tuple[FormDeclaration, ...]
    rows: tuple[PhaseRow, ...]
    later: tuple[PhaseRow, ...]
    shared: tuple[tuple[FormDeclaration, Cell], ...]
    is_open: bool
    result: str
    overdue: int
    queries: int

    @property
    def title(self) -> str:
        return str(self.phase.label)


def phase_of(text: ProtocolText, code: str, arm: str | None) -> Phase:
    """Return the phase to which a visit belongs."""
    return PHASE_OF_SERIES.get(series_of(text, code, arm), Phase.UNSCHEDULED)


def phases_of(matrix: Matrix, text: ProtocolText, *, arm: str | None, today: date) -> list[MatrixPhase]:
    """Return the matrix phase by phase: what is over or far ahead is folded, with its result."""
    rows: dict[Phase, list[MatrixRow]] = {phase: [] for phase in Phase}
    for row in matrix.rows:
        rows[phase_of(text, row.visit.code, arm)].append(row)
    return [_phase(phase, of_phase, matrix, today) for phase, of_phase in rows.items() if of_phase]


def _phase(phase: Phase, rows: list[MatrixRow], matrix: Matrix, today: date) -> MatrixPhase:
    columns = [
        (place, form) for place, form in enumerate(matrix.forms) if any(row.cells[place] for row in rows)
    ]
    shared = {
        place: next(row.cells[place] for row in rows if row.cells[place])
        for place, form in columns
        if form.repeats is Repeats.PER_PARTICIPANT and sum(bool(row.cells[place]) for row in rows) > 1
    }
    own = [(place, form) for place, form in columns if place not in shared]
    cells = [row.cells[place] for row in rows for place, _form in own] + list(shared.values())
    states = [cell.state for cell in cells if cell]
    drawn = [PhaseRow(row, tuple(row.cells[place] for place, _form in own), _exception(row)) for row in rows]
    ahead = [each for each in drawn if _is_ahead(each.row, today)]
    later = ahead[COMING_SHOWN:]
    return MatrixPhase(
        phase=phase,
        forms=tuple(form for _place, form in own),
        rows=tuple(each for each in drawn if each not in later),
        later=tuple(later),
        shared=tuple((form, cell) for place, form in columns if (cell := shared.get(place))),
        is_open=bool(UNFINISHED.intersection(states)) or any(row.visit.state in WAITS for row in rows),
        result=_result(rows, ahead, today),
        overdue=states.count("overdue"),
        queries=sum(cell.queries for cell in cells if cell),
    )


def _is_ahead(row: MatrixRow, today: date) -> bool:
    visit = row.visit
    return visit.state == VisitState.PLANNED and visit.opens is not None and visit.opens > today


def _exception(row: MatrixRow) -> str:
    """Return by how much a visit missed its window; nothing where it kept it."""
    visit = row.visit
    if visit.took_place_on is None or visit.opens is None or visit.closes is None:
        return ""
    return "" if visit.opens <= visit.took_place_on <= visit.closes else timing(visit)


def _result(rows: list[MatrixRow], ahead: list[PhaseRow], today: date) -> str:
    """Return in one line how the phase went, or when it begins."""
    if len(ahead) == len(rows):
        opens = min(each.row.visit.opens for each in ahead if each.row.visit.opens)
        counted = ngettext("%(n)s visit planned", "%(n)s visits planned", len(rows)) % {"n": len(rows)}
        return listed_facts(f"{counted} · {_('first')} {time_until(opens, today=today)}", written(opens))
    parts = list(_outcomes([row.visit.state for row in rows]))
    if ahead and ahead[0].row.visit.opens:
        parts.append(f"{_('next')} {time_until(ahead[0].row.visit.opens, today=today)}")
    return " · ".join(parts)


def _outcomes(states: Iterable[str]) -> Iterator[str]:
    counted = list(states)
    done = counted.count(VisitState.DONE)
    yield _("%(done)s of %(all)s took place") % {"done": done, "all": len(counted)}
    for state in (VisitState.NOT_DONE, VisitState.MISSED, VisitState.OVERDUE):
        if number := counted.count(state):
            yield f"{number} × {state.label}"
