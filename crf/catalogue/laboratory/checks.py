"""Checks of a laboratory panel (protocol 3.4 G, X019)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.laboratory import rules
from crf.engine.checks import Check, Criticality, Level

CHECKS = (
    Check(
        code="LB-01",
        level=Level.HARD,
        reads=("lb_test", "lb_res"),
        each="tests",
        passes=rules.is_read,
        message=_(
            "“%(lb_res)s” cannot be read as a result of this test. Type the number, with < or > before it where the "
            "laboratory gives a limit, or the reason why there is none."
        ),
        fields=("lb_res",),
    ),
    Check(
        code="LB-02",
        level=Level.HARD,
        reads=rules.RESULT,
        each="tests",
        passes=rules.is_possible,
        message=_("%(lb_res)s %(lb_unit)s is not possible for this test. Check result and unit."),
        fields=("lb_res",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="LB-03",
        level=Level.SOFT,
        reads=rules.RESULT,
        each="tests",
        passes=rules.is_usual,
        message=_(
            "%(lb_res)s %(lb_unit)s is unusual for this test. Check result and unit against the source."
        ),
        fields=("lb_res",),
    ),
    Check(
        code="LB-04",
        level=Level.HARD,
        reads=("tests",),
        passes=rules.each_test_once,
        message=_(
            "A test stands twice in this panel. Remove one row; a second sample is a panel of its own."
        ),
        fields=("tests",),
    ),
    Check(
        code="LB-05",
        level=Level.SOFT,
        reads=("lb_left",),
        passes=rules.nothing_left_out,
        message=_(
            "Tests of this visit have neither a result nor a reason; they are named below. Enter the result, or “not "
            "done”."
        ),
        fields=("tests",),
    ),
    Check(
        code="LB-06",
        level=Level.HARD,
        reads=("lb_tm",),
        passes=rules.is_a_clock,
        message=_("The time of the sample must be a time of day such as 08:30."),
        fields=("lb_tm",),
    ),
    Check(
        code="LB-07",
        level=Level.SOFT,
        reads=("tests", "lb_tm"),
        passes=rules.hour_is_known,
        message=_("Cortisol depends on the time of day. Enter the time of the sample."),
        fields=("lb_tm",),
        blanks=True,
    ),
    Check(
        code="LB-08",
        level=Level.SOFT,
        reads=("tests", "trop_assay"),
        passes=rules.assay_is_known,
        message=_("Troponin is comparable within one assay only. Enter the assay."),
        fields=("trop_assay",),
        blanks=True,
    ),
    Check(
        code="LB-09",
        level=Level.SOFT,
        reads=("tests",),
        passes=rules.parts_within_whole,
        message=_("Neutrophils and lymphocytes together are more than the white cells. Check all three."),
        fields=("tests",),
        about_rows=(rules.WHITE_CELLS, rules.NEUTROPHILS, rules.LYMPHOCYTES),
    ),
    Check(
        code="LB-10",
        level=Level.SOFT,
        reads=("lb_grade", "lb_ae", "AE*"),
        each="tests",
        passes=rules.event_is_as_severe,
        message=_(
            "The value suggests grade %(lb_grade)s, and adverse event %(lb_ae)s names it with a lower one. Check the "
            "highest grade of the event."
        ),
        fields=("lb_res",),
    ),
    Check(
        code="LB-10a",
        level=Level.SOFT,
        reads=("ca_grade", "tests", "AE*"),
        passes=rules.calcium_event_is_as_severe,
        message=_(
            "Corrected calcium suggests grade %(ca_grade)s, and the adverse event that names it has a lower one. Check "
            "the highest grade of the event."
        ),
        fields=("tests",),
        about_rows=(rules.CALCIUM, rules.ALBUMIN),
    ),
    Check(
        code="X019a",
        level=Level.SOFT,
        reads=("lb_grade", "lb_ae", "lb_dt", "AE*", *rules.COUNTED),
        each="tests",
        passes=rules.severe_value_is_an_event,
        message=_(
            "The value is of grade %(lb_grade)s, and no adverse event was recorded within "
            "%(setting_blood_count_event_days)s days. Record it, or say why it is none."
        ),
        fields=("lb_res",),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X019c",
        level=Level.SOFT,
        reads=("ca_grade", "tests", "lb_dt", "AE*", *rules.COUNTED),
        passes=rules.severe_calcium_is_an_event,
        message=_(
            "Corrected calcium is of grade %(ca_grade)s, and no adverse event was recorded within "
            "%(setting_blood_count_event_days)s days. Record it, or say why it is none."
        ),
        fields=("tests",),
        about_rows=(rules.CALCIUM, rules.ALBUMIN),
        criticality=Criticality.CRITICAL,
    ),
)
