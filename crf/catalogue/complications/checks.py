"""Checks of complications (protocol 3.10, 3.17: X050, X051)."""

from __future__ import annotations

from itertools import chain

from django.utils.translation import gettext_lazy as _

from crf.catalogue.complications import rules
from crf.engine.checks import Check, Criticality, Level
from crf.engine.conditions import Is
from protocol.endpoints import POSTOPERATIVE_DAYS

ANY = Is("comp_any", "Y")

OF_THE_COMPLICATIONS = (
    Check(
        code="COMP-01",
        level=Level.HARD,
        reads=("op_no", "SURG*"),
        passes=rules.has_incision,
        message=_(
            "Complications belong to an operation with an incision, and the operation named here is none. Correct "
            "the number, or the surgery form first."
        ),
        fields=("op_no",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="COMP-02",
        level=Level.HARD,
        reads=("op_no", "COMP*"),
        passes=rules.one_record,
        message=_(
            "Another record of complications is of the same operation. Correct the number of the operation, or add "
            "to the other record."
        ),
        fields=("op_no",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X051",
        level=Level.SOFT,
        reads=("comps", "op_dt", "setting.ae_after_surgery_days"),
        passes=rules.within_collection,
        message=_(
            "A complication began before its operation, or more than %(setting_ae_after_surgery_days)s days after it. "
            "Check the date and the number of the operation."
        ),
        fields=("comps",),
        when=ANY,
    ),
    Check(
        code="COMP-03",
        level=Level.HARD,
        reads=("comps",),
        passes=rules.ends_after_onset,
        message=_("A complication is resolved before it began. Check both dates."),
        fields=("comps",),
        when=ANY,
    ),
    Check(
        code="COMP-04",
        level=Level.SOFT,
        reads=("comps",),
        passes=rules.operation_has_its_grade,
        message=_(
            "A complication that was operated on is below grade IIIb. Check the grade, and whether the operation was "
            "under general anaesthesia."
        ),
        fields=("comps",),
        when=ANY,
    ),
    Check(
        code="COMP-05",
        level=Level.SOFT,
        reads=("comps",),
        passes=rules.leak_has_its_grade,
        message=_(
            "A leak of type III is at least grade IIIb, one of type II at least IIIa. Check type and grade."
        ),
        fields=("comps",),
        when=ANY,
    ),
    Check(
        code="COMP-06",
        level=Level.SOFT,
        reads=("comps",),
        passes=rules.airway_is_told,
        message=_(
            "A palsy of both recurrent nerves is recorded without tracheostomy or intubation. Check the side."
        ),
        fields=("comps",),
        when=ANY,
        criticality=Criticality.MINOR,
    ),
    Check(
        code="COMP-07",
        level=Level.SOFT,
        reads=("comps", "SURV*"),
        passes=rules.death_is_recorded,
        message=_(
            "A complication of grade V is recorded and no death is on record. Complete the survival form, or correct "
            "the grade."
        ),
        fields=("comps",),
        when=ANY,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="COMP-08",
        level=Level.SOFT,
        reads=("comps",),
        passes=rules.is_reported,
        message=_(
            "A complication of grade IIIb or above has no adverse event. Record it as a serious adverse event and "
            "enter its number."
        ),
        fields=("comps",),
        when=ANY,
    ),
    Check(
        code="COMP-09",
        level=Level.SOFT,
        reads=("comps", "AE*"),
        passes=rules.names_events_on_record,
        message=_("A complication names an adverse event that is not on record. Correct the number."),
        fields=("comps",),
        when=ANY,
        blanks=True,
    ),
    Check(
        code="X050",
        level=Level.SOFT,
        reads=("op_dt", "today", "died_30", "died_90", "setting.ae_after_surgery_days"),
        passes=rules.status_is_known,
        message=_(
            "More than %(setting_ae_after_surgery_days)s days after the operation a status that is asked for above is "
            "still unknown. Find out and enter it."
        ),
        fields=("po30_status", "po90_status"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
)


def _of_day(day: int, letter: str) -> tuple[Check, ...]:
    """Return the checks of the status at one day after the operation."""
    looked_on, status = f"po{day}_dt", f"po{day}_status"
    return (
        Check(
            code=f"COMP-10{letter}",
            level=Level.HARD,
            reads=(looked_on, status, "op_dt"),
            passes=rules.on_or_after(day, looked_on, status),
            message=_("The day had not come when its status was asked for. Ask again, or correct the date."),
            fields=(looked_on,),
        ),
        Check(
            code=f"COMP-11{letter}",
            level=Level.SOFT,
            reads=(status, "SURV*"),
            passes=rules.death_on_record(status),
            message=_("A death is recorded here and no survival form has it. Complete the survival form."),
            fields=(status,),
            blanks=True,
            criticality=Criticality.CRITICAL,
        ),
        Check(
            code=f"COMP-12{letter}",
            level=Level.HARD,
            reads=(looked_on, status, "SURV*"),
            passes=rules.alive_before_death(looked_on, status),
            message=_("The participant is alive here on a day after the recorded death. Check both."),
            fields=(looked_on, status),
            criticality=Criticality.CRITICAL,
        ),
    )


CHECKS = (
    *OF_THE_COMPLICATIONS,
    *chain.from_iterable(_of_day(day, letter) for day, letter in zip(POSTOPERATIVE_DAYS, "ab", strict=True)),
)
