"""Code lists of the surveillance visit (protocol 3.11)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

NOT_DONE = CodeList(
    "AS_WHY",
    {
        "refused": _("refused"),
        "ill": _("ill"),
        "elsewhere": _("seen elsewhere"),
        "moved": _("moved"),
        "dead": _("dead"),
        "missed": _("missed by staff"),
    },
)
STENOSIS = CodeList(
    "AS_STEN",
    {
        "none": _("none"),
        "symptomatic": _("with symptoms"),
        "dilatation": _("needs dilatation"),
        "stent": _("needs a stent"),
    },
)
ELEMENT = CodeList(
    "AS_ELEM",
    {
        "pet": _("PET-CT"),
        "endoscopy": _("endoscopy"),
        "biopsies": _("bite-on-bite biopsies"),
        "eus": _("EUS"),
        "fna": _("cytology of a suspect node"),
    },
)
WILLING = CodeList(
    "AS_WILL",
    {
        "yes": _("yes"),
        "fewer": _("with fewer tests"),
        "surgery": _("wishes surgery"),
        "stops": _("stops"),
    },
)
