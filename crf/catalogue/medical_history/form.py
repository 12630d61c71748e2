"""Diseases of a participant, past and ongoing: one record for each (protocol 3.3, decision C8)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.engine.base import CrfRecord
from crf.engine.checks import Check, Level, not_before
from crf.engine.conditions import Answered, Is
from crf.engine.declaration import Repeats
from crf.engine.fields import PartialDateAnswer, Section, TextAnswer, YesNoAnswer


@audited()
class MedicalHistory(CrfRecord):
    """A disease other than the one of the trial, coded in MedDRA (protocol 3.3, mh_term)."""

    disease = Section(_("Disease"))
    mh_text = TextAnswer(_("Disease"), required=True, coded_in="meddra", cdash="MHTERM", sdtm="MHTERM")
    mh_decod = TextAnswer(
        _("MedDRA preferred term"), shown_when=Answered("mh_decod"), cdash="MHDECOD", sdtm="MHDECOD"
    )
    mh_start = PartialDateAnswer(_("Began"), cdash="MHSTDAT", sdtm="MHSTDTC")
    mh_ongo = YesNoAnswer(_("Ongoing"), required=True, cdash="MHONGO", sdtm="MHENRTPT")
    mh_end = PartialDateAnswer(_("Ended"), shown_when=Is("mh_ongo", "N"), cdash="MHENDAT", sdtm="MHENDTC")

    class Crf:
        code, title, version, repeats = "MH", _("Medical history"), 1, Repeats.LOG
        listed = ("mh_text", "mh_start", "mh_ongo")
        instructions = _(
            "Diseases before consent, past or ongoing. What begins or grows worse afterwards is an adverse event."
        )
        before_randomization = True
        dates_visit = False
        checks = (
            Check(
                code="MH-01",
                level=Level.HARD,
                reads=("mh_start", "mh_end"),
                passes=lambda mh_start, mh_end: not_before(mh_end, mh_start),
                message=_("The disease ended before it began. Check both dates."),
                fields=("mh_end", "mh_start"),
            ),
        )
