"""What a person has to do today: sections by what their roles include, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.models import (
    ClockName,
    Draft,
    MessageKind,
    Query,
    QueryMessage,
    QueryState,
    SafetyClock,
    SponsorAssessment,
)
from crf.page.safety import lines_of
from crf.queries.system import short_question
from crf.safety.clocks import OF_THE_SITE, clocks_open_to
from followup.history import whole_number
from followup.impact import asked_to_consent_anew
from followup.models import Todo, Visit
from followup.todo_lines import todo_lines
from followup.track_limits import overdue
from followup.wording import visit_name
from kernel.clock import local_date
from kernel.pagination import in_words, rows_and_count, rows_and_count_of_each
from notices.second_person import TITLE as SECOND_PERSON_TITLE
from notices.second_person import waiting_for
from protocol.text import load, versions
from randomization.allocation.strata import to_mark
from randomization.models import Allocation, Envelope
from reports.overdue_states import overdue_state
from trials.models import (
    ChecklistItem,
    Consent,
    ContactRequest,
    DeviationProposal,
    EligibilityDecision,
    Participant,
    Site,
)
from trials.models.participants import DeviationState, Track
from trials.models.requests import RequestState
from trials.models.sites import SiteState
from website.services.escalating import call_by

SHOWN: Final = 8
OPENED_ENVELOPES: Final = "opened envelopes"
EXPIRES_SOON: Final = timedelta(days=60)


@dataclass(frozen=True)
class WorkItem:
    """One line: about whom, what, until when, and where it is done."""

    number: str
    what: str
    href: str
    kind: str = ""
    state: str = ""
    when: date | None = None


@dataclass(frozen=True)
class WorkListSection:
    """One kind of work, with its first lines and how many there are in all."""

    title: str | Promise
    icon: str
    nothing: str | Promise
    items: list[WorkItem] = field(default_factory=list)
    total: int = 0
    href: str = ""

    @property
    def counted(self) -> str:
        return in_words(self.total)


Builder = Callable[[User, date], WorkListSection]


def work_for(
    user: User, *, today: date, at: datetime, waiting: Collection[str] = ()
) -> list[WorkListSection]:
    """Return the sections of the person's work list, in the order in which they matter.

    ``waiting`` names the kinds of things of which something waits for the person as the second one.
    """
    sections = [_clocks(user, at)] if user.may(Permission.SAFETY_VIEW) else []
    if user.may(Permission.SAFETY_ASSESS):
        sections.append(_to_assess(user, today))
    if user.may(Permission.ELIGIBILITY_DECIDE):
        sections += _end_of_screening(user)
    sections += [build(user, today) for permission, build in BUILDERS if user.may(permission)]
    if len(versions()) > 1 and user.may(Permission.CONSENT_RECORD):
        sections.append(_to_consent_anew(user))
    first = [_second_person(user, waiting)]
    if OPENED_ENVELOPES in waiting:
        first.append(_opened_envelopes(user))
    return [*(section for section in first if section.total), *sections]


def _second_person(user: User, kinds: Collection[str]) -> WorkListSection:
    """What somebody else asked for and this person, as the second one, may confirm."""
    waiting = waiting_for(user, kinds=kinds)
    items = [WorkItem(each.number, each.what, each.href) for each in waiting[:SHOWN]]
    return WorkListSection(SECOND_PERSON_TITLE, "people", _("Nothing is waiting."), items, len(waiting))


def _opened_envelopes(user: User) -> WorkListSection:
    """Envelopes that were opened in an outage and belong to nobody in the system yet."""
    rows = Envelope.objects.open_to(user, Permission.ALLOCATION_REQUEST).not_entered()
    found, total = _first(rows.select_related("site").order_by("opened_at", "pk"))
    where = reverse("randomization:outage")
    what = str(_("Register, screen and randomize the patient with this envelope"))
    items = [
        WorkItem(each.number, what, where, when=local_date(each.opened_at, each.site.time_zone))
        for each in found
    ]
    return WorkListSection(
        _("Opened envelopes to enter"), "envelope", _("Nothing is waiting."), items, total, where
    )


def _to_consent_anew(user: User) -> WorkListSection:
    found, total = _first(asked_to_consent_anew(Participant.objects.open_to(user, Permission.CONSENT_RECORD)))
    items = [
        WorkItem(p.number, str(_("Does not sign the new text and leaves: record the withdrawal")), leave)
        if p.is_leaving
        else WorkItem(p.number, str(_("The new consent text is to be signed")), sign)
        for p in found
        for leave in [reverse("followup:withdraw", args=[p.number])]
        for sign in [reverse("trials:consent", args=[p.number])]
    ]
    nothing = _("Everybody has answered on the text in force.")
    return WorkListSection(_("To consent anew"), "file-earmark-text", nothing, items, total)


def _first(rows: Any) -> tuple[list[Any], int]:
    """Return the first rows and how many there are."""
    return rows_and_count(rows, SHOWN)


def _end_of_screening(user: User) -> list[WorkListSection]:
    """Return who waits for a decision on eligibility and who for randomization, asked for in one question."""
    screened = Participant.objects.filter(state=Track.SCREENED).order_by("number")
    live = EligibilityDecision.objects.filter(participant=OuterRef("pk"), lapsed_at=None)
    lists = {
        "decide": screened.open_to(user, Permission.ELIGIBILITY_DECIDE).filter(
            Exists(Consent.objects.filter(participant=OuterRef("pk"))),
            ~Exists(live),
            site__state__in=(SiteState.ACTIVE, SiteState.SUSPENDED),
        ),
        "randomize": screened.open_to(user, Permission.ALLOCATION_REQUEST).filter(
            Exists(live.filter(eligible=True)), site__state=SiteState.ACTIVE
        ),
    }
    found = rows_and_count_of_each(lists, SHOWN)
    return [
        _of_screened(
            found["decide"],
            WorkListSection(_("Eligibility to decide"), "clipboard-check", _("No decision is waiting.")),
            _("Read the evidence and decide on eligibility"),
            "crf:eligibility",
        ),
        _of_screened(
            found["randomize"],
            WorkListSection(_("Ready to randomize"), "shuffle", _("Nobody is waiting to be randomized.")),
            _("Eligible and signed: randomize"),
            "randomization:randomize",
        ),
    ]


def _of_screened(
    found: tuple[list[Participant], int], empty: WorkListSection, what: str | Promise, page: str
) -> WorkListSection:
    people = sorted(found[0], key=lambda each: each.number)
    items = [WorkItem(each.number, str(what), reverse(page, args=[each.number])) for each in people]
    return replace(empty, items=items, total=found[1])


def _visits(user: User, today: date) -> WorkListSection:
    due = (
        Visit.objects.open_to(user, Permission.VISIT_RECORD)
        .open_on(today)
        .select_related("participant")
        .order_by("closes", "pk")
    )
    found, total = _first(due)
    items = [
        WorkItem(
            visit.participant.number,
            visit_name(load(visit.participant.protocol_version), visit),
            visit.get_absolute_url(),
            "visit",
            "overdue" if visit.closes and visit.closes < today else visit.state,
            visit.closes,
        )
        for visit in found
    ]
    return WorkListSection(
        _("Visits due or overdue"), "calendar-event", _("No visit is due today."), items, total
    )


def _overdue_states(user: User, today: date) -> WorkListSection:
    rows = overdue(Participant.objects.open_to(user, Permission.CRF_EDIT), on=today)
    found, total = _first(rows)
    lines = [line for each in found if (line := overdue_state(each, today=today))]
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


def _todos(user: User, today: date) -> WorkListSection:
    rows = Todo.objects.open_to(user, Permission.CRF_EDIT).waiting().select_related("participant", "visit")
    found, total = _first(rows.order_by("due_on", "pk"))
    items = [
        WorkItem(line.todo.participant.number, line.name, line.href, "todo", line.state, line.todo.due_on)
        for line in todo_lines(found, today=today)
    ]
    where = reverse("followup:agenda") + "?show=todos"
    return WorkListSection(_("To-dos"), "clock", _("No to-do is open."), items, total, where)


def _queries_to_answer(user: User, today: date) -> WorkListSection:
    rows = Query.objects.open_to(user, Permission.QUERY_ANSWER).filter(state=QueryState.OPEN)
    return _queries(rows, _("Queries to answer"), _("No query waits for an answer."))


def _queries_to_close(user: User, today: date) -> WorkListSection:
    rows = Query.objects.open_to(user, Permission.QUERY_CLOSE).filter(state=QueryState.ANSWERED)
    return _queries(rows, _("Answered queries to close"), _("No answered query waits to be closed."))


def _queries(rows: Any, title: Promise, nothing: Promise) -> WorkListSection:
    chosen = rows.select_related("participant__site").with_raised().order_by("opened_at", "pk")
    found, total = _first(chosen)
    items = [
        WorkItem(
            query.participant.number,
            f"{query.form_code} · {_asked(query)}",
            query.get_absolute_url(),
            "query",
            query.state,
            local_date(query.opened_at, query.participant.site.time_zone),
        )
        for query in found
    ]
    return WorkListSection(title, "chat-left-text", nothing, items, total, reverse("crf:queries"))


def _asked(query: Query) -> str:
    raised = QueryMessage(kind=MessageKind.RAISED, text=query.raised or "")  # type: ignore[attr-defined]
    return short_question(catalogue.forms().get(query.form_code), query, [raised])


def _drafts(user: User, today: date) -> WorkListSection:
    rows = Draft.objects.filter(owner=user).select_related("participant__site").order_by("-saved_at")
    found, total = _first(rows)
    items = [
        WorkItem(
            draft.participant.number,
            str(_("{form}: typed and not saved yet")).format(form=draft.form_code),
            draft.get_absolute_url(),
            "form",
            "in_progress",
            local_date(draft.saved_at, draft.participant.site.time_zone),
        )
        for draft in found
    ]
    return WorkListSection(
        _("Your drafts"), "pencil", _("Nothing that you typed is waiting to be saved."), items, total
    )


def _next_step(person: Participant) -> Promise:
    """Return what comes next on the way to randomization; at a site that does not recruit it leads nowhere."""
    if person.site.state == SiteState.SUSPENDED:
        return _("The site is suspended: screening waits")
    if person.site.state != SiteState.ACTIVE:
        return _("The site is closed: record how screening ended")
    if not person.consented:  # type: ignore[attr-defined]
        return _("Record the consent")
    if not person.decided:  # type: ignore[attr-defined]
        return _("Answer the screening forms; then an investigator decides")
    return _("Decided: randomize, or record how screening ended")


def _screening(user: User, today: date) -> WorkListSection:
    rows = (
        Participant.objects.open_to(user, Permission.PARTICIPANT_REGISTER)
        .filter(state=Track.SCREENED)
        .select_related("site")
        .annotate(
            consented=Exists(Consent.objects.filter(participant=OuterRef("pk"))),
            decided=Exists(EligibilityDecision.objects.filter(participant=OuterRef("pk"), lapsed_at=None)),
        )
        .order_by("-registered_on", "number")
    )
    found, total = _first(rows)
    items = [
        WorkItem(p.number, str(_next_step(p)), p.get_absolute_url(), "track", p.state, p.registered_on)
        for p in found
    ]
    return WorkListSection(
        _("In screening"),
        "people",
        _("Nobody is in screening."),
        items,
        total,
        reverse("reports:participants") + "?state=SCREENED",
    )


def _contact_requests(user: User, today: date) -> WorkListSection:
    rows = (
        ContactRequest.objects.open_to(user, Permission.CONTACT_HANDLE)
        .waiting()
        .select_related("site")
        .order_by("received_at", "pk")
    )
    found, total = _first(rows)
    items = [
        WorkItem(
            asked.reference,
            str(_("Call requested") if asked.state == RequestState.NEW else _("Goes on after a call")),
            asked.get_absolute_url(),
            "request",
            asked.state,
            call_by(local_date(asked.received_at, asked.site.time_zone))
            if asked.state == RequestState.NEW
            else None,
        )
        for asked in found
    ]
    nothing = _("Nobody waits for a call.")
    return WorkListSection(
        _("Contact requests"), "telephone", nothing, items, total, reverse("trials:requests")
    )


def _deviations(user: User, today: date) -> WorkListSection:
    rows = (
        DeviationProposal.objects.open_to(user, Permission.CRF_EDIT)
        .filter(state=DeviationState.PROPOSED)
        .select_related("participant")
    )
    found, total = _first(rows)
    items = [
        WorkItem(
            d.participant.number,
            d.said,
            reverse("trials:settle-deviation", args=[d.pk]),
            when=d.found_on
            + timedelta(days=whole_number(load(d.participant.protocol_version), "deviation_escalates_days")),
        )
        for d in found
    ]
    return WorkListSection(
        _("Proposed deviations"), "exclamation-triangle", _("No deviation is proposed."), items, total
    )


def _clocks(user: User, at: datetime) -> WorkListSection:
    """Return the clocks that run: a site's people see those that the site meets."""
    rows = clocks_open_to(user).running()
    if not user.may(Permission.SAFETY_ASSESS) and user.may(Permission.CRF_EDIT):
        rows = rows.filter(kind__in=OF_THE_SITE)
    found, total = _first(rows)
    items = [
        WorkItem(
            line.open.number,
            f"{line.open.what} · AE #{line.open.event_no} · {line.words}",
            line.open.href,
            "clock",
            line.state,
            local_date(line.clock.due_at, line.clock.site.time_zone),
        )
        for line in lines_of(found, user=user, at=at)
    ]
    return WorkListSection(
        _("Safety clocks"), "clock", _("No safety clock is running."), items, total, reverse("crf:clocks")
    )


