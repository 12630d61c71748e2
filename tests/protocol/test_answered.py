"""Chapter 3.0: what one answer says."""

from datetime import UTC, date, datetime

import pytest

from protocol.partial_dates import PartialDate, chosen, partial_date, yes_no

CHAPTERS = ("3.0",)


@pytest.mark.parametrize(
    ("value", "claim"),
    [
        ("Y", True),
        (True, True),
        ("N", False),
        (False, False),
        ("U", None),
        (None, None),
        ("", None),
        (1, None),
    ],
)
def test_yes_no(value: object, claim: bool | None) -> None:
    assert yes_no(value) is claim


@pytest.mark.parametrize(
    ("value", "codes"),
    [(None, ()), ("", ()), ("rt", ("rt",)), (["rt", "chemo"], ("chemo", "rt")), (3, ("3",)), ((), ())],
)
def test_chosen(value: object, codes: tuple[str, ...]) -> None:
    assert chosen(value) == codes


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("1960", PartialDate(1960)),
        ("1960-02", PartialDate(1960, 2)),
        ("1960-02-29", PartialDate(1960, 2, 29)),
        (date(1960, 2, 3), PartialDate(1960, 2, 3)),
        (datetime(1960, 2, 3, 4, 5, tzinfo=UTC), PartialDate(1960, 2, 3)),
        (PartialDate(1960), PartialDate(1960)),
        *[
            (wrong, None)
            for wrong in ("", None, 1960, "1961-02-29", "1960-13", "1960-00", "1960-01-00", "x", "1-2-3-4")
        ],
        ("0", None),
        ("1960-02-", None),
    ],
)
def test_partial_dates(value: object, found: PartialDate | None) -> None:
    assert partial_date(value) == found


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "exact"),
    [
        ("1960", date(1960, 1, 1), date(1960, 12, 31), None),
        ("1960-02", date(1960, 2, 1), date(1960, 2, 29), None),
        ("1960-02-03", date(1960, 2, 3), date(1960, 2, 3), date(1960, 2, 3)),
    ],
)
def test_the_days_a_partial_date_allows(text: str, earliest: date, latest: date, exact: date | None) -> None:
    found = partial_date(text)
    assert found is not None
    assert (found.earliest, found.latest, found.exact) == (earliest, latest, exact)
