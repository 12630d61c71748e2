"""Code lists of neoadjuvant treatment (protocol 3.5)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

GIVEN = CodeList("GIVEN", {"full": _("full dose"), "reduced": _("reduced dose"), "omitted": _("omitted")})
CI_GIVEN = CodeList(
    "CI_GIVEN", {"full": _("full dose"), "interrupted": _("interrupted"), "omitted": _("omitted")}
)
FORMULATION = CodeList(
    "FORM_TAX",
    {"albumin": _("albumin-bound"), "solvent": _("solvent-based"), "liposomal": _("liposomal")},
)
CHANGE_REASON = CodeList(
    "MOD_REASON",
    {
        "haematological_ae": _("haematological adverse event"),
        "other_ae": _("other adverse event"),
        "patient": _("the participant's wish"),
        "logistic": _("logistics"),
        "error": _("error"),
    },
)
CI_REASON = CodeList(
    "CI_WHY",
    {
        "irae": _("immune-related adverse event"),
        "other_ae": _("other adverse event"),
        "infection": _("infection"),
        "laboratory": _("laboratory result"),
        "patient": _("the participant's wish"),
        "logistic": _("logistics"),
        "error": _("error"),
    },
)
TECHNIQUE = CodeList(
    "TECH",
    {
        "3d_crt": "3D-CRT",
        "imrt": "IMRT",
        "vmat": "VMAT",
        "tomotherapy": _("tomotherapy"),
        "proton": _("protons"),
    },
)
GAP_REASON = CodeList(
    "GAP_REASON",
    {
        "toxicity": _("toxicity"),
        "machine": _("machine"),
        "holiday": _("public holiday"),
        "patient": _("the participant's wish"),
        "other": _("other"),
    },
)
PLAN_REVIEW = CodeList(
    "PLAN_QA",
    {
        "per_protocol": _("as the protocol asks"),
        "minor": _("minor departure"),
        "major": _("major departure"),
    },
)
STOP_REASON = CodeList(
    "STOP_REASON",
    {
        "toxicity": _("toxicity"),
        "progression": _("progression"),
        "patient": _("the participant's wish"),
        "physician": _("the physician's decision"),
        "death": _("death"),
        "other": _("other"),
    },
)
RESPONSE = CodeList(
    "RESP_END",
    {
        "CR": _("complete response"),
        "PR": _("partial response"),
        "SD": _("stable disease"),
        "PD": _("progressive disease"),
        "NE": _("not evaluable"),
    },
)

# What stands in the grids above the doses, a column for each dose.
CHEMOTHERAPY_GRID = (
    *("planned_day", "anc_d", "plt_d", "given", "adm_dt", "carbo_mg", "mod_reason"),
    *("nabp_given", "nabp_dt", "nabp_mg", "nabp_reason"),
)
CAMRELIZUMAB_GRID = ("planned_day", "ci_given", "ci_dt", "ci_mg", "ci_why")
