"""The tables of the safety report, over everybody together or by arm (protocol 3.6, 3.10, 6.5, 6.6).

``by_arm`` adds what one arm alone has, or nearly: over both arms together it would be that arm's number (ADR 55).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy

from analysis.safety.counting import Count, SafetyGroup, proportions
from analysis.safety.one_arm import (
    CAUSES_OF_TREATMENT,
    COMPONENTS_OF_ONE_ARM,
    SIGNALS_OF_BOTH_ARMS,
    died_of_treatment,
    is_of_one_arm,
)
from analysis.safety.reading import CLOCK_STATES, SEVERE_FROM, SafetyFacts
from crf.catalogue.adverse_event import codes as ae_codes
from crf.catalogue.complications.codes import CHYLE, LEAK, PALSY
from crf.catalogue.survival.form import CAUSE
from crf.models import ClockName
from protocol.burden import adherence_of
from protocol.endpoints import Admission, perioperative_mortality
from protocol.facts import EventFacts, OperationFacts
from protocol.perioperative import GRADES, PNEUMONIA, at_least
from protocol.safety_signals import SafetySignal, signals_of
from protocol.treatment_events import neoadjuvant_events
from reports.quality import Table

WORST: Final = ("1", "2", "3", "4", "5")
NOT_GRADED: Final = 0
COMPONENTS: Final = {
    "camre": _lazy("Camrelizumab"),
    "chemo": _lazy("Chemotherapy"),
    "rt": _lazy("Radiotherapy"),
    "surg": _lazy("Surgery"),
    "proc": _lazy("Endoscopy or aspiration of an evaluation"),
}
INTENTS: Final[Mapping[str, str | Promise]] = {
    "planned": _lazy("Planned operations"),
    "non_ccr": _lazy("Operations without a cCR"),
    "salvage": _lazy("Salvage operations"),
}
OTHER_INTENT: Final = _lazy("Other operations")
SIGNALS: Final[dict[SafetySignal, str | Promise]] = {
    SafetySignal.UNRESECTABLE: _lazy(
        "Regrowth that could not be resected when it was found (of those with regrowth)"
    ),
    SafetySignal.NOT_R0: _lazy("R1 or R2 at salvage (of salvage resections with a known margin)"),
    SafetySignal.SALVAGE_30: _lazy("Death within 30 days of salvage (of salvage operations)"),
    SafetySignal.SALVAGE_90: _lazy("Death within 90 days of salvage (of salvage operations)"),
    SafetySignal.DISTANT: _lazy("Distant metastasis within 12 months of the cCR (of those observed so long)"),
    SafetySignal.PROCEDURE: _lazy("Event of grade 3 or more after an evaluation (of those evaluated)"),
    SafetySignal.TREATMENT_DEATH: _lazy(
        "Death related to treatment in the neoadjuvant period (of those treated)"
    ),
    SafetySignal.LUNG_OR_HEART: _lazy("Pneumonitis or myocarditis of grade 3 or more (of those treated)"),
    SafetySignal.IN_WINDOW: _lazy("Evaluations in their window (of visits due)"),
    SafetySignal.WHOLE: _lazy("Evaluations with every element (of evaluations done)"),
}
STANDINGS: Final = {
    "running": pgettext_lazy("safety clock", "Running"),
    "overdue": pgettext_lazy("safety clock", "Overdue"),
    "in_time": _lazy("Met in time"),
    "late": _lazy("Met late"),
    "ended": _lazy("No longer asked for"),
}
NEOADJUVANT, EVERY = "neoadjuvant", "all"
Claim = Callable[[EventFacts], bool]
EventsOf = Mapping[str, Sequence[EventFacts]]


def events_of(people: Iterable[SafetyFacts], period: str) -> dict[str, list[EventFacts]]:
    """Return the events of those treated, by participant: of the neoadjuvant period, or from day 1 to the cut."""
    chosen = {}
    for each in people:
        facts = each.facts
        if facts.neo_d1 is None:
            continue
        if period == NEOADJUVANT:
            after = each.rules.events_after_last_dose
            chosen[facts.number] = neoadjuvant_events(facts, after_last_dose=after)
        else:
            first = facts.neo_d1
            chosen[facts.number] = [
                event for event in facts.events if event.began_by and event.began_by >= first
            ]
    return chosen


def having(groups: Sequence[SafetyGroup], events: EventsOf, claim: Claim) -> list[Count]:
    """Return in each group how many of those treated had an event of which the claim is true."""
    counts = []
    for group in groups:
        treated = [events[each.facts.number] for each in group.people if each.facts.number in events]
        counts.append((sum(any(map(claim, those)) for those in treated), len(treated)))
    return counts


def severe(event: EventFacts) -> bool:
    return event.grade is not None and event.grade >= SEVERE_FROM


def _related_to(component: str, *, is_severe: bool = False) -> Claim:
    return lambda event: component in event.related and (not is_severe or severe(event))


def _immune_of(kind: str) -> Claim:
    return lambda event: event.immune and event.immune_kind == kind


def _of_interest(kind: str) -> Claim:
    return lambda event: event.kind == kind


def _went_wrong(what: str) -> Claim:
    return lambda event: event.procedure == what


def events_of_both_arms(events: EventsOf) -> dict[str, list[EventFacts]]:
    """Return the events without those that one arm alone can have; who is treated stays."""
    return {number: [each for each in those if not is_of_one_arm(each)] for number, those in events.items()}


def overview(groups: Sequence[SafetyGroup], events: EventsOf, *, by_arm: bool) -> Table:
    """Count those treated who had any event, a severe, serious, related, immune-related, stopping or fatal one."""
    immune_related: tuple[str, Claim] = (_("Immune-related"), lambda event: event.immune)
    claims: list[tuple[str, Claim]] = [
        (_("Any adverse event"), lambda event: True),
        (_("Grade 3 or more"), severe),
        (_("Serious"), lambda event: event.serious or event.fatal),
        (_("Related to what the trial does"), lambda event: bool(event.related)),
        (_("Related, grade 3 or more"), lambda event: bool(event.related) and severe(event)),
        *([immune_related] if by_arm else []),
        (_("Led to the stop of study treatment"), lambda event: event.stopped_treatment),
        (_("Fatal"), lambda event: event.fatal),
    ]
    rows = [(label, having(groups, events, claim)) for label, claim in claims]
    return proportions(_("Participants with adverse events"), _("Event"), groups, rows, slug="overview")


def by_component(groups: Sequence[SafetyGroup], events: EventsOf, *, by_arm: bool) -> Table:
    """Count those treated with an event that is possibly related to each component, and with a severe one."""
    rows = []
    for code, title in COMPONENTS.items():
        if code in COMPONENTS_OF_ONE_ARM and not by_arm:
            continue
        rows.append((str(title), having(groups, events, _related_to(code))))
        worse = having(groups, events, _related_to(code, is_severe=True))
        rows.append((_("%(what)s, grade 3 or more") % {"what": title}, worse))
    return proportions(_("Related, by component"), _("Component"), groups, rows, slug="components")


def immune(groups: Sequence[SafetyGroup], events: EventsOf) -> Table:
    """Count those treated with an immune-related event of each kind that occurred."""
    kinds = {event.immune_kind for those in events.values() for event in those if event.immune}
    rows = [
        (str(label), having(groups, events, _immune_of(code)))
        for code, label in (*ae_codes.IMMUNE.labels.items(), ("", _("kind not told")))
        if code in kinds
    ]
    return proportions(_("Immune-related events"), _("Kind"), groups, rows, slug="immune")


def special_interest(groups: Sequence[SafetyGroup], events: EventsOf) -> Table:
    """Count those treated with an event of special interest, by kind."""
    rows = [
        (str(label), having(groups, events, _of_interest(code)))
        for code, label in ae_codes.SPECIAL_KIND.labels.items()
        if code != "none"
    ]
    return proportions(_("Events of special interest"), _("Kind"), groups, rows, slug="special")


def by_class_and_term(groups: Sequence[SafetyGroup], events: EventsOf) -> Table:
    """Count each participant once a term and once a class, at the worst grade there."""
    terms: dict[str, set[str]] = defaultdict(set)
    for those in events.values():
        for event in those:
            terms[event.organ_class].add(event.term)
    columns = [_("Class or term")]
    for group in groups:
        columns += [group.heading(_("Grade %(grade)s") % {"grade": grade}) for grade in WORST]
        columns += [group.heading(each) for each in (_("Not graded"), _("Any"), _("Treated"))]
    worst = [worst_grades(group, events) for group in groups]
    treated = [sum(each.facts.number in events for each in group.people) for group in groups]
    rows: list[tuple[str | int, ...]] = []
    for organ in sorted(terms, key=lambda name: (not name, name)):
        rows.append((organ or _("Class not known"), *_graded(worst, treated, organ, None)))
        rows += [
            (f"· {term or _('Term not known')}", *_graded(worst, treated, organ, term))
            for term in sorted(terms[organ], key=lambda name: (not name, name))
        ]
    title = _("Worst grade by class and term")
    return Table(title, tuple(columns), tuple(rows), slug="terms")


Worst = Mapping[tuple[str, str | None], Counter[int]]


def worst_of(group: SafetyGroup, events: EventsOf) -> Counter[int | None]:
    """Count those treated by their worst grade; ``NOT_GRADED`` where no event has one, None without any event."""
    treated = [events[each.facts.number] for each in group.people if each.facts.number in events]
    return Counter(max((event.grade or NOT_GRADED for event in those), default=None) for those in treated)


def worst_grades(group: SafetyGroup, events: EventsOf) -> Worst:
    """Count those treated by their worst grade in each class and in each term of it."""
    counts: dict[tuple[str, str | None], Counter[int]] = defaultdict(Counter)
    for each in group.people:
        worst: dict[tuple[str, str | None], int] = {}
        for event in events.get(each.facts.number, ()):
            places: list[tuple[str, str | None]] = [
                (event.organ_class, None),
                (event.organ_class, event.term),
            ]
            for place in places:
                worst[place] = max(worst.get(place, NOT_GRADED), event.grade or NOT_GRADED)
        for place, grade in worst.items():
            counts[place][grade] += 1
    return counts


def _graded(worst: Sequence[Worst], treated: Sequence[int], organ: str, term: str | None) -> list[int]:
    cells = []
    for counts, number in zip(worst, treated, strict=True):
        of = counts.get((organ, term), Counter())
        cells += [*(of[int(grade)] for grade in WORST), of[NOT_GRADED], of.total(), number]
    return cells


def clocks(counts: Mapping[tuple[str, str], int]) -> Table:
    """Count the clocks of serious events and pregnancies by how they stand."""
    rows: tuple[tuple[str | int, ...], ...] = tuple(
        (str(kind.label), *(counts.get((kind.value, state), 0) for state in CLOCK_STATES))
        for kind in ClockName
    )
    columns = (_("Clock"), *(str(STANDINGS[state]) for state in CLOCK_STATES))
    return Table(_("Clocks of serious events and pregnancies"), columns, rows, slug="clocks")


def died_of(group: SafetyGroup, cause: str | None) -> Count:
    """Return how many of those randomized died of a cause, or of any where none is asked for."""
    died = [each for each in group.people if each.facts.death is not None]
    of_cause = [each for each in died if cause is None or (each.facts.cause_of_death or "") == cause]
    return len(of_cause), len(group.people)


def deaths(groups: Sequence[SafetyGroup], *, by_arm: bool) -> Table:
    """Count the deaths of those randomized, by cause; over both arms those of the treatment stand together."""

    causes = [(code, str(label)) for code, label in CAUSE.labels.items()]
    rows = [(_("Any cause"), [died_of(group, None) for group in groups])]
    if not by_arm:
        causes = [each for each in causes if each[0] not in CAUSES_OF_TREATMENT]
        of_treatment = [(sum(map(died_of_treatment, group.people)), len(group.people)) for group in groups]
        rows.append((_("treatment, operation or procedure of the trial"), of_treatment))
    rows += [
        (label, [died_of(group, code) for group in groups]) for code, label in (*causes, ("", _("not told")))
    ]
    return proportions(_("Deaths"), _("Cause of death"), groups, rows, slug="deaths")


def complications(groups: Sequence[SafetyGroup], *, by_arm: bool) -> Table:
    """Count the operations with an incision by their complications (Clavien-Dindo, ECCG), and the deaths after them.

    By arm also with columns for what the operations were for: those nearly tell the arm.
    """
    operations = [(group, [told for each in group.people for told in _operations(each)]) for group in groups]
    if by_arm:
        whole = [told for _group, those in operations for told in those]
        for code, label in INTENTS.items():
            those = [told for told in whole if told[1].intent == code]
            operations.append((SafetyGroup(str(label), ()), those))
        others = [told for told in whole if told[1].intent not in INTENTS]
        operations.append((SafetyGroup(str(OTHER_INTENT), ()), others))
    claims: list[tuple[str, Callable[[SafetyFacts, OperationFacts], bool | None]]] = [
        (_("Any complication"), lambda each, op: op.complications.any if op.complications else None),
        *((_("Worst grade %(grade)s") % {"grade": grade}, _worst_is(grade)) for grade in GRADES),
        (_("Grade IIIa or worse"), _from_grade("IIIa")),
        (_("Grade IIIb or worse"), _from_grade("IIIb")),
        (_("Leak"), _with_code(LEAK)),
        (_("Pneumonia"), _with_code(PNEUMONIA)),
        (_("Recurrent nerve palsy"), _with_code(PALSY)),
        (_("Chyle leak"), _with_code(CHYLE)),
        (_("Reoperation"), lambda each, op: op.complications.reoperation if op.complications else None),
        (_("Readmission"), lambda each, op: op.readmitted),
        (_("Death within 30 days"), lambda each, op: _died(each, op)[0]),
        (_("Death within 90 days"), lambda each, op: _died(each, op)[1]),
        (_("Death in hospital"), lambda each, op: _died(each, op)[2]),
    ]
    rows = [(label, [_of_known(claim, those) for _group, those in operations]) for label, claim in claims]
    shown = [group for group, _those in operations]
    return proportions(_("Complications of operations"), _("Complication"), shown, rows, slug="complications")


OfOperation = tuple[SafetyFacts, OperationFacts]
OperationClaim = Callable[[SafetyFacts, OperationFacts], bool | None]


def _operations(each: SafetyFacts) -> list[OfOperation]:
    return [(each, op) for op in each.facts.incisions if op.on and op.on <= each.facts.cutoff]


def _of_known(claim: OperationClaim, operations: Iterable[OfOperation]) -> Count:
    answers = [claim(each, op) for each, op in operations]
    known = [answer for answer in answers if answer is not None]
    return sum(known), len(known)


def _worst_is(grade: str) -> OperationClaim:
    return lambda each, op: op.complications.worst == grade if op.complications else None


def _from_grade(limit: str) -> OperationClaim:
    return lambda each, op: at_least(op.complications.worst, limit) if op.complications else None


def _with_code(code: str) -> OperationClaim:
    return lambda each, op: code in op.complications.codes if op.complications else None


def _died(each: SafetyFacts, op: OperationFacts) -> tuple[bool | None, bool | None, bool | None]:
    died = perioperative_mortality(
        [Admission(op.on, op.discharged_on)] if op.on else [],
        death=each.facts.death,
        last_alive_on=each.facts.last_alive,
    )
    return died.within_30_days, died.within_90_days, died.in_hospital


def procedures(groups: Sequence[SafetyGroup]) -> Table:
    """Count those with a response evaluation who had a complication of its procedures, by kind."""
    people = [[each.facts for each in group.people if adherence_of(each.facts).evaluated] for group in groups]

    def with_event(claim: Claim) -> list[Count]:
        return [
            (
                sum(any(event.of_evaluation and claim(event) for event in facts.events) for facts in those),
                len(those),
            )
            for those in people
        ]

    rows = [(_("Any"), with_event(lambda event: True)), (_("Grade 3 or more"), with_event(severe))]
    rows += [(str(label), with_event(_went_wrong(code))) for code, label in ae_codes.PROCEDURE.labels.items()]
    title = _("Complications of response evaluations")
    return proportions(title, _("Complication"), groups, rows, slug="procedures")


def signals(groups: Sequence[SafetyGroup], *, by_arm: bool) -> Table:
    """Return the signals of protocol 6.6; their thresholds are the statistician's and are not set."""
    told = [
        {each.signal: each for each in signals_of((one.facts, one.rules) for one in group.people)}
        for group in groups
    ]
    rows = [
        (str(label), [(of[signal].count, of[signal].at_risk) for of in told])
        for signal, label in SIGNALS.items()
        if by_arm or signal in SIGNALS_OF_BOTH_ARMS
    ]
    title = _("Signals (protocol 6.6)")
    last = (_("Threshold"), _("not set"))
    return proportions(title, _("Signal"), groups, rows, slug="signals", last=last)
