"""How instances of the model are made: each has an identifier and says which class it is of."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from exports.sdtm.standard.tables import TERMINOLOGY

Instance = dict[str, Any]
CDISC: Final = "http://www.cdisc.org"
OWN_CODES: Final = "PALACE-3 codebook"


@cache
def _terms() -> Mapping[str, tuple[str, str]]:
    with Path(__file__).with_name("terms.csv").open(encoding="utf-8", newline="") as lines:
        return {row["KEY"]: (row["CODE"], row["DECODE"]) for row in csv.DictReader(lines)}


class Instances:
    """Makes instances: numbered within their class, in the order in which they are asked for."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._numbers: Counter[str] = Counter()

    def make(self, kind: str, **attributes: Any) -> Instance:
        """Return an instance of a class with its attributes."""
        self._numbers[kind] += 1
        return {"id": f"{kind}_{self._numbers[kind]}", **attributes, "instanceType": kind}

    def term(self, key: str) -> Instance:
        """Return a term of CDISC's terminology."""
        code, decode = _terms()[key]
        return self.make("Code", code=code, codeSystem=CDISC, codeSystemVersion=TERMINOLOGY, decode=decode)

    def own_code(self, code: str, decode: str) -> Instance:
        """Return a code of the trial itself, which no terminology has."""
        return self.make(
            "Code", code=code, codeSystem=OWN_CODES, codeSystemVersion=self.version, decode=decode
        )

    def alias(self, code: Instance) -> Instance:
        """Return a code that may have others beside it."""
        return self.make("AliasCode", standardCode=code, standardCodeAliases=[])

    def quantity(self, value: float, unit: str = "") -> Instance:
        """Return an amount with its unit."""
        unit_code = self.alias(self.term(unit)) if unit else None
        return self.make("Quantity", value=value, unit=unit_code)

    def chained(self, items: list[Instance]) -> list[Instance]:
        """Return the items, each with the one before and the one after it."""
        for number, item in enumerate(items):
            item["previousId"] = items[number - 1]["id"] if number else None
            item["nextId"] = items[number + 1]["id"] if number + 1 < len(items) else None
        return items
