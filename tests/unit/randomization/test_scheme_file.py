"""A scheme written as a file."""

from __future__ import annotations

import pytest

from randomization.scheme.blocks import BlockSize
from randomization.scheme.scheme_file import SchemeFile, SchemeFileError, read_scheme

CHAPTERS = ("1.9",)

GOOD = """
name = "PALACE3-F"
places_per_stratum = 60
[[blocks]]
size = 4
[[blocks]]
size = 6
weight = 2
"""


def test_a_file_says_what_the_page_asks_for():
    assert read_scheme(GOOD) == SchemeFile("PALACE3-F", 60, (BlockSize(4), BlockSize(6, 2)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name =", "name", "not TOML"),
        ("name =", "title =", "title is unknown, name is missing"),
        ('"PALACE3-F"', '""', "1 to 40 characters"),
        ('"PALACE3-F"', "3", "1 to 40 characters"),
        ("60", "7", "from 8 to 5000"),
        ("60", "true", "from 8 to 5000"),
        ("weight = 2", "colour = 2", "has a size"),
        ("size = 4", "size = 4.5", "whole numbers"),
    ],
)
def test_what_does_not_belong_is_named(old, new, says):
    with pytest.raises(SchemeFileError, match=says):
        read_scheme(GOOD.replace(old, new))


@pytest.mark.parametrize("blocks", ["[]", "4", "[4, 6]"])
def test_blocks_are_tables(blocks):
    with pytest.raises(SchemeFileError):
        read_scheme(f'name = "F"\nplaces_per_stratum = 60\nblocks = {blocks}\n')
