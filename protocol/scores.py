"""Body measures, comorbidity, complications and laboratory grades (protocol 3.3, 3.4 G, 3.6, 3.10)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from protocol.exact import Number, exact, exact_or_none

HALF_AS_MUCH_AGAIN = exact("1.5")

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


def weight_loss_pct(usual_kg: Number | None, now_kg: Number | None) -> Decimal | None:
    """Weight lost in percent of the usual weight; a gain is negative (protocol 3.3)."""
    if not usual_kg or now_kg is None:
        return None
    return 100 * (exact(usual_kg) - exact(now_kg)) / exact(usual_kg)


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


@dataclass(frozen=True, slots=True)
class _Value:
    value: Decimal
    lln: Decimal | None
    uln: Decimal | None
    baseline: Decimal | None


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
    if value is None or test not in _GRADERS:
        return None
    return _GRADERS[test](
        _Value(exact(value), exact_or_none(lln), exact_or_none(uln), exact_or_none(baseline))
    )


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


def _falling(*limits: Number | str) -> Callable[[_Value], int | None]:
    """Grade 2, 3, ... below each bound in turn; grade 1 below the lower limit of normal."""

    bounds = [exact(limit) for limit in limits]

    def grade(given: _Value) -> int | None:
        below = sum(given.value < bound for bound in bounds)
        if below:
            return 1 + below
        return None if given.lln is None else int(given.value < given.lln)

    return grade


def _multiples(*times: Number | str) -> Callable[[_Value], int | None]:
    """Grade 1 above the upper limit of normal, then one more above each multiple of it."""

    bounds = [exact(each) for each in (1, *times)]

    def grade(given: _Value) -> int | None:
        if given.uln is None:
            return None
        return sum(given.value > bound * given.uln for bound in bounds)

    return grade


def _transaminase(given: _Value) -> int | None:
    if given.baseline is None or given.uln is None or given.baseline <= given.uln:
        return _multiples(3, 5, 20)(given)
    if given.value < HALF_AS_MUCH_AGAIN * given.baseline:
        return 0
    return 1 + sum(given.value > bound * given.baseline for bound in (3, 5, 20))


def _bilirubin(given: _Value) -> int | None:
    if given.baseline is None or given.uln is None or given.baseline <= given.uln:
        return _multiples(HALF_AS_MUCH_AGAIN, 3, 10)(given)
    return sum(given.value > bound * given.baseline for bound in (1, HALF_AS_MUCH_AGAIN, 3, 10))


def _creatinine(given: _Value) -> int | None:
    """By the limit, and by the baseline where that is worse: above 1.5 times it grade 2, above 3 times 3."""
    by_limit = _multiples(HALF_AS_MUCH_AGAIN, 3, 6)(given)
    if by_limit is None or given.baseline is None or given.value <= HALF_AS_MUCH_AGAIN * given.baseline:
        return by_limit
    return max(by_limit, 3 if given.value > 3 * given.baseline else 2)


_GRADERS: MappingProxyType[str, Callable[[_Value], int | None]] = MappingProxyType(
    {
        "HGB": _falling(100, 80),
        "WBC": _falling(3, 2, 1),
        "NEUT": _falling("1.5", 1, "0.5"),
        "LYM": _falling("0.8", "0.5", "0.2"),
        "PLAT": _falling(75, 50, 25),
        "ALB": _falling(30, 20),
        "ALT": _transaminase,
        "AST": _transaminase,
        "BILI": _bilirubin,
        "CREAT": _creatinine,
    }
)
