"""Progression before the decision between surveillance and surgery: a dated fact (protocol 2.5, 3.5 D; decision C3)."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.engine.answers import AnswerRow
from crf.engine.base import CrfRecord
from crf.engine.checks import Check, Criticality, Level, not_before
from crf.engine.codelists import CodeList
from crf.engine.conditions import Has, Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DerivedText,
    MultipleAnswer,
    Section,
    TextAnswer,
    YesNoAnswer,
)

WHERE = CodeList(
    "PROG_WHERE",
    {
        "primary": _("primary tumour"),
        "nodes": _("regional nodes"),
        "distant_nodes": _("distant nodes"),
        "lung": _("lung"),
        "liver": _("liver"),
        "bone": _("bone"),
        "brain": _("brain"),
        "peritoneum": _("pleura or peritoneum"),
        "other": _("other"),
    },
)
PROOF = CodeList(
    "PROG_PROOF",
    {
        "histology": _("histology"),
        "cytology": _("cytology"),
        "imaging": _("imaging"),
        "clinical": _("clinical"),
    },
)
PHASE = CodeList(
    "PROG_PHASE",
    {
        "before": _("before neoadjuvant treatment"),
        "during": _("during neoadjuvant treatment"),
        "after": _("after neoadjuvant treatment, before the decision"),
    },
)


def phase_of(prog_dt: date, milestone_neo_d1: date | None, milestone_neo_end: date | None) -> str:
    """Return when it was found, by the days on which neoadjuvant treatment began and ended."""
    if milestone_neo_d1 is None or prog_dt < milestone_neo_d1:
        return "before"
    return "during" if milestone_neo_end is None or prog_dt <= milestone_neo_end else "after"


def is_only_one(prog_all: list[AnswerRow] | None) -> bool:
    return not prog_all


def before_the_operation(prog_dt: date, milestone_surg: date) -> bool:
    return not_before(milestone_surg, prog_dt)


def before_cure_was_declared(prog_dt: date, milestone_ccr: date) -> bool:
    return not_before(milestone_ccr, prog_dt)


def after_randomization(prog_dt: date, milestone_rand: date) -> bool:
    return not_before(prog_dt, milestone_rand)


@audited()
class Progression(CrfRecord):
    """Progression found before the decision: when, where, how it was proved, what it prevents (protocol 3.5 D)."""

    found = Section(_("Progression"))
    prog_dt = DateAnswer(
        _("Date of the progression"), required=True, missing_allowed=(), sdtm="RSORRES (CLINRESP)"
    )
    prog_phase = DerivedText(
        _("Found"),
        reads=("prog_dt", "milestone.NEO_D1", "milestone.NEO_END"),
        by=lambda prog_dt, milestone_neo_d1, milestone_neo_end: (
            phase_of(prog_dt, milestone_neo_d1, milestone_neo_end) if prog_dt else None
        ),
        blanks=True,
        codes=PHASE,
        sdtm="SUPPRS.PROGPHAS",
        definition=_(
            "By the first day and the end of neoadjuvant treatment: before the one, up to the other, or after"
            " it."
        ),
    )
    prog_where = MultipleAnswer(_("Where?"), codes=WHERE, required=True, sdtm="TULOC")
    prog_where_text = TextAnswer(
        _("Which other place?"), asked_when=Has("prog_where", "other"), max_length=200, sdtm="SUPPTU.LESLOC"
    )
    prog_proof = ChoiceAnswer(
        _("How was it proved?"), codes=PROOF, required=True, missing_allowed=(), sdtm="SUPPRS.PROGHOW"
    )
    prog_cure = YesNoAnswer(
        _("Does it prevent curative treatment?"),
        help=_("If so, the participant leaves the treatment of the trial and is followed for survival."),
        required=True,
        missing_allowed=(),
        sdtm="SUPPRS.PROGCURE",
    )

    class Crf:
        code, title, version, repeats = "PROG", _("Progression before the decision"), 1, Repeats.LOG
        critical = ("prog_dt", "prog_where", "prog_proof")
        listed = ("prog_dt", "prog_where", "prog_proof", "prog_cure")
        dates_visit = False
        instructions = _(
            "Only for progression before it is decided between surveillance and surgery. What an evaluation finds is "
            "recorded there, recurrence after the decision in follow-up."
        )
        checks = (
            Check(
                code="PROG-01",
                level=Level.HARD,
                reads=("PROG*",),
                passes=is_only_one,
                message=_("A progression before the decision is on record already. Change that record."),
                fields=("prog_dt",),
                blanks=True,
            ),
            Check(
                code="PROG-02",
                level=Level.SOFT,
                reads=("prog_dt", "milestone.RAND"),
                passes=after_randomization,
                message=_(
                    "The progression of %(prog_dt)s is dated before randomization on %(milestone_rand)s. Check the "
                    "date."
                ),
                fields=("prog_dt",),
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="PROG-03",
                level=Level.SOFT,
                reads=("prog_dt", "milestone.SURG"),
                passes=before_the_operation,
                message=_(
                    "The progression of %(prog_dt)s is dated after the operation of %(milestone_surg)s. Record a "
                    "recurrence in follow-up."
                ),
                fields=("prog_dt",),
            ),
            Check(
                code="PROG-04",
                level=Level.SOFT,
                reads=("prog_dt", "milestone.CCR"),
                passes=before_cure_was_declared,
                message=_(
                    "The progression of %(prog_dt)s is dated after the cCR of %(milestone_ccr)s. Record the "
                    "regrowth at an evaluation or in follow-up."
                ),
                fields=("prog_dt",),
            ),
            Check(
                code="PROG-05",
                level=Level.SOFT,
                reads=("prog_cure", "prog_proof"),
                passes=lambda prog_cure, prog_proof: prog_cure == "N" or prog_proof != "clinical",
                message=_("Curative treatment is given up on clinical signs alone. Check how it was proved."),
                fields=("prog_proof",),
                when=Is("prog_cure", "Y"),
                criticality=Criticality.CRITICAL,
            ),
        )
