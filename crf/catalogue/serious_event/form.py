"""Reports of serious adverse events: initial, follow-up, final; one record for each (protocol 3.6).

What the sponsor judges is not typed here: sponsor-side people do not write answers (requirements 39).
Their assessment is an act of its own (crf/safety/assessment.py), and this page shows what it says.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.adverse_event import codes as lists
from crf.catalogue.serious_event import rules
from crf.catalogue.serious_event.checks import CHECKS
from crf.engine.base import CrfRecord
from crf.engine.codelists import CodeList
from crf.engine.conditions import Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DateTimeAnswer,
    DerivedBoolean,
    DerivedDate,
    DerivedInteger,
    DerivedText,
    IntegerAnswer,
    Section,
    TextAnswer,
)

ARM = CodeList(
    "ARM",
    {"1": _("Arm 1: camrelizumab with chemoradiotherapy"), "2": _("Arm 2: chemoradiotherapy, then surgery")},
)
HOSPITAL = _("Only when the event led to admission, or to a longer stay.")


@audited()
class SeriousEvent(CrfRecord):
    """What the site tells the sponsor of a serious event, within 24 hours of its awareness (protocol 2.6)."""

    event = Section(_("Event"))
    ae_no_calc = DerivedInteger(
        _("The serious event that waits for a report"),
        reads=("ae_no", "AE*", "SAE*"),
        by=rules.unreported,
        blanks=True,
        definition=_("While this report names none: the first serious event that no other report names."),
    )
    ae_no = IntegerAnswer(
        _("Number of the adverse event"),
        help=_("Its number in the list of adverse events."),
        links_to="AE",
        hard=(1, 999),
        required=True,
        missing_allowed=(),
        proposed_by="ae_no_calc",
        sdtm="RELREC",
    )
    ae_named = DerivedText(
        _("Adverse event"),
        reads=rules.EVENT,
        by=rules.named,
        max_length=200,
        definition=_("The term on the record of the event that is named."),
    )
    sae_arm = DerivedText(
        _("Arm"),
        reads=("participant.arm",),
        by=lambda participant_arm: participant_arm,
        codes=ARM,
        help=_("The trial is open-label."),
        definition=_("The arm that the participant was allocated."),
    )
    sae_type = ChoiceAnswer(
        _("Kind of report"), codes=lists.REPORT, required=True, missing_allowed=(), sdtm="SUPPAE.SAETYPE"
    )
    sae_fu_no = IntegerAnswer(
        _("Follow-up number"),
        soft=(1, 20),
        hard=(1, 99),
        asked_when=Is("sae_type", "follow_up"),
        missing_allowed=(),
        sdtm="SUPPAE.SAEFUNO",
    )

    time = Section(_("Awareness and report"))
    sae_aware_calc = DerivedText(
        _("Awareness on the record of the event"),
        reads=rules.EVENT,
        by=rules.aware_in_words,
        definition=_("When the site knew that the event is serious, as its record says, in the site’s time."),
    )
    sae_aware = DateTimeAnswer(
        _("When did the site learn of it?"),
        help=_("Of the event, or of the news in this report. The 24 hours begin here."),
        required=True,
        missing_allowed=(),
        after_death_allowed=True,
        sdtm="SUPPAE.SAEAWARE",
    )
    sae_report = DateTimeAnswer(
        _("When was it reported to the sponsor?"),
        help=_("Leave it empty until it is reported; the clock runs until then."),
        required=True,
        missing_allowed=(),
        after_death_allowed=True,
        sdtm="SUPPAE.SAEREPDT",
    )

    course = Section(_("Course"))
    sae_narr = TextAnswer(
        _("What happened"),
        max_length=4000,
        lines=10,
        help=_(
            "Course, treatment, results, what is known of the cause. No names, numbers of cards or records, "
            "telephone numbers, or addresses."
        ),
        required=True,
        missing_allowed=(),
    )
    sae_adm = DateAnswer(_("Admitted"), help=HOSPITAL, cdash="HOSTDAT", sdtm="HOSTDTC")
    sae_dis = DateAnswer(
        _("Discharged"),
        help=_("Empty while the participant is in hospital."),
        cdash="HOENDAT",
        sdtm="HOENDTC",
    )

    cause = Section(_("Relation and expectedness"))
    sae_rel_calc = DerivedText(
        _("Strongest relation on the record of the event"),
        reads=rules.EVENT,
        by=rules.judged_by_investigator,
        codes=lists.CAUSALITY,
        definition=_("The strongest relation that the investigator judged on the record of the event."),
    )
    sae_rel_inv = ChoiceAnswer(
        _("Relation to what the trial does, by the investigator"),
        codes=lists.CAUSALITY,
        required=True,
        missing_allowed=(),
        proposed_by="sae_rel_calc",
        sdtm="SUPPAE.RELINV",
    )
    sae_rel_spo = DerivedText(
        _("Relation, by the sponsor"),
        reads=rules.SPONSOR,
        by=rules.judged_by_sponsor,
        codes=lists.CAUSALITY,
        sdtm="SUPPAE.RELSPON",
        definition=_("From the sponsor’s last assessment of the event."),
    )
    sae_exp = DerivedText(
        _("Expected by the reference safety information"),
        reads=rules.SPONSOR,
        by=rules.expectedness,
        codes=lists.EXPECTED,
        help=_("Judged by the sponsor."),
        sdtm="SUPPAE.SAEEXP",
        definition=_("From the sponsor’s last assessment of the event."),
    )
    sae_susar_calc = DerivedBoolean(
        _("SUSAR by the rule"),
        reads=rules.JUDGED,
        by=rules.is_susar,
        blanks=True,
        definition=_(
            "Serious, unexpected and related; of investigator and sponsor, the more cautious one counts."
        ),
        sdtm="SUPPAE.SUSARC",
    )
    sae_susar = DerivedBoolean(
        _("SUSAR, confirmed by the sponsor"),
        reads=rules.SPONSOR,
        by=rules.confirmed,
        sdtm="SUPPAE.SUSAR",
        definition=_("From the sponsor’s last assessment of the event."),
    )

    told = Section(_("Ethics committee and authority"))
    sae_ec = DateAnswer(_("Reported to ethics committee on"), after_death_allowed=True, sdtm="SUPPAE.SAEECDT")
    sae_auth = DerivedDate(
        _("Reported to authority on"),
        reads=rules.SPONSOR,
        by=rules.told_authority,
        sdtm="SUPPAE.SAEAUTH",
        definition=_(
            "The last day of a report to the authority that the sponsor’s assessments of the event name."
        ),
    )

    class Crf:
        code, title, version, repeats = "SAE", _("Serious adverse event report"), 1, Repeats.LOG
        critical = ("ae_no", "sae_type", "sae_aware", "sae_report", "sae_rel_inv")
        before_randomization = True
        instructions = _(
            "First record the event as an adverse event. Then report it here, and sign the report below."
        )
        listed = ("ae_no", "ae_named", "sae_type", "sae_aware", "sae_report")
        checks = CHECKS
