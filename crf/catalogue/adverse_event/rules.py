"""What an adverse event derives, and what it has to agree with (protocol 3.6, X019 to X024)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from crf.catalogue.surgery.outcomes import with_incision
from crf.engine.answers import AnswerRow
from crf.engine.checks import earliest_day, latest_day
from protocol import ctcae
from protocol.safety import (
    CollectionDays,
    Milestones,
    SteroidCourse,
    ae_period,
    is_collected,
    is_fatal,
    is_related,
    more_cautious,
    prolonged_steroid,
    report_due,
    special_interest,
)
from protocol.safety_deadlines import ClockKind
from protocol.scores import rccep_grade

DAYS = (
    *("milestone.ICF", "milestone.NEO_D1", "milestone.LASTDOSE", "milestone.LASTCAMRE"),
    *("milestone.SURG", "milestone.CCR", "milestone.LATECCR", "SURG*"),
)
COLLECTED = (
    *("setting.ae_after_last_dose_days", "setting.ae_after_surgery_days"),
    *("setting.ae_serious_after_treatment_days", "setting.ae_late_after_days"),
)
SPECIAL = ("setting.aesi_pneumonitis_grade", "setting.aesi_bleeding_grade")
LONG_STEROID = ("setting.steroid_long_mg", "setting.steroid_long_days")
RELATIONS = ("rel_camre", "rel_chemo", "rel_rt", "rel_surg", "rel_proc")
WINDOW = (
    *("ae_st", "ae_en", "serious", "irae", "cre_rel", "rel_worst", "rel_rt", "ae_kind", "aesi", "AS*"),
    *("setting.surveillance_looks_back_days", *DAYS, *COLLECTED),
)
LATE_TOXICITY = ("lung", "heart", "thyr", "adren", "skin", "gut", "nerve")
EXPOSURE = ("TREAT.camre", "FU*", "ST*")
DOSES = ("TREAT.camre", "TREAT.chemo", "TREAT.rt_end")


def _milestones(known: AnswerRow) -> Milestones:
    return Milestones(
        icf=known["milestone_icf"],
        neo_d1=known["milestone_neo_d1"],
        last_dose=known["milestone_lastdose"],
        last_camrelizumab=known["milestone_lastcamre"],
        surg=known["milestone_surg"],
        ccr=known["milestone_ccr"] or known["milestone_lateccr"],
        operations=tuple(row["surg_dt"] for row in with_incision(known["surg_all"])),
    )


def _collection(known: AnswerRow) -> CollectionDays:
    return CollectionDays(
        after_last_dose=known["setting_ae_after_last_dose_days"],
        after_surgery=known["setting_ae_after_surgery_days"],
        serious_after_treatment=known["setting_ae_serious_after_treatment_days"],
        late_after=known["setting_ae_late_after_days"],
    )


def died_of(event: Mapping[str, Any]) -> bool:
    """Say whether the record of an event says that the participant died of it (protocol 2.6, 3.6)."""
    return is_fatal(outcome=event.get("outcome"), grade=event.get("grade"), criteria=event.get("ser_crit"))


def is_serious(event: Mapping[str, Any]) -> bool:
    """Say whether an event is serious: by its answer, or because it was fatal."""
    return event.get("serious") == "Y" or died_of(event)


def code_of_term(ctcae_term: str, **known: Any) -> str | None:
    """Return MedDRA's code of the term of CTCAE, None where it is no term (protocol 3.6)."""
    term = ctcae.term_of(ctcae_term)
    return term.code if term else None


def version_of_term(ctcae_term: str, **known: Any) -> str | None:
    """Return the version of CTCAE in which the term stands."""
    return ctcae.VERSION if ctcae.term_of(ctcae_term) else None


def grades_of_term(ctcae_term: str, **known: Any) -> list[str] | None:
    """Return the grades that the term has, as codes."""
    term = ctcae.term_of(ctcae_term)
    return list(term.grades) if term else None


def period_of(ae_st: str, **known: Any) -> str | None:
    onset = earliest_day(ae_st)
    period = ae_period(onset, _milestones(known), _collection(known)) if onset else None
    return period.value if period else None


def strongest(**relations: str | None) -> str | None:
    """Return the strongest relation to a treatment or procedure of the trial."""
    return more_cautious(*relations.values())


def collected(ae_st: str | None, **known: Any) -> bool | None:
    """Say whether the event lies in the collection window; the latest day of a partial onset is doubted last."""
    days = [day for day in (earliest_day(ae_st), latest_day(ae_st)) if day]
    if not days:
        return None
    return any(
        is_collected(
            day,
            _milestones(known),
            _collection(known),
            serious=known["serious"] == "Y",
            immune_related=known["irae"] == "Y",
            related=bool(is_related(known["rel_worst"])),
            at_any_time=at_any_time(ae_st, known),
        )
        for day in days
    )


