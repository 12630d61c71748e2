"""Checks of the quality of life form (protocol 3.14, X061, X065)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.quality_of_life import rules
from crf.engine.checks import Check, Criticality, Level, Owner
from crf.engine.conditions import Answered, Is

DONE = Is("q_done", "Y")

CHECKS = (
    Check(
        code="X065",
        level=Level.SOFT,
        reads=("q_done_dt", "milestone.RAND"),
        passes=rules.before_the_arm_is_known,
        message=_(
            "The first questionnaire was filled in on %(q_done_dt)s, after randomization on %(milestone_rand)s, so "
            "the arm may have been known. Check the date."
        ),
        fields=("q_done_dt",),
        when=Is("visit.code", "QOL-0"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="QOL-01",
        level=Level.HARD,
        reads=("q_done_dt", "milestone.ICF"),
        passes=lambda q_done_dt, milestone_icf: q_done_dt >= milestone_icf,
        message=_(
            "The questionnaire of %(q_done_dt)s is dated before the consent of %(milestone_icf)s. Check the date."
        ),
        fields=("q_done_dt",),
    ),
    Check(
        code="QOL-02",
        level=Level.SOFT,
        reads=("q_done_dt", "q_due", "setting.qol_window_days"),
        passes=rules.near_due,
        message=_("The questionnaire was filled in outside its window. Check the date, or say why."),
        fields=("q_done_dt",),
        criticality=Criticality.MINOR,
    ),
    Check(
        code="QOL-03",
        level=Level.SOFT,
        reads=("q_inst", *rules.ITEMS),
        passes=rules.not_all_the_same,
        message=_("Every item has the same answer. Check it against the paper."),
        fields=("q_inst",),
        when=DONE,
        blanks=True,
    ),
    Check(
        code="QOL-04",
        level=Level.SOFT,
        reads=("q_blank", "q_double"),
        passes=rules.blanks_explained,
        message=_("Items have no answer. Check them against the paper; say that they were left blank if so."),
        fields=("q_blank",),
        when=Answered("q_blank"),
    ),
    Check(
        code="QOL-05",
        level=Level.HARD,
        reads=("q_double", *rules.ITEMS),
        passes=rules.twice_is_blank,
        message=_("An item with two answers ticked has an answer here. Take the answer out."),
        fields=("q_double",),
        blanks=True,
    ),
    Check(
        code="QOL-06",
        level=Level.LISTING,
        reads=("q_by",),
        passes=lambda q_by: q_by != "proxy",
        message=_("Somebody else filled the questionnaire in: it is not scored."),
        fields=("q_by",),
        owner=Owner.STATISTICIAN,
    ),
    Check(
        code="QOL-07",
        level=Level.LISTING,
        reads=("q_order",),
        passes=lambda q_order: q_order == "Y",
        message=_("The questionnaire was filled in after results were told."),
        fields=("q_order",),
        owner=Owner.STATISTICIAN,
    ),
    Check(
        code="QOL-08",
        level=Level.SOFT,
        reads=("q_miss", "SURV.death_dt"),
        passes=lambda q_miss, surv_death_dt: surv_death_dt is not None,
        message=_(
            "The reason is death, and no death is on the survival form. Check the reason, or record the death there."
        ),
        fields=("q_miss",),
        when=Is("q_miss", "dead"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
)
