"""What codes and units of forms become in SDTM: none is lost in silence, and each term is worked out here by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils.translation import override

from crf import catalogue
from crf.engine.codebook import Variable, codebook
from exports.sdtm.forms.catalogue import mappings
from exports.sdtm.mapping import Answer, FormMapping, Target
from exports.sdtm.worked_out import WORKED_OUT

CHAPTERS = ("3.0",)
Place = tuple[str, str, str]

# How the guide's terminology spells the units of the forms, where it does otherwise.
SPELLED = {
    "°C": {"C"},
    "/min": {"beats/min", "breaths/min"},
    "ms": {"msec"},
    "days": {"DAYS"},
    "units": {"U"},
}
# Codes that stand in no record, since others say the same: the results, the day of the end, the criterion not met.
SAID_BY_OTHERS = {
    ("VS", "VS_DONE"): {"Y"},
    ("LB", "LB_DONE"): {"Y"},
    ("QOL", "Q_DONE"): {"Y"},
    ("STAGE", "PDL1_DONE"): {"Y"},
    ("PATH", "PDL1_DONE"): {"Y"},
    ("ELIG", "ELIG_OK"): {"N"},
    ("TREAT_CAMRE", "CI_STOP"): {"N"},
    ("MH", "MH_ONGO"): {"N"},
    ("CM", "CM_ONGO"): {"N"},
    ("AE", "AE_ONGO"): {"N"},
}
# The declaration of a dose is that of all three drugs: camrelizumab is not reduced, the others are not interrupted.
OF_ANOTHER_DRUG = {
    ("TREAT_CHEMO", "CARBO_GIVEN", "interrupted"),
    ("TREAT_CHEMO", "NABP_GIVEN", "interrupted"),
    ("TREAT_CAMRE", "CI_GIVEN", "reduced"),
}
# By what a lesion was seen on the day that a column names, and who judges results in each domain.
METHODS = {
    "CT_DT": {"CT SCAN"},
    "EUS_DT": {"ENDOSCOPIC ULTRASOUND"},
    "MDT_ON": {"IMAGING"},
    "OGD_DT": {"ENDOSCOPY", "FLUOROSCOPY"},
    "PET_DT": {"PET/CT SCAN"},
    "US_DT": {"ULTRASOUND"},
}
EVALUATORS = {
    "DD": {"INVESTIGATOR", "ADJUDICATION COMMITTEE"},
    "MI": {"PATHOLOGIST"},
    "PE": {"INVESTIGATOR"},
    "RS": {"INVESTIGATOR", "PATHOLOGIST", "INDEPENDENT ASSESSOR", "ADJUDICATION COMMITTEE"},
    "TR": {"INVESTIGATOR"},
    "TU": {"INVESTIGATOR", "PATHOLOGIST"},
}
LIVING = {"alive": "ALIVE", "dead": "DEAD", "unknown": "UNKNOWN"}
# The terms of what decides about people: by file, column and variable.
TERMS: dict[Place, dict[str, str]] = {
    ("AE", "OUTCOME", "AEOUT"): {
        "recovered": "RECOVERED/RESOLVED",
        "recovering": "RECOVERING/RESOLVING",
        "sequelae": "RECOVERED/RESOLVED WITH SEQUELAE",
        "not_recovered": "NOT RECOVERED/NOT RESOLVED",
        "fatal": "FATAL",
        "unknown": "UNKNOWN",
    },
    ("AE", "ACTION_CAMRE", "AEACN"): {
        "none": "DOSE NOT CHANGED",
        "delayed": "DRUG INTERRUPTED",
        "omitted": "DRUG INTERRUPTED",
        "stopped": "DRUG WITHDRAWN",
        "na": "NOT APPLICABLE",
    },
    ("AE", "REL_WORST", "AEREL"): {
        "not": "NOT RELATED",
        "unlikely": "UNLIKELY RELATED",
        "possible": "POSSIBLY RELATED",
        "probable": "PROBABLY RELATED",
        "definite": "DEFINITELY RELATED",
    },
    ("SURV", "VITAL", "SSSTRESC"): LIVING,
    ("SURV", "VITAL", "DTHFL"): {"dead": "Y"},
    ("FU", "ALIVE", "SSSTRESC"): {"Y": "ALIVE", "N": "DEAD"},
    ("COMP", "PO30_STATUS", "SSSTRESC"): LIVING,
    ("COMP", "PO90_STATUS", "SSSTRESC"): LIVING,
    ("TREAT", "STOP_REASON", "DSDECOD"): {
        "toxicity": "ADVERSE EVENT",
        "progression": "PROGRESSIVE DISEASE",
        "patient": "WITHDRAWAL BY SUBJECT",
        "physician": "PHYSICIAN DECISION",
        "death": "DEATH",
        "other": "OTHER",
    },
    ("TREAT_CAMRE", "CI_STOP_WHY", "DSDECOD"): {
        **dict.fromkeys(("irae", "other_ae", "infection", "laboratory"), "ADVERSE EVENT"),
        "patient": "WITHDRAWAL BY SUBJECT",
        "logistic": "LOGISTICAL PROBLEM",
        "error": "OTHER",
    },
    ("EOS", "EOS_WHY", "DSDECOD"): {
        "progression": "PROGRESSIVE DISEASE",
        "regrowth": "DISEASE RELAPSE",
        "adverse_event": "ADVERSE EVENT",
        "death": "DEATH",
        "lost": "LOST TO FOLLOW-UP",
        "withdrew": "WITHDRAWAL BY SUBJECT",
        "physician": "PHYSICIAN DECISION",
        "pregnancy": "PREGNANCY",
        "moved": "OTHER",
        "sponsor": "SPONSOR REQUEST",
        "other": "OTHER",
    },
    ("EOS", "EOS_PHASE", "DSSCAT"): {
        "neoadjuvant": "NEOADJUVANT TREATMENT",
        "response": "RESPONSE EVALUATION",
        "surveillance": "SURVEILLANCE",
        "follow_up": "FOLLOW-UP",
        "study": "STUDY PARTICIPATION",
    },
    ("ELIG", "SF_REASON", "DSDECOD"): {
        "criterion": "SCREEN FAILURE",
        "consent_withdrawn": "WITHDRAWAL BY SUBJECT",
        "progression": "PROGRESSIVE DISEASE",
        "death": "DEATH",
        "administrative": "SCREEN FAILURE",
        "other": "SCREEN FAILURE",
    },
    ("ELIG", "SEX", "SEX"): {"M": "M", "F": "F"},
    ("ELIG", "PREG_RES", "LBORRES"): {"NEG": "NEGATIVE", "POS": "POSITIVE"},
    **{
        ("TREAT_CHEMO", column, "ECOCCUR"): {"full": "Y", "reduced": "Y", "omitted": "N"}
        for column in ("CARBO_GIVEN", "NABP_GIVEN")
    },
    ("TREAT_CAMRE", "CI_GIVEN", "ECOCCUR"): {"full": "Y", "interrupted": "Y", "omitted": "N"},
    ("SURG", "SURG_DONE", "PROCCUR"): {"resection": "Y", "reresection": "Y", "explored": "N"},
    ("PATH", "PCR", "RSORRES"): {"Y": "CR", "N": "NOT CR"},
    ("STAGE_NODE", "SIDE", "TULAT"): {"L": "LEFT", "R": "RIGHT", "M": "MIDLINE"},
    ("CRE_BOB_MAP", "QUADRANT", "MIDIR"): {"anterior": "ANTERIOR", "posterior": "POSTERIOR"},
    ("CRE_BOB_MAP", "QUADRANT", "MILAT"): {"right": "RIGHT", "left": "LEFT"},
    ("CRE", "CTDNA", "LBORRES"): {"negative": "NEGATIVE", "positive": "POSITIVE"},
    ("STAGE", "M_SITE", "TULOC"): {
        "lung": "LUNG",
        "liver": "LIVER",
        "bone": "BONE",
        "brain": "BRAIN",
        "pleura": "PLEURA",
        "peritoneum": "PERITONEUM",
        "adrenal": "ADRENAL GLAND",
        "distant_node": "LYMPH NODE",
        "skin": "SKIN",
        "other": "OTHER",
    },
    ("PROG", "PROG_WHERE", "TULOC"): {
        "primary": "ESOPHAGUS",
        "nodes": "REGIONAL LYMPH NODE",
        "distant_nodes": "LYMPH NODE",
        "lung": "LUNG",
        "liver": "LIVER",
        "bone": "BONE",
        "brain": "BRAIN",
        "peritoneum": "PERITONEUM",
        "other": "OTHER",
    },
    ("PROG", "PROG_PROOF", "TUMETHOD"): {
        "histology": "HISTOPATHOLOGY",
        "cytology": "CYTOLOGY",
        "imaging": "IMAGING",
        "clinical": "PHYSICAL EXAMINATION",
    },
    ("DM", "SMOKE", "SUOCCUR"): {"never": "N", "former": "Y", "current": "Y"},
    ("DM", "SMOKE", "SUENRTPT"): {"former": "BEFORE", "current": "ONGOING"},
    ("CM", "CM_ROUTE", "CMROUTE"): {
        "oral": "ORAL",
        "intravenous": "INTRAVENOUS",
        "subcutaneous": "SUBCUTANEOUS",
        "intramuscular": "INTRAMUSCULAR",
        "inhaled": "RESPIRATORY (INHALATION)",
        "topical": "TOPICAL",
        "tube": "ENTERAL",
        "other": "OTHER",
    },
    ("CM", "CM_FREQ", "CMDOSFRQ"): {
        "once": "ONCE",
        "qd": "QD",
        "bid": "BID",
        "tid": "TID",
        "qid": "QID",
        "qod": "QOD",
        "qw": "EVERY WEEK",
        "prn": "PRN",
        "other": "OTHER",
    },
    ("LB_TESTS", "LB_FLAG", "LBNRIND"): {"L": "LOW", "N": "NORMAL", "H": "HIGH"},
}


def every_target() -> Iterator[tuple[FormMapping, Target]]:
    for mapping in mappings().values():
        yield from ((mapping, target) for target in mapping.targets)


@pytest.fixture(scope="module")
def asked() -> dict[tuple[str, str], Variable]:
    """Each exported answer by file and column, with its codes and its unit in English."""
    with override("en"):
        return {
            ("_".join(filter(None, (form.code, each.group.upper()))), each.variable): each
            for form in catalogue.forms().values()
            for each in codebook(form)
        }


def question(asked: dict[tuple[str, str], Variable], file: str, column: str) -> Variable | None:
    """The question of a column: of the file, or of the form above a repeating group."""
    return asked.get((file, column)) or asked.get((file.partition("_")[0], column))


def test_no_code_is_lost(asked: dict[tuple[str, str], Variable]) -> None:
    """Each has a term, a condition, or is submitted as it is; before, a node on the midline had no side."""
    told: dict[tuple[str, str], set[str]] = {}
    for mapping, target in every_target():
        for _place, answer in target.answers():
            if (known := question(asked, mapping.file, answer.column)) and known.codes:
                as_it_is = not answer.codes or answer.keeps_others
                submitted = {code for code, _label in known.codes} if as_it_is else set(answer.codes)
                told.setdefault((mapping.file, answer.column), set()).update(submitted)
        for condition in target.only:
            told.setdefault((mapping.file, condition.column), set()).update(condition.codes)
    lost = {}
    for place, codes in told.items():
        if (known := question(asked, *place)) and known.codes:
            lost[place] = {code for code, _label in known.codes} - codes
    assert {place: codes for place, codes in lost.items() if codes} == SAID_BY_OTHERS


def test_no_condition_is_of_a_code_that_the_form_does_not_offer(
    asked: dict[tuple[str, str], Variable],
) -> None:
    conditions = {
        (mapping.file, condition.column, code)
        for mapping, target in every_target()
        for condition in target.only
        if (known := question(asked, mapping.file, condition.column)) and known.codes
        for code in condition.codes
        if code not in {each for each, _label in known.codes}
    }
    assert conditions == OF_ANOTHER_DRUG


def test_terms_are_those_worked_out_by_hand() -> None:
    told: dict[Place, dict[str, str | None]] = {}
    for mapping, target in every_target():
        for name, value in target.values.items():
            if isinstance(value, Answer) and (terms := TERMS.get((mapping.file, value.column, name))):
                told[mapping.file, value.column, name] = {code: value.codes.get(code) for code in terms}
    assert told == TERMS


def test_a_lesion_was_seen_by_what_was_done_on_the_day() -> None:
    wrong = [
        (mapping.file, target.test, day.column, target.values.get(f"{target.domain}METHOD"))
        for mapping, target in every_target()
        if target.domain in ("TU", "TR")
        and isinstance(day := target.values.get(f"{target.domain}DTC"), Answer)
        and day.column in METHODS
        and target.values.get(f"{target.domain}METHOD") not in METHODS[day.column]
    ]
    assert wrong == []


def test_results_are_judged_by_whoever_judges_them() -> None:
    judged: dict[str, set[str]] = {}
    for _mapping, target in every_target():
        if isinstance(judge := target.values.get(f"{target.domain}EVAL"), str):
            judged.setdefault(target.domain, set()).add(judge)
    assert judged == EVALUATORS


def test_a_result_and_a_dose_have_the_unit_of_their_question(
    asked: dict[tuple[str, str], Variable],
) -> None:
    wrong = []
    for mapping, target in every_target():
        for amount, unit in (("ORRES", "ORRESU"), ("DOSE", "DOSU")):
            value = target.values.get(target.domain + amount)
            told = target.values.get(target.domain + unit, "")
            if not isinstance(value, Answer) or isinstance(told, Answer) or value.column in WORKED_OUT:
                continue
            known = question(asked, mapping.file, value.column)
            of_question = str(known.unit) if known else ""
            if told not in SPELLED.get(of_question, {of_question}):
                wrong.append((mapping.file, value.column, of_question, told))
    assert wrong == []
