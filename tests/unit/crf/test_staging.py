"""Baseline staging: each check passes once and fails once; the stage group is derived (protocol 3.4, 4.2)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.unit.crf.examples.staging import example
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("3.4", "3.17", "4.2")

POSITIVE = {"station": "7", "positive": "Y"}


def test_a_complete_form_has_no_findings() -> None:
    outcome = judge("STAGE", example())
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_what_is_derived() -> None:
    values = judge("STAGE", example()).values
    assert (values["len_calc"], values["epicentre_cm"]) == (Decimal("5.0"), Decimal("29.5"))
    assert values["tlg"] == Decimal("147.0")
    assert values["cstage"] == "III"
    assert values["eus_part"] is False
    assert judge("STAGE", example(eus_trav="no")).values["eus_part"] is True


@pytest.mark.parametrize(
    ("ct", "cn", "cm", "group"),
    [
        ("T2", "N1", "M0", "II"),
        ("T3", "N0", "M0", "II"),
        ("T3", "N2", "M0", "III"),
        ("T4a", "N0", "M0", "IVA"),
        ("T2", "N3", "M0", "IVA"),
        ("T2", "N0", "M1", "IVB"),
        ("TX", "N0", "M0", None),
        ("T3", None, "M0", None),
    ],
)
def test_the_stage_group(ct: str, cn: str | None, cm: str, group: str | None) -> None:
    assert judge("STAGE", example(ct=ct, cn=cn, cm=cm)).values["cstage"] == group


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X001", example(ct_dt=date(2026, 4, 27))),
        ("STAGE-01a", example(ogd_dt=date(2026, 4, 9))),
        ("STAGE-01b", example(eus_dt=date(2026, 4, 9))),
        ("STAGE-01c", example(ct_dt=date(2026, 4, 9))),
        ("STAGE-01d", example(pet_dt=date(2026, 4, 9))),
        ("STAGE-02a", example(ogd_dt=date(2026, 5, 9))),
        ("STAGE-02b", example(eus_dt=date(2026, 5, 9))),
        ("STAGE-02c", example(ct_dt=date(2026, 5, 9))),
        ("STAGE-02d", example(pet_dt=date(2026, 5, 9))),
        ("STAGE-03", example(lower_cm=27)),
        ("STAGE-04", example(ut="T1b")),
        ("STAGE-05", example(aorta_ang="over_90")),
        ("STAGE-06", example(airway="invasion")),
        ("STAGE-07", example(t4a_str=["pleura"])),
        ("STAGE-08", example(t4b_str=["vertebra"])),
        ("STAGE-09", example(ct_m=[{"organ": "liver", "size_mm": 8}])),
        ("STAGE-10", example(bron_ind="Y", bron_done="N")),
        ("STAGE-11", example(airway="contact")),
        ("STAGE-11", example(site_sub="upper")),
        ("STAGE-12", example(bron_ind="Y", bron_done="Y", bron_res="invasion")),
        ("STAGE-13", example(cn_n=3, node=[POSITIVE] * 3)),
        ("STAGE-14", example(node=[POSITIVE, POSITIVE])),
        ("STAGE-15", example(setting__central_review=True, stage_confirm="IVA")),
        ("STAGE-16", example(sbp=76)),
        ("STAGE-17", example(recist=[{"role": "target", "kind": "node", "where": "7", "size_mm": 14}])),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("STAGE", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X001", example(ct_dt=date(2026, 4, 27), soc="Y")),
        ("X001", example(ct_dt=date(2026, 4, 28), us_dt=date(2026, 4, 28))),
        ("X001", example(ct_dt=date(2026, 4, 27), milestone__ICF=None)),
        ("STAGE-01a", example(ogd_dt=date(2026, 4, 10))),
        ("STAGE-01a", example(ogd_dt=date(2026, 4, 1), milestone__RAND=None)),
        ("STAGE-02c", example(ct_dt=date(2026, 5, 8))),
        ("STAGE-04", example(ut="T2")),
        ("STAGE-04", example(ut="TX")),
        ("STAGE-05", example(aorta_ang="over_90", t4b_str=["aorta"], ct="T4b")),
        ("STAGE-06", example(airway="invasion", ct="T4b")),
        ("STAGE-07", example(t4a_str=["pleura"], ct="T4a")),
        ("STAGE-08", example(t4b_str=["vertebra"], ct="T4b")),
        ("STAGE-09", example(ct_m=[{"organ": "liver", "size_mm": 8}], m_workup="MRI: haemangioma")),
        ("STAGE-09", example(ct_m=[{"organ": "liver", "size_mm": 8}], cm="M1", m_site=["liver"])),
        ("STAGE-10", example(bron_ind="Y", bron_done="Y", bron_res="normal")),
        ("STAGE-11", example(site_sub="upper", bron_ind="Y", bron_done="Y", bron_res="normal")),
        ("STAGE-12", example(bron_ind="Y", bron_done="Y", bron_res="invasion", ct="T4b")),
        ("STAGE-13", example(cn="NX", cn_n=0, node=[])),
        ("STAGE-14", example(node=[])),
        ("STAGE-15", example(setting__central_review=True, stage_confirm="III")),
        ("STAGE-17", example(recist=[{"role": "target", "kind": "tumour", "where": "T", "size_mm": 10}])),
        ("STAGE-17", example(recist=[{"role": "non_target", "kind": "node", "where": "7", "size_mm": 9}])),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("STAGE", case))


def test_the_length_and_the_group_may_be_overwritten_with_a_reason() -> None:
    assert found(judge("STAGE", example(len_cm=6))) == {"len_cm:proposal"}
    assert found(judge("STAGE", example(cstage_site="II"))) == {"cstage_site:proposal"}
    assert not judge("STAGE", example(cstage_site="III")).findings


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"eus_done": "N", "eus_node": []}, {"eus_why"}),
        ({"pet_done": "N", "pet_node": []}, {"pet_why"}),
        ({"pet_m": "suspect"}, {"pet_m_site", "pet_m_note"}),
        ({"pet_sync": "colon"}, {"pet_sync_note"}),
        ({"us_res": "suspect"}, {"us_fna"}),
        ({"bron_ind": "Y"}, {"bron_done"}),
        ({"ba_fist": "Y"}, {"fist_mdt"}),
        ({"cm": "M1"}, {"m_site"}),
        ({"multi": "Y"}, {"multi_cm"}),
        ({"eus_node": [{"station": "7", "short_mm": 9, "fna_done": "N"}]}, {"eus_node.1.fna_why"}),
    ],
)
def test_what_must_be_answered_then(change: dict, asked: set[str]) -> None:
    assert set(judge("STAGE", example(**change)).unanswered) == asked


def test_nothing_of_a_test_that_was_not_done_is_kept() -> None:
    outcome = judge("STAGE", example(pet_done="N", pet_why="no tracer"))
    assert outcome.values["suvmax"] is None
    assert "pet_dt" in outcome.cleared
    assert "stage_confirm" not in outcome.visible
