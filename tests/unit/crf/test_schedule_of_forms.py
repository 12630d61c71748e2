"""The schedule and the forms, both ways: what a visit lists is asked on one of its forms (protocol 2.2-2.4)."""

from __future__ import annotations

import pytest

from crf import catalogue
from crf.catalogue.vital_signs.form import EXAMINED
from crf.engine.declaration import Repeats
from protocol.loader.schema import VisitRule
from protocol.text import load, versions

CHAPTERS = ("2.2", "2.3", "2.4")

# What section 2 lists, and the answers that record it: one of them on a form of the visit.
RECORDED_BY: dict[str, tuple[str, ...]] = {
    "CONSENT": ("ELIG.icf_dt",),
    "ELIGIBILITY": ("ELIG.elig_ok",),
    "DEMOGRAPHICS": ("DM.ethnic_cn",),
    "HISTORY": ("MH.mh_text",),
    "TOBACCO_ALCOHOL": ("DM.smoke",),
    "COMORBIDITY": ("DM.cci_items",),
    "CONMEDS": ("CM.cm_trt",),
    "EXAM": ("STAGE.exam", "VS.exam", "AS.as_exam", "FU.exam"),
    "ECOG": ("ELIG.ecog", "VS.ecog", "AS.as_ecog", "FU.ecog"),
    "WEIGHT": ("DM.weight", "VS.weight", "AS.as_wt", "FU.wt"),
    "DYSPHAGIA": ("DM.dysph", "VS.dysph", "AS.as_dysph", "FU.dysph"),
    "BLOODS": ("LB.tests",),
    "ECG": ("STAGE.ecg_res", "CRE.ecg_res"),
    "LUNG_FUNCTION": ("STAGE.fev1", "CRE.fev1"),
    "PREGNANCY_TEST": ("ELIG.preg_res",),
    "ENDOSCOPY_BIOPSY": ("STAGE.bx_n", "CRE.bx_result"),
    "EUS": ("STAGE.eus_done",),
    "CT": ("STAGE.ct_dt", "CRE.ct_done", "FU.img"),
    "NECK_US": ("STAGE.us_res",),
    "PET_CT": ("STAGE.pet_done", "CRE.pet_done", "FU.img"),
    "PET_CT_IF_POSITIVE": ("CRE.pet_done",),
    "HRCT_PET_ON_INDICATION": ("CRE.ct_done",),
    "BRONCHOSCOPY": ("STAGE.bron_done",),
    "THYROID": ("LB.tests",),
    "CORTISOL": ("LB.tests",),
    "GLUCOSE": ("LB.tests",),
    "LIVER_RENAL": ("LB.tests",),
    "CARDIAC_MARKERS": ("LB.tests",),
    "VIROLOGY": ("LB.tests",),
    "PDL1": ("STAGE.pdl1_done",),
    "QLQ_C30": ("QOL.q1",),
    "QLQ_OES18": ("QOL.q31",),
    "RT_START": ("TREAT.rt_start",),
    "RT_FRACTIONS": ("TREAT.rt_fx",),
    "RT_SUMMARY": ("TREAT.deliv_gy",),
    "CARBOPLATIN": ("TREAT.chemo",),
    "NAB_PACLITAXEL": ("TREAT.chemo",),
    "CAMRELIZUMAB": ("TREAT.camre",),
    "AE_REVIEW": ("AE.ae_term",),
    "SAE_REVIEW": ("SAE.sae_narr",),
    "IRAE_PANEL": ("LB.tests",),
    "IRAE_REVIEW": ("AE.irae",),
    "LATE_AE": ("AE.ae_term",),
    "BITE_ON_BITE": ("CRE.bob_n",),
    "EUS_FNA": ("CRE.eus_nodes",),
    "ENDOSCOPY_YEARLY": ("FU.img",),
    "MDT": ("CRE.mdt_dt",),
    "CCR_DECISION": ("CRE.cre_outcome",),
    "OESOPHAGECTOMY": ("SURG.surg_dt",),
    "PATHOLOGY": ("PATH.ypt",),
    "COMPLICATIONS": ("COMP.comps",),
    "CLAVIEN_DINDO": ("COMP.cd_worst",),
    "LENGTH_OF_STAY": ("SURG.los",),
    "FEEDING_ROUTE": ("COMP.feed_dc",),
    "READMISSION": ("SURG.readms",),
    "MORTALITY_30": ("COMP.po30_status",),
    "MORTALITY_90": ("COMP.po90_status",),
    "LATE_COMPLICATIONS": ("COMP.comps",),
    "ADJUVANT_NCCN": ("FU.adj_given",),
    "STATUS_36": ("SURV.vital",),
    "END_OF_STUDY": ("EOS.eos_status",),
    "VITAL_STATUS": ("SURV.vital",),
    "VITAL_STATUS_CALL": ("SURV.vital",),
}
BY_THE_SYSTEM = {"ALLOCATION"}  # protocol 3.2: written by randomization itself, asked of nobody
AFTER_SURGERY = "SURG-1"  # the records of an operation stay open after it (protocol 2.4)
# Forms that a visit lists beyond the procedures of its row, and why.
LISTED_FOR = {
    "STAGE": "protocol 3.4: the baseline work-up in one page",
    "ST": "protocol 2.3: the decision on adjuvant treatment asks for the log of therapies",
}
# Forms that no visit lists: an event opens each of them (protocol 2.6; decisions C3, D6, D7).
OPENED_BY_AN_EVENT = {"PROG", "PREG", "DV", "NUT"}
ROWS = [(version, rule) for version in versions() for rule in load(version).visits]
IDS = [f"{version} {rule.code} {'/'.join(rule.arms)}" for version, rule in ROWS]


