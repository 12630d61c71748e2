"""Pregnancy of a participant or of a partner, reported within 24 hours (protocol 2.6, 3.19; decision D7)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.engine.answers import AnswerRow
from crf.engine.base import CrfRecord
from crf.engine.checks import Check, Criticality, Level, latest_day, not_before
from crf.engine.codelists import CodeList
from crf.engine.conditions import Any_, Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DateTimeAnswer,
    PartialDateAnswer,
    Section,
    TextAnswer,
    YesNoAnswer,
)
from protocol.safety import reported_late

WHO = CodeList(
    "PREG_WHO", {"participant": _("the participant"), "partner": _("a partner of the participant")}
)
OUTCOME = CodeList(
    "PREG_OUTCOME",
    {
        "ongoing": _("ongoing"),
        "live_birth": _("live birth"),
        "stillbirth": _("stillbirth"),
        "miscarriage": _("spontaneous abortion"),
        "abortion": _("induced abortion"),
        "ectopic": _("ectopic pregnancy"),
        "unknown": _("unknown, no longer to be learnt"),
    },
)
CHILD = CodeList(
    "PREG_CHILD",
    {
        "healthy": _("healthy"),
        "congenital": _("congenital anomaly"),
        "other": _("another illness"),
        "unknown": _("unknown"),
    },
)
BORN = Is("preg_out", "live_birth", "stillbirth")
ENDED = Is("preg_out", "live_birth", "stillbirth", "miscarriage", "abortion", "ectopic")
MAY_BE_ASKED = Any_(Is("preg_who", "participant"), Is("preg_consent", "Y"))


def reported_after_awareness(preg_aware: datetime, preg_report: datetime) -> bool:
    return preg_report >= preg_aware


def reported_in_time(
    preg_aware: datetime, preg_report: datetime, setting_pregnancy_report_hours: int
) -> bool:
    return not reported_late(preg_aware, preg_report, hours=setting_pregnancy_report_hours)


def a_woman(preg_who: str, elig_sex: str) -> bool:
    """Say whether the participant can be the one who is pregnant."""
    return preg_who != "participant" or elig_sex == "F"


def began_before_it_was_known(preg_lmp: str, preg_aware: datetime) -> bool:
    return not_before(preg_aware, preg_lmp)


def outcome_is_told(preg_out: str, preg_due: str, today: date) -> bool:
    """Say whether the pregnancy can still be going on: its expected end has not passed."""
    last = latest_day(preg_due)
    return preg_out != "ongoing" or last is None or today <= last


def anomaly_is_reported(preg_child: str, ae_all: list[AnswerRow] | None) -> bool:
    """Say whether a congenital anomaly of the child is on record as a serious event."""
    events = ae_all or ()
    return preg_child != "congenital" or any("congenital" in (row.get("ser_crit") or ()) for row in events)


@audited()
class Pregnancy(CrfRecord):
    """One pregnancy: when the site learnt of it, when it told the sponsor, and how it ended (protocol 3.19)."""

    report = Section(_("Report"))
    preg_who = ChoiceAnswer(
        _("Who is pregnant?"), codes=WHO, required=True, missing_allowed=(), sdtm="SUPPRP.PREGWHO"
    )
    preg_consent = YesNoAnswer(
        _("Has the partner agreed in writing that her data are collected?"),
        asked_when=Is("preg_who", "partner"),
        help=_("Nothing more is asked about her until she has."),
        sdtm="SUPPRP.PREGCONS",
    )
    preg_aware = DateTimeAnswer(
        _("The site learnt of it at"),
        help=_("The time for the report begins here."),
        required=True,
        missing_allowed=(),
        sdtm="RPORRES (PREGIND)",
    )
    preg_report = DateTimeAnswer(_("Reported to the sponsor at"), sdtm="SUPPRP.PREGREP")

    pregnancy = Section(_("Pregnancy"), shown_when=MAY_BE_ASKED)
    preg_lmp = PartialDateAnswer(_("First day of the last period"), sdtm="RPORRES (LMPSTDTC)")
    preg_due = PartialDateAnswer(_("Expected delivery"), future_allowed=True, sdtm="RPORRES (EDLVRDTC)")
    preg_out = ChoiceAnswer(
        _("Outcome"),
        codes=OUTCOME,
        help=_("Asked again until it is known."),
        required=True,
        sdtm="RPORRES",
    )
    preg_out_dt = DateAnswer(_("Date of the outcome"), asked_when=ENDED, sdtm="RPDTC")
    preg_child = ChoiceAnswer(_("Child at birth"), codes=CHILD, asked_when=BORN, sdtm="RPORRES")
    preg_child_text = TextAnswer(
        _("Anomaly or illness of the child"),
        asked_when=Is("preg_child", "congenital", "other"),
        max_length=300,
        coded_in="meddra",
        sdtm="SUPPRP.CHILDTXT",
    )

    class Crf:
        code, title, version, repeats = "PREG", _("Pregnancy report"), 1, Repeats.LOG
        critical = ("preg_who", "preg_aware", "preg_report")
        listed = ("preg_who", "preg_aware", "preg_report", "preg_out")
        instructions = _(
            "One record for each pregnancy. Save it as soon as the site knows, then report it to the sponsor at "
            "once; come back until the outcome is known."
        )
        dates_visit = False
        before_randomization = True
        checks = (
            Check(
                code="PREG-01",
                level=Level.HARD,
                reads=("preg_aware", "preg_report"),
                passes=reported_after_awareness,
                message=_("The report is before the moment at which the site learnt of it. Check both."),
                fields=("preg_aware", "preg_report"),
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="PREG-06",
                level=Level.SOFT,
                reads=("preg_aware", "preg_report", "setting.pregnancy_report_hours"),
                passes=reported_in_time,
                message=_(
                    "The report came more than %(setting_pregnancy_report_hours)s hours after the site learnt of the "
                    "pregnancy: this is proposed as a deviation. Say why in an answer to this query."
                ),
                fields=("preg_report", "preg_aware"),
                criticality=Criticality.CRITICAL,
                stays_open=True,
            ),
            Check(
                code="PREG-02",
                level=Level.SOFT,
                reads=("preg_who", "ELIG.sex"),
                passes=a_woman,
                message=_("The participant is a man. Say who is pregnant, or correct the sex."),
                fields=("preg_who",),
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="PREG-03",
                level=Level.SOFT,
                reads=("preg_lmp", "preg_aware"),
                passes=began_before_it_was_known,
                message=_("The last period is after the day on which the pregnancy was known. Check both."),
                fields=("preg_lmp",),
            ),
            Check(
                code="PREG-04",
                level=Level.SOFT,
                reads=("preg_out", "preg_due", "today"),
                passes=outcome_is_told,
                message=_("The expected delivery has passed and the outcome is not recorded. Ask for it."),
                fields=("preg_out",),
            ),
            Check(
                code="PREG-05",
                level=Level.SOFT,
                reads=("preg_child", "AE*"),
                passes=anomaly_is_reported,
                message=_(
                    "A congenital anomaly is a serious event, and none is on record for it. Record and report it."
                ),
                fields=("preg_child",),
                criticality=Criticality.CRITICAL,
                blanks=True,
            ),
        )
