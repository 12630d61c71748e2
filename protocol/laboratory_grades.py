"""CTCAE v5.0 grades that a laboratory value suggests, with the term, by limits and baseline (protocol 3.4 G).

Compared of grades are those of NCI's list of 27 November 2017. What the list makes depend on signs or treatment is
graded by the number alone: the least grade that it can be. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from protocol.exact import Number, exact, exact_or_none
from protocol.laboratory import Result

HALF_AS_MUCH_AGAIN: Final = Decimal("1.5")


@dataclass(frozen=True, slots=True)
class Compared:
    """What a value is compared with, in its own unit: the limits of normal, and the baseline with its upper limit."""

    low: Decimal | None = None
    high: Decimal | None = None
    baseline: Decimal | None = None
    baseline_high: Decimal | None = None

    @property
    def is_high_at_baseline(self) -> bool:
        """Whether the value was above normal before treatment."""
        return (
            self.baseline is not None
            and self.baseline_high is not None
            and self.baseline > self.baseline_high
        )


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade of 0 to 4, and the term of the list that it belongs to; no term at grade 0."""

    grade: int
    term: str = ""


Grader = Callable[[Decimal, Compared], int | None]


def lab_grade(
    test: str,
    value: Number | None,
    *,
    lln: Number | None = None,
    uln: Number | None = None,
    baseline: Number | None = None,
) -> int | None:
    """The CTCAE v5 grade 0 to 4 that a laboratory value suggests; ``None`` where no rule or no limit is known
    (protocol 3.4 G).

    ``test`` is the LBTESTCD; values and limits are in the units of the protocol's panel.
    """
    if value is None:
        return None
    high = exact_or_none(uln)
    reached = graded(
        test, Result(exact(value)), Compared(exact_or_none(lln), high, exact_or_none(baseline), high)
    )
    return reached.grade if reached else None


def graded(test: str, result: Result | None, limits: Compared) -> Graded | None:
    """The grade of a result with its term; ``None`` where no rule or no limit is known, or where a result such as
    "<0.5" may have several.
    """
    if result is None:
        return None
    if result.code:
        return _of_code(test, result.code)
    ends = result.ends
    grades = {_of_number(test, end, limits) for end in ends} if ends else set()
    return grades.pop() if len(grades) == 1 else None


def _of_number(test: str, value: Decimal, limits: Compared) -> Graded | None:
    """The grade of the direction in which the value lies; 0 only where every direction is known to have none."""
    grades = [(grader(value, limits), term) for term, grader in RULES.get(test, ())]
    worst = max(((grade, term) for grade, term in grades if grade), default=None)
    if worst:
        return Graded(*worst)
    return Graded(0) if grades and all(grade == 0 for grade, _term in grades) else None


def _of_code(test: str, code: str) -> Graded | None:
    grade = DIPSTICK_GRADES.get(code) if test == "UPROT" else None
    return None if grade is None else Graded(grade, "Proteinuria" if grade else "")


def _falling(*limits: str) -> Grader:
    """Grade 2, 3, ... below each bound in turn; grade 1 below the lower limit of normal."""
    return _below(*limits, grades=tuple(range(2, 2 + len(limits))))


def _below(*limits: str, grades: tuple[int, ...]) -> Grader:
    """The grade of the last bound that the value lies below; grade 1 below the lower limit of normal."""
    bounds = list(zip(map(exact, limits), grades, strict=True))

    def grade(value: Decimal, given: Compared) -> int | None:
        reached = [each for bound, each in bounds if value < bound]
        if reached:
            return max(reached)
        return None if given.low is None else int(value < given.low)

    return grade


def _above(*limits: str, grades: tuple[int, ...], needs_limit: bool = True) -> Grader:
    """The grade of the last bound that the value lies above; grade 1 above the upper limit of normal."""
    bounds = list(zip(map(exact, limits), grades, strict=True))

    def grade(value: Decimal, given: Compared) -> int | None:
        reached = [each for bound, each in bounds if value > bound]
        if reached:
            return max(reached)
        if not needs_limit:
            return 0
        return None if given.high is None else int(value > given.high)

    return grade


def _multiples(*times: str | Decimal) -> Grader:
    """Grade 1 above the upper limit of normal, then one more above each multiple of it."""
    bounds = [exact(each) for each in (Decimal(1), *times)]

    def grade(value: Decimal, given: Compared) -> int | None:
        return None if given.high is None else sum(value > bound * given.high for bound in bounds)

    return grade


def _by_baseline(first: str, *times: str) -> Grader:
    """Multiples of the upper limit; of the baseline where that was above normal, grade 1 from ``first`` times it."""
    of_limit, bounds = _multiples(*times), [exact(each) for each in times]

    def grade(value: Decimal, given: Compared) -> int | None:
        if not given.is_high_at_baseline or given.baseline is None:
            return of_limit(value, given)
        if value < exact(first) * given.baseline:
            return 0
        return 1 + sum(value > bound * given.baseline for bound in bounds)

    return grade


