"""What the end of a phase derives from the acts on record, and has to agree with (protocol 3.16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from crf.engine.answers import AnswerRow
from crf.engine.checks import earliest_day, latest_day

BEGINS = ("NEO_D1", "NEO_END", "CCR", "SURG", "RAND")
BEGUN_BY = dict(zip(("neoadjuvant", "response", "surveillance", "follow_up", "study"), BEGINS, strict=True))
SURE_TO_BEGIN = ("neoadjuvant", "response", "study")
REACHED = ("reached", "refused")


def phase_begun(
    eos_phase: str | None,
    milestone_neo_d1: date | None,
    milestone_neo_end: date | None,
    milestone_ccr: date | None,
    milestone_surg: date | None,
    milestone_rand: date | None,
) -> date | None:
    """Return the day on which a phase began, by its milestone."""
    days = (milestone_neo_d1, milestone_neo_end, milestone_ccr, milestone_surg, milestone_rand)
    return dict(zip(BEGUN_BY, days, strict=True)).get(eos_phase or "")


def is_only_one(eos_phase: str, eos_all: Sequence[AnswerRow] | None) -> bool:
    return all(row.get("eos_phase") != eos_phase for row in eos_all or ())


def has_begun(eos_phase: str, eos_begin: date | None) -> bool:
    return eos_begin is not None or eos_phase not in SURE_TO_BEGIN


def withdrawn_from(scope: str, eos_why: str, withdrawals: Sequence[AnswerRow]) -> str | None:
    """Return whether the withdrawals that stand name the scope: Y or N; None where nobody withdrew."""
    if eos_why != "withdrew":
        return None
    return "Y" if any(row[scope] for row in withdrawals) else "N"


def withdrawal_meant(eos_phase: str | None, withdrawals: Sequence[AnswerRow] | None) -> date | None:
    """Return the day of the withdrawal that ends the phase: from all contact for the study, else the last one."""
    whole = [row["on"] for row in withdrawals or () if row["all_contact"]]
    if whole:
        return min(whole)
    days = [row["on"] for row in withdrawals or ()]
    return max(days) if days and eos_phase != "study" else None


def lost_since(losses: Sequence[AnswerRow] | None) -> date | None:
    """Return the day since which nobody reaches the participant."""
    return next((row["lost_on"] for row in losses or () if row["reached_on"] is None), None)


def in_vain(attempts: Sequence[AnswerRow] | None) -> list[AnswerRow]:
    """Return the attempts since the participant was last reached, the first one first."""
    rows = sorted(attempts or (), key=lambda row: row["on"])
    reached = max((row["on"] for row in rows if row["result"] in REACHED), default=date.min)
    return [row for row in rows if row["on"] > reached]


def tries(eos_why: str, conduct_attempts: list[AnswerRow]) -> int | None:
    return len(in_vain(conduct_attempts)) if eos_why == "lost" else None


def routes(eos_why: str, conduct_attempts: list[AnswerRow]) -> int | None:
    return len({row["route"] for row in in_vain(conduct_attempts)}) if eos_why == "lost" else None


def days_tried(eos_why: str, conduct_attempts: list[AnswerRow]) -> int | None:
    days = [row["on"] for row in in_vain(conduct_attempts)]
    return (max(days) - min(days)).days if eos_why == "lost" and days else None


def dead_pages(surv_all: Sequence[AnswerRow] | None) -> list[AnswerRow]:
    return [page for page in surv_all or () if page.get("vital") == "dead"]


def death_is_told(surv_all: list[AnswerRow] | None) -> bool:
    return bool(dead_pages(surv_all))


def on_the_day_of_death(eos_dt: date, surv_all: list[AnswerRow]) -> bool:
    """Say whether the day can be the day of death as it is known."""
    told = [page["death_dt"] for page in dead_pages(surv_all) if page.get("death_dt")]
    return not told or any(
        (earliest_day(day) or eos_dt) <= eos_dt <= (latest_day(day) or eos_dt) for day in told
    )


def agrees_with_acts(
    eos_why: str | None,
    surv_all: Sequence[AnswerRow] | None,
    conduct_withdrawals: Sequence[AnswerRow] | None,
    conduct_losses: Sequence[AnswerRow] | None,
) -> bool:
    """Say whether the end of the study is for the reason that stands on record, where one does."""
    if dead_pages(surv_all):
        return eos_why == "death"
    if any(row["all_contact"] for row in conduct_withdrawals or ()):
        return eos_why == "withdrew"
    return lost_since(conduct_losses) is None or eos_why == "lost"
