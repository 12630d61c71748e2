"""Chapters 1.3, 3.1 and X002 to X007: each criterion from its tick and from the data behind it."""

from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import eligibility
from protocol.eligibility import CriterionReason, Limits, evidence_digest

CHAPTERS = ("1.3", "3.1", "3.17")

FORMS = {"", "stage", "dm"}
LIMITS = Limits(age_from=18, age_to=75, ecog_to=1, steroid_mg_to=10)
assess = partial(eligibility.assess, limits=LIMITS, complete=FORMS)

ELIGIBLE: dict[str, object] = {
    "icf_dt": date(2025, 3, 3),
    "birth": "1961-05",
    "age": 63,
    "sex": "M",
    "contra": "Y",
    "hist_type": "1",
    "ct_e": "T3",
    "cn_e": "N1",
    "cm_e": "M0",
    "resectable": "Y",
    "ecog": "1",
    **{f"inc_{n}": "Y" for n in range(1, 4)},
    **{f"exc_{n}": "N" for n in range(1, 9)},
    "stage.ct": "T3",
    "stage.cn": "N1",
    "stage.cm": "M0",
    "dm.mh_autoimmune": "N",
    "dm.immunosuppr": "N",
    "dm.mh_ild": "N",
    "dm.mh_prior_ca": "N",
}
WOMAN: dict[str, object] = {"sex": "F", "contra": None, "wocbp": "Y", "preg_res": "NEG"}


def assessed(code: str, **changed: object) -> tuple[bool | None, CriterionReason]:
    dotted = {name.replace("__", "."): value for name, value in changed.items()}
    criterion = assess(ELIGIBLE | dotted).criterion(code)
    return criterion.met, criterion.reason


