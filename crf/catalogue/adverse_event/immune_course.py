"""The course of an immune-related event: its steroid, a second line, a rechallenge (protocol 3.6, irae_tx)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from crf.catalogue.adverse_event import rules
from crf.engine.checks import Check, Criticality, Level, days_between, earliest_day, not_before
from crf.engine.conditions import Answered

COURSE = ("ir_peak_dt", "ir_taper_dt")


def days_to_onset(ae_st: str | None, **known: Any) -> int | None:
    """Return the days from the first checkpoint inhibitor to an event; None where either day is not fully known."""
    first = min(rules.inhibitors(known), key=lambda told: earliest_day(told) or date.max, default=None)
    days = days_between(first, ae_st)
    return days if days is not None and days >= 0 else None


def within_the_steroid(ir_st: date | None, ir_en: date | None, **course: date | None) -> bool:
    """Say whether the steroid ends after it began, and highest dose and taper lie between."""
    days = [day for day in course.values() if day is not None]
    return not_before(ir_en, ir_st) and all(not_before(day, ir_st) and not_before(ir_en, day) for day in days)


def is_on_record(ir_rech_dt: date, **known: Any) -> bool:
    """Say whether a checkpoint inhibitor is on record from the day on which it was given again."""
    return any(day >= ir_rech_dt for day in rules.exposures(known))


CHECKS = (
    Check(
        code="AE-15",
        level=Level.SOFT,
        reads=("ir_st", "ae_st"),
        passes=lambda ae_st, ir_st: not_before(ir_st, ae_st),
        message=_("The steroid began on %(ir_st)s, before the event. Check both dates."),
        fields=("ir_st", "ae_st"),
    ),
    Check(
        code="AE-16",
        level=Level.HARD,
        reads=("ir_st", "ir_en", *COURSE),
        passes=within_the_steroid,
        message=_(
            "The steroid begins, reaches its highest dose, is tapered and ends: a day lies outside its first and last "
            "day. Check the dates."
        ),
        fields=("ir_st", *COURSE, "ir_en"),
        blanks=True,
    ),
    Check(
        code="AE-16a",
        level=Level.SOFT,
        reads=COURSE,
        passes=lambda ir_peak_dt, ir_taper_dt: not_before(ir_taper_dt, ir_peak_dt),
        message=_("The taper began before the highest dose. Check both dates; after a flare it may stay."),
        fields=COURSE,
    ),
    Check(
        code="AE-17",
        level=Level.HARD,
        reads=("ir_2nd_st", "ir_2nd_en"),
        passes=lambda ir_2nd_st, ir_2nd_en: not_before(ir_2nd_en, ir_2nd_st),
        message=_("The second immunosuppressant ended before it began. Check both dates."),
        fields=("ir_2nd_en", "ir_2nd_st"),
    ),
    Check(
        code="AE-17a",
        level=Level.SOFT,
        reads=("ir_st", "ir_2nd_st"),
        passes=lambda ir_st, ir_2nd_st: not_before(ir_2nd_st, ir_st),
        message=_("The second immunosuppressant began before the steroid. Check both dates."),
        fields=("ir_2nd_st", "ir_st"),
    ),
    Check(
        code="AE-18",
        level=Level.SOFT,
        reads=("ir_rech_dt", *rules.EXPOSURE),
        passes=is_on_record,
        message=_(
            "A checkpoint inhibitor was given again on %(ir_rech_dt)s, and none is on record from that day on. "
            "Record it on its form, or check the date."
        ),
        fields=("ir_rech_dt",),
        blanks=True,
        when=Answered("ir_rech_dt"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="AE-19",
        level=Level.HARD,
        reads=("ir_rech_dt", "ae_st"),
        passes=lambda ae_st, ir_rech_dt: not_before(ir_rech_dt, ae_st),
        message=_("The checkpoint inhibitor was given again before the event began. Check both dates."),
        fields=("ir_rech_dt", "ae_st"),
    ),
    Check(
        code="AE-19a",
        level=Level.HARD,
        reads=("ir_rech_dt", "ir_again_dt"),
        passes=lambda ir_rech_dt, ir_again_dt: not_before(ir_again_dt, ir_rech_dt),
        message=_("The event came back before the checkpoint inhibitor was given again. Check both dates."),
        fields=("ir_again_dt", "ir_rech_dt"),
    ),
)
