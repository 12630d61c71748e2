"""Code lists of follow-up and recurrence (protocol 3.12)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

CONTACT = CodeList(
    "CONTACT",
    {
        "clinic": _("clinic"),
        "phone": _("telephone"),
        "report": _("report of another hospital"),
        "registry": _("registry"),
        "family": _("family"),
    },
)
MODALITY = CodeList(
    "IMG_MODALITY",
    {
        "ct": _("CT"),
        "pet_ct": _("PET-CT"),
        "mri": _("MRI"),
        "us": _("ultrasound"),
        "endoscopy": _("endoscopy"),
        "bone_scan": _("bone scan"),
    },
)
IMAGE_RESULT = CodeList(
    "IMG_RESULT",
    {
        "clear": _("no evidence of disease"),
        "suspect": _("suspect"),
        "disease": _("disease"),
        "other": _("another finding"),
    },
)
DISEASE = CodeList(
    "DZ_STATUS",
    {"none": _("no evidence of disease"), "suspect": _("suspect"), "proven": _("proven")},
)
RECURRENCE = CodeList(
    "REC_TYPE",
    {
        "local": _("local regrowth at the primary site (oesophagus in place)"),
        "anastomotic": _("at the anastomosis"),
        "node": _("regional node"),
        "distant": _("distant metastasis"),
        "second_primary": _("second primary tumour of the oesophagus"),
    },
)
PROOF = CodeList(
    "REC_METHOD",
    {
        "histology": _("histology"),
        "cytology": _("cytology"),
        "imaging": _("progressive on two scans"),
        "clinical": _("clinical"),
    },
)
INSIDE = CodeList("IN_FIELD", {"in": _("inside"), "out": _("outside"), "unknown": _("unknown")})
INSIDE_DISSECTION = CodeList("IN_DISSECTION", {**INSIDE.labels, "na": _("no dissection was done")})
ADJUVANT = CodeList(
    "ADJ_GIVEN",
    {
        "none": _("none"),
        "io": _("immunotherapy"),
        "chemo": _("chemotherapy"),
        "rt": _("radiotherapy"),
        "crt": _("chemoradiotherapy"),
    },
)
CTCAE = CodeList(
    "CTCAE_GRADE",
    {
        "0": _("0 none"),
        "1": _("1 mild"),
        "2": _("2 moderate"),
        "3": _("3 severe"),
        "4": _("4 life-threatening"),
    },
)
WORK = CodeList(
    "WORK",
    {
        "full": _("fully"),
        "partly": _("partly"),
        "no": _("no"),
        "none_before": _("had no such activity before"),
    },
)
