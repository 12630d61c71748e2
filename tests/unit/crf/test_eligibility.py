"""Eligibility: each check passes once and fails once; the verdict follows every form (protocol 3.1)."""

from __future__ import annotations

from datetime import date

import pytest

from crf import catalogue
from crf.catalogue.eligibility.rules import OPTIONAL
from protocol.text import load
from tests.unit.crf.examples.eligibility import example, woman
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("1.3", "3.1", "3.17")


def test_a_complete_form_has_no_findings() -> None:
    outcome = judge("ELIG", example())
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings
    assert outcome.values["elig_ok"] == "Y"


def test_a_complete_form_of_a_woman_has_no_findings() -> None:
    outcome = judge("ELIG", woman())
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings
    assert outcome.values["elig_ok"] == "Y"


def test_consent_and_number_are_read_from_their_own_pages() -> None:
    values = judge("ELIG", example()).values
    assert (values["icf_dt"], values["icf_ver"], values["screen_no"]) == (date(2026, 4, 28), "1.0", "01-001")
    assert (values["icf_biobank"], values["icf_reg"]) == ("Y", "N")


def test_outcomes_of_screening_are_shown() -> None:
    values = judge(
        "ELIG",
        example(
            participant__screen_failure_reason="criterion",
            participant__decline_reason="physician",
            participant__eligibility_signed_on=date(2026, 5, 7),
        ),
    ).values
    assert (values["sf_reason"], values["approached_no"]) == ("criterion", "physician")
    assert values["elig_sig"] == date(2026, 5, 7)


@pytest.mark.parametrize(
    ("birth", "age"),
    [
        ("1964-03-09", 62),
        ("1964-04-28", 62),
        ("1964-04-29", 61),
        ("1964-05", 61),
        ("1964", 62),
        ("2027", None),
    ],
)
def test_age_at_consent(birth: str, age: int | None) -> None:
    assert judge("ELIG", example(birth=birth)).values["age"] == age


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X002", example(birth="1950-04-28")),
        ("X002", example(birth="2009-01-01")),
        ("X003", example(STAGE__ct="T2")),
        ("X003", example(STAGE__cn="N2")),
        ("X003", example(STAGE__cm="M1")),
        ("X004", example(hist_type="2")),
        ("X004", example(ct_e="T1b", STAGE__ct="T1b")),
        ("X004", example(cm_e="M1", STAGE__cm="M1")),
        ("X004", example(resectable="N")),
        ("X004", example(ecog="2")),
        ("X004a", example(STAGE__t4b_str=["aorta"])),
        ("X004a", example(STAGE__airway="invasion")),
        ("X004a", example(STAGE__pet_m="proven")),
        ("X005", woman(preg_dt=date(2026, 5, 3))),
        ("X005", woman(preg_dt=date(2026, 5, 12))),
        ("X005", woman(preg_res="ND", preg_dt=None)),
        ("X006", example(DM__mh_autoimmune="Y")),
        ("X006a", example(DM__pred_eq=12.5)),
        ("X006a", example(DM__immunosuppr="Y")),
        ("X006b", example(DM__mh_ild="Y", DM__mh_ild_sympt="Y")),
        ("X006c", example(DM__mh_prior_ca="Y", DM__prior_ca_tx=["surgery", "chemo"])),
        ("X007", example(exc_4="Y")),
        ("X007", example(inc_2="N")),
        ("ELIG-01", example(site__activated_on=date(2026, 5, 1))),
        ("ELIG-02", example(consent__version_in_force=False)),
        ("ELIG-03", example(consent__signed_on=date(2026, 4, 9))),
        ("ELIG-04", example(hist_dt=date(2026, 5, 9))),
        ("ELIG-05", example(hist_dt=date(2026, 3, 8))),
        ("ELIG-06", example(mdt_dt=date(2026, 4, 9))),
        ("ELIG-06", example(mdt_dt=date(2026, 5, 9))),
        ("ELIG-07", woman(preg_res="POS")),
        ("ELIG-08", example(contra="N")),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    outcome = judge("ELIG", case)
    assert code in codes(outcome)


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X002", example(birth="1950-04-29")),
        ("X002", example(birth="2008-04-28")),
        ("X003", example(STAGE__ct=None, STAGE__cn=None, STAGE__cm=None)),
        ("X004", example(ct_e="T1b", STAGE__ct="T1b", inc_1="N")),
        ("X005", woman(preg_dt=date(2026, 5, 4))),
        ("X005", woman(preg_res="ND", preg_dt=None, milestone__NEO_D1=None)),
        ("X005", woman(wocbp="N")),
        ("X006", example(DM__mh_autoimmune="Y", exc_1="Y")),
        ("X006a", example(DM__pred_eq=10)),
        ("X006b", example(DM__mh_ild="Y", DM__mh_ild_sympt="N")),
        ("X006c", example(DM__mh_prior_ca="Y", DM__prior_ca_tx=["surgery"])),
        ("ELIG-03", example(consent__signed_on=date(2026, 4, 10))),
        ("ELIG-05", example(hist_dt=date(2026, 3, 9))),
        ("ELIG-06", example(mdt_dt=date(2026, 4, 10))),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("ELIG", case))


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (example(exc_8="Y"), "N"),
        (example(inc_3=None), None),
        (example(STAGE__ct=None), None),
        (example(DM__mh_autoimmune="Y"), "N"),
        (example(setting__opt_hep=True), None),
        (example(setting__opt_hep=True, opt_hep="N"), "Y"),
        (example(setting__opt_hep=True, opt_hep="Y"), "N"),
        (example(opt_hep="Y"), "Y"),
    ],
)
def test_the_verdict(case: dict, verdict: str | None) -> None:
    assert judge("ELIG", case).values["elig_ok"] == verdict


