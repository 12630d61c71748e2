"""Code lists of complications: the ECCG list, its types, and Clavien-Dindo (protocol 3.10)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

LEAK, NECROSIS, PALSY, CHYLE = "GI01", "GI02", "NE01", "OT01"

ECCG = CodeList(
    "ECCG",
    {
        LEAK: _("GI01 leak of anastomosis, staple line or conduit"),
        NECROSIS: _("GI02 conduit necrosis"),
        "GI03": _("GI03 ileus that delays feeding"),
        "GI04": _("GI04 small-bowel obstruction"),
        "GI05": _("GI05 complication of the feeding tube"),
        "GI06": _("GI06 complication of the pyloric drainage"),
        "GI07": _("GI07 Clostridioides difficile infection"),
        "GI08": _("GI08 gastrointestinal bleeding with intervention or transfusion"),
        "GI09": _("GI09 pancreatitis"),
        "GI10": _("GI10 liver dysfunction"),
        "GI11": _("GI11 delayed conduit emptying: intervention, delayed discharge, or drainage over 7 days"),
        "PU01": _("PU01 pneumonia"),
        "PU02": _("PU02 pleural effusion with drainage"),
        "PU03": _("PU03 pneumothorax with treatment"),
        "PU04": _("PU04 atelectasis or mucus plug with bronchoscopy"),
        "PU05": _("PU05 respiratory failure with reintubation"),
        "PU06": _("PU06 acute respiratory distress syndrome"),
        "PU07": _("PU07 aspiration"),
        "PU08": _("PU08 tracheobronchial injury"),
        "PU09": _("PU09 air leak with a chest drain for more than 10 days"),
        "CA01": _("CA01 cardiac arrest with resuscitation"),
        "CA02": _("CA02 myocardial infarction"),
        "CA03": _("CA03 atrial dysrhythmia with treatment"),
        "CA04": _("CA04 ventricular dysrhythmia with treatment"),
        "CA05": _("CA05 heart failure with treatment"),
        "CA06": _("CA06 pericarditis with treatment"),
        "TE01": _("TE01 deep vein thrombosis"),
        "TE02": _("TE02 pulmonary embolism"),
        "TE03": _("TE03 stroke"),
        "TE04": _("TE04 peripheral thrombophlebitis"),
        "UR01": _("UR01 renal insufficiency: creatinine doubled"),
        "UR02": _("UR02 renal failure with dialysis"),
        "UR03": _("UR03 urinary tract infection"),
        "UR04": _("UR04 urinary retention with a catheter"),
        "IN01": _("IN01 wound infection"),
        "IN02": _("IN02 infection of a central line"),
        "IN03": _("IN03 abscess in the chest or abdomen"),
        "IN04": _("IN04 sepsis"),
        "IN05": _("IN05 other infection with antibiotics"),
        PALSY: _("NE01 palsy of the recurrent nerve"),
        "NE02": _("NE02 injury of another nerve"),
        "NE03": _("NE03 delirium"),
        "NE04": _("NE04 delirium from alcohol withdrawal"),
        "WO01": _("WO01 dehiscence of the thoracic wound"),
        "WO02": _("WO02 dehiscence or hernia of the abdominal wall"),
        "WO03": _("WO03 acute diaphragmatic hernia"),
        CHYLE: _("OT01 chyle leak"),
        "OT02": _("OT02 reoperation for another reason"),
        "OT03": _("OT03 dysfunction of several organs"),
    },
)
LEAK_TYPE = CodeList(
    "ECCG_LEAK",
    {
        "I": _("I no change of treatment, or drugs and diet only"),
        "II": _("II intervention without operation: drain, stent, wound opened at the bedside"),
        "III": _("III operation"),
    },
)
NECROSIS_TYPE = CodeList(
    "ECCG_NECROSIS",
    {
        "I": _("I focal, seen at endoscopy, no operation"),
        "II": _("II focal, no free leak, operation without diversion"),
        "III": _("III extensive, conduit removed with diversion"),
    },
)
CHYLE_TYPE = CodeList(
    "ECCG_CHYLE",
    {
        "I": _("I enteral diet changed"),
        "II": _("II parenteral nutrition"),
        "III": _("III intervention or operation"),
    },
)
CHYLE_VOLUME = CodeList("ECCG_CHYLE_VOLUME", {"A": _("A under 1 L a day"), "B": _("B 1 L a day or more")})
PALSY_TYPE = CodeList(
    "ECCG_PALSY",
    {
        "I": _("I transient, no treatment beyond diet"),
        "II": _("II elective procedure such as medialisation"),
        "III": _("III acute procedure for airway or aspiration"),
    },
)
PALSY_SIDE = CodeList("ECCG_PALSY_SIDE", {"A": _("A one side"), "B": _("B both sides")})
CLAVIEN_DINDO = CodeList(
    "CLAVIEN_DINDO",
    {
        "I": _(
            "I off the normal course; antiemetics, antipyretics, analgesics, diuretics, electrolytes or physiotherapy "
            "alone"
        ),
        "II": _("II drugs, transfusion or parenteral nutrition"),
        "IIIa": _("IIIa intervention without general anaesthesia"),
        "IIIb": _("IIIb intervention under general anaesthesia"),
        "IVa": _("IVa failure of one organ"),
        "IVb": _("IVb failure of several organs"),
        "V": _("V death"),
    },
)
TREATMENT = CodeList(
    "COMP_TREATMENT",
    {
        "none": _("none, observed"),
        "drugs": _("drugs"),
        "antibiotics": _("antibiotics"),
        "transfusion": _("transfusion"),
        "nutrition": _("tube feeding or parenteral nutrition"),
        "bedside": _("bedside procedure"),
        "endoscopy": _("endoscopic intervention"),
        "radiology": _("radiological intervention"),
        "bronchoscopy": _("bronchoscopy"),
        "ventilation": _("non-invasive ventilation or high-flow oxygen"),
        "intubation": _("intubation"),
        "dialysis": _("dialysis"),
        "operation": _("operation"),
        "other": _("other"),
    },
    exclusive=("none",),
)
STATUS = CodeList(
    "POSTOP_STATUS", {"alive": _("alive"), "dead": _("dead"), "unknown": _("unknown, no contact")}
)
