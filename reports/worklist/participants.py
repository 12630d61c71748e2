"""Sections about participants: screening, decisions, consent anew, states, deviations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine.base import COMPLETED
from crf.models import Record, RecordState
from crf.page.deviations import UNDECIDED, UNDECIDED_SET, proposed_words, records_open_to, said_of_log
from followup.history import whole_number
from followup.impact import asked_to_consent_anew
from followup.track_limits import overdue
from kernel.pagination import rows_and_count_in_one_pass, rows_and_count_of_each
from protocol.text import load
from reports.overdue_states import overdue_state
from reports.worklist.sections import SHOWN, WorkItem, WorkListSection, first_and_total
from trials.models import Consent, DeviationProposal, EligibilityDecision, Participant
from trials.models.participants import DeviationState, Track
from trials.models.sites import SiteState


def to_consent_anew(user: User) -> WorkListSection:
    """Return who has not answered on the consent text in force."""
    participants, total = first_and_total(
        asked_to_consent_anew(Participant.objects.open_to(user, Permission.CONSENT_RECORD))
    )
    items = [
        WorkItem(p.number, str(_("Does not sign the new text and leaves: record the withdrawal")), leave)
        if p.is_leaving
        else WorkItem(p.number, str(_("The new consent text is to be signed")), sign)
        for p in participants
        for leave in [reverse("followup:withdraw", args=[p.number])]
        for sign in [reverse("trials:consent", args=[p.number])]
    ]
    nothing = _("Everybody has answered on the text in force.")
    return WorkListSection(_("To consent anew"), "file-earmark-text", nothing, items, total)


def screening_sections(user: User) -> dict[str, WorkListSection]:
    """Return who waits for a decision on eligibility, who for randomization, and who is in screening.

    All that the person may see of them is asked for in one question.
    """
    live = EligibilityDecision.objects.filter(participant=OuterRef("pk"), lapsed_at=None)
    screened = (
        Participant.objects.filter(state=Track.SCREENED)
        .select_related("site")
        .annotate(
            consented=Exists(Consent.objects.filter(participant=OuterRef("pk"))),
            decided=Exists(live),
            answered=Coalesce(_screening_forms_complete(), 0),
        )
    )
    recruiting = (SiteState.ACTIVE, SiteState.SUSPENDED)
    lists = {}
    if user.may(Permission.ELIGIBILITY_DECIDE):
        decides = screened.open_to(user, Permission.ELIGIBILITY_DECIDE).order_by("number")
        allocates = screened.open_to(user, Permission.ALLOCATION_REQUEST).order_by("number")
        lists["decide"] = decides.filter(consented=True, decided=False, site__state__in=recruiting)
        lists["randomize"] = allocates.filter(
            Exists(live.filter(eligible=True)), site__state=SiteState.ACTIVE
        )
    if user.may(Permission.PARTICIPANT_REGISTER):
        own = screened.open_to(user, Permission.PARTICIPANT_REGISTER)
        lists["screening"] = own.order_by("-registered_on", "number")
    shown = rows_and_count_of_each(lists, SHOWN) if lists else {}
    return {name: SCREENING_SECTIONS[name](*shown[name]) for name in shown}


def _screening_forms_complete() -> Subquery:
    """Return how many of the forms that are answered once before randomization are complete."""
    records = Record.objects.filter(
        participant=OuterRef("pk"), form_code__in=catalogue.screening_forms(), state__in=COMPLETED
    )
    counted = records.order_by().values("participant").annotate(number=Count("form_code", distinct=True))
    return Subquery(counted.values("number"))


def _to_decide(people: list[Participant], total: int) -> WorkListSection:
    empty = WorkListSection(_("Eligibility to decide"), "clipboard-check", _("No decision is waiting."))
    section = _of_screened((people, total), empty, "", "crf:eligibility")
    steps = {each.number: str(_decision_step(each)) for each in people}
    return replace(section, items=[replace(item, what=steps[item.number]) for item in section.items])


def _is_answered(person: Participant) -> bool:
    return int(person.answered) >= len(catalogue.screening_forms())  # type: ignore[attr-defined]


def _decision_step(person: Participant) -> Promise:
    """Return what the investigator does now; it says the same of missing evidence as the list of the coordinator."""
    if not _is_answered(person):
        return _("Screening forms are not complete yet: see what evidence is missing")
    return _("Read the evidence and decide on eligibility")


def _to_randomize(people: list[Participant], total: int) -> WorkListSection:
    empty = WorkListSection(_("Ready to randomize"), "shuffle", _("Nobody is waiting to be randomized."))
    return _of_screened(
        (people, total), empty, _("Eligible and signed: randomize"), "randomization:randomize"
    )


def _of_screened(
    screened: tuple[list[Participant], int], empty: WorkListSection, what: str | Promise, page: str
) -> WorkListSection:
    people = sorted(screened[0], key=lambda each: each.number)
    items = [WorkItem(each.number, str(what), reverse(page, args=[each.number])) for each in people]
    return replace(empty, items=items, total=screened[1])


def _next_step(person: Participant) -> Promise:
    """Return what comes next on the way to randomization; at a site that does not recruit it leads nowhere."""
    if person.site.state == SiteState.SUSPENDED:
        return _("The site is suspended: screening waits")
    if person.site.state != SiteState.ACTIVE:
        return _("The site is closed: record how screening ended")
    if not person.consented:  # type: ignore[attr-defined]
        return _("Record the consent")
    if not person.decided and not _is_answered(person):  # type: ignore[attr-defined]
        return _("Answer the screening forms; then an investigator decides")
    if not person.decided:  # type: ignore[attr-defined]
        return _("The screening forms are complete: an investigator decides")
    return _("Decided: randomize, or record how screening ended")


def _is_for_others(person: Participant) -> bool:
    """Say whether an investigator does the next step, or the site has to recruit again first."""
    suspended = person.site.state == SiteState.SUSPENDED
    return suspended or (_is_answered(person) and person.site.state == SiteState.ACTIVE)


def _in_screening(people: list[Participant], total: int) -> WorkListSection:
    latest_first = sorted(people, key=lambda each: (-each.registered_on.toordinal(), each.number))
    items = [
        WorkItem(
            p.number,
            str(_next_step(p)),
            p.get_absolute_url(),
            when=p.registered_on,
            is_since=True,
            waits=_is_for_others(p),
        )
        for p in latest_first
    ]
    return WorkListSection(
        _("In screening"),
        "people",
        _("Nobody is in screening."),
        items,
        total,
        reverse("reports:participants") + "?state=SCREENED",
    )


SCREENING_SECTIONS: Final[dict[str, Callable[[list[Participant], int], WorkListSection]]] = {
    "decide": _to_decide,
    "randomize": _to_randomize,
    "screening": _in_screening,
}


def overdue_states(user: User, today: date) -> WorkListSection:
    """Return who is longer in a state than the protocol allows."""
    seen = Permission.CRF_EDIT if user.may(Permission.CRF_EDIT) else Permission.CRF_VIEW
    rows = overdue(Participant.objects.open_to(user, seen).select_related("site"), on=today)
    shown, total = rows_and_count_in_one_pass(rows, SHOWN)
    lines = [line for each in shown if (line := overdue_state(each, today=today))]
    items = [
        WorkItem(each.participant.number, each.line, each.href, "todo", "overdue", each.ends_by)
        for each in lines
    ]
    return WorkListSection(
        _("States that should have ended"),
        "exclamation-triangle",
        _("Nobody is longer in a state than the protocol allows."),
        items,
        total,
        reverse("reports:participants") + "?late=yes",
    )


def deviations(user: User, today: date) -> WorkListSection:
    """Return the proposed deviations that nobody has settled."""
    rows = (
        DeviationProposal.objects.open_to(user, Permission.DEVIATION_RECORD)
        .filter(state=DeviationState.PROPOSED)
        .select_related("participant")
    )
    shown, total = first_and_total(rows)
    items = [
        WorkItem(
            d.participant.number,
            proposed_words(d, user, Permission.ALLOCATION_LIST),
            reverse("crf:settle-deviation", args=[d.pk]),
            when=d.found_on
            + timedelta(days=whole_number(load(d.participant.protocol_version), "deviation_escalates_days")),
        )
        for d in shown
    ]
    return WorkListSection(
        _("Proposed deviations"),
        "exclamation-triangle",
        _("No deviation is proposed."),
        items,
        total,
        reverse("crf:deviations") + "?show=proposed",
    )


def deviations_to_decide(user: User, today: date) -> WorkListSection:
    """Return the complete deviations that nobody has decided on: the statistician's for the analysis set as well."""
    rows, undecided = records_open_to(user).filter(state__in=COMPLETED), UNDECIDED
    if user.may(Permission.ANALYSIS_SET_DECIDE):
        undecided |= UNDECIDED_SET
    rows = rows.filter(undecided).exclude(state=RecordState.LOCKED)
    shown, total = first_and_total(rows.select_related("participant").order_by("dv_found", "pk"))
    items = [
        WorkItem(
            record.participant.number,
            _to_decide_on(record),
            reverse("crf:decide-deviation", args=[record.participant.number, record.sequence]),
            when=record.dv_found,
            is_since=True,
        )
        for record in shown
    ]
    return WorkListSection(
        _("Deviations to decide"),
        "exclamation-triangle",
        _("No deviation waits for a decision."),
        items,
        total,
        reverse("crf:deviations") + "?importance=undecided",
    )


def _to_decide_on(record: Any) -> str:
    """Return which deviation waits, with its category once it has one."""
    task = str(_("Decide on deviation {number}")).format(number=record.sequence)
    return " · ".join(part for part in (task, said_of_log("dv_cat", record.dv_cat)) if part)
