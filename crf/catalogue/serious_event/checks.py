"""Checks of the reports of serious events (protocol 2.6, 3.6)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.serious_event import rules
from crf.engine.checks import Check, Criticality, Level, is_on_the_log
from crf.engine.conditions import Answered, Is

LATE = "late_sae"

CHECKS = (
    Check(
        code="SAE-01",
        level=Level.HARD,
        reads=rules.EVENT,
        passes=lambda **known: is_on_the_log(known["ae_no"], known["ae_all"]),
        message=_("There is no adverse event with this number. Record the event first, then report it."),
        fields=("ae_no",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SAE-02",
        level=Level.SOFT,
        reads=rules.EVENT,
        passes=rules.is_serious,
        message=_("This adverse event is not marked serious. Check its number, or mark the event."),
        fields=("ae_no",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SAE-03",
        level=Level.SOFT,
        reads=("ae_no", "sae_aware", "sae_report", "AE*", "SAE*", *rules.CLOCKS),
        passes=rules.event_reported_in_time,
        message=_(
            "The event was reported later than %(setting_sae_report_hours)s hours after anybody at the site knew of "
            "it: this is proposed as a deviation. Say why in an answer to this query."
        ),
        fields=("sae_report", "sae_aware"),
        when=Is("sae_type", "initial"),
        criticality=Criticality.CRITICAL,
        stays_open=True,
    ),
    Check(
        code="SAE-03a",
        level=Level.SOFT,
        reads=("sae_aware", "sae_report", "setting.sae_report_hours"),
        passes=rules.reported_in_time,
        message=_(
            "The report came more than %(setting_sae_report_hours)s hours after the awareness: this is proposed as a "
            "deviation. Check both times."
        ),
        fields=("sae_report", "sae_aware"),
        when=Is("sae_type", "follow_up", "final"),
        criticality=Criticality.CRITICAL,
        deviation=LATE,
        stays_open=True,
    ),
    Check(
        code="SAE-04",
        level=Level.HARD,
        reads=("sae_aware", "sae_report"),
        passes=lambda sae_aware, sae_report: sae_aware <= sae_report,
        message=_("The report came before the awareness. Check both times."),
        fields=("sae_report", "sae_aware"),
    ),
    Check(
        code="SAE-11",
        level=Level.SOFT,
        reads=("sae_aware", *rules.EVENT),
        passes=rules.one_awareness,
        message=_(
            "The record of the event says another moment at which the site learnt of it. The earlier one counts. "
            "Check both against the source."
        ),
        fields=("sae_aware",),
        when=Is("sae_type", "initial"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SAE-05",
        level=Level.SOFT,
        reads=rules.EVENT,
        passes=rules.final_has_outcome,
        message=_("The report is final, and the event has no final outcome yet. Complete the adverse event."),
        fields=("sae_type",),
        when=Is("sae_type", "final"),
    ),
    Check(
        code="SAE-06",
        level=Level.SOFT,
        reads=("sae_narr",),
        passes=rules.looks_clean,
        message=_(
            "The text seems to hold a name, a number or an address that says who somebody is. Take it out."
        ),
        fields=("sae_narr",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SAE-07",
        level=Level.SOFT,
        reads=(*rules.EVENT, "sae_adm"),
        passes=rules.fits_admission,
        message=_(
            "Hospital admission is a reason why the event is serious where there is a day of admission, and only "
            "there. Check the day and the adverse event."
        ),
        fields=("sae_adm",),
        when=Answered("ae_no"),
        blanks=True,
    ),
    Check(
        code="SAE-08",
        level=Level.HARD,
        reads=("sae_adm", "sae_dis"),
        passes=lambda sae_adm, sae_dis: sae_adm <= sae_dis,
        message=_("The discharge lies before the admission. Check both dates."),
        fields=("sae_dis", "sae_adm"),
    ),
    Check(
        code="SAE-09",
        level=Level.SOFT,
        reads=("sae_type", "ae_no", "record.sequence", "SAE*"),
        passes=rules.report_order,
        message=_("An event has one initial report, and it comes first. Check the kind of report."),
        fields=("sae_type",),
    ),
    Check(
        code="SAE-10",
        level=Level.SOFT,
        reads=("sae_ec", "sae_susar", "sae_report", *rules.EVENT, *rules.SUSAR_DAYS),
        passes=rules.ethics_in_time,
        message=_("The SUSAR was reported to the ethics committee after the time allowed. Check the day."),
        fields=("sae_ec",),
        blanks=False,
        criticality=Criticality.CRITICAL,
    ),
)
