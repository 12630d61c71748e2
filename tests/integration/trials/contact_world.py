"""Sending the public form as a browser without cookies does, and looking at everything that was kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.db import transaction
from django.test import Client

from kernel.scope import EVERYTHING, scope
from trials.models import ContactRequest
from website.contact.forms import Typed
from website.services.requests import receive_request

SENT_AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday, ten in the morning in Shanghai
WHO = Typed(
    first_name="小华",
    last_name="Grünwald-Testperson",
    email="gruenwald.testperson@example.com",
    phone="+8613800138000",
    phone_typed="138 0013 8000",
    language="粤语",
    message="Please call after six",
)
TELLING = ("小华", "Grünwald", "gruenwald.testperson", "13800138000", "138 0013 8000", "粤语", "after six")
FIELDS = {
    "site": "01",
    "first_name": WHO.first_name,
    "last_name": WHO.last_name,
    "email": WHO.email,
    "phone": WHO.phone_typed,
    "language": WHO.language,
    "message": WHO.message,
    "consent": "on",
    "sensitive": "on",
}


def receive(
    site: str = "01", *, at: datetime = SENT_AT, reference: str = "ABCD-2345", typed: Typed = WHO
) -> Any:
    """A request of ``typed`` at the site, by the service that the page calls."""
    with scope(user_id=None, sites=()):
        made = receive_request(site_code=site, typed=typed, reference=reference, at=at)
    assert isinstance(made, ContactRequest)
    return made


def open_form(client: Client, address: str = "/contact/") -> str:
    """Return the token of a freshly opened form."""
    page = client.get(address).content.decode()
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page[:400]
    return found.group(1)


def everything(superuser: psycopg.Connection[Any]) -> dict[str, str]:
    """Return every row of every table of the database as text, by table: what a dump of it would hold."""
    tables = superuser.execute(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
    ).fetchall()
    return {
        table: "\n".join(str(row[0]) for row in superuser.execute(f"SELECT t::text FROM {table} t"))  # noqa: S608 (names of the catalogue)
        for (table,) in tables
    }


def later(**more: float) -> datetime:
    return SENT_AT + timedelta(**more)


@contextmanager
def as_the_system() -> Iterator[None]:
    """What happens inside is seen as the worker sees it."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        yield
