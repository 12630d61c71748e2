"""Checks of the surveillance visit (protocol 3.11, X037)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.shared.dilatation import checks_of
from crf.catalogue.surveillance import rules
from crf.engine.checks import Check, Criticality, Level
from crf.engine.conditions import Answered, Is

DONE = Is("as_done", "Y")

CHECKS = (
    Check(
        code="X037a",
        level=Level.HARD,
        reads=("as_dt", "milestone.SURG"),
        passes=rules.before_surgery,
        message=_(
            "The oesophagus was removed on %(milestone_surg)s: on %(as_dt)s there is no surveillance visit. Use the"
            " follow-up form."
        ),
        fields=("as_dt",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="AS-01",
        level=Level.SOFT,
        reads=("as_dt", "visit.opens", "visit.closes"),
        passes=rules.in_window,
        message=_("The visit lies outside its window. Check the date, or say why."),
        fields=("as_dt",),
        criticality=Criticality.MINOR,
    ),
    Check(
        code="AS-02",
        level=Level.SOFT,
        reads=("as_dt", "as_dysph", "AS*", "DM.dysph", "CRE*", "setting.dysphagia_rise_grades"),
        passes=rules.no_rise_or_seen,
        message=_(
            "Dysphagia rose by %(setting_dysphagia_rise_grades)s grades or more: an evaluation outside the schedule "
            "is due. Add an unscheduled visit with a response evaluation."
        ),
        fields=("as_dysph",),
        when=DONE,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="AS-03",
        level=Level.SOFT,
        reads=("visit.code", "CRE*"),
        passes=rules.evaluation_is_there,
        message=_(
            "The visit has no response evaluation: this is proposed as a deviation. Record the evaluation if it was "
            "done."
        ),
        fields=("as_elem",),
        when=Answered("as_done"),
        criticality=Criticality.CRITICAL,
        deviation="cre_content",
    ),
    Check(
        code="AS-04",
        level=Level.SOFT,
        reads=("as_elem",),
        passes=rules.nothing_missing,
        message=_(
            "Parts of the evaluation are due and not done. Check the response evaluation of this visit."
        ),
        fields=("as_elem",),
        when=DONE,
    ),
    Check(
        code="AS-05",
        level=Level.HARD,
        reads=("as_dilat_dt", "as_dt"),
        passes=rules.dilated_by_then,
        message=_("The last dilatation is dated after the visit. Check both dates."),
        fields=("as_dilat_dt",),
    ),
    Check(
        code="AS-06",
        level=Level.SOFT,
        reads=("as_dt", "AE*", "setting.surveillance_looks_back_days", *rules.LATE),
        passes=rules.late_is_recorded,
        message=_(
            "Late toxicity is ticked, and no adverse event was recorded around this visit. Record it as an adverse "
            "event."
        ),
        fields=("as_late_lung",),
        when=DONE,
        blanks=True,
    ),
    Check(
        code="AS-07",
        level=Level.SOFT,
        reads=("as_sten", "AE*"),
        passes=rules.stenosis_is_recorded,
        message=_("A stenosis that needs treatment is no adverse event yet. Record it as one."),
        fields=("as_sten",),
        when=Is("as_sten", "dilatation", "stent"),
    ),
    Check(
        code="AS-08",
        level=Level.SOFT,
        reads=("as_dt", "CRE*", "setting.surveillance_looks_back_days"),
        passes=rules.wish_is_recorded,
        message=_(
            "The participant wishes surgery. Record the wish in the decision of the response evaluation, so that the "
            "operation is planned."
        ),
        fields=("as_will",),
        when=Is("as_will", "surgery"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="AS-09",
        level=Level.SOFT,
        reads=("participant.withdrawn",),
        passes=rules.stop_is_recorded,
        message=_(
            "The participant stops surveillance, and no withdrawal from its procedures or from all contact is on "
            "record. Record it with its scope."
        ),
        fields=("as_will",),
        when=Is("as_will", "stops"),
        criticality=Criticality.CRITICAL,
    ),
    *checks_of("AS", codes=("AS-10", "AS-11", "AS-12"), count="as_dilat_n", table="as_dilats", on="as_dt"),
)
