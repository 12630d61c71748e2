"""A second version of the protocol for tests: every 3 months for 2 years, then every 6 (protocol 2.2, the note)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from protocol.text import VERSIONS, read_from

# What stands on the committee's letter.
LETTER: dict[str, Any] = {"reference": "EC 2026-17", "letter_on": date(2026, 11, 20)}
FIRST = (VERSIONS / "1.0.toml").read_text(encoding="utf-8")
CALENDAR = 'type = "text"\nvalue = "{}"\nchoices = ["SANO", "three_then_six_months"]'
MONTHS = (6, 9, 12, 15, 18, 21, 24, 30, 36, 42, 48, 54, 60)
OLD_MONTHS = (6, 9, 12, 16, 20, 24, 30, 36, 48, 60)


def amended(version: str = "2.0") -> str:
    """Return version 1.0 with the other calendar of surveillance and follow-up, under another number."""
    head, *blocks = re.split(r"(?m)^(?=\[\[)", FIRST)
    rows = [block for block in blocks if re.search(r'^code = "(AS|FU)-\d\d"$', block, re.M)]
    place = blocks.index(rows[0])
    kept = [block for block in blocks if block not in rows]
    source = {code[1]: row for row in rows if (code := re.search(r'^code = "([A-Z]+-\d\d)"$', row, re.M))}
    made = [_row(source, prefix, months) for prefix in ("AS", "FU") for months in MONTHS]
    text = "".join([head, *kept[:place], *made, *kept[place:]])
    text = text.replace('version = "1.0"', f'version = "{version}"', 1)
    text = text.replace(CALENDAR.format("SANO"), CALENDAR.format("three_then_six_months"), 1)
    return text.replace("released_on = 2026-11-01", "released_on = 2026-11-05", 1)


def _row(source: dict[str, str], prefix: str, months: int) -> str:
    nearest = min(OLD_MONTHS, key=lambda old: (abs(old - months), old))
    row = source[f"{prefix}-{nearest:02d}"]
    row = row.replace(f'code = "{prefix}-{nearest:02d}"', f'code = "{prefix}-{months:02d}"')
    row = row.replace(f"months = {nearest},", f"months = {months},")
    row = re.sub(r"month \d+", f"month {months}", row)
    return re.sub(r"第 \d+ 个月", f"第 {months} 个月", row)


@contextmanager
def shelf(folder: Path, **files: str) -> Iterator[Path]:
    """The program reads its versions from ``folder``, where each keyword (``v2_0``) writes one file, for a while."""
    (folder / "1.0.toml").write_text(FIRST, encoding="utf-8")
    for name, source in files.items():
        number = name.removeprefix("v").replace("_", ".")
        (folder / f"{number}.toml").write_text(source, encoding="utf-8")
    try:
        read_from(folder)
        yield folder
    finally:
        read_from(VERSIONS)
