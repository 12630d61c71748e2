"""Node stations: AJCC 8 map, with the Japanese number in brackets for local use (protocol 3.4 F).

The bracket mapping is approximate; a surgeon has to approve it before use.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList

STATIONS = CodeList(
    "NODE_STATION",
    {
        "1R": _("1R right lower cervical paratracheal [101, 106rec upper]"),
        "1L": _("1L left lower cervical paratracheal [101, 106rec upper]"),
        "2R": _("2R right upper paratracheal [106rec]"),
        "2L": _("2L left upper paratracheal [106rec]"),
        "4R": _("4R right lower paratracheal [106tb]"),
        "4L": _("4L left lower paratracheal [106tb]"),
        "7": _("7 subcarinal [107]"),
        "8U": _("8U para-oesophageal, upper [105]"),
        "8M": _("8M para-oesophageal, middle [108]"),
        "8Lo": _("8Lo para-oesophageal, lower [110]"),
        "9R": _("9R right pulmonary ligament [112pul]"),
        "9L": _("9L left pulmonary ligament [112pul]"),
        "15": _("15 diaphragmatic [111]"),
        "16": _("16 paracardial [1, 2]"),
        "17": _("17 left gastric [7]"),
        "18": _("18 common hepatic [8]"),
        "19": _("19 splenic [11]"),
        "20": _("20 coeliac [9]"),
        "vi_vii": _("cervical level VI or VII"),
        "scv_r": _("right supraclavicular [104]"),
        "scv_l": _("left supraclavicular [104]"),
        "other": _("other"),
    },
)