def at_any_time(ae_st: str | None, known: AnswerRow) -> bool:
    """Say whether the event is one that forms ask for at any time after treatment (protocol 3.6, 3.7, 3.11)."""
    late_of_radiation = bool(is_related(known["rel_rt"]))
    named = known["cre_rel"] == "Y" or known["ae_kind"] == "stenosis" or bool(known["aesi"])
    return named or late_of_radiation or _asked_in_surveillance(ae_st, known)


def _asked_in_surveillance(ae_st: str | None, known: AnswerRow) -> bool:
    """Say whether a surveillance visit ticked late toxicity, or a stenosis, while the event was there."""
    began, ended = earliest_day(ae_st), latest_day(known["ae_en"])
    looks_back = timedelta(days=known["setting_surveillance_looks_back_days"])
    for seen in known["as_all"] or ():
        ticked = any(seen.get(f"as_late_{organ}") == "Y" for organ in LATE_TOXICITY)
        ticked = ticked or seen.get("as_sten") not in (None, "none")
        on = seen.get("as_dt")
        if ticked and on and began and began <= on and (ended is None or ended >= on - looks_back):
            return True
    return False


def special(**known: Any) -> list[str]:
    kinds = (known["ae_kind"], known["irae_type"])
    return list(
        special_interest(
            kinds,
            from_grade={
                "pneumonitis": known["setting_aesi_pneumonitis_grade"],
                "bleeding": known["setting_aesi_bleeding_grade"],
            },
            grade=int(known["grade"] or 0),
            fatal=known["outcome"] == "fatal",
            related=bool(is_related(known["rel_worst"])),
        )
    )


def suggested_rccep(
    rccep_mm: Decimal | None, rccep_gen: str | None, ser_crit: list[str] | None, outcome: str | None
) -> int | None:
    """Return the grade that size and spread of the nodules suggest; nothing while neither is known."""
    return rccep_grade(
        largest_mm=rccep_mm,
        generalised=rccep_gen == "Y",
        life_threatening="life" in (ser_crit or ()),
        fatal=outcome == "fatal",
    )


def agrees_with_rccep(grade: str, rccep_grade: int) -> bool:
    return int(grade) == rccep_grade


def long_steroid(
    ir_st: date | None,
    ir_en: date | None,
    ir_pred: Decimal | None,
    today: date | None,
    setting_steroid_long_mg: int,
    setting_steroid_long_days: int,
) -> bool | None:
    """Say whether much prednisone was given for long (protocol 3.6)."""
    if ir_st is None or ir_pred is None or (ir_en is None and today is None):
        return None
    return prolonged_steroid(
        [SteroidCourse(ir_st, ir_en, ir_pred)],
        until=ir_en or today or ir_st,
        limit_mg=setting_steroid_long_mg,
        days=setting_steroid_long_days,
    )


def began_near(event: AnswerRow, day: date, *, before: int = 0, after: int = 1) -> bool:
    """Say whether an event can have begun from ``before`` days before ``day`` to ``after`` days after it."""
    first, last = earliest_day(event.get("ae_st")), latest_day(event.get("ae_st"))
    if first is None or last is None:
        return False
    return first <= day + timedelta(days=after) and last >= day - timedelta(days=before)


def ends_after_start(ae_st: str, ae_en: str) -> bool:
    start, end = earliest_day(ae_st), latest_day(ae_en)
    return start is None or end is None or start <= end


def after_consent(ae_st: str, milestone_icf: date) -> bool:
    last = latest_day(ae_st)
    return last is None or last >= milestone_icf


def grade_5_is_fatal(grade: str, outcome: str) -> bool:
    return (grade == "5") == (outcome == "fatal")


def death_is_a_criterion(outcome: str, serious: str | None, ser_crit: list[str] | None) -> bool:
    """Say whether a fatal event is serious by death, and no other is."""
    return (outcome == "fatal") == ("death" in (ser_crit or ())) and (outcome != "fatal" or serious == "Y")


def highest_of_history(grade: str, ae_grades: list[AnswerRow]) -> bool:
    """Say whether the grade is the highest of the history, where one is kept."""
    kept = [row["g_grade"] for row in ae_grades if row["g_grade"]]
    return not kept or max(kept) == grade


def history_within(ae_st: str | None, ae_en: str | None, ae_grades: list[AnswerRow]) -> bool:
    """Say whether every day of the grade history lies between start and end."""
    first, last = earliest_day(ae_st), latest_day(ae_en)
    for row in ae_grades:
        early, late = earliest_day(row["g_from"]), latest_day(row["g_from"])
        if (first and late and late < first) or (last and early and early > last):
            return False
    return True


def _given(rows: list[AnswerRow] | None, column: str) -> Iterator[date]:
    for row in rows or ():
        if day := earliest_day(row.get(column)):
            yield day


