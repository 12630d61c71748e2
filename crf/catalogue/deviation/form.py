"""Protocol deviations: one record for each that somebody saw or confirmed (protocol 3.15; decision D6).

What checks propose is no deviation until a person confirms it, which makes the record (crf/deviations). How
important it is, and whether it excludes from the per-protocol set, is decided centrally in an act of its own,
and shown here.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.models import audited
from crf.catalogue.deviation import codes as lists
from crf.catalogue.deviation import rules
from crf.engine.base import CrfRecord
from crf.engine.checks import Check, Criticality, Level
from crf.engine.conditions import All, Answered, Is, Not
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    YES_NO,
    ChoiceAnswer,
    DateAnswer,
    DerivedText,
    IntegerAnswer,
    Section,
    TextAnswer,
)

ARM_STAYS_OUT = _(
    "The words name the arm. Who decides on the deviation must not know it: say what happened without it."
)
NO_ARM = _("Without names, and without the arm: who decides on the deviation does not know it.")


def _names_the_arm(code: str, name: str) -> Check:
    return Check(
        code=code,
        level=Level.HARD,
        reads=(name,),
        passes=lambda **words: rules.names_no_arm(words[name]),
        message=ARM_STAYS_OUT,
        fields=(name,),
    )


@audited()
class Deviation(CrfRecord):
    """One departure from the protocol: what happened, what was done, and what was decided of it (protocol 3.15)."""

    what = Section(_("What happened"))
    dv_src = ChoiceAnswer(
        _("Found by"), codes=lists.FOUND_BY, required=True, missing_allowed=(), sdtm="SUPPDV.DVSRC"
    )
    dv_rule = TextAnswer(
        _("Rule that proposed it"),
        asked_when=Is("dv_src", "rule"),
        missing_allowed=("NK",),
        max_length=240,
        sdtm="SUPPDV.DVRULE",
    )
    dv_dt = DateAnswer(
        _("Date of the deviation"),
        required=True,
        after_death_allowed=True,
        cdash="DVSTDAT",
        sdtm="DVSTDTC",
    )
    dv_found = DateAnswer(
        _("Date on which it was found"),
        required=True,
        missing_allowed=(),
        after_death_allowed=True,
        sdtm="SUPPDV.DVFOUND",
    )
    dv_cat = ChoiceAnswer(
        _("Category"), codes=lists.CATEGORY, required=True, missing_allowed=(), sdtm="DVCAT"
    )
    dv_term = TextAnswer(
        _("What happened"),
        max_length=1000,
        lines=5,
        help=NO_ARM,
        required=True,
        missing_allowed=(),
        cdash="DVTERM",
        sdtm="DVTERM",
    )

    dv_ae = IntegerAnswer(
        _("Adverse event that it led to, or came from"),
        help=_("Its number in the list of adverse events."),
        links_to="AE",
        hard=(1, 999),
        sdtm="RELREC",
    )

    crossing = Section(_("Change of strategy"), shown_when=Is("dv_cat", "crossover"))
    dv_cross_from = DerivedText(
        _("Allocated strategy"),
        reads=("participant.arm", "dv_cat"),
        by=rules.strategy_left,
        codes=lists.STRATEGY,
        sdtm="SUPPDV.DVXFROM",
        definition=_("For a change of strategy, the strategy of the allocated arm; else empty."),
    )
    dv_cross_to = ChoiceAnswer(
        _("Received strategy"), codes=lists.STRATEGY, required=True, sdtm="SUPPDV.DVXTO"
    )
    dv_cross_by = ChoiceAnswer(
        _("The change was asked for by"), codes=lists.ASKED_BY, required=True, sdtm="SUPPDV.DVXBY"
    )

    done = Section(_("What was done"))
    dv_act = TextAnswer(_("Corrective action"), max_length=500, help=NO_ARM, sdtm="SUPPDV.DVACT")
    dv_prev = TextAnswer(_("Preventive action"), max_length=500, help=NO_ARM, sdtm="SUPPDV.DVPREV")
    dv_ec = DateAnswer(_("Reported to ethics committee on"), after_death_allowed=True, sdtm="SUPPDV.DVEC")
    dv_close = DateAnswer(
        _("Closed on"),
        help=_("Empty while something is still to be done about it."),
        after_death_allowed=True,
        sdtm="SUPPDV.DVCLOSE",
    )

    decision = Section(
        _("Central decision"), help=_("Proposed by rule; decided centrally, without knowledge of the arm.")
    )
    dv_imp_calc = DerivedText(
        _("Importance by the rule"),
        reads=("dv_cat", "setting.deviation_important"),
        by=rules.importance_by_rule,
        codes=lists.IMPORTANCE,
        sdtm="SUPPDV.DVIMPC",
        definition=_("Important where the protocol text lists the category, else minor."),
    )
    dv_imp = DerivedText(
        _("Importance, decided centrally"),
        reads=rules.DECIDED,
        by=rules.importance_decided,
        codes=lists.IMPORTANCE,
        sdtm="SUPPDV.DVIMP",
        definition=_("The last central decision on this deviation."),
    )
    dv_pp_calc = DerivedText(
        _("Excludes from the per-protocol set by the rule"),
        reads=("dv_cat", "setting.deviation_excludes_pp"),
        by=rules.exclusion_by_rule,
        codes=YES_NO,
        sdtm="ADaM",
        definition=_("Y where the protocol text lists the category among those that exclude, else N."),
    )
    dv_pp = DerivedText(
        _("Excludes from the per-protocol set, decided by the statistician"),
        reads=rules.DECIDED,
        by=rules.exclusion_decided,
        codes=YES_NO,
        sdtm="ADaM",
        definition=_("The last central decision on this deviation."),
    )

    class Crf:
        code, title, version, repeats = "DV", _("Protocol deviation"), 1, Repeats.LOG
        listed = ("dv_dt", "dv_cat", "dv_term", "dv_imp", "dv_close")
        dated_by = "dv_dt"
        dates_visit = False
        before_randomization = True
        about_conduct = True
        seen_by, entered_by = Permission.DEVIATION_VIEW, Permission.DEVIATION_RECORD
        instructions = _(
            "One record for each deviation. Importance and the effect on the per-protocol set are decided centrally, "
            "from what is written here."
        )
        checks = (
            Check(
                code="DV-01",
                level=Level.HARD,
                reads=("dv_dt", "dv_found"),
                passes=rules.found_after_it_happened,
                message=_("The deviation was found before it happened. Check both days."),
                fields=("dv_found", "dv_dt"),
            ),
            Check(
                code="DV-02",
                level=Level.SOFT,
                reads=("dv_dt", "milestone.ICF"),
                passes=rules.after_consent,
                message=_(
                    "The deviation of %(dv_dt)s is dated before the consent of %(milestone_icf)s. Check the date, "
                    "or choose the category consent."
                ),
                fields=("dv_dt",),
                when=Not(Is("dv_cat", "consent")),
            ),
            Check(
                code="DV-03",
                level=Level.SOFT,
                reads=("dv_cross_to", "SURG*", "CRE*"),
                passes=rules.change_is_on_record,
                message=_(
                    "Neither an operation nor a choice at an evaluation tells of this change of strategy. Record it "
                    "there, or check the category."
                ),
                fields=("dv_cross_to", "dv_cat"),
                when=Is("dv_cat", "crossover"),
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="DV-04",
                level=Level.HARD,
                reads=("dv_dt", "dv_ec"),
                passes=rules.told_after_it_happened,
                message=_("The ethics committee was told before it happened. Check both days."),
                fields=("dv_ec", "dv_dt"),
            ),
            Check(
                code="DV-05",
                level=Level.HARD,
                reads=("dv_found", "dv_close"),
                passes=rules.closed_after_it_was_found,
                message=_("The deviation was closed before it was found. Check both days."),
                fields=("dv_close", "dv_found"),
            ),
            Check(
                code="DV-06",
                level=Level.SOFT,
                reads=("dv_imp", "dv_ec"),
                passes=lambda dv_imp, dv_ec: dv_ec is not None,
                message=_(
                    "The deviation is important and closed, and no report to the ethics committee is on record. Give "
                    "the day, or say in an answer to this query why the local rule asks for none."
                ),
                fields=("dv_ec",),
                when=All(Is("dv_imp", "important"), Answered("dv_close")),
                blanks=True,
            ),
            Check(
                code="DV-07",
                level=Level.SOFT,
                reads=("dv_act",),
                passes=lambda dv_act: dv_act is not None,
                message=_("The deviation is closed, and nothing says what was done about it. Add it."),
                fields=("dv_act",),
                when=Answered("dv_close"),
                blanks=True,
            ),
            _names_the_arm("DV-08a", "dv_term"),
            _names_the_arm("DV-08b", "dv_act"),
            _names_the_arm("DV-08c", "dv_prev"),
        )
