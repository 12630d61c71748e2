"""Files about serious events and about who was reminded of what: clocks, reports, reminders, escalations."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import Mail, Signature, User
from crf.models import CausalityCode, ClockName, Expectedness, SafetyClock, SponsorAssessment
from exports.cuts import Cut
from exports.masking import Tells
from exports.tables import (
    AT_SITES,
    PARTICIPANT_KEYS,
    YES,
    Column,
    File,
    RowKeys,
    by_the_sites_clock,
    counted,
    file_of_participants,
    of_participant,
    yes_no,
)
from followup.models import AlertKind, Escalation, Reminder, ReminderKind, Visit
from trials.models import Participant, Site

TOLD = Column("TOLD", "u.username", label=_("user name"))
SENT_AT = Column("SENT_AT", by_the_sites_clock("m.sent_at"), "date-time", _("Mail sent at"))


def clocks_file(cut: Cut) -> File:
    """What had to be done in time about serious events and pregnancies, by when, and when it was done."""
    rows = cut.rows(SafetyClock)
    form = f"CASE c.kind WHEN '{ClockName.PREGNANCY.value}' THEN 'PREG' ELSE 'AE' END"
    return File(
        "SAFETY_CLOCKS",
        (
            *PARTICIPANT_KEYS,
            Column("FORM", form, "code", _("Form")),
            Column("FORMSEQ", "c.event_no", "integer", _("Which record of the form")),
            Column("KIND", "c.kind", "code", _("what is due"), dict(ClockName.choices)),
            Column("STARTS_AT", by_the_sites_clock("c.starts_at"), "date-time", _("runs since")),
            Column("DUE_AT", by_the_sites_clock("c.due_at"), "date-time", _("due")),
            Column(
                "FIRST_DUE_AT",
                by_the_sites_clock("c.first_due_at"),
                "date-time",
                _("due when it was first known"),
            ),
            Column("PROVISIONAL", yes_no("c.provisional"), "boolean", _("provisional"), YES),
            Column("MET_AT", by_the_sites_clock("c.met_at"), "date-time", _("met")),
            Column("HOW", "c.how", label=_("how it was met"), tells=Tells.WORDS),
            Column("ENDED_AT", by_the_sites_clock("c.ended_at"), "date-time", _("no longer asked for since")),
        ),
        f"{rows} c {of_participant(cut, 'c')} {AT_SITES}",
        "p.number, c.event_no, c.starts_at, c.kind, c.id",
        counted(cut, rows, "true"),
        keys=RowKeys("c"),
    )


def assessments_file(cut: Cut) -> File:
    """What the sponsor judged of serious events, and when authorities were told; the last one counts."""
    return file_of_participants(
        cut,
        "SPONSOR_ASSESSMENTS",
        SponsorAssessment,
        "x",
        (
            Column("FORMSEQ", "x.event_no", "integer", _("number of the adverse event")),
            Column("EXPECTEDNESS", "x.expectedness", "code", _("expectedness"), dict(Expectedness.choices)),
            Column("REFERENCE", "x.reference", label=_("reference safety information"), tells=Tells.WORDS),
            Column(
                "CAUSALITY", "x.causality", "code", _("relation, by the sponsor"), dict(CausalityCode.choices)
            ),
            Column("SUSAR", yes_no("x.susar"), "boolean", _("SUSAR"), YES, tells=Tells.COURSE),
            Column("KNOWN_AT", by_the_sites_clock("x.known_at"), "date-time", _("sponsor knew since")),
            Column("URGENT", yes_no("x.urgent"), "boolean", _("fatal or life-threatening"), YES),
            Column("AUTHORITY_ON", "x.authority_on", "date", _("reported to authority on")),
            Column("FOLLOW_UP_ON", "x.follow_up_on", "date", _("authority told of the follow-up on")),
            Column("NOTE", "x.note", label=_("note"), tells=Tells.WORDS),
            Column("ASSESSED_AT", by_the_sites_clock("x.assessed_at"), "date-time", _("assessed at")),
            Column("ASSESSED_BY", "u.username", label=_("user name")),
        ),
        "p.number, x.event_no, x.assessed_at, x.id",
        join=(
            f"JOIN {cut.rows(Signature)} g ON g.id = x.signature_id "
            f"LEFT JOIN {cut.rows(User)} u ON u.id = g.by_id"
        ),
    )


def reminders_file(cut: Cut) -> File:
    """Who was reminded of which window of which visit."""
    return file_of_participants(
        cut,
        "REMINDERS",
        Reminder,
        "x",
        (
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("KIND", "x.kind", "code", _("kind"), dict(ReminderKind.choices)),
            TOLD,
            Column("FOR_DAY", "x.for_day", "date", _("for")),
            Column("OPENS", "x.opens", "date", _("window opens")),
            Column("CLOSES", "x.closes", "date", _("window closes")),
            SENT_AT,
        ),
        "p.number, x.for_day, x.id",
        join=(
            f"JOIN {cut.rows(Visit)} v ON v.id = x.visit_id "
            f"LEFT JOIN {cut.rows(User)} u ON u.id = x.to_id "
            f"LEFT JOIN {cut.rows(Mail)} m ON m.id = x.mail_id"
        ),
        visit="visit_id",
    )


def escalations_file(cut: Cut) -> File:
    """Who was told, at which level, of what had waited too long; some of it is of a site and of nobody."""
    rows = cut.rows(Escalation)
    return File(
        "ESCALATIONS",
        (
            *PARTICIPANT_KEYS,
            Column("KIND", "x.kind", "code", _("kind"), dict(AlertKind.choices)),
            Column("LEVEL", "x.stage", "integer", _("escalation stage")),
            TOLD,
            Column("ALERT_DAY", "x.alert_day", "date", _("day that the alert counts from")),
            Column("FOR_DAY", "x.for_day", "date", _("for")),
            SENT_AT,
        ),
        f"{rows} x JOIN {cut.rows(Site)} s ON s.id = x.site_id "
        f"LEFT JOIN {cut.rows(Participant)} p ON p.id = x.participant_id "
        f"LEFT JOIN {cut.rows(User)} u ON u.id = x.to_id LEFT JOIN {cut.rows(Mail)} m ON m.id = x.mail_id {AT_SITES}",
        "s.code, p.number NULLS FIRST, x.for_day, x.id",
        counted(cut, rows, "true"),
        keys=RowKeys("x"),
    )