# Criterion, what is different from an eligible man, whether it lets in, reason.
CASES: list[tuple[str, dict[str, object], bool | None, CriterionReason]] = [
    ("I-1", {}, True, CriterionReason.MET),
    ("I-1", {"inc_1": None}, None, CriterionReason.UNANSWERED),
    ("I-1", {"inc_1": "N"}, False, CriterionReason.TICKED_NOT_MET),
    ("I-1", {"hist_type": "2"}, False, CriterionReason.CONTRADICTS_HISTOLOGY),
    ("I-1", {"hist_type": None}, None, CriterionReason.DATA_MISSING),
    *[("I-1", {"ct_e": t, "stage__ct": t}, True, CriterionReason.MET) for t in ("T2", "T3", "T4a")],
    *[("I-1", {"ct_e": t, "stage__ct": t}, False, CriterionReason.CONTRADICTS_T)
      for t in ("TX", "T0", "Tis", "T1a", "T1b", "T1", "T4b")],
    *[("I-1", {"cn_e": n, "stage__cn": n}, True, CriterionReason.MET) for n in ("N0", "N1", "N2", "N3")],
    ("I-1", {"cn_e": "NX", "stage__cn": "NX"}, None, CriterionReason.NODES_NOT_ASSESSED),
    ("I-1", {"cn_e": "N9"}, False, CriterionReason.CONTRADICTS_N),
    ("I-1", {"cm_e": "M1", "stage__cm": "M1"}, False, CriterionReason.CONTRADICTS_M),
    ("I-1", {"resectable": "N"}, False, CriterionReason.CONTRADICTS_RESECTABLE),
    ("I-1", {"resectable": None}, None, CriterionReason.DATA_MISSING),
    ("I-1", {"ct_e": "cT3"}, True, CriterionReason.MET),
    ("I-1", {"stage__ct": "T2"}, False, CriterionReason.CONTRADICTS_STAGE_T),
    ("I-1", {"stage__cn": "N2"}, False, CriterionReason.CONTRADICTS_STAGE_N),
    ("I-1", {"stage__cm": "M1"}, False, CriterionReason.CONTRADICTS_STAGE_M),
    ("I-1", {"stage__cm": "M1", "hist_type": None}, False, CriterionReason.CONTRADICTS_STAGE_M),
    ("I-1", {"stage__ct": None}, None, CriterionReason.STAGE_MISSING),
    ("I-1", {"ct_e": None}, None, CriterionReason.DATA_MISSING),
    ("I-1", {"stage__airway": "invasion"}, False, CriterionReason.CONTRADICTS_T4B),
    ("I-1", {"stage__airway": "contact"}, True, CriterionReason.MET),
    ("I-1", {"stage__bron_res": "invasion"}, False, CriterionReason.CONTRADICTS_T4B),
    ("I-1", {"stage__t4b_str": ["aorta"]}, False, CriterionReason.CONTRADICTS_T4B),
    ("I-1", {"stage__t4b_str": ["none"]}, True, CriterionReason.MET),
    ("I-1", {"stage__pet_m": "proven"}, False, CriterionReason.CONTRADICTS_PET),
    ("I-1", {"stage__pet_m": "suspect"}, True, CriterionReason.MET),
    ("I-2", {"ecog": "0"}, True, CriterionReason.MET),
    ("I-2", {"ecog": 1}, True, CriterionReason.MET),
    ("I-2", {"ecog": "2"}, False, CriterionReason.CONTRADICTS_ECOG),
    ("I-2", {"ecog": None}, None, CriterionReason.DATA_MISSING),
    ("I-2", {"inc_2": False}, False, CriterionReason.TICKED_NOT_MET),
    ("I-3", {}, True, CriterionReason.MET),
    ("I-3", {"icf_dt": None}, None, CriterionReason.DATA_MISSING),
    ("I-3", {"inc_3": "N"}, False, CriterionReason.TICKED_NOT_MET),
    ("E-1", {}, True, CriterionReason.MET),
    ("E-1", {"exc_1": "Y"}, False, CriterionReason.TICKED_EXCLUDED),
    ("E-1", {"exc_1": None}, None, CriterionReason.UNANSWERED),
    ("E-1", {"dm__mh_autoimmune": "Y"}, False, CriterionReason.CONTRADICTS_AUTOIMMUNE),
    *[("E-1", {"dm__mh_autoimmune": said}, None, CriterionReason.HISTORY_UNKNOWN) for said in ("U", None)],
    *[("E-2", {"dm__immunosuppr": said}, None, CriterionReason.HISTORY_UNKNOWN) for said in ("U", None)],
    *[("E-3", {"dm__mh_ild": said}, None, CriterionReason.HISTORY_UNKNOWN) for said in ("U", None)],
    *[("E-7", {"dm__mh_prior_ca": said}, None, CriterionReason.HISTORY_UNKNOWN) for said in ("U", None)],
    ("E-2", {"dm__pred_eq": Decimal("10")}, True, CriterionReason.MET),
    ("E-2", {"dm__pred_eq": Decimal("10.5")}, False, CriterionReason.CONTRADICTS_STEROID),
    ("E-2", {"dm__pred_eq": "10"}, True, CriterionReason.MET),
    ("E-2", {"dm__pred_eq": "10.5"}, False, CriterionReason.CONTRADICTS_STEROID),
    ("E-2", {"dm__pred_eq": "a lot"}, None, CriterionReason.DATA_MISSING),
    ("E-2", {"dm__pred_eq": float("nan")}, None, CriterionReason.DATA_MISSING),
    ("E-2", {"dm__pred_eq": "a lot", "dm__immunosuppr": "Y"}, False, CriterionReason.CONTRADICTS_IMMUNOSUPPRESSANT),
    ("E-2", {"dm__immunosuppr": "Y"}, False, CriterionReason.CONTRADICTS_IMMUNOSUPPRESSANT),
    ("E-2", {"dm__immunosuppr": "N", "dm__pred_eq": None}, True, CriterionReason.MET),
    ("E-3", {"dm__mh_ild": "N"}, True, CriterionReason.MET),
    ("E-3", {"dm__mh_ild": "Y", "dm__mh_ild_sympt": "Y"}, False, CriterionReason.CONTRADICTS_LUNG),
    ("E-3", {"dm__mh_ild": "Y", "dm__mh_ild_sympt": "N"}, True, CriterionReason.MET),
    ("E-3", {"dm__mh_ild": "Y"}, None, CriterionReason.LUNG_SYMPTOMS_UNKNOWN),
    ("E-4", {}, True, CriterionReason.MET),
    ("E-4", {"exc_4": "Y"}, False, CriterionReason.TICKED_EXCLUDED),
    ("E-5", {}, True, CriterionReason.MET),
    ("E-5", {"sex": None}, None, CriterionReason.DATA_MISSING),
    ("E-5", WOMAN, True, CriterionReason.MET),
    ("E-5", WOMAN | {"preg_res": "POS"}, False, CriterionReason.CONTRADICTS_PREGNANCY),
    ("E-5", WOMAN | {"preg_res": "ND"}, None, CriterionReason.PREGNANCY_TEST_MISSING),
    ("E-5", WOMAN | {"preg_res": None}, None, CriterionReason.PREGNANCY_TEST_MISSING),
    ("E-5", WOMAN | {"wocbp": None}, None, CriterionReason.DATA_MISSING),
    ("E-5", WOMAN | {"wocbp": "N", "preg_res": None}, True, CriterionReason.MET),
    ("E-6", {}, True, CriterionReason.MET),
    ("E-6", {"contra": "N"}, False, CriterionReason.CONTRADICTS_CONTRACEPTION),
    ("E-6", {"contra": None}, None, CriterionReason.DATA_MISSING),
    ("E-6", {"sex": None}, None, CriterionReason.DATA_MISSING),
    ("E-6", WOMAN | {"contra": "N"}, True, CriterionReason.MET),
    ("E-7", {"dm__mh_prior_ca": "N"}, True, CriterionReason.MET),
    *[("E-7", {"dm__mh_prior_ca": "Y", "dm__prior_ca_tx": [tx]}, False, CriterionReason.CONTRADICTS_PRIOR_TREATMENT)
      for tx in ("chemo", "rt", "targeted", "io")],
    ("E-7", {"dm__mh_prior_ca": "Y", "dm__prior_ca_tx": ["surgery"]}, True, CriterionReason.MET),
    ("E-7", {"dm__mh_prior_ca": "Y"}, None, CriterionReason.PRIOR_TREATMENT_UNKNOWN),
    ("E-8", {}, True, CriterionReason.MET),
    ("E-8", {"exc_8": True}, False, CriterionReason.TICKED_EXCLUDED),
    ("I-1", {"stage__ct": "cT3", "stage__cn": "cN1"}, True, CriterionReason.MET),
    ("I-1", {"stage__t4b_str": ["none", "aorta"]}, False, CriterionReason.CONTRADICTS_T4B),
    ("I-1", {"cn_e": "NX", "stage__cn": "N1"}, False, CriterionReason.CONTRADICTS_STAGE_N),
    ("I-1", {"cn_e": "NX", "stage__cn": "NX", "stage__ct": None}, None, CriterionReason.NODES_NOT_ASSESSED),
    ("I-2", {"ecog": "-1"}, None, CriterionReason.DATA_MISSING),
    ("I-3", {"icf_dt": "2025-03"}, None, CriterionReason.DATA_MISSING),
    ("E-2", {"dm__immunosuppr": "U", "dm__pred_eq": "10.5"}, False, CriterionReason.CONTRADICTS_STEROID),
    ("E-2", {"dm__immunosuppr": "U", "dm__pred_eq": "a lot"}, None, CriterionReason.DATA_MISSING),
    ("E-2", {"dm__immunosuppr": "U", "dm__pred_eq": "10"}, None, CriterionReason.HISTORY_UNKNOWN),
    ("E-3", {"dm__mh_ild": "N", "dm__mh_ild_sympt": "Y"}, True, CriterionReason.MET),
    ("E-5", {"preg_res": "POS"}, False, CriterionReason.CONTRADICTS_PREGNANCY),
    ("E-5", {"sex": None, "preg_res": "POS"}, False, CriterionReason.CONTRADICTS_PREGNANCY),
    ("E-5", WOMAN | {"wocbp": "N", "preg_res": "ND"}, True, CriterionReason.MET),
    ("E-6", {"sex": None, "contra": "N"}, None, CriterionReason.DATA_MISSING),
    ("E-6", WOMAN, True, CriterionReason.MET),
    ("E-7", {"dm__mh_prior_ca": "N", "dm__prior_ca_tx": ["chemo"]}, False, CriterionReason.CONTRADICTS_PRIOR_TREATMENT),
    ("E-7", {"dm__mh_prior_ca": "U", "dm__prior_ca_tx": ["surgery"]}, True, CriterionReason.MET),
    *[("AGE", {"birth": None, "age": age}, met, reason) for age, met, reason in (
        (17, False, CriterionReason.AGE_OUTSIDE), (18, True, CriterionReason.MET),
        (75, True, CriterionReason.MET), (76, False, CriterionReason.AGE_OUTSIDE),
        (None, None, CriterionReason.DATA_MISSING))],
    ("AGE", {"icf_dt": "2025-03", "age": 76}, False, CriterionReason.AGE_OUTSIDE),
    ("AGE", {"icf_dt": None, "age": 63}, True, CriterionReason.MET),
    ("AGE", {"birth": "1961-05", "age": 63}, True, CriterionReason.MET),
    ("AGE", {"birth": "1961", "age": 65}, False, CriterionReason.CONTRADICTS_BIRTH),
    ("AGE", {}, True, CriterionReason.MET),
    ("AGE", {"birth": "2007-03-03", "age": None}, True, CriterionReason.MET),
    ("AGE", {"birth": "2007-03-04", "age": None}, False, CriterionReason.AGE_OUTSIDE),
    ("AGE", {"birth": "1949-03-04", "age": None}, True, CriterionReason.MET),
    ("AGE", {"birth": "1949-03-03", "age": None}, False, CriterionReason.AGE_OUTSIDE),
    ("AGE", {"birth": "1949-03", "age": None}, None, CriterionReason.AGE_UNCERTAIN),
    ("AGE", {"birth": "2007", "age": None}, None, CriterionReason.AGE_UNCERTAIN),
    ("AGE", {"birth": "1961", "age": None}, True, CriterionReason.MET),
    ("AGE", {"birth": "1961-05", "age": 60}, False, CriterionReason.CONTRADICTS_BIRTH),
    ("AGE", {"birth": None}, True, CriterionReason.MET),
    ("AGE", {"birth": None, "age": 76}, False, CriterionReason.AGE_OUTSIDE),
    ("AGE", {"birth": None, "age": None}, None, CriterionReason.DATA_MISSING),
    ("AGE", {"icf_dt": None, "age": None}, None, CriterionReason.DATA_MISSING),
    ("AGE", {"icf_dt": None}, True, CriterionReason.MET),
]  # fmt: skip


