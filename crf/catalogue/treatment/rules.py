"""What neoadjuvant treatment derives and compares (protocol 2.1, 3.5, X005 to X018)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from crf.catalogue.adverse_event.rules import began_near
from crf.engine.answers import AnswerRow
from crf.engine.checks import earliest_day, latest_day
from protocol import doses, scores
from protocol.endpoints import age_on
from protocol.exact import exact
from protocol.laboratory_grades import lab_grade

COUNTED = ("setting.blood_count_event_grade", "setting.blood_count_event_days")
PLANNED_CARBOPLATIN = ("treatment.CARBOPLATIN.amount", "treatment.CARBOPLATIN.doses")
PLANNED_PACLITAXEL = ("treatment.NAB_PACLITAXEL.amount", "treatment.NAB_PACLITAXEL.doses")
LAST_OF_ANY = "last_of_any_component"
BODY = ("ELIG.birth", "ELIG.sex", "DM.height", "setting.bsa_formula", "setting.gfr_formula")
GIVEN = ("full", "reduced")


def planned_day(**known: Any) -> int | None:
    """Return the day on which a dose is planned: its number is read first, the days of the text second."""
    number, days = known.values()
    return days[number - 1] if 0 < number <= len(days) else None


def drug_days(row: AnswerRow) -> list[date]:
    """Return the days on which a drug of one planned day of chemotherapy was given, first carboplatin's."""
    return [day for day in (row.get("adm_dt"), row.get("nabp_dt")) if day]


def chemo_days(chemo: list[AnswerRow]) -> list[date]:
    return [day for row in chemo for day in drug_days(row)]


def camre_days(camre: list[AnswerRow]) -> list[date]:
    """Return the calendar days at the site on which camrelizumab was given."""
    days = (earliest_day(row["ci_dt"]) for row in camre)
    return [day for day in days if day]


def first_day(rt_start: date | None, chemo: list[AnswerRow], camre: list[AnswerRow]) -> date | None:
    return doses.neo_d1(rt_start, *chemo_days(chemo), *camre_days(camre))


def end_day(
    rt_given: str | None,
    rt_end: date | None,
    completed: str | None,
    chemo: list[AnswerRow],
    camre: list[AnswerRow],
    setting_neo_end_rule: str | None,
) -> date | None:
    """Return NEO_END; a last drug ends treatment only once the summary says that it has ended."""
    any_component = setting_neo_end_rule == LAST_OF_ANY
    if rt_given == "Y" and not any_component:
        return rt_end
    if completed is None or (rt_given == "Y" and rt_end is None):
        return None
    last_drug = doses.last_dose(*chemo_days(chemo), *camre_days(camre))
    return doses.neo_end(rt_end=rt_end, last_drug=last_drug, by="any" if any_component else "rt")


def last_treatment(
    rt_end: date | None, rt_fx: list[AnswerRow], chemo: list[AnswerRow], camre: list[AnswerRow]
) -> date | None:
    fractions = [row["fx_dt"] for row in rt_fx]
    return doses.last_dose(rt_end, *fractions, *chemo_days(chemo), *camre_days(camre))


def last_camrelizumab(camre: list[AnswerRow]) -> date | None:
    return doses.last_dose(*camre_days(camre))


def expected_carboplatin(carbo_auc: Decimal, gfr_d: Decimal, setting_gfr_cap: int | None) -> Decimal | None:
    return doses.carboplatin_mg(carbo_auc, gfr_d, setting_gfr_cap)


def expected_paclitaxel(
    nabp_given: str | None,
    nabp_mgm2: Decimal | None,
    weight_d: Decimal | None,
    dm_height: Decimal | None,
    setting_bsa_formula: str,
    treatment_nab_paclitaxel_amount: float,
) -> Decimal | None:
    """Return the planned mg/m2 times the body surface of that day; a reduced dose by its own mg/m2 (X015)."""
    per_m2 = (
        nabp_mgm2 if nabp_given == "reduced" and nabp_mgm2 is not None else treatment_nab_paclitaxel_amount
    )
    surface = scores.bsa(dm_height, weight_d, setting_bsa_formula.lower())
    return doses.nab_paclitaxel_mg(surface, per_m2)


def close_to(entered: str, expected: str) -> Callable[..., bool | None]:
    """Make a check: ``entered`` is within the tolerance of ``expected``."""

    def passes(**known: Any) -> bool | None:
        return doses.within(known[entered], known[expected], percent=known["setting_dose_tolerance_percent"])

    return passes


