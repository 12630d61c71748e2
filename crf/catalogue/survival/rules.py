"""What the survival form derives, and what contradicts a death (protocol 3.13, X022, X061, X063, X064)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from crf.catalogue.subsequent_therapy.rules import RELAPSED, has_row, known_by
from crf.catalogue.surgery.outcomes import with_incision
from crf.engine.answers import AnswerRow
from crf.engine.checks import earliest_day, latest_day
from protocol.endpoints import (
    Admission,
    DeathDate,
    DeathDay,
    Mortality,
    death_day,
    death_without_date,
    died_within,
    last_alive,
    perioperative_mortality,
)
from protocol.history import CUT_SWEEPS
from protocol.windows import add_months

PROOFS = (
    *("visit.last_on", "CRE*", "milestone.RAND", "milestone.NEO_D1", "milestone.LASTDOSE"),
    *("SURG*", "QOL*", "FU*.img"),
)
CONTACTS = ("status_dt", "vital", "SURV*", "FU*")
DERIVED = ("death_known", "death_first", "death_last")
DEATH = ("death_dt", "last_alive_dt", *CONTACTS)
EXAMINATIONS = ("cre_dt", "ogd_dt", "pet_dt", "eus_dt", "ct_dt")


def seen_alive(known: AnswerRow) -> Iterator[date | None]:
    """Yield the days on which the participant came, was treated, examined, asked or sent home (protocol 3.13)."""
    yield known["visit_last_on"]
    yield from (known[f"milestone_{code}"] for code in ("rand", "neo_d1", "lastdose"))
    yield from (row.get(name) for row in known["cre_all"] or () for name in EXAMINATIONS)
    yield from (row.get("q_done_dt") for row in known["qol_all"] or ())
    yield from (row.get("img_dt") for row in known["fu_all_img"] or ())
    for row in with_incision(known["surg_all"]):
        yield row["surg_dt"]
        yield row.get("disch_dt") if row.get("disch_to") != "died" else None


def heard_alive(known: AnswerRow) -> Iterator[date | None]:
    """Yield the days on which a contact said that the participant was alive."""
    if known["vital"] == "alive":
        yield known["status_dt"]
    yield from (row.get("status_dt") for row in known["surv_all"] or () if row.get("vital") == "alive")
    yield from (row.get("fu_dt") for row in known["fu_all"] or () if row.get("alive") == "Y")


def last_proof_of_life(**known: Any) -> date | None:
    return last_alive((*seen_alive(known), *heard_alive(known)))


def disease_known(status_dt: date | None, dz_now: str | None, **known: Any) -> bool | None:
    """Say whether this contact asks for anticancer therapy (decision D3); None while no disease is known."""
    known_then = status_dt is not None and (dz_now in RELAPSED or known_by(status_dt, **known))
    return known_then or None


def therapy_in_the_log(status_dt: date, **known: Any) -> bool:
    """Say whether a new therapy of this contact stands in its log (decision D3)."""
    return has_row(status_dt, known)


def reported_on(known: AnswerRow) -> date | None:
    """Return the day on which the death was first reported: it is no later than that (decision D4)."""
    days = [row.get("status_dt") for row in known["surv_all"] or () if row.get("vital") == "dead"]
    days += [row.get("fu_dt") for row in known["fu_all"] or () if row.get("alive") == "N"]
    days += [known["status_dt"]] if known["vital"] == "dead" else []
    return min(filter(None, days), default=None)


def death_of(known: AnswerRow) -> DeathDate | None:
    """Return the death that this page tells of, with its possible days (decision D4)."""
    if known["vital"] != "dead":
        return None
    between = {"last_alive_on": known["last_alive_dt"], "reported_on": reported_on(known)}
    return death_day(known["death_dt"], **between) or death_without_date(**between)


def recorded_death(surv_all: list[AnswerRow] | None) -> DeathDate | None:
    """Return the death as the survival form that knows its day best has derived it."""
    pages = [page for page in surv_all or () if page.get("vital") == "dead" and all(map(page.get, DERIVED))]
    if not pages:
        return None
    best = min(pages, key=lambda page: page["death_last"] - page["death_first"])
    known = DeathDay(best["death_known"])
    return DeathDate(best["death_calc"], known, best["death_first"], best["death_last"])


def day_for_analysis(**known: Any) -> date | None:
    death = death_of(known)
    return death.on if death else None


def first_possible_day(**known: Any) -> date | None:
    death = death_of(known)
    return death.earliest if death else None


def last_possible_day(**known: Any) -> date | None:
    death = death_of(known)
    return death.latest if death else None


def how_exact(**known: Any) -> str | None:
    death = death_of(known)
    return death.known.value if death else None


def _mortality(known: AnswerRow) -> Mortality:
    admissions = [Admission(row["surg_dt"], row.get("disch_dt")) for row in with_incision(known["surg_all"])]
    return perioperative_mortality(admissions, death=death_of(known), last_alive_on=known["last_alive_dt"])


def within_30_of_surgery(**known: Any) -> bool | None:
    return _mortality(known).within_30_days


def within_90_of_surgery(**known: Any) -> bool | None:
    return _mortality(known).within_90_days


def in_the_same_admission(**known: Any) -> bool | None:
    return _mortality(known).in_hospital


def within_30_of_treatment(**known: Any) -> bool | None:
    return _after_treatment(30, known)


def within_90_of_treatment(**known: Any) -> bool | None:
    return _after_treatment(90, known)


def _after_treatment(days: int, known: AnswerRow) -> bool | None:
    return died_within(
        days, known["milestone_lastdose"], death=death_of(known), last_alive_on=known["last_alive_dt"]
    )


def nothing_after_death(death_dt: str, **known: Any) -> bool:
    """Say whether no visit, treatment or examination is dated after the death (X061)."""
    last, died = last_alive(seen_alive(known)), latest_day(death_dt)
    return last is None or died is None or last <= died


def no_contact_after_death(death_dt: str | None, **known: Any) -> bool:
    """Say whether no contact found the participant alive after a death recorded here or before (X063)."""
    deaths = [latest_day(day) for day in (death_dt, *_other_deaths(known["surv_all"])) if day]
    last = last_alive(heard_alive(known))
    return last is None or all(day is None or last <= day for day in deaths)


def known_at_the_cut(
    vital: str,
    last_alive_dt: date | None,
    visit_code: str | None,
    visit_target: date | None,
    setting_sweep_months: int,
) -> bool:
    """Say whether, at the sweep of a data cut, some answer tells who was alive so few months before it (X064)."""
    if visit_target is None or not (visit_code or "").startswith(CUT_SWEEPS) or vital != "unknown":
        return True
    return last_alive_dt is not None and last_alive_dt >= add_months(visit_target, -setting_sweep_months)


def _other_deaths(surv_all: list[AnswerRow] | None) -> Iterator[str]:
    yield from (row["death_dt"] for row in surv_all or () if row.get("death_dt"))


def one_death_date(death_dt: str, surv_all: list[AnswerRow]) -> bool:
    """Say whether every recorded death can be the same day (protocol 3.13)."""
    return all(_overlap(death_dt, other) for other in _other_deaths(surv_all))


def _overlap(one: str | date, other: str | date) -> bool:
    first, last = earliest_day(one), latest_day(one)
    start, end = earliest_day(other), latest_day(other)
    return bool(first and last and start and end and first <= end and start <= last)


def died_in_hospital_on(surg_all: list[AnswerRow] | None) -> list[date]:
    """Return the days on which an admission of an operation ended with death."""
    return [
        row["disch_dt"] for row in surg_all or () if row.get("disch_to") == "died" and row.get("disch_dt")
    ]


def discharge_agrees(
    vital: str, death_dt: str | None, status_dt: date | None, surg_all: list[AnswerRow] | None
) -> bool:
    """Say whether a death in hospital after an operation has the same date on both forms (X022)."""
    ends = died_in_hospital_on(surg_all)
    if vital == "dead":
        return death_dt is None or all(_overlap(death_dt, end) for end in ends)
    return vital != "alive" or status_dt is None or all(status_dt <= end for end in ends)


def fatal_event_agrees(
    vital: str, death_dt: str | None, status_dt: date | None, ae_all: list[AnswerRow] | None
) -> bool:
    """Say whether a fatal adverse event ends on the day of death, and nobody was met alive after it (X022)."""
    ends = [row["ae_en"] for row in ae_all or () if row.get("outcome") == "fatal" and row.get("ae_en")]
    if vital == "dead":
        return death_dt is None or all(_overlap(death_dt, end) for end in ends)
    last = [latest_day(end) for end in ends]
    return status_dt is None or all(day is None or status_dt <= day for day in last)


def reported_in_time(death_dt: str, status_dt: date) -> bool:
    """Say whether the death can have come by the day of the contact that reported it (protocol 3.13)."""
    first = earliest_day(death_dt)
    return first is None or first <= status_dt


def disease_agrees(dz_now: str, status_dt: date, fu_all: list[AnswerRow]) -> bool:
    """Say whether follow-up knew the same of the disease by then (protocol 3.13, dz_now)."""
    by_then = [
        row["dz_status"] for row in fu_all if row.get("dz_status") and _by(row.get("fu_dt"), status_dt)
    ]
    known = by_then[-1] if by_then else None
    if known == "proven":
        return dz_now != "none"
    return known != "none" or dz_now not in RELAPSED


def _by(on: date | None, day: date) -> bool:
    return on is not None and on <= day
