"""What the safety report reads at a cut: the facts of every randomized participant, coded terms, clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final

from django.db import connection
from django.utils.translation import get_language

from analysis.facts import participant_facts
from analysis.reading import READ, stored_at
from crf import catalogue
from crf.models import Coding, Record, SafetyClock
from exports.cuts import Cut
from followup.history import whole_number
from protocol import ctcae
from protocol.facts import EventFacts, ParticipantFacts
from protocol.safety_signals import SignalRules
from protocol.text import load
from trials.models import Participant

# Quality of life, deviations and the work-up say nothing of safety.
NOT_READ: Final = ("QOL", "DV", "STAGE", "AS", "AS.as_uns")
NAMES: Final = tuple(name for name in READ if name not in NOT_READ)
SEVERE_FROM: Final = 3  # CTCAE grade; the tables and signals of 6.5 and 6.6 are named after it
MONTHS_AFTER_CCR: Final = 12  # the signal of 6.6 is named after them
EVENTS: Final = "AE"
WORDS: Final = "ae_term"
CLOCK_STATES: Final = ("running", "overdue", "in_time", "late", "ended")


@dataclass(frozen=True)
class SafetyFacts:
    """One randomized participant: what is known, the version of the protocol that rules, and the site."""

    site: str
    facts: ParticipantFacts
    protocol_version: str

    @property
    def rules(self) -> SignalRules:
        return signal_rules_of(self.protocol_version)


@cache
def signal_rules_of(version: str) -> SignalRules:
    """Return the rules that a version of the protocol gives."""
    text = load(version)
    return SignalRules(
        r0_rule=str(text.setting("r0_rule")),
        events_after_last_dose=timedelta(days=whole_number(text, "ae_after_last_dose_days")),
        severe_from=SEVERE_FROM,
        months_after_ccr=MONTHS_AFTER_CCR,
    )


def safety_at(cut: Cut, sites: Mapping[int, str], *, today: date) -> list[SafetyFacts]:
    """Return every participant of the sites who was randomized by the cut; terms are those of MedDRA where coded."""
    coded = _coded_terms(cut, list(sites))
    people = []
    for site, code in sorted(sites.items(), key=lambda each: each[1]):
        for stored in stored_at(cut, site, NAMES):
            facts = participant_facts(stored, cutoff=today)
            events = tuple(_named(each, coded.get((facts.number, each.number))) for each in facts.events)
            people.append(SafetyFacts(code, replace(facts, events=events), stored.protocol_version))
    return people


def _named(event: EventFacts, coded: tuple[str, str] | None) -> EventFacts:
    """Return the event with its preferred term and class: MedDRA's where coded, else those of CTCAE."""
    in_chinese = (get_language() or "").startswith("zh")
    if coded:
        terms, classes = _words_of_both_languages()
        name, organ = terms.get(coded[0], (coded[0],) * 2), classes.get(coded[1], (coded[1],) * 2)
        return replace(event, term=name[in_chinese], organ_class=organ[in_chinese])
    term = ctcae.term_of(event.term) if event.term else None
    if term is None:
        return event
    name, organ = (term.name, term.name_zh), (term.soc, term.soc_zh)
    return replace(event, term=name[in_chinese], organ_class=event.organ_class or organ[in_chinese])


@cache
def _words_of_both_languages() -> tuple[Mapping[str, tuple[str, str]], Mapping[str, tuple[str, str]]]:
    """Return English and Chinese of each term and class of CTCAE, by either: a dictionary is in one language alone.

    An event that is coded and one that is not stand in one row then, in whichever language the table is read.
    """
    every = ctcae.terms()
    terms = {word: (each.name, each.name_zh) for each in every for word in (each.name, each.name_zh)}
    classes = {word: (each.soc, each.soc_zh) for each in every for word in (each.soc, each.soc_zh)}
    return terms, classes


def _coded_terms(cut: Cut, sites: list[int]) -> dict[tuple[str, int], tuple[str, str]]:
    """Return preferred term and class of each event whose words are coded as they stand, by participant and number."""
    form = catalogue.form(EVENTS).model
    words = form._meta.get_field(WORDS).column
    sql = (
        "SELECT DISTINCT ON (c.record_id) p.number, r.sequence, c.preferred, c.class_name "  # noqa: S608 (declared)
        f"FROM {cut.rows(Coding)} c JOIN {cut.rows(Record)} r ON r.id = c.record_id "
        f'JOIN {cut.rows(form)} f ON f.id = c.record_id AND f."{words}" = c.verbatim '
        f"JOIN {cut.rows(Participant)} p ON p.id = r.participant_id "
        "WHERE c.question = %(question)s AND r.form_code = %(form)s AND p.site_id = ANY(%(sites)s) "
        "ORDER BY c.record_id, c.coded_at DESC, c.id DESC"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"question": WORDS, "form": EVENTS, "sites": sites})
        return {(number, sequence): (term, organ) for number, sequence, term, organ in cursor.fetchall()}


def clock_counts(cut: Cut, sites: list[int], *, at: datetime) -> dict[tuple[str, str], int]:
    """Return how many safety clocks of each kind run, are overdue, were met in time or late, or have ended."""
    sql = (
        "SELECT c.kind, CASE WHEN c.ended_at IS NOT NULL THEN 'ended' "  # noqa: S608 (declared)
        "WHEN c.met_at > c.due_at THEN 'late' WHEN c.met_at IS NOT NULL THEN 'in_time' "
        "WHEN c.due_at < %(at)s THEN 'overdue' ELSE 'running' END AS standing, count(*) "
        f"FROM {cut.rows(SafetyClock)} c "
        "WHERE c.site_id = ANY(%(sites)s) GROUP BY 1, 2"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"at": at, "sites": sites})
        return {(kind, state): number for kind, state, number in cursor.fetchall()}
