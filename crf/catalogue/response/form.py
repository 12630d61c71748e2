"""Clinical response evaluation: CRE-1, CRE-2, surveillance, restaging, unscheduled (protocol 3.7)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.response import bites, rules, words
from crf.catalogue.response import codes as lists
from crf.catalogue.response.checks import BITE_ON_BITE, CHECKS
from crf.catalogue.shared.common import YES_NO
from crf.catalogue.shared.nodes import STATIONS
from crf.catalogue.shared.staging import DISTANT_SITES
from crf.catalogue.staging.codes import BORDER, CYTOLOGY, ECG, LUMEN, PET_DISTANT, SHAPE
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import All, Answered, Any_, Is, Not, Same
from crf.engine.declaration import Repeats, Sets
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedBoolean,
    DerivedDate,
    DerivedDecimal,
    DerivedInteger,
    DerivedMultiple,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
    YesNoUnknownAnswer,
)
from crf.engine.questions import KEYS
from protocol.response import POSITIVE_OUTCOMES
from protocol.scores import drop_pct

PET, CT, EUS, ENDOSCOPY = Is("pet_done", "Y"), Is("ct_done", "Y"), Is("eus_done", "Y"), Is("ogd_done", "Y")
BIOPSY = All(ENDOSCOPY, Answered("bx_result"), Not(Is("bx_result", "nd")))
OVERRULED = All(
    Answered("cre_outcome"), Answered("cre_outcome_calc"), Not(Same("cre_outcome", "cre_outcome_calc"))
)
FOR_THE_TEAM = Any_(
    Is("cre_type", "CRE2", "RST"), Is("cre_outcome", *(each.value for each in POSITIVE_OUTCOMES)), OVERRULED
)


@audited()
class ResponseEvaluation(CrfRecord):
    """What an evaluation found and what follows from it; two clear ones make a cCR (protocol 1.5, 3.7).

    The endoscopy stands first: its date is the date of the visit and of the milestone (protocol 2.1).
    """

    visit_ = Section(_("Evaluation"))
    cre_type = DerivedText(
        _("Evaluation"),
        reads=("visit.code",),
        by=rules.kind_of,
        blanks=True,
        codes=lists.EVALUATION,
        help=_("It follows from the visit."),
        sdtm="SUPPRS.CRETYPE",
        definition=words.CRE_TYPE,
    )
    cre_no = DerivedInteger(
        _("Running number"),
        reads=("visit.code", "CRE*"),
        by=rules.running_number,
        definition=_("CRE-1 is 1, CRE-2 is 2, the first surveillance evaluation is 3."),
        sdtm="SUPPRS.CRENO",
    )
    cre_dt = DerivedDate(
        _("Date of the evaluation"),
        reads=("ogd_done", "ogd_dt", "pet_dt", "eus_dt", "ct_dt"),
        by=rules.evaluated_on,
        blanks=True,
        definition=_("The day of the endoscopy; without one, that of the last examination."),
        sdtm="CEDTC",
    )
    weeks_post = DerivedDecimal(
        _("Weeks since the end of neoadjuvant treatment"),
        reads=("cre_dt", "milestone.NEO_END"),
        by=rules.weeks_since,
        unit=_("weeks"),
        hard=(2, None),
        sdtm="SUPPRS.CREWEEK",
        definition=words.WEEKS_POST,
    )
    symptoms = MultipleAnswer(_("New symptoms"), codes=lists.SYMPTOMS, required=True, sdtm="CETERM")

    pet = Section(_("PET-CT"))
    pet_done = YesNoAnswer(
        _("PET-CT done"),
        help=_("At CRE-1 only when the evaluation is positive; at CRE-2 and in surveillance always."),
        required=True,
        missing_allowed=(),
        sdtm="PROCCUR",
    )
    pet_dt = DateAnswer(
        _("PET-CT, date"),
        help=_("At CRE-2 and in surveillance about a week before the endoscopy."),
        asked_when=PET,
        sdtm="PRSTDTC",
    )
    pet_prim = ChoiceAnswer(
        _("Uptake at the primary site"), codes=lists.PET_PRIMARY, asked_when=PET, sdtm="TRORRES"
    )
    pet_suv = DecimalAnswer(_("SUVmax"), soft=(0, 15), hard=(0, 100), shown_when=PET, sdtm="TRORRES (SUVMAX)")
    pet_suv_ratio = DecimalAnswer(
        _("SUV, ratio to liver"), soft=(0, 8), hard=(0, 50), shown_when=PET, sdtm="TRORRES"
    )
    pet_suv_drop = DerivedDecimal(
        _("Drop of SUVmax since baseline"),
        reads=("pet_suv", "STAGE.suvmax"),
        by=lambda pet_suv, stage_suvmax: drop_pct(stage_suvmax, pet_suv),
        unit="%",
        shown_when=PET,
        sdtm="TRORRES",
        definition=words.PET_SUV_DROP,
    )
    pet_nodes = RepeatingGroup(_("Nodes with uptake"), help=_("None: no rows."), shown_when=PET)
    pet_dm = ChoiceAnswer(_("Distant lesion"), codes=PET_DISTANT, asked_when=PET, sdtm="TUORRES")
    pet_dm_site = MultipleAnswer(
        _("Distant lesion: where?"),
        codes=DISTANT_SITES,
        asked_when=Is("pet_dm", "suspect", "proven"),
        sdtm="SUPPTU.MSITE",
    )
    pet_dm_note = TextAnswer(
        _("Suspect distant lesion: result of the biopsy, or the MDT note"),
        max_length=500,
        asked_when=Is("pet_dm", "suspect"),
        sdtm="SUPPTU.MNOTE",
    )

    ct = Section(_("CT"))
    ct_done = YesNoAnswer(_("CT done"), required=True, sdtm="PROCCUR")
    ct_dt = DateAnswer(_("CT, date"), asked_when=CT, sdtm="PRSTDTC")
    wall_mm = DecimalAnswer(
        _("Wall thickness on CT"), unit="mm", soft=(3, 15), hard=(1, 60), shown_when=CT, sdtm="TRORRES"
    )
    wall_mm_base = DerivedDecimal(
        _("Wall thickness on CT at baseline"),
        reads=("STAGE.ct_mm",),
        by=lambda stage_ct_mm: stage_ct_mm,
        unit="mm",
        shown_when=CT,
        definition=words.WALL_MM_BASE,
    )
    wall_change = DerivedDecimal(
        _("Change of wall thickness on CT since baseline"),
        reads=("wall_mm", "wall_mm_base"),
        by=lambda wall_mm, wall_mm_base: wall_mm - wall_mm_base,
        unit="mm",
        definition=_("Less than 0: the wall is thinner."),
        shown_when=CT,
        sdtm="TRORRES",
    )

    endoscopy = Section(_("Endoscopy and biopsy"))
    ogd_done = YesNoAnswer(
        _("Endoscopy done"), required=True, missing_allowed=(), sdtm="PROCCUR", exported_after=KEYS
    )
    ogd_why = TextAnswer(
        _("Why was no endoscopy done?"),
        asked_when=Is("ogd_done", "N"),
        sdtm="SUPPPR.REASNOC",
        exported_after="ogd_dt",
    )
    ogd_dt = DateAnswer(
        _("Endoscopy, date"), asked_when=ENDOSCOPY, cdash="PRSTDAT", sdtm="PRSTDTC", exported_after="ogd_done"
    )
    sedation = ChoiceAnswer(_("Sedation"), codes=lists.SEDATION, shown_when=ENDOSCOPY, sdtm="SUPPPR.SEDATION")
    passable = ChoiceAnswer(
        _("Does the scope pass?"),
        codes=LUMEN,
        help=_("Without passage there is no cCR."),
        asked_when=ENDOSCOPY,
        missing_allowed=(),
        sdtm="TRORRES (PASSABLE)",
    )
    look = ChoiceAnswer(_("Tumour bed"), codes=lists.LOOK, asked_when=ENDOSCOPY, sdtm="TRORRES (TUMBED)")
    look_note = TextAnswer(
        _("Ulcer or stricture: what does the endoscopist make of it?"),
        max_length=500,
        help=_("Common after radiotherapy; with negative deep biopsies it does not bar a cCR."),
        asked_when=Is("look", "ulcer", "stricture"),
        sdtm="SUPPTR.LOOKNOTE",
        exported_after="look",
    )
    lugol_nbi = YesNoAnswer(
        _("Lugol or narrow-band imaging used"), asked_when=ENDOSCOPY, sdtm="SUPPPR.LUGOLNBI"
    )
    lugol_new = YesNoAnswer(
        _("New unstained area"), asked_when=Is("lugol_nbi", "Y"), sdtm="TRORRES (UNSTAIN)"
    )
    lugol_mm = DecimalAnswer(
        _("Unstained area, size"), unit="mm", hard=(0.5, 200), asked_when=Is("lugol_new", "Y"), sdtm="TRORRES"
    )
    bob_n = IntegerAnswer(
        _("Bite-on-bite pairs from the tumour bed"),
        help=_("Asked for at CRE-1, CRE-2 and in surveillance."),
        hard=(0, 20),
        shown_when=ENDOSCOPY,
        required_when=All(ENDOSCOPY, BITE_ON_BITE),
        sdtm="FAORRES",
    )
    bob_map = RepeatingGroup(
        _("Map of the bite-on-bite biopsies"),
        help=_("One row for each place: its level, quadrant and the depth that the pathologist names."),
        shown_when=ENDOSCOPY,
    )
    bob_deep = DerivedInteger(
        _("Pairs in the map that reach the submucosa"),
        reads=("bob_map",),
        by=bites.deep_pairs,
        shown_when=ENDOSCOPY,
        sdtm="SUPPFA.BOBDEEP",
        definition=words.BOB_DEEP,
    )
    bob_quads = DerivedInteger(
        _("Quadrants in the map"),
        reads=("bob_map",),
        by=bites.quadrants,
        shown_when=ENDOSCOPY,
        sdtm="SUPPFA.BOBQUADS",
        definition=words.BOB_QUADS,
    )
    bx_days = DerivedInteger(
        _("Days since the biopsy before"),
        reads=("ogd_dt", "CRE*", "STAGE.ogd_dt"),
        by=bites.days_since_biopsy,
        blanks=True,
        unit=_("days"),
        definition=_(
            "Since the last evaluation with a biopsy; before the first one, since the staging endoscopy."
        ),
        shown_when=ENDOSCOPY,
        sdtm="SUPPFA.BXDAYS",
    )
    bx_other_n = IntegerAnswer(_("Other biopsies"), hard=(0, 30), asked_when=ENDOSCOPY, sdtm="FAORRES")
    bx_other_site = TextAnswer(
        _("Other biopsies: where?"),
        shown_when=ENDOSCOPY,
        help=_("Distance from the incisors in cm, or the organ."),
        sdtm="SUPPFA.BXSITE",
    )
    bx_result = ChoiceAnswer(
        _("Worst biopsy result"), codes=lists.BIOPSY, asked_when=ENDOSCOPY, missing_allowed=(), sdtm="MIORRES"
    )
    bx_adequate = ChoiceAnswer(
        _("Pathologist: are the biopsies representative?"),
        codes=lists.ADEQUACY,
        asked_when=BIOPSY,
        missing_allowed=(),
        sdtm="SUPPMI.BXADEQ",
    )
    bx_review = ChoiceAnswer(
        _("Result of a second pathologist, if there is one"),
        codes=lists.REVIEW,
        shown_when=BIOPSY,
        sdtm="MIORRES (BXWORST)",
    )

    eus = Section(_("EUS"))
    eus_done = YesNoAnswer(_("EUS done"), required=True, missing_allowed=(), sdtm="PROCCUR")
    eus_dt = DateAnswer(
        _("EUS, date"), help=_("Often that of the endoscopy."), asked_when=EUS, sdtm="PRSTDTC"
    )
    eus_mm = DecimalAnswer(
        _("Residual thickness"), unit="mm", soft=(2, 12), hard=(1, 60), shown_when=EUS, sdtm="TRORRES"
    )
    eus_mm_base = DerivedDecimal(
        _("Wall thickness on EUS at baseline"),
        reads=("STAGE.eus_mm",),
        by=lambda stage_eus_mm: stage_eus_mm,
        unit="mm",
        shown_when=EUS,
        definition=words.EUS_MM_BASE,
    )
    eus_change = DerivedDecimal(
        _("Change of thickness on EUS since baseline"),
        reads=("eus_mm", "eus_mm_base"),
        by=lambda eus_mm, eus_mm_base: eus_mm - eus_mm_base,
        unit="mm",
        definition=_("Less than 0: the wall is thinner."),
        shown_when=EUS,
        sdtm="TRORRES",
    )
    eus_any = YesNoAnswer(_("Any suspect node?"), asked_when=EUS, sdtm="TUORRES")
    eus_nodes = RepeatingGroup(_("Suspect nodes on EUS"), asked_when=Is("eus_any", "Y"))

    outcome = Section(_("Outcome"))
    ctdna = ChoiceAnswer(_("ctDNA in blood"), codes=lists.CTDNA, help=_("Optional."), sdtm="LBORRES (CTDNA)")
    local_call = ChoiceAnswer(
        _("Locoregional status"), codes=lists.LOCAL, required=True, missing_allowed=(), sdtm="RSORRES"
    )
    dist_call = ChoiceAnswer(
        _("Distant status"), codes=lists.DISTANT, required=True, missing_allowed=(), sdtm="RSORRES"
    )
    cre_outcome_calc = DerivedText(
        _("Outcome that the rules lead to"),
        reads=rules.FINDINGS,
        by=rules.proposed_outcome,
        blanks=True,
        codes=lists.OUTCOME,
        export="CREOUTC_CALC",
        definition=words.CRE_OUTCOME_CALC,
    )
    cre_because = DerivedMultiple(
        _("Because"),
        reads=rules.FINDINGS,
        by=rules.reasons,
        blanks=True,
        codes=lists.BECAUSE,
        definition=words.CRE_BECAUSE,
    )
    cre_outcome = ChoiceAnswer(
        _("Outcome, confirmed"),
        codes=lists.OUTCOME,
        required=True,
        missing_allowed=(),
        proposed_by="cre_outcome_calc",
        offered_when=lists.POSSIBLE_OUTCOMES,
        help=_("The investigator decides. Another outcome needs a reason and the date of the MDT meeting."),
        sdtm="RSORRES (CLINRESP)",
    )
    override_why = TextAnswer(
        _("Why does the outcome differ?"),
        max_length=500,
        asked_when=OVERRULED,
        missing_allowed=(),
        sdtm="SUPPRS.OVERRIDE",
    )

    proof_dt = DateAnswer(
        _("Proven on"),
        help=_(
            "The day of the first tissue or image that proved it, when it is another than that of the evaluation."
        ),
        shown_when=Is("cre_outcome", "REGROWTH", "DISTANT"),
        sdtm="SUPPRS.PROVENON",
    )
    proven_on = DerivedDate(
        _("Day of the regrowth or metastasis"),
        reads=("cre_outcome", "proof_dt", "cre_dt"),
        by=rules.proven_on,
        blanks=True,
        definition=_("The day of proof, else that of the evaluation."),
        sdtm="SUPPRS.EVENTON",
    )
    ccr_late = DerivedBoolean(
        _("Late cCR"),
        reads=("cre_type", "cre_outcome", "CRE*"),
        by=rules.is_late,
        blanks=True,
        definition=_(
            "Reached first in surveillance. It is not in the cCR rate and not the origin of survival in surveillance."
        ),
        sdtm="SUPPRS.CCRLATE",
    )

    fitness = Section(_("Fitness for the operation"), shown_when=Is("cre_type", "RST"))
    ecg_res = ChoiceAnswer(_("ECG"), codes=ECG, sdtm="EGORRES (INTP)")
    fev1 = DecimalAnswer(_("FEV1"), places=2, unit="L", soft=(1, 4.5), hard=(0.3, 8), sdtm="REORRES (FEV1)")
    fev1p = DecimalAnswer(
        _("FEV1, of predicted"), unit="%", soft=(50, 130), hard=(10, 200), sdtm="REORRES (FEV1PP)"
    )
    dlcop = DecimalAnswer(_("DLCO, of predicted"), unit="%", soft=(50, 130), hard=(10, 200), sdtm="REORRES")

    decision = Section(_("Decision"))
    mdt_dt = DateAnswer(_("Date of the MDT meeting"), required_when=FOR_THE_TEAM, sdtm="DSSTDTC")
    mdt_dec = ChoiceAnswer(_("MDT decision"), codes=lists.DECISION, required_when=FOR_THE_TEAM, sdtm="DSTERM")
    pt_dec = ChoiceAnswer(
        _("What does the participant choose?"),
        codes=lists.CHOICE,
        asked_when=Answered("mdt_dec"),
        sdtm="SUPPDS.PTDEC",
    )
    pt_reason = TextAnswer(
        _("The participant's reason"),
        max_length=500,
        asked_when=Is("pt_dec", "declines_surgery", "asks_surgery", "declines_workup"),
        sdtm="SUPPDS.PTREASON",
    )
    proc_compl = YesNoAnswer(
        _("Complication of a procedure"),
        required=True,
        help=_("If yes, report it as an adverse event as well."),
        sdtm="SUPPPR.PRCOMPL",
    )

    class Crf:
        code, title, version, repeats = "CRE", _("Clinical response evaluation"), 1, Repeats.PER_VISIT
        critical = (
            "ogd_dt",
            "bx_result",
            "local_call",
            "dist_call",
            "cre_outcome",
            "override_why",
            "proof_dt",
            "pt_dec",
        )
        instructions = _(
            "CRE-1: endoscopy with bite-on-bite biopsies; PET-CT only when it is positive. CRE-2 and surveillance: "
            "PET-CT first, then endoscopy with bite-on-bite biopsies and EUS. Restaging in Arm 2: CT, and "
            "endoscopy with biopsies."
        )
        dated_by = "ogd_dt"
        checks = (*CHECKS, *bites.CHECKS)
        milestones = (
            Sets("CRE1", "cre_dt", when=Is("cre_type", "CRE1")),
            Sets("CRE2", "cre_dt", when=Is("cre_type", "CRE2")),
            # A first look never makes a cCR; that of Arm 2's restaging would only be descriptive (1.5).
            Sets("CCR", "cre_dt", when=All(Is("ccr_late", False), Is("cre_type", "CRE2", "UNS"))),
            Sets("LATECCR", "cre_dt", when=Is("ccr_late", True)),
            Sets("REGROWTH", "proven_on", when=Is("cre_outcome", "REGROWTH")),
            Sets("DM", "proven_on", when=Is("cre_outcome", "DISTANT")),
        )


@audited()
class ResponsePetNode(CrfGroupRow):
    """Nodes with uptake on PET-CT (protocol 3.7, pet_nodes)."""

    record = parent(ResponseEvaluation, "pet_nodes")
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="SUPPTU.STATION")
    node_suvmax = DecimalAnswer(_("SUVmax"), soft=(2, 25), hard=(0, 100), required=True, sdtm="TRORRES")
    short_mm = DecimalAnswer(_("Short axis"), unit="mm", soft=(4, 40), hard=(1, 100), sdtm="TRORRES")


@audited()
class ResponseBite(CrfGroupRow):
    """Where in the tumour bed bite-on-bite biopsies were taken, and how deep they reach (protocol 3.7, bob_map)."""

    record = parent(ResponseEvaluation, "bob_map")
    bite_cm = DecimalAnswer(
        _("Level, from the incisors"),
        unit="cm",
        soft=(18, 42),
        hard=(10, 50),
        required=True,
        sdtm="SUPPMI.BITECM",
    )
    quadrant = ChoiceAnswer(_("Quadrant"), codes=lists.QUADRANT, required=True, sdtm="MIDIR")
    bite_n = IntegerAnswer(_("Pairs"), soft=(1, 4), hard=(1, 20), required=True, sdtm="SUPPMI.BITEN")
    depth = ChoiceAnswer(_("Depth reached"), codes=lists.DEPTH, required=True, sdtm="MIORRES")
    bite_res = ChoiceAnswer(_("Result at this place"), codes=lists.REVIEW, sdtm="MIORRES")


@audited()
class ResponseEusNode(CrfGroupRow):
    """Nodes that EUS suspects (protocol 3.7, eus_nodes)."""

    record = parent(ResponseEvaluation, "eus_nodes")
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="SUPPTU.STATION")
    short_mm = DecimalAnswer(
        _("Short axis"), unit="mm", soft=(4, 30), hard=(1, 80), required=True, sdtm="TRORRES"
    )
    shape = ChoiceAnswer(_("Shape"), codes=SHAPE, sdtm="TRORRES")
    border = ChoiceAnswer(_("Border"), codes=BORDER, sdtm="TRORRES")
    hypo = YesNoAnswer(_("Hypoechoic"), sdtm="TRORRES")
    fna_done = YesNoAnswer(_("Fine needle aspiration done"), required=True, sdtm="PROCCUR")
    fna_res = ChoiceAnswer(_("Cytology"), codes=CYTOLOGY, asked_when=Is("fna_done", "Y"), sdtm="MIORRES")
    fna_why = TextAnswer(
        _("Why was the node not aspirated?"), asked_when=Is("fna_done", "N"), sdtm="SUPPPR.REASNOC"
    )
    fna_passes = IntegerAnswer(
        _("Needle passes"), soft=(1, 5), hard=(1, 15), shown_when=Is("fna_done", "Y"), sdtm="SUPPPR.FNAPASS"
    )
    fna_lymph = YesNoUnknownAnswer(
        _("Lymphoid tissue in the sample"), shown_when=Is("fna_done", "Y"), sdtm="SUPPMI.FNALYMPH"
    )
    fna_adeq = DerivedText(
        _("Adequate sample"),
        reads=("fna_res", "fna_lymph"),
        by=bites.is_adequate,
        blanks=True,
        codes=YES_NO,
        definition=_("Abnormal cells, or lymphoid tissue without them."),
        sdtm="SUPPMI.FNAADEQ",
    )
