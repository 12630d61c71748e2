"""Log lines are JSON and hold no answer's value."""

from __future__ import annotations

import contextvars
import json
import logging
import sys

import pytest

from kernel.request_id import REQUEST_ID
from palace3.logging import JsonFormatter

SECRET = "ypT4b"


def line(record: logging.LogRecord) -> dict[str, object]:
    text = JsonFormatter().format(record)
    assert "\n" not in text
    return dict(json.loads(text))


def record(message: str, *args: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("crf.services", logging.INFO, __file__, 1, message, args, exc_info)  # type: ignore[arg-type]


def test_a_line_says_what_and_where() -> None:
    written = line(record("Visit %s rolled", "W12"))
    assert written["message"] == "Visit W12 rolled"
    assert written["logger"] == "crf.services"
    assert written["level"] == "INFO"


def test_the_request_is_named() -> None:
    def inside() -> dict[str, object]:
        REQUEST_ID.set("r-1")
        return line(record("saved"))

    assert contextvars.copy_context().run(inside)["request_id"] == "r-1"


def test_an_exception_keeps_its_text_to_itself() -> None:
    try:
        raise ValueError(f"cannot read {SECRET}")
    except ValueError:
        written = line(record("Failed", exc_info=sys.exc_info()))
    assert SECRET not in json.dumps(written)
    exception = written["exception"]
    assert isinstance(exception, dict)
    assert exception["type"] == "builtins.ValueError"
    assert "test_an_exception_keeps_its_text_to_itself" in exception["at"][-1]


def test_what_a_task_was_given_or_returned_is_left_out() -> None:
    values = {"name": "crf:recheck", "return_value": SECRET, "args": SECRET, "exc": SECRET}
    written = line(record("Task %(name)s: %(return_value)s %(args)s %(exc)s", values))
    assert written["message"] == "Task crf:recheck: … … …"


@pytest.mark.parametrize("address", ["/visits/feed/{}.ics", "/news/confirm/{}/", "/news/leave/{}/"])
def test_a_key_in_an_address_is_left_out(address: str) -> None:
    """The server's own lines name every path: one that opens something by itself would lie there in clear."""
    asked = address.format(SECRET)
    assert line(record("Not Found: %s", asked))["message"] == f"Not Found: {address.format('…')}"
    access = line(record("%(m)s %(U)s %(s)s", {"m": "GET", "U": asked, "s": 200}))
    assert access["message"] == f"GET {address.format('…')} 200"


def test_other_paths_stay_as_they_are() -> None:
    for path in ("/visits/feed/make/", "/news/letters/7/", "/participants/01-0004/"):
        assert line(record("GET %s", path))["message"] == f"GET {path}"
