"""Code lists of deviations (protocol 3.15)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

FOUND_BY = CodeList(
    "DV_SOURCE",
    {
        "site": _("site"),
        "monitor": _("monitor"),
        "central": _("data or trial management"),
        "rule": _("a rule of the system"),
        "auditor": _("auditor"),
    },
)
CATEGORY = CodeList(
    "DV_CATEGORY",
    {
        "consent": _("consent"),
        "eligibility": _("eligibility"),
        "randomization": _("randomization"),
        "wrong_treatment": _("wrong treatment for the arm"),
        "drug_dose": _("drug dose"),
        "radiotherapy": _("radiotherapy"),
        "cre_timing": _("time of a response evaluation"),
        "cre_content": _("content of a response evaluation"),
        "missed_visit": _("missed visit"),
        "surgery_timing": _("time of surgery"),
        "crossover": _("change of strategy (crossover)"),
        "prohibited_drug": _("prohibited drug"),
        "late_sae": _("late report of a serious event or a pregnancy"),
        "quality_of_life": _("quality of life"),
        "sample": _("sample"),
        "privacy": _("privacy"),
        "other": _("other"),
    },
)
IMPORTANCE = CodeList("DV_IMPORTANCE", {"important": _("important"), "minor": _("minor")})
STRATEGY = CodeList(
    "DV_STRATEGY", {"surveillance": _("active surveillance"), "surgery": _("planned surgery")}
)
ASKED_BY = CodeList("DV_ASKED_BY", {"participant": _("the participant"), "doctor": _("a doctor")})
