"""The log of deviations as a page: proposals, records, what is counted, and what a decision is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.permissions import Permission
from audit.authors import name_authors
from crf import catalogue
from crf.catalogue.deviation.codes import CATEGORY
from crf.deviations.settling import LOG
from crf.engine import messages
from crf.engine.base import COMPLETED, RecordState
from crf.engine.declaration import FormDeclaration
from crf.links import form_url
from crf.queries.sparing import spared_words, words_tell_arm
from kernel.pagination import BoundedPaginator
from protocol.deviations import category_of, names_an_arm
from trials.models import DeviationProposal, Participant
from trials.models.participants import DeviationState

PER_PAGE = 50
CATEGORIES: tuple[tuple[str, str | Promise], ...] = tuple(CATEGORY.labels.items())
SHOWN: tuple[tuple[str, str | Promise], ...] = (
    ("recorded", _lazy("On the log")),
    ("proposed", _lazy("Proposed by a rule")),
    ("dismissed", _lazy("Dismissed")),
)
IMPORTANCES: tuple[tuple[str, str | Promise], ...] = (
    ("important", _lazy("Important")),
    ("minor", _lazy("Minor")),
    ("undecided", _lazy("Not decided yet")),
)
CLOSINGS: tuple[tuple[str, str | Promise], ...] = (("open", _lazy("Not closed")), ("closed", _lazy("Closed")))
UNDECIDED, UNDECIDED_SET = Q(dv_imp=None), Q(dv_pp=None)
STANDING: dict[str, Count] = {
    "total": Count("pk"),
    "important": Count("pk", filter=Q(dv_imp="important")),
    "minor": Count("pk", filter=Q(dv_imp="minor")),
    "undecided": Count("pk", filter=UNDECIDED),
    "excluding": Count("pk", filter=Q(dv_pp="Y")),
    "still_open": Count("pk", filter=Q(dv_close=None)),
}
"""How many records of the log there are, and how they stand; nothing by arm."""


def log_form() -> FormDeclaration:
    """Return the form whose records are the log."""
    return catalogue.form(LOG)


@dataclass(frozen=True)
class DeviationLine:
    """One deviation of the list, or one proposal: whose, when, what, and what the reader can do about it."""

    number: str
    participant_url: str
    sequence: int
    href: str
    on: date | None
    found_on: date | None
    category: str
    said: str
    zone: str
    found_by: str = ""
    importance: str = ""
    is_decided: bool = False
    excludes: str = ""
    told_on: date | None = None
    closed_on: date | None = None
    state: str = ""
    act_url: str = ""
    why: str = ""
    settled_by: str = ""
    settled_at: datetime | None = None


@dataclass(frozen=True)
class CategoryCount:
    """How many deviations of one category are on the log, and how they stand."""

    category: str
    total: int
    important: int
    minor: int
    undecided: int
    excluding: int
    still_open: int


def records_open_to(user: User) -> Any:
    """Return the records of the log that the reader may see."""
    form = log_form()
    return form.model.objects.open_to(user, form.seen_by).exclude(state=RecordState.EMPTY)


def page_of_log(
    user: User, chosen: Mapping[str, str], order: tuple[str, ...] = ()
) -> tuple[Page[Any], list[DeviationLine]]:
    """Return one page of what ``chosen`` asks for, in a constant number of queries."""
    show = chosen.get("show") or "recorded"
    told_by = Permission.ALLOCATION_LIST
    if show == "recorded":
        page = BoundedPaginator(_in_order(_records(user, chosen), order), PER_PAGE).get_page(
            chosen.get("page")
        )
        return page, [_line_of_record(record, user, told_by) for record in page.object_list]
    proposals = _in_order(_proposals(user, chosen, show), order)
    page = BoundedPaginator(proposals, PER_PAGE).get_page(chosen.get("page"))
    shown = name_authors(page.object_list) if show == DeviationState.DISMISSED else page.object_list
    return page, [_line_of_proposal(proposal, user, told_by) for proposal in shown]


def _in_order(rows: Any, order: tuple[str, ...]) -> Any:
    return rows.order_by(*order) if order else rows


def _records(user: User, chosen: Mapping[str, str]) -> Any:
    rows = _at_site(records_open_to(user), chosen)
    if category := chosen.get("category"):
        rows = rows.filter(dv_cat=category)
    importance = chosen.get("importance")
    if importance == "undecided":
        rows = rows.filter(UNDECIDED)
    elif importance:
        rows = rows.filter(dv_imp=importance)
    if closing := chosen.get("closing"):
        rows = rows.filter(dv_close__isnull=closing == "open")
    return rows.select_related("participant", "site").order_by("-dv_found", "-pk")


def _proposals(user: User, chosen: Mapping[str, str], show: str) -> Any:
    rows = _at_site(DeviationProposal.objects.open_to(user, Permission.DEVIATION_VIEW), chosen)
    return rows.filter(state=show).select_related("participant", "site", "act__by").order_by("found_on", "pk")


def _at_site(rows: Any, chosen: Mapping[str, str]) -> Any:
    return rows.filter(site__code=chosen["site"]) if chosen.get("site") else rows


def counts_of_log(user: User, chosen: Mapping[str, str]) -> list[CategoryCount]:
    """Return the log by category: how many, how important, how many exclude, how many are open; nothing by arm."""
    counted = (
        _at_site(records_open_to(user), chosen)
        .values("dv_cat")
        .annotate(**STANDING)
        .order_by("-total", "dv_cat")
    )
    return [
        CategoryCount(said_of_log("dv_cat", row.pop("dv_cat")) or _("No category yet"), **row)
        for row in counted
    ]


def said_of_log(name: str, value: str | None) -> str:
    """Return a code of the log in words."""
    codes = log_form().questions[name].codes
    return codes.label(value) if codes and value else ""


def _words_for(user: User, site_id: int, words: str | None, told_by: Permission) -> str:
    """Return the words of a deviation as the reader may have them: those that name the arm by a right of its own."""
    if names_an_arm(words) and not user.may(told_by, site_id):
        return spared_words()
    return words or ""


def proposed_words(proposal: DeviationProposal, user: User, told_by: Permission) -> str:
    """Return what a rule found, in the reader's language, as far as they may read it where it stands."""
    spared = words_tell_arm(proposal.detail) or names_an_arm(proposal.said)
    if spared and not user.may(told_by, proposal.site_id):
        return spared_words()
    return proposal.said


