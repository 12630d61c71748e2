"""T, N, M and grade of the AJCC/UICC 8th edition (protocol 4.1)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

T = CodeList(
    "T",
    {
        "TX": _("TX cannot be assessed"),
        "T0": _("T0 no primary tumour"),
        "Tis": _("Tis high-grade dysplasia"),
        "T1a": _("T1a lamina propria or muscularis mucosae"),
        "T1b": _("T1b submucosa"),
        "T1": _("T1 not further specified"),
        "T2": _("T2 muscularis propria"),
        "T3": _("T3 adventitia"),
        "T4a": _("T4a pleura, pericardium, azygos vein, diaphragm or peritoneum"),
        "T4b": _("T4b aorta, vertebral body, airway or other"),
    },
)
CT = T.only("CT", "TX", "T0", "Tis", "T1a", "T1b", "T1", "T2", "T3", "T4a", "T4b")
YPT = T.only("YPT", "T0", "Tis", "T1a", "T1b", "T2", "T3", "T4a", "T4b", "TX")
N = CodeList(
    "N",
    {
        "NX": _("NX cannot be assessed"),
        "N0": _("N0 none"),
        "N1": _("N1 1 to 2 nodes"),
        "N2": _("N2 3 to 6 nodes"),
        "N3": _("N3 7 nodes or more"),
    },
)
YPN = N.only("YPN", "N0", "N1", "N2", "N3", "NX")
M = CodeList("M", {"M0": _("M0 no distant metastasis"), "M1": _("M1 distant metastasis")})
GRADE = CodeList(
    "GRADE",
    {
        "G1": _("G1 well differentiated"),
        "G2": _("G2 moderately differentiated"),
        "G3": _("G3 poorly or undifferentiated"),
        "GX": _("GX cannot be assessed"),
    },
)
DISTANT_SITES = CodeList(
    "DISTANT_SITES",
    {
        "lung": _("lung"),
        "liver": _("liver"),
        "bone": _("bone"),
        "brain": _("brain"),
        "pleura": _("pleura"),
        "peritoneum": _("peritoneum"),
        "adrenal": _("adrenal gland"),
        "distant_node": _("distant node"),
        "skin": _("skin"),
        "other": _("other"),
    },
)
