"""Laboratory panel of a visit: each test as the laboratory reports it, and as it is compared (protocol 3.4 G).

What was typed is kept with its unit; result, limits, flag and grade in the unit of the protocol are derived from
it and from the reference ranges of the site on the day of the sample (decision C8).
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.laboratory import codes as lists
from crf.catalogue.laboratory import rules
from crf.catalogue.laboratory.checks import CHECKS
from crf.catalogue.laboratory.words import read_pasted
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import All, Answered, Is, Not
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DerivedDate,
    DerivedDecimal,
    DerivedInteger,
    DerivedMultiple,
    DerivedText,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
)
from crf.engine.leads import Lead

DONE, NOT_DONE = Is("lb_done", "Y"), Is("lb_done", "N")
NADIR = ("lb_dt", "tests", *rules.BASELINE)


@audited()
class Laboratory(CrfRecord):
    """One panel: what the laboratory found in the samples of one day (protocol 3.4 G)."""

    panel = Section(_("Panel"))
    lb_done = YesNoAnswer(_("Samples taken"), required=True, missing_allowed=(), sdtm="LBSTAT")
    lb_dt = DateAnswer(
        _("Day of the samples"), asked_when=DONE, missing_allowed=(), cdash="LBDAT", sdtm="LBDTC"
    )
    lb_tm = TextAnswer(
        _("Time of the samples"),
        max_length=5,
        help=_("As 08:30, by the clock of the site. Needed for cortisol."),
        shown_when=DONE,
        cdash="LBTIM",
    )
    lb_lab = TextAnswer(
        _("Laboratory, where it is not the one of the site"),
        max_length=80,
        help=_("The name under which its reference ranges are on record."),
        shown_when=DONE,
        cdash="LBNAM",
    )
    lb_why = ChoiceAnswer(
        _("Why not?"), codes=lists.NOT_TAKEN, asked_when=NOT_DONE, missing_allowed=(), sdtm="LBREASND"
    )

    results = Section(_("Results"), shown_when=DONE)
    tests = RepeatingGroup(
        _("Results"),
        help=_(
            "The tests of this visit stand here; add others below them. “Not done” is a reason of its own."
        ),
        required_when=DONE,
        begins_by=rules.begins_with,
        keyed_by="lb_test",
        as_table=True,
        unshown=("lb_stresn", "lb_stresu", "lb_ae"),
        pasted_by=read_pasted,
    )
    trop_assay = TextAnswer(_("Assay of the troponin"), max_length=80, help=_("Maker and name."))

    derived_ = Section(_("Worked out"), shown_when=DONE)
    lb_left = DerivedMultiple(
        _("Tests of this visit without a result or a reason"),
        reads=("lb_done", "tests", "visit.code", "participant.arm", "participant.protocol_version"),
        by=rules.missing_tests,
        blanks=True,
        codes=lists.TEST,
        definition=_(
            "Tests that the schedule asks for at this visit and that have neither a result nor a missing "
            "reason, once samples were taken."
        ),
    )
    alc_nadir = DerivedDecimal(
        _("Lymphocytes, lowest since the first day of treatment"),
        reads=NADIR,
        by=rules.nadir,
        blanks=True,
        places=3,
        unit="10^9/L",
        definition=_("Of all panels up to this one."),
        sdtm="ADaM",
    )
    alc_nadir_dt = DerivedDate(
        _("Day of the lowest count"),
        reads=NADIR,
        by=rules.nadir_day,
        blanks=True,
        sdtm="ADaM",
        definition=_("The day of the sample with the lowest count; the first one where several are equal."),
    )
    nlr = DerivedDecimal(
        _("Neutrophils to lymphocytes"),
        reads=("tests",),
        by=rules.neutrophils_to_lymphocytes,
        places=2,
        sdtm="ADaM",
        definition=_("Neutrophils divided by lymphocytes of the same panel."),
    )
    ca_corr = DerivedDecimal(
        _("Calcium corrected for albumin"),
        reads=("tests",),
        by=rules.calcium_at_normal_albumin,
        places=2,
        unit="mmol/L",
        definition=_("Calcium + 0.02 × (40 − albumin in g/L). From both of this panel."),
        sdtm="LBORRES (CACRALB)",
    )
    ca_grade = DerivedInteger(
        _("CTCAE grade of the corrected calcium"),
        reads=("ca_corr", "tests"),
        by=rules.calcium_grade,
        sdtm="LBTOXGR",
        definition=_(
            "By the rules of CTCAE from the calcium corrected for albumin and the laboratory’s limits; empty "
            "where several grades are possible."
        ),
    )
    ca_term = DerivedText(
        _("CTCAE term of the corrected calcium"),
        reads=("ca_corr", "tests"),
        by=rules.calcium_term,
        max_length=80,
        sdtm="LBTOX",
        definition=_(
            "The term of CTCAE for the direction in which the corrected calcium lies outside its limits."
        ),
    )

    class Crf:
        code, title, version, repeats = "LB", _("Laboratory panel"), 1, Repeats.PER_VISIT
        before_randomization = True
        dates_visit = False
        instructions = _(
            "One panel for each visit, with results as the laboratory reports them. A panel between visits is answered "
            "at an unscheduled visit."
        )
        checks = CHECKS
        leads = (
            Lead(
                code="AE",
                group="tests",
                title=_("Graded values"),
                label=_("Record as adverse event"),
                number="lb_ae",
                shown=("lb_test", "lb_stresc", "lb_stresu", "lb_flag", "lb_grade", "lb_term"),
                is_one=rules.is_graded,
                answers=rules.event_answers,
                completed=rules.with_its_grade,
            ),
        )


@audited()
class LaboratoryResult(CrfGroupRow):
    """One test: the result and unit as typed, and what they are in the unit of the protocol."""

    record = parent(Laboratory, "tests")
    lb_test = ChoiceAnswer(
        _("Test"), codes=lists.TEST, required=True, missing_allowed=(), cdash="LBTEST", sdtm="LBTESTCD"
    )
    lb_res = TextAnswer(
        _("Result"),
        max_length=40,
        required=True,
        missing_allowed=("ND", "NK"),
        cdash="LBORRES",
        sdtm="LBORRES",
    )
    lb_unit = ChoiceAnswer(
        _("Unit"),
        codes=lists.UNIT,
        offered_when=lists.UNITS_OF_TESTS,
        required_when=All(Answered("lb_res"), Not(Is("lb_test", *lists.CODED_TESTS))),
        missing_allowed=(),
        cdash="LBORRESU",
        sdtm="LBORRESU",
    )
    lb_stresc = DerivedText(
        _("In the protocol’s unit"),
        reads=rules.RESULT,
        by=rules.standard_text,
        blanks=True,
        sdtm="LBSTRESC",
        definition=_(
            "The result, with its sign, changed to the unit of the protocol; empty where it cannot be read."
        ),
    )
    lb_stresn = DerivedDecimal(
        _("As a number"),
        reads=rules.RESULT,
        by=rules.standard_number,
        blanks=True,
        places=4,
        sdtm="LBSTRESN",
        definition=_(
            "The number of the result in the unit of the protocol; empty for a limit of the assay such as "
            "<0.5."
        ),
    )
    lb_stresu = DerivedText(
        _("Unit of the protocol"),
        reads=("lb_test",),
        by=rules.standard_unit,
        sdtm="LBSTRESU",
        definition=_("The unit that the protocol has for the test."),
    )
    lb_lo = DerivedDecimal(
        _("Lower limit"),
        reads=("lb_test", *rules.LIMITS),
        by=rules.lower_limit,
        blanks=True,
        places=4,
        sdtm="LBSTNRLO",
        definition=_(
            "Of the laboratory’s reference limits in force on the day of the sample, those for sex and age, "
            "changed to the unit of the protocol."
        ),
    )
    lb_hi = DerivedDecimal(
        _("Upper limit"),
        reads=("lb_test", *rules.LIMITS),
        by=rules.upper_limit,
        blanks=True,
        places=4,
        sdtm="LBSTNRHI",
        definition=_(
            "Of the laboratory’s reference limits in force on the day of the sample, those for sex and age, "
            "changed to the unit of the protocol."
        ),
    )
    lb_flag = DerivedText(
        _("Low or high"),
        reads=(*rules.RESULT, *rules.LIMITS),
        by=rules.flag,
        blanks=True,
        codes=lists.FLAG,
        sdtm="LBNRIND",
        definition=_(
            "L below the lower limit, H above the upper one, N between; empty where limits or result do not "
            "tell."
        ),
    )
    lb_grade = DerivedInteger(
        _("CTCAE grade"),
        reads=rules.GRADED,
        by=rules.grade,
        blanks=True,
        sdtm="LBTOXGR",
        definition=_(
            "By the rules of CTCAE from result, limits and, where the term asks for it, the last value up to "
            "the first day of treatment; empty where several grades are possible. Calcium has its grade below"
            " the table."
        ),
    )
    lb_term = DerivedText(
        _("CTCAE term"),
        reads=rules.GRADED,
        by=rules.term,
        blanks=True,
        max_length=80,
        sdtm="LBTOX",
        definition=_("The term of CTCAE whose grade it is."),
    )
    lb_ae = DerivedInteger(
        _("Adverse event"),
        reads=("lb_test", "lb_dt", "lb_grade", "AE*"),
        by=rules.event_number,
        blanks=True,
        definition=_("The number of the adverse event that names this test and the day of the sample."),
    )
