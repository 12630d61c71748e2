"""Randomization numbers say who, not where in the list."""

from __future__ import annotations

import itertools
import re

import pytest

from randomization.scheme.numbering import randomization_number

CHAPTERS = ("3.2",)


def number(index: int, key: bytes = b"k" * 32) -> str:
    return randomization_number(index, key=key, label="1A")


def test_no_two_places_share_a_number():
    numbers = [number(index) for index in range(30_000)]
    assert len(set(numbers)) == 30_000
    assert all(re.fullmatch(r"R1A-\d{6}", text) for text in numbers)


def test_neighbours_in_the_list_are_not_neighbours_in_number():
    values = [int(number(index)[4:]) for index in range(2_000)]
    rises = sum(a < b for a, b in itertools.pairwise(values))
    assert 900 < rises < 1_100
    assert min(abs(a - b) for a, b in itertools.pairwise(values)) > 1


def test_another_key_gives_other_numbers():
    assert number(0) != number(0, key=b"j" * 32)


@pytest.mark.parametrize("index", [-1, 900_000])
def test_a_place_beyond_the_range_is_refused(index):
    with pytest.raises(ValueError, match="900,000"):
        number(index)
