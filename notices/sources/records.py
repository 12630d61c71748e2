"""What waits too long among the records: queries, decisions on eligibility, empty forms, possible deviations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _lazy

from accounts.permissions import Role
from crf import catalogue
from crf.eligibility.evidence import SOURCE_FORMS
from crf.engine.base import COMPLETED, RecordState
from crf.engine.declaration import Repeats
from crf.models import Query, QueryState, Record
from followup.history import whole_number
from followup.models import AlertKind, Visit, VisitState
from kernel.clock import local_date
from kernel.days import written
from notices.alerts import ABOVE_THE_SITE, SITE_TEAM, Alert, days_since, level_after
from protocol.text import load
from trials.models import DeviationProposal, EligibilityDecision, Participant, Site
from trials.models.participants import TERMINAL, DeviationState, Track

INVESTIGATORS = frozenset({Role.INVESTIGATOR})
OVER = TERMINAL - {Track.LOST, Track.DEAD}


def _days(site: Site, key: str) -> int:
    return whole_number(load(site.protocol_version), key)


def queries(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """Queries without an answer: told at the site, then also to the data managers, then to the trial managers."""
    first = _days(site, "query_escalates_days")
    steps = (first, 2 * first, 4 * first)
    recipients = (SITE_TEAM, SITE_TEAM | {Role.DATA_MANAGER}, ABOVE_THE_SITE)
    waiting = Query.objects.filter(
        site=site, state=QueryState.OPEN, opened_at__lte=at - timedelta(days=first)
    )
    for query in waiting.exclude(participant__state__in=OVER).select_related("participant"):
        since = local_date(query.opened_at, site.time_zone)
        if (level := level_after(days_since(since, on), steps)) is not None:
            yield Alert(
                kind=AlertKind.QUERY,
                key=str(query.pk),
                day=since,
                text=_text_of(_lazy("form %(what)s, asked on %(day)s"), query.form_code, since),
                level=level,
                recipients=recipients[level],
                participant=query.participant,
            )


def decisions(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """Screening forms that are complete while nobody has signed a decision on eligibility."""
    first = _days(site, "decision_escalates_days")
    steps = (first, 2 * first + 1)
    complete = _complete_since(site)
    decided = EligibilityDecision.objects.filter(participant=OuterRef("pk"), lapsed_at=None)
    waiting = Participant.objects.filter(~Exists(decided), pk__in=complete, state=Track.SCREENED)
    for participant in waiting.order_by("number"):
        since = local_date(complete[participant.pk], site.time_zone)
        if (level := level_after(days_since(since, on), steps)) is not None:
            yield Alert(
                kind=AlertKind.DECISION,
                key=str(participant.pk),
                day=since,
                text=_text_of(_lazy("evidence complete since %(day)s, no decision signed"), "", since),
                level=level,
                recipients=INVESTIGATORS if level == 0 else ABOVE_THE_SITE,
                participant=participant,
            )


def _complete_since(site: Site) -> dict[int, datetime]:
    """Return when the last of the forms behind the decision was completed, by participant."""
    records = Record.objects.filter(
        site=site, form_code__in=SOURCE_FORMS, state__in=COMPLETED, participant__state=Track.SCREENED
    )
    times: dict[int, list[datetime]] = {}
    for participant, at in records.values_list("participant", "act__at"):
        times.setdefault(participant, []).append(at)
    return {participant: max(each) for participant, each in times.items() if len(each) == len(SOURCE_FORMS)}


def empty_forms(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """Visits that took place weeks ago while a form of theirs is still empty; a few weeks are looked at."""
    first = _days(site, "form_escalates_days")
    steps = (first, 2 * first)
    days = (on - timedelta(days=6 * first), on - timedelta(days=first))
    visits = Visit.objects.filter(site=site, state=VisitState.DONE, took_place_on__range=days)
    filled = set(
        Record.objects.filter(visit__in=visits)
        .exclude(state=RecordState.EMPTY)
        .values_list("visit", "form_code")
    )
    for visit in visits.exclude(participant__state__in=OVER).select_related("participant").order_by("pk"):
        since = visit.took_place_on or on
        level = level_after(days_since(since, on), steps) or 0
        for code in _of_visits(visit.forms):
            if (visit.pk, code) in filled:
                continue
            yield Alert(
                kind=AlertKind.FORM,
                key=f"{visit.pk}:{code}",
                day=since,
                text=_text_of(_lazy("form %(what)s, visit of %(day)s"), f"{code} {visit}", since),
                level=level,
                recipients=frozenset({Role.COORDINATOR}) if level == 0 else SITE_TEAM,
                participant=visit.participant,
            )


def _of_visits(codes: Iterable[str]) -> list[str]:
    """Return those of a visit's forms that are filled anew at each visit."""
    forms = catalogue.forms()
    return [code for code in codes if code in forms and forms[code].repeats is Repeats.PER_VISIT]


def deviations(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """Possible deviations that nobody has confirmed or dismissed (protocol 2.6, deviation check)."""
    first = _days(site, "deviation_escalates_days")
    steps = (first, 3 * first)
    rows = DeviationProposal.objects.filter(
        site=site, state=DeviationState.PROPOSED, found_on__lte=on - timedelta(days=first)
    )
    for proposal in rows.select_related("participant").order_by("found_on", "pk"):
        if (level := level_after(days_since(proposal.found_on, on), steps)) is not None:
            yield Alert(
                kind=AlertKind.DEVIATION,
                key=str(proposal.pk),
                day=proposal.found_on,
                text=_text_of(_lazy("%(what)s, found on %(day)s"), proposal.rule, proposal.found_on),
                level=level,
                recipients=SITE_TEAM if level == 0 else INVESTIGATORS | {Role.MONITOR},
                participant=proposal.participant,
            )


def _text_of(words: object, what: str, day: date) -> Callable[[], str]:
    return lambda: str(words) % {"what": what, "day": written(day)}