def _bilirubin(value: Decimal, given: Compared) -> int | None:
    if not given.is_high_at_baseline or given.baseline is None:
        return _multiples(HALF_AS_MUCH_AGAIN, "3", "10")(value, given)
    return sum(value > bound * given.baseline for bound in (1, HALF_AS_MUCH_AGAIN, 3, 10))


def _creatinine(value: Decimal, given: Compared) -> int | None:
    """By the limit, and by the baseline where that is worse: above 1.5 times it grade 2, above 3 times 3."""
    by_limit = _multiples(HALF_AS_MUCH_AGAIN, "3", "6")(value, given)
    if by_limit is None or given.baseline is None or value <= HALF_AS_MUCH_AGAIN * given.baseline:
        return by_limit
    return max(by_limit, 3 if value > 3 * given.baseline else 2)


def _glucose(value: Decimal, given: Compared) -> int | None:
    """Grade 1 above normal and above the baseline; higher grades depend on treatment."""
    if given.high is None:
        return None
    return int(value > given.high and (given.baseline is None or value > given.baseline))


def corrected_calcium(calcium: Decimal | None, albumin: Decimal | None) -> Decimal | None:
    """Calcium in mmol/L as it would be at 40 g/L of albumin, by Payne: 0.02 for each g/L; this is what has a grade."""
    if calcium is None or albumin is None:
        return None
    return calcium + exact("0.02") * (40 - albumin)


Rules = Mapping[str, tuple[tuple[str, Grader], ...]]
RULES: Final[Rules] = MappingProxyType(
    {
        "HGB": (("Anemia", _falling("100", "80")),),
        "WBC": (("White blood cell decreased", _falling("3", "2", "1")),),
        "NEUT": (("Neutrophil count decreased", _falling("1.5", "1", "0.5")),),
        "LYM": (
            ("Lymphocyte count decreased", _falling("0.8", "0.5", "0.2")),
            ("Lymphocyte count increased", _above("4", "20", grades=(2, 3), needs_limit=False)),
        ),
        "PLAT": (("Platelet count decreased", _falling("75", "50", "25")),),
        "ALT": (("Alanine aminotransferase increased", _by_baseline("1.5", "3", "5", "20")),),
        "AST": (("Aspartate aminotransferase increased", _by_baseline("1.5", "3", "5", "20")),),
        "BILI": (("Blood bilirubin increased", _bilirubin),),
        "ALP": (("Alkaline phosphatase increased", _by_baseline("2", "2.5", "5", "20")),),
        "GGT": (("GGT increased", _by_baseline("2", "2.5", "5", "20")),),
        "ALB": (("Hypoalbuminemia", _falling("30", "20")),),
        "CREAT": (("Creatinine increased", _creatinine),),
        "SODIUM": (
            ("Hyponatremia", _falling("130", "125", "120")),
            ("Hypernatremia", _above("150", "155", "160", grades=(2, 3, 4))),
        ),
        "K": (
            ("Hypokalemia", _below("3", "2.5", grades=(3, 4))),
            ("Hyperkalemia", _above("5.5", "6", "7", grades=(2, 3, 4))),
        ),
        "MG": (
            ("Hypomagnesemia", _falling("0.5", "0.4", "0.3")),
            ("Hypermagnesemia", _above("1.23", "3.3", grades=(3, 4))),
        ),
        "CA": (
            ("Hypocalcemia", _falling("2", "1.75", "1.5")),
            ("Hypercalcemia", _above("2.9", "3.1", "3.4", grades=(2, 3, 4))),
        ),
        "GLUC": (("Hypoglycemia", _falling("3", "2.2", "1.7")), ("Hyperglycemia", _glucose)),
        "LDH": (("Blood lactate dehydrogenase increased", _multiples()),),
        "CK": (("CPK increased", _multiples("2.5", "5", "10")),),
        "TROPONI": (("Cardiac troponin I increased", _multiples()),),
        "TROPONT": (("Cardiac troponin T increased", _multiples()),),
        "LIPASET": (("Lipase increased", _multiples("1.5", "5")),),
        "AMYLASE": (("Serum amylase increased", _multiples("1.5", "5")),),
        "INR": (("INR increased", _above("1.2", "1.5", "2.5", grades=(1, 2, 3), needs_limit=False)),),
        "APTT": (("Activated partial thromboplastin time prolonged", _multiples(HALF_AS_MUCH_AGAIN, "2.5")),),
    }
)
DIPSTICK_GRADES: Final = MappingProxyType({"NEG": 0, "TRACE": 0, "1+": 1, "2+": 2, "3+": 2, "4+": 3})
