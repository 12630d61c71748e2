"""The cities that a visitor may type: the prefecture-level divisions of China, with rounded coordinates.

``cities.csv`` is public geography: division code, name in Chinese and English, province, and the
coordinates of its seat to two decimals (about a kilometre: enough to say which centre is nearest).
"""

from __future__ import annotations

import csv
import functools
import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

EARTH_KM: Final = 6371.0
_ENDINGS: Final = ("市", "地区", "盟", "州", "县", "自治州", " city", " shi", " prefecture")


@dataclass(frozen=True)
class City:
    """One city; ``province`` tells cities of the same name apart."""

    code: str
    zh: str
    en: str
    province_zh: str
    province_en: str
    latitude: float
    longitude: float

    def name_in(self, language: str) -> str:
        """Return the name that the city is listed under in ``language``."""
        if language.startswith("zh"):
            return self.zh if self.zh == self.province_zh else f"{self.zh}（{self.province_zh}）"
        return self.en if self.en == self.province_en else f"{self.en} ({self.province_en})"


@functools.cache
def cities() -> tuple[City, ...]:
    """Every city of the list, in the order of the division codes."""
    with (Path(__file__).parent / "cities.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            City(
                **{**row, "latitude": float(row["latitude"]), "longitude": float(row["longitude"])}  # type: ignore[arg-type]
            )
            for row in csv.DictReader(file)
        )


def find_cities(typed: str) -> list[City]:
    """Return the cities that ``typed`` can mean, in either language, with or without its ending."""
    wanted = _plain(typed)
    return list(_by_name().get(wanted, ())) if wanted else []


@functools.cache
def _by_name() -> dict[str, list[City]]:
    by_name: dict[str, list[City]] = {}
    for city in cities():
        names = {city.zh, city.en, city.name_in("zh"), city.name_in("en"), f"{city.province_zh}{city.zh}"}
        names |= {f"{city.zh}{ending}" for ending in _ENDINGS} | {f"{city.en}{ending}" for ending in _ENDINGS}
        names |= {f"{city.province_zh}省{city.zh}市", f"{city.en}, {city.province_en}"}
        for name in {_plain(name) for name in names}:
            by_name.setdefault(name, []).append(city)
    return by_name


def _plain(text: str) -> str:
    """Return ``text`` without accents, spaces and marks, in small letters."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in apart if sign.isalnum())


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance over the earth between two (latitude, longitude)."""
    north, east, to_north, to_east = (math.radians(part) for part in (*one, *other))
    half = (
        math.sin((to_north - north) / 2) ** 2
        + math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


def nearest_first(
    places: Iterable[tuple[str, tuple[float, float]]], *, to: tuple[float, float]
) -> list[tuple[str, float]]:
    """Return (name, kilometres) of each place, the nearest first."""
    return sorted(((name, kilometres(at, to)) for name, at in places), key=lambda pair: (pair[1], pair[0]))