def test_a_form_of_an_older_participant_shows_one_finding_about_the_age() -> None:
    assert found(judge("ELIG", example(birth="1948-01-01"))) == {"X002"}


def test_what_is_asked_of_men_and_women() -> None:
    assert {"wocbp", "preg_res", "preg_dt"}.isdisjoint(judge("ELIG", example()).visible)
    assert {"wocbp", "preg_res", "preg_dt", "contra"} <= judge("ELIG", woman()).visible
    assert {"preg_res", "preg_dt", "contra"}.isdisjoint(judge("ELIG", woman(wocbp="N")).visible)


def test_optional_criteria_are_off_until_the_protocol_switches_them_on() -> None:
    assert set(OPTIONAL).isdisjoint(judge("ELIG", example()).visible)
    asked = judge("ELIG", example(setting__opt_wt=True))
    assert set(OPTIONAL) & asked.visible == {"opt_wt"}
    assert asked.unanswered == ("opt_wt",)


def test_each_tick_carries_the_words_of_the_protocol() -> None:
    questions = catalogue.form("ELIG").questions
    for criterion in load("1.0").criteria:
        if criterion.code == "AGE":
            continue
        name = {"I": "inc", "E": "exc", "OPT": "opt"}[criterion.code.split("-")[0]]
        question = questions[f"{name}_{criterion.code.split('-')[1].lower()}"]
        assert str(question.text).endswith(criterion.wording.en)


@pytest.mark.parametrize("form", ["DM", "STAGE"])
def test_point_13_nobody_is_eligible_while_a_form_is_not_complete(form: str) -> None:
    assert judge("ELIG", example(**{f"{form}__is_complete": False})).values["elig_ok"] is None


def test_point_13_the_investigators_answer_is_read_from_the_decision() -> None:
    unknown = {"DM__mh_autoimmune": "U"}
    assert judge("ELIG", example(**unknown)).values["elig_ok"] is None
    answered = example(**unknown, participant__criteria_answered={"E-1": "no symptoms"})
    assert judge("ELIG", answered).values["elig_ok"] == "Y"
