"""Code lists of medication (protocol 3.3, cm)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

DOSE_UNIT = CodeList(
    "CM_DOSU",
    {
        "mg": "mg",
        "g": "g",
        "ug": _("microgram"),
        "mL": "mL",
        "IU": _("international unit"),
        "piece": _("tablet or capsule"),
        "other": _("other"),
    },
)
ROUTE = CodeList(
    "CM_ROUTE",
    {
        "oral": _("by mouth"),
        "intravenous": _("intravenous"),
        "subcutaneous": _("subcutaneous"),
        "intramuscular": _("intramuscular"),
        "inhaled": _("inhaled"),
        "topical": _("on the skin or eye"),
        "tube": _("by feeding tube"),
        "other": _("other"),
    },
)
FREQUENCY = CodeList(
    "CM_FREQ",
    {
        "once": _("once"),
        "qd": _("once a day"),
        "bid": _("twice a day"),
        "tid": _("three times a day"),
        "qid": _("four times a day"),
        "qod": _("every other day"),
        "qw": _("once a week"),
        "prn": _("as needed"),
        "other": _("other"),
    },
)
INDICATION = CodeList(
    "CM_INDC",
    {
        "ae": _("an adverse event"),
        "irae": _("an immune-related event"),
        "mh": _("a disease of the history"),
        "prophylaxis": _("prophylaxis or premedication"),
        "other": _("other"),
    },
)
