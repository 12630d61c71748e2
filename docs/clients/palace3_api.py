#!/usr/bin/env python3
"""Follow the trial's data from a program: reads lists page by page, and later only what changed.

    PALACE3_TOKEN=… python3 palace3_api.py https://trial.example.org answers/DM --purpose "Interim report"
    PALACE3_TOKEN=… python3 palace3_api.py https://trial.example.org participants --since "$(cat until.txt)"

Prints one JSON object a line; the last line on standard error is ``changed_until``, with which the next run goes on.
Needs Python 3.11 and nothing else. The token is made on the page "API tokens" and is asked of nobody's password.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

Opener = Callable[[Request], Any]
LONGEST_WAIT = 60


class ApiRefusal(Exception):  # noqa: N818
    """The API said no; the text is its sentence."""


def call(address: str, token: str, opener: Opener = urlopen) -> dict[str, Any]:
    """Return the answer of one call; a call too many in a minute is made again when the API says."""
    request = Request(address, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
    while True:
        try:
            response: HTTPResponse = opener(request)
            answer: dict[str, Any] = json.loads(response.read())
        except HTTPError as refused:
            if refused.code == 429:
                time.sleep(min(int(refused.headers.get("Retry-After", "1")), LONGEST_WAIT))
                continue
            said = json.loads(refused.read() or b"{}")
            raise ApiRefusal(f"{refused.code}: {said.get('detail', refused.reason)}") from refused
        return answer


def rows(
    server: str, path: str, token: str, opener: Opener = urlopen, **asked: str
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each row of a list with the list's ``changed_until``; several pages are read one after the other."""
    query = urlencode({name: value for name, value in asked.items() if value})
    address = f"{server.rstrip('/')}/api/v1/{path.strip('/')}/" + (f"?{query}" if query else "")
    until = ""
    while address:
        page = call(address, token, opener)
        until = until or page.get("changed_until", "")
        for row in page["results"]:
            yield row, until
        address = page["next"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("server")
    parser.add_argument("path", help="participants, visits, answers/AE, queries, milestones, signatures, …")
    parser.add_argument("--since", default="", help="changed_until of the run before")
    parser.add_argument("--purpose", default="", help="what the answers of many participants are read for")
    given = parser.parse_args()
    asked = {"changed_since": given.since, "purpose": given.purpose, "page_size": "500"}
    until = given.since
    try:
        for row, seen in rows(given.server, given.path, os.environ["PALACE3_TOKEN"], **asked):
            print(json.dumps(row, ensure_ascii=False))
            until = seen
    except ApiRefusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(until, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
