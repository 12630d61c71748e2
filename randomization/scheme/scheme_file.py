"""A scheme as a file: what a statistician writes, reviews and files, in TOML. Pure.

    name = "PALACE3-A"
    places_per_stratum = 200
    [[blocks]]
    size = 4
    weight = 1

Ratio and strata stand in the protocol text and are not repeated here. ``method = "minimization"`` takes the
place of the blocks where minimization was switched on.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any

from randomization.scheme.blocks import BlockSize
from randomization.scheme.simulation import Method

KEYS = {"name", "places_per_stratum", "blocks"}


class SchemeFileError(ValueError):
    """The file is no scheme; the text says which part is not, and what belongs there."""


@dataclass(frozen=True)
class SchemeFile:
    """What a statistician decides."""

    name: str
    places_per_stratum: int
    blocks: tuple[BlockSize, ...]
    method: Method = "blocks"


def read_scheme(text: str) -> SchemeFile:
    """The scheme that the text describes; every key is known and none is missing."""
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SchemeFileError(f"The file is not TOML: {fault}.") from fault
    method = entries.pop("method", "blocks")
    if method == "minimization":
        return _minimizing(entries)
    if method != "blocks":
        raise SchemeFileError('method is "blocks" or "minimization".')
    name, slots = _name_and_places(entries, KEYS)
    blocks = entries["blocks"]
    if not isinstance(blocks, list) or not blocks:
        raise SchemeFileError("blocks is a list of tables, each with a size.")
    return SchemeFile(name, slots, tuple(_block(block) for block in blocks))


def _minimizing(entries: dict[str, Any]) -> SchemeFile:
    if "blocks" in entries:
        raise SchemeFileError("Minimization has no blocks: leave them out.")
    return SchemeFile(*_name_and_places(entries, KEYS - {"blocks"}), (), "minimization")


def _name_and_places(entries: dict[str, Any], keys: set[str]) -> tuple[str, int]:
    unknown, missing = sorted(set(entries) - keys), sorted(keys - set(entries))
    if unknown or missing:
        named = ", ".join(
            [*(f"{key} is unknown" for key in unknown), *(f"{key} is missing" for key in missing)]
        )
        raise SchemeFileError(f"A scheme has exactly name, places_per_stratum and blocks: {named}.")
    name, slots = entries["name"], entries["places_per_stratum"]
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 40:
        raise SchemeFileError("name is a text of 1 to 40 characters.")
    if not _is_whole(slots) or not 8 <= slots <= 5000:
        raise SchemeFileError("places_per_stratum is a whole number from 8 to 5000.")
    return name.strip(), slots


def _block(act: Any) -> BlockSize:
    if not isinstance(act, dict) or set(act) - {"size", "weight"} or "size" not in act:
        raise SchemeFileError(
            "Each of blocks has a size, and a weight if it is not drawn as often as the others."
        )
    if not all(_is_whole(number) for number in act.values()):
        raise SchemeFileError("Size and weight of a block are whole numbers.")
    return BlockSize(**act)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
