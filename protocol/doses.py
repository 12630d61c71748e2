"""Doses that are expected and dose intensities that were reached (protocol 1.4, 3.5, X014-X017)."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from protocol.exact import Number, exact

MG_PER_DL_IN_UMOL = exact("88.4")
WOMEN = exact("0.85")
# CKD-EPI of 2021: the creatinine (mg/dL) at which its curve bends, the exponent below it, the factor; by sex.
CKD_EPI = {
    "F": (exact("0.7"), exact("-0.241"), exact("1.012")),
    "M": (exact("0.9"), exact("-0.302"), exact("1")),
}
CKD_EPI_OF_ALL, CKD_EPI_ABOVE, CKD_EPI_PER_YEAR = exact("142"), exact("-1.2"), exact("0.9938")
SURFACE = exact("1.73")


def carboplatin_mg(auc: Number | None, gfr: Number | None, cap: Number | None) -> Decimal | None:
    """The Calvert dose in mg, AUC x (GFR + 25), with the GFR no higher than ``cap`` (protocol 1.4, 3.5 A)."""
    if auc is None or gfr is None:
        return None
    counted = exact(gfr) if cap is None else min(exact(gfr), exact(cap))
    return exact(auc) * (counted + 25)


def nab_paclitaxel_mg(bsa: Number | None, per_m2: Number) -> Decimal | None:
    """The albumin-bound paclitaxel dose in mg for a body surface (protocol 1.4, X015)."""
    return None if bsa is None else exact(bsa) * exact(per_m2)


def cockcroft_gault(
    *, age: int | None, weight_kg: Number | None, creatinine_umol: Number | None, sex: str | None
) -> Decimal | None:
    """The creatinine clearance in mL/min that doses rest on by default (protocol 3.4 G); women x 0.85."""
    if (
        age is None
        or weight_kg is None
        or creatinine_umol is None
        or creatinine_umol <= 0
        or sex not in CKD_EPI
    ):
        return None
    clearance = (140 - age) * exact(weight_kg) * MG_PER_DL_IN_UMOL / (72 * exact(creatinine_umol))
    return clearance if sex == "M" else clearance * WOMEN


def ckd_epi_2021(
    *, age: int | None, creatinine_umol: Number | None, sex: str | None, bsa: Number | None
) -> Decimal | None:
    """The GFR in mL/min by CKD-EPI of 2021, without race, for the body's own surface and not for 1.73 m2."""
    if age is None or sex not in CKD_EPI or bsa is None or creatinine_umol is None or creatinine_umol <= 0:
        return None
    limit, below, factor = CKD_EPI[sex]
    ratio = exact(creatinine_umol) / MG_PER_DL_IN_UMOL / limit
    indexed = CKD_EPI_OF_ALL * min(ratio, Decimal(1)) ** below * max(ratio, Decimal(1)) ** CKD_EPI_ABOVE
    return indexed * CKD_EPI_PER_YEAR**age * factor * exact(bsa) / SURFACE


def gfr(
    formula: str,
    *,
    age: int | None,
    weight_kg: Number | None,
    creatinine_umol: Number | None,
    sex: str | None,
    bsa: Number | None,
) -> Decimal | None:
    """The GFR in mL/min by the formula that the protocol text names (protocol 3.4 G, 3.5 A; decision C2)."""
    if formula == "Cockcroft-Gault":
        return cockcroft_gault(age=age, weight_kg=weight_kg, creatinine_umol=creatinine_umol, sex=sex)
    if formula == "CKD-EPI 2021":
        return ckd_epi_2021(age=age, creatinine_umol=creatinine_umol, sex=sex, bsa=bsa)
    raise ValueError(f"no formula for the GFR is called {formula!r}")


def within(value: Number | None, expected: Number | None, *, percent: Number) -> bool | None:
    """Whether ``value`` is no further than ``percent`` of ``expected`` away from it (protocol X014, X015,
    X016).
    """
    if value is None or expected is None:
        return None
    return 100 * abs(exact(value) - exact(expected)) <= exact(percent) * abs(exact(expected))


def cumulative_dose_pct(given: Iterable[Number | None], planned_total: Number | None) -> Decimal | None:
    """The dose given in percent of the dose planned; an omitted dose counts as zero (protocol 3.5 D)."""
    if not planned_total:
        return None
    return 100 * sum((exact(dose or 0) for dose in given), Decimal()) / exact(planned_total)


def relative_dose_intensity(
    *, given_mg: Number | None, planned_mg: Number | None, days_taken: int | None, days_planned: int | None
) -> Decimal | None:
    """Dose per day given in percent of dose per day planned: delays lower it as reductions do
    (protocol 6.5).
    """
    if given_mg is None or not planned_mg or not days_taken or not days_planned:
        return None
    return 100 * exact(given_mg) * days_planned / (exact(planned_mg) * days_taken)


def rt_total(fractions: int | None, dose_per_fraction: Number | None) -> Decimal | None:
    """The radiotherapy dose in Gy, to a hundredth: 23 x 1.8 is 41.4 exactly (protocol 1.4, X017)."""
    if fractions is None or dose_per_fraction is None:
        return None
    return round(fractions * exact(dose_per_fraction), 2)


def rt_total_agrees(
    total: Number | None, fractions: int | None, dose_per_fraction: Number | None, *, tolerance: str = "0.05"
) -> bool | None:
    """Whether a prescribed total is fractions x dose within 0.05 Gy (protocol 3.5 C)."""
    product = rt_total(fractions, dose_per_fraction)
    if total is None or product is None:
        return None
    return abs(exact(total) - product) <= Decimal(tolerance)


def rt_gap_days(start: date | None, end: date | None, fractions: int | None) -> int | None:
    """Weekdays from first to last fraction without a fraction, from the summary (protocol 3.5 C,
    gap_days).
    """
    if start is None or end is None or fractions is None or end < start:
        return None
    return max(0, len(_weekdays(start, end)) - fractions)


def rt_gap_days_in_log(fraction_days: Iterable[date]) -> int | None:
    """Weekdays from first to last fraction without a fraction, from the fraction log (protocol 3.5 C).

    A fraction on a weekend day, one that is worked for a public holiday included, makes up for a weekday; such a day
    without a fraction is no gap (decision C2).
    """
    treated = set(fraction_days)
    if not treated:
        return None
    return max(0, len(_weekdays(min(treated), max(treated))) - len(treated))


def rt_expected_end(start: date, fractions: int) -> date:
    """The day of the last fraction when every weekday is treated: day 31 from a Monday (protocol 1.4)."""
    day = start
    while True:
        fractions -= day.weekday() < 5
        if fractions <= 0:
            return day
        day += timedelta(days=1)


def neo_d1(*first_days: date | None) -> date | None:
    """Neoadjuvant day 1: the first of radiotherapy, chemotherapy and camrelizumab (protocol 2.1)."""
    return min((day for day in first_days if day), default=None)


def neo_end(*, rt_end: date | None, last_drug: date | None, by: str) -> date | None:
    """The end of neoadjuvant treatment: the last fraction, or the last drug where none was given (protocol
    2.1).

    ``by="any"`` is the alternative reading: the last of any component.
    """
    if by == "any":
        return max((day for day in (rt_end, last_drug) if day), default=None)
    return rt_end or last_drug


def last_dose(*days: date | None) -> date | None:
    """The last day of any study treatment, which opens the adverse-event windows (protocol 2.1, LASTDOSE)."""
    return max((day for day in days if day), default=None)


def _weekdays(start: date, end: date) -> set[date]:
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    return {day for day in days if day.weekday() < 5}
