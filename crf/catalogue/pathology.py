"""Surgical pathology (protocol 3.9, checks X043 to X049)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.models import recorded
from crf.answers import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedBoolean,
    DerivedText,
    IntegerAnswer,
    TextAnswer,
    YesNoAnswer,
    YesNoUnknownAnswer,
)
from crf.checks import Check, Criticality, Level, Owner
from crf.codelists import CodeList
from crf.codes.nodes import STATIONS
from crf.codes.staging import DISTANT_SITES, GRADE, YPN, YPT, M
from crf.conditions import Is, Not, Over
from crf.declaration import Repeats, Section
from crf.questions import Classification
from crf.records import CrfGroupRow, CrfRecord, parent
from palace3.protocol import pathology
from palace3.protocol.response import Biopsy
from palace3.protocol.staging import pathological_stage

HISTOLOGY = CodeList(
    "PATH_HISTOLOGY",
    {
        "none": _("no tumour"),
        "scc": _("squamous cell carcinoma"),
        "basaloid": _("basaloid squamous cell carcinoma"),
        "spindle": _("spindle cell carcinoma"),
        "other": _("other"),
    },
)
CAP = CodeList(
    "TRG_CAP",
    {
        "0": _("0 no tumour cells"),
        "1": _("1 single cells or rare groups"),
        "2": _("2 residual tumour with clear regression"),
        "3": _("3 extensive tumour, no clear regression"),
    },
)
MANDARD = CodeList(
    "TRG_MANDARD",
    {
        "1": _("1 no tumour cells"),
        "2": _("2 rare tumour cells"),
        "3": _("3 more fibrosis than tumour"),
        "4": _("4 more tumour than fibrosis"),
        "5": _("5 no regression"),
    },
)
BECKER = CodeList(
    "TRG_BECKER",
    {"1a": _("1a 0 %"), "1b": _("1b under 10 %"), "2": _("2 10 to 50 %"), "3": _("3 over 50 %")},
)
FOUR_STEP = CodeList(
    "TRG_FOUR_STEP",
    {"1": _("1 0 %"), "2": _("2 1 to 10 %"), "3": _("3 11 to 50 %"), "4": _("4 over 50 %")},
)
NODE_REGRESSION = CodeList(
    "TRG_LN",
    {
        "a": _("a no tumour left, scar only"),
        "b": _("b partial regression"),
        "c": _("c no regression"),
        "na": _("not applicable"),
    },
)
GRADE_OR_NONE = CodeList("GRADE_YP", {**GRADE.labels, "NA": _("not applicable, no tumour")})
RESECTION = CodeList(
    "R_STATUS",
    {
        "R0": _("R0 no tumour at any margin"),
        "R1": _("R1 microscopic residue"),
        "R2": _("R2 macroscopic residue"),
    },
)
ASSAY = CodeList("PDL1_CLONE", {"22C3": "22C3", "SP263": "SP263", "28-8": "28-8", "other": _("other")})
CENTRAL = CodeList(
    "CENTRAL_REVIEW",
    {
        "agrees": _("agrees"),
        "trg": _("changes the regression grade"),
        "r": _("changes R"),
        "n": _("changes N"),
    },
)

MARGINS = ("m_prox", "m_dist", "m_crm", "inv_prox", "inv_dist", "inv_crm")
TUMOUR_LEFT = Not(Is("ypt", "T0"))


def residue(resid_pct: int | None, resid_lt1: str | None) -> int | str | None:
    """Return the residue as protocol 3.9 writes it: a percentage, or "<1"."""
    return "<1" if resid_lt1 == "Y" else resid_pct


def becker_grade(resid_pct: int | None, resid_lt1: str | None) -> str | None:
    return pathology.becker(residue(resid_pct, resid_lt1))


def four_step_grade(resid_pct: int | None, resid_lt1: str | None) -> str | None:
    grade = pathology.four_step(residue(resid_pct, resid_lt1))
    return None if grade is None else str(grade)


def yp_group(ypt: str | None, ypn: str | None, ypm: str | None) -> str | None:
    return pathological_stage(ypt, ypn, ypm, prefix="yp")


def complete_response(
    ypt: str | None, ypn: str | None, setting_pcr_includes_yptis: bool | None
) -> bool | None:
    return pathology.pcr(ypt, ypn, ypis_counts=bool(setting_pcr_includes_yptis))


def major_response(resid_pct: int | None, resid_lt1: str | None) -> bool | None:
    return pathology.mpr(residue(resid_pct, resid_lt1))


def cap_rule(
    inv_prox: str | None, inv_dist: str | None, inv_crm: str | None, surg_resid_macro: str | None
) -> str | None:
    found = pathology.r_status(
        inv_prox=inv_prox, inv_dist=inv_dist, inv_crm=inv_crm, resid_macro=surg_resid_macro
    )
    return found and found.value


def one_millimetre_rule(
    m_crm: Decimal | None,
    inv_prox: str | None,
    inv_dist: str | None,
    inv_crm: str | None,
    surg_resid_macro: str | None,
) -> str | None:
    found = pathology.r_rcp(
        crm_mm=m_crm, inv_prox=inv_prox, inv_dist=inv_dist, inv_crm=inv_crm, resid_macro=surg_resid_macro
    )
    return found and found.value


def soon_after_surgery(path_dt: date, milestone_surg: date) -> bool:
    return (path_dt - milestone_surg).days <= 30


def margins_agree(**given: Any) -> bool:
    pairs = (("inv_prox", "m_prox"), ("inv_dist", "m_dist"), ("inv_crm", "m_crm"))
    return all(pathology.margin_agrees(given[involved], given[distance]) for involved, distance in pairs)


def r_follows_margins(r_status: str, inv_prox: str | None, inv_dist: str | None, inv_crm: str | None) -> bool:
    involved = "Y" in (inv_prox, inv_dist, inv_crm)
    return not involved if r_status == "R0" else involved or r_status == "R2"


def r2_agrees(r_status: str, surg_resid_macro: str) -> bool:
    return (r_status == "R2") == (surg_resid_macro != pathology.NO_RESIDUE)


def inputs_of_pcr_agree(
    ypt: str | None,
    resid_pct: int | None,
    resid_lt1: str | None,
    trg_cap: str | None,
    trg_mandard: str | None,
) -> bool:
    return pathology.complete_response_agrees(
        resid_pct=residue(resid_pct, resid_lt1), ypt=ypt, trg_cap=trg_cap, trg_mandard=trg_mandard
    )


def stations_add_up(ln_table: list[dict[str, Any]], ln_exam: int | None, ln_pos: int | None) -> bool:
    examined = pathology.station_sums_agree(ln_exam, [row["examined"] for row in ln_table])
    return examined and pathology.station_sums_agree(ln_pos, [row["positive"] for row in ln_table])


def last_biopsy_agrees(ypt: str, ypn: str, cre_all: list[dict[str, Any]]) -> bool:
    """Compare the specimen with the last biopsy before the operation; a difference is listed, not queried."""
    results = [row["bx_result"] for row in cre_all if row.get("bx_result") not in (None, Biopsy.NOT_DONE)]
    last = results[-1] if results else None
    missed = last == Biopsy.CLEAR and ypt in ("T3", "T4a", "T4b")
    return not missed and not (last == Biopsy.CARCINOMA and ypt == "T0" and ypn == "N0")


@recorded()
class Pathology(CrfRecord):
    """What the pathologist found in the resected specimen (protocol 3.9)."""

    path_dt = DateAnswer(_("Report date"), required=True, after_death_allowed=True, sdtm="MIDTC")
    path_id = TextAnswer(
        _("Accession pseudonym"),
        max_length=30,
        help=_("A code that your own identification log resolves, never the hospital's number."),
        classification=Classification.IDENTIFYING,
        sdtm="MIREFID",
    )
    hist = ChoiceAnswer(_("Histology in the specimen"), codes=HISTOLOGY, required=True, sdtm="MIORRES")
    bed_cm = DecimalAnswer(
        _("Tumour bed, largest extent"), unit="cm", soft=(0.5, 8), hard=(0, 30), sdtm="MIORRES"
    )
    bed_full = YesNoAnswer(_("Tumour bed fully embedded"), sdtm="SUPPMI.MIBEDEMB")
    resid_lt1 = YesNoAnswer(_("Residual tumour under 1 %, but not none"), sdtm="MIORRES")
    resid_pct = IntegerAnswer(
        _("Residual viable tumour in the bed"),
        unit="%",
        hard=(0, 100),
        shown_when=Not(Is("resid_lt1", "Y")),
        required_when=Not(Is("resid_lt1", "Y")),
        sdtm="MIORRES",
    )
    trg_cap = ChoiceAnswer(_("Regression, CAP"), codes=CAP, required=True, sdtm="MIORRES")
    trg_mandard = ChoiceAnswer(_("Regression, Mandard"), codes=MANDARD, required=True, sdtm="MIORRES")
    trg_becker = DerivedText(
        _("Regression, Becker"),
        reads=("resid_pct", "resid_lt1"),
        by=becker_grade,
        blanks=True,
        codes=BECKER,
        sdtm="MIORRES",
    )
    trg_chir = DerivedText(
        _("Regression, four steps"),
        reads=("resid_pct", "resid_lt1"),
        by=four_step_grade,
        blanks=True,
        codes=FOUR_STEP,
        sdtm="MIORRES",
    )
    trg_ln = ChoiceAnswer(_("Node regression"), codes=NODE_REGRESSION, sdtm="MIORRES")
    ypt = ChoiceAnswer(_("ypT"), codes=YPT, required=True, sdtm="RSORRES")
    ln_exam = IntegerAnswer(
        _("Nodes examined"), soft=(None, 60), hard=(0, 150), required=True, sdtm="MIORRES"
    )
    ln_pos = IntegerAnswer(_("Nodes with tumour"), soft=(0, 6), hard=(0, 150), required=True, sdtm="MIORRES")
    ypn = ChoiceAnswer(_("ypN"), codes=YPN, required=True, sdtm="RSORRES")
    ypm = ChoiceAnswer(_("M at surgery"), codes=M, required=True, sdtm="RSORRES")
    ypm_site = ChoiceAnswer(
        _("Site of the metastasis"),
        codes=DISTANT_SITES,
        shown_when=Is("ypm", "M1"),
        required_when=Is("ypm", "M1"),
        sdtm="TULOC",
    )
    yp_stage = DerivedText(
        _("ypTNM group"),
        reads=("ypt", "ypn", "ypm"),
        by=yp_group,
        blanks=True,
        export="YPSTAGE",
        sdtm="RSORRES",
        help=_("AJCC/UICC 8th edition."),
    )
    ln_scar = IntegerAnswer(_("Nodes with scar and no tumour"), hard=(0, 150), sdtm="MIORRES")
    ene = YesNoUnknownAnswer(_("Extranodal extension"), shown_when=Over("ln_pos", 0), sdtm="MIORRES")
    grade_y = ChoiceAnswer(_("Grade"), codes=GRADE_OR_NONE, required_when=TUMOUR_LEFT, sdtm="MIORRES")
    lvi = YesNoUnknownAnswer(_("Lymphovascular invasion"), required_when=TUMOUR_LEFT, sdtm="MIORRES")
    pni = YesNoUnknownAnswer(_("Perineural invasion"), required_when=TUMOUR_LEFT, sdtm="MIORRES")
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
        reads=("inv_prox", "inv_dist", "inv_crm", "SURG.resid_macro"),
        by=cap_rule,
        blanks=True,
        codes=RESECTION,
        export="RCALC",
        sdtm="SUPPMI.RCALC",
    )
    r_status = ChoiceAnswer(
        _("R, confirmed"),
        codes=RESECTION,
        required=True,
        proposed_by="r_calc",
        definition=_(
            "R0: no tumour at any margin and nothing left behind. R1: microscopic. R2: macroscopic."
        ),
        sdtm="MIORRES",
    )
    r_rcp = DerivedText(
        _("R by the 1-mm rule"),
        reads=("m_crm", "inv_prox", "inv_dist", "inv_crm", "SURG.resid_macro"),
        by=one_millimetre_rule,
        blanks=True,
        codes=RESECTION,
        help=_("R1 when tumour is 1 mm or less from the circumferential margin."),
        sdtm="SUPPMI.RRCP",
    )
    pcr = DerivedBoolean(
        _("Pathological complete response"),
        reads=("ypt", "ypn", "setting.pcr_includes_ypTis"),
        by=complete_response,
        blanks=True,
        help=_("ypT0 and ypN0."),
        sdtm="ADaM",
    )
    mpr = DerivedBoolean(
        _("Major response"),
        reads=("resid_pct", "resid_lt1"),
        by=major_response,
        blanks=True,
        help=_("At most 10 % residual tumour in the primary."),
        sdtm="ADaM",
    )
    pdl1_done = YesNoAnswer(_("PD-L1 after therapy"), missing_allowed=(), sdtm="MIORRES")
    pdl1_clone = ChoiceAnswer(
        _("Assay"),
        codes=ASSAY,
        shown_when=Is("pdl1_done", "Y"),
        required_when=Is("pdl1_done", "Y"),
        sdtm="MIMETHOD",
    )
    cps = DecimalAnswer(_("CPS"), hard=(0, 100), shown_when=Is("pdl1_done", "Y"), sdtm="MIORRES")
    tps = DecimalAnswer(_("TPS"), unit="%", hard=(0, 100), shown_when=Is("pdl1_done", "Y"), sdtm="MIORRES")
    central = ChoiceAnswer(_("Central pathology review"), codes=CENTRAL, sdtm="RSEVAL")

    class Crf:
        code, title, version, repeats = "PATH", _("Surgical pathology"), 1, Repeats.PER_PARTICIPANT
        sections = (
            Section("report", _("Report"), ("path_dt", "path_id")),
            Section(
                "regression",
                _("Tumour bed and regression"),
                (
                    *("hist", "bed_cm", "bed_full", "resid_lt1", "resid_pct", "trg_cap", "trg_mandard"),
                    *("trg_becker", "trg_chir", "mpr"),
                ),
            ),
            Section("nodes", _("Nodes"), ("ln_exam", "ln_pos", "ln_table", "trg_ln", "ln_scar", "ene")),
            Section("stage", _("Stage"), ("ypt", "ypn", "ypm", "ypm_site", "yp_stage", "pcr")),
            Section("features", _("Features"), ("grade_y", "lvi", "pni")),
            Section(
                "margins",
                _("Margins"),
                (
                    "m_prox",
                    "inv_prox",
                    "m_dist",
                    "inv_dist",
                    "m_crm",
                    "inv_crm",
                    "r_calc",
                    "r_status",
                    "r_rcp",
                ),
            ),
            Section("further", _("Further results"), ("pdl1_done", "pdl1_clone", "cps", "tps", "central")),
        )
        checks = (
            Check(
                code="PATH-01",
                level=Level.HARD,
                reads=("path_dt", "milestone.SURG"),
                passes=lambda path_dt, milestone_surg: path_dt >= milestone_surg,
                message=_("The report is dated before the operation. Check both dates against the source."),
                fields=("path_dt",),
            ),
            Check(
                code="PATH-02",
                level=Level.SOFT,
                reads=("path_dt", "milestone.SURG"),
                passes=soon_after_surgery,
                message=_("The report is dated more than 30 days after the operation. Confirm the date."),
                fields=("path_dt",),
                criticality=Criticality.MINOR,
            ),
            Check(
                code="X043",
                level=Level.HARD,
                reads=("SURG.surg_done",),
                passes=lambda surg_surg_done: surg_surg_done == "resection",
                message=_(
                    "A specimen needs a resection. Correct the surgery form first, then save this one."
                ),
                criticality=Criticality.CRITICAL,
                blanks=True,
            ),
            Check(
                code="X044",
                level=Level.HARD,
                reads=("ln_exam", "ln_pos", "ypn"),
                passes=lambda ln_exam, ln_pos, ypn: pathology.node_counts_agree(
                    examined=ln_exam, positive=ln_pos, ypn=ypn
                ),
                message=_("ypN, nodes with tumour and nodes examined do not fit together. Check all three."),
                fields=("ln_pos", "ln_exam", "ypn"),
                blanks=True,
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="X044a",
                level=Level.HARD,
                reads=("ln_table", "ln_exam", "ln_pos"),
                passes=stations_add_up,
                message=_("The stations do not add up to the totals. Correct a station or a total."),
                fields=("ln_table", "ln_exam", "ln_pos"),
                blanks=True,
            ),
            Check(
                code="X044b",
                level=Level.HARD,
                reads=("examined", "positive"),
                each="ln_table",
                passes=lambda examined, positive: positive <= examined,
                message=_("More nodes with tumour than nodes examined at this station. Check both numbers."),
                fields=("positive", "examined"),
            ),
            Check(
                code="X045",
                level=Level.SOFT,
                reads=("resid_pct", "resid_lt1", "ypt", "trg_cap", "trg_mandard"),
                passes=inputs_of_pcr_agree,
                message=_(
                    "Residual tumour, ypT, CAP and Mandard disagree on whether tumour is left. Check all four."
                ),
                fields=("resid_pct", "ypt", "trg_cap", "trg_mandard"),
                blanks=True,
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="X046",
                level=Level.SOFT,
                reads=("ypt", "grade_y", "lvi", "pni"),
                passes=lambda ypt, grade_y, lvi, pni: pathology.tumour_features_agree(
                    ypt=ypt, grade=grade_y, lvi=lvi, pni=pni
                ),
                message=_("ypT0 has no grade, no vessel and no nerve invasion. Check ypT and the features."),
                fields=("grade_y", "lvi", "pni"),
                blanks=True,
            ),
            Check(
                code="X047",
                level=Level.HARD,
                reads=MARGINS,
                passes=margins_agree,
                message=_("A margin is involved exactly when its distance is 0 mm. Check each margin."),
                fields=MARGINS,
                blanks=True,
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="X047a",
                level=Level.HARD,
                reads=("r_status", "inv_prox", "inv_dist", "inv_crm"),
                passes=r_follows_margins,
                message=_("R and the margins disagree: R0 has no margin involved, R1 has one. Check them."),
                fields=("r_status",),
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="X047b",
                level=Level.HARD,
                reads=("r_status", "SURG.resid_macro"),
                passes=r2_agrees,
                message=_(
                    "R2 here and macroscopic residue in the surgery form go together. Correct one of them."
                ),
                fields=("r_status",),
                criticality=Criticality.CRITICAL,
            ),
            Check(
                code="X048",
                level=Level.SOFT,
                reads=("ln_exam",),
                passes=lambda ln_exam: ln_exam >= 15,
                message=_("Fewer than 15 nodes were examined. Confirm the number with the pathologist."),
                fields=("ln_exam",),
            ),
            Check(
                code="X049",
                level=Level.LISTING,
                reads=("ypt", "ypn", "CRE*"),
                passes=last_biopsy_agrees,
                message=_("The last biopsy before the operation and the specimen differ."),
                owner=Owner.STATISTICIAN,
            ),
        )


@recorded()
class PathologyNodeStation(CrfGroupRow):
    """Nodes examined and positive, station by station (protocol 3.9, ln_table)."""

    record = parent(
        Pathology, "ln_table", _("Nodes per station"), help=_("The sums must equal the totals above.")
    )
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="MILOC")
    examined = IntegerAnswer(_("Examined"), hard=(0, 150), required=True, sdtm="MIORRES")
    positive = IntegerAnswer(_("With tumour"), hard=(0, 150), required=True, sdtm="MIORRES")
