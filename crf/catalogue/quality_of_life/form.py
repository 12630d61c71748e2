"""Quality of life: QLQ-C30 version 3.0 and QLQ-OES18, by item number (protocol 3.14, 5).

No wording of the instruments stands in this repository: the sponsor loads the licensed text with
``manage.py load_questionnaire``; until then a page says "Item 1". Answers are not read in real time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.quality_of_life import codes as lists
from crf.catalogue.quality_of_life import rules
from crf.catalogue.quality_of_life.checks import CHECKS
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import All, Has, Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedDate,
    DerivedDecimal,
    DerivedInteger,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    RepeatingGroup,
    Section,
    YesNoAnswer,
)

if TYPE_CHECKING:
    from crf.engine.codelists import Text

DONE, NOT_DONE = Is("q_done", "Y"), Is("q_done", "N")
C30, OES18 = All(DONE, Has("q_inst", "c30")), All(DONE, Has("q_inst", "oes18"))


def item(number: int) -> ChoiceAnswer:
    """Return the question of one item; an item that was left blank stays blank, and is asked about once."""
    return ChoiceAnswer(
        format_lazy(_("Item {number}"), number=number),
        codes=lists.SEVEN if number in rules.SEVEN_POINT else lists.FOUR,
        missing_allowed=(),
        licensed=True,
        sdtm="QSORRES",
    )


def score(code: str, text: Text) -> DecimalAnswer:
    """Return the scale ``code``, computed from its items; high is good or bad as its definition says."""
    answer: DecimalAnswer = DerivedDecimal(
        text,
        places=8,
        reads=rules.reads_of(code),
        by=rules.scored(code),
        blanks=True,
        export=f"QS_{code}",
        definition=lists.DIRECTION[rules.direction_of(code)],
        sdtm="ADQS.AVAL",
    )
    return answer


@audited()
class QualityOfLife(CrfRecord):
    """One questionnaire of one participant, or why there is none (protocol 3.14)."""

    about = Section(_("The questionnaire"))
    q_done = YesNoAnswer(
        _("Was the questionnaire filled in?"), required=True, missing_allowed=(), sdtm="QSSTAT"
    )
    q_miss = ChoiceAnswer(
        _("Why not?"), codes=lists.MISSING, asked_when=NOT_DONE, missing_allowed=(), sdtm="QSREASND"
    )
    q_due = DerivedDate(
        _("Expected on"),
        reads=("visit.target",),
        by=lambda visit_target: visit_target,
        sdtm="QSDTC",
        definition=_("The target day of the visit."),
    )
    q_done_dt = DateAnswer(
        _("Filled in on"),
        asked_when=DONE,
        missing_allowed=(),
        cdash="QSDAT",
        sdtm="QSDTC",
        exported_after="q_miss",
    )
    q_inst = MultipleAnswer(_("Instruments"), codes=lists.INSTRUMENT, asked_when=DONE, missing_allowed=())
    q_ver = ChoiceAnswer(
        _("Version"), codes=lists.VERSION, asked_when=DONE, missing_allowed=(), sdtm="SUPPQS.QSVER"
    )
    q_lang = ChoiceAnswer(
        _("Language"), codes=lists.LANGUAGE, asked_when=DONE, missing_allowed=(), sdtm="SUPPQS.QSLANG"
    )
    q_mode = ChoiceAnswer(
        _("How it was filled in"), codes=lists.MODE, asked_when=DONE, missing_allowed=(), sdtm="SUPPQS.QSMODE"
    )
    q_by = ChoiceAnswer(
        _("Who filled it in"),
        codes=lists.WHO,
        help=_("Answers of a proxy are kept and not scored."),
        asked_when=DONE,
        missing_allowed=(),
        sdtm="SUPPQS.QSHELP",
    )
    q_order = YesNoAnswer(_("Before results were told"), asked_when=DONE, sdtm="SUPPQS.QSBEFORE")

    c30 = Section(_("QLQ-C30, items 1 to 28"), shown_when=C30, quick=True)
    q1 = item(1)
    q2 = item(2)
    q3 = item(3)
    q4 = item(4)
    q5 = item(5)
    q6 = item(6)
    q7 = item(7)
    q8 = item(8)
    q9 = item(9)
    q10 = item(10)
    q11 = item(11)
    q12 = item(12)
    q13 = item(13)
    q14 = item(14)
    q15 = item(15)
    q16 = item(16)
    q17 = item(17)
    q18 = item(18)
    q19 = item(19)
    q20 = item(20)
    q21 = item(21)
    q22 = item(22)
    q23 = item(23)
    q24 = item(24)
    q25 = item(25)
    q26 = item(26)
    q27 = item(27)
    q28 = item(28)

    global_ = Section(_("QLQ-C30, items 29 and 30"), shown_when=C30, quick=True)
    q29 = item(29)
    q30 = item(30)

    oes18 = Section(_("QLQ-OES18, items 31 to 48"), shown_when=OES18, quick=True)
    q31 = item(31)
    q32 = item(32)
    q33 = item(33)
    q34 = item(34)
    q35 = item(35)
    q36 = item(36)
    q37 = item(37)
    q38 = item(38)
    q39 = item(39)
    q40 = item(40)
    q41 = item(41)
    q42 = item(42)
    q43 = item(43)
    q44 = item(44)
    q45 = item(45)
    q46 = item(46)
    q47 = item(47)
    q48 = item(48)

    blank = Section(_("Items without one answer"), shown_when=DONE)
    q_blank = DerivedInteger(
        _("Items left blank"),
        reads=rules.COUNTED,
        by=rules.blank_items,
        blanks=True,
        sdtm="SUPPQS.QSBLANK",
        definition=_(
            "Items without an answer, of the instruments that were handed out, once the questionnaire was "
            "done."
        ),
    )
    q_double = RepeatingGroup(
        _("Items with two answers ticked"), help=_("Leave the item itself without an answer.")
    )

    scores = Section(_("Scores, 0 to 100"), shown_when=DONE)
    ql2 = score("QL2", _("Global health status"))
    pf2 = score("PF2", _("Physical functioning"))
    rf2 = score("RF2", _("Role functioning"))
    ef = score("EF", _("Emotional functioning"))
    cf = score("CF", _("Cognitive functioning"))
    sf = score("SF", _("Social functioning"))
    fa = score("FA", _("Fatigue"))
    nv = score("NV", _("Nausea and vomiting"))
    pa = score("PA", _("Pain"))
    dy = score("DY", _("Dyspnoea"))
    sl = score("SL", _("Insomnia"))
    ap = score("AP", _("Appetite loss"))
    co = score("CO", _("Constipation"))
    di = score("DI", _("Diarrhoea"))
    fi = score("FI", _("Financial difficulties"))
    qlq_sum = score("SUMMARY", _("Summary score"))
    oesdys_dir = DerivedText(
        _("Direction of the dysphagia scale"),
        reads=("q_done", "setting.oes18_dysphagia_reversed"),
        by=rules.direction_of_dysphagia,
        codes=lists.DYSPHAGIA_DIRECTION,
        help=_("To be confirmed by the licence holder before the database is locked."),
        export="QS_OESDYS_DIR",
        exported_after="q_blank",
        definition=_(
            "Whether a high score of the dysphagia scale is better or worse, as the protocol text has it "
            "scored."
        ),
    )
    oesdys = score("OESDYS", _("Dysphagia"))
    oeseat = score("OESEAT", _("Eating"))
    oesrfx = score("OESRFX", _("Reflux"))
    oespa = score("OESPA", _("Pain of the module"))
    oessv = score("OESSV", _("Swallowing saliva"))
    oesch = score("OESCH", _("Choking"))
    oesdm = score("OESDM", _("Dry mouth"))
    oesta = score("OESTA", _("Taste"))
    oesco = score("OESCO", _("Cough"))
    oessp = score("OESSP", _("Speech"))

    class Crf:
        code, title, version, repeats = "QOL", _("Quality of life"), 1, Repeats.PER_VISIT
        before_randomization = True
        instructions = _(
            "Type the number of each answer: the next item follows by itself. Nobody reads these answers at once; "
            "tell the participant so."
        )
        dates_visit, dated_by = False, "q_done_dt"
        checks = CHECKS


@audited()
class QualityOfLifeDouble(CrfGroupRow):
    """Items on which two answers were ticked on paper: they count as missing (protocol 3.14, q_double)."""

    record = parent(QualityOfLife, "q_double")
    d_item = IntegerAnswer(
        _("Item number"), hard=(1, 48), required=True, missing_allowed=(), sdtm="FAORRES (DOUBLEAN)"
    )
