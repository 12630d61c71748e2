"""The end of a phase, or of the study: when and why, as far as no act on record says it already (protocol 3.16)."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.end_of_study import rules
from crf.engine.base import CrfRecord
from crf.engine.checks import Check, Criticality, Level, not_before
from crf.engine.codelists import CodeList
from crf.engine.conditions import All, Answered, Is
from crf.engine.declaration import Repeats, Sets
from crf.engine.fields import (
    YES_NO,
    ChoiceAnswer,
    DateAnswer,
    DerivedDate,
    DerivedInteger,
    DerivedText,
    Section,
    TextAnswer,
    YesNoAnswer,
)

PHASE = CodeList(
    "EOS_PHASE",
    {
        "neoadjuvant": _("neoadjuvant treatment"),
        "response": _("response evaluation"),
        "surveillance": _("surveillance"),
        "follow_up": _("follow-up"),
        "study": _("the whole study"),
    },
)
STATUS = CodeList("EOS_STATUS", {"completed": _("completed"), "stopped": _("stopped")})
WHY = CodeList(
    "EOS_WHY",
    {
        "progression": _("progression"),
        "regrowth": _("regrowth"),
        "adverse_event": _("adverse event"),
        "death": _("death"),
        "lost": _("lost to follow-up"),
        "withdrew": _("withdrew consent"),
        "physician": _("physician's decision"),
        "pregnancy": _("pregnancy"),
        "moved": _("moved away"),
        "sponsor": _("decision of the sponsor"),
        "other": _("other"),
    },
)
STOPPED, WITHDREW, LOST = Is("eos_status", "stopped"), Is("eos_why", "withdrew"), Is("eos_why", "lost")
OF_STUDY = Is("eos_phase", "study")
WITHDRAWALS, ATTEMPTS = ("eos_why", "conduct.withdrawals"), ("eos_why", "conduct.attempts")
READ_THERE = _("Read from the withdrawal that stands on record.")


def _scope(name: str) -> Callable[..., str | None]:
    return lambda eos_why, conduct_withdrawals: rules.withdrawn_from(name, eos_why, conduct_withdrawals)


@audited()
class EndOfStudy(CrfRecord):
    """How one phase of the trial, or the trial, ended for a participant (protocol 3.16)."""

    phase = Section(_("Phase of the trial"))
    eos_phase = ChoiceAnswer(_("What ended?"), codes=PHASE, required=True, missing_allowed=(), sdtm="DSSCAT")
    eos_begin = DerivedDate(
        _("Begun on"),
        reads=("eos_phase", *(f"milestone.{code}" for code in rules.BEGINS)),
        by=rules.phase_begun,
        blanks=True,
        definition=_(
            "The milestone that begins the phase: first day of treatment, its end, cCR, operation; "
            "randomization for the study."
        ),
    )
    eos_dt = DateAnswer(
        _("Date ended"),
        required=True,
        missing_allowed=(),
        after_death_allowed=True,
        cdash="DSSTDAT",
        sdtm="DSSTDTC",
    )
    eos_status = ChoiceAnswer(
        _("Completed or stopped?"), codes=STATUS, required=True, missing_allowed=(), sdtm="record of DS"
    )
    eos_why = ChoiceAnswer(_("Reason"), codes=WHY, asked_when=STOPPED, missing_allowed=(), sdtm="DSTERM")
    eos_why_text = TextAnswer(
        _("Which other reason?"), asked_when=Is("eos_why", "other"), max_length=200, sdtm="SUPPDS.EOSWHYTX"
    )

    withdrawal = Section(_("Withdrawal"), shown_when=WITHDREW)
    wd_dt = DerivedDate(
        _("Withdrawn on"),
        reads=("eos_phase", *WITHDRAWALS),
        by=lambda eos_phase, eos_why, conduct_withdrawals: (
            rules.withdrawal_meant(eos_phase, conduct_withdrawals) if eos_why == "withdrew" else None
        ),
        help=READ_THERE,
        sdtm="SUPPDS.WDDT",
        definition=_(
            "The day of the withdrawal on record from all contact; without one, of the last withdrawal, save "
            "where the study ends."
        ),
    )
    wd_drug = DerivedText(
        _("No more study drug"),
        reads=WITHDRAWALS,
        by=_scope("study_drug"),
        codes=YES_NO,
        sdtm="SUPPDS.WDDRUG",
        definition=_("Y where a withdrawal that stands names it, N where none of them does."),
    )
    wd_proc = DerivedText(
        _("No more surveillance procedures"),
        reads=WITHDRAWALS,
        by=_scope("procedures"),
        codes=YES_NO,
        sdtm="SUPPDS.WDPROC",
        definition=_("Y where a withdrawal that stands names it, N where none of them does."),
    )
    wd_qol = DerivedText(
        _("No more quality-of-life questionnaires"),
        reads=WITHDRAWALS,
        by=_scope("quality_of_life"),
        codes=YES_NO,
        sdtm="SUPPDS.WDQOL",
        definition=_("Y where a withdrawal that stands names it, N where none of them does."),
    )
    wd_all = DerivedText(
        _("No more contact at all"),
        reads=WITHDRAWALS,
        by=_scope("all_contact"),
        codes=YES_NO,
        sdtm="SUPPDS.WDALL",
        definition=_("Y where a withdrawal that stands names it, N where none of them does."),
    )
    wd_data = YesNoAnswer(_("May the data recorded so far be kept?"), required=True, sdtm="SUPPDS.WDDATA")
    wd_samp = YesNoAnswer(_("Are samples to be destroyed?"), required=True, sdtm="SUPPDS.WDSAMP")
    wd_reg = YesNoAnswer(
        _("Is a look-up of vital status in registers still allowed?"), required=True, sdtm="SUPPDS.WDREG"
    )

    loss = Section(_("Attempts to reach the participant"), shown_when=LOST)
    ltfu_dt = DerivedDate(
        _("Not reached since"),
        reads=("eos_why", "conduct.losses"),
        by=lambda eos_why, conduct_losses: rules.lost_since(conduct_losses) if eos_why == "lost" else None,
        help=_("Read from the loss and the attempts on record, since the participant was last reached."),
        sdtm="SUPPDS.LTFUDT",
        definition=_("The first day of the loss to follow-up that is on record and has not ended."),
    )
    ltfu_tries = DerivedInteger(
        _("Attempts in vain"),
        reads=ATTEMPTS,
        by=rules.tries,
        sdtm="SUPPDS.LTFUN",
        definition=_("Attempts on record since the participant was last reached."),
    )
    ltfu_routes = DerivedInteger(
        _("By so many routes"),
        reads=ATTEMPTS,
        by=rules.routes,
        sdtm="SUPPDS.LTFUROUT",
        definition=_("Different routes of these attempts."),
    )
    ltfu_days = DerivedInteger(
        _("Over so many days"),
        reads=ATTEMPTS,
        by=rules.days_tried,
        unit=_("days"),
        sdtm="SUPPDS.LTFUDAYS",
        definition=_("Days from the first to the last of these attempts."),
    )

    last = Section(_("Last contact"))
    last_contact = DerivedDate(
        _("Latest proof of life"),
        reads=("SURV.last_alive_dt",),
        by=lambda surv_last_alive_dt: surv_last_alive_dt,
        sdtm="ADaM",
        definition=_("The last proof of life on the survival form."),
    )

    class Crf:
        code, title, version, repeats = "EOS", _("End of phase or study"), 1, Repeats.LOG
        critical = ("eos_dt", "eos_status", "eos_why")
        listed = ("eos_phase", "eos_dt", "eos_status", "eos_why")
        dated_by = "eos_dt"
        dates_visit = False
        about_conduct = True
        due_at_visits = True
        instructions = _(
            "One record for each phase, and one for the whole study. Withdrawals, losses and contact attempts are "
            "read from what is on record: nothing of them is typed here. The end of follow-up after progression, "
            "metastasis, recurrence or an exploration leaves survival follow-up alone."
        )
        milestones = (Sets("EOS", from_field="eos_dt", when=All(OF_STUDY, Answered("eos_status"))),)
        checks = (
            Check(
                code="EOS-01",
                level=Level.HARD,
                reads=("eos_phase", "EOS*"),
                passes=rules.is_only_one,
                message=_("This phase has a record of its end already. Change that one."),
                fields=("eos_phase",),
                blanks=True,
            ),
            Check(
                code="EOS-02",
                level=Level.SOFT,
                reads=("eos_begin", "eos_dt"),
                passes=lambda eos_begin, eos_dt: not_before(eos_dt, eos_begin),
                message=_("The phase began on %(eos_begin)s, after this end. Check both."),
                fields=("eos_dt",),
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="EOS-03",
                level=Level.SOFT,
                reads=("eos_phase", "eos_begin"),
                passes=rules.has_begun,
                message=_(
                    "By what is on record this phase has not begun. Check the phase, or record what began it."
                ),
                fields=("eos_phase",),
                blanks=True,
                when=Answered("eos_phase"),
            ),
            Check(
                code="X022g",
                level=Level.HARD,
                reads=("SURV*",),
                passes=rules.death_is_told,
                message=_("No survival form tells of a death. Record the death there first."),
                fields=("eos_why",),
                when=Is("eos_why", "death"),
                criticality=Criticality.CRITICAL,
                blanks=True,
            ),
            Check(
                code="X022h",
                level=Level.HARD,
                reads=("eos_dt", "SURV*"),
                passes=rules.on_the_day_of_death,
                message=_("The survival form has another day of death. Check both."),
                fields=("eos_dt",),
                when=Is("eos_why", "death"),
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="EOS-04",
                level=Level.SOFT,
                reads=("eos_phase", "conduct.withdrawals"),
                passes=lambda eos_phase, conduct_withdrawals: (
                    rules.withdrawal_meant(eos_phase, conduct_withdrawals) is not None
                ),
                message=_(
                    "No withdrawal that ends this is on record; the whole study is ended by one from all contact. "
                    "Record it on the participant's page: its day and scope are read from there."
                ),
                fields=("eos_why",),
                when=WITHDREW,
                criticality=Criticality.CRITICAL,
                blanks=True,
            ),
            Check(
                code="EOS-05",
                level=Level.SOFT,
                reads=("eos_dt", "wd_dt"),
                passes=lambda eos_dt, wd_dt: eos_dt == wd_dt,
                message=_("The withdrawal on record is of %(wd_dt)s. Check both days."),
                fields=("eos_dt",),
                when=WITHDREW,
            ),
            Check(
                code="EOS-06",
                level=Level.SOFT,
                reads=("conduct.losses",),
                passes=lambda conduct_losses: rules.lost_since(conduct_losses) is not None,
                message=_(
                    "The participant does not count as lost. Record the attempts and the loss on the participant's "
                    "page first, or check the reason."
                ),
                fields=("eos_why",),
                when=LOST,
                criticality=Criticality.CRITICAL,
                blanks=True,
            ),
            Check(
                code="EOS-07",
                level=Level.SOFT,
                reads=("eos_dt", "ltfu_dt"),
                passes=lambda eos_dt, ltfu_dt: eos_dt == ltfu_dt,
                message=_("The participant counts as lost since %(ltfu_dt)s. Check both days."),
                fields=("eos_dt",),
                when=LOST,
            ),
            Check(
                code="EOS-08",
                level=Level.SOFT,
                reads=("eos_why", "SURV*", "conduct.withdrawals", "conduct.losses"),
                passes=rules.agrees_with_acts,
                message=_(
                    "A death, a withdrawal from all contact or a loss is on record, and the study ended for another "
                    "reason here. Check both."
                ),
                fields=("eos_status", "eos_why"),
                when=All(OF_STUDY, Answered("eos_status")),
                criticality=Criticality.CRITICAL,
                blanks=True,
            ),
            Check(
                code="EOS-09",
                level=Level.SOFT,
                reads=("wd_reg", "consent.register_lookup"),
                passes=lambda wd_reg, consent_register_lookup: wd_reg != "Y" or bool(consent_register_lookup),
                message=_("The consent on record does not allow a look-up in registers. Check both."),
                fields=("wd_reg",),
                when=WITHDREW,
            ),
        )
