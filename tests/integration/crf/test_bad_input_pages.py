"""Bad input through pages: kept exactly and escaped wherever it is shown, or refused in a sentence (protocol 3.0)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from crf import catalogue
from crf.engine.submission import Raw
from crf.engine.typed import raw_of
from crf.listings.rows import page_of
from tests.integration.crf.test_listings import made
from tests.integration.crf.test_pages import ZONE, client_of, form_url
from tests.unit.crf.examples import medical_history
from tests.unit.crf.test_bad_input import SCRIPT
from tests.world import World
from trials.models import Participant

CHAPTERS = ("3.0",)
pytestmark = pytest.mark.django_db
WORDS = f"{SCRIPT} 😀'; DROP TABLE crf_record; -- =1+1 %s {{{{ x }}}}"


def typed(text: str) -> dict[str, Raw | str]:
    raw = raw_of(
        catalogue.form("MH"),
        values=medical_history.VALUES | {"mh_text": text},
        groups={},
        missing={},
        zone=ZONE,
    )
    return {**raw, "_version": "0", "_key": "k1"}


def records(person: Participant) -> list[str]:
    return list(
        catalogue.form("MH").model.objects.filter(participant=person).values_list("mh_text", flat=True)
    )


def test_what_was_typed_is_kept_exactly_and_shown_escaped(
    screened: Participant, world: World, everything: None
) -> None:
    client, address = client_of(world.coordinator), form_url(screened, "MH")
    saved = client.post(address, typed(WORDS))
    assert saved.status_code == 302, saved.text[:2000]
    assert records(screened) == [WORDS]
    ask = reverse("crf:ask", args=[screened.number, "MH", 1])
    client_of(world.data_manager).post(ask, {"text": WORDS, "target": "mh_text", "once": "q1"})
    listing = made(world.data_manager, "MH.mh_text", sources=("MH",), name=WORDS[:60])
    pages = {
        world.coordinator: (
            address,
            reverse("crf:log", args=[screened.number, "MH"]),
            reverse("crf:history", args=[screened.number, "MH", 1]),
            screened.get_absolute_url(),
        ),
        world.monitor: (reverse("crf:verify", args=[screened.number, "MH", 1]),),
        world.data_manager: (reverse("crf:queries"), reverse("crf:listing", args=[listing.pk])),
        world.coder: (reverse("crf:coding"),),
    }
    for person, addresses in pages.items():
        for page in addresses:
            answer = client_of(person).get(page)
            assert answer.status_code == 200, page
            assert "<script>alert" not in answer.text, page
            if page != screened.get_absolute_url():
                assert "&lt;script&gt;alert(1)" in answer.text, page
    assert [row.cells[0].text for row in page_of(listing, world.data_manager, number=1, show="all").rows] == [
        WORDS
    ]


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("a\x07b", 422, "holds a character that cannot be stored"),
        ("a\x00b", 400, "Go back and send it again"),
        ("字" * 501, 422, "characters and"),
        ("x" * 10_000_000, 413, "too"),
    ],
    ids=["control", "null", "long", "ten megabytes"],
)
def test_what_cannot_be_kept_is_refused_in_a_sentence(
    screened: Participant, world: World, everything: None, text: str, status: int, said: str
) -> None:
    answer = client_of(world.coordinator).post(form_url(screened, "MH"), typed(text))
    assert (answer.status_code, records(screened)) == (status, [])
    assert said in answer.text