@pytest.mark.parametrize(("code", "changed", "met", "reason"), CASES)
def test_each_criterion(
    code: str, changed: dict[str, object], met: bool | None, reason: CriterionReason
) -> None:
    assert assessed(code, **changed) == (met, reason)


def test_the_criteria_are_those_of_the_protocol() -> None:
    codes = [criterion.code for criterion in assess({}).criteria]
    assert codes == ["I-1", "I-2", "I-3", *(f"E-{n}" for n in range(1, 9)), "AGE"]


def test_the_verdict() -> None:
    assert assess(ELIGIBLE).verdict is True
    assert assess(ELIGIBLE | WOMAN).verdict is True
    assert assess({}).verdict is None
    assert assess(ELIGIBLE | {"exc_8": None}).verdict is None
    assert assess(ELIGIBLE | {"exc_8": None, "ecog": "3"}).verdict is False


def test_limits_come_from_the_protocol_text() -> None:
    wider = Limits(age_from=16, age_to=80, ecog_to=2, steroid_mg_to=20)
    older = ELIGIBLE | {"birth": "1947-01-01", "age": None, "ecog": "2", "dm.pred_eq": 15}
    assert assess(older).verdict is False
    assert assess(older, limits=wider).verdict is True


@pytest.mark.parametrize(
    ("answer", "met", "reason"),
    [
        ("N", True, CriterionReason.MET),
        ("Y", False, CriterionReason.TICKED_EXCLUDED),
        (None, None, CriterionReason.UNANSWERED),
    ],
)
def test_optional_criteria_count_only_when_switched_on(
    answer: object, met: bool | None, reason: CriterionReason
) -> None:
    answers = ELIGIBLE | {"opt_fistula": answer}
    assert assess(answers).verdict is True
    switched_on = assess(answers, optional_exclusions=("opt_fistula",))
    assert (switched_on.verdict, switched_on.criterion("OPT_FISTULA").reason) == (met, reason)


