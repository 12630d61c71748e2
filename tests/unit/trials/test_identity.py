"""What tells that two participants may be one person: the same however it is typed, and a secret (ADR 56)."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import pytest

from trials.identity import TypedIdentity, identity_digests, identity_is_asked, plain_card_end, plain_surname

BORN = date(1961, 3, 9)
OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


@pytest.fixture(autouse=True)
def keyed(settings: Any) -> Any:
    settings.PALACE3_IDENTITY_KEY = OLD
    return settings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wang", " ＷＡＮＧ "),
        ("Ou yang", "OU-YANG"),
        ("Lǚ", "lv"),
        ("Lü", "LYU"),
        ("欧阳", " 欧 阳"),
        ("Müller", "MULLER"),
    ],
)
def test_point_11_a_surname_is_the_same_however_it_is_typed(one: str, other: str) -> None:
    assert plain_surname(one) == plain_surname(other) != ""


def test_point_11_other_surnames_stay_other() -> None:
    assert len({plain_surname(each) for each in ("Wang", "Wan", "Lu", "Li", "Yu", "王", "汪")}) == 7
    assert plain_card_end(" 12 3x") == plain_card_end("１２３Ｘ") == "123X"


def test_point_11_a_digest_tells_nothing_without_the_key_and_names_its_parts_apart(keyed: Any) -> None:
    whole = identity_digests(TypedIdentity(BORN, "Wang", "123X"))
    assert len(whole) == 2
    assert set(identity_digests(TypedIdentity(BORN, "王", "123x"))) & set(whole), "a card is enough"
    assert set(identity_digests(TypedIdentity(BORN, "wang"))) < set(whole), "so is a surname"
    assert not set(identity_digests(TypedIdentity(date(1961, 3, 10), "Wang", "123X"))) & set(whole)
    assert identity_digests(TypedIdentity(BORN)) == []
    assert "Wang" not in repr(TypedIdentity(BORN, "Wang", "123X"))
    # while keys are changed, who was typed under the old one is known under both; after it, under the new one
    keyed.PALACE3_IDENTITY_KEY = f"{NEW},{OLD}"
    both = set(identity_digests(TypedIdentity(BORN, "Wang", "123X")))
    assert both > set(whole)
    keyed.PALACE3_IDENTITY_KEY = NEW
    assert not set(identity_digests(TypedIdentity(BORN, "Wang", "123X"))) & set(whole)
    keyed.PALACE3_IDENTITY_KEY = ""
    assert not identity_is_asked()
