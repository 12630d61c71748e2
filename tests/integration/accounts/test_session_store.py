"""Sessions: a known one is kept with one statement, and one that was ended stays ended."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db


def test_a_known_session_is_kept_with_one_statement() -> None:
    session = SessionStore()
    session["seen_at"] = 1
    session.save()
    session["seen_at"] = 2
    with CaptureQueriesContext(connection) as asked:
        session.save()
    assert [query["sql"].partition(" ")[0] for query in asked.captured_queries] == ["UPDATE"]
    assert SessionStore(session.session_key)["seen_at"] == 2


def test_a_session_ended_elsewhere_is_not_brought_back() -> None:
    session = SessionStore()
    session["seen_at"] = 1
    session.save()
    SessionStore(session.session_key).delete()
    with pytest.raises(UpdateError):
        session.save()
    assert not SessionStore().exists(session.session_key)
