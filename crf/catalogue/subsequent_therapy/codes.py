"""Code lists of subsequent anticancer therapy (protocol 3.12)."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

WITH_DRUG: Final = ("chemo", "io", "targeted", "trial")
KIND = CodeList(
    "POST_TX",
    {
        "oesophagectomy": _("salvage oesophagectomy"),
        "endoscopic_resection": _("endoscopic resection"),
        "rt": _("radiotherapy"),
        "chemo": _("chemotherapy"),
        "io": _("immunotherapy"),
        "targeted": _("targeted drug"),
        "trial": _("treatment in another trial"),
        "supportive": _("best supportive care"),
    },
)
DRUG_CLASS = CodeList(
    "ST_CLASS",
    {
        "pd1": _("PD-1 or PD-L1 inhibitor"),
        "other_io": _("another immunotherapy"),
        "chemo": _("chemotherapy"),
        "targeted": _("targeted drug"),
        "other": _("another class"),
        "unknown": _("not known"),
    },
    exclusive=("unknown",),
)
INTENT = CodeList(
    "ST_INTENT",
    {"curative": _("curative"), "palliative": _("palliative"), "unknown": _("not known")},
)
PLACE = CodeList(
    "ST_PLACE",
    {
        "own": _("this centre"),
        "other": _("another hospital"),
        "home": _("at home"),
        "unknown": _("not known"),
    },
)
RESPONSE = CodeList(
    "ST_RESPONSE",
    {
        "CR": _("complete response"),
        "PR": _("partial response"),
        "SD": _("stable disease"),
        "PD": _("progressive disease"),
        "NE": _("not evaluable"),
        "not_yet": _("not evaluated yet"),
    },
)