def forms_open_at(version: str, rule: VisitRule) -> set[str]:
    """Return the forms of the visit, with those of the operation for a visit that is counted from one."""
    kept = load(version).visit(AFTER_SURGERY).form_codes if rule.due.anchor == "SURG" else ()
    return {*rule.form_codes, *kept}


def recorded_at(version: str, rule: VisitRule, procedure: str) -> list[str]:
    forms = forms_open_at(version, rule)
    return [answer for answer in RECORDED_BY[procedure] if answer.partition(".")[0] in forms]


@pytest.mark.parametrize(("version", "rule"), ROWS, ids=IDS)
def test_what_a_visit_lists_is_asked_on_one_of_its_forms(version: str, rule: VisitRule) -> None:
    listed = {procedure.code for procedure in rule.procedures} - BY_THE_SYSTEM
    assert {code for code in listed if not recorded_at(version, rule, code)} == set()


@pytest.mark.parametrize(("version", "rule"), ROWS, ids=IDS)
def test_no_slot_without_a_form_and_no_form_that_nothing_asks_for(version: str, rule: VisitRule) -> None:
    assert set(rule.form_codes) <= catalogue.forms().keys()
    asked = {
        answer.partition(".")[0]
        for procedure in rule.procedures
        for answer in RECORDED_BY.get(procedure.code, ())
    }
    assert set(rule.form_codes) - asked - LISTED_FOR.keys() == set()


@pytest.mark.parametrize(("version", "rule"), ROWS, ids=IDS)
def test_whoever_is_seen_after_treatment_began_is_asked_about_adverse_events(
    version: str, rule: VisitRule
) -> None:
    """Decision C7: one window in both arms, late toxicity and complications of an evaluation at any time."""
    codes = {procedure.code for procedure in rule.procedures}
    measured = codes & {"BLOODS", "EXAM", "ENDOSCOPY_BIOPSY", "BITE_ON_BITE", "IRAE_REVIEW", "RT_SUMMARY"}
    assert not measured or rule.code == "SCR" or "AE" in rule.form_codes


def test_every_answer_that_records_something_is_there() -> None:
    missing = []
    for answer in {answer for answers in RECORDED_BY.values() for answer in answers}:
        code, _, name = answer.partition(".")
        form = catalogue.form(code)
        if name not in form.questions and name not in form.groups:
            missing.append(answer)
    assert missing == []


@pytest.mark.parametrize("version", versions())
def test_everything_that_the_text_can_list_is_recorded(version: str) -> None:
    assert {procedure.code for procedure in load(version).procedures} == RECORDED_BY.keys() | BY_THE_SYSTEM


@pytest.mark.parametrize("version", versions())
def test_every_form_is_listed_by_a_visit_or_opened_by_an_event(version: str) -> None:
    text = load(version)
    listed = {code for rule in text.visits for code in rule.form_codes}
    assert catalogue.forms().keys() - listed == OPENED_BY_AN_EVENT


@pytest.mark.parametrize("code", ["SF30", "N1", "N2", "N3", "N4", "N5", "NE"])
def test_both_arms_are_asked_the_same_at_a_safety_visit(code: str) -> None:
    """What is asked of one arm alone would be known of one arm alone (decision C7); the drug of arm 1 is in TREAT."""
    for version in versions():
        text = load(version)
        assert set(text.visit(code, "1").form_codes) == set(text.visit(code, "2").form_codes)


def test_the_examination_is_asked_on_the_page_of_vital_signs_wherever_it_is_listed_with_it() -> None:
    for version in versions():
        rules = (rule for rule in load(version).visits if "VS" in rule.form_codes)
        listed = {rule.code for rule in rules if "EXAM" in {each.code for each in rule.procedures}}
        assert set(EXAMINED.values) == listed


@pytest.mark.parametrize(("version", "rule"), [row for row in ROWS if "CRE" in row[1].form_codes])
def test_each_evaluation_has_the_vital_signs_of_its_day(version: str, rule: VisitRule) -> None:
    """ECOG, weight and dysphagia stand beside it once, on VS or on the page of surveillance (decisions B6, C6)."""
    asked = {"VS", "AS"} & {*rule.form_codes}
    assert asked, rule.code
    own = {
        name.removeprefix("as_").replace("wt", "weight")
        for code in asked
        for name in catalogue.form(code).questions
    }
    assert {"ecog", "weight", "dysph"} <= own
    assert not {"ecog", "weight", "dysph"} & catalogue.form("CRE").questions.keys()


def test_medication_history_and_laboratory_are_forms_of_their_own() -> None:
    """A new drug is a record of its own, and leaves what was verified of the others as it is (decision C8)."""
    repeats = {code: catalogue.form(code).repeats for code in ("MH", "CM", "LB")}
    assert repeats == {"MH": Repeats.LOG, "CM": Repeats.LOG, "LB": Repeats.PER_VISIT}
    assert {form.code: [*form.groups] for form in (catalogue.form("DM"), catalogue.form("CM"))} == {
        "DM": ["prior_ca"],
        "CM": [],
    }
