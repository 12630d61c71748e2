"""Why a criterion is met, not met or still open, in words (protocol 1.3, X002-X007)."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from protocol.eligibility import CriterionReason

REASONS: Final = {
    CriterionReason.MET: _("Met."),
    CriterionReason.UNANSWERED: _("Not answered yet. Answer it on the eligibility form."),
    CriterionReason.TICKED_NOT_MET: _("Answered as not met."),
    CriterionReason.TICKED_EXCLUDED: _("Answered as present: it excludes."),
    CriterionReason.CONTRADICTS_HISTOLOGY: _(
        "Ticked as met, but the histology is not squamous cell carcinoma."
    ),
    CriterionReason.CONTRADICTS_T: _("Ticked as met, but cT is outside T2 to T4a."),
    CriterionReason.CONTRADICTS_N: _("Ticked as met, but cN does not fit."),
    CriterionReason.CONTRADICTS_M: _("Ticked as met, but cM is not M0."),
    CriterionReason.CONTRADICTS_RESECTABLE: _("Ticked as met, but the tumour was not judged resectable."),
    CriterionReason.CONTRADICTS_STAGE_T: _(
        "cT differs between eligibility and staging (X003). Correct one of them."
    ),
    CriterionReason.CONTRADICTS_STAGE_N: _(
        "cN differs between eligibility and staging (X003). Correct one of them."
    ),
    CriterionReason.CONTRADICTS_STAGE_M: _(
        "cM differs between eligibility and staging (X003). Correct one of them."
    ),
    CriterionReason.CONTRADICTS_T4B: _("Staging found invasion that means T4b."),
    CriterionReason.CONTRADICTS_PET: _("PET-CT proved a distant metastasis."),
    CriterionReason.CONTRADICTS_ECOG: _("Ticked as met, but ECOG is above the limit."),
    CriterionReason.CONTRADICTS_AUTOIMMUNE: _(
        "Ticked as absent, but the history names an autoimmune disease (X006)."
    ),
    CriterionReason.CONTRADICTS_STEROID: _(
        "Ticked as absent, but the medication holds a steroid above the limit (X006)."
    ),
    CriterionReason.CONTRADICTS_IMMUNOSUPPRESSANT: _(
        "Ticked as absent, but an immunosuppressant is in the history (X006)."
    ),
    CriterionReason.CONTRADICTS_LUNG: _(
        "Ticked as absent, but the history names symptomatic lung disease (X006)."
    ),
    CriterionReason.CONTRADICTS_PREGNANCY: _("Ticked as absent, but the pregnancy test is positive."),
    CriterionReason.CONTRADICTS_CONTRACEPTION: _("Ticked as absent, but contraception is declined."),
    CriterionReason.CONTRADICTS_PRIOR_TREATMENT: _(
        "Ticked as absent, but earlier cancer treatment is in the history (X006)."
    ),
    CriterionReason.CONTRADICTS_BIRTH: _("The age does not fit the birth date."),
    CriterionReason.DATA_MISSING: _("An answer it rests on is missing."),
    CriterionReason.NODES_NOT_ASSESSED: _("The nodes were not assessed."),
    CriterionReason.STAGE_MISSING: _("The staging form is not filled yet."),
    CriterionReason.FORM_INCOMPLETE: _(
        "A form that this criterion rests on is not complete yet. Complete it first."
    ),
    CriterionReason.HISTORY_UNKNOWN: _(
        "The history does not tell. The investigator answers this criterion by name, with a reason."
    ),
    CriterionReason.ANSWERED_BY_INVESTIGATOR: _("Answered by the investigator."),
    CriterionReason.LUNG_SYMPTOMS_UNKNOWN: _(
        "Lung disease is in the history; whether it had symptoms is not answered."
    ),
    CriterionReason.PREGNANCY_TEST_MISSING: _("A negative pregnancy test is needed."),
    CriterionReason.PRIOR_TREATMENT_UNKNOWN: _(
        "An earlier cancer is in the history; its treatment is not answered."
    ),
    CriterionReason.AGE_OUTSIDE: _("The age at consent is outside 18 to 75 years (X002)."),
    CriterionReason.AGE_UNCERTAIN: _(
        "The birth date is too coarse to tell the age at consent. Give month or day."
    ),
}
