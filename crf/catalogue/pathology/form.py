"""Surgical pathology (protocol 3.9)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.pathology import codes as lists
from crf.catalogue.pathology import rules
from crf.catalogue.pathology.checks import CHECKS
from crf.catalogue.shared.nodes import STATIONS
from crf.catalogue.shared.staging import DISTANT_SITES, YPN, YPT, M
from crf.catalogue.surgery.outcomes import operated_on
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import Any_, Is, Not, Over
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedBoolean,
    DerivedDate,
    DerivedInteger,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
    YesNoUnknownAnswer,
)
from crf.engine.questions import Classification

TUMOUR_LEFT = Not(Is("ypt", "T0"))
IN_THE_WALL = Any_(
    Over("resid_pct", 0),
    Is("resid_lt1", "Y"),
    Is("ypt", "T1a", "T1b", "T2", "T3", "T4a", "T4b"),
)


@audited()
class Pathology(CrfRecord):
    """What the pathologist found in the specimen of one operation (protocol 3.9, decision D1)."""

    report = Section(_("Report"))
    op_no_calc = DerivedInteger(
        _("The operation that waits for a report"),
        reads=("op_no", "SURG*", "PATH*"),
        by=rules.unreported,
        blanks=True,
        definition=_(
            "While this report names none: the first operation with a specimen that no other report names."
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
        sdtm="MIGRPID",
    )
    op_dt = DerivedDate(
        _("Date of that operation"),
        reads=("op_no", "SURG*"),
        by=operated_on,
        definition=_("The date on the record of the operation that is named."),
    )
    path_dt = DateAnswer(_("Report date"), required=True, after_death_allowed=True, sdtm="MIDTC")
    path_id = TextAnswer(
        _("Accession pseudonym"),
        max_length=30,
        help=_("A code that your own identification log resolves, never the hospital's number."),
        classification=Classification.IDENTIFYING,
    )

    regression = Section(_("Tumour bed and regression"))
    hist = ChoiceAnswer(_("Histology in the specimen"), codes=lists.HISTOLOGY, required=True, sdtm="MIORRES")
    bed_cm = DecimalAnswer(
        _("Tumour bed, largest extent"), unit="cm", soft=(0.5, 8), hard=(0, 30), sdtm="MIORRES"
    )
    bed_full = YesNoAnswer(_("Tumour bed fully embedded"), sdtm="MIORRES (BEDEMB)")
    resid_lt1 = YesNoAnswer(_("Residual tumour under 1 %, but not none"), sdtm="MIORRES")
    resid_pct = IntegerAnswer(
        _("Residual viable tumour in the bed"),
        unit="%",
        hard=(0, 100),
        asked_when=Not(Is("resid_lt1", "Y")),
        sdtm="MIORRES",
    )
    resid_layer = MultipleAnswer(
        _("Layers that hold residual tumour"), codes=lists.LAYER, asked_when=IN_THE_WALL, sdtm="MIORRES"
    )
    trg_cap = ChoiceAnswer(_("Regression, CAP"), codes=lists.CAP, required=True, sdtm="MIORRES")
    trg_mandard = ChoiceAnswer(_("Regression, Mandard"), codes=lists.MANDARD, required=True, sdtm="MIORRES")
    trg_becker = DerivedText(
        _("Regression, Becker"),
        reads=("resid_pct", "resid_lt1"),
        by=rules.becker_grade,
        blanks=True,
        codes=lists.BECKER,
        sdtm="MIORRES",
        definition=_("From the residual tumour: 1a none, 1b less than 10 %, 2 from 10 to 50 %, 3 more."),
    )
    trg_chir = DerivedText(
        _("Regression, four steps"),
        reads=("resid_pct", "resid_lt1"),
        by=rules.four_step_grade,
        blanks=True,
        codes=lists.FOUR_STEP,
        sdtm="MIORRES",
        definition=_("From the residual tumour: 1 none, 2 up to 10 %, 3 up to 50 %, 4 more."),
    )
    mpr = DerivedBoolean(
        _("Major response"),
        reads=("resid_pct", "resid_lt1", "setting.mpr_max_residual_percent"),
        by=rules.major_response,
        blanks=True,
        help=_("At most 10 % residual tumour in the primary."),
        sdtm="RSORRES (MJPTHIND)",
        exported_after="pcr",
        definition=_(
            "Yes where the residual tumour of the primary is at most the share that the protocol text names, "
            "whatever the nodes are."
        ),
    )

    nodes = Section(_("Nodes"))
    ln_exam = IntegerAnswer(
        _("Nodes examined"), soft=(None, 60), hard=(0, 150), required=True, sdtm="MIORRES"
    )
    ln_pos = IntegerAnswer(_("Nodes with tumour"), soft=(0, 6), hard=(0, 150), required=True, sdtm="MIORRES")
    ln_mic = IntegerAnswer(
        _("Nodes with micrometastasis only"),
        hard=(0, 150),
        shown_when=Over("ln_pos", 0),
        help=_("Up to 2 mm. They count among the nodes with tumour."),
        sdtm="MIORRES",
    )
    ln_itc = IntegerAnswer(
        _("Nodes with isolated tumour cells"),
        hard=(0, 150),
        help=_("Up to 0.2 mm. They do not count among the nodes with tumour."),
        sdtm="MIORRES",
    )
    ln_table = RepeatingGroup(_("Nodes per station"), help=_("The sums must equal the totals above."))
    trg_ln = ChoiceAnswer(
        _("Node regression"), codes=lists.NODE_REGRESSION, sdtm="MIORRES", exported_after="trg_chir"
    )
    ln_scar = IntegerAnswer(
        _("Nodes with scar and no tumour"), hard=(0, 150), sdtm="MIORRES", exported_after="yp_stage"
    )
    ene = YesNoUnknownAnswer(
        _("Extranodal extension"), shown_when=Over("ln_pos", 0), sdtm="MIORRES", exported_after="ln_scar"
    )

    stage = Section(_("Stage"))
    ypt = ChoiceAnswer(_("ypT"), codes=YPT, required=True, sdtm="RSORRES", exported_after="trg_ln")
    ypn = ChoiceAnswer(_("ypN"), codes=YPN, required=True, sdtm="RSORRES")
    ypm = ChoiceAnswer(_("M at surgery"), codes=M, required=True, sdtm="RSORRES")
    ypm_site = ChoiceAnswer(
        _("Site of the metastasis"), codes=DISTANT_SITES, asked_when=Is("ypm", "M1"), sdtm="TULOC"
    )
    yp_stage = DerivedText(
        _("ypTNM group"),
        reads=("ypt", "ypn", "ypm"),
        by=rules.yp_group,
        blanks=True,
        export="YPSTAGE",
        sdtm="RSORRES",
        help=_("AJCC/UICC 8th edition."),
        definition=_("From ypT, ypN and ypM by the table of the protocol; empty where they make no group."),
    )
    pcr = DerivedBoolean(
        _("Pathological complete response"),
        reads=("ypt", "ypn", "setting.pcr_includes_ypTis"),
        by=rules.complete_response,
        blanks=True,
        help=_("ypT0 and ypN0."),
        sdtm="RSORRES (PATHRESP)",
        exported_after="r_rcp",
        definition=_("Yes for ypT0 and ypN0; ypTis counts only where the protocol text says so."),
    )

    features = Section(_("Features"))
    grade_y = ChoiceAnswer(_("Grade"), codes=lists.GRADE_OR_NONE, required_when=TUMOUR_LEFT, sdtm="MIORRES")
    lvi = YesNoUnknownAnswer(_("Lymphovascular invasion"), required_when=TUMOUR_LEFT, sdtm="MIORRES")
    pni = YesNoUnknownAnswer(_("Perineural invasion"), required_when=TUMOUR_LEFT, sdtm="MIORRES")

    margins = Section(_("Margins"))
    m_prox = DecimalAnswer(
        _("Proximal margin"), unit="mm", soft=(10, 100), hard=(0, 300), required=True, sdtm="MIORRES"
    )
    inv_prox = YesNoAnswer(_("Proximal margin involved"), required=True, sdtm="MIORRES")
    m_dist = DecimalAnswer(
        _("Distal margin"), unit="mm", soft=(10, 150), hard=(0, 300), required=True, sdtm="MIORRES"
    )
    inv_dist = YesNoAnswer(_("Distal margin involved"), required=True, sdtm="MIORRES")
    m_crm = DecimalAnswer(
        _("Circumferential margin"), unit="mm", soft=(0, 20), hard=(0, 300), required=True, sdtm="MIORRES"
    )
    inv_crm = YesNoAnswer(_("Circumferential margin involved"), required=True, sdtm="MIORRES")
    r_calc = DerivedText(
        _("R by the CAP rule, from the margins"),
        reads=("op_no", "inv_prox", "inv_dist", "inv_crm", "SURG*"),
        by=rules.cap_rule,
        blanks=True,
        codes=lists.RESECTION,
        export="RCALC",
        sdtm="SUPPRS.RCALC",
        definition=_(
            "R2 where the operation left tumour that can be seen, R1 where a margin is involved, R0 where "
            "neither; empty until that is certain."
        ),
    )
    r_status = ChoiceAnswer(
        _("R, confirmed"),
        codes=lists.RESECTION,
        required=True,
        proposed_by="r_calc",
        definition=_(
            "R0: no tumour at any margin and nothing left behind. R1: microscopic. R2: macroscopic."
        ),
        sdtm="RSORRES (RCAT)",
    )
    r_rcp = DerivedText(
        _("R by the 1-mm rule"),
        reads=("op_no", "m_crm", "inv_prox", "inv_dist", "inv_crm", "SURG*"),
        by=rules.one_millimetre_rule,
        blanks=True,
        codes=lists.RESECTION,
        help=_("R1 when tumour is 1 mm or less from the circumferential margin."),
        sdtm="SUPPRS.RRCP",
        definition=_(
            "As the CAP rule, and R1 also where tumour lies within 1 mm of the circumferential margin."
        ),
    )

    further = Section(_("Further results"))
    pdl1_done = YesNoAnswer(_("PD-L1 after therapy"), missing_allowed=(), sdtm="MISTAT")
    pdl1_clone = ChoiceAnswer(_("Assay"), codes=lists.ASSAY, asked_when=Is("pdl1_done", "Y"), sdtm="MIMETHOD")
    cps = DecimalAnswer(_("CPS"), hard=(0, 100), shown_when=Is("pdl1_done", "Y"), sdtm="MIORRES")
    tps = DecimalAnswer(_("TPS"), unit="%", hard=(0, 100), shown_when=Is("pdl1_done", "Y"), sdtm="MIORRES")
    central = ChoiceAnswer(_("Central pathology review"), codes=lists.CENTRAL, sdtm="SUPPRS.CENTRALP")

    class Crf:
        code, title, version, repeats = "PATH", _("Surgical pathology"), 2, Repeats.LOG
        critical = ("path_dt", "ypt", "ypn", "ypm", "r_status")
        listed = ("op_no", "path_dt", "ypt", "ypn", "r_status")
        dated_by = "path_dt"
        due_at_visits, due_after = True, "SURG"
        due_days = "form_due_days_operation"
        checks = CHECKS


@audited()
class PathologyNodeStation(CrfGroupRow):
    """Nodes examined and positive, station by station (protocol 3.9, ln_table)."""

    record = parent(Pathology, "ln_table")
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="MISPID")
    examined = IntegerAnswer(_("Examined"), hard=(0, 150), required=True, sdtm="MIORRES")
    positive = IntegerAnswer(_("With tumour"), hard=(0, 150), required=True, sdtm="MIORRES")
