"""Code lists of surgery (protocol 3.8)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

DONE = CodeList(
    "SURG_DONE",
    {
        "resection": _("resection of the oesophagus"),
        "reresection": _("re-resection after a resection of the oesophagus"),
        "explored": _("explored, not resected"),
        "none": _("not operated"),
    },
)
NOT_RESECTED = CodeList(
    "NO_SURG_REASON",
    {
        "distant": _("distant metastasis"),
        "unresectable": _("unresectable"),
        "unfit": _("medically unfit"),
        "ae": _("adverse event"),
        "patient_refused": _("participant refused"),
        "death": _("death"),
        "ccr": _("cCR, surveillance chosen"),
        "other": _("other"),
    },
)
INTENT = CodeList(
    "SURG_INTENT",
    {
        "planned": _("planned after chemoradiotherapy (Arm 2)"),
        "non_ccr": _("residue at a response evaluation, no cCR (Arm 1)"),
        "salvage": _("salvage for regrowth"),
        "wish": _("participant's wish, with a cCR"),
        "palliative": _("palliative or emergency (bleeding, perforation)"),
        "recurrence": _("recurrence or residue after a resection"),
    },
)
TIMING = CodeList(
    "SURG_TIMING",
    {
        "planned": _("planned, in time after chemoradiotherapy"),
        "delayed": _("delayed, without a cCR before it"),
        "after_ccr": _("after a cCR"),
    },
)
CENTRE = CodeList(
    "SURG_CENTRE",
    {
        "own": _("this site"),
        "trial": _("another site of the trial"),
        "outside": _("a hospital outside the trial"),
    },
)
APPROACH = CodeList(
    "SURG_APPROACH",
    {
        "mckeown": _("McKeown (three incisions)"),
        "ivor_lewis": _("Ivor Lewis"),
        "sweet": _("left thoracic (Sweet)"),
        "left_thoracoabdominal": _("left thoraco-abdominal"),
        "transhiatal": _("transhiatal"),
        "cervical": _("cervical, or pharyngo-laryngo-oesophagectomy"),
        "other": _("other"),
    },
)
ACCESS = {
    "open": _("open"),
    "scopic": _("thoracoscopic or laparoscopic"),
    "robot": _("robot-assisted"),
    "hybrid": _("hybrid"),
    "mediastinoscopic": _("mediastinoscopic"),
    "none": _("no access to this cavity"),
}
THORACIC_ACCESS = CodeList(
    "ACCESS_TH", {**ACCESS, "scopic": _("thoracoscopic"), "none": _("chest not opened")}
)
ABDOMINAL_ACCESS = CodeList(
    "ACCESS_AB", {**ACCESS, "scopic": _("laparoscopic"), "none": _("abdomen not opened")}
).only("ACCESS_AB", "open", "scopic", "robot", "hybrid", "none")
CONVERSION = CodeList(
    "CONV_REASON",
    {
        "bleeding": _("bleeding"),
        "adhesion": _("adhesions or fibrosis"),
        "anatomy": _("anatomy"),
        "oncological": _("oncological"),
        "other": _("other"),
    },
)
LYMPHADENECTOMY = CodeList(
    "LND",
    {
        "two_field": _("standard two-field"),
        "extended_two_field": _("extended (total) two-field, both recurrent nerve chains"),
        "three_field": _("three-field"),
        "selective": _("selective"),
    },
)
CONDUIT = CodeList(
    "CONDUIT",
    {
        "gastric_tube": _("gastric tube"),
        "stomach": _("whole stomach"),
        "colon": _("colon"),
        "jejunum": _("jejunum"),
    },
)
ROUTE = CodeList(
    "CONDUIT_ROUTE",
    {
        "posterior": _("posterior mediastinal"),
        "retrosternal": _("retrosternal"),
        "subcutaneous": _("subcutaneous"),
    },
)
ANASTOMOSIS_SITE = CodeList("ANAST_SITE", {"neck": _("neck"), "chest": _("chest")})
ANASTOMOSIS = CodeList(
    "ANAST_TECH",
    {
        "hand": _("hand-sewn"),
        "circular": _("circular stapler"),
        "linear": _("linear stapler"),
        "other": _("other"),
    },
)
EVENTS = CodeList(
    "IO_COMPL",
    {
        "none": _("none"),
        "bleeding": _("major bleeding"),
        "airway": _("airway injury"),
        "rln": _("recurrent nerve cut"),
        "duct": _("thoracic duct injury"),
        "splenectomy": _("splenectomy"),
        "arrest": _("cardiac arrest"),
        "other": _("other"),
    },
    exclusive=("none",),
)
FIBROSIS = CodeList(
    "ADHESION",
    {
        "none": _("none"),
        "mild": _("mild"),
        "moderate": _("moderate"),
        "severe": _("severe"),
    },
)
RESIDUE = CodeList(
    "RESID_MACRO",
    {
        "none": _("none"),
        "r2_local": _("R2 at the primary site"),
        "r2_nodes": _("R2 in nodes"),
        "m1": _("distant metastasis found (M1)"),
    },
)
ORGANS = CodeList(
    "ADJ_ORGAN",
    {
        "none": _("none"),
        "pericardium": _("pericardium"),
        "pleura_lung": _("pleura or lung"),
        "azygos": _("azygos vein"),
        "diaphragm": _("diaphragm"),
        "aorta": _("wall of the aorta"),
        "trachea": _("wall of the trachea"),
        "other": _("other"),
    },
    exclusive=("none",),
)
DESTINATION = CodeList(
    "DISCH_TO",
    {
        "home": _("home"),
        "hospital": _("another hospital"),
        "rehabilitation": _("rehabilitation"),
        "hospice": _("hospice"),
        "died": _("died in hospital"),
    },
)
READMISSION = CodeList(
    "READM_REASON",
    {
        "leak": _("leak or conduit"),
        "pulmonary": _("lung or airway"),
        "infection": _("other infection"),
        "nutrition": _("nutrition, dehydration or vomiting"),
        "stricture": _("stricture"),
        "cardiac": _("heart or circulation"),
        "planned": _("planned, such as treatment or tube care"),
        "other": _("other"),
    },
)
