"""What sends mail where nobody has named a mail server: nothing leaves, and nothing counts as sent."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class NoMailServer(BaseEmailBackend):
    """Stands for a server that is away, so that every message waits until one is named (EMAIL_BACKEND)."""

    def open(self) -> bool | None:
        raise ConnectionRefusedError("no mail server is named: set EMAIL_BACKEND")

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.open()
        return 0
