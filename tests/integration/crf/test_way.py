"""The way through the forms: back to where one came from, and on to the form that is due (protocol 2.2)."""

from __future__ import annotations

from typing import Any

import pytest

from crf.models import ExpectedForm
from crf.store.records import record_key_of
from followup.models import Visit
from kernel.row_keys import row_key
from tests.integration.crf.conftest import Save, everything, save, screened
from tests.integration.crf.test_consequences import person
from tests.integration.crf.test_expected_forms import N1, begun
from tests.integration.crf.test_pages import client_of, form_url, posted
from tests.unit.crf.examples import vital_signs
from tests.world import World
from trials.models import Participant

CHAPTERS = ("2.2",)
__all__ = ["begun", "everything", "person", "save", "screened"]  # fixtures

pytestmark = pytest.mark.django_db
LIST = "/participants/?site=01"


def leave_link(page: str) -> str:
    return page.split('">Leave</a>', maxsplit=1)[0].rsplit('href="', 1)[1]


def opened(client: Any, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_leave_goes_back_to_the_page_that_led_here(screened: Participant, world: World) -> None:
    client, address = client_of(world.coordinator), form_url(screened)
    at_home = f"/participants/{screened.number}/"
    assert leave_link(opened(client, address)) == at_home
    assert leave_link(opened(client, address, referer=f"http://testserver{LIST}")) == LIST
    # and neither outside, nor to sign-in, nor round in a circle
    for referrer in (
        "https://elsewhere.test/participants/",
        "http://testserver/accounts/sign-in/",
        f"http://testserver{form_url(screened, name='history')}",
        "http://testserver/no-such-page/",
    ):
        assert leave_link(opened(client, address, referer=referrer)) == at_home
    assert leave_link(opened(client, f"{address}?back=//elsewhere.test/")) == at_home
    assert leave_link(opened(client, f"{address}?back=https://elsewhere.test/")) == at_home


def test_a_save_keeps_the_way_back(screened: Participant, world: World) -> None:
    client, address = client_of(world.coordinator), f"{form_url(screened)}?back=%2Fparticipants%2F"
    refused = client.post(address, {**posted(), "upper_cm": "9x"})
    assert leave_link(refused.content.decode()) == "/participants/"
    saved = client.post(address, posted())
    assert saved["Location"] == address
    assert leave_link(opened(client, saved["Location"])) == "/participants/"


def test_save_and_next_leads_through_screening_and_then_back(screened: Participant, world: World) -> None:
    client, address = client_of(world.coordinator), form_url(screened)
    saved = client.post(f"{address}?back=%2Fparticipants%2F", {**posted(), "_action": "next"})
    assert saved["Location"] == f"/participants/{screened.number}/forms/ELIG/?back=%2Fparticipants%2F"


def test_save_and_next_leads_to_a_form_of_the_same_visit_first(
    begun: Visit, save: Save, world: World
) -> None:
    # given a visit that expects several forms, of which none is filled
    client, number = client_of(world.coordinator), begun.participant.number
    due = ExpectedForm.objects.filter(participant=begun.participant).unfilled()
    first = due.filter(visit=begun).exclude(form_code="VS").order_by("due_on", "pk")[0]
    address = f"/participants/{number}/forms/VS/?visit={row_key(begun)}"
    typed = {"vs_done": "Y", "vs_dt": N1.isoformat(), "_version": "0", "_key": "k1", "_action": "next"}
    saved = client.post(address, typed)
    assert saved.status_code == 302, saved.content.decode()[:500]
    assert f"/{first.form_code}/" in saved["Location"]
    # and where nothing else is due, back to the participant, which says so
    ExpectedForm.objects.filter(participant=begun.participant).exclude(form_code="VS").update(is_waived=True)
    key = record_key_of(participant=begun.participant, form="VS", visit=begun)
    assert key.visit == begun
    save(begun.participant, "VS", visit=begun, values={**vital_signs.VALUES, "vs_dt": N1})
    again = client.post(
        address,
        {**typed, "_version": "2", "_key": "k2", "vs_done": "N", "_reason": "Misread"},
        follow=True,
    )
    assert again.redirect_chain[0][0] == f"/participants/{number}/"
    assert f"No other form of {number} is due." in again.content.decode()
