"""What the surveillance visit derives and compares (protocol 2.2, 3.11)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from crf.catalogue.treatment.rules import drug_days
from crf.engine.answers import AnswerRow
from crf.engine.checks import earliest_day, latest_day
from protocol.loader.schema import VisitRule
from protocol.response_reasons import Because
from protocol.scores import weight_change_pct
from protocol.text import load
from protocol.windows import target_of

SERIES = "surveillance"
LATE = tuple(f"as_late_{organ}" for organ in ("lung", "heart", "thyr", "adren", "skin", "gut", "nerve"))


def _series(version: str) -> list[VisitRule]:
    return [rule for rule in load(version).visits if rule.series == SERIES]


def visit_number(visit_code: str, participant_protocol_version: str) -> int | None:
    """Return which surveillance visit it is; the first is 1, an unscheduled one has no number."""
    codes = [rule.code for rule in _series(participant_protocol_version)]
    return codes.index(visit_code) + 1 if visit_code in codes else None


def next_due(visit_code: str, milestone_neo_end: date, participant_protocol_version: str) -> date | None:
    """Return when the evaluation after this visit is due, by the calendar of the protocol text."""
    rules = _series(participant_protocol_version)
    number = visit_number(visit_code, participant_protocol_version)
    if number is None or number == len(rules):
        return None
    return target_of(rules[number].due.target, milestone_neo_end)


def weight_change(
    as_wt: Decimal | None, treat_chemo: list[AnswerRow] | None, dm_weight: Decimal | None
) -> Decimal | None:
    """Return the change from the weight of the first dose, else from the baseline (protocol 3.11, as_wtpct)."""
    dosed = sorted(
        (row for row in treat_chemo or () if row.get("weight_d") and drug_days(row)),
        key=lambda row: min(drug_days(row)),
    )
    before = dosed[0]["weight_d"] if dosed else dm_weight
    return weight_change_pct(before, as_wt)


def evaluation_at(visit_code: str | None, cre_all: list[AnswerRow] | None) -> AnswerRow | None:
    """Return the response evaluation of the same visit."""
    return next((row for row in cre_all or () if row.get("visit_code") == visit_code), None)


def elements_missing(
    as_done: str | None,
    visit_code: str | None,
    cre_all: list[AnswerRow] | None,
    setting_bite_on_bite_min: int,
) -> list[str]:
    """Return the parts of the evaluation that the visit asks for and that were not done."""
    if as_done is None:
        return []
    evaluation = evaluation_at(visit_code, cre_all) or {}
    done = {
        "pet": evaluation.get("pet_done") == "Y",
        "endoscopy": evaluation.get("ogd_done") == "Y",
        "biopsies": (evaluation.get("bob_n") or 0) >= setting_bite_on_bite_min,
        "eus": evaluation.get("eus_done") == "Y",
        "fna": Because.FNA_MISSING not in (evaluation.get("cre_because") or ()),
    }
    return [element for element, is_done in done.items() if not is_done]


def evaluation_is_there(visit_code: str, cre_all: list[AnswerRow]) -> bool:
    return evaluation_at(visit_code, cre_all) is not None


def nothing_missing(as_elem: list[str]) -> bool:
    return not as_elem


def _grade_before(as_dt: date, as_all: list[AnswerRow] | None, dm_dysph: str | None) -> str | None:
    earlier = [row for row in as_all or () if row.get("as_dysph") and row["as_dt"] and row["as_dt"] < as_dt]
    return earlier[-1]["as_dysph"] if earlier else dm_dysph


def no_rise_or_seen(
    as_dt: date | None,
    as_dysph: str | None,
    as_all: list[AnswerRow] | None,
    dm_dysph: str | None,
    cre_all: list[AnswerRow] | None,
    setting_dysphagia_rise_grades: int,
) -> bool:
    """Say whether dysphagia did not rise much, or an unscheduled evaluation followed (protocol 3.11)."""
    before = _grade_before(as_dt, as_all, dm_dysph) if as_dt else None
    if as_dt is None or as_dysph is None or before is None:
        return True
    if int(as_dysph) - int(before) < setting_dysphagia_rise_grades:
        return True
    looked = (row.get("cre_dt") for row in cre_all or () if row.get("cre_type") == "UNS")
    return any(day is not None and day >= as_dt for day in looked)


def before_surgery(as_dt: date, milestone_surg: date) -> bool:
    return as_dt < milestone_surg


def in_window(as_dt: date, visit_opens: date, visit_closes: date) -> bool:
    return visit_opens <= as_dt <= visit_closes


def dilated_by_then(as_dilat_dt: date, as_dt: date) -> bool:
    return as_dilat_dt <= as_dt


def _around(as_dt: date, event: AnswerRow, days: int) -> bool:
    """Say whether an adverse event was there at the visit or in the months before it."""
    began, ended = earliest_day(event.get("ae_st")), latest_day(event.get("ae_en"))
    return began is not None and began <= as_dt and (ended is None or ended >= as_dt - timedelta(days=days))


def late_is_recorded(
    as_dt: date | None,
    ae_all: list[AnswerRow] | None,
    setting_surveillance_looks_back_days: int,
    **late_effects: str | None,
) -> bool:
    """Say whether late toxicity has an adverse event around the visit."""
    if as_dt is None or "Y" not in late_effects.values():
        return True
    return any(_around(as_dt, event, setting_surveillance_looks_back_days) for event in ae_all or ())


def stenosis_is_recorded(as_sten: str, ae_all: list[AnswerRow]) -> bool:
    """Say whether a stenosis that is treated stands among the adverse events."""
    return as_sten == "none" or any(event.get("ae_kind") == "stenosis" for event in ae_all)


def wish_is_recorded(
    as_dt: date, cre_all: list[AnswerRow], setting_surveillance_looks_back_days: int
) -> bool:
    """Say whether the wish for surgery stands in the decision of an evaluation from that day on."""
    decided = (row for row in cre_all if row.get("pt_dec") == "asks_surgery")
    since = as_dt - timedelta(days=setting_surveillance_looks_back_days)
    return any((row.get("cre_dt") or date.min) >= since for row in decided)


def stop_is_recorded(participant_withdrawn: list[str]) -> bool:
    """Say whether a withdrawal stands that ends surveillance."""
    return not {"procedures", "all_contact"}.isdisjoint(participant_withdrawn)
