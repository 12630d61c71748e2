"""One imagined participant's calendar, every date worked out by hand from the tables of the protocol.

Randomised 2024-06-03, treated from 2024-06-10 to 2024-07-10: the histories of ``test_schedule.py`` name visits,
this file says when each of them opens, is aimed at and closes.
"""

from __future__ import annotations

import re

Row = tuple[str, str, str]  # opens, target, closes


def _table(written: str) -> dict[str, Row]:
    rows = (line.split() for line in written.strip().splitlines())
    return {code: (opens, target, closes) for code, opens, target, closes in rows}


COMMON = _table("""
SCR       2024-05-06 2024-05-20 2024-06-03
QOL-0     2024-05-20 2024-06-03 2024-06-03
RND       2024-06-03 2024-06-03 2024-06-03
N2        2024-06-15 2024-06-17 2024-06-19
N3        2024-06-22 2024-06-24 2024-06-26
N5        2024-07-06 2024-07-08 2024-07-10
NE        2024-07-08 2024-07-10 2024-07-24
SF30      2024-08-02 2024-08-09 2024-08-16
SF90      2024-09-24 2024-10-08 2024-10-22
CRE-1     2024-08-07 2024-08-14 2024-08-21
CRE-2     2024-09-18 2024-09-25 2024-10-02
RST       2024-08-07 2024-08-14 2024-08-21
SURG-2    2024-08-07 2024-08-21 2024-09-04
OS36      2027-06-03 2027-06-03 2027-07-29
SWEEP-06  2024-11-19 2024-12-03 2024-12-17
SWEEP-12  2025-05-20 2025-06-03 2025-06-17
SWEEP-18  2025-11-19 2025-12-03 2025-12-17
SWEEP-24  2026-05-20 2026-06-03 2026-06-17
SWEEP-30  2026-11-19 2026-12-03 2026-12-17
SWEEP-42  2027-11-19 2027-12-03 2027-12-17
SWEEP-48  2028-05-20 2028-06-03 2028-06-17
SWEEP-54  2028-11-19 2028-12-03 2028-12-17
SWEEP-60  2029-05-20 2029-06-03 2029-06-17
SWEEP-66  2029-11-19 2029-12-03 2029-12-17
""")
BY_ARM = {
    "1": _table("""
N1        2024-06-03 2024-06-10 2024-06-17
N4        2024-06-28 2024-07-01 2024-07-04
"""),
    "2": _table("""
N1        2024-06-08 2024-06-10 2024-06-12
N4        2024-06-29 2024-07-01 2024-07-03
"""),
}
MONTHS = _table("""
06        2024-12-27 2025-01-10 2025-01-24
09        2025-03-27 2025-04-10 2025-04-24
12        2025-06-26 2025-07-10 2025-07-24
16        2025-10-20 2025-11-10 2025-12-01
20        2026-02-17 2026-03-10 2026-03-31
24        2026-06-19 2026-07-10 2026-07-31
30        2026-12-13 2027-01-10 2027-02-07
36        2027-06-12 2027-07-10 2027-08-07
48        2028-06-12 2028-07-10 2028-08-07
60        2029-06-12 2029-07-10 2029-08-07
""")
# After an operation on that day.
POSTOPERATIVE = {
    "2024-08-05": _table("""
DC        2024-08-05 2024-08-05 2024-09-03
PO30      2024-09-04 2024-09-04 2024-09-18
ADJ       2024-09-02 2024-09-16 2024-11-25
PO90      2024-11-03 2024-11-03 2024-11-17
"""),
    "2024-08-21": _table("""
DC        2024-08-21 2024-08-21 2024-09-19
PO30      2024-09-20 2024-09-20 2024-10-04
ADJ       2024-09-18 2024-10-02 2024-12-11
PO90      2024-11-19 2024-11-19 2024-12-03
"""),
    "2024-09-04": _table("""
DC        2024-09-04 2024-09-04 2024-10-03
PO30      2024-10-04 2024-10-04 2024-10-18
ADJ       2024-10-02 2024-10-16 2024-12-25
PO90      2024-12-03 2024-12-03 2024-12-17
"""),
    "2025-07-07": _table("""
DC        2025-07-07 2025-07-07 2025-08-05
PO30      2025-08-06 2025-08-06 2025-08-20
ADJ       2025-08-04 2025-08-18 2025-10-27
PO90      2025-10-05 2025-10-05 2025-10-19
"""),
    "2025-08-05": _table("""
DC        2025-08-05 2025-08-05 2025-09-03
PO30      2025-09-04 2025-09-04 2025-09-18
ADJ       2025-09-02 2025-09-16 2025-11-25
PO90      2025-11-03 2025-11-03 2025-11-17
"""),
}
# SURG-1, counted from the day named.
SURGERY = _table("""
2024-07-20 2024-07-27 2024-08-10 2024-08-31
2024-08-14 2024-08-21 2024-09-04 2024-09-25
2024-09-25 2024-10-02 2024-10-16 2024-11-06
2025-01-20 2025-01-27 2025-02-10 2025-03-03
2025-02-03 2025-02-10 2025-02-24 2025-03-17
2025-06-28 2025-07-05 2025-07-19 2025-08-09
2025-07-08 2025-07-15 2025-07-29 2025-08-19
2025-08-01 2025-08-08 2025-08-22 2025-09-12
2025-08-05 2025-08-12 2025-08-26 2025-09-16
2025-08-20 2025-08-27 2025-09-10 2025-10-01
""")
GROUPS = {
    "start": "SCR QOL-0 RND N1",
    "course": "N2 N3 N4 N5 NE",
    "vital": "OS36 SWEEP06..60",
}
RANGE = re.compile(r"(AS|FU|SWEEP)(\d\d)(?:\.\.(\d\d))?")


def expected(words: str, arm: str) -> dict[str, Row]:
    """The visits that ``words`` name.

    A word is a code, a group, ``AS06..24``, ``SURG-1:DAY`` (counted from DAY), ``post:DAY`` or ``DC@DAY`` (after an
    operation on DAY), or ``CODE=opens,target,closes``.
    """
    rows: dict[str, Row] = {}
    for word in words.split():
        rows |= _named(word, arm)
    return rows


def _named(word: str, arm: str) -> dict[str, Row]:
    if word in GROUPS:
        return expected(GROUPS[word], arm)
    code, _, dates = word.partition("=")
    if dates:
        opens, target, closes = dates.split(",")
        return {code: (opens, target, closes)}
    code, _, operated_on = word.partition("@")
    if operated_on:
        return {code: POSTOPERATIVE[operated_on][code]}
    name, _, day = word.partition(":")
    if name == "post":
        return POSTOPERATIVE[day]
    if day:
        return {name: SURGERY[day]}
    if months := RANGE.fullmatch(word):
        return _months(*months.groups())
    return {word: BY_ARM[arm].get(word) or COMMON[word]}


def _months(prefix: str, first: str, last: str | None) -> dict[str, Row]:
    sweeps = {code[6:]: row for code, row in COMMON.items() if code.startswith("SWEEP")}
    table = sweeps if prefix == "SWEEP" else MONTHS
    return {f"{prefix}-{month}": row for month, row in table.items() if first <= month <= (last or first)}
