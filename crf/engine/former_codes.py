"""Codes that had another name before: what was sealed or signed under it is still recognised (protocol 3.0).

"NA" is read as "no value" and "28-8" as a day by the readers of files, so they were renamed. Rows were rewritten
by a migration, under an act; versions, signatures and exports as of a moment before it still hold the former names.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

FORMER: Final = MappingProxyType({"NAP": "NA", "28_8": "28-8"})
RENAMED: Final = MappingProxyType({former: code for code, former in FORMER.items()})


def as_formerly(content: Any) -> Any:
    """Return the content of a record with every renamed code under its former name."""
    if isinstance(content, dict):
        return {name: as_formerly(value) for name, value in content.items()}
    if isinstance(content, list):
        return [as_formerly(value) for value in content]
    return FORMER.get(content, content) if isinstance(content, str) else content
