"""Transactions that take a number, or count before they write, come one after the other."""

from __future__ import annotations

from django.db import connection


def wait_for_turn(matter: str) -> None:
    """No other transaction is at ``matter`` until this one ends; what it reads from now on is what they left.

    For what no row stands for yet that could be locked, such as the next number of a series.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [matter])
