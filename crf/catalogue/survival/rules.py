"""What the survival form derives, and what contradicts a death (protocol 3.13, X022, X061, X063)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from crf.engine.checks import earliest_day, latest_day
from protocol.endpoints import death_day, died_within, last_alive, perioperative_mortality

Row = dict[str, Any]

STAYS = ("milestone.SURG", "SURG.disch_dt", "SURG.disch_to")
PROOFS = (
    *("visit.last_on", "CRE*", "milestone.RAND", "milestone.NEO_D1", "milestone.LASTDOSE"),
    *STAYS,
    *("QOL*", "FU*.img"),
)
CONTACTS = ("status_dt", "vital", "SURV*", "FU*")
EXAMINATIONS = ("cre_dt", "ogd_dt", "pet_dt", "eus_dt", "ct_dt")
RELAPSED = ("local", "distant", "both")


def seen_alive(known: Row) -> Iterator[date | None]:
    """Yield the days on which the participant came, was treated, examined, asked or sent home (protocol 3.13)."""
    yield known["visit_last_on"]
    yield from (known[f"milestone_{code}"] for code in ("rand", "neo_d1", "lastdose", "surg"))
    yield from (row.get(name) for row in known["cre_all"] or () for name in EXAMINATIONS)
    yield from (row.get("q_done_dt") for row in known["qol_all"] or ())
    yield from (row.get("img_dt") for row in known["fu_all_img"] or ())
    if known["surg_disch_to"] != "died":
        yield known["surg_disch_dt"]


def heard_alive(known: Row) -> Iterator[date | None]:
    """Yield the days on which a contact said that the participant was alive."""
    if known["vital"] == "alive":
        yield known["status_dt"]
    yield from (row.get("status_dt") for row in known["surv_all"] or () if row.get("vital") == "alive")
    yield from (row.get("fu_dt") for row in known["fu_all"] or () if row.get("alive") == "Y")


def last_proof_of_life(**known: Any) -> date | None:
    return last_alive((*seen_alive(known), *heard_alive(known)))


def day_for_analysis(death_dt: str, last_alive_dt: date | None) -> date | None:
    found = death_day(death_dt, last_alive_on=last_alive_dt) if death_dt else None
    return found.on if found else None


def how_exact(death_dt: str, last_alive_dt: date | None) -> str | None:
    found = death_day(death_dt, last_alive_on=last_alive_dt) if death_dt else None
    return found.known.value if found else None


def within_30_of_surgery(**known: Any) -> bool | None:
    return died_within(
        30, known["milestone_surg"], death=known["death_calc"], last_alive_on=known["last_alive_dt"]
    )


def within_90_of_surgery(**known: Any) -> bool | None:
    return died_within(
        90, known["milestone_surg"], death=known["death_calc"], last_alive_on=known["last_alive_dt"]
    )


def in_the_same_admission(
    milestone_surg: date | None, death_calc: date | None, surg_disch_dt: date | None
) -> bool | None:
    found = perioperative_mortality(surgery=milestone_surg, death=death_calc, discharge=surg_disch_dt)
    return found.in_hospital


def within_30_of_treatment(**known: Any) -> bool | None:
    return died_within(
        30, known["milestone_lastdose"], death=known["death_calc"], last_alive_on=known["last_alive_dt"]
    )


def within_90_of_treatment(**known: Any) -> bool | None:
    return died_within(
        90, known["milestone_lastdose"], death=known["death_calc"], last_alive_on=known["last_alive_dt"]
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


def _other_deaths(surv_all: list[Row] | None) -> Iterator[str]:
    yield from (row["death_dt"] for row in surv_all or () if row.get("death_dt"))


def one_death_date(death_dt: str, surv_all: list[Row]) -> bool:
    """Say whether every recorded death can be the same day (protocol 3.13)."""
    return all(_overlap(death_dt, other) for other in _other_deaths(surv_all))


def _overlap(one: str | date, other: str | date) -> bool:
    first, last = earliest_day(one), latest_day(one)
    start, end = earliest_day(other), latest_day(other)
    return bool(first and last and start and end and first <= end and start <= last)


def discharge_agrees(
    vital: str, death_dt: str | None, status_dt: date | None, surg_disch_dt: date | None, surg_disch_to: str
) -> bool:
    """Say whether a death in hospital after the operation has the same date on both forms (X022)."""
    if surg_disch_to != "died" or surg_disch_dt is None:
        return True
    if vital == "dead":
        return death_dt is None or _overlap(death_dt, surg_disch_dt)
    return vital != "alive" or status_dt is None or status_dt <= surg_disch_dt


def fatal_event_agrees(
    vital: str, death_dt: str | None, status_dt: date | None, ae_all: list[Row] | None
) -> bool:
    """Say whether a fatal adverse event ends on the day of death, and nobody was met alive after it (X022)."""
    ends = [row["ae_en"] for row in ae_all or () if row.get("outcome") == "fatal" and row.get("ae_en")]
    if vital == "dead":
        return death_dt is None or all(_overlap(death_dt, end) for end in ends)
    last = [latest_day(end) for end in ends]
    return status_dt is None or all(day is None or status_dt <= day for day in last)


def disease_agrees(dz_now: str, status_dt: date, fu_all: list[Row]) -> bool:
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
