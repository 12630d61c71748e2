"""Survival status: proof of life, partial dates of death, and what contradicts a death (protocol 3.13)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.crf.examples.survival import dead, example, operation
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.13", "3.17")

CONTACT = {"status_dt": date(2029, 4, 1), "vital": "alive"}


def diseased(on: date | None, status: str = "proven") -> dict[str, object]:
    """What a contact of follow-up found."""
    return {"fu_dt": on, "alive": "Y", "dz_status": status}


def at_a_cut(last: date, **changes: object) -> dict:
    """Nobody knew around a data cut; ``last`` is the last day on which follow-up met the participant."""
    asked = {"status_dt": date(2029, 11, 2), "today": date(2029, 11, 9), "vital": "unknown", "dz_now": None}
    cut = {"visit__code": "SWEEP-C1", "visit__target": date(2029, 10, 30), "visit__opens": date(2029, 10, 16)}
    return example(**{"FU*": [diseased(last)], "milestone.RAND": date(2026, 5, 8)}, **asked | cut | changes)


@pytest.mark.parametrize("case", [example(), dead()])
def test_a_complete_form_has_no_findings(case: dict) -> None:
    outcome = judge("SURV", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


@pytest.mark.parametrize(
    ("case", "last"),
    [
        (example(), date(2029, 5, 10)),
        (example(vital="unknown"), date(2029, 1, 5)),
        (dead(), date(2029, 1, 5)),
        (dead(**{"FU*": []}), date(2028, 12, 4)),
        (dead(**{"FU*": [{"fu_dt": date(2029, 2, 1), "alive": "N"}]}), date(2028, 12, 4)),
        (dead(**{"QOL*": [{"q_done_dt": date(2029, 1, 20)}, {"q_done_dt": None}]}), date(2029, 1, 20)),
        (dead(**{"FU*.img": [{"img_dt": date(2029, 3, 2)}, {"img_dt": None}]}), date(2029, 3, 2)),
        (dead(**{"FU*": [], "SURV*": [{"status_dt": date(2029, 2, 2), "vital": "alive"}]}), date(2029, 2, 2)),
        (dead(**{"FU*": []}, visit__last_on=None), date(2026, 8, 8)),
        (dead(**{"FU*": [], "SURG*": [operation(disch_to="died")]}, visit__last_on=None), date(2026, 7, 27)),
    ],
)
def test_the_latest_proof_of_life(case: dict, last: date) -> None:
    assert judge("SURV", case).values["last_alive_dt"] == last


@pytest.mark.parametrize(
    ("entered", "used", "known", "milestone"),
    [
        ("2029-03-11", date(2029, 3, 11), "exact", date(2029, 3, 11)),
        ("2029-03", date(2029, 3, 15), "day_imputed", date(2029, 3, 15)),
        ("2029-01", date(2029, 1, 15), "day_imputed", date(2029, 1, 15)),
        ("2029", None, "month_unknown", None),
        ("2028-12-20", date(2028, 12, 20), "before_last_alive", date(2028, 12, 20)),
    ],
)
def test_a_date_of_death_is_kept_as_entered(
    entered: str, used: date | None, known: str, milestone: date | None
) -> None:
    outcome = judge("SURV", dead(death_dt=entered))
    assert outcome.values["death_dt"] == entered
    assert (outcome.values["death_calc"], outcome.values["death_known"]) == (used, known)
    assert outcome.milestones["DEATH"] == milestone


@pytest.mark.parametrize(
    ("entered", "first", "last", "known"),
    [
        ("2029-03-11", date(2029, 3, 11), date(2029, 3, 11), "exact"),
        ("2029-03", date(2029, 3, 1), date(2029, 3, 31), "day_imputed"),
        ("2029-01", date(2029, 1, 5), date(2029, 1, 31), "day_imputed"),
        ("2029", date(2029, 1, 5), date(2029, 5, 20), "month_unknown"),
        (None, date(2029, 1, 5), date(2029, 5, 20), "year_unknown"),
    ],
)
def test_rare_10_a_death_has_a_first_and_a_last_possible_day(
    entered: str | None, first: date, last: date, known: str
) -> None:
    """From the last proof of life to the report (decision D4), also where not even the year is known."""
    values = judge("SURV", dead(death_dt=entered)).values
    assert (values["death_first"], values["death_last"], values["death_known"]) == (first, last, known)


def test_nobody_who_lives_has_possible_days_of_death() -> None:
    values = judge("SURV", example()).values
    assert (values["death_first"], values["death_last"]) == (None, None)


def test_the_fifteenth_is_not_before_the_last_proof_of_life() -> None:
    seen = {"FU*": [{"fu_dt": date(2029, 3, 22), "alive": "Y"}]}
    assert judge("SURV", dead(death_dt="2029-03", **seen)).values["death_calc"] == date(2029, 3, 22)


@pytest.mark.parametrize(
    ("reports", "used"),
    [
        ({"status_dt": date(2029, 3, 3)}, date(2029, 3, 3)),
        ({"FU*": [{"fu_dt": date(2029, 3, 4), "alive": "N"}]}, date(2029, 3, 4)),
        ({"SURV*": [{"status_dt": date(2029, 3, 5), "vital": "dead"}]}, date(2029, 3, 5)),
        ({"SURV*": [{"status_dt": date(2029, 3, 5), "vital": "unknown"}]}, date(2029, 3, 15)),
    ],
)
def test_point_16_the_fifteenth_is_not_after_the_report(reports: dict, used: date) -> None:
    assert judge("SURV", dead(death_dt="2029-03", **reports)).values["death_calc"] == used


@pytest.mark.parametrize(
    ("operations", "died", "flags"),
    [
        ([operation(surg_done="explored")], "2026-08-02", (True, True, True)),
        ([operation(), operation(date(2028, 9, 1), disch_dt=None, disch_to=None)], "2028-09-10", (True,) * 3),
        ([operation(), operation(surg_done="none", surg_dt=None)], "2026-08-20", (True, True, False)),
        ([operation(surg_done="none", surg_dt=None)], "2026-08-20", (None,) * 3),
        ([operation()], "2026-08", (None, True, None)),
        ([operation()], "2026", (None, None, None)),
        ([operation()], "2027", (False, False, False)),
    ],
)
def test_point_16_mortality_counts_every_incision_and_every_possible_day(
    operations: list, died: str, flags: tuple[bool | None, ...]
) -> None:
    seen = {"visit__last_on": None, "FU*": [], "CRE*": [], "SURG*": operations}
    values = judge("SURV", dead(death_dt=died, **seen)).values
    assert (values["d30s"], values["d90s"], values["d_inh"]) == flags


def test_somebody_alive_sets_no_milestone_and_has_no_death_page() -> None:
    outcome = judge("SURV", example(death_dt="2029-03-11", cod="other"))
    assert outcome.milestones == {"DEATH": None}
    assert set(outcome.cleared) == {"death_dt", "cod"}


@pytest.mark.parametrize(
    ("died", "flags"),
    [
        ("2026-08-02", (True, True, True)),
        ("2026-08-26", (True, True, False)),
        ("2026-10-25", (False, True, False)),
        ("2026-10-26", (False, False, False)),
    ],
)
def test_death_after_surgery(died: str, flags: tuple[bool, bool, bool]) -> None:
    seen = {"visit__last_on": None, "FU*": [], "CRE*": []}
    values = judge("SURV", dead(death_dt=died, **seen)).values
    assert (values["d30s"], values["d90s"], values["d_inh"]) == flags


@pytest.mark.parametrize(
    ("died", "flags"),
    [("2026-07-12", (True, True)), ("2026-09-10", (False, True)), ("2026-09-11", (False,) * 2)],
)
def test_death_after_treatment(died: str, flags: tuple[bool, bool]) -> None:
    values = judge("SURV", dead(death_dt=died, **{"SURG*": []})).values
    assert (values["d30t"], values["d90t"]) == flags
    assert values["d30s"] is None


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X022", dead(**{"SURG*": [operation(disch_to="died")]})),
        ("X022", example(**{"SURG*": [operation(disch_to="died")]})),
        ("X022", dead(**{"SURG*": [operation(), operation(disch_to="died")]})),
        ("X022f", dead(**{"AE*": [{"outcome": "fatal", "ae_en": "2029-03-12"}]})),
        ("X022f", example(**{"AE*": [{"outcome": "fatal", "ae_en": "2029-05-09"}]})),
        ("X061", dead(death_dt="2028-12-03")),
        ("X061", dead(death_dt="2028-11")),
        ("X061", dead(death_dt="2026-07-06", visit__last_on=None)),
        ("X061", dead(**{"QOL*": [{"q_done_dt": date(2029, 3, 12)}]})),
        ("X063", dead(**{"SURV*": [CONTACT]})),
        ("X063", dead(**{"FU*": [{"fu_dt": date(2029, 3, 12), "alive": "Y"}]})),
        ("X063", example(**{"SURV*": [{"vital": "dead", "death_dt": "2029-03"}]})),
        ("X064", at_a_cut(last=date(2029, 1, 5))),
        ("X064", at_a_cut(last=date(2029, 4, 29))),
        ("SURV-01", dead(**{"SURV*": [{"vital": "dead", "death_dt": "2029-03-12"}]})),
        ("SURV-08", dead(status_dt=date(2029, 3, 10))),
        ("SURV-08", dead(status_dt=date(2029, 2, 28), death_dt="2029-03")),
        ("SURV-02", example(status_dt=date(2026, 5, 7))),
        ("SURV-03", example(**{"FU*": [diseased(date(2029, 1, 5))]})),
        ("SURV-03", example(dz_now="distant")),
        ("SURV-04", example(status_dt=date(2029, 5, 7))),
        ("SURV-05", dead(cod="surgery")),
        ("SURV-06", dead(death_dt="2026-08-01")),
        ("SURV-07", dead(death_dt="2029")),
        ("SURV-07", dead(death_dt=None)),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("SURV", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X022", dead(death_dt="2026-08-08", **{"SURG*": [operation(disch_to="died")]})),
        ("X022", dead(death_dt="2026-08", **{"SURG*": [operation(disch_to="died")]})),
        ("X022", example(status_dt=date(2026, 8, 7), **{"SURG*": [operation(disch_to="died")]})),
        ("X022", dead(**{"SURG*": [operation(disch_dt=None, disch_to=None)]})),
        ("SURV-08", dead(status_dt=date(2029, 3, 11))),
        ("SURV-08", dead(status_dt=date(2029, 3, 1), death_dt="2029-03")),
        ("X022f", dead(**{"AE*": [{"outcome": "fatal", "ae_en": "2029-03"}]})),
        ("X022f", example(**{"AE*": [{"outcome": "recovered", "ae_en": "2029-05-09"}]})),
        ("X061", dead(death_dt="2028-12-04")),
        ("X061", dead(death_dt="2028-12")),
        ("X061", dead(**{"QOL*": [{"q_done_dt": date(2029, 3, 11)}]})),
        ("X061", example(visit__last_on=date(2029, 5, 30))),
        ("X063", dead(**{"SURV*": [CONTACT | {"status_dt": date(2029, 3, 11)}]})),
        ("X063", dead(**{"SURV*": [CONTACT | {"vital": "unknown"}]})),
        ("X063", example(**{"SURV*": [{"vital": "dead", "death_dt": "2029-05"}]})),
        ("X064", at_a_cut(last=date(2029, 4, 30))),
        ("X064", at_a_cut(last=date(2029, 1, 5), visit__code="SWEEP-42")),
        ("X064", at_a_cut(last=date(2029, 1, 5), vital="alive")),
        (
            "X064",
            at_a_cut(
                last=date(2029, 1, 5), **{"SURV*": [{"status_dt": date(2029, 12, 1), "vital": "alive"}]}
            ),
        ),
        ("SURV-01", dead(**{"SURV*": [{"vital": "dead", "death_dt": "2029-03"}]})),
        ("SURV-02", example(status_dt=date(2026, 5, 8))),
        ("SURV-03", example(**{"FU*": [diseased(date(2029, 1, 5))]}, dz_now="both")),
        ("SURV-03", example(**{"FU*": [diseased(date(2029, 1, 5), "suspect")]}, dz_now="none")),
        ("SURV-03", example(**{"FU*": [diseased(date(2029, 5, 11))]}, dz_now="none")),
        ("SURV-03", example(**{"FU*": [diseased(None)]}, dz_now="none")),
        ("SURV-04", example(status_dt=date(2029, 5, 8))),
        ("SURV-04", example(status_dt=date(2029, 5, 7), visit__code="SWEEP-30")),
        ("SURV-05", dead(cod="surgery", death_dt="2026-08-20")),
        ("SURV-06", dead()),
        ("SURV-07", dead(death_dt="2029-03")),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("SURV", case))


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (example(vital="dead"), {"death_dt", "cod", "cod_cert", "autopsy", "d_place"}),
        (dead(cod="other"), {"cod_text"}),
        (example(dz_now=None), {"dz_now"}),
        (example(vital="unknown", dz_now=None), set()),
    ],
)
def test_what_must_be_answered_then(case: dict, asked: set[str]) -> None:
    assert set(judge("SURV", case).unanswered) == asked


def test_the_central_cause_is_never_asked_of_the_site() -> None:
    """Decision D5: what somebody typed into an earlier version is shown, and nobody is asked for it."""
    assert "cod_central" not in judge("SURV", dead(setting__central_review=True)).visible
    assert "cod_central" in judge("SURV", dead(cod_central="other")).visible