def filtration(
    adm_dt: date | None,
    weight_d: Decimal | None,
    creat_d: Decimal | None,
    elig_birth: str | None,
    elig_sex: str | None,
    dm_height: Decimal | None,
    setting_bsa_formula: str,
    setting_gfr_formula: str,
) -> Decimal | None:
    """Return the GFR of the day of carboplatin by the formula of the text (protocol 3.5 A, gfr_calc; decision C2)."""
    return doses.gfr(
        setting_gfr_formula,
        age=age_on(elig_birth, adm_dt) if elig_birth and adm_dt else None,
        weight_kg=weight_d,
        creatinine_umol=creat_d,
        sex=elig_sex,
        bsa=scores.bsa(dm_height, weight_d, setting_bsa_formula.lower()),
    )


def weight_kept(
    dose_no: int | None,
    weight_d: Decimal | None,
    chemo: list[AnswerRow],
    dm_weight: Decimal | None,
    setting_dose_weight_change_percent: int,
) -> bool:
    """Say whether the weight is near that on which the doses were first calculated (X016, decision C2).

    That is the weight of the first dose; for the first dose itself, the weight at baseline.
    """
    earlier = [row for row in chemo if (row["dose_no"] or 0) < (dose_no or 0) and row["weight_d"]]
    basis = min(earlier, key=lambda row: row["dose_no"] or 0)["weight_d"] if earlier else dm_weight
    change = scores.weight_change_pct(basis, weight_d)
    return change is None or abs(change) <= setting_dose_weight_change_percent


def near_plan(limit: str) -> Callable[..., bool]:
    """Make a check: a dose is given at most ``limit`` days from its planned day, or its reason is answered."""

    def passes(planned_day: int | None, neo_d1: date | None, **known: Any) -> bool:
        if planned_day is None or neo_d1 is None:
            return True
        answers = list(known.items())
        given = next(value for name, value in answers if name in ("adm_dt", "nabp_dt", "ci_dt"))
        why = next(value for name, value in answers if name in ("mod_reason", "nabp_reason", "ci_why"))
        on = earliest_day(given)
        return bool(why) or on is None or abs((on - neo_d1).days + 1 - planned_day) <= known[limit]

    return passes


def chemo_as_planned(
    given: str | None,
    nabp_given: str | None,
    planned_day: int | None,
    neo_d1: date | None,
    setting_chemo_dose_apart_days: int,
    **day: date | None,
) -> bool:
    """Say whether both drugs of a day were given in full and not too late: one deviation a day (protocol 2.6)."""
    late = (_is_late(on, planned_day, neo_d1, setting_chemo_dose_apart_days) for on in day.values())
    return not {"reduced", "omitted"} & {given, nabp_given} and not any(late)


def camrelizumab_as_planned(
    ci_given: str | None,
    ci_dt: datetime | None,
    planned_day: int | None,
    neo_d1: date | None,
    setting_camrelizumab_dose_apart_days: int,
) -> bool:
    """Say the same of camrelizumab, whose doses may lie further off their day (protocol 2.6, 3.5 B)."""
    on = earliest_day(ci_dt)
    late = _is_late(on, planned_day, neo_d1, setting_camrelizumab_dose_apart_days)
    return ci_given not in ("interrupted", "omitted") and not late


def _is_late(on: date | None, planned_day: int | None, neo_d1: date | None, days: int) -> bool:
    if on is None or planned_day is None or neo_d1 is None:
        return False
    return (on - neo_d1).days + 1 - planned_day > days


def blood_allows(
    anc_d: Decimal | None,
    plt_d: int | None,
    given: str | None,
    nabp_given: str | None,
    setting_neoadjuvant_anc_min: float | None,
    setting_neoadjuvant_platelets_min: int | None,
) -> bool:
    """Say whether neutrophils and platelets of a day with a dose are not under the thresholds (X018)."""
    if given not in GIVEN and nabp_given not in GIVEN:
        return True
    pairs = ((anc_d, setting_neoadjuvant_anc_min), (plt_d, setting_neoadjuvant_platelets_min))
    return all(value is None or least is None or exact(value) >= exact(least) for value, least in pairs)


def chemo_in_order(chemo: list[AnswerRow]) -> bool:
    """Say whether each drug was given in the order of its doses."""
    rows = sorted(chemo, key=lambda row: row["dose_no"] or 0)
    by_drug = ([row[on] for row in rows if row[on]] for on in ("adm_dt", "nabp_dt"))
    return all(earlier < later for days in by_drug for earlier, later in pairwise(days))


def chemo_number(chemo: list[AnswerRow]) -> int:
    """Return the number of days on which a drug was given."""
    return sum(row["given"] in GIVEN or row["nabp_given"] in GIVEN for row in chemo)


def carboplatin_number(chemo: list[AnswerRow]) -> int:
    return sum(row["given"] in GIVEN for row in chemo)


def paclitaxel_number(chemo: list[AnswerRow]) -> int:
    return sum(row["nabp_given"] in GIVEN for row in chemo)


