"""The client script of the documents follows a list over its pages, and goes on later from where it was."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

import pytest
from django.test import Client

from accounts.permissions import Permission
from tests.integration.exports.test_api import caller
from tests.integration.exports.test_changed_since import alone
from tests.world import World, screen

__all__ = ["alone"]

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = Path(__file__).parents[3] / "docs" / "clients"
SCRIPT = CLIENTS / "palace3_api.py"


@pytest.fixture
def script() -> Any:
    spec = importlib.util.spec_from_file_location("palace3_api", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Served:
    """Answers the script's requests from the application; every second call is one too many."""

    def __init__(self, client: Client) -> None:
        self.client, self.calls = client, 0

    def __call__(self, request: Request) -> Any:
        self.calls += 1
        if self.calls % 2:
            raise HTTPError(request.full_url, 429, "", {"Retry-After": "0"}, io.BytesIO())  # type: ignore[arg-type]
        answer = self.client.get(request.full_url.replace("http://testserver", ""))
        if answer.status_code != 200:
            raise HTTPError(request.full_url, answer.status_code, "", {}, io.BytesIO(answer.content))  # type: ignore[arg-type]
        return io.BytesIO(answer.content)


@pytest.mark.usefixtures("alone")
def test_a_list_is_read_whole_and_later_only_what_changed(world: World, script: Any) -> None:
    numbers = [screen(world).number for _each in range(5)]
    served = Served(caller(world.data_manager, Permission.PARTICIPANT_VIEW))

    def read(**asked: str) -> list[tuple[str, str]]:
        rows = script.rows("http://testserver", "participants", "secret", served, page_size="2", **asked)
        return [(row["number"], until) for row, until in rows]

    first = read()
    assert [number for number, _until in first] == numbers
    (until,) = {until for _number, until in first}
    assert read(changed_since=until) == []
    added = screen(world).number
    assert [number for number, _until in read(changed_since=until)] == [added]
    with pytest.raises(script.ApiRefusal, match="400: “changed_since”"):
        read(changed_since="yesterday")


OF_TWO_PAGES = """
source("palace3_api.R")
asked <- character()
palace3_call <- function(address, token) {
  asked <<- c(asked, address)
  if (length(asked) == 1)
    list(results = list(list(number = "01-0001")), `next` = "http://trial/next", changed_until = "tx.1.2")
  else
    list(results = list(list(number = "01-0002")), `next` = NULL, changed_until = "tx.1.9")
}
rows <- palace3_rows("http://trial/", "answers/DM", purpose = "A & B", changed_since = "", token = "secret")
numbers <- vapply(rows, function(row) row$number, "")
cat(jsonlite::toJSON(list(asked = asked, numbers = numbers, until = attr(rows, "changed_until")), auto_unbox = TRUE))
"""


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_script_for_r_follows_the_pages_as_the_other_does() -> None:
    ran = subprocess.run(
        ["Rscript", "-e", OF_TWO_PAGES], cwd=CLIENTS, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["numbers"] == ["01-0001", "01-0002"]
    assert (
        said["until"] == "tx.1.2"
    )  # of the first page: what changes while it is read comes with the next call
    assert said["asked"] == [
        "http://trial/api/v1/answers/DM/?page_size=500&purpose=A%20%26%20B",
        "http://trial/next",
    ]
