"""Keys of rows: each number has one, no key says which number is next, and nothing else is a key."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.row_keys import KINDS, LENGTH, LETTERS, UnknownKey, key_of, number_of, row_of

NUMBERS = st.integers(0, (1 << 40) - 1)


@given(NUMBERS, st.sampled_from(KINDS))
def test_a_key_opens_to_its_number_in_any_case(number: int, kind: str) -> None:
    key = key_of(kind, number)
    assert len(key) == LENGTH
    assert {*key} <= {*LETTERS}
    assert number_of(kind, key) == number_of(kind, key.upper()) == number


@given(NUMBERS)
def test_rows_of_two_kinds_have_keys_that_are_not_to_be_compared(number: int) -> None:
    assert key_of("query", number) != key_of("visit", number)


def test_keys_of_a_row_of_numbers_come_in_no_order() -> None:
    keys = [key_of("query", number) for number in range(2_000)]
    assert len({*keys}) == 2_000
    rising = sum(one < other for one, other in itertools.pairwise(keys))
    assert 900 < rising < 1_100
    # Neighbours have no more letters in common than chance gives: one of 32 at each place.
    shared = sum(a == b for one, other in itertools.pairwise(keys) for a, b in zip(one, other, strict=True))
    assert shared < 2 * 2_000 * LENGTH / len(LETTERS)


def test_letters_that_are_taken_for_others_are_read_as_those() -> None:
    number = next(n for n in range(10_000) if {"0", "1"} <= {*key_of("query", n)})
    key = key_of("query", number)
    assert number_of("query", f" {key.replace('0', 'O').replace('1', 'l')} ") == number


@pytest.mark.parametrize(
    "sent", ["", "12", "7" * 9, "abcdefgu", "#$%&/()=", "１２３４５６７８", "1234567\n8"]
)
def test_anything_else_is_no_key(sent: str) -> None:
    assert row_of("query", sent) is None
    with pytest.raises(UnknownKey):
        number_of("query", sent)


@pytest.mark.parametrize("number", [-1, 1 << 40])
def test_a_number_that_no_row_can_have_has_no_key(number: int) -> None:
    with pytest.raises(UnknownKey):
        key_of("query", number)