def camre_number(camre: list[AnswerRow]) -> int:
    return sum(row["ci_given"] in ("full", "interrupted") for row in camre)


def carboplatin_intensity(
    chemo: list[AnswerRow], treatment_carboplatin_amount: float, treatment_carboplatin_doses: int
) -> Decimal | None:
    planned = treatment_carboplatin_doses * treatment_carboplatin_amount
    return doses.cumulative_dose_pct((row["carbo_auc"] for row in chemo), planned)


def paclitaxel_intensity(
    chemo: list[AnswerRow], treatment_nab_paclitaxel_amount: float, treatment_nab_paclitaxel_doses: int
) -> Decimal | None:
    planned = treatment_nab_paclitaxel_doses * treatment_nab_paclitaxel_amount
    return doses.cumulative_dose_pct((row["nabp_mgm2"] for row in chemo), planned)


def delivered(deliv_fx: int, dpf: Decimal) -> Decimal | None:
    return doses.rt_total(deliv_fx, dpf)


def radiation_completed(deliv_fx: int, presc_fx: int) -> Decimal | None:
    return doses.cumulative_dose_pct((deliv_fx,), presc_fx)


def weekdays_without(
    rt_start: date | None, rt_end: date | None, deliv_fx: int | None, rt_fx: list[AnswerRow]
) -> int | None:
    """Return the weekdays without a fraction: from the log where it is kept, else from the summary."""
    days = [row["fx_dt"] for row in rt_fx if row["fx_dt"]]
    return doses.rt_gap_days_in_log(days) if days else doses.rt_gap_days(rt_start, rt_end, deliv_fx)


def together(rt_start: date, chemo: list[AnswerRow]) -> str | None:
    """Return Y when the first chemotherapy was given on the day of the first fraction."""
    days = chemo_days(chemo)
    return None if not days else "Y" if min(days) == rt_start else "N"


def starts_apart(limit: str) -> Callable[..., bool]:
    """Make a check: radiotherapy and chemotherapy start at most ``limit`` days apart (X010)."""

    def passes(rt_start: date, chemo: list[AnswerRow], **known: int) -> bool:
        given = chemo_days(chemo)
        return not given or abs((min(given) - rt_start).days) <= known[limit]

    return passes


def no_camrelizumab(ci_any: str | None, camre: list[AnswerRow]) -> bool:
    return ci_any != "Y" and not camre


def first_camrelizumab_in_time(
    neo_d1: date, camre: list[AnswerRow], today: date, setting_camrelizumab_first_dose_days: int
) -> bool:
    """Say whether dose 1 was given by its last day, or that day is not over yet (X012)."""
    last = neo_d1 + timedelta(days=setting_camrelizumab_first_dose_days)
    given = camre_days([row for row in camre if row["ci_no"] == 1])
    return (min(given) if given else today) <= last


def _intervals(camre: list[AnswerRow]) -> list[int]:
    """Return the days from each dose of camrelizumab that was given to the next one."""
    given = camre_days(sorted(camre, key=lambda row: row["ci_no"] or 0))
    return [(later - earlier).days for earlier, later in pairwise(given)]


def interval_is_usual(
    camre: list[AnswerRow],
    setting_camrelizumab_interval_min_days: int,
    setting_camrelizumab_interval_max_days: int,
) -> bool:
    """Say whether the camrelizumab doses lie as far apart as planned (X013)."""
    least, most = setting_camrelizumab_interval_min_days, setting_camrelizumab_interval_max_days
    return all(least <= days <= most for days in _intervals(camre))


def interval_is_possible(camre: list[AnswerRow], setting_camrelizumab_interval_possible_days: int) -> bool:
    """Say whether no dose is dated so soon after the one before that it must be a mistake (X013a)."""
    return all(days >= setting_camrelizumab_interval_possible_days for days in _intervals(camre))


def results_seen(**seen: str | None) -> bool:
    return "N" not in seen.values()


def stopped_for_good(camre: list[AnswerRow]) -> bool:
    """Say whether no dose follows the dose at which camrelizumab was stopped (protocol 3.5 B)."""
    stops = [row["ci_no"] or 0 for row in camre if row["ci_stop"] == "Y"]
    later = [row for row in camre if stops and (row["ci_no"] or 0) > min(stops)]
    return all(row["ci_given"] in (None, "omitted") for row in later)


def doses_named_once(camre: list[AnswerRow]) -> bool:
    numbers = [row["ci_no"] for row in camre if row["ci_no"]]
    return len(numbers) == len(set(numbers))


def _days_of_radiotherapy(rt_start: date, rt_end: date) -> int:
    return (rt_end - rt_start).days + 1


def duration_is_possible(rt_start: date, rt_end: date, setting_rt_duration_possible_days: int) -> bool:
    return 1 <= _days_of_radiotherapy(rt_start, rt_end) <= setting_rt_duration_possible_days


