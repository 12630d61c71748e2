"""Alarms by mail: what is not well is told once, again when it is worse or lasts, and once more when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from accounts.mail_words import go_there
from accounts.models import User
from accounts.services import write_mail
from audit.acts import open_act
from kernel.clock import local_date
from operations.models import Alarm
from operations.services import note_alarms
from operations.watching import SAID, Reading, WatchLevel, readings
from trials.services.first_managers import trial_managers

TOLD_AGAIN_AFTER: Final = timedelta(hours=12)
KIND: Final = "operations.alarm"
Recipient = tuple[User | None, str, str]
LEVELS: Final = {
    WatchLevel.OK: pgettext_lazy("reading", "Fine"),
    WatchLevel.WARNING: pgettext_lazy("reading", "Warning"),
    WatchLevel.CRITICAL: pgettext_lazy("reading", "Critical"),
    WatchLevel.UNKNOWN: pgettext_lazy("reading", "Not known"),
}


def tell_alarms(*, at: datetime) -> int:
    """Whoever keeps the service has a mail about what has become worse, lasts, or is well again; return how many mails.

    Refuses: nothing. Locks: the alarms.
    """
    taken = {each.name: each for each in readings(at=at)}
    with transaction.atomic():
        standing = {row.reading: row for row in Alarm.objects.select_for_update()}
        bad = [each for each in taken.values() if each.level is not WatchLevel.OK]
        news = [each for each in bad if _is_news(standing.get(each.name), each, at)]
        over = [name for name in standing if name in taken and taken[name].level is WatchLevel.OK]
        if not news and not over:
            return 0
        with open_act("operations:alarm:tell", by=None, at=at):
            note_alarms({each.name: int(each.level) for each in news}, over=over, at=at)
            return sum(_tell(person, [each.name for each in bad], over, at) for person in _recipients(at))


def _is_news(row: Alarm | None, reading: Reading, at: datetime) -> bool:
    return row is None or reading.level > row.level or at - row.told_at >= TOLD_AGAIN_AFTER


def _recipients(at: datetime) -> Iterator[Recipient]:
    if settings.ALARM_ADDRESSES:
        yield from ((None, address, "en") for address in settings.ALARM_ADDRESSES)
        return
    for user in trial_managers(local_date(at, settings.TRIAL_TIME_ZONE)).values():
        if user.email:
            yield user, user.email, user.language


def _tell(recipient: Recipient, bad: Iterable[str], over: Iterable[str], at: datetime) -> bool:
    to, address, language = recipient
    with translation.override(language):
        now = readings(at=at, only=frozenset(bad)) if bad else []
        worst = max((each.level for each in now), default=WatchLevel.OK)
        lines = [
            _("{reading}: {seen} ({level})").format(
                reading=SAID[each.name], seen=each.seen, level=LEVELS[each.level]
            )
            for each in now
        ]
        lines += [_("{reading}: well again").format(reading=SAID[name]) for name in over]
        subject = (
            _("PALACE-3: something of the service needs you")
            if worst is not WatchLevel.OK
            else _("PALACE-3: the service is well again")
        )
        body = "\n".join([*lines, "", go_there(reverse("operations:service"))])
    return (
        write_mail(
            to=to,
            address=address,
            kind=KIND,
            key=f"alarm-{at:%Y%m%d%H%M%S}-{to.pk if to else address}"[:120],
            subject=subject,
            body=body,
            language=language,
            site=None,
            at=at,
        )
        is not None
    )
