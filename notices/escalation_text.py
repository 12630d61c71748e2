"""What an escalation says, written again when it is sent, so that it names only what still waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.mail_words import closing, days_are_of, go_there
from accounts.models import Mail
from followup.models import Escalation
from kernel.clock import local_date
from kernel.days import time_on_clock, written_deadline
from notices.alerts import Alert
from notices.digest_text import works_there
from notices.sources import alerts_at
from trials.models import Site

ESCALATION = "followup:escalation"
MOST = 60


def text_now(mail: Mail, *, at: datetime) -> tuple[str, str] | None:
    """Return the message with what still waits; None when nothing does, or the reader has left the site."""
    rows = list(Escalation.objects.filter(mail=mail).select_related("site"))
    if not rows or mail.to is None:
        return None
    site = rows[0].site
    today = local_date(at, site.time_zone)
    if not works_there(mail.to, site, today):
        return None
    named = {(row.kind, row.key, row.alert_day) for row in rows}
    waiting = alerts_at(site, on=today, at=at)
    still = [
        alert for alert in waiting if named & {(alert.kind, alert.key, day) for day in (alert.day, None)}
    ]
    if not still:
        return None
    with override(mail.language):
        return subject_of(site, still, at=at), text_of(site, still, is_alone=mail.digest_at is None, at=at)


def subject_of(site: Site, alerts: Iterable[Alert], *, at: datetime) -> str:
    """Return the subject: a clock with its end, zone and what is left of it; else the site, and how much waits."""
    listed = list(alerts)
    if listed[0].due_at:
        return _clock_subject(site, listed[0], listed[0].due_at, at)
    number = len({(alert.kind, alert.key) for alert in listed})
    words = ngettext(
        "%(site)s: %(number)s matter needs attention", "%(site)s: %(number)s matters need attention", number
    )
    return words % {"site": site, "number": number}


def _clock_subject(site: Site, alert: Alert, due_at: datetime, at: datetime) -> str:
    number = alert.participant.number if alert.participant else site.code
    values = {
        "number": number,
        "due": written_deadline(due_at, site.time_zone),
        "left": time_on_clock(due_at, at=at),
    }
    return _("URGENT %(number)s: by %(due)s, %(left)s") % values


def text_of(site: Site, alerts: Iterable[Alert], *, is_alone: bool, at: datetime) -> str:
    """Return the text: what waits under the heading of its kind, urgent ones first; numbers only, no names.

    A part of the digest is without the closing line.
    """
    ordered = sorted(alerts, key=lambda alert: not alert.urgent)
    headings = list(dict.fromkeys((alert.urgent, alert.kind) for alert in ordered))
    parts: list[str] = []
    for urgent, kind in headings:
        of_kind = [alert for alert in ordered if (alert.urgent, alert.kind) == (urgent, kind)]
        parts += [str(kind.label), *(_line(alert) for alert in of_kind[:MOST])]
        if more := len(of_kind) - MOST:
            parts += [_("  and %(number)s more") % {"number": more}] if more > 0 else []
        parts.append("")
    page = ordered[0].page if ordered[0].due_at else ""
    parts += [go_there(page or reverse("home")), "", days_are_of(site.time_zone, at=at)]
    parts += [closing()] if is_alone else []
    return "\n".join(parts)


def _line(alert: Alert) -> str:
    number = alert.participant.number if alert.participant else ""
    return f"  {number}  {alert.text()}" if number else f"  {alert.text()}"
