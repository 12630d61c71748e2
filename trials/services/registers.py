"""Entries of the registers: recorded, approved by a second person where an export rests on them, closed."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import refuse_wrong_password
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from trials.models.registers import APPROVED_KINDS, RegisterEntry, RegisterKind
from trials.models.sites import Site


class RegisterDayAhead(Refusal):
    code = "trials.register_day_ahead"
    fields = ("began_on", "closed_on")
    message = _("{day} has not come yet. Record it when it has happened.")
    status = 422


class RegisterDaysOdd(Refusal):
    code = "trials.register_days_odd"
    fields = ("until", "closed_on")
    message = _("It ends before it begins. Look at both days.")
    status = 422


class ReferenceMissing(Refusal):
    code = "trials.register_reference_missing"
    fields = ("reference",)
    message = _("A filing or basis has a number or a document. Give it, so that an inspector finds it.")
    status = 422


class EntryClosed(Refusal):
    code = "trials.register_entry_closed"
    message = _("This entry was closed on {day}. Record a new one.")


class NothingToApprove(Refusal):
    code = "trials.register_nothing_to_approve"
    message = _("This entry needs no approval, or has it already.")


class ApprovedByRecorder(Refusal):
    code = "trials.register_own_entry"
    message = _("You recorded this entry. Somebody else approves it.")


class BasisMissing(Refusal):
    code = "trials.basis_missing"
    fields = ("leaves_country",)
    message = _(
        "No approved entry of “{register}” is in force on {day}, so these data do not leave the country. Record it in "
        "the registers and have a second person approve it."
    )
    status = 422


def record_entry(
    *,
    kind: RegisterKind,
    subject: str,
    began_on: date,
    account: str,
    owner: User,
    site: Site | None = None,
    until: date | None = None,
    reference: str = "",
    by: User,
    at: datetime,
) -> RegisterEntry:
    """The entry stands in its register; a filing or basis waits for a second person.

    Refuses: a day that has not come, an end before the beginning, a filing or basis without number. Locks: nothing.
    """
    with open_act("trials:register:record", by=by, at=at, site=site) as act:
        if kind not in APPROVED_KINDS and began_on > local_date(at, settings.TRIAL_TIME_ZONE):
            raise RegisterDayAhead(day=began_on)
        if until is not None and until < began_on:
            raise RegisterDaysOdd
        if kind in APPROVED_KINDS and not reference.strip():
            raise ReferenceMissing
        return RegisterEntry.objects.create(
            kind=kind,
            site=site,
            subject=subject,
            began_on=began_on,
            until=until,
            reference=reference,
            account=account,
            owner=owner,
            recorded_by=by,
            act=act,
        )


def approve_entry(*, entry: RegisterEntry, password: str, by: User, at: datetime) -> RegisterEntry:
    """A second person stands for the filing or basis: from now on an export may rest on it.

    Refuses: an entry that needs no approval, has it or is closed; who recorded it; a wrong password. Locks: the entry.
    """
    with open_act("trials:register:approve", by=by, at=at, site=entry.site) as act:
        locked = RegisterEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
        if not locked.waits_for_approval:
            raise NothingToApprove
        if locked.recorded_by_id == by.pk:
            raise ApprovedByRecorder
        refuse_wrong_password(by=by, password=password, at=at)
        locked.approved_by, locked.approved_at, locked.act = by, at, act
        locked.save(update_fields=["approved_by", "approved_at", "act"])
    return locked


def close_entry(
    *, entry: RegisterEntry, outcome: str, closed_on: date, by: User, at: datetime
) -> RegisterEntry:
    """The entry is closed, with what it came to.

    Refuses: a closed one, a day that has not come or lies before the beginning. Locks: the entry.
    """
    with open_act("trials:register:close", by=by, at=at, site=entry.site) as act:
        locked = RegisterEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
        if locked.closed_on is not None:
            raise EntryClosed(day=locked.closed_on)
        if closed_on > local_date(at, settings.TRIAL_TIME_ZONE):
            raise RegisterDayAhead(day=closed_on)
        if closed_on < locked.began_on:
            raise RegisterDaysOdd
        locked.outcome, locked.closed_on, locked.act = outcome, closed_on, act
        locked.save(update_fields=["outcome", "closed_on", "act"])
    return locked


def basis_to_leave(*, on: date) -> RegisterEntry:
    """Return the basis on which data may leave the country on the day.

    Refuses: while a filing of human genetic resources or a basis of transfer is missing, over, or not approved.
    """
    _filing, basis = [_in_force(kind, on) for kind in APPROVED_KINDS]
    return basis


def _in_force(kind: RegisterKind, on: date) -> RegisterEntry:
    entry: RegisterEntry | None = RegisterEntry.objects.in_force(kind, on=on).first()
    if entry is None:
        raise BasisMissing(register=kind.label, day=on)
    return entry
