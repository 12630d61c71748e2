"""The kinds of mail that are not simply sent as they were written, and what is asked about each as it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from accounts.outbox import MailKind
from notices import digest_text, escalation_text, second_person
from notices.escalation_text import ESCALATION
from notices.services.reminders import DIGEST
from website.contact import mails, news_mails

MAIL_KINDS: Final[Mapping[str, MailKind]] = {
    DIGEST: MailKind(text_now=digest_text.text_now),
    ESCALATION: MailKind(text_now=escalation_text.text_now),
    second_person.SECOND_PERSON: MailKind(text_now=second_person.text_now),
    mails.LATE: MailKind(text_now=mails.still_late),
    # These keep no address: it is looked up when they leave.
    mails.ACKNOWLEDGED: MailKind(envelope_now=mails.envelope_of_acknowledgement),
    news_mails.CONFIRM: MailKind(envelope_now=news_mails.envelope_of_news),
    news_mails.NEWS: MailKind(envelope_now=news_mails.envelope_of_news),
}
