"""One JSON object per line; never an answer's value.

An exception's own text is left out, because a database error quotes the row and a parsing error quotes what
was typed. What stays is its type and the place in the code, which is what mends a fault.
"""

from __future__ import annotations

import json
import logging
import os
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from celery import current_task

from kernel.request_id import REQUEST_ID

# Who has such an address needs nothing more: a calendar is read with it, the news are confirmed or left.
KEYS_IN_ADDRESSES = re.compile(
    r"(?<=/visits/feed/)[^/\s]+(?=\.ics)|(?<=/news/confirm/)[^/\s]+|(?<=/news/leave/)[^/\s]+"
    # What somebody searched for: the server's own line about a request that failed holds its whole address.
    r"|(?<=\?)\S+=\S*"
)
# Celery puts these into its lines about tasks; each may hold what somebody typed.
CELERY_VALUES = frozenset({"return_value", "exc", "args", "kwargs", "traceback", "internal"})


class JsonFormatter(logging.Formatter):
    """Writes a record as one line that a log collector reads without rules of its own.

    A record that cannot be written is one line as well: Python's own word on it would print the record whole, with the
    headers and cookies of the request that it is about.
    """

    def format(self, record: logging.LogRecord) -> str:
        try:
            return self._line(record)
        except Exception as fault:  # whatever it is, it must not come to Python's own word
            told = {"level": "ERROR", "logger": record.name, "message": "a record could not be written"}
            return json.dumps({**told, "fault": type(fault).__name__})

    def _line(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            "process": record.process,
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        if current_task:
            line |= {"task": current_task.name, "task_id": current_task.request.id}
        if status := getattr(record, "status_code", None):
            line["status"] = status
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            line["exception"] = {"type": f"{kind.__module__}.{kind.__qualname__}", "at": places(trace)}
        return json.dumps(line, ensure_ascii=False, default=str)


def message_of(record: logging.LogRecord) -> str:
    """The sentence of the record, without the values that Celery would quote and the keys that addresses hold."""
    if not isinstance(record.args, Mapping):
        return KEYS_IN_ADDRESSES.sub("…", record.getMessage())
    values = Told((key, "…" if key in CELERY_VALUES else value) for key, value in record.args.items())
    return KEYS_IN_ADDRESSES.sub("…", str(record.msg) % values)


class Told(dict[str, Any]):
    """What a sentence is filled with; a header that an answer lacks is a dash."""

    def __missing__(self, key: str) -> str:
        return "-"


def places(trace: TracebackType | None) -> list[str]:
    """Where in the code it happened, outermost first: no source text, no locals."""
    return [
        f"{os.path.relpath(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]


# A handler that fails says nothing, instead of printing the record that it could not write.
logging.raiseExceptions = False
LEVEL = os.environ.get("LOG_LEVEL", "INFO")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "palace3.logging.JsonFormatter"}},
    "handlers": {
        "out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
    },
    "root": {"handlers": ["out"], "level": LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # At DEBUG this logger quotes every query with its parameters.
        "django.db.backends": {"level": "WARNING"},
        "celery": {"handlers": [], "level": LEVEL, "propagate": True},
        "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
        "gunicorn.access": {"handlers": [], "level": "INFO", "propagate": True},
        # Complains about every font that lacks a table, at every PDF.
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
    },
}
