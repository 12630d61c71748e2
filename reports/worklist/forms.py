"""Sections about forms to fill in, queries and drafts."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.permissions import Permission
from crf.models import Draft, ExpectedForm, Query, QueryState, Record
from crf.queries.assigning import not_for_others
from crf.store.outstanding import UNSIGNED
from kernel.clock import local_date
from reports.unfinished_forms import lines_of
from reports.worklist.sections import WorkItem, WorkListSection, first_and_total, grouped, rows_of


def queries_to_answer(user: User, today: date) -> WorkListSection:
    """Return the open queries that the person may answer, but for those that are assigned to others."""
    rows = Query.objects.open_to(user, Permission.QUERY_ANSWER).filter(state=QueryState.OPEN)
    return _queries(not_for_others(rows, user), _("Queries to answer"), _("No query waits for an answer."))


def queries_to_close(user: User, today: date) -> WorkListSection:
    """Return the answered queries that the person may close or review, whoever they are assigned to."""
    rows = Query.objects.open_to(user, Permission.QUERY_CLOSE).filter(state=QueryState.ANSWERED)
    return _queries(rows, _("Answered queries to close"), _("No answered query waits to be closed."))


def _queries(rows: Any, title: Promise, nothing: Promise) -> WorkListSection:
    groups, total = grouped(rows, by="opened_at")
    page, several = reverse("crf:queries"), reverse("crf:queries-several")
    items = [
        WorkItem(
            group.number,
            ngettext("%(n)s query", "%(n)s queries", group.rows) % {"n": group.rows},
            f"{several}?{urlencode({'participant': group.number})}",
            when=local_date(group.oldest, group.zone),
            is_since=True,
        )
        for group in groups
    ]
    return WorkListSection(title, "chat-left-text", nothing, items, total, page, rows_of(groups))


def forms_to_fill_in(user: User, today: date) -> WorkListSection:
    """Return the forms of visits that are not complete; for whoever does not fill them in, those that are overdue."""
    page = reverse("reports:unfinished-forms")
    if user.may(Permission.CRF_EDIT):
        rows = ExpectedForm.objects.open_to(user, Permission.CRF_EDIT).unfilled()
        title, nothing = _("Forms to fill in"), _("Every form of a visit that took place is complete.")
    else:
        rows = ExpectedForm.objects.open_to(user, Permission.CRF_VIEW).overdue(on=today)
        title, nothing, page = _("Overdue forms"), _("No form is overdue."), f"{page}?show=overdue"
    shown, total = first_and_total(rows.select_related("participant", "visit").order_by("due_on", "pk"))
    items = [
        WorkItem(
            line.expected.participant.number, line.place, line.href, "form", line.state, line.expected.due_on
        )
        for line in lines_of(shown, today=today)
    ]
    return WorkListSection(title, "pencil", nothing, items, total, page)


def forms_to_sign(user: User, today: date) -> WorkListSection:
    """Return the complete forms under which no signature stands."""
    mine = Record.objects.open_to(user, Permission.CRF_SIGN).filter(state__in=UNSIGNED)
    groups, total = grouped(mine, by="pk")
    lot = reverse("crf:sign-lot")
    items = [
        WorkItem(
            group.number,
            ngettext("Sign %(n)s form", "Sign %(n)s forms together", group.rows) % {"n": group.rows},
            f"{lot}?{urlencode({'participant': group.number})}",
        )
        for group in sorted(groups, key=lambda group: group.number)
    ]
    nothing = _("Nothing waits for your signature.")
    page = reverse("crf:to-sign")
    return WorkListSection(_("Forms to sign"), "pen", nothing, items, total, page, rows_of(groups))


def drafts(user: User, today: date) -> WorkListSection:
    """Return the person's own drafts."""
    rows = Draft.objects.filter(owner=user).select_related("participant__site").order_by("-saved_at")
    shown, total = first_and_total(rows)
    items = [
        WorkItem(
            draft.participant.number,
            str(_("{form}: typed and not saved yet")).format(form=draft.form_code),
            draft.get_absolute_url(),
            "form",
            "in_progress",
            local_date(draft.saved_at, draft.participant.site.time_zone),
            is_since=True,
        )
        for draft in shown
    ]
    return WorkListSection(
        _("Your drafts"), "pencil", _("Nothing that you typed is waiting to be saved."), items, total
    )
