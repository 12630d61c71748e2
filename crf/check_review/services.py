"""Checks are marked by data management: retired, or with confirmations that somebody looks at."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf import catalogue
from crf.engine.checks import Level, check_of
from crf.models import CheckMark, ListedFinding, MarkKind, Query, QueryState, Resolution
from crf.queries.system import close_by_system
from kernel.errors import Forbidden, Refusal

ASKS = (":soft", ":proposal")


class NotYourCheck(Forbidden):
    code = "crf.not_your_check"
    message = _("Marking checks is the data manager's. Tell the data manager which check asks too much.")


class ReasonOfMarkNeeded(Refusal):
    code = "crf.reason_of_mark_needed"
    fields = ("reason",)
    message = _("Say why: the reason stands with the check in the data validation plan.")
    status = 422


class PlanVersionNeeded(Refusal):
    code = "crf.plan_version_needed"
    fields = ("plan_version",)
    message = _("Name the version of the data validation plan from which this holds.")
    status = 422


class CheckStays(Refusal):
    code = "crf.check_stays"
    message = _(
        "The check {check} of form {form} stops what is impossible, or asks for an answer that the protocol requires. "
        "It belongs to the form: have the form changed."
    )


class MarkedAlready(Refusal):
    code = "crf.marked_already"
    message = _("The check {check} of form {form} has this mark already.")


class MarkEnded(Refusal):
    code = "crf.mark_ended"
    message = _("This mark was taken away already.")


def may_be_marked(form: str, check: str) -> bool:
    """Say whether a check asks or lists, and so can be marked; what stops a save or is required cannot."""
    if check.endswith(ASKS):
        return True
    declared = next((each for each in catalogue.form(form).checks if each.code == check), None)
    return declared is not None and declared.level in (Level.SOFT, Level.LISTING)


def mark_check(
    *, form: str, check: str, kind: MarkKind, reason: str, plan_version: str, by: User, at: datetime
) -> CheckMark:
    """The check has the mark from now on; one that is retired finds nothing any more, and asks nobody.

    Its queries that wait for an answer are closed as no longer asked, and what it listed is gone.
    Refuses: who does not mark checks; no reason or version; a check that stops a save or asks for what is required; a
    mark that it has already.
    """
    if not by.may(Permission.CHECK_MANAGE):
        raise NotYourCheck
    if not reason.strip():
        raise ReasonOfMarkNeeded
    if not plan_version.strip():
        raise PlanVersionNeeded
    if not may_be_marked(form, check):
        raise CheckStays(form=form, check=check)
    with open_act("crf:check:mark", by=by, at=at, reason=reason) as act:
        if CheckMark.objects.standing().filter(form_code=form, check_code=check, kind=kind).exists():
            raise MarkedAlready(form=form, check=check)
        mark = CheckMark.objects.create(
            form_code=form,
            check_code=check,
            kind=kind,
            reason=reason.strip(),
            plan_version=plan_version.strip(),
            set_by=by,
            set_at=at,
            act=act,
        )
        if kind == MarkKind.RETIRED:
            _stop_asking(mark, act=act, at=at)
    return mark


def _stop_asking(mark: CheckMark, *, act: object, at: datetime) -> None:
    asked = Query.objects.filter(form_code=mark.form_code, state=QueryState.OPEN).exclude(key="")
    for query in asked.select_for_update().order_by("participant_id", "pk"):
        if check_of(query.kind, query.check_code, query.key) == mark.check_code:
            close_by_system(query, Resolution.OBSOLETE, act, at)
    listed = ListedFinding.objects.standing().filter(
        record__form_code=mark.form_code, check_code=mark.check_code
    )
    for finding in listed:
        finding.gone_at, finding.act = at, act
        finding.save(update_fields=["gone_at", "act"])


def end_mark(*, mark: CheckMark, reason: str, by: User, at: datetime) -> CheckMark:
    """The mark is taken away; a check that was retired finds again what it finds, at the next save or by night.

    Refuses: who does not mark checks; no reason; a mark that was taken away. Locks: the mark.
    """
    if not by.may(Permission.CHECK_MANAGE):
        raise NotYourCheck
    if not reason.strip():
        raise ReasonOfMarkNeeded
    with open_act("crf:check:end_mark", by=by, at=at, reason=reason) as act:
        locked = CheckMark.objects.select_for_update().get(pk=mark.pk)
        if locked.ended_at is not None:
            raise MarkEnded
        locked.ended_by, locked.ended_at, locked.end_reason, locked.act = by, at, reason.strip(), act
        locked.save(update_fields=["ended_by", "ended_at", "end_reason", "act"])
    return locked
