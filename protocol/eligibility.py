"""Each criterion assessed twice: as it was ticked, and as the data behind it say (protocol 1.3, 3.1,
X002-X007).

A criterion is *met* when it lets the participant in: an inclusion that holds, an exclusion that does not.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from protocol.endpoints import age_range_on
from protocol.exact import Number, exact
from protocol.partial_dates import chosen, partial_date, yes_no
from protocol.staging import bare

Answers = Mapping[str, object]

SQUAMOUS = "1"
ELIGIBLE_T = ("T2", "T3", "T4a")
ELIGIBLE_N = ("N0", "N1", "N2", "N3")
ELIGIBLE_M = ("M0",)
SYSTEMIC_OR_RADIATION = ("chemo", "io", "rt", "targeted")


class CriterionReason(StrEnum):
    """Why a criterion is met, not met, or still open; the sentence for it belongs to the page."""

    MET = "met"
    UNANSWERED = "unanswered"
    TICKED_NOT_MET = "ticked_not_met"
    TICKED_EXCLUDED = "ticked_excluded"
    CONTRADICTS_HISTOLOGY = "contradicts_hist_type"
    CONTRADICTS_T = "contradicts_ct_e"
    CONTRADICTS_N = "contradicts_cn_e"
    CONTRADICTS_M = "contradicts_cm_e"
    CONTRADICTS_RESECTABLE = "contradicts_resectable"
    CONTRADICTS_STAGE_T = "contradicts_stage_ct"
    CONTRADICTS_STAGE_N = "contradicts_stage_cn"
    CONTRADICTS_STAGE_M = "contradicts_stage_cm"
    CONTRADICTS_T4B = "contradicts_stage_t4b_finding"
    CONTRADICTS_PET = "contradicts_stage_pet_m"
    CONTRADICTS_ECOG = "contradicts_ecog"
    CONTRADICTS_AUTOIMMUNE = "contradicts_history_autoimmune"
    CONTRADICTS_STEROID = "contradicts_medication_steroid"
    CONTRADICTS_IMMUNOSUPPRESSANT = "contradicts_medication_immunosuppressant"
    CONTRADICTS_LUNG = "contradicts_history_lung"
    CONTRADICTS_PREGNANCY = "contradicts_preg_res"
    CONTRADICTS_CONTRACEPTION = "contradicts_contra"
    CONTRADICTS_PRIOR_TREATMENT = "contradicts_history_prior_treatment"
    CONTRADICTS_BIRTH = "contradicts_birth"
    DATA_MISSING = "data_missing"
    NODES_NOT_ASSESSED = "nodes_not_assessed"
    STAGE_MISSING = "stage_form_missing"
    FORM_INCOMPLETE = "form_incomplete"
    HISTORY_UNKNOWN = "history_unknown"
    ANSWERED_BY_INVESTIGATOR = "answered_by_investigator"
    LUNG_SYMPTOMS_UNKNOWN = "lung_symptoms_unknown"
    PREGNANCY_TEST_MISSING = "pregnancy_test_missing"
    PRIOR_TREATMENT_UNKNOWN = "prior_treatment_unknown"
    AGE_OUTSIDE = "age_outside_limits"
    AGE_UNCERTAIN = "age_uncertain"


@dataclass(frozen=True, slots=True)
class Limits:
    """The values of the criteria that the protocol text can tune (protocol 1.3, X006)."""

    age_from: int
    age_to: int
    ecog_to: int
    steroid_mg_to: Number


ANSWERABLE = frozenset(
    {
        CriterionReason.HISTORY_UNKNOWN,
        CriterionReason.LUNG_SYMPTOMS_UNKNOWN,
        CriterionReason.PRIOR_TREATMENT_UNKNOWN,
    }
)
"""What no source tells: the criterion stays open until the investigator answers it by name (protocol 3.3)."""


@dataclass(frozen=True, slots=True)
class CriterionAssessment:
    """One criterion: whether it lets the participant in, what that rests on, and why.

    ``answer`` is the investigator's own reason, where the history could not tell.
    """

    code: str
    met: bool | None
    evidence: tuple[tuple[str, str | None], ...]
    reason: CriterionReason
    answer: str = ""

    def answered(self, reason: str) -> "CriterionAssessment":
        """The criterion as the investigator answers it; one that the forms decide stays as it is."""
        if self.reason not in ANSWERABLE or not reason.strip():
            return self
        return replace(self, met=True, reason=CriterionReason.ANSWERED_BY_INVESTIGATOR, answer=reason.strip())


@dataclass(frozen=True, slots=True)
class Assessment:
    """The verdict on every criterion; open while one is open, no as soon as one is no."""

    verdict: bool | None
    criteria: tuple[CriterionAssessment, ...]

    def criterion(self, code: str) -> CriterionAssessment:
        """The assessment of the criterion named ``code``."""
        return next(each for each in self.criteria if each.code == code)

    @property
    def answerable(self) -> tuple[str, ...]:
        """The criteria that only the investigator can answer, by their codes."""
        return tuple(each.code for each in self.criteria if each.reason in ANSWERABLE)

    def answered(self, answers: Mapping[str, str]) -> "Assessment":
        """The assessment with the investigator's answers, each a reason by the code of its criterion."""
        criteria = tuple(each.answered(answers.get(each.code, "")) for each in self.criteria)
        return Assessment(_verdict(criteria), criteria)


