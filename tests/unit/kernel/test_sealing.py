"""What is sealed opens under its key alone, as what it was sealed for, and in no altered form."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from kernel.identity_keys import identity_keys
from kernel.sealing import seal_under, unseal_under

KEY, ANOTHER = bytes(range(32)), bytes(range(1, 33))


@given(content=st.binary(max_size=80), place=st.binary(max_size=20), at=st.integers(0, 200))
def test_it_opens_under_its_key_in_its_place_and_unaltered(content: bytes, place: bytes, at: int) -> None:
    sealed = seal_under(KEY, content, bound_to=place)
    assert unseal_under((ANOTHER, KEY), sealed, bound_to=place) == content
    assert unseal_under((ANOTHER,), sealed, bound_to=place) is None
    assert unseal_under((KEY,), sealed, bound_to=place + b"x") is None
    at %= len(sealed)
    altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
    assert unseal_under((KEY,), altered, bound_to=place) is None
    assert unseal_under((KEY,), sealed[:at], bound_to=place) is None


def test_keys_are_read_in_their_order_and_differ_by_purpose(settings: Any) -> None:
    written = [base64.urlsafe_b64encode(KEY).decode().rstrip("="), base64.b64encode(ANOTHER).decode()]
    settings.PALACE3_IDENTITY_KEY = f" {written[0]} , {written[1]},"
    both = identity_keys("seal")
    settings.PALACE3_IDENTITY_KEY = written[0]
    assert both[:1] == identity_keys("seal")
    assert len({*both, *identity_keys("digest")}) == 3
    settings.PALACE3_IDENTITY_KEY = ""
    assert identity_keys("seal") == []


@pytest.mark.parametrize("key", ["another key", "YWJj", "é" * 44])
def test_a_key_that_is_none_is_refused_by_name(key: str, settings: Any) -> None:
    settings.PALACE3_IDENTITY_KEY = key
    with pytest.raises(ImproperlyConfigured, match="PALACE3_IDENTITY_KEY"):
        identity_keys("seal")