def _line_of_record(record: Any, user: User, told_by: Permission) -> DeviationLine:
    may_decide = user.may(Permission.DEVIATION_JUDGE, record.site_id)
    decidable = may_decide and record.state in COMPLETED and record.state != RecordState.LOCKED
    number = record.participant.number
    return DeviationLine(
        number=number,
        participant_url=record.participant.get_absolute_url(),
        sequence=record.sequence,
        href=form_url(number, LOG, sequence=record.sequence),
        on=record.dv_dt,
        found_on=record.dv_found,
        category=said_of_log("dv_cat", record.dv_cat),
        said=_words_for(user, record.site_id, record.dv_term, told_by),
        zone=record.site.time_zone,
        found_by=said_of_log("dv_src", record.dv_src),
        importance=said_of_log("dv_imp", record.dv_imp or record.dv_imp_calc),
        is_decided=bool(record.dv_imp),
        excludes=said_of_log("dv_pp", record.dv_pp),
        told_on=record.dv_ec,
        closed_on=record.dv_close,
        state=record.state,
        act_url=reverse("crf:decide-deviation", args=[number, record.sequence]) if decidable else "",
    )


def deviations_of(participant: Participant, user: User, *, is_logged: bool) -> list[DeviationLine]:
    """Return the participant's deviations on the log, then what waits to be settled; none for who may not see them.

    The log is not asked where it is known to hold nothing of the participant.
    """
    if not user.may(Permission.DEVIATION_VIEW, participant.site_id):
        return []
    records = records_open_to(user).filter(participant=participant).order_by("sequence") if is_logged else ()
    proposals = DeviationProposal.objects.filter(participant=participant, state=DeviationState.PROPOSED)
    lines = []
    for row in (*records, *proposals):
        row.participant, row.site = participant, participant.site
        of = _line_of_proposal if isinstance(row, DeviationProposal) else _line_of_record
        lines.append(of(row, user, Permission.ALLOCATION_VIEW))
    return lines


def _line_of_proposal(proposal: DeviationProposal, user: User, told_by: Permission) -> DeviationLine:
    """Return a proposal as lists show it; of one that was dismissed why, by whom and when."""
    settled = proposal.act if proposal.state == DeviationState.DISMISSED else None
    may_settle = user.may(Permission.DEVIATION_RECORD, proposal.site_id)
    waits = proposal.state == DeviationState.PROPOSED
    return DeviationLine(
        number=proposal.participant.number,
        participant_url=proposal.participant.get_absolute_url(),
        sequence=proposal.deviation_no or 0,
        href="",
        on=None,
        found_on=proposal.found_on,
        category=said_of_log("dv_cat", category_of(proposal.rule)),
        said=proposed_words(proposal, user, told_by),
        zone=proposal.site.time_zone,
        state=proposal.state,
        act_url=reverse("crf:settle-deviation", args=[proposal.pk]) if waits and may_settle else "",
        why=_words_for(user, proposal.site_id, settled.reason, told_by) if settled else "",
        settled_by=str(settled.by or "") if settled else "",
        settled_at=settled.at if settled else None,
    )


@dataclass(frozen=True)
class DecidingFact:
    """One answer that a decision is made from."""

    label: str
    text: str
    is_long: bool = False


# What a decision is made from; nothing that is worked out from the arm, and no way to the participant.
DECIDING = ("dv_src", "dv_dt", "dv_found", "dv_cat", "dv_term", "dv_cross_by", "dv_act", "dv_prev", "dv_ec")
LONG = ("dv_term", "dv_act", "dv_prev")


def facts_for_decision(record: Any) -> list[DecidingFact]:
    """Return the answers of the record that say nothing of the arm."""
    questions = log_form().questions
    shown = [(questions[name], getattr(record, name)) for name in DECIDING]
    return [
        DecidingFact(
            str(question.text),
            spared_words()
            if question.name in LONG and names_an_arm(value)
            else messages.display(question, value, zone=record.site.time_zone),
            question.name in LONG,
        )
        for question, value in shown
        if value is not None
    ]