def duration_is_usual(
    rt_start: date, rt_end: date, setting_rt_duration_min_days: int, setting_rt_duration_max_days: int
) -> bool:
    """Say whether radiotherapy takes as many days as planned, both ends counted."""
    days = _days_of_radiotherapy(rt_start, rt_end)
    return setting_rt_duration_min_days <= days <= setting_rt_duration_max_days


def log_agrees(rt_fx: list[AnswerRow], rt_start: date, rt_end: date | None, deliv_fx: int | None) -> bool:
    """Say whether first day, last day and number of fractions are those of the log, once it is finished."""
    days = sorted(row["fx_dt"] for row in rt_fx if row["fx_dt"])
    if not days or rt_end is None or deliv_fx is None:
        return True
    return (days[0], days[-1], len(days)) == (rt_start, rt_end, deliv_fx)


def prescription_adds_up(presc_gy: Decimal, presc_fx: int, dpf: Decimal) -> bool | None:
    return doses.rt_total_agrees(presc_gy, presc_fx, dpf)


def as_planned(**known: Any) -> bool:
    """Say whether treatment called complete had every dose and fraction, in Arm 1 those of camrelizumab too."""
    carboplatin = known["carbo_n"] == known["treatment_carboplatin_doses"]
    chemo = carboplatin and known["nabp_n"] == known["treatment_nab_paclitaxel_doses"]
    fractions = (known["deliv_fx"] or 0) >= known["fact_rt_fractions"]
    camre = known["participant_arm"] != "1" or known["ci_n"] == known["treatment_camrelizumab_doses"]
    return known["completed"] != "Y" or (chemo and fractions and camre)


def every_dose_accounted(camre: list[AnswerRow], treatment_camrelizumab_doses: int) -> bool:
    return {row["ci_no"] for row in camre} >= set(range(1, treatment_camrelizumab_doses + 1))


def is_as_planned(**known: float) -> bool:
    """Say whether what was prescribed or given, read first, is what the text plans, read second."""
    given, planned = known.values()
    return exact(given) == exact(planned)


def is_not_above_plan(**known: float) -> bool:
    """Say whether what was given, read first, is at most what the text plans, read second."""
    given, planned = known.values()
    return exact(given) <= exact(planned)


def tested_in_time(
    neo_d1: date | None,
    elig_wocbp: str | None,
    elig_preg_res: str | None,
    elig_preg_dt: date | None,
    setting_pregnancy_test_days: int,
) -> bool:
    """Say whether treatment began with a recent negative pregnancy test, where one is due (X005)."""
    if neo_d1 is None or elig_wocbp != "Y":
        return True
    if elig_preg_res != "NEG" or elig_preg_dt is None:
        return False
    return 0 <= (neo_d1 - elig_preg_dt).days <= setting_pregnancy_test_days


def reaction_is_recorded(ci_dt: datetime, ae_all: list[AnswerRow]) -> bool:
    """Say whether a reaction to camrelizumab stands among the adverse events (protocol 3.5 B, ci_reac)."""
    day = earliest_day(ci_dt)
    return day is None or any(began_near(event, day) for event in ae_all)


def day_of_counts(
    neo_d1: date | None, count_dt: date | None, planned_day: int | None, row: AnswerRow
) -> date | None:
    """Return the day that blood counts are of: as answered, else that of a drug, else the planned one."""
    planned = neo_d1 + timedelta(days=planned_day - 1) if neo_d1 and planned_day else None
    return count_dt or next(iter(drug_days(row)), planned)


def severe_count_is_an_event(
    anc_d: Decimal | None,
    plt_d: int | None,
    ae_all: list[AnswerRow] | None,
    setting_blood_count_event_grade: int,
    setting_blood_count_event_days: int,
    **day: Any,
) -> bool:
    """Say whether a severe count of a day, with or without a dose, has an adverse event around it (X019)."""
    grades = (lab_grade("NEUT", anc_d), lab_grade("PLAT", plt_d))
    on = day_of_counts(day["neo_d1"], day["count_dt"], day["planned_day"], day)
    if on is None or all((grade or 0) < setting_blood_count_event_grade for grade in grades):
        return True
    near = timedelta(days=setting_blood_count_event_days)
    for event in ae_all or ():
        began, ended = earliest_day(event.get("ae_st")), latest_day(event.get("ae_en"))
        if began and began <= on + near and (ended is None or ended >= on - near):
            return True
    return False


def reaction_to_a_drug_is_recorded(ae_all: list[AnswerRow] | None, **day: Any) -> bool:
    """Say whether a reaction on a day of chemotherapy stands among the adverse events."""
    given = drug_days(day)
    return not given or any(began_near(event, on) for event in ae_all or () for on in given)
