"""Laboratory tests: their units, results as they are typed, reference limits, the tests of a visit (protocol 3.4 G).

A result is a number, a limit of the assay with its sign ("<0.01"), or a code. It is reckoned in the unit of the
protocol, in decimals; what was typed stays beside it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from protocol.text import ProtocolText

Bounds = tuple[Decimal, Decimal]
SIGNS: Final = MappingProxyType({"<": "<", ">": ">", "<=": "≤", ">=": "≥", "≤": "≤", "≥": "≥"})
NUMBER: Final = re.compile(
    r"(?P<sign><=|>=|[<>≤≥])?\s*(?P<number>\d{1,12}(?:\.\d{1,12})?)(?:[eE]\+?(?P<tens>\d{1,2}))?\s*[↑↓HLhl*]?"
)
MOST: Final = Decimal(10) ** 10
MOST_LINES: Final = 200
LEAST_STEP: Final = Decimal(1).scaleb(-12)
NEGATIVE, POSITIVE, BORDERLINE = "NEG", "POS", "IND"
SEROLOGY: Final = (NEGATIVE, POSITIVE, BORDERLINE)
DIPSTICK: Final = (NEGATIVE, "TRACE", "1+", "2+", "3+", "4+")
CODES_TYPED: Final = MappingProxyType(
    {
        NEGATIVE: ("neg", "negative", "-", "阴性", "阴", "(-)", "nonreactive", "non-reactive"),
        POSITIVE: ("pos", "positive", "+", "阳性", "阳", "(+)", "reactive"),
        BORDERLINE: ("ind", "indeterminate", "borderline", "弱阳性", "可疑", "±", "+-", "(±)", "灰区"),
        "TRACE": ("trace", "±", "+-", "(±)", "微量"),
        "1+": ("1+", "+", "(+)", "+1"),
        "2+": ("2+", "++", "(++)", "+2"),
        "3+": ("3+", "+++", "(+++)", "+3"),
        "4+": ("4+", "++++", "(++++)", "+4"),
    }
)


@dataclass(frozen=True)
class LabTest:
    """One test: the factors that turn each unit into that of the protocol, the first one; or the codes of a result."""

    code: str
    factors: Mapping[str, str] = field(default_factory=dict)
    soft: tuple[str, str] = ("", "")
    hard: tuple[str, str] = ("", "")
    codes: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The unit of the protocol; none for a test whose result is a code."""
        return next(iter(self.factors), "")

    @property
    def soft_bounds(self) -> Bounds | None:
        """Outside these a value is asked about."""
        return (Decimal(self.soft[0]), Decimal(self.soft[1])) if self.soft[0] else None

    @property
    def hard_bounds(self) -> Bounds | None:
        """Outside these a value cannot be."""
        return (Decimal(self.hard[0]), Decimal(self.hard[1])) if self.hard[0] else None


COUNT: Final = {"10^9/L": "1", "10^3/uL": "1", "/uL": "0.001"}
ACTIVITY: Final = {"U/L": "1", "ukat/L": "60"}
MOLES: Final = {"mmol/L": "1", "mEq/L": "1"}
MASS: Final = {"ug/L": "1", "ng/mL": "1"}
HEART: Final = {"ng/L": "1", "pg/mL": "1", "ng/mL": "1000", "ug/L": "1000"}


def _test(code: str, factors: Mapping[str, str], soft: str, hard: str) -> LabTest:
    low, _dash, high = soft.partition("-")
    least, _dash, most = hard.partition("-")
    return LabTest(code, MappingProxyType(dict(factors)), (low, high), (least, most))


