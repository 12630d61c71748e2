"""One mail a person and day: when it leaves, and how what waits for the person is joined in it.

A message that may wait says from when on it is to leave (``Mail.digest_at``). What waits for one person by then goes as
one mail; a message written after it on the same day goes with that of the next.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.mail_words import closing
from accounts.models import Mail, User
from kernel.clock import local_date

USUAL_HOUR: Final = 8
QUARTER: Final = timedelta(minutes=15)
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class DigestSection:
    """What one message says within a digest, without greeting and end."""

    subject: str
    text: str


def digest_start(at: datetime, zone: str) -> datetime:
    """Return the start of the day that ``at`` is of: one digest leaves within it."""
    return datetime.combine(local_date(at, zone), time(), ZoneInfo(zone))


def have_digest(people: Collection[int], *, zone: str, at: datetime) -> frozenset[int]:
    """Return those of ``people`` whose digest of the day has left."""
    left = Mail.objects.filter(to__in=people, digest_at__isnull=False, sent_at__gte=digest_start(at, zone))
    return frozenset(left.values_list("to", flat=True)) if people else frozenset()


def digest_time(*, has_one: bool, from_hour: int, zone: str, at: datetime) -> datetime:
    """Return from when on a message leaves: the next quarter of an hour, or tomorrow after the digest of the day."""
    if has_one:
        tomorrow = local_date(at, zone) + ONE_DAY
        return datetime.combine(tomorrow, time(from_hour), ZoneInfo(zone))
    past = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at + (QUARTER - past if past else timedelta())


def may_leave(mails: QuerySet[Mail], *, tries: int, at: datetime) -> QuerySet[Mail]:
    """Leave out what waits for its digest, and of a digest all but the message that the others join."""
    earlier = _due(to=OuterRef("to"), tries=tries, at=at).filter(pk__lt=OuterRef("pk"))
    return mails.filter(Q(digest_at=None) | Q(digest_at__lte=at) & ~Exists(earlier))


def companions(mail: Mail, *, tries: int, at: datetime) -> QuerySet[Mail]:
    """Return the other messages that leave with ``mail``, held until it is sent."""
    others = _due(to=mail.to_id, tries=tries, at=at).exclude(pk=mail.pk)
    return others.order_by("pk").select_for_update()


def _due(*, to: Any, tries: int, at: datetime) -> QuerySet[Mail]:
    return Mail.objects.filter(to=to, digest_at__lte=at, attempts__lt=tries, sent_at=None, dropped_at=None)


def digest(sections: Sequence[DigestSection]) -> tuple[str, str]:
    """Return subject and text of one mail, in the language in force."""
    subject, more = sections[0].subject, len(sections) - 1
    if not more:
        return subject, f"{sections[0].text}\n\n{closing()}"
    words = ngettext("%(first)s; and %(more)s more matter", "%(first)s; and %(more)s more matters", more)
    joined = words % {"first": subject, "more": more}
    contents = [f"{number}. {section.subject}" for number, section in enumerate(sections, 1)]
    parts = [_("Today:"), *contents]
    for heading, section in zip(contents, sections, strict=True):
        parts += ["", "", heading, "", section.text]
    return joined, "\n".join([*parts, "", closing()])


def reader_language(mail: Mail) -> str:
    """Return the language in which a digest is framed: the reader's."""
    person: User | None = mail.to
    return person.language if person else mail.language
