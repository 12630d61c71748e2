"""Units as people write them: 10⁹/L, mg/m², where a codebook and files keep 10^9/L and mg/m2. Pure."""

from __future__ import annotations

import re
from typing import Final

_POWER: Final = re.compile(r"\^(\d+)|(?<=m)([23])(?![\dA-Za-z])")
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def unit_in_print(unit: object) -> str:
    """Return a unit with its powers raised."""
    return _POWER.sub(lambda match: (match[1] or match[2]).translate(_RAISED), str(unit))
