"""What is asked about a mail as it leaves is handed to the outbox as a table of kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Mail
from accounts.outbox import MailEnvelope, MailKind, send_waiting
from accounts.services import write_mail
from audit.acts import open_act
from kernel.scope import EVERYTHING, scope
from tests.world import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _as_the_system() -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


@pytest.fixture
def mail() -> Mail:
    with open_act("tests:mail:write", by=None, at=NOW):
        written = write_mail(
            to=None, address="somebody@example.org", kind="tests", key="one letter", subject="As written",
            body="Text", language="en", site=None, at=NOW,
        )  # fmt: skip
    assert written
    return written


def test_a_kind_that_no_table_names_is_sent_as_it_was_written(mail: Mail, mailoutbox: list[Any]) -> None:
    assert send_waiting({}, at=NOW).sent == 1
    (letter,) = mailoutbox
    assert (letter.to, letter.subject, letter.body) == (["somebody@example.org"], "As written", "Text")


def test_the_text_that_is_true_now_is_sent_and_kept(mail: Mail, mailoutbox: list[Any]) -> None:
    kind = MailKind(text_now=lambda _mail, at: ("As it is now", f"Text of {at:%Y-%m-%d}"))
    assert send_waiting({"tests": kind}, at=NOW).sent == 1
    assert (mailoutbox[0].subject, mailoutbox[0].body) == ("As it is now", "Text of 2026-11-20")
    mail.refresh_from_db()
    assert (mail.subject, mail.body, mail.sent_at) == ("As it is now", "Text of 2026-11-20", NOW)


def test_an_address_that_is_looked_up_is_written_to_and_not_kept(mail: Mail, mailoutbox: list[Any]) -> None:
    envelope = MailEnvelope("elsewhere@example.org", {"List-Unsubscribe": "<https://example.org/>"})
    assert send_waiting({"tests": MailKind(envelope_now=lambda _mail, at: envelope)}, at=NOW).sent == 1
    assert mailoutbox[0].to == ["elsewhere@example.org"]
    assert mailoutbox[0].extra_headers["List-Unsubscribe"] == "<https://example.org/>"
    mail.refresh_from_db()
    assert mail.address == "somebody@example.org"


@pytest.mark.parametrize(
    "kind", [MailKind(text_now=lambda _mail, at: None), MailKind(envelope_now=lambda _mail, at: None)]
)
def test_a_mail_that_nobody_needs_is_dropped(mail: Mail, mailoutbox: list[Any], kind: MailKind) -> None:
    result = send_waiting({"tests": kind}, at=NOW)
    assert (result.sent, result.dropped) == (0, 1)
    mail.refresh_from_db()
    assert (mail.sent_at, mail.dropped_at) == (None, NOW)
    assert mailoutbox == []
