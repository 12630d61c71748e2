"""Code lists of demographics, history, habits and medication (protocol 3.3)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

ETHNIC = CodeList(
    "ETHNIC_CN",
    {
        "han": _("Han"),
        "zhuang": _("Zhuang"),
        "hui": _("Hui"),
        "manchu": _("Manchu"),
        "uyghur": _("Uyghur"),
        "miao": _("Miao"),
        "yi": _("Yi"),
        "tujia": _("Tujia"),
        "tibetan": _("Tibetan"),
        "mongol": _("Mongol"),
        "kazakh": _("Kazakh"),
        "other": _("other"),
    },
)
EDUCATION = CodeList(
    "EDUC",
    {
        "none": _("none"),
        "primary": _("primary school"),
        "secondary": _("secondary school"),
        "tertiary": _("college or university"),
    },
)
HABIT = CodeList("HABIT", {"never": _("never"), "former": _("former"), "current": _("current")})
CHARLSON = CodeList(
    "CCI_ITEMS",
    {
        "none": _("none of these"),
        "myocardial_infarction": _("myocardial infarction"),
        "heart_failure": _("heart failure"),
        "peripheral_vascular": _("peripheral vascular disease"),
        "cerebrovascular": _("cerebrovascular disease"),
        "dementia": _("dementia"),
        "chronic_pulmonary": _("chronic pulmonary disease"),
        "connective_tissue": _("connective tissue disease"),
        "peptic_ulcer": _("peptic ulcer"),
        "liver_mild": _("mild liver disease"),
        "diabetes": _("diabetes without organ damage"),
        "diabetes_complicated": _("diabetes with organ damage"),
        "hemiplegia": _("hemiplegia"),
        "renal": _("moderate or severe kidney disease"),
        "malignancy": _("another cancer, leukaemia or lymphoma"),
        "liver_severe": _("moderate or severe liver disease"),
        "metastatic": _("another cancer with metastases"),
        "aids": _("AIDS"),
    },
    exclusive=("none",),
)
CANCER_TREATMENT = CodeList(
    "PRIOR_CA_TX",
    {
        "none": _("none"),
        "surgery": _("surgery or endoscopic resection"),
        "chemo": _("chemotherapy"),
        "rt": _("radiotherapy"),
        "targeted": _("targeted therapy"),
        "io": _("immune therapy"),
    },
    exclusive=("none",),
)
