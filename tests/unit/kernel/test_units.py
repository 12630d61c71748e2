"""Units are printed as people write them."""

from __future__ import annotations

import pytest

from kernel.units import unit_in_print


@pytest.mark.parametrize(
    ("kept", "printed"),
    [
        ("10^9/L", "10⁹/L"),
        ("10^12/L", "10¹²/L"),
        ("mg/m2", "mg/m²"),
        ("m2", "m²"),
        ("mm3", "mm³"),
        ("mg/dL", "mg/dL"),
        ("mm22", "mm22"),
        ("umol/L", "umol/L"),
        ("", ""),
    ],
)
def test_powers_are_raised_and_nothing_else(kept: str, printed: str) -> None:
    assert unit_in_print(kept) == printed
