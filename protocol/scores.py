"""Body measures, comorbidity, complications and the grade of RCCEP (protocol 3.3, 3.6, 3.10)."""

from collections.abc import Iterable
from decimal import Decimal
from types import MappingProxyType

from protocol.exact import Number, exact

CHARLSON_POINTS = MappingProxyType(
    {
        "myocardial_infarction": 1,
        "heart_failure": 1,
        "peripheral_vascular": 1,
        "cerebrovascular": 1,
        "dementia": 1,
        "chronic_pulmonary": 1,
        "connective_tissue": 1,
        "peptic_ulcer": 1,
        "liver_mild": 1,
        "diabetes": 1,
        "diabetes_complicated": 2,
        "hemiplegia": 2,
        "renal": 2,
        "malignancy": 2,
        "liver_severe": 3,
        "metastatic": 6,
        "aids": 6,
    }
)
_MILDER_OF = MappingProxyType(
    {"liver_severe": "liver_mild", "diabetes_complicated": "diabetes", "metastatic": "malignancy"}
)

CCI_WEIGHTS = MappingProxyType({"I": 300, "II": 1750, "IIIa": 2750, "IIIb": 4550, "IVa": 7200, "IVb": 8550})
CLAVIEN_DINDO = (*CCI_WEIGHTS, "V")
NRS2002_RISK = 3
"""From this score on NRS-2002 speaks of a risk (protocol 3.20)."""


def bmi(height_cm: Number | None, weight_kg: Number | None) -> Decimal | None:
    """Body-mass index in kg/m2 (protocol 3.3)."""
    if not height_cm or not weight_kg or height_cm < 0 or weight_kg < 0:
        return None
    return exact(weight_kg) * 10_000 / exact(height_cm) ** 2


def bsa(height_cm: Number | None, weight_kg: Number | None, formula: str) -> Decimal | None:
    """Body surface in m2 by Mosteller, or by DuBois where the protocol text says so (protocol 3.3).

    ``None`` for what nobody measures: a minus typed before the number has no root.
    """
    height, weight = exact(height_cm or 0), exact(weight_kg or 0)
    if height <= 0 or weight <= 0:
        return None
    if formula == "mosteller":
        return (height * weight / 3600).sqrt()
    if formula == "dubois":
        return exact("0.007184") * height ** exact("0.725") * weight ** exact("0.425")
    raise ValueError(f"the body surface is taken by 'mosteller' or 'dubois', not {formula!r}")


def drop_pct(before: Number | None, now: Number | None) -> Decimal | None:
    """By how many per cent of ``before`` a value fell; a rise is negative, and no per cent of 0 (protocol 3.3, 3.7)."""
    if not before or now is None:
        return None
    return 100 * (exact(before) - exact(now)) / exact(before)


def weight_loss_pct(usual_kg: Number | None, now_kg: Number | None) -> Decimal | None:
    """Weight lost in percent of the usual weight; a gain is negative (protocol 3.3)."""
    return drop_pct(usual_kg, now_kg)


def weight_change_pct(before_kg: Number | None, now_kg: Number | None) -> Decimal | None:
    """Weight change in percent since ``before_kg``; a loss is negative (protocol 3.11, X016)."""
    lost = weight_loss_pct(before_kg, now_kg)
    return None if lost is None else -lost


def charlson(items: Iterable[str], age: int | None = None) -> int:
    """Charlson points of the 17 items, plus one per decade from 50 to at most four when ``age`` is told
    (protocol 3.3).

    Of two degrees of one disease the milder adds nothing.
    """
    ticked = set(items)
    unknown = ticked - set(CHARLSON_POINTS)
    if unknown:
        raise ValueError(f"not among the 17 Charlson items: {', '.join(sorted(unknown))}")
    counted = ticked - {mild for severe, mild in _MILDER_OF.items() if severe in ticked}
    points = sum(CHARLSON_POINTS[item] for item in counted)
    return points if age is None else points + min(4, max(0, age // 10 - 4))


def cci(grades: Iterable[str | None]) -> Decimal | None:
    """The comprehensive complication index, 0 to 100, of a patient's Clavien-Dindo grades (protocol 3.10).

    ``None`` when a grade is missing, unless a death already makes it 100.
    """
    given = list(grades)
    if "V" in given:
        return Decimal(100)
    weights = [CCI_WEIGHTS.get(grade or "") for grade in given]
    if None in weights:
        return None
    return min(Decimal(100), Decimal(sum(weight for weight in weights if weight)).sqrt() / 2)


def rccep_grade(
    *,
    largest_mm: Number | None = None,
    generalised: bool = False,
    life_threatening: bool = False,
    fatal: bool = False,
) -> int | None:
    """The grade of reactive capillary endothelial proliferation, the worst that applies (protocol 3.6,
    helper).
    """
    if fatal:
        return 5
    if life_threatening:
        return 4
    if generalised:
        return 3
    if largest_mm is None:
        return None
    return 2 if exact(largest_mm) > 10 else 1
