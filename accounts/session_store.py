"""Where sessions are kept: the database, which never holds the key that a browser shows."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.utils import timezone


class SessionStore(db.SessionStore):
    """Django's own store; what one UPDATE does needs no transaction around it.

    A row stands under the digest of its key, and its content is signed for this row: who reads the table takes over
    no session, and who writes it moves nobody's session into their own.
    """

    @property
    def row_key(self) -> str:
        """The name of the session in the database."""
        return digest_of_key(self.session_key or "")

    @property
    def key_salt(self) -> str:
        """What the signature of the content is bound to."""
        return f"{super().key_salt} {self.row_key}"

    def exists(self, session_key: str) -> bool:
        """Say whether a session has this key."""
        return bool(super().exists(digest_of_key(session_key)))

    def load(self) -> dict[str, Any]:
        """Return the content of the session, empty where it ended."""
        row = self.model.objects.filter(session_key=self.row_key, expire_date__gt=timezone.now()).first()
        if row is None:
            self._session_key = None
            return {}
        content: dict[str, Any] = self.decode(row.session_data)
        return content

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Return the row to be kept."""
        row = super().create_model_instance(data)
        row.session_key = self.row_key
        return row

    def delete(self, session_key: str | None = None) -> None:
        """The session has ended."""
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=digest_of_key(key)).delete()

    def save(self, must_create: bool = False) -> None:
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        kept = self.create_model_instance(dict(self.items()))
        sessions = self.model.objects.filter(session_key=kept.session_key)
        if not sessions.update(session_data=kept.session_data, expire_date=kept.expire_date):
            raise UpdateError  # it was ended in the meantime, and stays ended


def digest_of_key(key: str) -> str:
    """Return the name under which the session with this key stands in the database."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]
