"""Neoadjuvant treatment: chemotherapy, camrelizumab, radiotherapy, summary (protocol 3.5)."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.shared.common import YES_NO
from crf.catalogue.treatment import codes as lists
from crf.catalogue.treatment import rules, words
from crf.catalogue.treatment.blood_counts import LEADS
from crf.catalogue.treatment.checks import CHECKS
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import All, Answered, Any_, Condition, Is, Not, Over
from crf.engine.declaration import Repeats, Sets
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DateTimeAnswer,
    DecimalAnswer,
    DerivedDate,
    DerivedDecimal,
    DerivedInteger,
    DerivedText,
    IntegerAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
)

ARM_1, RADIATED = Is("participant.arm", "1"), Is("rt_given", "Y")
# ``given``, ``adm_dt`` and ``mod_reason`` are those of carboplatin; paclitaxel has its own.
BY_EVENT, CI_BY_EVENT = ("haematological_ae", "other_ae"), ("irae", "other_ae", "infection", "laboratory")
CARBO_DOSED, NABP_DOSED = Is("given", "full", "reduced"), Is("nabp_given", "full", "reduced")
BOTH_OMITTED = All(Is("given", "omitted"), Is("nabp_given", "omitted"))
COUNTED = Any_(Answered("anc_d"), Answered("plt_d"))
INFUSED, CI_NOT_OMITTED = Is("ci_given", "full", "interrupted"), Not(Is("ci_given", "omitted"))


class Due(TypedDict):
    """When a question is shown, and when it must be answered."""

    shown_when: Condition
    required_when: Condition


CARBO: Due = {"shown_when": Not(Is("given", "omitted")), "required_when": CARBO_DOSED}
NABP: Due = {"shown_when": Not(Is("nabp_given", "omitted")), "required_when": NABP_DOSED}
DOSE: Due = {"shown_when": Not(BOTH_OMITTED), "required_when": Any_(CARBO_DOSED, NABP_DOSED)}
INFUSION: Due = {"shown_when": CI_NOT_OMITTED, "required_when": INFUSED}


@audited()
class Treatment(CrfRecord):
    """What was given between randomization and the response evaluation; its days start the other clocks."""

    chemotherapy = Section(_("A. Chemotherapy"))
    neo_d1 = DerivedDate(
        _("First day of neoadjuvant treatment (day 1)"),
        reads=("rt_start", "chemo", "camre"),
        by=rules.first_day,
        blanks=True,
        definition=_("The first of radiotherapy, chemotherapy and camrelizumab."),
        exported_after="concurrent_chemo_on_day1",
    )
    chemo = RepeatingGroup(
        _("Chemotherapy"),
        help=_(
            "Carboplatin AUC %(treatment.CARBOPLATIN.amount)s and albumin-bound paclitaxel "
            "%(treatment.NAB_PACLITAXEL.amount)s mg per square metre on days %(treatment.CARBOPLATIN.days)s. Each "
            "drug of a day is answered by itself; the blood counts belong to the day."
        ),
        starts_with=tuple({"dose_no": number} for number in range(1, 6)),
        counted_by="treatment.CARBOPLATIN.doses",
        fixed=True,
        row_title=_("Dose %(number)s"),
        side_by_side=lists.CHEMOTHERAPY_GRID,
    )

    camrelizumab = Section(_("B. Camrelizumab"))
    ci_any = YesNoAnswer(
        _("Was camrelizumab given?"),
        help=_("This arm has none before surgery. Later PD-1 treatment belongs to the follow-up form."),
        shown_when=Is("participant.arm", "2"),
        sdtm="ECOCCUR",
    )
    camre = RepeatingGroup(
        _("Camrelizumab"),
        help=_(
            "%(treatment.CAMRELIZUMAB.amount)s mg on days %(treatment.CAMRELIZUMAB.days)s. Enter a dose that was not "
            "given as omitted."
        ),
        shown_when=Any_(ARM_1, Is("ci_any", "Y")),
        required_when=ARM_1,
        starts_with=({"ci_no": 1}, {"ci_no": 2}),
        side_by_side=lists.CAMRELIZUMAB_GRID,
        counted_by="treatment.CAMRELIZUMAB.doses",
    )

    radiotherapy = Section(_("C. Radiotherapy"))
    rt_given = YesNoAnswer(_("Radiotherapy started"), required=True, missing_allowed=(), sdtm="PROCCUR")
    rt_start = DateAnswer(_("First fraction"), sdtm="PRSTDTC", asked_when=RADIATED)
    rt_end = DateAnswer(_("Last fraction"), sdtm="PRENDTC", asked_when=RADIATED)
    concurrent_chemo_on_day1 = DerivedText(
        _("Chemotherapy on the day of the first fraction"),
        reads=("rt_start", "chemo"),
        by=rules.together,
        codes=YES_NO,
        exported_after="plan_qa",
        definition=words.CONCURRENT_CHEMO_ON_DAY1,
    )
    tech = ChoiceAnswer(_("Technique"), codes=lists.TECHNIQUE, sdtm="SUPPPR.TECH", asked_when=RADIATED)
    imgd = YesNoAnswer(_("Image guidance"), shown_when=RADIATED, sdtm="SUPPPR.IMGD")
    fourd = YesNoAnswer(_("4D-CT"), shown_when=RADIATED, sdtm="SUPPPR.FOURD")
    presc_gy = DecimalAnswer(
        _("Prescribed dose"),
        places=2,
        unit="Gy",
        help=_("%(fact.rt_total_gy)s Gy by the protocol."),
        hard=(0, 66),
        sdtm="SUPPPR.PRESCGY",
        asked_when=RADIATED,
    )
    presc_fx = IntegerAnswer(
        _("Prescribed fractions"),
        help=_("%(fact.rt_fractions)s fractions by the protocol."),
        hard=(0, 35),
        sdtm="SUPPPR.PRESCFX",
        asked_when=RADIATED,
    )
    dpf = DecimalAnswer(
        _("Dose per fraction"),
        places=2,
        unit="Gy",
        help=_("%(fact.rt_fraction_gy)s Gy a fraction by the protocol."),
        hard=(0.5, 4),
        sdtm="SUPPPR.DPF",
        asked_when=RADIATED,
    )
    deliv_fx = IntegerAnswer(
        _("Delivered fractions"), hard=(0, 37), sdtm="SUPPPR.DELIVFX", asked_when=RADIATED
    )
    deliv_gy = DerivedDecimal(
        _("Delivered dose"),
        reads=("deliv_fx", "dpf"),
        by=rules.delivered,
        places=2,
        unit="Gy",
        sdtm="PRDOSE",
        definition=words.DELIV_GY,
    )
    rt_fx = RepeatingGroup(
        _("Fraction log"),
        help=_("Optional. First day, last day and number must agree with the answers above."),
        shown_when=RADIATED,
    )
    gap_calc = DerivedInteger(
        _("Weekdays without a fraction"),
        reads=("rt_start", "rt_end", "deliv_fx", "rt_fx"),
        by=rules.weekdays_without,
        blanks=True,
        definition=words.GAP_CALC,
    )
    gap_days = IntegerAnswer(
        _("Unplanned weekdays without a fraction"),
        unit=_("days"),
        soft=(0, 2),
        hard=(0, 60),
        proposed_by="gap_calc",
        sdtm="SUPPPR.GAPDAYS",
        asked_when=RADIATED,
    )
    gap_reason = ChoiceAnswer(
        _("Reason for the gap"), codes=lists.GAP_REASON, asked_when=Over("gap_days", 0), sdtm="SUPPPR.GAPREAS"
    )
    gap_ae = IntegerAnswer(
        _("Adverse event behind the gap"),
        shown_when=Is("gap_reason", "toxicity"),
        **words.EVENT,
    )

    plan = Section(_("Radiotherapy plan"), shown_when=RADIATED)
    gtv = DecimalAnswer(_("GTV"), unit="cm3", hard=(1, 5000), sdtm="FAORRES (GTVVOL)")
    ctv = DecimalAnswer(_("CTV"), unit="cm3", hard=(1, 5000), sdtm="FAORRES (CTVVOL)")
    ptv = DecimalAnswer(_("PTV"), unit="cm3", soft=(150, 1200), hard=(1, 5000), sdtm="FAORRES (PTVVOL)")
    ctv_margin = DecimalAnswer(
        _("CTV margin along the oesophagus"), unit="cm", soft=(2, 5), hard=(0, 15), sdtm="FAORRES (CTVMARG)"
    )
    elect_n = YesNoAnswer(_("Elective nodes irradiated"), sdtm="SUPPPR.ELECTN")
    lung_v5 = DecimalAnswer(_("Lung V5"), unit="%", hard=(0, 100), sdtm="FAORRES (LUNGV5)")
    lung_v20 = DecimalAnswer(
        _("Lung V20"), unit="%", soft=(None, 30), hard=(0, 100), sdtm="FAORRES (LUNGV20)"
    )
    mld = DecimalAnswer(
        _("Mean lung dose"), unit="Gy", soft=(None, 18), hard=(0, 70), sdtm="FAORRES (LUNGMEAN)"
    )
    heart_v30 = DecimalAnswer(_("Heart V30"), unit="%", hard=(0, 100), sdtm="FAORRES (HEARTV30)")
    heart_v40 = DecimalAnswer(
        _("Heart V40"), unit="%", soft=(None, 30), hard=(0, 100), sdtm="FAORRES (HEARTV40)"
    )
    mhd = DecimalAnswer(_("Mean heart dose"), unit="Gy", hard=(0, 70), sdtm="FAORRES (HEARTMN)")
    cord_max = DecimalAnswer(
        _("Spinal cord, highest dose"), unit="Gy", soft=(None, 40), hard=(0, 70), sdtm="FAORRES (CORDMAX)"
    )
    liver_v30 = DecimalAnswer(_("Liver V30"), unit="%", hard=(0, 100), sdtm="FAORRES (LIVERV30)")
    kidney_v18 = DecimalAnswer(_("Kidney V18"), unit="%", hard=(0, 100), sdtm="FAORRES (KIDNYV18)")
    plan_qa = ChoiceAnswer(_("Central review of the plan"), codes=lists.PLAN_REVIEW, sdtm="SUPPPR.PLANQA")

    summary = Section(_("D. Summary at the end"))
    chemo_n = DerivedInteger(
        _("Days with chemotherapy"), reads=("chemo",), by=rules.chemo_number, definition=words.CHEMO_N
    )
    carbo_n = DerivedInteger(
        _("Carboplatin doses given"), reads=("chemo",), by=rules.carboplatin_number, definition=words.CARBO_N
    )
    nabp_n = DerivedInteger(
        _("Paclitaxel doses given"), reads=("chemo",), by=rules.paclitaxel_number, definition=words.NABP_N
    )
    carbo_int = DerivedDecimal(
        _("Carboplatin, of the planned dose"),
        reads=("chemo", *rules.PLANNED_CARBOPLATIN),
        by=rules.carboplatin_intensity,
        unit="%",
        definition=words.CARBO_INT,
    )
    nabp_int = DerivedDecimal(
        _("Paclitaxel, of the planned dose"),
        reads=("chemo", *rules.PLANNED_PACLITAXEL),
        by=rules.paclitaxel_intensity,
        unit="%",
        definition=words.NABP_INT,
    )
    ci_n = DerivedInteger(
        _("Camrelizumab doses given"),
        reads=("camre",),
        by=rules.camre_number,
        sdtm="ADaM",
        definition=words.CI_N,
    )
    rt_pct = DerivedDecimal(
        _("Radiotherapy, of the prescribed fractions"),
        reads=("deliv_fx", "presc_fx"),
        by=rules.radiation_completed,
        unit="%",
        definition=words.RT_PCT,
    )
    completed = YesNoAnswer(
        _("Treatment completed as planned"),
        help=_("Answer when neoadjuvant treatment has ended."),
        required=True,
        missing_allowed=(),
        sdtm="record of DS",
    )
    stop_reason = ChoiceAnswer(
        _("Reason for the early end"),
        codes=lists.STOP_REASON,
        asked_when=Is("completed", "N"),
        sdtm="DSTERM",
    )
    neo_end = DerivedDate(
        _("End of neoadjuvant treatment"),
        reads=("rt_given", "rt_end", "completed", "chemo", "camre", "setting.neo_end_rule"),
        by=rules.end_day,
        blanks=True,
        definition=_("The last fraction. Without radiotherapy, the last drug, once treatment has ended."),
        sdtm="DSSTDTC",
    )
    last_dose = DerivedDate(
        _("Last day of any study treatment"),
        reads=("rt_end", "rt_fx", "chemo", "camre"),
        by=rules.last_treatment,
        blanks=True,
        definition=words.LAST_DOSE,
    )
    last_camre = DerivedDate(
        _("Last day of camrelizumab"),
        reads=("camre",),
        by=rules.last_camrelizumab,
        blanks=True,
        definition=words.LAST_CAMRE,
    )
    resp_end = ChoiceAnswer(_("Response on imaging at the end"), codes=lists.RESPONSE, sdtm="RSORRES")

    class Crf:
        code, title, version, repeats = "TREAT", _("Neoadjuvant treatment"), 2, Repeats.PER_PARTICIPANT
        critical = (
            *("chemo.given", "chemo.adm_dt", "chemo.nabp_given", "chemo.nabp_dt", "camre.ci_given"),
            *("camre.ci_dt", "rt_given", "rt_start", "rt_end"),
        )
        instructions = _("Fill it in as treatment goes on. It is complete when treatment has ended.")
        checks, leads = CHECKS, LEADS
        milestones = (
            Sets("NEO_D1", from_field="neo_d1"),
            Sets("NEO_END", from_field="neo_end"),
            Sets("LASTDOSE", from_field="last_dose"),
            Sets("LASTCAMRE", from_field="last_camre"),
        )


@audited()
class TreatmentChemotherapy(CrfGroupRow):
    """A planned day of carboplatin and paclitaxel, each drug by itself (protocol 3.5 A, EXC; decision C1)."""

    record = parent(Treatment, "chemo")
    dose_no = IntegerAnswer(_("Dose"), hard=(1, 12), required=True, missing_allowed=(), sdtm="ECLNKID")
    planned_day = DerivedInteger(
        _("Planned day"),
        reads=("dose_no", "treatment.CARBOPLATIN.days"),
        by=rules.planned_day,
        sdtm="SUPPEC.PLANDAY",
        definition=words.PLANNED_DAY,
    )
    anc_d = DecimalAnswer(
        _("Neutrophils of the day"),
        places=2,
        unit="10^9/L",
        soft=(1, 9),
        hard=(0, 150),
        sdtm="LBORRES (NEUT)",
    )
    plt_d = IntegerAnswer(
        _("Platelets of the day"), unit="10^9/L", soft=(60, 450), hard=(0, 2000), sdtm="LBORRES (PLAT)"
    )
    count_dt = DateAnswer(
        _("Date of the blood count"),
        shown_when=COUNTED,
        required_when=All(COUNTED, BOTH_OMITTED),
        help=_("Needed where nothing was given on this day."),
        sdtm="LBDTC",
    )
    weight_d = DecimalAnswer(
        _("Weight used"), unit="kg", soft=(38, 110), hard=(25, 200), sdtm="VSORRES (WEIGHT)", **DOSE
    )
    creat_d = DecimalAnswer(
        _("Creatinine used"),
        unit="umol/L",
        soft=(30, 150),
        hard=(10, 2000),
        shown_when=CARBO["shown_when"],
        sdtm="LBORRES (CREAT)",
    )
    gfr_calc = DerivedDecimal(
        _("GFR, worked out"),
        reads=("adm_dt", "weight_d", "creat_d", *rules.BODY),
        by=rules.filtration,
        blanks=True,
        unit="mL/min",
        help=_("By the formula of the protocol text (%(setting.gfr_formula)s)."),
        definition=_("From creatinine, age and sex, with weight or body surface."),
        sdtm="SUPPLB.GFRCALC",
    )
    gfr_d = DecimalAnswer(
        _("GFR used"), unit="mL/min", soft=(40, 125), hard=(5, 250), sdtm="LBORRES (CREATCLR)", **CARBO
    )
    given = ChoiceAnswer(
        _("Carboplatin"),
        codes=lists.GIVEN,
        required=True,
        missing_allowed=(),
        export="CARBO_GIVEN",
        sdtm="ECOCCUR",
    )
    adm_dt = DateAnswer(_("Carboplatin, date"), export="CARBO_DT", cdash="EXSTDAT", sdtm="ECSTDTC", **CARBO)
    carbo_auc = DecimalAnswer(
        _("Carboplatin, AUC"), places=2, soft=(1.5, None), hard=(0, 2.5), sdtm="SUPPEC.AUC", **CARBO
    )
    carbo_calc = DerivedDecimal(
        _("Carboplatin, expected"),
        reads=("carbo_auc", "gfr_d", "setting.gfr_cap"),
        by=rules.expected_carboplatin,
        unit="mg",
        definition=_("AUC x (GFR, capped, + 25)."),
    )
    carbo_mg = DecimalAnswer(
        _("Carboplatin, given"), unit="mg", soft=(120, 300), hard=(0, 400), sdtm="ECDOSE", **CARBO
    )
    mod_reason = ChoiceAnswer(
        _("Carboplatin: reason for reduction, omission or delay"),
        codes=lists.CHANGE_REASON,
        required_when=Is("given", "reduced", "omitted"),
        export="CARBO_REASON",
        sdtm="ECADJ",
    )
    nabp_given = ChoiceAnswer(
        _("Paclitaxel"), codes=lists.GIVEN, required=True, missing_allowed=(), sdtm="ECOCCUR"
    )
    nabp_dt = DateAnswer(_("Paclitaxel, date"), cdash="EXSTDAT", sdtm="ECSTDTC", **NABP)
    nabp_mgm2 = DecimalAnswer(
        _("Paclitaxel per square metre"),
        unit="mg/m2",
        soft=(40, None),
        hard=(0, 60),
        sdtm="SUPPEC.MGM2",
        **NABP,
    )
    nabp_calc = DerivedDecimal(
        _("Paclitaxel, expected"),
        reads=(
            *("nabp_given", "nabp_mgm2", "weight_d", "DM.height"),
            *("setting.bsa_formula", "treatment.NAB_PACLITAXEL.amount"),
        ),
        by=rules.expected_paclitaxel,
        blanks=True,
        unit="mg",
        definition=_("50 mg per square metre of body surface; a reduced dose by its own."),
    )
    nabp_mg = DecimalAnswer(
        _("Paclitaxel, given"), unit="mg", soft=(55, 115), hard=(0, 150), sdtm="ECDOSE", **NABP
    )
    form_tax = ChoiceAnswer(_("Formulation of paclitaxel"), codes=lists.FORMULATION, sdtm="ECDOSFRM", **NABP)
    nabp_reason = ChoiceAnswer(
        _("Paclitaxel: reason for reduction, omission or delay"),
        codes=lists.CHANGE_REASON,
        required_when=Is("nabp_given", "reduced", "omitted"),
        sdtm="ECADJ",
    )
    dose_ae = IntegerAnswer(
        _("Adverse event behind the change of the dose"),
        shown_when=Any_(Is("mod_reason", *BY_EVENT), Is("nabp_reason", *BY_EVENT)),
        **words.EVENT,
    )
    premed_cm = IntegerAnswer(
        _("Premedication: number of the steroid"),
        shown_when=DOSE["shown_when"],
        **words.MEDICATION,
    )
    premed = TextAnswer(
        _("Premedication, with steroid and dose"), shown_when=DOSE["shown_when"], sdtm="CMTRT"
    )
    infusion_reac = YesNoAnswer(
        _("Infusion reaction"),
        help=_("If yes, enter it as an adverse event too."),
        sdtm="SUPPEC.INFREAC",
        **DOSE,
    )


@audited()
class TreatmentCamrelizumab(CrfGroupRow):
    """The doses of camrelizumab, in Arm 1 alone (protocol 3.5 B, EXI, X011)."""

    record = parent(Treatment, "camre")
    ci_no = IntegerAnswer(_("Dose"), hard=(1, 12), required=True, missing_allowed=(), sdtm="ECLNKID")
    planned_day = DerivedInteger(
        _("Planned day"),
        reads=("ci_no", "treatment.CAMRELIZUMAB.days"),
        by=rules.planned_day,
        sdtm="SUPPEC.PLANDAY",
        definition=words.PLANNED_DAY,
    )
    ci_given = ChoiceAnswer(
        _("Given"), codes=lists.CI_GIVEN, required=True, missing_allowed=(), sdtm="ECOCCUR"
    )
    ci_dt = DateTimeAnswer(_("Date and time of the infusion"), **INFUSION, cdash="EXSTDAT", sdtm="ECSTDTC")
    ci_mg = IntegerAnswer(_("Dose given"), unit="mg", hard=(0, 200), **INFUSION, sdtm="ECDOSE")
    ci_min = IntegerAnswer(
        _("Infusion time"), unit="min", soft=(20, 60), hard=(5, 240), **INFUSION, sdtm="SUPPEC.INFMIN"
    )
    ci_lot = TextAnswer(_("Lot number"), max_length=30, shown_when=CI_NOT_OMITTED, sdtm="SUPPEC.LOT")
    ci_pre_alt = YesNoAnswer(_("ALT and AST seen before the dose"), sdtm="SUPPEC.PREALT", **INFUSION)
    ci_pre_creat = YesNoAnswer(_("Creatinine seen before the dose"), sdtm="SUPPEC.PRECREAT", **INFUSION)
    ci_pre_tsh = YesNoAnswer(_("TSH seen before the dose"), sdtm="SUPPEC.PRETSH", **INFUSION)
    ci_pre_gluc = YesNoAnswer(_("Glucose seen before the dose"), sdtm="SUPPEC.PREGLUC", **INFUSION)
    ci_pre_trop = YesNoAnswer(_("Troponin seen before the dose"), sdtm="SUPPEC.PRETROP", **INFUSION)
    ci_pre_spo2 = YesNoAnswer(_("Oxygen saturation seen before the dose"), sdtm="SUPPEC.PRESPO2", **INFUSION)
    ci_why = ChoiceAnswer(
        _("Reason for interruption, omission or delay"),
        codes=lists.CI_REASON,
        required_when=Is("ci_given", "interrupted", "omitted"),
        sdtm="ECADJ",
    )
    ci_ae = IntegerAnswer(
        _("Adverse event behind the change of the dose"),
        shown_when=Is("ci_why", *CI_BY_EVENT),
        **words.EVENT,
    )
    ci_reac = YesNoAnswer(
        _("Infusion reaction"),
        help=_("If yes, enter it as an adverse event too."),
        **INFUSION,
        sdtm="SUPPEC.INFREAC",
    )
    ci_stop = YesNoAnswer(_("Camrelizumab stopped for good"), required=True, sdtm="record of DS")
    ci_stop_dt = DateAnswer(_("Stopped on"), sdtm="DSSTDTC", asked_when=Is("ci_stop", "Y"))
    ci_stop_why = ChoiceAnswer(
        _("Reason for the stop"), codes=lists.CI_REASON, asked_when=Is("ci_stop", "Y"), sdtm="DSTERM"
    )


@audited()
class TreatmentFraction(CrfGroupRow):
    """The fraction log: one row for each fraction delivered (protocol 3.5 C, EXR)."""

    record = parent(Treatment, "rt_fx")
    fx_dt = DateAnswer(_("Date"), required=True, missing_allowed=(), sdtm="PRSTDTC")
    fx_gy = DecimalAnswer(_("Dose"), places=2, unit="Gy", hard=(0.5, 4), sdtm="PRDOSE")
