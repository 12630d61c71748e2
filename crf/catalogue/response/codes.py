"""Code lists of the clinical response evaluation (protocol 3.7)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList
from crf.engine.conditions import Is, Not
from protocol.response import Outcome
from protocol.response_outcomes import IMPOSSIBLE_AT
from protocol.response_reasons import Because

EVALUATION = CodeList(
    "CRE_TYPE",
    {
        "CRE1": _("CRE-1"),
        "CRE2": _("CRE-2"),
        "AS": _("surveillance"),
        "RST": _("restaging before surgery (Arm 2)"),
        "UNS": _("unscheduled"),
    },
)
SYMPTOMS = CodeList(
    "CRE_SYMPTOMS",
    {
        "none": _("none"),
        "dysphagia": _("new dysphagia"),
        "pain": _("pain"),
        "hoarseness": _("hoarseness"),
        "weight_loss": _("weight loss"),
    },
    exclusive=("none",),
)
PET_PRIMARY = CodeList(
    "PET_PRIM",
    {
        "none": _("none"),
        "diffuse": _("diffuse or low (pattern of oesophagitis)"),
        "focal": _("focal"),
    },
)
SEDATION = CodeList(
    "SEDATION",
    {
        "none": _("none"),
        "conscious": _("conscious sedation"),
        "deep": _("deep sedation"),
        "general": _("general anaesthesia"),
    },
)
LOOK = CodeList(
    "CRE_LOOK",
    {
        "normal": _("normal mucosa"),
        "scar": _("flat scar"),
        "ulcer": _("ulcer"),
        "nodule": _("nodule"),
        "mass": _("mass"),
        "stricture": _("stricture"),
    },
)
ADEQUACY = CodeList(
    "BX_ADEQUATE",
    {
        "yes": _("yes, submucosa reached"),
        "superficial": _("superficial only"),
        "insufficient": _("insufficient"),
    },
)
BIOPSY = CodeList(
    "BX_RESULT",
    {
        "none": _("no dysplasia, no tumour"),
        "lgd": _("low-grade dysplasia"),
        "hgd": _("high-grade dysplasia"),
        "scc": _("squamous cell carcinoma"),
        "uncertain": _("uncertain or indefinite"),
        "nd": _("no biopsy done"),
    },
)
QUADRANT = CodeList(
    "BITE_QUADRANT",
    {
        "anterior": _("anterior"),
        "right": _("right"),
        "posterior": _("posterior"),
        "left": _("left"),
    },
)
DEPTH = CodeList(
    "BITE_DEPTH",
    {
        "mucosa": _("mucosa only"),
        "submucosa": _("submucosa"),
        "muscle": _("muscularis propria"),
        "unclear": _("cannot be assessed"),
    },
)
REVIEW = BIOPSY.only("BX_REVIEW", "none", "lgd", "hgd", "scc", "uncertain")
CTDNA = CodeList("CTDNA", {"not_done": _("not done"), "negative": _("negative"), "positive": _("positive")})
LOCAL = CodeList(
    "LOCAL_CALL",
    {
        "0": _("0 no evidence of disease"),
        "1": _("1 proven at the primary site"),
        "2": _("2 proven in a node"),
        "3": _("3 highly suspected without proof"),
        "4": _("4 uncertain"),
        "5": _("5 not evaluable"),
    },
)
DISTANT = CodeList("DIST_CALL", {"0": _("0 none"), "1": _("1 proven"), "2": _("2 suspect")})
OUTCOME = CodeList(
    "CRE_OUTCOME",
    {
        Outcome.CCR_SO_FAR.value: _("no residue so far"),
        Outcome.CCR.value: _("clinical complete response (cCR)"),
        Outcome.PERSISTENT_CCR.value: _("persistent cCR"),
        Outcome.NON_CCR.value: _("not cCR: locoregional residue"),
        Outcome.REGROWTH.value: _("regrowth"),
        Outcome.DISTANT.value: _("distant metastasis"),
        Outcome.PROCEED_TO_CRE2.value: _("uncertain: go on to CRE-2"),
        Outcome.UNCERTAIN_REPEAT.value: _("uncertain: repeat within 4 weeks"),
        Outcome.NOT_EVALUABLE.value: _("not evaluable: repeat"),
        Outcome.RST_CLEAR.value: _("restaging clear: no residue before surgery"),
        Outcome.RST_RESIDUE.value: _("restaging: locoregional residue before surgery"),
    },
)
POSSIBLE_OUTCOMES = {
    outcome.value: Not(
        Is("cre_type", *(kind.value for kind, excluded in IMPOSSIBLE_AT.items() if outcome in excluded))
    )
    for outcome in Outcome
    if any(outcome in excluded for excluded in IMPOSSIBLE_AT.values())
}
DECISION = CodeList(
    "MDT_DEC",
    {
        "go_cre2": _("go on to CRE-2"),
        "surveillance": _("start or continue surveillance"),
        "surgery": _("surgery"),
        "endoscopic_resection": _("endoscopic resection"),
        "radiotherapy": _("definitive or boost radiotherapy"),
        "systemic": _("systemic treatment"),
        "repeat_biopsy": _("repeat the biopsy"),
        "palliative": _("palliative care"),
    },
)
CHOICE = CodeList(
    "PT_DEC",
    {
        "accepts": _("accepts the decision"),
        "declines_surgery": _("declines surgery"),
        "asks_surgery": _("asks for surgery"),
        "declines_workup": _("declines further work-up"),
    },
)
BECAUSE = CodeList(
    "CRE_BECAUSE",
    {
        Because.DISTANT_PROVEN.value: _("a distant metastasis is proven"),
        Because.PRIMARY_PROVEN.value: _("tumour is proven at the primary site"),
        Because.NODE_PROVEN.value: _("tumour is proven in a node"),
        Because.BIOPSY_CARCINOMA.value: _("a biopsy shows carcinoma"),
        Because.CYTOLOGY_POSITIVE.value: _("the cytology of a node is positive"),
        Because.SUSPECTED_WITHOUT_PROOF.value: _("residue is highly suspected without proof"),
        Because.SUSPECTED_IN_SURVEILLANCE.value: _("regrowth is highly suspected in surveillance"),
        Because.AFTER_CCR.value: _("a cCR was declared before"),
        Because.LOCAL_NOT_EVALUABLE.value: _("the locoregional status is not evaluable"),
        Because.LUMEN_NOT_PASSABLE.value: _("the lumen cannot be passed"),
        Because.BIOPSY_NOT_DONE.value: _("no biopsy was done"),
        Because.BIOPSY_INSUFFICIENT.value: _("the biopsies are insufficient"),
        Because.BIOPSY_SUPERFICIAL.value: _("the biopsies are superficial only"),
        Because.PET_MISSING.value: _("PET-CT is missing"),
        Because.EUS_MISSING.value: _("EUS is missing"),
        Because.FNA_MISSING.value: _("a suspect node was not aspirated and no reason is given"),
        Because.FNA_INADEQUATE.value: _("the aspiration of a node is inadequate"),
        Because.BIOPSY_HIGH_GRADE.value: _("a biopsy shows high-grade dysplasia"),
        Because.BIOPSY_UNCERTAIN.value: _("a biopsy is uncertain"),
        Because.LOCAL_UNCERTAIN.value: _("the locoregional status is uncertain"),
        Because.DISTANT_SUSPECT.value: _("a distant lesion is suspect"),
        Because.SUSPECTED_UNDECIDED.value: _("disease is highly suspected without proof"),
        Because.BED_SUSPECT.value: _("there is a mass or nodule at the tumour bed"),
        Because.BED_NOT_PROVEN_CLEAR.value: _("an ulcer or stricture has no deep biopsies that clear it"),
        Because.UPTAKE_FOCAL.value: _("uptake at the primary site is focal"),
        Because.NODE_NOT_CLEARED.value: _("no cytology clears a suspect node"),
        Because.CYTOLOGY_ATYPIA.value: _("the cytology of a node shows atypia"),
        Because.WALL_THICK.value: _("the wall is thicker than the limit"),
        Because.UNCERTAIN_PERSISTS.value: _("the evaluation before was uncertain as well"),
        Because.CLEAR.value: _("nothing was found"),
        Because.FIRST_CLEAR_LOOK.value: _("one clear evaluation alone is no cCR"),
        Because.CRE1_ALSO_CLEAR.value: _("CRE-1 was clear as well"),
        Because.TWO_CLEAR_LOOKS_APART.value: _("two clear evaluations lie far enough apart"),
        Because.CLEAR_LOOKS_TOO_CLOSE.value: _("the clear evaluations lie too close together"),
        Because.CCR_HOLDS.value: _("the cCR declared before holds"),
        Because.THIN_SCOPE_ONLY.value: _("only a thin scope passes"),
        Because.UNANSWERED_DATE.value: _("open: date of the endoscopy"),
        Because.UNANSWERED_DISTANT.value: _("open: distant status"),
        Because.UNANSWERED_LOCAL.value: _("open: locoregional status"),
        Because.UNANSWERED_LUMEN.value: _("open: lumen"),
        Because.UNANSWERED_BIOPSY.value: _("open: worst biopsy result"),
        Because.UNANSWERED_ADEQUACY.value: _("open: whether the biopsies are representative"),
        Because.UNANSWERED_PET.value: _("open: PET-CT"),
        Because.UNANSWERED_EUS.value: _("open: EUS"),
    },
)
