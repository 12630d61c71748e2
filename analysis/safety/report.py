"""The safety report: its tables over everybody or by arm, with what has to be read beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from analysis.safety import tables
from analysis.safety.counting import SafetyGroup, note_of_level
from analysis.safety.reading import SafetyFacts
from reports.quality import Report, Table

# Beside tables that compare the arms (protocol 6.4, decision E7).
UNLIKE_OPERATED: Final = _lazy(
    "The arms operate on different kinds of participants: one mainly on who did not respond or whose tumour grew "
    "again. A difference is no fair test of the treatments."
)
# Over both arms together (ADR 55).
OF_ONE_ARM: Final = _lazy(
    "What one arm alone has, or nearly, is not counted over both: immune-related events, complications of response "
    "evaluations, events related to camrelizumab, and the signals of surveillance and salvage. Events of the first "
    "two kinds are not among the terms. Statistician and committee read them by arm."
)
EVALUATED_MORE: Final = _lazy(
    "One arm is evaluated more often than the other, and so long as it is under surveillance: it has more evaluations "
    "in which something can happen, and more in which something is found."
)


def safety_report(
    people: Sequence[SafetyFacts],
    clocks: Mapping[tuple[str, str], int],
    *,
    period: str,
    arms: Mapping[str, str] | None = None,
) -> Report:
    """Return the report; by arm where ``arms`` says who is in which, only inside an act that says who looks."""
    groups = _groups(people, arms)
    events = tables.events_of(people, period)
    by_arm = arms is not None
    notes = [note_of_level(), *([] if by_arm else [str(OF_ONE_ARM)]), *_notes(people, events)]
    return Report(
        slug="safety",
        title=_("Safety by arm") if arms is not None else _("Safety"),
        counts=_(
            "Adverse events are counted over those treated, each participant once at the worst grade; complications "
            "over operations with an incision; what is not known yet is in no number."
        ),
        nothing=_("Nobody is randomized yet"),
        tables=(
            tables.overview(groups, events, by_arm=by_arm),
            tables.by_class_and_term(groups, events if by_arm else tables.events_of_both_arms(events)),
            tables.by_component(groups, events, by_arm=by_arm),
            *([tables.immune(groups, events)] if by_arm else []),
            tables.special_interest(groups, events),
            tables.clocks(clocks),
            tables.deaths(groups, by_arm=by_arm),
            _warned(tables.complications(groups, by_arm=by_arm), UNLIKE_OPERATED, by_arm),
            *([_warned(tables.procedures(groups), EVALUATED_MORE, by_arm)] if by_arm else []),
            _warned(tables.signals(groups, by_arm=by_arm), EVALUATED_MORE, by_arm),
        ),
        notes=tuple(notes),
    )


def _warned(table: Table, warning: object, by_arm: bool) -> Table:
    """Return the table with what has to be read with it where it compares the arms."""
    return replace(table, warning=str(warning)) if by_arm else table


def _groups(people: Sequence[SafetyFacts], arms: Mapping[str, str] | None) -> list[SafetyGroup]:
    if arms is None:
        return [SafetyGroup("", tuple(people))]
    return [
        SafetyGroup(
            _("Arm %(arm)s") % {"arm": arm},
            tuple(each for each in people if arms.get(each.facts.number) == arm),
        )
        for arm in ("1", "2")
    ]


def _notes(people: Sequence[SafetyFacts], events: tables.EventsOf) -> list[str]:
    if not people:
        return [_("Nobody is randomized yet.")]
    if not events:
        return [_("Nobody has begun study treatment yet.")]
    if not any(events.values()):
        return [_("No adverse event is on record in this period.")]
    return []
