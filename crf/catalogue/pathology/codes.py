"""Code lists of surgical pathology (protocol 3.9)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.shared.staging import GRADE
from crf.engine.codelists import CodeList

HISTOLOGY = CodeList(
    "PATH_HISTOLOGY",
    {
        "none": _("no tumour"),
        "scc": _("squamous cell carcinoma"),
        "basaloid": _("basaloid squamous cell carcinoma"),
        "spindle": _("spindle cell carcinoma"),
        "other": _("other"),
    },
)
LAYER = CodeList(
    "RESID_LAYER",
    {
        "mucosa": _("mucosa"),
        "submucosa": _("submucosa"),
        "muscle": _("muscularis propria"),
        "adventitia": _("adventitia"),
    },
)
CAP = CodeList(
    "TRG_CAP",
    {
        "0": _("0 no tumour cells"),
        "1": _("1 single cells or rare groups"),
        "2": _("2 residual tumour with clear regression"),
        "3": _("3 extensive tumour, no clear regression"),
    },
)
MANDARD = CodeList(
    "TRG_MANDARD",
    {
        "1": _("1 no tumour cells"),
        "2": _("2 rare tumour cells"),
        "3": _("3 more fibrosis than tumour"),
        "4": _("4 more tumour than fibrosis"),
        "5": _("5 no regression"),
    },
)
BECKER = CodeList(
    "TRG_BECKER",
    {"1a": _("1a 0 %"), "1b": _("1b under 10 %"), "2": _("2 10 to 50 %"), "3": _("3 over 50 %")},
)
FOUR_STEP = CodeList(
    "TRG_FOUR_STEP",
    {"1": _("1 0 %"), "2": _("2 1 to 10 %"), "3": _("3 11 to 50 %"), "4": _("4 over 50 %")},
)
NODE_REGRESSION = CodeList(
    "TRG_LN",
    {
        "a": _("a no tumour left, scar only"),
        "b": _("b partial regression"),
        "c": _("c no regression"),
        "na": _("not applicable"),
    },
)
GRADE_OR_NONE = CodeList("GRADE_YP", {**GRADE.labels, "NAP": _("not applicable, no tumour")})
RESECTION = CodeList(
    "R_STATUS",
    {
        "R0": _("R0 no tumour at any margin"),
        "R1": _("R1 microscopic residue"),
        "R2": _("R2 macroscopic residue"),
    },
)
ASSAY = CodeList("PDL1_CLONE", {"22C3": "22C3", "SP263": "SP263", "28_8": "28-8", "other": _("other")})
CENTRAL = CodeList(
    "CENTRAL_REVIEW",
    {
        "agrees": _("agrees"),
        "trg": _("changes the regression grade"),
        "r": _("changes R"),
        "n": _("changes N"),
    },
)
