"""Checks of surgical pathology (protocol 3.17, X043 to X049)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.pathology import rules
from crf.engine.checks import Check, Criticality, Level, Owner
from crf.engine.conditions import Answered
from protocol import pathology

MARGINS = ("m_prox", "m_dist", "m_crm", "inv_prox", "inv_dist", "inv_crm")

CHECKS = (
    Check(
        code="PATH-01",
        level=Level.HARD,
        reads=("path_dt", "op_dt"),
        passes=lambda path_dt, op_dt: path_dt >= op_dt,
        message=_("The report is dated before the operation. Check both dates against the source."),
        fields=("path_dt",),
    ),
    Check(
        code="PATH-02",
        level=Level.SOFT,
        reads=("path_dt", "op_dt", "setting.pathology_report_days"),
        passes=rules.soon_after_surgery,
        message=_(
            "The report is dated more than %(setting_pathology_report_days)s days after the operation. Confirm the "
            "date."
        ),
        fields=("path_dt",),
        criticality=Criticality.MINOR,
    ),
    Check(
        code="X043",
        level=Level.HARD,
        reads=("op_no", "SURG*"),
        passes=rules.has_specimen,
        message=_(
            "A specimen needs a resection, and the operation named here is none. Correct the number, or the surgery "
            "form first."
        ),
        fields=("op_no",),
        criticality=Criticality.CRITICAL,
        blanks=True,
    ),
    Check(
        code="PATH-06",
        level=Level.HARD,
        reads=("op_no", "PATH*"),
        passes=rules.one_report,
        message=_(
            "Another pathology form is of the same operation. Correct the number of the operation, or the other form."
        ),
        fields=("op_no",),
        criticality=Criticality.CRITICAL,
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
        passes=rules.stations_add_up,
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
        passes=rules.inputs_of_pcr_agree,
        message=_(
            "Residual tumour, ypT, CAP and Mandard disagree on whether tumour is left. Check all four."
        ),
        fields=("resid_pct", "ypt", "trg_cap", "trg_mandard"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X045a",
        level=Level.SOFT,
        reads=(
            *("resid_pct", "resid_lt1", "trg_cap", "trg_mandard"),
            *("setting.regression_small_residue_percent", "setting.regression_large_residue_percent"),
        ),
        passes=rules.regression_fits_residue,
        message=_(
            "The regression grade does not fit the residual tumour: CAP 1 and Mandard 2 mean little, CAP 3 and "
            "Mandard 5 much. Check all three."
        ),
        fields=("trg_cap", "trg_mandard", "resid_pct"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X045b",
        level=Level.SOFT,
        reads=("hist", "resid_pct", "resid_lt1", "ypt", "ypn"),
        passes=rules.no_tumour_fits,
        message=_(
            "No tumour in the specimen goes with ypT0 or ypTis and a residue of 0 %. Check histology, ypT and residue."
        ),
        fields=("hist", "ypt", "resid_pct"),
        blanks=True,
        when=Answered("hist"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="PATH-03",
        level=Level.SOFT,
        reads=("resid_layer", "ypt"),
        passes=lambda resid_layer, ypt: pathology.layers_agree(layers=resid_layer, ypt=ypt),
        message=_("The deepest layer with tumour is not the one that ypT names. Check both."),
        fields=("resid_layer", "ypt"),
    ),
    Check(
        code="PATH-04",
        level=Level.HARD,
        reads=("ln_mic", "ln_pos"),
        passes=lambda ln_mic, ln_pos: ln_mic <= ln_pos,
        message=_("More nodes with micrometastasis than nodes with tumour. Check both numbers."),
        fields=("ln_mic", "ln_pos"),
    ),
    Check(
        code="PATH-05",
        level=Level.HARD,
        reads=("ln_itc", "ln_pos", "ln_exam"),
        passes=lambda ln_itc, ln_pos, ln_exam: ln_itc + ln_pos <= ln_exam,
        message=_(
            "Nodes with tumour and nodes with isolated tumour cells are more than the nodes examined. Check all three."
        ),
        fields=("ln_itc", "ln_pos", "ln_exam"),
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
        passes=rules.margins_agree,
        message=_("A margin is involved exactly when its distance is 0 mm. Check each margin."),
        fields=MARGINS,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X047a",
        level=Level.HARD,
        reads=("r_status", "inv_prox", "inv_dist", "inv_crm"),
        passes=rules.r_follows_margins,
        message=_("R and the margins disagree: R0 has no margin involved, R1 has one. Check them."),
        fields=("r_status",),
        blanks=True,
        when=Answered("r_status"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X047b",
        level=Level.HARD,
        reads=("r_status", "op_no", "SURG*"),
        passes=rules.r2_agrees,
        message=_("R2 here and macroscopic residue in the surgery form go together. Correct one of them."),
        fields=("r_status",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X048",
        level=Level.SOFT,
        reads=("ln_exam", "setting.nodes_examined_min"),
        passes=lambda ln_exam, setting_nodes_examined_min: ln_exam >= setting_nodes_examined_min,
        message=_("Fewer nodes were examined than expected. Confirm the number with the pathologist."),
        fields=("ln_exam",),
    ),
    Check(
        code="X049",
        level=Level.LISTING,
        reads=("ypt", "ypn", "CRE*", "op_dt"),
        passes=rules.last_biopsy_agrees,
        message=_("The last biopsy before the operation and the specimen differ."),
        owner=Owner.STATISTICIAN,
    ),
)
