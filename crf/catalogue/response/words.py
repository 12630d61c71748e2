"""What the derived answers of the response evaluation form are, in words (protocol 3.7)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

CRE_TYPE = _(
    "By the visit: CRE-1, CRE-2, restaging before surgery or surveillance; unscheduled at any other."
)
WEEKS_POST = _("Days from the end of neoadjuvant treatment to the evaluation, divided by 7.")
PET_SUV_DROP = _("By how many per cent of SUVmax at baseline it fell; a rise is negative.")
WALL_MM_BASE = _("The thickness on CT of the baseline staging.")
BOB_DEEP = _("The sum of the pairs of the map whose depth is submucosa or muscle; empty without a map.")
BOB_QUADS = _("In how many of the four quadrants the map has pairs; empty without a map.")
EUS_MM_BASE = _("The thickness on endoscopic ultrasound of the baseline staging.")
CRE_OUTCOME_CALC = _(
    "The first rule of the protocol that decides: distant disease, residue, not evaluable, uncertain, clear; "
    "from the findings of this page, the evaluations before and the settings of the protocol text. A person "
    "confirms the outcome."
)
CRE_BECAUSE = _("What the rule that decided rests on.")
