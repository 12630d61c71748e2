"""Weight, performance, dysphagia and vital signs, on one page a visit (protocol 3.18, decision C6)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.shared.common import DYSPHAGIA, DYSPHAGIA_SCALE, ECOG, EXAM
from crf.catalogue.treatment.rules import drug_days
from crf.engine.answers import AnswerRow
from crf.engine.base import CrfRecord
from crf.engine.checks import Check, Criticality, Level
from crf.engine.codelists import CodeList
from crf.engine.conditions import Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedDecimal,
    DerivedText,
    IntegerAnswer,
    Section,
    TextAnswer,
    YesNoAnswer,
)
from protocol.scores import weight_change_pct

DONE, NOT_DONE = Is("vs_done", "Y"), Is("vs_done", "N")
EXAMINED = Is("visit.code", "N1", "N2", "N3", "N4", "N5")  # protocol 2.2, 2.3; elsewhere another form asks it
NOT_MEASURED = CodeList(
    "VS_NOT_DONE",
    {
        "telephone": _("contact by telephone"),
        "ill": _("too ill"),
        "refused": _("refused"),
        "missed": _("forgotten"),
    },
)


def weight_at_dose(vs_dt: date, treat_chemo: list[AnswerRow] | None) -> Decimal | None:
    """Return the weight that a dose of the day was calculated from."""
    doses = (row for row in treat_chemo or () if vs_dt in drug_days(row))
    return next((row["weight_d"] for row in doses if row.get("weight_d") is not None), None)


def systolic_above_diastolic(sbp: int, dbp: int) -> bool:
    return sbp > dbp


def one_weight_a_day(weight: Decimal, weight_dosed: Decimal) -> bool:
    return weight == weight_dosed


@audited()
class VitalSigns(CrfRecord):
    """What is measured of everybody who comes to a visit (protocol 3.18)."""

    visit_ = Section(_("Visit"))
    vs_done = YesNoAnswer(_("Vital signs measured"), required=True, missing_allowed=(), sdtm="VSSTAT")
    vs_dt = DateAnswer(_("Date"), asked_when=DONE, missing_allowed=(), cdash="VSDAT", sdtm="VSDTC")
    vs_why = ChoiceAnswer(
        _("Why not?"), codes=NOT_MEASURED, asked_when=NOT_DONE, missing_allowed=(), sdtm="VSREASND"
    )

    state_ = Section(_("State"), shown_when=DONE)
    weight_dosed = DerivedDecimal(
        _("Weight at the dose of this day"),
        reads=("vs_dt", "TREAT.chemo"),
        by=weight_at_dose,
        unit="kg",
        definition=_("The weight from which a dose of chemotherapy of the same day was calculated."),
    )
    weight = DecimalAnswer(
        _("Weight"),
        unit="kg",
        soft=(38, 110),
        hard=(25, 200),
        required=True,
        proposed_by="weight_dosed",
        cdash="WEIGHT",
        sdtm="VSORRES (WEIGHT)",
    )
    wt_pct = DerivedDecimal(
        _("Change of weight since the baseline"),
        reads=("weight", "DM.weight"),
        by=lambda weight, dm_weight: weight_change_pct(dm_weight, weight),
        unit="%",
        soft=(-10, 10),
        hard=(-60, 60),
        sdtm="VSORRES (WTPCHG)",
        definition=_("In per cent of the weight at baseline; a loss is negative."),
    )
    ecog = ChoiceAnswer(_("ECOG performance status"), codes=ECOG, required=True, sdtm="RSORRES (ECOG101)")
    dysph = ChoiceAnswer(_("Dysphagia"), codes=DYSPHAGIA, required=True, sdtm="FAORRES")
    dysph_scale = DerivedText(
        _("Scale of the dysphagia"),
        reads=("dysph", "setting.dysphagia_scale"),
        by=lambda dysph, setting_dysphagia_scale: setting_dysphagia_scale,
        codes=DYSPHAGIA_SCALE,
        sdtm="FACAT",
        definition=_("The scale that the protocol text names, as soon as the grade is answered."),
    )
    exam = ChoiceAnswer(_("Physical examination"), codes=EXAM, required_when=EXAMINED, sdtm="PEORRES")
    exam_txt = TextAnswer(
        _("What is abnormal?"), max_length=500, asked_when=Is("exam", "abnormal"), sdtm="PEORRES"
    )

    vital = Section(_("Vital signs"), shown_when=DONE)
    temp = DecimalAnswer(
        _("Temperature"),
        unit="°C",
        soft=(35.5, 38),
        hard=(32, 43),
        required=True,
        cdash="TEMP",
        sdtm="VSORRES (TEMP)",
    )
    sbp = IntegerAnswer(
        _("Systolic blood pressure"),
        unit="mmHg",
        soft=(90, 160),
        hard=(50, 260),
        required=True,
        cdash="SYSBP",
        sdtm="VSORRES (SYSBP)",
    )
    dbp = IntegerAnswer(
        _("Diastolic blood pressure"),
        unit="mmHg",
        soft=(50, 100),
        hard=(30, 160),
        required=True,
        cdash="DIABP",
        sdtm="VSORRES (DIABP)",
    )
    hr = IntegerAnswer(
        _("Pulse"),
        unit="/min",
        soft=(50, 110),
        hard=(25, 220),
        required=True,
        cdash="PULSE",
        sdtm="VSORRES (PULSE)",
    )
    rr = IntegerAnswer(_("Respiratory rate"), unit="/min", soft=(10, 24), hard=(5, 60), sdtm="VSORRES (RESP)")
    spo2 = IntegerAnswer(
        _("Oxygen saturation"), unit="%", soft=(92, 100), hard=(40, 100), sdtm="VSORRES (OXYSAT)"
    )

    class Crf:
        code, title, version, repeats = "VS", _("Vital signs"), 1, Repeats.PER_VISIT
        instructions = _(
            "One page for each visit. The weight that a dose of the day was calculated from is proposed."
        )
        checks = (
            Check(
                code="VS-01",
                level=Level.HARD,
                reads=("sbp", "dbp"),
                passes=systolic_above_diastolic,
                message=_("The systolic pressure is not above the diastolic one. Check both."),
                fields=("sbp", "dbp"),
            ),
            Check(
                code="VS-02",
                level=Level.SOFT,
                reads=("weight", "weight_dosed"),
                passes=one_weight_a_day,
                message=_(
                    "A dose of this day was calculated from %(weight_dosed)s kg, here the weight is %(weight)s kg. "
                    "Check both against the source."
                ),
                fields=("weight",),
                criticality=Criticality.CRITICAL,
            ),
        )
