"""An unknown choice in an address is said in a sentence, and never silently another list.

Looked at: each filter by a choice of each list (visits, participants, queries, clocks, values of the protocol).
"""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.imports import ROOT, files_of
from tests.world import World

pytestmark = pytest.mark.django_db

VIEWS = ["accounts", "trials", "website", "followup", "crf", "randomization", "reports", "exports"]
FILTERS = [
    ("/visits/", "show"),
    ("/participants/", "state"),
    ("/participants/", "site"),
    ("/participants/", "arm"),
    ("/participants/", "randomized"),
    ("/queries/", "state"),
    ("/queries/", "site"),
    ("/queries/", "form"),
    ("/queries/", "age"),
    ("/safety/", "show"),
    ("/differences/", "show"),
    ("/protocol/questions/", "show"),
    ("/registers/", "register"),
    ("/quality-of-life/", "scale"),
    ("/exports/new/", "cut"),
]


def of(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


@pytest.mark.parametrize(("address", "name"), FILTERS)
def test_point_23_a_choice_that_a_page_does_not_have_is_said(world: World, address: str, name: str) -> None:
    client = of(world.data_manager)
    said = "“nonsense” is no choice of this page"
    assert said in client.get(address, {name: "nonsense"}).text
    assert "is no choice of this page" not in client.get(address).text


def test_point_23_who_sees_no_arm_cannot_ask_by_arm(world: World) -> None:
    assert "“1” is no choice of this page" in of(world.trial_manager).get("/participants/", {"arm": "1"}).text


def test_point_23_no_view_compares_a_choice_by_itself() -> None:
    """Views ask ``kernel.choices``; what is left reads a day, a site that it says, a page, a draft or a free text."""
    read = re.compile(r"GET\.get\(\"(show|state|arm|randomized|age|form|register|scale|cut|outcome)\"")
    found = [
        path.relative_to(ROOT).as_posix()
        for path in files_of(
            ["accounts", "trials", "website", "followup", "crf", "randomization", "reports", "exports"]
        )
        if read.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
