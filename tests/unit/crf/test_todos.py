"""What answers ask for by a day (protocol 2.6)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crf.trial_rules.todos import wanted_todos
from protocol.text import load

CHAPTERS = ("2.6",)

TEXT = load("1.0")
KNOWN = {3: date(2026, 12, 2)}
CRE: dict[str, Any] = {
    "id": 1, "visit_id": 7, "state": "complete", "cre_dt": date(2026, 8, 3), "ogd_dt": date(2026, 8, 3),
    "cre_outcome": "CCR_SO_FAR", "local_call": "0", "dist_call": "0", "bx_result": "none", "bx_review": None,
    "mdt_dt": None, "mdt_dec": None,
}  # fmt: skip
FU: dict[str, Any] = {
    "id": 1, "visit_id": 8, "state": "complete", "fu_dt": date(2026, 12, 1), "alive": "Y", "rec_yn": "N",
    "rec_type": None, "dz_status": "none", "post_tx_any": "N",
}  # fmt: skip
SURV: dict[str, Any] = {
    "id": 1, "visit_id": 9, "state": "complete", "status_dt": date(2026, 12, 1), "vital": "alive"
}  # fmt: skip


def asked(*withdrawals: dict[str, Any], **records: list[dict[str, Any]]) -> set[tuple[str, str, date, bool]]:
    found = wanted_todos(TEXT, lambda code: records.get(code, []), KNOWN, withdrawals)
    return {(each.trigger, each.key, each.due_on, each.done) for each in found}


def of_death(**records: list[dict[str, Any]]) -> set[tuple[str, str, date, bool]]:
    """What is asked for by a death beside the end of the study."""
    return {each for each in asked(**records) if each[1] != "end"}


def test_a_clear_evaluation_asks_for_nothing() -> None:
    assert asked(CRE=[CRE]) == set()


@pytest.mark.parametrize(
    "found",
    [
        {"cre_outcome": "NON_CCR"},
        {"cre_outcome": "DISTANT"},
        {"local_call": "3"},
        {"dist_call": "2"},
    ],
)
def test_a_positive_or_suspect_evaluation_asks_for_a_decision_within_14_days(found: dict[str, Any]) -> None:
    wanted = asked(CRE=[CRE | found])
    assert ("CRE_POSITIVE", "CRE:1", date(2026, 8, 17), False) in wanted
    decided = CRE | found | {"mdt_dt": date(2026, 8, 10), "mdt_dec": "surgery"}
    assert ("CRE_POSITIVE", "CRE:1", date(2026, 8, 17), True) in asked(CRE=[decided])
    half = CRE | found | {"mdt_dt": date(2026, 8, 10)}
    assert ("CRE_POSITIVE", "CRE:1", date(2026, 8, 17), False) in asked(CRE=[half])


@pytest.mark.parametrize("biopsy", ["hgd", "uncertain"])
def test_an_uncertain_biopsy_is_repeated_within_28_days(biopsy: str) -> None:
    first = CRE | {"bx_result": biopsy, "cre_outcome": "UNCERTAIN_REPEAT"}
    assert asked(CRE=[first]) == {("REPEAT_BIOPSY", "CRE:1", date(2026, 8, 31), False)}
    again = CRE | {"id": 2, "ogd_dt": date(2026, 8, 20), "cre_dt": date(2026, 8, 20)}
    assert asked(CRE=[first, again]) == {("REPEAT_BIOPSY", "CRE:1", date(2026, 8, 31), True)}
    without = again | {"bx_result": "nd"}
    assert asked(CRE=[first, without]) == {("REPEAT_BIOPSY", "CRE:1", date(2026, 8, 31), False)}


def test_proven_residue_needs_no_other_biopsy_and_a_second_reading_counts() -> None:
    assert "REPEAT_BIOPSY" not in {
        t for t, *_ in asked(CRE=[CRE | {"bx_result": "hgd", "cre_outcome": "NON_CCR"}])
    }
    assert asked(CRE=[CRE | {"bx_result": "hgd", "bx_review": "none"}]) == set()


def test_a_recurrence_is_described_with_the_treatment_that_follows_within_14_days() -> None:
    found = FU | {"rec_yn": "Y", "rec_type": ["local"], "dz_status": "proven"}
    assert asked(FU=[found]) == {("RECURRENCE", "local", date(2026, 12, 15), False)}
    treated = found | {"post_tx_any": "Y"}
    assert asked(FU=[treated]) == {("RECURRENCE", "local", date(2026, 12, 15), True)}
    later = FU | {"id": 2, "fu_dt": date(2027, 1, 10)}
    assert asked(FU=[found, later]) == {("RECURRENCE", "local", date(2026, 12, 15), True)}
    suspected = asked(FU=[found | {"dz_status": "suspect"}])
    assert {trigger for trigger, *_ in suspected} == {"SUSPICION"}, "what is not proven needs no description"
    both = found | {"rec_type": ["local", "distant"]}
    assert {key for _t, key, *_ in asked(FU=[both])} == {"local", "distant"}


def test_a_suspected_recurrence_is_proven_or_ruled_out_within_six_weeks() -> None:
    suspect = FU | {"dz_status": "suspect"}
    still = suspect | {"id": 2, "fu_dt": date(2027, 1, 5)}
    clear = FU | {"id": 3, "fu_dt": date(2027, 1, 10)}
    anew = suspect | {"id": 4, "fu_dt": date(2027, 3, 1)}
    first = ("SUSPICION", "FU:1", date(2027, 1, 12))
    assert asked(FU=[suspect]) == {(*first, False)}
    assert asked(FU=[still, suspect]) == {(*first, False)}, "one suspicion, however often it is told"
    assert asked(FU=[suspect, still, clear]) == {(*first, True)}
    assert asked(FU=[suspect, clear, anew]) == {
        (*first, True),
        ("SUSPICION", "FU:4", date(2027, 4, 12), False),
    }


@pytest.mark.parametrize(
    ("outcome", "on", "is_settled"),
    [
        ("PERSISTENT_CCR", date(2026, 12, 20), True),
        ("UNCERTAIN_REPEAT", date(2026, 12, 20), False),
        ("PERSISTENT_CCR", date(2026, 12, 1), False),
        ("PERSISTENT_CCR", date(2026, 11, 20), False),
    ],
)
def test_only_a_later_evaluation_that_decides_settles_a_suspicion(
    outcome: str, on: date, is_settled: bool
) -> None:
    cre = CRE | {"cre_outcome": outcome, "cre_dt": on, "ogd_dt": on}
    wanted = asked(CRE=[cre], FU=[FU | {"dz_status": "suspect"}])
    assert ("SUSPICION", "FU:1", date(2027, 1, 12), is_settled) in wanted


def test_a_regrowth_found_at_an_evaluation_waits_for_its_follow_up_form() -> None:
    regrown = CRE | {"cre_outcome": "REGROWTH", "mdt_dt": date(2026, 8, 5), "mdt_dec": "surgery"}
    assert ("RECURRENCE", "local", date(2026, 8, 17), False) in asked(CRE=[regrown])
    described = FU | {"rec_yn": "Y", "rec_type": ["local"], "dz_status": "proven", "post_tx_any": "Y"}
    assert ("RECURRENCE", "local", date(2026, 8, 17), True) in asked(CRE=[regrown], FU=[described])


def test_news_of_a_death_asks_for_its_page_within_7_days() -> None:
    news = FU | {"alive": "N"}
    assert of_death(FU=[news]) == {("DEATH", "death", date(2026, 12, 8), False)}
    begun = SURV | {"vital": "dead", "state": "in_progress"}
    assert of_death(FU=[news], SURV=[begun]) == {("DEATH", "death", date(2026, 12, 8), False)}
    assert of_death(FU=[news], SURV=[begun | {"state": "complete"}]) == {
        ("DEATH", "death", date(2026, 12, 8), True)
    }
    assert of_death(SURV=[SURV]) == set()


FATAL: dict[str, Any] = {
    "sequence": 3, "outcome": "fatal", "grade": "5", "ser_crit": ["death"], "ae_st": "2026-11-28",
    "ae_en": "2026-12-01",
}  # fmt: skip
REPORT: dict[str, Any] = {"ae_no": 3, "sae_report": "sent"}
DEAD: dict[str, Any] = SURV | {"vital": "dead"}


def test_point_12_a_fatal_event_asks_for_the_death_page_within_24_hours() -> None:
    assert of_death(AE=[FATAL]) == {("DEATH_SAE", "death", date(2026, 12, 3), False)}
    assert of_death(AE=[FATAL], FU=[FU | {"alive": "N"}]) == {
        ("DEATH_SAE", "death", date(2026, 12, 3), False)
    }
    assert of_death(AE=[FATAL | {"outcome": "recovered", "grade": "4", "ser_crit": ["life"]}]) == set()


@pytest.mark.parametrize(
    ("there", "done"),
    [({"SURV": [DEAD]}, False), ({"SAE": [REPORT]}, False), ({"SURV": [DEAD], "SAE": [REPORT]}, True)],
)
def test_point_12_it_is_done_when_page_and_report_are_there(there: dict[str, Any], done: bool) -> None:
    assert of_death(AE=[FATAL], **there) == {("DEATH_SAE", "death", date(2026, 12, 3), done)}


def test_point_12_a_fatal_event_that_nobody_dated_counts_from_its_end() -> None:
    assert of_death(AE=[FATAL | {"sequence": 4}]) == {("DEATH_SAE", "death", date(2026, 12, 2), False)}
    assert of_death(AE=[FATAL | {"sequence": 4, "ae_st": None, "ae_en": None}]) == set()


END: dict[str, Any] = {
    "id": 1, "state": "complete", "eos_phase": "study", "eos_dt": date(2026, 12, 1), "eos_why": "death",
}  # fmt: skip


@pytest.mark.parametrize(
    ("ends", "done"),
    [
        ([], False),
        ([END], True),
        ([END | {"state": "in_progress"}], False),
        ([END | {"eos_phase": "follow_up"}], False),
    ],
)
@pytest.mark.parametrize("news", [{"FU": [FU | {"alive": "N"}]}, {"AE": [FATAL]}])
def test_a_death_asks_for_the_end_of_the_study_within_7_days(
    news: dict[str, Any], ends: list[dict[str, Any]], done: bool
) -> None:
    due = date(2026, 12, 8) if "FU" in news else date(2026, 12, 9)
    assert ("DEATH", "end", due, done) in asked(EOS=ends, **news)


STOPPED = END | {"eos_phase": "surveillance", "eos_why": "withdrew"}
LEFT = {"on": date(2026, 12, 1), "all_contact": False}


@pytest.mark.parametrize(
    ("withdrawal", "ends", "done"),
    [
        (LEFT, [], False),
        (LEFT, [STOPPED], True),
        (LEFT, [STOPPED | {"eos_dt": date(2026, 11, 30)}], False),
        (LEFT, [STOPPED | {"eos_why": "physician"}], False),
        (LEFT | {"all_contact": True}, [STOPPED], False),
        (LEFT | {"all_contact": True}, [STOPPED | {"eos_phase": "study"}], True),
    ],
)
def test_a_withdrawal_asks_for_the_end_of_its_phase_or_of_the_study_within_7_days(
    withdrawal: dict[str, Any], ends: list[dict[str, Any]], done: bool
) -> None:
    assert asked(withdrawal, EOS=ends) == {("WITHDRAWAL", "withdrawal:2026-12-01", date(2026, 12, 8), done)}
