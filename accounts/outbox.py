"""The outbox: every message written is sent once, however often workers die and however long the server is away.

A message is held by its row lock while it is handed over, and marked sent in the same transaction: a
worker that is killed before the hand-over leaves it waiting, and nobody else touches it meanwhile. Only
a kill while the server takes its time to answer can send a message twice; it then bears the same Message-ID,
by which mail servers and readers tell it is the same. A server that does not answer in time may have the message:
that counts as a try, the next one comes later, and the other messages go on over a connection of their own. What may
wait for its reader's digest leaves within one message (accounts/digests.py).
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import override

from accounts.digests import DigestSection, companions, digest, may_leave, reader_language
from accounts.models import Mail
from audit.acts import open_act
from audit.secret_digests import secrets_digest

TRIES = 12
UNANSWERED_UNTIL_AWAY = 3
ONE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Delivered:
    """What one run did; ``away`` says that the server did not answer, so that the rest waits."""

    sent: int = 0
    dropped: int = 0
    refused: int = 0
    unanswered: int = 0
    away: bool = False

    def plus(self, result: str) -> Delivered:
        one_more = {result: getattr(self, result) + 1}
        return Delivered(**{**self.__dict__, **one_more})


@dataclass(frozen=True)
class MailEnvelope:
    """Where a message goes, and what stands on it for the mail programs on its way."""

    address: str
    headers: Mapping[str, str] = field(default_factory=dict)


def _as_written(mail: Mail, *, at: datetime) -> tuple[str, str] | None:
    return mail.subject, mail.body


def _to_its_address(mail: Mail, *, at: datetime) -> MailEnvelope | None:
    return MailEnvelope(mail.address)


@dataclass(frozen=True)
class MailKind:
    """What is asked about a mail of one kind at the moment it leaves.

    ``text_now`` returns subject and text as they are true now, ``envelope_now`` where the mail goes now. Each
    returns None when the mail is no longer to be sent; it is then dropped.
    """

    text_now: Callable[..., tuple[str, str] | None] = _as_written
    envelope_now: Callable[..., MailEnvelope | None] = _to_its_address


AS_WRITTEN = MailKind()


def waiting(*, at: datetime) -> QuerySet[Mail]:
    """Messages whose next try has come: at once, then after 2, 4, 8 … minutes since they were written."""
    due = Q(attempts=0)
    for attempts in range(1, TRIES):
        due |= Q(attempts=attempts, created_at__lte=at - ONE_MINUTE * 2**attempts)
    return may_leave(Mail.objects.filter(due, sent_at=None, dropped_at=None), tries=TRIES, at=at).order_by(
        "created_at", "pk"
    )


def send_waiting(kinds: Mapping[str, MailKind], *, at: datetime, limit: int = 200) -> Delivered:
    """Every message that waits is with the mail server, or stays for the next run; none is sent twice.

    ``kinds`` says what is asked about a mail as it leaves; a kind that is not among them is sent as written.
    """
    done = Delivered()
    with transaction.atomic():
        if not waiting(at=at).exists():
            return done
    server = get_connection()
    try:
        server.open()
    except (OSError, smtplib.SMTPException):
        return Delivered(away=True)
    try:
        for _message in range(limit):
            result = _send_next(server, kinds, at)
            if result is None:
                break
            done = done.plus(result)
            if result == "unanswered":
                if done.unanswered == UNANSWERED_UNTIL_AWAY:
                    return Delivered(**{**done.__dict__, "away": True})
                _open_again(server)
    except _Away:
        return Delivered(**{**done.__dict__, "away": True})
    finally:
        _close(server)
    return done


class _Away(Exception):  # noqa: N818 (the server, not a fault of ours)
    """The server has gone in the middle; what was held is given back by the rollback."""


def _open_again(server: Any) -> None:
    """What the late answer belongs to is not heard on the next message's connection."""
    _close(server)
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as gone:
        raise _Away from gone


def _close(server: Any) -> None:
    try:
        server.close()
    except (OSError, smtplib.SMTPException):
        return


def _send_next(server: Any, kinds: Mapping[str, MailKind], at: datetime) -> str | None:
    """Send, drop or put back the next message; None when none is free."""
    with transaction.atomic():
        mail = waiting(at=at).select_for_update(skip_locked=True).first()
        if mail is None:
            return None
        with open_act("accounts:mail:send", by=None, at=at, site=None) as act:
            mail.act = act
            kind = kinds.get(mail.kind, AS_WRITTEN)
            text = kind.text_now(mail, at=at)
            if text is None:
                return _mark(mail, "dropped", dropped_at=at)
            mail.subject, mail.body = text
            envelope = kind.envelope_now(mail, at=at)
            if envelope is None:
                return _mark(mail, "dropped", dropped_at=at)
            parts = _parts(mail, kinds, at) if mail.digest_at else []
            result = _hand_over(server, _digest_of(mail, parts) if mail.digest_at else text, mail, envelope)
            if result != "sent":
                for part in parts:
                    _mark(part, result, attempts=part.attempts + 1)
                return _mark(mail, result, attempts=mail.attempts + 1)
            for part in parts:
                _mark(
                    part, "sent", sent_at=at, attempts=part.attempts + 1, subject=part.subject, sent_with=mail
                )
            return _mark(mail, "sent", sent_at=at, attempts=mail.attempts + 1, subject=mail.subject)


def _parts(mail: Mail, kinds: Mapping[str, MailKind], at: datetime) -> list[Mail]:
    """Return the other messages that the digest says, as true now; those no longer needed are dropped."""
    parts: list[Mail] = []
    for part in companions(mail, tries=TRIES, at=at):
        part.act = mail.act
        text = kinds.get(part.kind, AS_WRITTEN).text_now(part, at=at)
        if text is None:
            _mark(part, "dropped", dropped_at=at)
            continue
        part.subject, part.body = text
        parts.append(part)
    return parts


def _digest_of(mail: Mail, parts: list[Mail]) -> tuple[str, str]:
    with override(reader_language(mail)):
        return digest([DigestSection(each.subject, each.body) for each in (mail, *parts)])


def _mark(mail: Mail, result: str, **columns: Any) -> str:
    """Write the result if the message is still unsent; the compare-and-set is a second guard beside the lock."""
    unsent = Mail.objects.filter(pk=mail.pk, sent_at=None, dropped_at=None)
    digest = secrets_digest(Mail, {"key": mail.key, "body": mail.body})
    if not unsent.update(**columns, body=mail.body, secrets_digest=digest, act=mail.act):
        raise RuntimeError(f"mail {mail.pk} was settled while it was held")
    return result


def _hand_over(server: Any, text: tuple[str, str], mail: Mail, envelope: MailEnvelope) -> str:
    """Give the message to the server; say whether it was sent, refused or unanswered; ``_Away`` when it is gone."""
    subject, body = text
    message = EmailMessage(
        subject=subject,
        body=body,
        to=[envelope.address],
        connection=server,
        reply_to=[settings.REPLY_TO] if settings.REPLY_TO else None,
        headers={
            "Message-ID": f"<mail-{mail.pk}@palace3>",
            "Auto-Submitted": "auto-generated",
            **envelope.headers,
        },
    )
    try:
        message.send()
    except TimeoutError:
        return "unanswered"
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, ConnectionError) as gone:
        if isinstance(gone.__context__, TimeoutError):  # how smtplib says that no answer came in time
            return "unanswered"
        raise _Away from gone
    except smtplib.SMTPResponseException as answer:
        if answer.smtp_code == 421:
            raise _Away from answer
        return "refused"
    except smtplib.SMTPException:
        return "refused"
    return "sent"
