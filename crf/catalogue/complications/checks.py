"""Checks of complications (protocol 3.10, 3.17: X050, X051)."""

from __future__ import annotations

from itertools import chain

from django.utils.translation import gettext_lazy as _

from crf.catalogue.complications import rules
from crf.engine.checks import Check, Criticality, Level, is_on_the_log
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
        reads=("comp_dt", "op_dt", "setting.ae_after_surgery_days"),
        each="comps",
        passes=rules.within_collection,
        message=_(
            "The complication of %(comp_dt)s began before its operation of %(op_dt)s, or more than "
            "%(setting_ae_after_surgery_days)s days after it. Check the date and the number of the operation."
        ),
        fields=("comp_dt",),
        when=ANY,
    ),
    Check(
        code="COMP-03",
        level=Level.HARD,
        reads=("comp_dt", "comp_en"),
        each="comps",
        passes=lambda comp_dt, comp_en: comp_en >= comp_dt,
        message=_(
            "The complication is resolved on %(comp_en)s, before it began on %(comp_dt)s. Check both dates."
        ),
        fields=("comp_en", "comp_dt"),
        when=ANY,
    ),
    Check(
        code="COMP-04",
        level=Level.SOFT,
        reads=("comp_reop", "cd_grade"),
        each="comps",
        passes=rules.operation_has_its_grade,
        message=_(
            "The complication was operated on, and its grade is %(cd_grade)s, below IIIb. Check the grade, and whether "
            "the operation was under general anaesthesia."
        ),
        fields=("cd_grade", "comp_reop"),
        when=ANY,
    ),
    Check(
        code="COMP-05",
        level=Level.SOFT,
        reads=("eccg_code", "leak_type", "cd_grade"),
        each="comps",
        passes=rules.leak_has_its_grade,
        message=_(
            "The leak is of type %(leak_type)s and of grade %(cd_grade)s. One of type III is at least grade IIIb, one "
            "of type II at least IIIa. Check type and grade."
        ),
        fields=("leak_type", "cd_grade"),
        when=ANY,
    ),
    Check(
        code="COMP-06",
        level=Level.SOFT,
        reads=("palsy_side", "comp_trach", "comp_reint"),
        each="comps",
        passes=rules.airway_is_told,
        message=_(
            "A palsy of both recurrent nerves is recorded without tracheostomy or intubation. Check the side."
        ),
        fields=("palsy_side", "comp_trach"),
        when=ANY,
        blanks=True,
        criticality=Criticality.MINOR,
    ),
    Check(
        code="COMP-07",
        level=Level.SOFT,
        reads=("cd_grade", "SURV*"),
        each="comps",
        passes=rules.death_is_recorded,
        message=_(
            "A complication of grade V is recorded and no death is on record. Complete the survival form, or correct "
            "the grade."
        ),
        fields=("cd_grade",),
        when=ANY,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="COMP-08",
        level=Level.SOFT,
        reads=("cd_grade", "comp_prol", "comp_ae"),
        each="comps",
        passes=rules.is_reported,
        message=_(
            "A complication of grade IIIb or above, or one that prolonged the stay in hospital, has no adverse event. "
            "Record it as a serious adverse event and enter its number."
        ),
        fields=("comp_ae",),
        when=ANY,
        blanks=True,
    ),
    Check(
        code="COMP-09",
        level=Level.SOFT,
        reads=("comp_ae", "AE*"),
        each="comps",
        passes=lambda **known: is_on_the_log(known["comp_ae"], known["ae_all"]),
        message=_(
            "The complication names adverse event %(comp_ae)s, which is not on record. Correct the number."
        ),
        fields=("comp_ae",),
        when=ANY,
    ),
    Check(
        code="COMP-13",
        level=Level.SOFT,
        reads=("comp_dt", "comp_en", "comp_ae", "AE*"),
        each="comps",
        passes=rules.has_the_dates_of_its_event,
        message=_(
            "The complication began on %(comp_dt)s, and adverse event %(comp_ae)s, which it names, began or ended on "
            "another day. Check the dates of both."
        ),
        fields=("comp_dt", "comp_en", "comp_ae"),
        when=ANY,
        blanks=True,
    ),
    Check(
        code="COMP-14",
        level=Level.SOFT,
        reads=("cd_grade", "comp_prol", "comp_ae", "AE*"),
        each="comps",
        passes=rules.is_reported_as_serious,
        message=_(
            "The complication is of grade %(cd_grade)s or prolonged the stay in hospital, and adverse event "
            "%(comp_ae)s is not called serious. Check both."
        ),
        fields=("comp_ae", "cd_grade", "comp_prol"),
        when=ANY,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="COMP-15",
        level=Level.SOFT,
        reads=("cd_grade", "comp_ae", "AE*"),
        each="comps",
        passes=rules.kills_in_both_records,
        message=_(
            "The complication is of grade %(cd_grade)s, and the outcome of adverse event %(comp_ae)s does not fit: "
            "grade V is death. Check both."
        ),
        fields=("cd_grade", "comp_ae"),
        when=ANY,
        criticality=Criticality.CRITICAL,
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