def test_the_evidence_shows_every_value_a_criterion_rests_on() -> None:
    evidence = assess(ELIGIBLE | {"stage.t4b_str": ["vertebra", "aorta"], "dm.pred_eq": Decimal("5.50")})
    assert evidence.criterion("I-1").evidence[:3] == (("inc_1", "Y"), ("hist_type", "1"), ("ct_e", "T3"))
    assert ("stage.t4b_str", "aorta,vertebra") in evidence.criterion("I-1").evidence
    assert ("dm.pred_eq", "5.5") in evidence.criterion("E-2").evidence
    assert evidence.criterion("I-3").evidence == (("inc_3", "Y"), ("icf_dt", "2025-03-03"))
    assert {name for each in evidence.criteria for name, _value in each.evidence} == set(eligibility.READS)


@pytest.mark.parametrize(
    ("variable", "one", "other"),
    [
        ("inc_1", "Y", True),
        ("icf_dt", date(2025, 3, 3), "2025-03-03"),
        ("ecog", 1, "1"),
        ("dm.pred_eq", Decimal("5.0"), 5),
        ("dm.pred_eq", 5.0, Decimal("5.00")),
        ("stage.t4b_str", [], None),
        ("stage.airway", "", None),
        ("dm.prior_ca_tx", ["surgery", "none"], ("none", "surgery")),
    ],
)
def test_one_answer_has_one_digest_wherever_it_comes_from(variable: str, one: object, other: object) -> None:
    assert evidence_digest(assess(ELIGIBLE | {variable: one})) == evidence_digest(
        assess(ELIGIBLE | {variable: other})
    )


