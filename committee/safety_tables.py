"""Safety in a committee pack: the counts of the safety report, over those treated, with one column a group.

What one arm alone has, or nearly, stands where the arms are named alone (ADR 55): masked, it would tell which arm is
which; over both arms, it would be one arm's number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from analysis.safety.counting import SafetyGroup, note_of_level
from analysis.safety.one_arm import CAUSES_OF_TREATMENT, died_of_treatment
from analysis.safety.reading import SEVERE_FROM, SafetyFacts
from analysis.safety.tables import (
    EVERY,
    NOT_GRADED,
    WORST,
    EventsOf,
    by_component,
    died_of,
    events_of,
    events_of_both_arms,
    having,
    immune,
    procedures,
    signals,
    worst_grades,
    worst_of,
)
from committee.arms import ArmGroup, ArmView
from committee.models import ArmDisplay
from committee.tables import PackRow, PackTable
from crf.catalogue.survival.form import CAUSE
from kernel.punctuation import listed_facts
from reports.quality import Table

MOST_TERMS: Final = 40
CELLS: Final = 4  # of a group in a table of proportions: count, at risk, share, limits
People = Sequence[SafetyFacts]


def safety(people: People, groups: tuple[ArmGroup, ...], view: ArmView) -> list[PackTable]:
    """Adverse events by each participant's worst grade and by term, serious events, deaths."""
    inside = [
        SafetyGroup("", tuple(each for each in people if each.facts.number in group.numbers))
        for group in groups
    ]
    every = events_of(people, EVERY)
    of_both = every if view.tells_arms else events_of_both_arms(every)
    events = of_both if view.is_masked else every
    treated = tuple(sum(each.facts.number in events for each in group.people) for group in inside)
    tables = [
        _worst_grade(inside, events, groups, view, treated),
        _by_term(inside, of_both, groups, view, treated),
        _serious(inside, events, groups, view),
        _deaths(inside, groups, view),
    ]
    return [*tables, *_of_one_arm(inside, events, groups)] if view.tells_arms else tables


def _of_one_arm(inside: list[SafetyGroup], events: EventsOf, groups: tuple[ArmGroup, ...]) -> list[PackTable]:
    """What is counted by arm alone: relation by component, immune-related events, evaluations, signals of 6.6."""
    tables = (
        by_component(inside, events, by_arm=True),
        immune(inside, events),
        procedures(inside),
        signals(inside, by_arm=True),
    )
    return [_with_limits(table, groups) for table in tables]


def _with_limits(table: Table, groups: tuple[ArmGroup, ...]) -> PackTable:
    """Return a table of the safety report with one column a group: count, those at risk, share and exact limits."""
    rows = []
    for label, *cells in table.rows:
        counted = [cells[start : start + CELLS] for start in range(0, len(groups) * CELLS, CELLS)]
        rows.append(PackRow(str(label), tuple(_in_one_cell(*map(str, each)) for each in counted)))
    return PackTable(table.slug, table.title, table.columns[0], groups, tuple(rows), note=note_of_level())


def _in_one_cell(count: str, at_risk: str, share: str, limits: str) -> str:
    return f"{count} / {at_risk} ({share}; {limits})" if at_risk != "0" else limits


def _note(view: ArmView, *more: str, of_both: bool = False) -> str:
    counted = _("Of those treated, from the first day of treatment on, as in the safety report.")
    left_out = _("Immune-related events and complications of evaluations are left out of this table.")
    is_left_out = view.is_masked or (of_both and not view.tells_arms)
    return " ".join([counted, *([left_out] if is_left_out else []), *more])


def _worst_grade(
    inside: list[SafetyGroup],
    events: EventsOf,
    groups: tuple[ArmGroup, ...],
    view: ArmView,
    treated: tuple[int, ...],
) -> PackTable:
    worst = [worst_of(group, events) for group in inside]
    labels: list[tuple[str, int | None]] = [
        (_("No adverse event"), None),
        *((grade, int(grade)) for grade in WORST),
        (_("Grade not known"), NOT_GRADED),
    ]
    return PackTable(
        "worst-grade",
        _("Adverse events by worst grade"),
        _("Worst grade (CTCAE)"),
        groups,
        tuple(PackRow(label, tuple(each[grade] for each in worst)) for label, grade in labels),
        of_people=True,
        note=_note(view),
        at_risk=treated,
    )


def _by_term(
    inside: list[SafetyGroup],
    events: EventsOf,
    groups: tuple[ArmGroup, ...],
    view: ArmView,
    treated: tuple[int, ...],
) -> PackTable:
    of_groups = [worst_grades(group, events) for group in inside]
    places = {place for counts in of_groups for place in counts if place[1] is not None}

    def number(place: tuple[str, str | None], least: int = NOT_GRADED) -> tuple[int, ...]:
        return tuple(
            sum(people for grade, people in counts[place].items() if grade >= least) if place in counts else 0
            for counts in of_groups
        )

    ordered = sorted(places, key=lambda place: (-number(place)[-1], str(place[1])))
    severe = _("from grade %(grade)s on") % {"grade": SEVERE_FROM}
    lines = []
    for place in ordered[:MOST_TERMS]:
        term = place[1] or _("Not coded yet")
        lines += [
            PackRow(term, number(place)),
            PackRow(listed_facts(term, severe), number(place, SEVERE_FROM)),
        ]
    left = len(ordered) - MOST_TERMS
    rarer = [_("%(number)s rarer terms are not listed.") % {"number": left}] if left > 0 else []
    return PackTable(
        "by-term",
        _("Participants with an adverse event, by term"),
        _("Term"),
        groups,
        tuple(lines),
        of_people=True,
        note=_note(view, *rarer, of_both=True),
        at_risk=treated,
    )


def _serious(
    inside: list[SafetyGroup],
    events: EventsOf,
    groups: tuple[ArmGroup, ...],
    view: ArmView,
) -> PackTable:
    counts = having(inside, events, lambda event: event.serious or event.fatal)
    number = tuple(
        sum(
            event.serious or event.fatal
            for each in group.people
            for event in events.get(each.facts.number, ())
        )
        for group in inside
    )
    return PackTable(
        "serious",
        _("Serious adverse events"),
        _("Counted"),
        groups,
        (
            PackRow(_("Participants with one or more"), tuple(count for count, _of in counts)),
            PackRow(_("Events"), number),
        ),
        note=_note(view),
    )


def _deaths(inside: list[SafetyGroup], groups: tuple[ArmGroup, ...], view: ArmView) -> PackTable:
    """Deaths by the cause that the site tells: masked, all together; over both arms, those of treatment in one row."""
    told = {each.facts.cause_of_death or "" for group in inside for each in group.people if each.facts.death}
    causes = [] if view.is_masked else sorted(told - (set() if view.tells_arms else CAUSES_OF_TREATMENT))
    of_treatment = tuple(sum(map(died_of_treatment, group.people)) for group in inside)
    together = (
        [PackRow(_("treatment, operation or procedure of the trial"), of_treatment)]
        if view.display == ArmDisplay.ABSENT
        else []
    )
    return PackTable(
        "deaths",
        _("Deaths"),
        _("Cause as the site tells it"),
        groups,
        (
            *(
                PackRow(
                    str(CAUSE.labels.get(cause) or _("Cause not known yet")),
                    tuple(died_of(group, cause)[0] for group in inside),
                )
                for cause in causes
            ),
            *together,
            PackRow(_("All deaths"), tuple(died_of(group, None)[0] for group in inside)),
        ),
        of_people=True,
    )
