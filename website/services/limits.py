"""How often one network, number or address may send a form: counted by keyed digests, in all web processes at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from trials.models import SendingMark
from website.identity import digest_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# A hospital or a mobile network puts many people behind one address; one person has one number.
MOST: Final[dict[str, tuple[int, timedelta]]] = {
    "network": (20, HOUR),
    "phone": (3, DAY),
    "email": (3, DAY),
    "mail": (1, DAY),
}


def may_send(kind: str, value: str, *, at: datetime) -> bool:
    """Say whether one more is within the limit of its kind; if so it is counted. Two at once wait for each other."""
    most, during = MOST[kind]
    digest = digest_of(kind, value)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])
    if SendingMark.objects.filter(digest=digest, at__gt=at - during).count() >= most:
        return False
    SendingMark.objects.create(digest=digest, at=at)
    return True


def forget_sendings(*, at: datetime) -> int:
    """Marks older than the longest limit are gone; return how many were."""
    gone, _each = SendingMark.objects.filter(at__lte=at - DAY).delete()
    return gone
