"""What follow-up derives, and what a recurrence has to agree with (protocol 3.12, X038, X060, X062)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from crf.catalogue.subsequent_therapy.rules import has_row
from crf.engine.answers import AnswerRow
from crf.engine.checks import latest_day
from protocol.response import Outcome

POSITIVE_NODES = ("N1", "N2", "N3")
FOUND_AT_EVALUATIONS = {Outcome.REGROWTH: {"local", "node"}, Outcome.DISTANT: {"distant"}}
NO_PRIMARY = ("T0", "TX", None)


def recurred_on(
    rec_dt_proof: date | None, rec_dt_first_suspect: date | None, dz_status: str | None
) -> date | None:
    """Return the first proof, else the first suspicion that was confirmed (protocol 2.1)."""
    return rec_dt_proof or (rec_dt_first_suspect if dz_status == "proven" else None)


def few_lesions(n_lesions: int, setting_oligo_recurrence_max_lesions: int) -> bool:
    return n_lesions <= setting_oligo_recurrence_max_lesions


def adjuvant_in_time(
    adj_start: date, milestone_surg: date, schedule_adj_opens: int, schedule_adj_closes: int
) -> bool:
    """Say whether adjuvant treatment begins in the window of its visit (protocol 3.12)."""
    return schedule_adj_opens <= (adj_start - milestone_surg).days <= schedule_adj_closes


def after_ccr(recur_dt: date | None, milestone_ccr: date | None, milestone_lateccr: date | None) -> bool:
    """Say whether a cCR was declared before the regrowth, be it late (X038)."""
    declared = milestone_ccr or milestone_lateccr
    return declared is not None and (recur_dt is None or declared <= recur_dt)


def dated_as_evaluated(
    rec_type: list[str], recur_dt: date, cre_all: list[AnswerRow], fu_all: list[AnswerRow]
) -> bool:
    """Say whether the first evaluation that proved the same kind of finding gives the same day (protocol 2.1).

    A contact that tells of another finding after the first is not compared.
    """
    for outcome, kinds in FOUND_AT_EVALUATIONS.items():
        told = [row for row in fu_all if kinds & set(row.get("rec_type") or ())]
        first = all(not row.get("recur_dt") or row["recur_dt"] >= recur_dt for row in told)
        proven = [row["proven_on"] for row in cre_all if row.get("cre_outcome") == outcome]
        days = [day for day in proven if day]
        if kinds & set(rec_type) and first and days and min(days) != recur_dt:
            return False
    return True


def organ_in_place(
    rec_dt_proof: date | None,
    rec_dt_first_suspect: date | None,
    fu_dt: date | None,
    milestone_surg: date | None,
) -> bool:
    """Say whether the regrowth was found before the oesophagus was resected (X060)."""
    first_seen = rec_dt_first_suspect or rec_dt_proof or fu_dt
    return milestone_surg is None or (first_seen is not None and first_seen <= milestone_surg)


def operated_before(recur_dt: date | None, milestone_surg: date | None) -> bool:
    """Say whether there is an anastomosis for a recurrence at it (X060)."""
    return milestone_surg is not None and (recur_dt is None or milestone_surg <= recur_dt)


def reason_for_no_adjuvant(adj_why: str | None, path_ypt: str | None, path_ypn: str | None) -> bool:
    """Say whether no adjuvant treatment is explained, or the specimen held no tumour (protocol 3.12)."""
    return bool(adj_why) or (path_ypt in NO_PRIMARY and path_ypn not in POSITIVE_NODES)


def death_recorded(surv_all: Sequence[AnswerRow] | None) -> bool:
    return any(row.get("vital") == "dead" for row in surv_all or ())


def not_after_death(fu_dt: date, surv_all: Sequence[AnswerRow]) -> bool:
    """Say whether nobody is found alive after the recorded day of death (X063)."""
    deaths = [latest_day(row.get("death_dt")) for row in surv_all]
    return all(died is None or fu_dt <= died for died in deaths)


def therapy_in_the_log(fu_dt: date, **known: Any) -> bool:
    """Say whether a new therapy of this contact stands in its log (decision D3)."""
    return has_row(fu_dt, known)
