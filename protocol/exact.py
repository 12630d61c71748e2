"""Clinical numbers are reckoned in decimals: 100 x (40.0 - 35.1) / 40.0 is 12.25 exactly, and rounds to 12.3.

Binary fractions miss ties and limits: 1.5 x 10.1 is then a little less than 15.15 (protocol 3.0, 3.4 G).
"""

from decimal import Decimal

Number = int | float | Decimal


def exact(value: Number | str) -> Decimal:
    """The number as it is written: 0.1 is one tenth, also where a binary fraction carries it."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def exact_or_none(value: Number | None) -> Decimal | None:
    """The number as it is written, ``None`` where none is known."""
    return None if value is None else exact(value)
