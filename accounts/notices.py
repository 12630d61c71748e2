"""Mails to the owner of an account about the account itself."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import override

from accounts.mail_words import AccountNotice, notice_text
from accounts.models import User
from accounts.outbox import write_mail
from kernel.scope import EVERYTHING, scope


def tell_owner(user: User, notice: AccountNotice, *, at: datetime) -> None:
    """The owner of the account is told by mail, under the act in force; who has no address reads it in the trail."""
    if not user.email:
        return
    with override(user.language):
        subject, body = notice_text(notice, at=at)
    with scope(user_id=None, sites=EVERYTHING):  # a visitor's scope shows no outbox
        write_mail(
            to=user,
            address=user.email,
            kind="accounts:notice",
            key=f"account:{notice}:{user.pk}:{at.isoformat()}",
            subject=subject,
            body=body,
            language=user.language,
            site=None,
            at=at,
        )