_TESTS: Final = (
    _test("HGB", {"g/L": "1", "g/dL": "10", "mmol/L": "16.114"}, "80-170", "20-250"),
    _test("WBC", COUNT, "2-12", "0-200"),
    _test("NEUT", COUNT, "1-9", "0-150"),
    _test("LYM", COUNT, "0.2-4", "0-100"),
    _test("PLAT", COUNT, "60-450", "0-2000"),
    _test("ALT", ACTIVITY, "5-120", "0-10000"),
    _test("AST", ACTIVITY, "5-120", "0-10000"),
    _test("BILI", {"umol/L": "1", "mg/dL": "17.104"}, "3-34", "0-1000"),
    _test("ALP", ACTIVITY, "30-250", "0-5000"),
    _test("GGT", ACTIVITY, "5-200", "0-5000"),
    _test("ALB", {"g/L": "1", "g/dL": "10"}, "28-52", "5-70"),
    _test("CREAT", {"umol/L": "1", "mg/dL": "88.4"}, "40-130", "10-2000"),
    _test("CREATCLR", {"mL/min": "1"}, "40-125", "5-250"),
    _test("UREA", {"mmol/L": "1", "mg/dL": "0.1665", "mg/dL BUN": "0.357"}, "2-10", "0.2-80"),
    _test("SODIUM", MOLES, "130-150", "90-190"),
    _test("K", MOLES, "3-5.5", "1-10"),
    _test("CL", MOLES, "92-112", "50-150"),
    _test("CA", {"mmol/L": "1", "mg/dL": "0.2495", "mEq/L": "0.5"}, "1.9-2.7", "0.5-5"),
    _test("MG", {"mmol/L": "1", "mg/dL": "0.4114", "mEq/L": "0.5"}, "0.6-1.2", "0.1-5"),
    _test("GLUC", {"mmol/L": "1", "mg/dL": "0.0555"}, "3.5-11", "0.5-80"),
    _test("LDH", ACTIVITY, "100-350", "0-20000"),
    _test("CK", ACTIVITY, "20-400", "0-200000"),
    _test("TROPONI", HEART, "0-40", "0-100000"),
    _test("TROPONT", HEART, "0-40", "0-100000"),
    _test("BNPPRONT", {"pg/mL": "1", "ng/L": "1", "pmol/L": "8.457"}, "0-450", "0-70000"),
    _test("TSH", {"mIU/L": "1", "uIU/mL": "1"}, "0.1-10", "0-500"),
    _test("T4FR", {"pmol/L": "1", "ng/dL": "12.87", "pg/mL": "1.287"}, "8-25", "0-150"),
    _test("T3FR", {"pmol/L": "1", "pg/mL": "1.536", "ng/dL": "15.36"}, "2.5-7", "0-50"),
    _test("CORT", {"nmol/L": "1", "ug/dL": "27.59", "ug/L": "2.759", "ng/mL": "2.759"}, "100-700", "0-3000"),
    _test("ACTH", {"pmol/L": "1", "pg/mL": "0.2202", "ng/L": "0.2202"}, "1-20", "0-500"),
    _test("LIPASET", ACTIVITY, "0-180", "0-20000"),
    _test("AMYLASE", ACTIVITY, "0-200", "0-20000"),
    _test("CRP", {"mg/L": "1", "mg/dL": "10"}, "0-50", "0-700"),
    _test("PCT", {"ng/mL": "1", "ug/L": "1"}, "0-2", "0-500"),
    _test("INR", {"ratio": "1"}, "0.8-1.4", "0.5-15"),
    _test("APTT", {"s": "1"}, "20-45", "10-250"),
    LabTest("HBSAG", codes=SEROLOGY),
    LabTest("HBVDNA", MappingProxyType({"IU/mL": "1"}), hard=("0", "9999999999")),
    LabTest("HCAB", codes=SEROLOGY),
    LabTest("HIVAB", codes=SEROLOGY),
    _test("SCCAG", MASS, "0-5", "0-1000"),
    _test("CEA", MASS, "0-10", "0-1000"),
    LabTest("UPROT", codes=DIPSTICK),
    LabTest("CTDNA", MappingProxyType({"MTM/mL": "1"}), hard=("0", "9999999999")),
)
TESTS: Final[Mapping[str, LabTest]] = MappingProxyType({test.code: test for test in _TESTS})
UNITS: Final = tuple(dict.fromkeys(unit for test in _TESTS for unit in test.factors))
STANDS_FOR: Final = MappingProxyType({"TROPONI": "TROPONT", "TROPONT": "TROPONI"})
"""A test that a laboratory does in place of another."""


SETS: Final = MappingProxyType(
    {
        "BLOODS": "lab_set_bloods",
        "THYROID": "lab_set_thyroid",
        "CORTISOL": "lab_set_cortisol",
        "CARDIAC_MARKERS": "lab_set_cardiac_markers",
        "VIROLOGY": "lab_set_virology",
        "IRAE_PANEL": "lab_set_irae_panel",
        "LIVER_RENAL": "lab_set_liver_renal",
        "GLUCOSE": "lab_set_glucose",
    }
)
"""The setting that lists the tests of each procedure of the schedule."""


@dataclass(frozen=True, slots=True)
class Result:
    """A result as it was typed: a number with the sign before it, or a code."""

    number: Decimal | None = None
    sign: str = ""
    code: str = ""

    def times(self, factor: Decimal) -> Result:
        """The same result in another unit."""
        return self if self.number is None else Result(self.number * factor, self.sign)

    @property
    def ends(self) -> Bounds | None:
        """The least and the greatest value that it may stand for."""
        if self.number is None:
            return None
        match self.sign:
            case "<":
                return Decimal(0), self.number - LEAST_STEP
            case "≤":
                return Decimal(0), self.number
            case ">":
                return self.number + LEAST_STEP, MOST
            case "≥":
                return self.number, MOST
        return self.number, self.number

    def __str__(self) -> str:
        return self.code or (f"{self.sign}{_short(self.number)}" if self.number is not None else "")