@pytest.mark.parametrize("variable", eligibility.READS)
def test_the_digest_changes_with_every_answer_it_rests_on(variable: str) -> None:
    changed = "N" if ELIGIBLE.get(variable) != "N" else "Y"
    assert evidence_digest(assess(ELIGIBLE | {variable: changed})) != evidence_digest(assess(ELIGIBLE))


def test_the_digest_of_a_decision_on_record_stays_what_it_was() -> None:
    """Decisions keep the digest that their investigator saw: another spelling of the same would lapse all of them."""
    seen = assess(ELIGIBLE)
    assert evidence_digest(seen) == "5a9117b0bf96b2a05609ff8f35249894621f54c5134bee963fb30e3fca968a00"
    assert (
        eligibility.answers_digest(seen) == "e30e61c7fadd8743025ab97349a0ddb94bde3ec91124e8ba2904c234317957ab"
    )


def test_the_digest_ignores_what_the_criteria_do_not_read() -> None:
    digest = evidence_digest(assess(ELIGIBLE))
    assert digest == evidence_digest(assess(dict(reversed(ELIGIBLE.items())) | {"mdt_dt": "2025-03-01"}))
    assert len(digest) == 64


@given(
    st.dictionaries(
        st.sampled_from(eligibility.READS),
        st.one_of(
            st.none(), st.sampled_from(["Y", "N", "U", "1", "2", "T3", "M0", "", "x"]), st.integers(0, 99)
        ),
    )
)
def test_any_answers_get_a_verdict_that_follows_from_the_criteria(answers: dict[str, object]) -> None:
    assessment = assess(ELIGIBLE | answers)
    met = [criterion.met for criterion in assessment.criteria]
    assert assessment.verdict == (False if False in met else None if None in met else True)
    assert evidence_digest(assessment) == evidence_digest(assess(ELIGIBLE | answers))


