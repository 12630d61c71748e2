"""What the derived answers of the treatment form are, in words (protocol 3.5)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

CONCURRENT_CHEMO_ON_DAY1 = _(
    "Y where the first chemotherapy was given on the day of the first fraction, N on another day; empty "
    "before both are known."
)
DELIV_GY = _("Fractions delivered times dose per fraction.")
GAP_CALC = _(
    "Weekdays from first to last fraction without one that no weekend fraction made up for: from the log of fractions "
    "where it is kept, else from first day, last day and number."
)
CHEMO_N = _("Planned days on which carboplatin or paclitaxel was given, in full or reduced.")
CARBO_N = _("Rows in which carboplatin was given, in full or reduced.")
NABP_N = _("Rows in which albumin-bound paclitaxel was given, in full or reduced.")
CARBO_INT = _(
    "The sum of the AUC given, in per cent of the sum that the protocol text plans; a dose left out counts 0."
)
NABP_INT = _(
    "The sum of mg/m2 given, in per cent of the sum that the protocol text plans; a dose left out counts 0."
)
CI_N = _("Rows in which camrelizumab was given, in full or interrupted.")
RT_PCT = _("Fractions delivered in per cent of those prescribed.")
LAST_DOSE = _("The last day of radiotherapy, chemotherapy or camrelizumab on this form.")
LAST_CAMRE = _("The last day on which camrelizumab was given.")
PLANNED_DAY = _("The day of treatment on which the protocol text plans this dose.")

EVENT: dict[str, Any] = {
    "help": _("Its number in the list of adverse events."),
    "links_to": "AE",
    "hard": (1, 999),
    "sdtm": "RELREC",
}
MEDICATION: dict[str, Any] = {
    "help": _("Its number in the list of medication, where its dose and days stand."),
    "links_to": "CM",
    "hard": (1, 999),
    "sdtm": "RELREC",
}
"""How an answer names a record of another form by its number."""
