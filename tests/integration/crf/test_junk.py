"""What no page of ours sends, to the pages that take numbers of rows and typed words: refused or left out, no error."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from crf.coding.releases import use_version
from crf.coding.worklist import digest_of
from crf.listings.definition import ListingDefinition
from crf.listings.services import save_listing
from crf.queries.services import raise_query
from crf.store.records import record_key_of
from followup import services as followup
from followup.models import Visit
from kernel.row_keys import key_of, row_key
from tests.integration.crf.conftest import Save, make_operated, record_at
from tests.integration.crf.test_coding import event, load
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_saving import stage
from tests.made_up_dictionaries import MEDDRA
from tests.world import NOW, World, screen

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

FORM, CODED = "/participants/{number}/forms/STAGE/1/", "/coding/records/{event}/AE.ae_term/"
LISTS = {
    "investigator": ("/signing/", "/signing/lot/"),
    "coder": ("/coding/", "/coding/dictionaries/", CODED),
    "data_manager": (
        *("/queries/", "/queries/{query}/", "/queries/first/", "/findings/", "/deviations/", "/differences/"),
        *("/checks/", "/listings/{listing}/", "/exports/", "/dictionaries/ctcae/terms/", "/listings/new/"),
    ),
}
ASKED = (
    *(
        "page",
        "site",
        "visit",
        "record",
        "participant",
        "q",
        "show",
        "item",
        "dictionary",
        "form",
        "state",
        "age",
    ),
    *("assigned", "check", "source-1", "source-2", "term", "field"),
)
ROWS = ["{query}", "{junk}", "finding:{junk}", "expected:{junk}", "record:{record}:{junk}", "record:{junk}"]
FILTERED = {"name": "n", "columns": "STAGE.ct", **{f"test-{n}": "is" for n in range(1, 5)}}
SENT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("investigator", "/signing/lot/", {"sign:{junk}": "1:x", "password": "x"}),
    ("investigator", "/signing/lot/", {"sign:{record}": "{junk}:{junk}", "password": "x"}),
    ("coder", "/coding/", {"confirm": "{junk}|AE.ae_term|x|y|z"}),
    ("coder", "/coding/", {"confirm": "{record}|AE.ae_term|x|y|z"}),
    ("coder", "/coding/", {"confirm": "{event}|{junk}|x|y|z"}),
    ("coder", "/coding/", {"confirm": "{event}|AE.ae_term|{digest}|{junk}|{junk}"}),
    ("coder", CODED, {"seen": "{junk}", "code": "{junk}", "class_code": "{junk}"}),
    *(
        ("data_manager", f"/queries/{kind}/", {"row": ROWS, "text": "Is it?", **said})
        for kind in ("close", "assign", "raise")
        for said in ({"text": "{junk}"}, {"assignee": "{junk}"}, {"target": "{junk}"}, {"seen": "{junk}"})
    ),
    ("data_manager", "/queries/{query}/assign/", {"assignee": "{junk}"}),
    ("coordinator", "/queries/{query}/answer/", {"text": "{junk}"}),
    ("coordinator", "/queries/several/", {"text-{query}": "{junk}", "text-{junk}": "x"}),
    ("data_manager", f"{FORM}ask/", {"text": "Is it?", "target": "{junk}"}),
    ("data_manager", f"{FORM}ask/", {"text": "Is it?", "assignee": "{junk}"}),
    ("data_manager", f"{FORM}lock/", {"version": "{junk}", "step": "lock"}),
    ("data_manager", f"{FORM}unlock/", {"version": "{junk}", "reason": "x"}),
    ("data_manager", "/sites/01/lock/participants/", {"participants": "{junk}"}),
    ("data_manager", "/database-lock/", {"step": "begin", "reason": "{junk}"}),
    (
        "monitor",
        f"{FORM}verify/",
        {"tick:{record}:{junk}": "x", "was:{record}": "{junk}", "ask": "{record}:x:{junk}"},
    ),
    ("data_manager", "/verification/plan/", {"site_percents": "01: {junk}", "others_percent": "{junk}"}),
    *(
        ("data_manager", "/listings/new/?source-1=STAGE", FILTERED | {"filter-1": name, "value-1": "{junk}"})
        for name in ("STAGE.eus_mm", "STAGE.ct", "sequence", "participant", "{junk}")
    ),
    (
        "data_manager",
        "/listings/{listing}/reviewed/",
        {"seen": ["{junk}", "{junk}@{junk}", "1-1@{junk}", "{junk}@1"]},
    ),
    ("data_manager", "/listings/{listing}/take/csv/", {"purpose": "{junk}"}),
)
JUNK = ("9" * 20, "9" * 5000, "\x01", "user:999999", 'a.b.c"><script>', "٩")


@pytest.fixture
def there(world: World, everything: None, save: Save, tmp_path: Path) -> dict[str, Any]:
    """One of each thing that the addresses and boxes name."""
    load(tmp_path, MEDDRA)
    use_version(dictionary="meddra", version="1.0", by=world.coder, at=NOW)
    person = make_operated(screen(world, signed_on=date(2026, 1, 5)))
    save(person, "STAGE", **stage(eus_mm=11))
    place = record_key_of(participant=person, form="STAGE")
    columns = ListingDefinition(sources=("STAGE",), columns=("STAGE.ct",))
    with transaction.atomic():
        followup.plan_visits_for(participant=person, by=None, at=NOW)
        query = raise_query(record_key=place, text="Is it?", by=world.data_manager, at=NOW)
        listing = save_listing(name="L", definition=columns, is_shared=True, by=world.data_manager, at=NOW)
    return {
        "number": person.number,
        "record": key_of("record", record_at(person, "STAGE").pk),
        "event": event(person, world, "Headache").pk,
        "query": row_key(query),
        "listing": row_key(listing),
        "visit": row_key(Visit.objects.filter(participant=person)[0]),
        "digest": digest_of("Headache"),
    }


def filled(said: Any, values: dict[str, Any]) -> Any:
    if isinstance(said, dict):
        return {filled(name, values): filled(value, values) for name, value in said.items()}
    return [filled(each, values) for each in said] if isinstance(said, list) else said.format(**values)


def status(client: Any, method: str, address: str, said: dict[str, Any]) -> int:
    """Return the status of the answer; what was done is undone."""
    with transaction.atomic():
        code: int = getattr(client, method)(address, said).status_code
        transaction.set_rollback(True)
    return code


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: ascii(junk)[:12])
def test_what_no_page_sends_is_refused_without_an_error(
    junk: str, there: dict[str, Any], world: World
) -> None:
    values = {**there, "junk": junk}
    for who, pages in LISTS.items():
        client = client_of(getattr(world, who))
        for page in pages:
            assert status(client, "get", page.format(**values), dict.fromkeys(ASKED, junk)) < 500, page
    for who, page, said in SENT:
        client = client_of(getattr(world, who))
        assert status(client, "post", page.format(**values), filled(said, values)) < 500, (page, said)
