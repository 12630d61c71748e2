"""What is mailed to readers of the news: the question whether they asked, and the letters."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Mail
from accounts.outbox import MailEnvelope
from accounts.services import write_mail
from trials.models import NewsLetter, NewsReader
from website.identity import unseal
from website.public.language import spoken

CONFIRM, NEWS = "trials:news_confirm", "trials:news"
_SALT = "trials.news.reader"


def ticket_of(reader: NewsReader) -> str:
    """Return the part of an address by which a reader confirms or leaves; it names nobody."""
    return Signer(salt=_SALT).sign(reader.key)


def key_of(ticket: str) -> str | None:
    """Return the key that a ticket stands for; None when we did not sign it."""
    try:
        return Signer(salt=_SALT).unsign(ticket)
    except BadSignature:
        return None


def _address(view: str, reader: NewsReader) -> str:
    return (
        f"{settings.PUBLIC_ADDRESS}{reverse(view, args=[ticket_of(reader)])}?lang={spoken(reader.language)}"
    )


def ask_to_confirm(reader: NewsReader, *, at: datetime) -> None:
    """The address will be asked whether its owner wants the news; nothing else is sent before they say so."""
    with override(reader.language):
        lines = [
            _("Somebody, probably you, asked for news of the PALACE-3 trial to be sent to this address."),
            _("If it was you, open this page and confirm:"),
            _address("trials:news-confirm", reader),
            _(
                "If it was not you, do nothing. The address is deleted after a few days and nothing is sent to it."
            ),
        ]
        write_mail(
            to=None,
            address="",
            kind=CONFIRM,
            key=f"{CONFIRM}:{reader.key}",
            about=reader.key,
            subject=_("PALACE-3: please confirm that you want the news of this trial"),
            body="\n\n".join(lines),
            language=reader.language,
            site=None,
            at=at,
        )


def write_letter_to(reader: NewsReader, letter: NewsLetter, *, at: datetime) -> bool:
    """The letter waits in the outbox for this reader, in their language; False when it did before."""
    chinese = spoken(reader.language) == "zh-hans"
    with override(reader.language):
        leaving = _("You get this because you asked for news of PALACE-3. To leave at once, open this page:")
        body = "\n\n".join(
            [
                letter.text_zh if chinese else letter.text_en,
                f"--\n{leaving}\n{_address('trials:news-leave', reader)}",
            ]
        )
    mail = write_mail(
        to=None,
        address="",
        kind=NEWS,
        key=f"{NEWS}:{letter.pk}:{reader.key}",
        about=reader.key,
        subject=letter.subject_zh if chinese else letter.subject_en,
        body=body,
        language=reader.language,
        site=None,
        at=at,
    )
    return mail is not None


def envelope_of_news(mail: Mail, *, at: datetime) -> MailEnvelope | None:
    """Return where a message of the news goes; None once the reader has left, or confirmed already."""
    reader = NewsReader.objects.filter(key=mail.about).first()
    if reader is None or (mail.kind == CONFIRM) != (reader.confirmed_at is None):
        return None
    address = unseal(reader.sealed, bound_to=f"news reader {reader.key}")["email"]
    if mail.kind == CONFIRM:
        return MailEnvelope(address)
    leave = _address("trials:news-leave", reader)
    return MailEnvelope(
        address, {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    )
