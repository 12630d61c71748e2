"""Codes that had another name before: what was sealed or signed under it is still recognised (protocol 3.0).

"NA" is read as "no value" and "28-8" as a day by the readers of files, so they were renamed. Restaging in Arm 2 once
shared the codes of CRE-1 for its outcomes. Rows were rewritten by migrations, under acts; versions, signatures and
exports as of a moment before them still hold the former names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

FORMER: Final = MappingProxyType({"NAP": "NA", "28_8": "28-8"})
RENAMED: Final = MappingProxyType({former: code for code, former in FORMER.items()})
FORMER_AT_RESTAGING: Final = MappingProxyType({"RST_CLEAR": "CCR_SO_FAR", "RST_RESIDUE": "NON_CCR"})
RESTAGED: Final = ("calc_cre_type", "RST")  # column and code of the records that FORMER_AT_RESTAGING is about
ADDED: Final = frozenset({"strat_stage_corr"})
"""Derived answers that no signature of before held."""


def former_spellings(content: Any) -> Iterator[Any]:
    """Yield the content of a record as each earlier version of the program spelled it, the latest first."""
    values = {name: value for name, value in content["values"].items() if name not in ADDED}
    earlier = content | {"values": values}
    yield _spelled(earlier, FORMER_AT_RESTAGING)
    yield _spelled(earlier, FORMER_AT_RESTAGING | FORMER)


def _spelled(content: Any, names: Mapping[str, str]) -> Any:
    """Return ``content`` with every code under the name that ``names`` gives it."""
    if isinstance(content, dict):
        return {name: _spelled(value, names) for name, value in content.items()}
    if isinstance(content, list):
        return [_spelled(value, names) for value in content]
    return names.get(content, content) if isinstance(content, str) else content