def _to_assess(user: User, today: date) -> WorkListSection:
    """Return the serious events that the site reported and the sponsor has not judged yet."""
    judged = SponsorAssessment.objects.filter(
        participant=OuterRef("participant"), event_no=OuterRef("event_no")
    )
    reported = SafetyClock.objects.open_to(user, Permission.SAFETY_ASSESS).filter(
        ~Exists(judged), kind=ClockName.SAE_REPORT, met_at__isnull=False, ended_at=None
    )
    found, total = _first(reported.select_related("participant", "site").order_by("met_at", "pk"))
    items = [
        WorkItem(
            clock.participant.number,
            str(_("Assess the serious event AE #{event} for the sponsor")).format(event=clock.event_no),
            reverse("crf:assess", args=[clock.participant.number, clock.event_no]),
            when=local_date(clock.met_at, clock.site.time_zone),
        )
        for clock in found
    ]
    return WorkListSection(
        _("Serious events to assess"),
        "shield-check",
        _("No serious event waits for the sponsor."),
        items,
        total,
    )


def _sites(user: User, today: date) -> WorkListSection:
    rows = (
        ChecklistItem.objects.open_to(user, Permission.SITE_MANAGE)
        .filter(expires_on__lte=today + EXPIRES_SOON)
        .select_related("site")
        .order_by("expires_on", "pk")
    )
    found, total = _first(rows)
    items = [
        WorkItem(item.site.code, str(item), item.site.get_absolute_url(), when=item.expires_on)
        for item in found
    ]
    opening = Site.objects.open_to(user, Permission.SITE_MANAGE).filter(
        state__in=(SiteState.PLANNED, SiteState.SET_UP)
    )
    items += [
        WorkItem(site.code, site.local_name, site.get_absolute_url(), "site", site.state) for site in opening
    ]
    return WorkListSection(
        _("Sites: approvals that expire, sites to open"),
        "hospital",
        _("No approval expires within 60 days and every site is open."),
        items,
        total + len(opening),
        reverse("trials:sites"),
    )


