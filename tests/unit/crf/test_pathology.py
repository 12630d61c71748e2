"""Surgical pathology (protocol 3.9) and its checks X043 to X049 (protocol 3.17)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crf import catalogue
from crf.engine.evaluation import evaluate
from tests.unit.crf.judging import text_values

CHAPTERS = ("3.9", "3.17")

FORM = catalogue.form("PATH")
OPERATION = {"sequence": 1, "surg_done": "resection", "surg_dt": date(2026, 3, 2), "resid_macro": "none"}
EXPLORED = OPERATION | {"surg_done": "explored"}
CONTEXT = {
    "today": date(2026, 6, 1),
    "SURG*": [OPERATION],
    "PATH*": [],
    "CRE*": [{"bx_result": "scc"}],
    "setting.nodes_examined_min": 15,
    "setting.mpr_max_residual_percent": 10,
}
RESIDUE = {
    "op_no": 1,
    "path_dt": date(2026, 3, 12),
    "hist": "scc",
    "resid_pct": 20,
    "resid_layer": ["submucosa", "muscle"],
    "trg_cap": "2",
    "trg_mandard": "3",
    "ypt": "T2",
    "ln_exam": 22,
    "ln_pos": 1,
    "ypn": "N1",
    "ypm": "M0",
    "grade_y": "G2",
    "lvi": "N",
    "pni": "N",
    "m_prox": Decimal(40),
    "inv_prox": "N",
    "m_dist": Decimal(30),
    "inv_dist": "N",
    "m_crm": Decimal(3),
    "inv_crm": "N",
    "r_status": "R0",
}
COMPLETE = {
    **RESIDUE,
    "hist": "none",
    "resid_pct": 0,
    "resid_layer": None,
    "trg_cap": "0",
    "trg_mandard": "1",
    "ypt": "T0",
    "ln_pos": 0,
    "ypn": "N0",
    "grade_y": "NAP",
}


def judged(answers=RESIDUE, groups=None, context=None, **changed):
    return evaluate(
        FORM,
        values={**answers, **changed},
        groups={"ln_table": groups or []},
        context={**text_values(FORM), **CONTEXT, **(context or {})},
    )


def codes(outcome):
    return {finding.code for finding in outcome.findings if finding.kind == "check"}


def test_a_full_report_is_complete_and_finds_nothing():
    outcome = judged()
    assert outcome.complete
    assert outcome.findings == ()
    values = outcome.values
    assert (values["yp_stage"], values["r_calc"], values["r_rcp"]) == ("IIIA", "R0", "R0")
    assert (values["trg_becker"], values["trg_chir"]) == ("2", "3")
    assert (values["pcr"], values["mpr"]) == (False, False)


def test_a_complete_response_asks_for_no_tumour_features():
    outcome = judged(COMPLETE, grade_y=None, lvi=None, pni=None, context={"CRE*": []})
    assert outcome.complete
    assert outcome.findings == ()
    assert (outcome.values["pcr"], outcome.values["mpr"], outcome.values["yp_stage"]) == (True, True, "I")
    assert "ene" not in outcome.visible


@pytest.mark.parametrize(
    ("residue", "grades"),
    [
        ({"resid_pct": 0}, ("1a", "1", True)),
        ({"resid_pct": None, "resid_lt1": "Y"}, ("1b", "2", True)),
        ({"resid_pct": 10}, ("2", "2", True)),
        ({"resid_pct": 50}, ("2", "3", False)),
        ({"resid_pct": 51}, ("3", "4", False)),
        ({"resid_pct": None}, (None, None, None)),
    ],
)
def test_regression_grades_follow_the_residue(residue, grades):
    values = judged(**residue).values
    assert (values["trg_becker"], values["trg_chir"], values["mpr"]) == grades


def test_under_one_percent_replaces_the_percentage():
    outcome = judged(resid_lt1="Y")
    assert outcome.cleared == ("resid_pct",)
    assert "resid_pct" not in outcome.required


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"path_dt": date(2026, 3, 1)}, "PATH-01"),
        ({"path_dt": date(2026, 4, 2)}, "PATH-02"),
        ({"context": {"SURG*": [EXPLORED]}}, "X043"),
        ({"context": {"SURG*": []}}, "X043"),
        ({"op_no": 2}, "X043"),
        ({"op_no": None, "context": {"SURG*": [EXPLORED]}}, "X043"),
        ({"context": {"PATH*": [{"sequence": 2, "op_no": 1}]}}, "PATH-06"),
        ({"ln_pos": 30}, "X044"),
        ({"ypn": "N2"}, "X044"),
        ({"groups": [{"station": "7", "examined": 10, "positive": 1}]}, "X044a"),
        ({"groups": [{"station": "7", "examined": 1, "positive": 2}]}, "X044b"),
        ({"resid_pct": 0}, "X045"),
        ({"trg_cap": "0"}, "X045"),
        ({"resid_pct": 2, "trg_cap": "3"}, "X045a"),
        ({"resid_pct": 2, "trg_mandard": "5"}, "X045a"),
        ({"resid_pct": None, "resid_lt1": "Y", "trg_cap": "3"}, "X045a"),
        ({"resid_pct": 90, "trg_cap": "1"}, "X045a"),
        ({"resid_pct": 90, "trg_mandard": "2"}, "X045a"),
        ({"hist": "none"}, "X045b"),
        ({"resid_layer": ["mucosa", "submucosa"]}, "PATH-03"),
        ({"resid_layer": ["adventitia"]}, "PATH-03"),
        ({"ln_mic": 2}, "PATH-04"),
        ({"ln_itc": 22}, "PATH-05"),
        ({"inv_prox": "Y"}, "X047"),
        ({"m_crm": Decimal(0)}, "X047"),
        ({"r_status": "R1"}, "X047a"),
        ({"inv_prox": "Y", "m_prox": Decimal(0), "inv_crm": None, "m_crm": None}, "X047a"),
        ({"r_status": "R2"}, "X047b"),
        ({"context": {"SURG*": [OPERATION | {"resid_macro": "r2_local"}]}}, "X047b"),
        ({"ln_exam": 14}, "X048"),
        (
            {
                "ypt": "T3",
                "context": {"CRE*": [{"bx_result": "scc"}, {"bx_result": "none"}, {"bx_result": "nd"}]},
            },
            "X049",
        ),
    ],
)
def test_each_check_finds_what_it_is_for(changed, code):
    assert code in codes(judged(**changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"resid_pct": 10, "trg_cap": "1", "trg_mandard": "2"},
        {"resid_pct": 50, "trg_cap": "3", "trg_mandard": "5"},
        {"ln_mic": 1, "ln_itc": 21},
        {"resid_layer": ["muscle"]},
    ],
)
def test_point_16_grades_layers_and_nodes_that_agree_find_nothing(changed):
    assert codes(judged(**changed)) == set()


def test_point_16_no_tumour_beside_ypt3_and_cap_3_is_queried():
    assert {"X045", "X045b"} <= codes(judged(COMPLETE, ypt="T3", trg_cap="3", context={"CRE*": []}))
    assert codes(judged(COMPLETE, ypt="Tis", context={"CRE*": []})) == set()
    assert codes(judged(COMPLETE, hist="scc", context={"CRE*": []})) == {"X045b"}
    assert codes(judged(COMPLETE, hist="scc", ypn="N1", ln_pos=1, context={"CRE*": []})) == set()


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ({}, True),
        ({"resid_pct": None, "resid_lt1": "Y", "ypt": "TX"}, True),
        ({"resid_pct": None, "ypt": "T1a"}, True),
        ({"resid_pct": None, "ypt": "TX"}, False),
        ({"resid_pct": 0, "ypt": "Tis"}, False),
        ({"resid_pct": 0, "ypt": "T0"}, False),
    ],
)
def test_point_16_the_layer_is_asked_where_tumour_is_left(changed, asked):
    assert ("resid_layer" in judged(**changed).required) is asked


def test_micrometastases_are_asked_where_nodes_have_tumour():
    assert "ln_mic" in judged().visible
    assert not {"ln_mic"} & judged(COMPLETE).visible
    assert "ln_itc" in judged(COMPLETE).visible


def test_features_of_tumour_at_ypt0_are_queried():
    assert codes(judged(COMPLETE, grade_y="G1", context={"CRE*": []})) == {"X046"}
    assert codes(judged(COMPLETE, lvi="Y", context={"CRE*": []})) == {"X046"}


def test_a_positive_last_biopsy_before_ypt0n0_is_listed():
    assert codes(judged(COMPLETE)) == {"X049"}


@pytest.mark.parametrize(
    ("evaluations", "listed"),
    [
        ([{"cre_dt": date(2026, 2, 20), "bx_result": "lgd"}], True),
        ([{"cre_dt": date(2026, 2, 20), "bx_result": "none"}], True),
        ([{"cre_dt": date(2026, 2, 20), "bx_result": "hgd"}], False),
        (
            [
                {"cre_dt": date(2026, 2, 20), "bx_result": "scc"},
                {"cre_dt": date(2026, 5, 4), "bx_result": "none"},
            ],
            False,
        ),
        (
            [
                {"cre_dt": date(2026, 2, 20), "bx_result": "none"},
                {"cre_dt": date(2026, 5, 4), "bx_result": "scc"},
            ],
            True,
        ),
    ],
)
def test_only_biopsies_before_the_operation_are_compared_with_the_specimen(evaluations, listed):
    found = codes(judged(ypt="T3", context={"CRE*": evaluations}))
    assert ("X049" in found) is listed


def test_a_margin_that_was_not_reported_leaves_r_open_unless_another_is_involved():
    unknown = {"inv_crm": None, "m_crm": None}
    assert "X047a" not in codes(judged(**unknown))
    assert "X047a" not in codes(judged(**unknown, r_status="R1"))
    assert "X047a" not in codes(judged(r_status=None))


def test_stations_that_add_up_find_nothing():
    stations = [
        {"station": "7", "examined": 12, "positive": 1},
        {"station": "17", "examined": 10, "positive": 0},
    ]
    assert codes(judged(groups=stations)) == set()


def test_r_that_differs_from_the_margins_is_asked_about():
    keys = {finding.key for finding in judged(r_status="R1").findings}
    assert "r_status:proposal" in keys


def test_a_metastasis_names_its_site():
    assert judged(ypm="M1").unanswered == ("ypm_site",)
    assert judged(ypm="M1", ypm_site="lung").values["yp_stage"] == "IVB"


def test_ypis_counts_as_complete_response_only_by_setting():
    answers = {**COMPLETE, "ypt": "Tis"}
    assert judged(answers).values["pcr"] is False
    assert judged(answers, context={"setting.pcr_includes_ypTis": True}).values["pcr"] is True


def test_the_one_millimetre_rule_is_stricter_at_the_circumferential_margin():
    values = judged(m_crm=Decimal("0.8")).values
    assert (values["r_calc"], values["r_rcp"]) == ("R0", "R1")


@pytest.mark.parametrize(("at_most", "major"), [(10, False), (20, True)])
def test_the_bound_of_a_major_response_is_a_setting(at_most, major):
    assert judged(context={"setting.mpr_max_residual_percent": at_most}).values["mpr"] is major


def test_the_number_of_nodes_that_is_expected_is_a_setting():
    assert codes(judged(ln_exam=14, context={"setting.nodes_examined_min": 12})) == set()
    assert codes(judged(ln_exam=14, context={"setting.nodes_examined_min": 15})) == {"X048"}


def test_point_16_a_report_names_its_operation():
    """A refusal, a salvage fourteen months later, and a re-resection: three records, two specimens."""
    operations = [
        {"sequence": 1, "surg_done": "none", "surg_dt": None, "resid_macro": None},
        {"sequence": 2, "surg_done": "resection", "surg_dt": date(2026, 3, 2), "resid_macro": "none"},
        {"sequence": 3, "surg_done": "reresection", "surg_dt": date(2026, 5, 2), "resid_macro": "r2_local"},
    ]
    first = judged(op_no=2, context={"SURG*": operations, "PATH*": [{"sequence": 2, "op_no": 3}]})
    assert first.findings == ()
    assert (first.values["op_dt"], first.values["r_calc"]) == (date(2026, 3, 2), "R0")
    second = judged(op_no=3, r_status="R2", path_dt=date(2026, 5, 12), context={"SURG*": operations})
    assert second.findings == ()
    assert (second.values["op_dt"], second.values["r_calc"]) == (date(2026, 5, 2), "R2")
    assert codes(judged(op_no=1, context={"SURG*": operations})) == {"X043"}


@pytest.mark.parametrize(
    ("op_no", "reports", "waiting"),
    [(None, [], 1), (None, [{"op_no": 1}], 3), (None, [{"op_no": 1}, {"op_no": 3}], None), (1, [], None)],
)
def test_the_operation_that_waits_for_a_report_is_proposed(op_no, reports, waiting):
    operations = [
        OPERATION,
        EXPLORED | {"sequence": 2},
        OPERATION | {"sequence": 3, "surg_done": "reresection"},
    ]
    outcome = judged(op_no=op_no, context={"SURG*": operations, "PATH*": reports})
    assert outcome.values["op_no_calc"] == waiting