HISTORY = {"E-1", "E-2", "E-3", "E-4", "E-7", "E-8"}


@pytest.mark.parametrize(
    ("incomplete", "still_open"),
    [
        ("dm", HISTORY),
        ("stage", {"I-1"}),
        ("", {"I-1", "I-2", "I-3", "AGE", "OPT_LAB", *(f"E-{n}" for n in range(1, 9))}),
    ],
)
def test_point_13_a_form_that_is_not_complete_fulfils_nothing(incomplete: str, still_open: set[str]) -> None:
    found = assess(
        ELIGIBLE | {"opt_lab": "N"}, complete=FORMS - {incomplete}, optional_exclusions=("opt_lab",)
    )
    assert {each.code for each in found.criteria if each.met is None} == still_open
    assert {found.criterion(code).reason for code in still_open} == {CriterionReason.FORM_INCOMPLETE}
    assert found.verdict is None


def test_point_13_what_speaks_against_counts_before_the_form_is_complete() -> None:
    found = assess(ELIGIBLE | {"dm.mh_ild": "Y", "dm.mh_ild_sympt": "Y"}, complete={""})
    assert (found.verdict, found.criterion("E-3").met) == (False, False)


def test_point_13_unknown_is_open_until_the_investigator_answers_it_by_name() -> None:
    found = assess(ELIGIBLE | {"dm.mh_autoimmune": "U", "dm.mh_ild": "Y"})
    assert (found.verdict, found.answerable) == (None, ("E-1", "E-3"))
    assert found.answered({"E-1": "ANA negative, no symptoms", "E-3": "  "}).verdict is None
    answered = found.answered({"E-1": "ANA negative, no symptoms", "E-3": "CT normal", "E-4": "not asked"})
    assert answered.verdict is True
    assert answered.criterion("E-1").answer == "ANA negative, no symptoms"
    assert answered.criterion("E-4").answer == ""
    assert len({evidence_digest(each) for each in (found, answered, found.answered({"E-1": "x"}))}) == 3
    assert eligibility.answers_digest(found) == eligibility.answers_digest(answered)


def test_point_13_nobody_answers_what_the_forms_decide() -> None:
    found = assess(ELIGIBLE | {"dm.mh_autoimmune": "Y"}).answered({"E-1": "I know better"})
    assert (found.verdict, found.criterion("E-1").met) == (False, False)


@given(
    st.sets(st.sampled_from(sorted(FORMS))),
    st.dictionaries(st.sampled_from(eligibility.READS), st.just(None)),
)
def test_point_13_nobody_is_eligible_by_what_nobody_answered(
    complete: set[str], gaps: dict[str, object]
) -> None:
    """Whatever is left out, a positive verdict has every form complete and every criterion's answers."""
    found = assess(ELIGIBLE | gaps, complete=complete)
    if found.verdict:
        assert complete == FORMS
        needed = {
            "dm.mh_autoimmune",
            "dm.immunosuppr",
            "dm.mh_ild",
            "dm.mh_prior_ca",
            "contra",
            "sex",
            "ecog",
        }
        assert not needed & set(gaps)
