"""Safety in a committee pack: the counts of the safety report, over those treated, with one column a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from analysis.safety.counting import SafetyGroup
from analysis.safety.reading import SEVERE_FROM, SafetyFacts
from analysis.safety.tables import (
    EVERY,
    NOT_GRADED,
    WORST,
    EventsOf,
    died_of,
    events_of,
    having,
    worst_grades,
    worst_of,
)
from committee.arms import ArmGroup, ArmView
from committee.tables import PackRow, PackTable
from crf.catalogue.survival.form import CAUSE

MOST_TERMS: Final = 40
People = Sequence[SafetyFacts]


def safety(people: People, groups: tuple[ArmGroup, ...], view: ArmView) -> list[PackTable]:
    """Adverse events by each participant's worst grade and by term, serious events, deaths."""
    inside = [
        SafetyGroup("", tuple(each for each in people if each.facts.number in group.numbers))
        for group in groups
    ]
    events = _told(events_of(people, EVERY), view)
    treated = tuple(sum(each.facts.number in events for each in group.people) for group in inside)
    return [
        _worst_grade(inside, events, groups, view, treated),
        _by_term(inside, events, groups, view, treated),
        _serious(inside, events, groups, view),
        _deaths(inside, groups, view),
    ]


def _told(events: EventsOf, view: ArmView) -> EventsOf:
    """Return the events that the pack may tell of: masked, none that one arm alone can have."""
    if not view.is_masked:
        return events
    return {
        number: [event for event in those if not event.immune and not event.of_evaluation]
        for number, those in events.items()
    }


def _note(view: ArmView, *more: str) -> str:
    counted = _("Of those treated, from the first day of treatment on, as in the safety report.")
    masked = _("Immune-related events and complications of evaluations are left out of this masked table.")
    return " ".join([counted, *([masked] if view.is_masked else []), *more])


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
        lines += [PackRow(term, number(place)), PackRow(f"{term}, {severe}", number(place, SEVERE_FROM))]
    left = len(ordered) - MOST_TERMS
    rarer = [_("%(number)s rarer terms are not listed.") % {"number": left}] if left > 0 else []
    return PackTable(
        "by-term",
        _("Participants with an adverse event, by term"),
        _("Term"),
        groups,
        tuple(lines),
        of_people=True,
        note=_note(view, *rarer),
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
    """Deaths by the cause that the site tells; masked, all together, for causes follow the treatment."""
    told = {each.facts.cause_of_death or "" for group in inside for each in group.people if each.facts.death}
    causes = [] if view.is_masked else sorted(told)
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
            PackRow(_("All deaths"), tuple(died_of(group, None)[0] for group in inside)),
        ),
        of_people=True,
    )