def inhibitors(known: AnswerRow) -> list[str | date | datetime]:
    """Return the days of any checkpoint inhibitor as they are on record: neoadjuvant, adjuvant or later."""
    given = (row.get("ci_dt") for row in known["treat_camre"] or ())
    after_surgery = (
        row.get("adj_start") or row.get("fu_dt")
        for row in known["fu_all"] or ()
        if row.get("adj_given") == "io"
    )
    later = (
        row.get("st_start")
        for row in known["st_all"] or ()
        if row.get("st_kind") == "io" or "pd1" in (row.get("st_class") or ())
    )
    return [day for day in (*given, *after_surgery, *later) if day]


def exposures(known: AnswerRow) -> list[date]:
    """Return the first day that each of ``inhibitors`` can mean."""
    return [day for told in inhibitors(known) if (day := earliest_day(told))]


def first_exposure(known: AnswerRow) -> date | None:
    """Return the first day of any checkpoint inhibitor: neoadjuvant, adjuvant or later (X023)."""
    return min(exposures(known), default=None)


def camre_related_only_after_it(ae_st: str, rel_camre: str, treat_camre: list[AnswerRow] | None) -> bool:
    """Say whether the relation to camrelizumab is "not given" where none was given before the onset."""
    given = min(_given(treat_camre, "ci_dt"), default=None)
    last = latest_day(ae_st)
    return rel_camre == "na" or (given is not None and (last is None or given <= last))


def exposed_before(ae_st: str, **known: Any) -> bool:
    """Say whether a checkpoint inhibitor was given before an immune-related event began (X023)."""
    first, last = first_exposure(known), latest_day(ae_st)
    return first is not None and (last is None or first <= last)


def stopped_means_stopped(action: str, kind: str) -> Callable[..., bool]:
    """Make a check: no dose of a treatment follows the event that stopped it (X020)."""

    def passes(**known: Any) -> bool:
        onset = latest_day(known["ae_st"])
        if known[action] != "stopped" or onset is None:
            return True
        return all(day <= onset for day in _doses(kind, known))

    return passes


def _doses(kind: str, known: AnswerRow) -> Iterator[date]:
    if kind == "camre":
        yield from _given(known["treat_camre"], "ci_dt")
    elif kind == "chemo":
        yield from _given(known["treat_chemo"], "adm_dt")
        yield from _given(known["treat_chemo"], "nabp_dt")
    elif known["treat_rt_end"]:
        yield known["treat_rt_end"]


def action_on_what_is_given(action: str, kind: str) -> Callable[..., bool]:
    """Make a check: an action on a treatment needs that treatment (protocol 3.6, action)."""

    def passes(**known: Any) -> bool:
        return known[action] in (None, "na", "none") or any(True for _day in _doses(kind, known))

    return passes


def reported_in_time(
    serious: str | None,
    ser_aware: datetime | None,
    record_sequence: int,
    today: date | None,
    sae_all: list[AnswerRow] | None,
    safety_clocks: list[AnswerRow] | None,
    setting_sae_report_hours: int,
) -> bool:
    """Say whether a serious event was reported, or the last day for it is not over yet (X021)."""
    if serious != "Y" or today is None:
        return True
    own = [row["due_at"] for row in safety_clocks or () if is_report_clock(row, record_sequence)]
    aware = [report_due(ser_aware, hours=setting_sae_report_hours)] if ser_aware else []
    due = earliest_day(min((*own, *aware), default=None))
    reports = (row for row in sae_all or () if row.get("ae_no") == record_sequence)
    return any(row.get("sae_report") for row in reports) or due is None or today <= due


def is_report_clock(clock: AnswerRow, event_no: int | None) -> bool:
    """Say whether a clock is the one of the site's report of an event."""
    return bool(clock["event_no"] == event_no and clock["kind"] == ClockKind.SAE_REPORT)


def same_day_as_the_death(ae_en: str, surv_death_dt: str) -> bool:
    """Say whether the event that killed ends on the day of death (X022)."""
    first, last = earliest_day(ae_en), latest_day(ae_en)
    start, end = earliest_day(surv_death_dt), latest_day(surv_death_dt)
    return bool(first and last and start and end and first <= end and start <= last)


def nobody_met_them_later(ae_en: str, surv_all: list[AnswerRow] | None) -> bool:
    """Say whether no contact found the participant alive after an event that killed (X022)."""
    last = latest_day(ae_en)
    seen = [row.get("status_dt") for row in surv_all or () if row.get("vital") == "alive"]
    return last is None or all(day is None or day <= last for day in seen)


def death_is_recorded(surv_death_dt: str | None) -> bool:
    return bool(surv_death_dt)


def aware_after_onset(ae_st: str, ser_aware: datetime) -> bool:
    first, aware = earliest_day(ae_st), earliest_day(ser_aware)
    return first is None or aware is None or aware >= first
