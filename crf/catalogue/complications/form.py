"""Complications of an operation, by ECCG and Clavien-Dindo (protocol 3.10)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.complications import codes as lists
from crf.catalogue.complications import rules
from crf.catalogue.complications.checks import CHECKS
from crf.catalogue.shared.common import FEEDING
from crf.catalogue.surgery.outcomes import operated_on
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import Answered, Is, Not
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DerivedBoolean,
    DerivedDate,
    DerivedDecimal,
    DerivedInteger,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
)
from crf.engine.leads import Lead

MORTALITY = (
    *("op_no", "op_dt", "po30_dt", "po30_status", "po90_dt", "po90_status"),
    *("SURG*", "SURV*", "visit.last_on"),
)


@audited()
class Complications(CrfRecord):
    """What went wrong after one operation, up to day 90, and who was alive then (protocol 3.10, decision D1)."""

    operation = Section(_("Operation"))
    op_no_calc = DerivedInteger(
        _("The operation whose complications are not recorded yet"),
        reads=("op_no", "SURG*", "COMP*"),
        by=rules.unanswered,
        blanks=True,
        definition=_(
            "While this record names none: the first operation with an incision that no other record of "
            "complications names."
        ),
    )
    op_no = IntegerAnswer(
        _("Operation number"),
        help=_("The number of the operation in the list of surgery forms."),
        links_to="SURG",
        hard=(1, 99),
        required=True,
        missing_allowed=(),
        proposed_by="op_no_calc",
        sdtm="CEGRPID",
    )
    op_dt = DerivedDate(
        _("Date of that operation"),
        reads=("op_no", "SURG*"),
        by=operated_on,
        sdtm="CEDTC",
        definition=_("The date on the record of the operation that is named."),
    )

    events = Section(_("Complications"))
    comp_any = YesNoAnswer(
        _("Any complication since the operation?"),
        help=_("No: nothing that left the normal course. It is asked again until day 90."),
        required=True,
        missing_allowed=(),
        sdtm="CEOCCUR",
    )
    comps = RepeatingGroup(_("Complications"), asked_when=Is("comp_any", "Y"))
    cd_worst = DerivedText(
        _("Highest grade"),
        reads=("comps",),
        by=rules.worst_grade,
        codes=lists.CLAVIEN_DINDO,
        blanks=True,
        sdtm="ADaM",
        definition=_("The highest grade by Clavien-Dindo of the complications in the table."),
    )
    cci = DerivedDecimal(
        _("Comprehensive complication index"),
        reads=("comp_any", "comps"),
        by=rules.index_of,
        places=1,
        blanks=True,
        definition=_("From the grades of all complications of this operation: 0 is none, 100 is death."),
        sdtm="ADaM",
    )

    discharge = Section(_("At discharge"))
    feed_dc = ChoiceAnswer(_("Feeding route at discharge"), codes=FEEDING, required=True, sdtm="FAORRES")

    day_30 = Section(_("Day 30 and day 90"))
    po30_dt = DateAnswer(
        _("Status of day 30 asked for on"),
        help=_("On day 30 after the operation or later; of a death, when it was known."),
        required=True,
        after_death_allowed=True,
        sdtm="SSDTC",
    )
    po30_status = ChoiceAnswer(
        _("Status at day 30"), codes=lists.STATUS, asked_when=Answered("po30_dt"), sdtm="SSORRES"
    )
    po90_dt = DateAnswer(
        _("Status of day 90 asked for on"),
        help=_("On day 90 after the operation or later; of a death, when it was known."),
        required=True,
        after_death_allowed=True,
        sdtm="SSDTC",
    )
    po90_status = ChoiceAnswer(
        _("Status at day 90"), codes=lists.STATUS, asked_when=Answered("po90_dt"), sdtm="SSORRES"
    )
    died_hosp = DerivedBoolean(
        _("Died in the admission of the operation"),
        reads=MORTALITY,
        by=rules.died_in_hospital,
        blanks=True,
        sdtm="ADaM",
        definition=_(
            "Yes where the death lies between operation and discharge, no after a discharge without it; empty"
            " while that cannot be known."
        ),
    )
    died_30 = DerivedBoolean(
        _("Died within 30 days of the operation"),
        reads=MORTALITY,
        by=rules.died_within_30,
        blanks=True,
        definition=_("Unknown unless every possible day of a partly known death gives the same answer."),
        sdtm="ADaM",
    )
    died_90 = DerivedBoolean(
        _("Died within 90 days of the operation"),
        reads=MORTALITY,
        by=rules.died_within_90,
        blanks=True,
        sdtm="ADaM",
        definition=_(
            "Yes where the death lies within 90 days of the operation, no where a later proof of life "
            "excludes it; empty while that cannot be known."
        ),
    )

    class Crf:
        code, title, version, repeats = "COMP", _("Complications of an operation"), 1, Repeats.LOG
        critical = ("comp_any", "po30_status", "po90_status")
        listed = ("op_no", "comp_any", "cd_worst", "cci")
        instructions = _(
            "One record for each operation with an incision. Open the same record again at discharge, on day 30 and "
            "on day 90, and add what has happened since."
        )
        dates_visit = False
        checks = CHECKS
        leads = (
            Lead(
                code="AE",
                group="comps",
                title=_("Complications without an adverse event"),
                label=_("Record as adverse event"),
                number="comp_ae",
                shown=("eccg_code", "comp_dt", "cd_grade"),
                is_one=lambda row: bool(row["eccg_code"] and row["comp_dt"]),
                answers=rules.event_answers,
            ),
        )


@audited()
class Complication(CrfGroupRow):
    """One complication (ECCG list, protocol 3.10)."""

    record = parent(Complications, "comps")
    eccg_code = ChoiceAnswer(_("Complication"), codes=lists.ECCG, required=True, sdtm="CETERM")
    leak_type = ChoiceAnswer(
        _("Type of leak"),
        codes=lists.LEAK_TYPE,
        asked_when=Is("eccg_code", lists.LEAK),
        definition=_(
            "A leak is a defect through the whole wall of oesophagus, anastomosis, staple line or conduit, however "
            "it was found."
        ),
        sdtm="SUPPCE.LEAKTYPE",
    )
    necr_type = ChoiceAnswer(
        _("Type of necrosis"),
        codes=lists.NECROSIS_TYPE,
        asked_when=Is("eccg_code", lists.NECROSIS),
        sdtm="SUPPCE.NECRTYPE",
    )
    palsy_type = ChoiceAnswer(
        _("Type of palsy"),
        codes=lists.PALSY_TYPE,
        asked_when=Is("eccg_code", lists.PALSY),
        sdtm="SUPPCE.PALSTYPE",
    )
    palsy_side = ChoiceAnswer(
        _("Side of the palsy"),
        codes=lists.PALSY_SIDE,
        asked_when=Is("eccg_code", lists.PALSY),
        sdtm="SUPPCE.PALSSIDE",
    )
    chyle_type = ChoiceAnswer(
        _("Type of chyle leak"),
        codes=lists.CHYLE_TYPE,
        asked_when=Is("eccg_code", lists.CHYLE),
        sdtm="SUPPCE.CHYLTYPE",
    )
    chyle_vol = ChoiceAnswer(
        _("Volume of chyle"),
        codes=lists.CHYLE_VOLUME,
        asked_when=Is("eccg_code", lists.CHYLE),
        sdtm="SUPPCE.CHYLVOL",
    )
    comp_text = TextAnswer(
        _("Which?"),
        asked_when=Is("eccg_code", "IN05", "NE02", "OT02"),
        max_length=200,
        sdtm="SUPPCE.COMPTEXT",
    )
    comp_dt = DateAnswer(_("Onset"), required=True, sdtm="CESTDTC")
    pod = DerivedInteger(
        _("Days after the operation"),
        reads=("comp_dt", "op_dt"),
        by=rules.days_after,
        sdtm="SUPPCE.POD",
        definition=_("Days from the operation to the begin of the complication."),
    )
    cd_grade = ChoiceAnswer(
        _("Clavien-Dindo grade"), codes=lists.CLAVIEN_DINDO, required=True, sdtm="SUPPCE.CLAVIEN"
    )
    comp_tx = MultipleAnswer(_("Treatment"), codes=lists.TREATMENT, required=True, sdtm="SUPPCE.COMPTX")
    comp_reop = YesNoAnswer(_("Reoperation"), required=True, sdtm="PROCCUR")
    comp_reop_dt = DateAnswer(_("Date of the reoperation"), asked_when=Is("comp_reop", "Y"), sdtm="PRSTDTC")
    comp_radio = YesNoAnswer(_("Radiological intervention"), required=True, sdtm="PROCCUR")
    comp_reint = YesNoAnswer(_("Unplanned intubation"), required=True, sdtm="PROCCUR")
    comp_trach = YesNoAnswer(_("Tracheostomy"), asked_when=Is("palsy_side", "B"), sdtm="PROCCUR")
    comp_icu = YesNoAnswer(_("Return to intensive care"), required=True, sdtm="SUPPCE.ICU")
    comp_prol = YesNoAnswer(_("Hospital stay prolonged"), required=True, sdtm="SUPPCE.HOSPPROL")
    comp_en = DateAnswer(
        _("Resolved on"),
        help=_("Leave it empty while it goes on."),
        shown_when=Not(Is("cd_grade", "V")),
        sdtm="CEENDTC",
    )
    comp_ae = IntegerAnswer(
        _("Number of the adverse event"),
        help=_("Record it in the log of adverse events too, and enter its number there."),
        links_to="AE",
        hard=(1, 999),
        sdtm="RELREC",
    )
