"""Connections of processes that were forked."""

from __future__ import annotations

from contextlib import suppress

from django.db import connections


def leave_connections_to_the_parent() -> None:
    """A forked process opens connections of its own; those that it inherited stay its parent's.

    Closing them in the parent beforehand is not enough. Where an event loop runs in the thread, Django keeps the
    connections of the loop apart from those of the thread; a fork leaves the loop behind and finds the latter, open.
    Two processes that speak on one connection read each other's answers, or wait for ever.
    """
    for alias in connections.settings:
        with suppress(AttributeError):  # never opened
            del connections[alias]
