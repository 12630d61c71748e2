"""Nutrition, assessed again and again: weight, feeding, risk, what was done (protocol 3.20)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.shared.common import FEEDING
from crf.engine.answers import AnswerRow
from crf.engine.base import CrfRecord
from crf.engine.checks import Check, Criticality, Level
from crf.engine.codelists import CodeList
from crf.engine.conditions import Has, Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedBoolean,
    DerivedDecimal,
    IntegerAnswer,
    MultipleAnswer,
    Section,
    TextAnswer,
)
from protocol.scores import NRS2002_RISK, bmi, weight_change_pct

BY_TUBE = ("nasal_tube", "gastrostomy", "jejunostomy")
INTAKE = CodeList(
    "NUT_INTAKE",
    {
        "full": _("more than 75 %"),
        "reduced": _("51 to 75 %"),
        "half": _("26 to 50 %"),
        "quarter": _("25 % or less"),
    },
)
GLIM = CodeList(
    "GLIM",
    {
        "none": _("no malnutrition"),
        "moderate": _("stage 1, moderate"),
        "severe": _("stage 2, severe"),
    },
)
SUPPORT = CodeList(
    "NUT_SUPPORT",
    {
        "none": _("nothing"),
        "advice": _("dietary advice"),
        "supplement": _("oral supplements"),
        "tube": _("feeding tube or stoma"),
        "parenteral": _("parenteral nutrition"),
        "other": _("other"),
    },
    exclusive=("none",),
)


def last_before(nut_dt: date, nut_all: list[AnswerRow]) -> date | None:
    """Return the day of the assessment before."""
    return max(
        (row["nut_dt"] for row in nut_all if row.get("nut_dt") and row["nut_dt"] < nut_dt), default=None
    )


def is_only_one(nut_dt: date, nut_all: list[AnswerRow]) -> bool:
    return all(row.get("nut_dt") != nut_dt for row in nut_all)


def fit_between(nut_dt: date, nut_tube_d: int, nut_all: list[AnswerRow]) -> bool:
    """Say whether no more days with a tube are counted than passed since the assessment before."""
    before = last_before(nut_dt, nut_all)
    return before is None or nut_tube_d <= (nut_dt - before).days


def one_weight_a_day(nut_dt: date, nut_wt: Decimal, vs_all: list[AnswerRow]) -> bool:
    """Say whether vital signs of the same day have the same weight."""
    return all(row.get("weight") in (None, nut_wt) for row in vs_all if row.get("vs_dt") == nut_dt)


@audited()
class Nutrition(CrfRecord):
    """One assessment of nutrition: how somebody eats, what they weigh, whether they are at risk (protocol 3.20)."""

    state_ = Section(_("State"))
    nut_dt = DateAnswer(_("Date of the assessment"), required=True, missing_allowed=(), sdtm="VSDTC")
    nut_wt = DecimalAnswer(
        _("Weight"),
        unit="kg",
        soft=(38, 110),
        hard=(25, 200),
        required=True,
        taken_from="VS.weight",
        cdash="WEIGHT",
        sdtm="VSORRES (WEIGHT)",
    )
    nut_wtpct = DerivedDecimal(
        _("Change of weight since the baseline"),
        reads=("nut_wt", "DM.weight"),
        by=lambda nut_wt, dm_weight: weight_change_pct(dm_weight, nut_wt),
        unit="%",
        hard=(-60, 60),
        sdtm="VSORRES (WTPCHG)",
        definition=_("In per cent of the weight at baseline; a loss is negative."),
    )
    nut_bmi = DerivedDecimal(
        _("Body mass index"),
        reads=("nut_wt", "DM.height"),
        by=lambda nut_wt, dm_height: bmi(dm_height, nut_wt),
        unit="kg/m2",
        hard=(10, 60),
        sdtm="VSORRES (BMI)",
        definition=_(
            "Weight of this assessment in kg, divided by the square of the height at baseline in m."
        ),
    )
    nut_feed = ChoiceAnswer(_("Feeding route"), codes=FEEDING, required=True, sdtm="FAORRES")
    nut_intake = ChoiceAnswer(
        _("Food eaten in the last week, of the usual amount"), codes=INTAKE, required=True, sdtm="FAORRES"
    )
    nut_tube_d = IntegerAnswer(
        _("Days with a feeding tube or stoma since the last assessment"),
        unit=_("days"),
        soft=(0, 120),
        hard=(0, 400),
        required_when=Is("nut_feed", *BY_TUBE),
        sdtm="FAORRES (TUBEDAYS)",
    )

    risk = Section(_("Risk and support"))
    nut_nrs = IntegerAnswer(
        _("NRS-2002 score"), soft=(0, 5), hard=(0, 7), required=True, sdtm="RSORRES (NRS2002)"
    )
    nut_risk = DerivedBoolean(
        _("At nutritional risk"),
        reads=("nut_nrs",),
        by=lambda nut_nrs: nut_nrs >= NRS2002_RISK,
        definition=_("NRS-2002 of 3 or more."),
        sdtm="SUPPRS.NUTRISK",
    )
    nut_glim = ChoiceAnswer(_("Malnutrition by GLIM"), codes=GLIM, sdtm="RSORRES (GLIM)")
    nut_plan = MultipleAnswer(_("What was done?"), codes=SUPPORT, required=True, sdtm="PRTRT")
    nut_plan_txt = TextAnswer(_("What else?"), asked_when=Has("nut_plan", "other"), sdtm="SUPPPR.PLANTXT")

    class Crf:
        code, title, version, repeats = "NUT", _("Nutrition assessment"), 1, Repeats.LOG
        before_randomization = True
        dates_visit = False
        listed = ("nut_dt", "nut_wt", "nut_wtpct", "nut_nrs", "nut_glim", "nut_feed")
        instructions = _(
            "One record for each assessment, at visits and between them; the baseline is on its own form."
        )
        checks = (
            Check(
                code="NUT-01",
                level=Level.HARD,
                reads=("nut_dt", "NUT*"),
                passes=is_only_one,
                message=_("An assessment of this day is on record already. Change that record."),
                fields=("nut_dt",),
            ),
            Check(
                code="NUT-02",
                level=Level.SOFT,
                reads=("nut_dt", "milestone.ICF"),
                passes=lambda nut_dt, milestone_icf: nut_dt >= milestone_icf,
                message=_(
                    "The assessment of %(nut_dt)s is dated before the consent of %(milestone_icf)s. Check the date."
                ),
                fields=("nut_dt",),
            ),
            Check(
                code="NUT-03",
                level=Level.SOFT,
                reads=("nut_dt", "nut_wt", "VS*"),
                passes=one_weight_a_day,
                message=_("Vital signs of this day have another weight than %(nut_wt)s kg. Check both."),
                fields=("nut_wt",),
            ),
            Check(
                code="NUT-04",
                level=Level.SOFT,
                reads=("nut_feed", "nut_tube_d"),
                passes=lambda nut_feed, nut_tube_d: nut_feed not in BY_TUBE or nut_tube_d > 0,
                message=_(
                    "Feeding is by a tube or stoma, and no day with one is counted. Check both answers."
                ),
                fields=("nut_tube_d", "nut_feed"),
            ),
            Check(
                code="NUT-05",
                level=Level.SOFT,
                reads=("nut_dt", "nut_tube_d", "NUT*"),
                passes=fit_between,
                message=_(
                    "More days with a tube or stoma are counted than passed since the last assessment."
                ),
                fields=("nut_tube_d", "nut_dt"),
            ),
            Check(
                code="NUT-06",
                level=Level.SOFT,
                reads=("nut_risk", "nut_plan"),
                passes=lambda nut_risk, nut_plan: not nut_risk or nut_plan != ["none"],
                message=_("Somebody at nutritional risk gets no support. Check both answers, or say why."),
                fields=("nut_plan", "nut_nrs"),
                criticality=Criticality.MINOR,
            ),
        )
