"""Tables of a committee pack: pure functions of what is known of participants at the cut, one column a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import quantiles
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from analysis.flow import BOXES, Flow
from analysis.reading import DerivedParticipant
from committee.arms import ArmGroup, ArmView
from committee.reading import DataQuality
from protocol.endpoints import months
from protocol.maturity import expected_deaths

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
AGE_BANDS: Final = ((0, 7), (8, 14), (15, 30), (31, None))
Rows = Sequence[DerivedParticipant]


@dataclass(frozen=True)
class PackRow:
    """One row: what is counted, and a value for each column."""

    label: str
    values: tuple[int | str, ...]


@dataclass(frozen=True)
class PackTable:
    """One table; where ``of_people`` its numbers are participants of the column, and shares are printed beside them.

    ``at_risk`` says of how many in each column, where it is not of all.
    """

    slug: str
    title: str
    first: str
    groups: tuple[ArmGroup, ...]
    rows: tuple[PackRow, ...]
    of_people: bool = False
    note: str = ""
    at_risk: tuple[int, ...] = ()

    @property
    def lines(self) -> list[tuple[str, list[str]]]:
        """Return the rows as they are printed: 12 (34.3 %) where participants are counted; a line ends between
        a count and its limits alone.
        """
        sizes = self.at_risk or tuple(group.size for group in self.groups)
        return [
            (
                row.label,
                [self._printed(value, size) for value, size in zip(row.values, sizes, strict=True)],
            )
            for row in self.rows
        ]

    def _printed(self, value: int | str, size: int) -> str:
        if self.of_people and isinstance(value, int) and size:
            value = f"{value} ({100 * value / size:.1f} %)"
        return "; ".join(part.replace(" ", NO_BREAK) for part in str(value).split("; "))


Count = Callable[[list[DerivedParticipant]], int | str]


def _row(label: str, rows: Rows, groups: Sequence[ArmGroup], count: Count) -> PackRow:
    return PackRow(
        label, tuple(count([row for row in rows if row.facts.number in group.numbers]) for group in groups)
    )


def _people(
    label: str, rows: Rows, groups: Sequence[ArmGroup], is_so: Callable[[DerivedParticipant], bool | None]
) -> PackRow:
    return _row(label, rows, groups, lambda inside: sum(bool(is_so(each)) for each in inside))


def _is(read: Callable[[DerivedParticipant], object], value: object) -> Callable[[DerivedParticipant], bool]:
    """Return what says whether somebody has a value."""
    return lambda each: read(each) == value


def _month(each: DerivedParticipant) -> str:
    return f"{each.facts.rand:%Y-%m}"


def accrual(rows: Rows, groups: tuple[ArmGroup, ...], *, planned: int) -> list[PackTable]:
    """Who was randomized, by site and by month, against the number that is planned."""
    sites = sorted({each.site for each in rows})
    in_months = sorted({_month(each) for each in rows})
    return [
        PackTable(
            "accrual-by-site",
            _("Randomized, by site"),
            _("Site"),
            groups,
            (
                *(_people(site, rows, groups, _is(lambda each: each.site, site)) for site in sites),
                PackRow(_("All sites"), tuple(group.size for group in groups)),
            ),
            note=_("Planned: %(planned)s participants; randomized by the cut: %(number)s.")
            % {"planned": planned, "number": len(rows)},
        ),
        PackTable(
            "accrual-by-month",
            _("Randomized, by month"),
            _("Month"),
            groups,
            tuple(_people(month, rows, groups, _is(_month, month)) for month in in_months),
        ),
    ]


def flow_table(flow: Flow, view: ArmView, groups: tuple[ArmGroup, ...]) -> PackTable:
    """Everybody in exactly one last box; before randomization there is no arm."""
    *_arms, everybody = groups
    note = (
        "" if flow.adds_up else _("The boxes do not add up: what stands about somebody contradicts itself.")
    )
    return PackTable(
        "flow",
        _("Flow of participants (CONSORT 2025)"),
        _("Last box"),
        groups,
        (
            *(
                PackRow(
                    str(box.title),
                    (
                        *(flow.count(box.code, arm) if box.randomized else "–" for arm in view.arms),
                        flow.count(box.code),
                    ),
                )
                for box in BOXES
            ),
            PackRow(_("Everybody registered"), (*("–" for _arm in view.arms), flow.total)),
        ),
        note=note or _("Randomized: %(number)s.") % {"number": everybody.size},
    )


def data_quality(
    quality: Mapping[str, DataQuality], groups: tuple[ArmGroup, ...], view: ArmView
) -> list[PackTable]:
    """Completeness of the forms of visits, the age of queries that wait, and days from visit to entry.

    How many forms are expected follows from the visits of the arm: where arms are masked, shares stand alone.
    """

    def sums(label: str, count: Callable[[list[DataQuality]], int | str]) -> PackRow:
        inside = [[quality[number] for number in group.numbers if number in quality] for group in groups]
        return PackRow(label, tuple(map(count, inside)))

    ages = [(_band(first, last), first, last) for first, last in AGE_BANDS]
    counts = (
        sums(pgettext("completeness", "Expected"), lambda each: sum(one.expected for one in each)),
        sums(_("Entered"), lambda each: sum(one.entered for one in each)),
        sums(_("Complete"), lambda each: sum(one.complete for one in each)),
    )
    return [
        PackTable(
            "completeness",
            _("Completeness of the forms of visits that took place"),
            _("Forms"),
            groups,
            (
                *(() if view.is_masked else counts),
                sums(_("Share that is entered"), lambda each: _share(each, "entered", "expected")),
                sums(_("Share that is complete"), lambda each: _share(each, "complete", "expected")),
            ),
        ),
        PackTable(
            "query-ageing",
            _("Queries that wait, by days since they were raised"),
            _("Days"),
            groups,
            tuple(sums(label, partial(_in_band, first=first, last=last)) for label, first, last in ages),
        ),
        PackTable(
            "timeliness",
            _("Days from the visit to the first answer"),
            _("Days"),
            groups,
            tuple(
                sums(label, partial(_quartile, at=at))
                for at, label in enumerate((_("First quartile"), _("Median"), _("Third quartile")))
            ),
        ),
    ]


def _band(first: int, last: int | None) -> str:
    if last is None:
        return _("over {first} days").format(first=first - 1)
    return _("{first} to {last} days").format(first=first, last=last)


def _in_band(each: list[DataQuality], first: int, last: int | None) -> int:
    return sum(first <= age and (last is None or age <= last) for one in each for age in one.query_ages)


def _share(each: list[DataQuality], part: str, whole: str) -> str:
    number = sum(getattr(one, whole) for one in each)
    return f"{100 * sum(getattr(one, part) for one in each) / number:.1f} %" if number else "–"


def _quartile(each: list[DataQuality], at: int) -> str:
    days = [day for one in each for day in one.days_to_entry]
    if not days:
        return "–"
    return f"{(quantiles(days, method='inclusive') if len(days) > 1 else days * 3)[at]:g}"


@dataclass(frozen=True)
class AssumedSurvival:
    """What the study team has signed of its assumptions; empty until it has: nothing is expected then."""

    at_36_months: float | None = None
    drop_out: float | None = None


def events_against_expected(rows: Rows, groups: tuple[ArmGroup, ...], assumed: AssumedSurvival) -> PackTable:
    """Deaths that were seen, and those that a constant hazard with the assumed survival would give by the cut."""
    note = _(
        "Nothing is expected: the study team has not signed what survival it assumes. Events are shown alone."
    )
    expected: list[PackRow] = []
    if assumed.at_36_months is not None:
        share = assumed.at_36_months
        expected = [
            _row(_("Expected deaths"), rows, groups, lambda inside: f"{_expected(inside, share):.1f}")
        ]
        note = _(
            "Expected: from randomization to the cut at the constant hazard of %(survival)s %% survival at 36 months."
        ) % {"survival": f"{100 * share:g}"}
        if assumed.drop_out is not None:
            note += " " + _("Drop-out of %(share)s %% is not taken off.") % {
                "share": f"{100 * assumed.drop_out:g}"
            }
    return PackTable(
        "events",
        _("Events against expected"),
        _("Counted"),
        groups,
        (
            _people(_("Deaths"), rows, groups, lambda each: each.values.os.event),
            *expected,
            _row(
                _("Years of follow-up for survival"),
                rows,
                groups,
                lambda inside: f"{sum(months(each.values.os.days) for each in inside) / 12:.1f}",
            ),
        ),
        note=note,
    )


def _expected(inside: Iterable[DerivedParticipant], survival: float) -> float:
    spans = [(each.facts.cutoff - each.facts.rand).days for each in inside]
    return expected_deaths(spans, survival=survival, drop_out=0.0)


def compliance(
    rows: Rows, quality: Mapping[str, DataQuality], groups: tuple[ArmGroup, ...], view: ArmView
) -> list[PackTable]:
    """What of the planned treatment was given, questionnaires, and, where arms are told, what belongs to one arm."""
    known = [each for each in rows if each.values.treatment.started]
    tables = [
        PackTable(
            "treatment",
            _("Chemoradiotherapy as planned"),
            _("Counted"),
            groups,
            (
                _people(_("Started"), rows, groups, lambda each: each.values.treatment.started),
                _people(
                    _("Every planned dose of both drugs"),
                    known,
                    groups,
                    lambda each: each.values.treatment.chemo_whole,
                ),
                _people(
                    _("Every planned fraction"),
                    known,
                    groups,
                    lambda each: each.values.treatment.radiotherapy_whole,
                ),
            ),
            of_people=True,
        ),
        PackTable(
            "questionnaires",
            _("Questionnaires on quality of life"),
            _("Counted"),
            groups,
            tuple(
                PackRow(label, tuple(count([quality[n] for n in g.numbers if n in quality]) for g in groups))
                for label, count in _questionnaires(view)
            ),
        ),
    ]
    return [*tables, *_of_one_arm(rows, groups)] if view.tells_arms else tables


def _questionnaires(view: ArmView) -> list[tuple[str, Callable[[list[DataQuality]], int | str]]]:
    share = (
        _("Share that was received"),
        lambda each: _share(each, "questionnaires_received", "questionnaires_expected"),
    )
    if view.is_masked:
        return [share]
    return [
        (
            _("Expected at visits that took place"),
            lambda each: sum(one.questionnaires_expected for one in each),
        ),
        (_("Received"), lambda each: sum(one.questionnaires_received for one in each)),
        share,
    ]


def _of_one_arm(rows: Rows, groups: tuple[ArmGroup, ...]) -> list[PackTable]:
    """What tells arms apart, for the eyes that may see them: camrelizumab, immune-related events, the strategy."""
    doses = Counter(each.values.treatment.camrelizumab_doses or 0 for each in rows)
    return [
        PackTable(
            "camrelizumab",
            _("Doses of camrelizumab given"),
            _("Doses"),
            groups,
            tuple(
                _people(
                    str(number),
                    rows,
                    groups,
                    _is(lambda each: each.values.treatment.camrelizumab_doses or 0, number),
                )
                for number in sorted(doses)
            ),
            of_people=True,
        ),
        PackTable(
            "strategy",
            _("What belongs to one strategy"),
            _("Counted"),
            groups,
            (
                _people(
                    _("An immune-related event"),
                    rows,
                    groups,
                    lambda each: any(e.immune for e in each.facts.events),
                ),
                _people(_("cCR declared"), rows, groups, lambda each: each.values.response.ccr),
                _people(_("Operation begun"), rows, groups, lambda each: each.values.surgery.begun),
                _people(
                    _("Salvage operation"), rows, groups, lambda each: each.values.surgery.intent == "salvage"
                ),
                _row(
                    _("Evaluations done of those due"),
                    rows,
                    groups,
                    lambda inside: (
                        f"{sum(each.values.adherence.done for each in inside)} / "
                        f"{sum(each.values.adherence.due for each in inside)}"
                    ),
                ),
            ),
            of_people=True,
        ),
    ]
