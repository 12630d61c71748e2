"""Code lists of the quality of life form (protocol 3.14); answers are numbers, their words are licensed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

FOUR = CodeList("QLQ_4", {str(n): str(n) for n in range(1, 5)})
SEVEN = CodeList("QLQ_7", {str(n): str(n) for n in range(1, 8)})
INSTRUMENT = CodeList("QSCAT", {"c30": "QLQ-C30", "oes18": "QLQ-OES18"})
VERSION = CodeList("QSVER", {"c30_3_0": _("QLQ-C30 version 3.0 with QLQ-OES18")})
LANGUAGE = CodeList("QSLANG", {"zh_cn": _("Chinese (simplified)"), "en": _("English"), "other": _("other")})
MODE = CodeList(
    "QSMETHOD",
    {
        "paper": _("paper"),
        "tablet": _("tablet"),
        "link": _("secure link"),
        "phone": _("interview by telephone"),
    },
)
WHO = CodeList(
    "QSEVAL",
    {
        "alone": _("participant alone"),
        "helped": _("participant, with help"),
        "proxy": _("somebody else (proxy)"),
    },
)
MISSING = CodeList(
    "QSREASND",
    {
        "ill": _("too ill"),
        "refused": _("refused"),
        "forgot": _("staff forgot"),
        "language": _("language"),
        "technical": _("technical"),
        "dead": _("dead"),
        "other": _("other"),
    },
)
DYSPHAGIA_DIRECTION = CodeList(
    "OESDYS_DIR",
    {
        "high_is_worse": _("0 = no dysphagia, 100 = worst"),
        "high_is_better": _("0 = worst, 100 = no dysphagia"),
    },
)
DIRECTION = {
    "good": _("High is good."),
    "bad": _("High is bad."),
    "said": _("Its direction stands beside it."),
}
