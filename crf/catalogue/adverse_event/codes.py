"""Code lists of adverse events (protocol 3.6)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList
from crf.engine.conditions import Answered, Any_, Has, Not

GRADE = CodeList(
    "AETOXGR",
    {
        "1": _("1 mild"),
        "2": _("2 moderate"),
        "3": _("3 severe"),
        "4": _("4 life-threatening"),
        "5": _("5 death"),
    },
)
GRADES_OF_THE_TERM = {
    grade: Any_(Not(Answered("ctcae_grades")), Has("ctcae_grades", grade)) for grade in GRADE.labels
}
PERIOD = CodeList(
    "AE_PERIOD",
    {
        "screening": _("screening"),
        "neoadjuvant": _("neoadjuvant treatment"),
        "interval": _("interval after treatment"),
        "perioperative": _("within 90 days of surgery"),
        "surveillance": _("surveillance"),
        "late": _("late"),
    },
)
SERIOUS = CodeList(
    "AESER_WHY",
    {
        "death": _("death"),
        "life": _("life-threatening"),
        "hospital": _("hospital admission, or a longer stay"),
        "disability": _("lasting or significant disability"),
        "congenital": _("congenital anomaly or birth defect"),
        "important": _("other important medical event"),
    },
)
CAUSALITY = CodeList(
    "AEREL",
    {
        "not": _("not related"),
        "unlikely": _("unlikely"),
        "possible": _("possible"),
        "probable": _("probable"),
        "definite": _("definite"),
    },
)
RELATION = CodeList("AEREL_NA", {**CAUSALITY.labels, "na": _("not given before it")})
IMMUNE = CodeList(
    "IRAE_TYPE",
    {
        "pneumonitis": _("pneumonitis"),
        "hepatitis": _("hepatitis"),
        "colitis": _("colitis"),
        "hypothyroidism": _("thyroid, underactive"),
        "hyperthyroidism": _("thyroid, overactive"),
        "hypophysitis": _("hypophysitis"),
        "adrenal": _("adrenal insufficiency"),
        "diabetes": _("diabetes"),
        "skin": _("skin"),
        "rccep": _("RCCEP (reactive capillary endothelial proliferation)"),
        "myocarditis": _("myocarditis"),
        "myositis": _("myositis"),
        "myasthenia": _("myasthenia"),
        "neuropathy": _("neuropathy"),
        "encephalitis": _("encephalitis"),
        "nephritis": _("nephritis"),
        "pancreatitis": _("pancreatitis"),
        "haematological": _("haematological"),
        "infusion": _("infusion reaction"),
        "other": _("other"),
    },
)
SPECIAL_KIND = CodeList(
    "AE_KIND",
    {
        "none": _("none of these"),
        "pneumonitis": _("pneumonitis"),
        "myocarditis": _("myocarditis"),
        "perforation": _("perforation or fistula of the oesophagus"),
        "bleeding": _("bleeding"),
        "stenosis": _("stenosis of the oesophagus that needs dilatation"),
        "neutropenic_fever": _("neutropenic fever"),
    },
)
SPECIAL = CodeList(
    "AESI",
    {
        "pneumonitis": _("pneumonitis of grade 2 or more"),
        "myocarditis": _("myocarditis"),
        "perforation": _("perforation or fistula of the oesophagus"),
        "bleeding": _("bleeding of grade 3 or more"),
        "stenosis": _("stenosis that needs dilatation"),
        "neutropenic_fever": _("neutropenic fever"),
        "treatment_death": _("death related to treatment"),
    },
)
ACTION = CodeList(
    "AEACN",
    {
        "none": _("none"),
        "delayed": _("delayed"),
        "omitted": _("omitted"),
        "stopped": _("stopped for good"),
        "na": _("not being given"),
    },
)
ACTION_DOSE = CodeList(
    "AEACN_DOSE",
    {
        "none": _("none"),
        "delayed": _("delayed"),
        "reduced": _("reduced"),
        "omitted": _("omitted"),
        "stopped": _("stopped for good"),
        "na": _("not being given"),
    },
)
OTHER_ACTION = CodeList(
    "AEACNOTH",
    {
        "none": _("none"),
        "medication": _("medication"),
        "procedure": _("procedure"),
        "hospital": _("hospital admission"),
    },
    exclusive=("none",),
)
OUTCOME = CodeList(
    "AEOUT",
    {
        "recovered": _("recovered"),
        "recovering": _("recovering"),
        "sequelae": _("recovered with sequelae"),
        "not_recovered": _("not recovered"),
        "fatal": _("fatal"),
        "unknown": _("unknown"),
    },
)
PROCEDURE = CodeList(
    "CRE_COMPL",
    {
        "perforation": _("perforation"),
        "bleeding": _("bleeding"),
        "aspiration": _("aspiration"),
        "infection": _("infection"),
        "sedation": _("sedation"),
        "pain": _("pain"),
    },
)
REPORT = CodeList("SAE_TYPE", {"initial": _("initial"), "follow_up": _("follow-up"), "final": _("final")})
EXPECTED = CodeList("SAE_EXP", {"expected": _("expected"), "unexpected": _("unexpected")})
