"""Where sessions are kept: the database, with one statement for a session that is known already."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError


class SessionStore(db.SessionStore):
    """Django's own store; what one UPDATE does needs no transaction around it."""

    def save(self, must_create: bool = False) -> None:
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        kept = self.create_model_instance(dict(self.items()))
        sessions = self.model.objects.filter(session_key=kept.session_key)
        if not sessions.update(session_data=kept.session_data, expire_date=kept.expire_date):
            raise UpdateError  # it was ended in the meantime, and stays ended
