"""No process works on a protocol text that is not the one that sites follow."""

from __future__ import annotations

import logging
from typing import Any

from celery.signals import worker_init
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connection

log = logging.getLogger(__name__)


class ProtocolTextAltered(SystemExit):
    """A process is not started: the file of a version in use differs from the text on record."""


@register(Tags.database)
def check_texts(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Return an error for each version in use whose file differs; ``manage.py check --database default``.

    ``migrate`` asks as well, on a database that has no such table yet: then no site follows any version.
    """
    if not databases or not _is_set_up():
        return []
    return [Error(each, id="palace3.E001") for each in faults()]


def _is_set_up() -> bool:
    from trials.models import VersionText  # the models are not loaded yet when this file is

    return VersionText._meta.db_table in connection.introspection.table_names()


def faults() -> list[str]:
    """Return in a sentence each version in use whose file is not the one that sites follow."""
    from trials.services.version_texts import altered_texts  # the models are not loaded yet when this file is

    return [
        f"The file {each.version}.toml has digest {each.found or 'none: it is missing'}, and sites follow {each.kept}. "
        "Put the file back; a change of the protocol is a version with a number of its own."
        for each in altered_texts()
    ]


@worker_init.connect
def refuse_altered(**_: Any) -> None:
    """The process starts, unless a file differs. Where the database is away or new, ``/readyz`` says so later."""
    try:
        altered = faults()
    except DatabaseError:
        log.warning("the protocol texts on record could not be read yet")
        return
    if altered:
        raise ProtocolTextAltered("\n".join(altered))
