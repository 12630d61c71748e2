"""Maturity of survival: status at month 36, deaths against expected, follow-up, overdue calls (protocol 6.1, 6.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from analysis.facts import participant_facts
from analysis.reading import stored_at
from analysis.safety.counting import counted, note_of_level
from exports.cuts import Cut
from followup.models import Visit, VisitState
from protocol.endpoints import TimeToEvent, overall_survival
from protocol.facts import ParticipantFacts
from protocol.maturity import expected_deaths
from protocol.statistics.observations import Observation
from protocol.statistics.product_limit import follow_up
from protocol.survival import day_of_month, months
from protocol.text import newest
from reports.plots import shares
from reports.quality import Report, Table
from trials.confirmed import confirmations_of
from trials.models import Participant

# What proves life or tells of a death.
NAMES: Final = ("CRE", "QOL", "FU", "FU.img", "SURG", "SURV")
LAST_MONTH: Final = 36
EVERY_MONTHS: Final = 6
ASSUMPTIONS: Final[Mapping[str, str | Promise]] = {
    "assumed_survival_36_months": _lazy("Assumed survival at 36 months"),
    "drop_out": _lazy("Drop-out allowed for, by 36 months"),
    "accrual_end": _lazy("Planned end of accrual"),
}
CALL: Final = "SURV"


@dataclass(frozen=True)
class MaturityFacts:
    """One randomized participant: since when, and until when alive or dead."""

    site: str
    number: str
    rand: date
    cutoff: date
    survival: TimeToEvent
    known_at_36: bool | None


@dataclass(frozen=True)
class SignedSetting:
    """A value of the protocol text as far as the study team has set and signed it."""

    key: str
    value: str
    signed_by: str

    @property
    def is_signed(self) -> bool:
        return bool(self.value and self.signed_by)

    @property
    def number(self) -> float | None:
        """Return the value as a number, where it is signed."""
        return float(self.value) if self.is_signed else None


def maturity_at(cut: Cut, sites: Mapping[int, str], *, today: date) -> list[MaturityFacts]:
    """Return every participant of the sites who was randomized by the cut, on whose day it is ``today``."""
    return [
        _mature(code, participant_facts(stored, cutoff=today))
        for site, code in sorted(sites.items(), key=lambda each: each[1])
        for stored in stored_at(cut, site, NAMES)
    ]


def _mature(site: str, facts: ParticipantFacts) -> MaturityFacts:
    survival = overall_survival(
        rand=facts.rand, cutoff=facts.cutoff, death=facts.death, last_alive_on=facts.last_alive
    )
    return MaturityFacts(site, facts.number, facts.rand, facts.cutoff, survival, _known_at_36(facts))


def _known_at_36(facts: ParticipantFacts) -> bool | None:
    """Whether it is known who lived at month 36; ``None`` while that month has not come.

    A death without a day tells it where every possible day says the same (decision D4).
    """
    due = day_of_month(LAST_MONTH)
    if (facts.cutoff - facts.rand).days < due:
        return None
    if facts.death and facts.death.earliest <= facts.cutoff:
        days = ((facts.death.earliest - facts.rand).days, (facts.death.latest - facts.rand).days)
        return (days[0] <= due) == (days[1] <= due)
    return facts.last_alive is not None and (facts.last_alive - facts.rand).days >= due


def signed_settings() -> list[SignedSetting]:
    """Return what the study team assumed, each empty until it is set, and of no use until it is signed."""
    text = newest()
    questions = {each.code: each for each in text.open_questions() if each.code in ASSUMPTIONS}
    confirmed = confirmations_of(list(questions.values()))
    told = []
    for key in ASSUMPTIONS:
        value, question = text.setting(key), questions.get(key)
        signed = confirmed.get(question.item) if question else None
        told.append(
            SignedSetting(key, "" if value is None else str(value), signed.signed_by if signed else "")
        )
    return told


def overdue_calls(cut: Cut, sites: Iterable[int], *, today: date) -> dict[str, tuple[int, int]]:
    """Return by participant how many contacts about vital status are overdue, and for how many days the oldest is."""
    ended = ", ".join(f"'{state.value}'" for state in (VisitState.CANCELLED, VisitState.NOT_DONE))
    sql = (
        f"SELECT p.number, count(*), max(%(today)s - v.closes) FROM {cut.rows(Visit)} v "  # noqa: S608 (declared)
        f"JOIN {cut.rows(Participant)} p ON p.id = v.participant_id WHERE v.site_id = ANY(%(sites)s) "
        "AND p.arm IS NOT NULL AND %(call)s = ANY(v.forms) AND v.took_place_on IS NULL AND v.met_on IS NULL "
        f"AND v.closes < %(today)s AND v.state NOT IN ({ended}) GROUP BY p.number"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"today": today, "sites": list(sites), "call": CALL})
        return {number: (count, days) for number, count, days in cursor.fetchall()}


@dataclass(frozen=True)
class MaturityGroup:
    """Participants who are counted together; ``label`` is empty for everybody."""

    label: str
    people: tuple[MaturityFacts, ...]

    def heading(self, text: str) -> str:
        return f"{self.label}: {text}" if self.label else text

    def of_site(self, site: str | None) -> list[MaturityFacts]:
        return [each for each in self.people if site in (None, each.site)]


def maturity_report(
    people: Sequence[MaturityFacts],
    calls: Mapping[str, tuple[int, int]],
    *,
    arms: Mapping[str, str] | None = None,
) -> Report:
    """Return the report; by arm where ``arms`` says who is in which, only inside an act that says who looks."""
    groups = _groups(people, arms)
    assumed = signed_settings()
    known = [each for each in people if each.known_at_36 is not None]
    notes = [note_of_level()] if known else [_("Nobody has reached month 36 yet.")]
    if not people:
        notes = [_("Nobody is randomized yet.")]
    if not all(each.is_signed for each in assumed[:2]):
        notes.append(
            _("Deaths expected are not worked out: assumed survival and drop-out are not set and signed.")
        )
    sites = sorted({each.site for each in people})
    return Report(
        slug="survival-maturity",
        title=_("Survival maturity by arm") if arms is not None else _("Survival maturity"),
        counts=_(
            "How far the primary endpoint is known: everybody randomized counts, whatever became of the treatment."
        ),
        nothing=_("Nobody is randomized yet"),
        tables=(
            _known(groups, sites),
            _deaths(groups, assumed),
            _assumptions(assumed),
            _followed(groups),
            _calls(people, calls, sites),
        ),
        chart="" if arms is not None else _chart(known, sites),
        notes=tuple(notes),
    )


def _groups(people: Sequence[MaturityFacts], arms: Mapping[str, str] | None) -> list[MaturityGroup]:
    if arms is None:
        return [MaturityGroup("", tuple(people))]
    return [
        MaturityGroup(
            _("Arm %(arm)s") % {"arm": arm}, tuple(each for each in people if arms.get(each.number) == arm)
        )
        for arm in ("1", "2")
    ]


def _chart(known: Sequence[MaturityFacts], sites: Sequence[str]) -> str:
    rows = []
    for site in sites:
        of_site = [each for each in known if each.site == site]
        rows.append((site, sum(bool(each.known_at_36) for each in of_site), len(of_site)))
    return shares(rows, title=_("Share known at month 36, by site"))


def _known(groups: Sequence[MaturityGroup], sites: Sequence[str]) -> Table:
    headings = (_("Status known"), _("Month 36 has passed"), _("Share"), _("Exact limits"))
    columns = (_("Site"), *(group.heading(each) for group in groups for each in headings))

    def cells(site: str | None) -> tuple[str | int, ...]:
        shown: list[str | int] = []
        for group in groups:
            due = [each for each in group.of_site(site) if each.known_at_36 is not None]
            shown += counted(sum(bool(each.known_at_36) for each in due), len(due))
        return tuple(shown)

    rows = tuple((site, *cells(site)) for site in sites)
    return Table(
        _("Vital status known at month 36"), columns, rows, (_("All sites"), *cells(None)), slug="known"
    )


def _deaths(groups: Sequence[MaturityGroup], assumed: Sequence[SignedSetting]) -> Table:
    survival, drop_out = (each.number for each in assumed[:2])

    def expected(group: MaturityGroup) -> str:
        if survival is None or drop_out is None:
            return _("not set")
        days = [(each.cutoff - each.rand).days for each in group.people]
        return f"{expected_deaths(days, survival=survival, drop_out=drop_out):.1f}"

    def median(group: MaturityGroup) -> str:
        curve = follow_up(Observation(each.survival.days, int(each.survival.event)) for each in group.people)
        middle = curve.median(confidence=0.95).value if curve.steps else None
        return _("not reached") if middle is None else f"{months(int(middle)):.1f}"

    rows: list[tuple[str, Callable[[MaturityGroup], str | int]]] = [
        (_("Randomized"), lambda group: len(group.people)),
        (_("Deaths observed"), lambda group: sum(each.survival.event for each in group.people)),
        (_("Deaths expected by now"), expected),
        (
            _("Months of follow-up in all"),
            lambda group: f"{sum(months(each.survival.days) for each in group.people):.1f}",
        ),
        (_("Median follow-up in months (reverse Kaplan–Meier)"), median),
    ]
    columns = (_("What is counted"), *(group.label or _("Both arms together") for group in groups))
    cells = tuple((label, *(claim(group) for group in groups)) for label, claim in rows)
    return Table(_("Deaths against expected"), columns, cells, slug="deaths")


def _assumptions(assumed: Sequence[SignedSetting]) -> Table:
    rows = tuple(
        (str(ASSUMPTIONS[each.key]), each.value or _("not set"), each.signed_by or _("not signed"))
        for each in assumed
    )
    return Table(
        _("What was assumed"), (_("Assumption"), _("Value"), _("Signed by")), rows, slug="assumptions"
    )


def _followed(groups: Sequence[MaturityGroup]) -> Table:
    headings = (_("At risk"), _("Died before"), _("Not followed so far"))
    columns = (
        _("Month since randomization"),
        *(group.heading(each) for group in groups for each in headings),
    )
    rows = []
    for month in range(0, LAST_MONTH + 1, EVERY_MONTHS):
        day = day_of_month(month)
        cells: list[str | int] = [str(month)]
        for group in groups:
            times = [each.survival for each in group.people]
            at_risk = sum(each.days >= day for each in times)
            died = sum(each.days < day and each.event for each in times)
            cells += [at_risk, died, len(times) - at_risk - died]
        rows.append(tuple(cells))
    return Table(_("Followed for so long"), columns, tuple(rows), slug="followed")


def _calls(
    people: Sequence[MaturityFacts], calls: Mapping[str, tuple[int, int]], sites: Sequence[str]
) -> Table:
    def cells(site: str | None) -> tuple[int, int, int]:
        late = [calls[each.number] for each in people if site in (None, each.site) and each.number in calls]
        return len(late), sum(count for count, _days in late), max((days for _count, days in late), default=0)

    columns = (_("Site"), _("Participants"), _("Calls overdue"), _("Oldest, in days"))
    rows = tuple((site, *cells(site)) for site in sites)
    return Table(
        _("Overdue contacts about vital status"), columns, rows, (_("All sites"), *cells(None)), slug="calls"
    )
