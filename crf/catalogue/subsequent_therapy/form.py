"""Subsequent anticancer therapy: one record for each, asked at every contact after an event (protocol 3.12, 3.13)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.subsequent_therapy import codes as lists
from crf.catalogue.subsequent_therapy.checks import CHECKS
from crf.engine.base import CrfRecord
from crf.engine.conditions import Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DecimalAnswer,
    IntegerAnswer,
    MultipleAnswer,
    PartialDateAnswer,
    Section,
    TextAnswer,
)

WITH_DRUG, RADIATED = Is("st_kind", *lists.WITH_DRUG), Is("st_kind", "rt")


@audited()
class SubsequentTherapy(CrfRecord):
    """A therapy after residue, regrowth, recurrence or distant disease; PD-1 inhibitors above all (decision D3).

    Immunotherapy of Arm 2 after progression is data, no deviation.
    """

    therapy = Section(_("Therapy"))
    st_kind = ChoiceAnswer(
        _("Treatment"),
        codes=lists.KIND,
        help=_("Of a combination the part that leads; its classes are ticked below."),
        required=True,
        missing_allowed=(),
        sdtm="CMTRT",
    )
    st_class = MultipleAnswer(
        _("Classes of the drugs"), codes=lists.DRUG_CLASS, asked_when=WITH_DRUG, sdtm="CMCLAS"
    )
    st_regimen = TextAnswer(
        _("Regimen"),
        max_length=200,
        asked_when=WITH_DRUG,
        help=_("The substances, not the brands."),
        cdash="CMTRT",
        sdtm="CMTRT",
    )
    st_gy = DecimalAnswer(
        _("Dose"), unit="Gy", soft=(20, 70), hard=(0, 100), asked_when=RADIATED, sdtm="PRDOSE"
    )
    st_part = TextAnswer(
        _("Place treated"),
        max_length=80,
        shown_when=Is("st_kind", "rt", "endoscopic_resection"),
        required_when=RADIATED,
        sdtm="SUPPPR.PARTTX",
    )
    st_line = IntegerAnswer(
        _("Line"),
        help=_("1 is the first line after the treatment of the trial."),
        soft=(1, 4),
        hard=(1, 10),
        required_when=WITH_DRUG,
        sdtm="SUPPCM.LINE",
    )
    st_intent = ChoiceAnswer(_("Intent"), codes=lists.INTENT, required=True, sdtm="CMINDC")
    st_place = ChoiceAnswer(_("Where it was given"), codes=lists.PLACE, required=True, sdtm="SUPPCM.PLACE")

    course = Section(_("Course"))
    st_start = PartialDateAnswer(_("Began"), required=True, cdash="CMSTDAT", sdtm="CMSTDTC")
    st_end = PartialDateAnswer(_("Ended"), help=_("Empty while it goes on."), cdash="CMENDAT", sdtm="CMENDTC")
    st_resp = ChoiceAnswer(
        _("Best response"),
        codes=lists.RESPONSE,
        required_when=Is("st_kind", "rt", *lists.WITH_DRUG),
        sdtm="RSORRES (BESTRESP)",
    )

    class Crf:
        code, title, version, repeats = "ST", _("Subsequent anticancer therapy"), 1, Repeats.LOG
        critical = ("st_kind", "st_start")
        listed = ("st_kind", "st_class", "st_regimen", "st_start")
        instructions = _(
            "One record for each therapy after residue, regrowth, recurrence or distant disease, whoever gives it. Add "
            "its end and its best response later. Adjuvant treatment after an operation stands on the follow-up form."
        )
        checks = CHECKS