Finding = tuple[bool | None, CriterionReason]
_FINE: Finding = (True, CriterionReason.MET)
_UNKNOWN: Finding = (None, CriterionReason.HISTORY_UNKNOWN)
OWN_FORM = frozenset({""})


@dataclass(frozen=True, slots=True)
class _Criterion:
    code: str
    tick: str
    reads: tuple[str, ...]
    data_say: Callable[[Answers, Limits], Finding]
    rests_on: tuple[str, ...] = ()

    @property
    def forms(self) -> frozenset[str]:
        """The forms behind the criterion, "" for the eligibility form itself."""
        return frozenset(("", *self.rests_on, *(_form_of(name) for name in self.reads)))

    @property
    def inclusion(self) -> bool:
        return self.code.startswith("I")


def assess(
    answers: Answers, *, limits: Limits, complete: Collection[str], optional_exclusions: Sequence[str] = ()
) -> Assessment:
    """Every criterion, I-1 to E-8 and age, with its evidence, and the verdict over all (protocol 1.3, 3.1).

    ``answers`` maps a variable in lower case to its answer: the eligibility form by bare name, staging
    as ``stage.ct``, history as ``dm.mh_ild``. ``READS`` lists every name. ``complete`` names the forms that
    are saved complete ("" is the eligibility form): what rests on another one is open, never fulfilled.
    ``optional_exclusions`` names the site criteria (``opt_...``) that are switched on; a yes to one of them
    excludes.
    """
    criteria = tuple(
        [_unless_incomplete(_assess_ticked(each, answers, limits), each.forms, complete) for each in CRITERIA]
        + [
            _unless_incomplete(_assess_optional(variable, answers), OWN_FORM, complete)
            for variable in optional_exclusions
        ]
        + [_unless_incomplete(_assess_age(answers, limits), OWN_FORM, complete)]
    )
    return Assessment(_verdict(criteria), criteria)


def _verdict(criteria: Sequence[CriterionAssessment]) -> bool | None:
    met = {criterion.met for criterion in criteria}
    return False if False in met else None if None in met else True


def _unless_incomplete(
    criterion: CriterionAssessment, forms: frozenset[str], complete: Collection[str]
) -> CriterionAssessment:
    """What speaks against a participant counts at once; what speaks for them when its forms are complete."""
    if criterion.met is False or criterion.reason is CriterionReason.UNANSWERED or forms <= set(complete):
        return criterion
    return replace(criterion, met=None, reason=CriterionReason.FORM_INCOMPLETE)


