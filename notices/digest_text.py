"""What a reminder says, written when it is sent, so that it says only what is still so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override, pgettext

from accounts.mail_words import days_are_of, go_there
from accounts.models import Mail, User
from followup.history import text_for
from followup.models import Reminder, ReminderKind, Visit, VisitState
from followup.wording import time_left, visit_name
from kernel.clock import local_date
from kernel.days import written
from kernel.punctuation import listed_facts
from trials.models import Delegation, Site
from trials.models.participants import TERMINAL, Track

WANTED_STATES = {
    ReminderKind.OPEN: (VisitState.OPEN, VisitState.DUE),
    ReminderKind.CLOSING: (VisitState.OPEN, VisitState.DUE),
    ReminderKind.OVERDUE: (VisitState.OVERDUE, VisitState.MISSED),
    ReminderKind.ESCALATED: (VisitState.OVERDUE, VisitState.MISSED),
    ReminderKind.VITAL: (VisitState.OPEN, VisitState.DUE),
}
# A participant who is lost may still be found: vital status is asked for until death or withdrawal.
SILENT = TERMINAL - {Track.LOST}


def text_now(mail: Mail, *, at: datetime) -> tuple[str, str] | None:
    """Return the digest as it is true at ``at``: without visits settled since; None when nothing is left.

    It is not sent either to somebody who has left the site meanwhile.
    """
    reminders = Reminder.objects.filter(mail=mail).select_related("visit__participant__site", "to")
    still = [reminder for reminder in reminders.order_by("visit__closes", "pk") if is_wanted(reminder)]
    if not still or mail.to is None:
        return None
    site = still[0].visit.participant.site
    today = local_date(at, site.time_zone)
    if not works_there(mail.to, site, today):
        return None
    with override(mail.language):
        return subject_of(site, still), text_of(site, still, today, at=at)


def is_wanted(reminder: Reminder) -> bool:
    """Say whether what the reminder asks for is still to be done, in the window that it told of."""
    visit: Visit = reminder.visit
    told_of = (reminder.opens, reminder.closes)
    if visit.participant.state in SILENT or told_of not in ((visit.opens, visit.closes), (None, None)):
        return False
    return visit.state in WANTED_STATES[ReminderKind(reminder.kind)]


def works_there(user: User, site: Site, today: date) -> bool:
    """Say whether the person's account is open and their delegation reaches the site."""
    delegations = Delegation.objects.filter(user=user).in_force(on=today)
    return user.is_active and any(delegation.as_grant().reaches(site.pk) for delegation in delegations)


def subject_of(site: Site, reminders: Iterable[Reminder]) -> str:
    """Return the subject: the site, and how many visits the digest names."""
    number = len({reminder.visit_id for reminder in reminders})
    words = ngettext(
        "%(site)s: %(number)s visit to look after", "%(site)s: %(number)s visits to look after", number
    )
    return words % {"site": site, "number": number}


def text_of(site: Site, reminders: Iterable[Reminder], today: date, *, at: datetime) -> str:
    """Return the text: each visit once, under its most urgent kind, these first; numbers only, no names."""
    listed = list(reminders)
    parts: list[str] = []
    named: set[int] = set()
    for kind in (
        ReminderKind.ESCALATED,
        ReminderKind.OVERDUE,
        ReminderKind.CLOSING,
        ReminderKind.VITAL,
        ReminderKind.OPEN,
    ):
        visits = {reminder.visit_id: reminder.visit for reminder in listed if reminder.kind == kind}
        lines = [_line(visit, today) for pk, visit in visits.items() if pk not in named]
        named |= visits.keys()
        if lines:
            parts += [str(kind.label), *lines, ""]
    return "\n".join([*parts, go_there(reverse("home")), "", days_are_of(site.time_zone, at=at)])


def _line(visit: Visit, today: date) -> str:
    name = visit_name(text_for(visit.participant), visit)
    window = _("window %(opens)s to %(closes)s") % {
        "opens": written(visit.opens) if visit.opens else "",
        "closes": written(visit.closes) if visit.closes else "",
    }
    said = listed_facts(window, time_left(visit, today))
    return f"  {visit.participant.number}  {visit}  {name}{pgettext('after a label', ': ')}{said}"
