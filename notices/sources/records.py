"""What waits too long among the records: queries, decisions on eligibility, overdue forms, possible deviations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from accounts.permissions import Role
from crf.catalogue.deviation.codes import CATEGORY
from crf.eligibility.evidence import SOURCE_FORMS
from crf.engine.base import COMPLETED
from crf.models import ExpectedForm, Query, QueryState, Record
from followup.history import whole_number
from followup.models import AlertKind
from kernel.clock import local_date
from kernel.days import written
from notices.alerts import ABOVE_THE_SITE, SITE_TEAM, Alert, days_since, level_after
from protocol.deviations import category_of
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
                text=_text_of(
                    _lazy("form %(what)s, asked on %(day)s")
                    if query.form_code
                    else _lazy("about the participant or a visit, asked on %(day)s"),
                    query.form_code,
                    since,
                ),
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


def overdue_forms(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """Forms of visits that should have been complete: told at the site, later also to the data managers.

    Looked at are forms that became overdue, or whose visit was recorded, in the last weeks: each is told by then, and
    stands on the work lists until it is complete.
    """
    later = _days(site, "form_escalates_days")
    weeks = timedelta(days=6 * later)
    late = ExpectedForm.objects.filter(site=site).overdue(on=on)
    rows = late.filter(Q(due_on__gte=on - weeks) | Q(visit__act__at__gte=at - weeks))
    for form in rows.exclude(participant__state__in=OVER).select_related("participant").order_by("pk"):
        level = int(days_since(form.due_on, on) > later)
        yield Alert(
            kind=AlertKind.FORM,
            key=f"{form.visit_id}:{form.form_code}",
            day=form.due_on,
            text=_text_of(
                _lazy("form %(what)s, due on %(day)s"), f"{form.form_code} {form.visit_code}", form.due_on
            ),
            level=level,
            recipients=frozenset({Role.COORDINATOR}) if level == 0 else SITE_TEAM | {Role.DATA_MANAGER},
            participant=form.participant,
        )


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
                text=_text_of(_lazy("%(what)s, found on %(day)s"), _category_of(proposal), proposal.found_on),
                level=level,
                recipients=SITE_TEAM if level == 0 else INVESTIGATORS | {Role.MONITOR},
                participant=proposal.participant,
            )


def _category_of(proposal: DeviationProposal) -> Promise | str:
    """Return what kind of deviation it would be: the words of a rule may tell the arm, and its name says nothing."""
    return CATEGORY.labels[category_of(proposal.rule)]


def _text_of(words: object, what: object, day: date) -> Callable[[], str]:
    return lambda: str(words) % {"what": what, "day": written(day)}
