"""Cases that nobody had reported yet: addresses, readers, days and quotients at their edges (protocol 3.0)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from accounts.permissions import Permission
from crf import catalogue
from crf.engine.evaluation import rounded
from kernel import reading
from kernel.reading import UnreadableError
from protocol import scores
from tests.integration.crf.test_pages import client_of
from tests.integration.randomization.test_api import caller
from tests.world import World, screen

CHAPTERS = ("3.0",)
EVERY_RIGHT = (
    *(Permission.PARTICIPANT_VIEW, Permission.VISIT_VIEW, Permission.CRF_VIEW),
    *(Permission.EXPORT_VIEW, Permission.EXPORT_TAKE, Permission.FINDING_VIEW),
)
LISTS = ("participants/", "visits/", "findings/", "answers/DM/?participant=01-0001", "exports/")


@pytest.fixture
def pages(world: World, db: None) -> Client:
    screen(world)
    return client_of(world.data_manager)


UNKNOWN = (
    *("sites=01", "nonsense=1", "page_size=abc", "page_size=-1", "page_size=0", "page_size=1.5"),
    *("page_size=%D9%A1", "page_size=2&page_size=3", "PAGE_SIZE=2", "ordering=pk", "page=2"),
)


@pytest.mark.django_db
@pytest.mark.parametrize("where", LISTS)
def test_point_21_a_list_refuses_what_it_does_not_know(world: World, where: str) -> None:
    screen(world)
    api, joint = caller(world.data_manager, *EVERY_RIGHT), "&" if "?" in where else "?"
    assert api.get(f"/api/v1/{where}").status_code == 200
    for asked in UNKNOWN:
        answer = api.get(f"/api/v1/{where}{joint}{asked}")
        assert answer.status_code == 400, (asked, answer.content)
        assert answer["Content-Type"].startswith("application/json"), asked
        assert answer.json()["code"], asked


@pytest.mark.parametrize(
    "address",
    [
        *("/visits/?from=9999-12-31", "/visits/?from=0001-01-01", "/visits/?from=0000-00-00"),
        *("/visits/month/?month=9999-12", "/visits/month/?month=0001-01", "/visits/month/?month=-1"),
        *("/visits/?page=0", "/visits/?page=-1", "/visits/?page=99999999999999999999", "/visits/?page=x"),
        *(
            "/visits/?show=nothing",
            "/visits/?site=%EF%BC%90%EF%BC%91",
            "/visits/?site=0",
            "/visits/?site=%C2%B2",
        ),
        *(
            "/participants/?page=%D9%A1",
            "/participants/?number=%C2%A001-0001",
            "/participants/?number=0%C2%B9",
        ),
        *("/participants/?state=BOGUS", "/participants/?arm=3", "/queries/?age=0", "/queries/?state=none"),
        *("/queries/?participant=%E2%91%A0", "/forms-to-fill-in/?form=x", "/forms-to-fill-in/?page=%C2%B2"),
        *(
            "/differences/?show=some",
            "/differences/?page=1e9",
            "/visits/adherence/?site=99",
            "/exports/?page=none",
        ),
    ],
)
def test_point_23_no_address_of_a_list_makes_it_fail(pages: Client, address: str) -> None:
    assert pages.get(address).status_code == 200


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31), date(1900, 1, 1), date(2400, 2, 29)])
def test_point_23_a_day_at_the_end_of_the_calendar_is_shown_or_said(pages: Client, day: date) -> None:
    assert pages.get(f"/visits/?from={day:%Y-%m-%d}").status_code == 200
    assert pages.get(f"/visits/month/?month={day:%Y-%m-%d}").status_code == 200


@pytest.mark.parametrize("digits", ["²", "⁵", "①", "٣", "३", "Ⅷ", "½", "𝟗", "㈠", "๓"])
@pytest.mark.parametrize("reader", ["whole", "pointed", "partial_day", "number_of_participant"])
def test_point_07_a_sign_that_only_looks_like_a_digit_is_read_by_no_reader(reader: str, digits: str) -> None:
    typed = {"partial_day": f"202{digits}-01-02", "number_of_participant": f"01-000{digits}"}.get(
        reader, f"6{digits}"
    )
    more = {"places": 1} if reader == "pointed" else {}
    try:
        read: Any = getattr(reading, reader)(typed, **more)
    except UnreadableError:
        return
    assert str(read) == typed or read is None, (reader, typed, read)


@pytest.mark.parametrize("space", ["\u00a0", "\u2007", "\u202f", "\u3000", "\t"])
def test_point_07_a_blank_of_any_kind_around_a_number_is_no_part_of_it(space: str) -> None:
    assert reading.pointed(f"{space}60.5{space}", places=1) == Decimal("60.5")


@pytest.mark.parametrize(
    ("usual", "now", "percent"),
    [("40.0", "35.1", "12.3"), ("80.0", "75.4", "5.8"), ("20.0", "19.99", "0.1"), ("64.0", "60.0", "6.3")],
)
def test_point_09_a_tie_of_weight_loss_goes_up(usual: str, now: str, percent: str) -> None:
    question = catalogue.form("DM").questions["wt_loss"]
    assert rounded(question, scores.weight_loss_pct(Decimal(usual), Decimal(now))) == Decimal(percent)


@pytest.mark.parametrize("number", ["01-0001\u200b", "%", "_", "01_0001", "01-0001'", quote("01-0001/../")])
def test_point_07_a_search_finds_nobody_by_what_is_no_number(pages: Client, number: str) -> None:
    page = pages.get("/participants/", {"number": number})
    assert page.status_code == 200
    assert number.startswith("01-0001\u200b") or "/participants/01-0001/" not in page.text