def answers_digest(assessment: Assessment) -> str:
    """The SHA-256 of the answers alone, whatever is made of them and whichever forms are complete."""
    shown = [[each.code, [list(pair) for pair in each.evidence]] for each in assessment.criteria]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()


def evidence_digest(assessment: Assessment) -> str:
    """The SHA-256 of an assessment in canonical JSON: it changes when, and only when, the evidence does
    (protocol 3.1).
    """
    canonical = {
        "verdict": assessment.verdict,
        "criteria": [
            {
                "code": each.code,
                "met": each.met,
                "reason": each.reason.value,
                "evidence": [list(pair) for pair in each.evidence],
                **({"answer": each.answer} if each.answer else {}),
            }
            for each in assessment.criteria
        ],
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _assess_ticked(criterion: _Criterion, answers: Answers, limits: Limits) -> CriterionAssessment:
    ticked = yes_no(answers.get(criterion.tick))
    evidence = _evidence((criterion.tick, *criterion.reads), answers)
    if ticked is None:
        return CriterionAssessment(criterion.code, None, evidence, CriterionReason.UNANSWERED)
    if ticked is not criterion.inclusion:
        reason = CriterionReason.TICKED_NOT_MET if criterion.inclusion else CriterionReason.TICKED_EXCLUDED
        return CriterionAssessment(criterion.code, False, evidence, reason)
    met, reason = criterion.data_say(answers, limits)
    return CriterionAssessment(criterion.code, met, evidence, reason)


def _assess_optional(variable: str, answers: Answers) -> CriterionAssessment:
    excluded = yes_no(answers.get(variable))
    finding = {
        True: (False, CriterionReason.TICKED_EXCLUDED),
        False: _FINE,
        None: (None, CriterionReason.UNANSWERED),
    }[excluded]
    return CriterionAssessment(variable.upper(), finding[0], _evidence((variable,), answers), finding[1])


def _assess_age(answers: Answers, limits: Limits) -> CriterionAssessment:
    met, reason = _age_says(answers, limits)
    return CriterionAssessment("AGE", met, _evidence(_AGE_READS, answers), reason)


def _age_says(answers: Answers, limits: Limits) -> Finding:
    consent = partial_date(answers.get("icf_dt"))
    stated = _whole(answers.get("age"))
    possible = age_range_on(answers.get("birth"), consent.exact) if consent and consent.exact else None
    if possible is None:
        if stated is None:
            return None, CriterionReason.DATA_MISSING
        possible = (stated, stated)
    youngest, oldest = possible
    if stated is not None and not youngest <= stated <= oldest:
        return False, CriterionReason.CONTRADICTS_BIRTH
    if oldest < limits.age_from or youngest > limits.age_to:
        return False, CriterionReason.AGE_OUTSIDE
    if youngest < limits.age_from or oldest > limits.age_to:
        return None, CriterionReason.AGE_UNCERTAIN
    return _FINE


def _tumour_says(answers: Answers, _limits: Limits) -> Finding:
    """Squamous, resectable, cT2-T4a, any N, M0, as the staging form has it (protocol 1.3 I-1, X003, X004)."""
    category = {name: bare(_text(answers.get(name))) for name in ("ct_e", "cn_e", "cm_e")}
    checks: tuple[tuple[object, bool, CriterionReason], ...] = (
        (
            _text(answers.get("hist_type")),
            _text(answers.get("hist_type")) == SQUAMOUS,
            CriterionReason.CONTRADICTS_HISTOLOGY,
        ),
        (category["ct_e"], category["ct_e"] in ELIGIBLE_T, CriterionReason.CONTRADICTS_T),
        (category["cn_e"], category["cn_e"] in (*ELIGIBLE_N, "NX"), CriterionReason.CONTRADICTS_N),
        (category["cm_e"], category["cm_e"] in ELIGIBLE_M, CriterionReason.CONTRADICTS_M),
        (
            yes_no(answers.get("resectable")),
            yes_no(answers.get("resectable")) is True,
            CriterionReason.CONTRADICTS_RESECTABLE,
        ),
    )
    for value, holds, reason in checks:
        if value is not None and not holds:
            return False, reason
    staged = _stage_says(answers, category)
    if staged[0] is False:
        return staged
    if any(value is None for value, _holds, _reason in checks):
        return None, CriterionReason.DATA_MISSING
    return (None, CriterionReason.NODES_NOT_ASSESSED) if category["cn_e"] == "NX" else staged


def _stage_says(answers: Answers, category: Mapping[str, str | None]) -> Finding:
    pairs = (
        ("ct_e", "stage.ct", CriterionReason.CONTRADICTS_STAGE_T),
        ("cn_e", "stage.cn", CriterionReason.CONTRADICTS_STAGE_N),
        ("cm_e", "stage.cm", CriterionReason.CONTRADICTS_STAGE_M),
    )
    staged = {name: bare(_text(answers.get(name))) for _entered, name, _reason in pairs}
    for entered, name, reason in pairs:
        if None not in (staged[name], category[entered]) and staged[name] != category[entered]:
            return False, reason
    if _invades(answers):
        return False, CriterionReason.CONTRADICTS_T4B
    if _text(answers.get("stage.pet_m")) == "proven":
        return False, CriterionReason.CONTRADICTS_PET
    return (None, CriterionReason.STAGE_MISSING) if None in staged.values() else _FINE


def _invades(answers: Answers) -> bool:
    structures = set(chosen(answers.get("stage.t4b_str"))) - {"none"}
    return bool(structures) or "invasion" in (
        _text(answers.get("stage.airway")),
        _text(answers.get("stage.bron_res")),
    )


def _performance_says(answers: Answers, limits: Limits) -> Finding:
    ecog = _whole(answers.get("ecog"))
    if ecog is None:
        return None, CriterionReason.DATA_MISSING
    return _FINE if 0 <= ecog <= limits.ecog_to else (False, CriterionReason.CONTRADICTS_ECOG)


def _consent_says(answers: Answers, _limits: Limits) -> Finding:
    signed = partial_date(answers.get("icf_dt"))
    return _FINE if signed and signed.exact else (None, CriterionReason.DATA_MISSING)


def _autoimmune_says(answers: Answers, _limits: Limits) -> Finding:
    known = yes_no(answers.get("dm.mh_autoimmune"))
    if known is None:
        return _UNKNOWN
    return (False, CriterionReason.CONTRADICTS_AUTOIMMUNE) if known else _FINE


def _immunosuppression_says(answers: Answers, limits: Limits) -> Finding:
    stated = _text(answers.get("dm.pred_eq"))
    steroid = _number(stated)
    if steroid is not None and steroid > exact(limits.steroid_mg_to):
        return False, CriterionReason.CONTRADICTS_STEROID
    suppressed = yes_no(answers.get("dm.immunosuppr"))
    if suppressed:
        return False, CriterionReason.CONTRADICTS_IMMUNOSUPPRESSANT
    if stated and steroid is None:
        return None, CriterionReason.DATA_MISSING
    return _UNKNOWN if suppressed is None else _FINE


def _lung_says(answers: Answers, _limits: Limits) -> Finding:
    known = yes_no(answers.get("dm.mh_ild"))
    if not known:
        return _UNKNOWN if known is None else _FINE
    symptoms = yes_no(answers.get("dm.mh_ild_sympt"))
    if symptoms is None:
        return None, CriterionReason.LUNG_SYMPTOMS_UNKNOWN
    return (False, CriterionReason.CONTRADICTS_LUNG) if symptoms else _FINE


def _pregnancy_says(answers: Answers, _limits: Limits) -> Finding:
    sex, result = _text(answers.get("sex")), _text(answers.get("preg_res"))
    if result == "POS":
        return False, CriterionReason.CONTRADICTS_PREGNANCY
    if sex is None:
        return None, CriterionReason.DATA_MISSING
    can_bear = yes_no(answers.get("wocbp"))
    if sex == "M" or can_bear is False:
        return _FINE
    if can_bear is None:
        return None, CriterionReason.DATA_MISSING
    return _FINE if result == "NEG" else (None, CriterionReason.PREGNANCY_TEST_MISSING)


def _contraception_says(answers: Answers, _limits: Limits) -> Finding:
    sex, agrees = _text(answers.get("sex")), yes_no(answers.get("contra"))
    if sex is None or (sex == "M" and agrees is None):
        return None, CriterionReason.DATA_MISSING
    return (False, CriterionReason.CONTRADICTS_CONTRACEPTION) if sex == "M" and not agrees else _FINE


def _prior_treatment_says(answers: Answers, _limits: Limits) -> Finding:
    treatments = chosen(answers.get("dm.prior_ca_tx"))
    if set(treatments) & set(SYSTEMIC_OR_RADIATION):
        return False, CriterionReason.CONTRADICTS_PRIOR_TREATMENT
    known = yes_no(answers.get("dm.mh_prior_ca"))
    if known and not treatments:
        return None, CriterionReason.PRIOR_TREATMENT_UNKNOWN
    return _UNKNOWN if known is None and not treatments else _FINE


def _tick_alone(_answers: Answers, _limits: Limits) -> Finding:
    return _FINE


_TUMOUR_READS = ("hist_type", "ct_e", "cn_e", "cm_e", "resectable")
_STAGE_READS = (
    "stage.ct",
    "stage.cn",
    "stage.cm",
    "stage.airway",
    "stage.t4b_str",
    "stage.bron_res",
    "stage.pet_m",
)
_AGE_READS = ("birth", "icf_dt", "age")
HISTORY = ("dm",)

CRITERIA = (
    _Criterion("I-1", "inc_1", (*_TUMOUR_READS, *_STAGE_READS), _tumour_says),
    _Criterion("I-2", "inc_2", ("ecog",), _performance_says),
    _Criterion("I-3", "inc_3", ("icf_dt",), _consent_says),
    _Criterion("E-1", "exc_1", ("dm.mh_autoimmune",), _autoimmune_says),
    _Criterion("E-2", "exc_2", ("dm.pred_eq", "dm.immunosuppr"), _immunosuppression_says),
    _Criterion("E-3", "exc_3", ("dm.mh_ild", "dm.mh_ild_sympt"), _lung_says),
    _Criterion("E-4", "exc_4", (), _tick_alone, rests_on=HISTORY),
    _Criterion("E-5", "exc_5", ("sex", "wocbp", "preg_res"), _pregnancy_says),
    _Criterion("E-6", "exc_6", ("sex", "contra"), _contraception_says),
    _Criterion("E-7", "exc_7", ("dm.mh_prior_ca", "dm.prior_ca_tx"), _prior_treatment_says),
    _Criterion("E-8", "exc_8", (), _tick_alone, rests_on=HISTORY),
)

READS = tuple(
    dict.fromkeys(
        [name for criterion in CRITERIA for name in (criterion.tick, *criterion.reads)] + list(_AGE_READS)
    )
)


def _form_of(name: str) -> str:
    return name.rpartition(".")[0]


def _evidence(names: Sequence[str], answers: Answers) -> tuple[tuple[str, str | None], ...]:
    return tuple((name, _shown(answers.get(name))) for name in names)


def _shown(value: object) -> str | None:
    """One spelling per value, so that the same answer from a form, the API or the database has one digest."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(chosen(value)) or None
    if isinstance(value, (Decimal, float)):
        return format(exact(value).normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None or value == "" else str(value)


def _text(value: object) -> str | None:
    return _shown(value)


def _number(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text or "")
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _whole(value: object) -> int | None:
    text = _text(value)
    return int(text) if text and text.isascii() and text.isdigit() else None
