"""News of this trial: signing up in two steps, leaving in one, and letters that two people answer for."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from kernel.tasks import send
from trials.models import NewsLetter, NewsReader
from website.contact.news_mails import ask_to_confirm, key_of, write_letter_to
from website.identity import digest_of, seal
from website.services.erasing import days_of
from website.services.limits import may_send


class LetterReleased(Refusal):
    code = "website.letter_released"
    message = _("This letter was released before. It is sent once; write a new one.")


class OwnLetter(Refusal):
    code = "website.own_letter"
    message = _(
        "You wrote this letter yourself. Ask another person who may approve texts to read and release it."
    )


class ApprovedInFuture(Refusal):
    code = "website.approved_in_future"
    fields = ("approved_on",)
    message = _(
        "The approval is dated {day}, which has not come yet. Check the date on the letter of approval."
    )
    status = 422


@contextmanager
def as_nobody() -> Iterator[None]:
    """What happens inside is done for somebody who is not signed in: readers are theirs and the system's alone."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        yield


def ask_for_news(*, email: str, language: str, at: datetime) -> None:
    """The address is asked whether its owner wants the news: once a day at most, and not when they have confirmed.

    The visitor is told the same in every case: nobody learns which addresses are known.
    """
    address = email.strip()
    digest = digest_of("news", address.lower())
    with as_nobody():
        if not may_send("mail", f"news {address.lower()}", at=at):
            return
        if NewsReader.objects.filter(digest=digest).confirmed().exists():
            return
        with open_act("trials:news:ask", by=None, at=at):
            NewsReader.objects.filter(digest=digest).delete()
            key = secrets.token_hex(16)
            reader = NewsReader.objects.create(
                digest=digest,
                sealed=seal({"email": address}, bound_to=f"news reader {key}"),
                language=language,
                key=key,
                asked_at=at,
            )
            ask_to_confirm(reader, at=at)


def confirm_news(*, ticket: str, at: datetime) -> bool:
    """The reader gets the news from now on; say whether the ticket stands for a reader.

    Locks: the reader.
    """
    with as_nobody():
        reader = NewsReader.objects.select_for_update().filter(key=key_of(ticket) or "").first()
        if reader is None:
            return False
        if reader.confirmed_at is None:
            with open_act("trials:news:confirm", by=None, at=at):
                reader.confirmed_at = at
                reader.save(update_fields=["confirmed_at"])
    return True


def leave_news(*, ticket: str, at: datetime) -> None:
    """No row holds the reader's address any more."""
    with as_nobody():
        news_readers = NewsReader.objects.filter(key=key_of(ticket) or "")
        if news_readers.exists():
            with open_act("trials:news:leave", by=None, at=at):
                news_readers.delete()


def forget_readers(*, at: datetime) -> int:
    """Who has not confirmed in time, or confirmed long ago, is deleted; return how many were."""
    with as_nobody():
        unconfirmed = Q(confirmed_at=None, asked_at__lte=at - days_of("news_confirm_days"))
        news_readers = NewsReader.objects.filter(
            unconfirmed | Q(confirmed_at__lte=at - days_of("news_keep_days"))
        )
        if not news_readers.exists():
            return 0
        with open_act("trials:news:forget", by=None, at=at):
            gone, _each = news_readers.delete()
    return gone


def count_readers() -> dict[str, int]:
    """Return how many confirmed readers there are by language; nobody's address is read for it."""
    with as_nobody():
        languages = NewsReader.objects.confirmed().values_list("language", flat=True)
        return {code: sum(1 for each in languages if each.startswith(code)) for code in ("en", "zh")}


def write_letter(
    *,
    subject_en: str,
    subject_zh: str,
    text_en: str,
    text_zh: str,
    approved_on: date,
    approval: str,
    by: User,
    at: datetime,
) -> NewsLetter:
    """The letter stands as written; it is sent only when somebody else has released it.

    Refuses: an approval that is still to come.
    """
    with open_act("trials:letter:write", by=by, at=at) as act:
        if approved_on > local_date(at, settings.TRIAL_TIME_ZONE):
            raise ApprovedInFuture(day=approved_on.isoformat())
        return NewsLetter.objects.create(
            subject_en=" ".join(subject_en.split()),
            subject_zh=" ".join(subject_zh.split()),
            text_en=text_en,
            text_zh=text_zh,
            approved_on=approved_on,
            approval=approval,
            written_by=by,
            written_at=at,
            act=act,
        )


def release_letter(*, letter: NewsLetter, by: User, at: datetime) -> NewsLetter:
    """A second person has released the letter; the worker writes it to every confirmed reader, once each.

    Refuses: a letter that is released; its author. Locks: the letter.
    """
    with open_act("trials:letter:release", by=by, at=at) as act:
        locked = NewsLetter.objects.select_for_update().get(pk=letter.pk)
        if locked.released_at is not None:
            raise LetterReleased
        if locked.written_by_id == by.pk:
            raise OwnLetter
        locked.released_by, locked.released_at, locked.act = by, at, act
        locked.save(update_fields=["released_by", "released_at", "act"])
        send("trials:send_letter", locked.pk)
    return locked


def send_letter_to_readers(*, letter_pk: int, at: datetime) -> int:
    """Every confirmed reader has the letter in the outbox; return how many were new. Done twice, it is as once.

    Locks: the letter.
    """
    with as_nobody():
        letter = NewsLetter.objects.select_for_update().get(pk=letter_pk)
        if letter.released_at is None:
            return 0
        with open_act("trials:letter:send", by=None, at=at) as act:
            readers = NewsReader.objects.confirmed().filter(confirmed_at__lte=letter.released_at)
            new = sum(write_letter_to(reader, letter, at=at) for reader in readers.order_by("pk").iterator())
            if new:
                letter.mails, letter.act = letter.mails + new, act
                letter.save(update_fields=["mails", "act"])
    return new