def _short(number: Decimal) -> str:
    """A number without zeros at its end, never with an exponent."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_result(test: str, typed: str | None) -> Result | None:
    """What was typed, in plain signs, as the result of the test; None when it is none.

    A mark for high or low behind a number is no part of it.
    """
    known, text = TESTS.get(test), (typed or "").strip()
    if known is None or not text:
        return None
    if known.codes:
        word = text.lower().replace(" ", "")
        code = next((code for code in known.codes if word in (code.lower(), *CODES_TYPED[code])), "")
        return Result(code=code) if code else None
    match = NUMBER.fullmatch(text)
    if match is None:
        return None
    number = Decimal(match["number"]).scaleb(int(match["tens"] or 0))
    return Result(number, SIGNS[match["sign"]] if match["sign"] else "") if number < MOST else None


def in_protocol_unit(test: str, typed: str | None, unit: str | None) -> Result | None:
    """The result in the unit of the protocol; None when it cannot be read or its unit is none of the test."""
    result = read_result(test, typed)
    if result is None or TESTS[test].codes:
        return result
    factor = TESTS[test].factors.get(unit or "")
    if factor is None:
        return None
    changed = result.times(Decimal(factor))
    return changed if changed.number is not None and changed.number < MOST else None


@dataclass(frozen=True, slots=True)
class ReferenceLimits:
    """What a laboratory calls normal, from a day on, for whom; in one of the units of the test."""

    test: str
    unit: str
    low: Decimal | None
    high: Decimal | None
    since: date
    until: date | None = None
    sex: str = ""
    age_from: int = 0
    age_to: int | None = None
    laboratory: str = ""

    def holds(self, test: str, laboratory: str, sex: str | None, age: int | None, on: date) -> bool:
        """Whether these are the limits for such a participant on this day; who is not known well enough has none."""
        if self.test != test or self.laboratory.casefold() != laboratory.casefold():
            return False
        if on < self.since or (self.until is not None and on > self.until):
            return False
        if self.sex and self.sex != sex:
            return False
        whole_life = self.age_from == 0 and self.age_to is None
        return whole_life or (age is not None and self.age_from <= age <= (self.age_to or age))

    @property
    def in_protocol_unit(self) -> tuple[Decimal | None, Decimal | None]:
        """Both limits in the unit of the protocol."""
        factor = Decimal(TESTS[self.test].factors[self.unit])
        low, high = (None if limit is None else limit * factor for limit in (self.low, self.high))
        return low, high


def limits_of(
    known: Iterable[ReferenceLimits],
    *,
    test: str,
    laboratory: str,
    sex: str | None,
    age: int | None,
    on: date,
) -> ReferenceLimits | None:
    """The limits in force on the day: those for the sex before those for both, a shorter span of ages, the newest."""
    holding = [each for each in known if each.holds(test, laboratory, sex, age, on)]
    return max(holding, key=_closeness, default=None)


def _closeness(limits: ReferenceLimits) -> tuple[bool, int, date]:
    return bool(limits.sex), -((limits.age_to or 200) - limits.age_from), limits.since


def flag_of(result: Result | None, low: Decimal | None, high: Decimal | None) -> str | None:
    """L, N or H by the limits; None where nothing tells, as for "<0.5" around a lower limit of 0.3."""
    ends = result.ends if result else None
    if ends is None or (low is None and high is None):
        return None
    if low is not None and ends[1] < low:
        return "L"
    if high is not None and ends[0] > high:
        return "H"
    inside = (low is None or ends[0] >= low) and (high is None or ends[1] <= high)
    return "N" if inside else None


def asked_at_visit(text: ProtocolText, visit: str | None, arm: str | None) -> tuple[str, ...]:
    """The tests that the schedule asks for at a visit: the sets of its procedures, in the order of the table."""
    try:
        rule = text.visit(visit or "", arm)
    except KeyError:
        return ()
    sets = [SETS[procedure.code] for procedure in rule.procedures if procedure.code in SETS]
    asked = {code for key in sets for code in _listed(text, key)}
    return tuple(code for code in TESTS if code in asked)


def _listed(text: ProtocolText, key: str) -> tuple[str, ...]:
    """The tests that a setting lists; none while nobody knows, or where a text has no such setting."""
    value = next((setting.value for setting in text.settings if setting.key == key), None)
    return tuple(map(str, value)) if isinstance(value, tuple) else ()


def left_out(asked: Iterable[str], answered: Iterable[str]) -> list[str]:
    """The tests that are asked and neither answered nor done as another one."""
    codes = set(answered)
    return [code for code in asked if code not in codes and STANDS_FOR.get(code) not in codes]
