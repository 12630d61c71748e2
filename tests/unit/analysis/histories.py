"""Forms as they are stored, written by hand: day 0 is randomization, 2025-01-01."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from analysis.stored import StoredParticipant

RAND = date(2025, 1, 1)
NEO_D1, NEO_END = 7, 37
ON_TREATMENT = {"NEO_D1": NEO_D1, "NEO_END": NEO_END, "LASTDOSE": NEO_END}
WITH_PET = ("CRE2", "AS", "UNS", "RST")

Row = dict[str, Any]


def on(day: int) -> date:
    return RAND + timedelta(days=day)


def treat(arm: int, **more: Any) -> Row:
    whole = {"carbo_n": 5, "nabp_n": 5, "deliv_fx": 23, "deliv_gy": Decimal("41.40"), "completed": "Y"}
    doses = {"carbo_int": Decimal("100.0"), "nabp_int": Decimal("100.0"), "ci_n": 2 if arm == 1 else 0}
    return whole | doses | more


def cre(day: int, kind: str, outcome: str, local: str = "0", **more: Any) -> Row:
    pet = {"pet_done": "Y", "pet_dt": on(day - 7)} if kind in WITH_PET else {"pet_done": "N"}
    done = {"ogd_done": "Y", "ogd_dt": on(day), "cre_dt": on(day), "bob_n": 4, "eus_done": "Y"}
    return {"cre_type": kind, "cre_outcome": outcome, "local_call": local, **done, **pet, **more}


def surg(day: int, intent: str, done: str = "resection", **more: Any) -> Row:
    stay = {"disch_dt": on(day + 12), "disch_to": "home", "los": 12, "icu_d": Decimal("1.0"), "readm": "N"}
    return {
        "surg_done": done,
        "surg_dt": on(day),
        "intent": intent,
        "resid_macro": "none",
        "io_compl": ["none"],
        **stay,
        **more,
    }


def given_up(day: int, why: str) -> Row:
    return {"surg_done": "none", "no_surg_dt": on(day), "no_surg_reason": why}


def path(op_no: int = 1, t: str = "T0", n: str = "N0", **more: Any) -> Row:
    clear = {"resid_pct": 0, "trg_cap": "0", "trg_mandard": "1", "ln_exam": 20, "ln_pos": 0}
    return {"op_no": op_no, "ypt": t, "ypn": n, "r_status": "R0", "r_rcp": "R0", **clear, **more}


def comp(op_no: int = 1, **more: Any) -> Row:
    return {"op_no": op_no, "comp_any": "N", "cci": Decimal("0.0"), **more}


def alive(day: int) -> Row:
    return {"status_dt": on(day), "vital": "alive"}


def dead(day: str | date | None, told: int, cause: str = "oesophageal_cancer") -> Row:
    return {"status_dt": on(told), "vital": "dead", "death_dt": day, "cod": cause}


def fu(day: int, kinds: tuple[str, ...], proven: int | None, suspected: int, **more: Any) -> Row:
    told = {"rec_type": list(kinds), "rec_dt_first_suspect": on(suspected), "rec_yn": "Y", "alive": "Y"}
    return {"fu_dt": on(day), "recur_dt": on(proven) if proven else None, **told, **more}


def stored(
    *,
    arm: int = 1,
    treatment: Row | None = None,
    milestones: dict[str, int] | None = None,
    last: int | None = 1400,
    state: str = "",
    left: int | None = None,
    visits: tuple[Row, ...] = (),
    groups: dict[str, list[Row]] | None = None,
    **forms: list[Row],
) -> StoredParticipant:
    """Return one participant; every record has a number, and ``last`` is the day of the last contact alive."""
    rows = {"STAGE": [{"ct": "T3", "cn": "N1"}], "TREAT": [treatment or treat(arm)], **forms}
    if last is not None:
        rows["SURV"] = [alive(last), *rows.get("SURV", [])]
    numbered = {
        form: [{"id": 100 * n + m, "sequence": m, **row} for m, row in enumerate(records, 1)]
        for n, (form, records) in enumerate(rows.items(), 1)
    }
    days = ON_TREATMENT if milestones is None else milestones
    return StoredParticipant(
        number="01-0001",
        rand=RAND,
        protocol_version="1.0",
        state=state,
        forms=numbered,
        groups=groups or {},
        milestones={code: on(day) for code, day in days.items()},
        visits=visits,
        left_on=None if left is None else on(left),
    )