def _strata(user: User, today: date) -> WorkListSection:
    """Strata that the staging form contradicts since randomization, until the register of errors says so too."""
    rows = to_mark(Allocation.objects.open_to(user, Permission.ALLOCATION_CORRECT))
    found, total = _first(rows.select_related("participant").order_by("randomized_at", "pk"))
    said = str(_("Stage group {used} at randomization, {now} by form STAGE: mark the error"))
    items = [
        WorkItem(
            row.participant.number,
            said.format(used=row.strat_stage, now=row.stage_corrected),
            reverse("randomization:record-error", args=[row.participant.number]),
        )
        for row in found
    ]
    where = reverse("randomization:strata")
    return WorkListSection(
        _("Corrected strata"), "shuffle", _("No corrected stratum waits to be marked."), items, total, where
    )


BUILDERS: Final[tuple[tuple[Permission, Builder], ...]] = (
    (Permission.CONTACT_HANDLE, _contact_requests),
    (Permission.VISIT_RECORD, _visits),
    (Permission.CRF_EDIT, _overdue_states),
    (Permission.CRF_EDIT, _todos),
    (Permission.QUERY_ANSWER, _queries_to_answer),
    (Permission.QUERY_CLOSE, _queries_to_close),
    (Permission.CRF_EDIT, _drafts),
    (Permission.PARTICIPANT_REGISTER, _screening),
    (Permission.CRF_EDIT, _deviations),
    (Permission.SITE_MANAGE, _sites),
    (Permission.ALLOCATION_CORRECT, _strata),
)
