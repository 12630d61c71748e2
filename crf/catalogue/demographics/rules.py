"""What demographics and history derive, and what has to hold between them (protocol 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from crf.engine.answers import AnswerRow
from crf.engine.checks import earliest_day, has_its_record, latest_day
from protocol import scores


def body_mass(height: Decimal, weight: Decimal) -> Decimal | None:
    return scores.bmi(height, weight)


def body_surface(height: Decimal, weight: Decimal, setting_bsa_formula: str) -> Decimal | None:
    return scores.bsa(height, weight, setting_bsa_formula.lower())


def lost_weight(weight_6m: Decimal, weight: Decimal) -> Decimal | None:
    return scores.weight_loss_pct(weight_6m, weight)


def comorbidity(cci_items: list[str], elig_age: int) -> int:
    return scores.charlson((item for item in cci_items if item != "none"), elig_age)


def treatments_of_cancers(prior_ca: list[AnswerRow]) -> list[str] | None:
    """Return every treatment that any earlier cancer had; "none" stands only alone (E-7)."""
    codes = {code for row in prior_ca for code in row["ca_tx"] or ()}
    return sorted(codes - {"none"}) or sorted(codes) or None


def _at_screening(cm_all: list[AnswerRow] | None, randomized: date | None) -> Iterator[AnswerRow]:
    """Yield what is taken at randomization, or is ongoing before it: what comes later changes no criterion."""
    for row in cm_all or ():
        if randomized is None:
            taken = row["cm_ongo"] != "N"
        else:
            begun, ended = earliest_day(row["cm_start"]), latest_day(row["cm_end"])
            taken = (begun is None or begun <= randomized) and (ended is None or ended >= randomized)
        if taken:
            yield row


def steroid_a_day(cm_all: list[AnswerRow] | None, milestone_rand: date | None) -> Decimal | None:
    """Return the highest systemic steroid dose at screening, as prednisone mg a day (E-2, X006)."""
    rows = _at_screening(cm_all, milestone_rand)
    doses = [row["cm_pred"] for row in rows if row["cm_steroid"] == "Y" and row["cm_pred"] is not None]
    return max(doses, default=None)


def suppressed(cm_any: str | None, cm_all: list[AnswerRow] | None, milestone_rand: date | None) -> str | None:
    """Return Y or N: an immunosuppressant is taken at screening; nothing while that cannot be known.

    It is not known before medication is asked, nor while there is some and none of it is on the log.
    """
    if cm_any is None or not has_its_record(cm_any, cm_all):
        return None
    return "Y" if any(row["cm_immuno"] == "Y" for row in _at_screening(cm_all, milestone_rand)) else "N"


def stopped_in_life(quit_y: int | None, elig_birth: str | None, today: date) -> bool:
    born = earliest_day(elig_birth)
    return quit_y is None or (quit_y <= today.year and (born is None or quit_y >= born.year + 8))


def year_in_life(ca_year: int | None, elig_birth: str | None, today: date) -> bool:
    born = earliest_day(elig_birth)
    return ca_year is None or (ca_year <= today.year and (born is None or ca_year >= born.year))
