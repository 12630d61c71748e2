"""The flow of participants (CONSORT 2025): everybody in exactly one last box, counted and checked by the database.

Each box has a condition of its own on what stands about a participant: the state, the arm, and the rows that have to
go with it. None is "else": who fits no box, or two, is a contradiction, and is named (protocol 2.5, 6.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exports.cuts import Cut
from randomization.models import Allocation
from trials.models import LossToFollowUp, Milestone, Participant, ScreeningOutcome, Withdrawal
from trials.models.participants import Track

# What stands about every participant of some sites: one row each.
_STANDING = (
    "(SELECT p.id, p.number, p.site_id, p.state, p.arm, o.declined, o.reason, "
    "EXISTS (SELECT FROM {allocation} al WHERE al.participant_id = p.id) AS allocated, "
    "EXISTS (SELECT FROM {milestone} m WHERE m.participant_id = p.id AND m.code = 'DEATH' "
    'AND coalesce(m."on", m.earliest) IS NOT NULL) AS died, '
    "EXISTS (SELECT FROM {loss} l WHERE l.participant_id = p.id AND l.reached_on IS NULL "
    "AND l.cancelled_at IS NULL) AS lost, "
    "EXISTS (SELECT FROM {withdrawal} w WHERE w.participant_id = p.id AND w.all_contact "
    "AND w.cancelled_at IS NULL) AS withdrew "
    "FROM {participant} p LEFT JOIN {outcome} o ON o.participant_id = p.id "
    "WHERE p.site_id = ANY(%(sites)s))"
)
_TABLES: Mapping[str, type[Model]] = {
    "allocation": Allocation,
    "milestone": Milestone,
    "loss": LossToFollowUp,
    "withdrawal": Withdrawal,
    "participant": Participant,
    "outcome": ScreeningOutcome,
}
STANDING = _STANDING.format(**{name: model._meta.db_table for name, model in _TABLES.items()})
ENROLLED = "s.arm IS NOT NULL AND s.allocated"
NOT_ENROLLED = "s.arm IS NULL AND NOT s.allocated"


def _states(*tracks: Track) -> str:
    return f"s.state IN ({', '.join(repr(track.value) for track in tracks)})"


@dataclass(frozen=True)
class FlowBox:
    """A last box of the diagram: its name, whether it lies before randomization, and who is in it, in SQL."""

    code: str
    title: str | Promise
    randomized: bool
    condition: str

    @property
    def sql(self) -> str:
        """Return the whole condition."""
        return f"({ENROLLED if self.randomized else NOT_ENROLLED} AND {self.condition})"


BOXES: tuple[FlowBox, ...] = (
    FlowBox("screening", _("In screening"), False, f"{_states(Track.SCREENED)} AND s.declined IS NULL"),
    FlowBox("failed", _("Screen failure"), False, f"{_states(Track.SCREEN_FAIL)} AND s.declined IS FALSE"),
    FlowBox("declined", _("Eligible, declined"), False, f"{_states(Track.SCREEN_FAIL)} AND s.declined"),
    FlowBox(
        "left",
        _("Withdrew, died or was lost before randomization"),
        False,
        _states(Track.WITHDRAWN, Track.DEAD, Track.LOST, Track.WITHDRAWN_ALL, Track.COMPLETED),
    ),
    FlowBox("waiting", _("Treatment not started yet"), True, _states(Track.RANDOMISED)),
    FlowBox("untreated", _("Never treated"), True, _states(Track.NEVER_TREATED)),
    FlowBox("treatment", _("In neoadjuvant treatment"), True, _states(Track.NEOADJUVANT)),
    FlowBox(
        "decision",
        _("Treated, before the decision or surgery"),
        True,
        _states(Track.AWAIT_CRE1, Track.AWAIT_CRE2, Track.AWAIT_RESTAGE, Track.SURGERY_PLANNED),
    ),
    FlowBox(
        "followed",
        _("Followed, disease under control or treated"),
        True,
        _states(
            *(Track.SURVEILLANCE, Track.REFUSED_WORKUP, Track.REFUSED_SURGERY, Track.OPERATED),
            *(Track.FOLLOW_UP, Track.NONSURGICAL_SALVAGE),
        ),
    ),
    FlowBox(
        "disease",
        _("Progression, recurrence or not resected"),
        True,
        _states(Track.PROGRESSION, Track.NOT_RESECTED, Track.RECURRENCE, Track.DISTANT),
    ),
    FlowBox("survival", _("Survival follow-up only"), True, _states(Track.SURVIVAL_ONLY)),
    FlowBox(
        "completed",
        pgettext_lazy("flow of participants", "Completed the trial"),
        True,
        _states(Track.COMPLETED),
    ),
    FlowBox("lost", _("Lost to follow-up"), True, f"{_states(Track.LOST)} AND s.lost"),
    FlowBox(
        "withdrew", _("Withdrew from all contact"), True, f"{_states(Track.WITHDRAWN_ALL)} AND s.withdrew"
    ),
    FlowBox("dead", _("Died"), True, f"{_states(Track.DEAD)} AND s.died"),
)
BY_CODE: Mapping[str, FlowBox] = {box.code: box for box in BOXES}


@dataclass(frozen=True)
class FlowContradiction:
    """Somebody who is in no last box, or in several: what stands about them does not go together."""

    number: str
    boxes: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """The diagram: how many are in each last box, by arm where that was asked for, and who contradicts it."""

    counts: Mapping[tuple[str, str], int]
    total: int
    contradictions: tuple[FlowContradiction, ...] = ()
    arms: tuple[str, ...] = ("",)

    def count(self, code: str, arm: str | None = None) -> int:
        """Return how many are in a box, over all arms or in one."""
        return sum(n for (box, of), n in self.counts.items() if box == code and arm in (None, of))

    def before(self) -> int:
        """Return how many are in a box before randomization."""
        return sum(self.count(box.code) for box in BOXES if not box.randomized)

    def randomized(self, arm: str | None = None) -> int:
        """Return how many are in a box after randomization."""
        return sum(self.count(box.code, arm) for box in BOXES if box.randomized)

    @property
    def adds_up(self) -> bool:
        """Say whether the boxes hold everybody exactly once."""
        return not self.contradictions and self.before() + self.randomized() == self.total


def flow_of(sites: Iterable[int], *, by_arm: bool = False) -> Flow:
    """Count everybody of the sites; ``by_arm`` only inside an act that says who looks."""
    return counted(STANDING, {"sites": list(sites)}, by_arm=by_arm)


def flow_at(cut: Cut, sites: Iterable[int], *, by_arm: bool = False) -> Flow:
    """Count everybody of the sites as they stood at a cut; ``by_arm`` only inside an act that says who looks."""
    standing = _STANDING.format(**{name: cut.rows(model) for name, model in _TABLES.items()})
    return counted(standing, {"sites": list(sites)}, by_arm=by_arm)


def counted(standing: str, parameters: Mapping[str, Any], *, by_arm: bool = False) -> Flow:
    """Let the database put the rows of ``standing`` in their boxes, and name who is not in exactly one."""
    arm = "coalesce(s.arm, '')" if by_arm else "''"
    fits = ", ".join(f"CASE WHEN {box.sql} THEN '{box.code}' END" for box in BOXES)
    placed = f"SELECT s.number, {arm} AS arm, array_remove(ARRAY[{fits}], NULL) AS boxes FROM {standing} s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH placed AS ({placed}) SELECT boxes[1], arm, count(*), NULL FROM placed "
            "WHERE cardinality(boxes) = 1 GROUP BY 1, 2 UNION ALL "
            "SELECT array_to_string(boxes, ' '), '', 1, number FROM placed WHERE cardinality(boxes) <> 1 "
            "ORDER BY 4, 1, 2",
            parameters,
        )
        rows = cursor.fetchall()
    wrong = tuple(
        FlowContradiction(number, tuple(boxes.split())) for boxes, _arm, _n, number in rows if number
    )
    counts = {(box, of): n for box, of, n, number in rows if not number}
    return Flow(counts, sum(counts.values()) + len(wrong), wrong, ("1", "2") if by_arm else ("",))


def numbers_in(code: str, sites: Iterable[int]) -> list[str]:
    """Return the numbers of the participants of the sites in one last box."""
    sql = f"SELECT s.number FROM {STANDING} s WHERE {BY_CODE[code].sql} ORDER BY s.number"
    with connection.cursor() as cursor:
        cursor.execute(sql, {"sites": list(sites)})
        return [number for (number,) in cursor.fetchall()]


def reasons_of(sites: Iterable[int]) -> list[tuple[str, int]]:
    """Return the reasons why people were not randomized, each with its number, the most frequent first."""
    excluded = " OR ".join(BY_CODE[code].sql for code in ("failed", "declined"))
    sql = (
        f"SELECT s.reason, count(*) FROM {STANDING} s WHERE {excluded} GROUP BY s.reason "
        "ORDER BY count(*) DESC, s.reason"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"sites": list(sites)})
        return cursor.fetchall()
