"""Response evaluation: the proposal, what bars a cCR, each check once passed and once failed (protocol 3.7)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from crf import catalogue
from crf.engine.conditions import Is
from protocol.text import load
from tests.unit.crf.examples.response import CRE1, at_cre1, example, in_surveillance, suspect_node
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("1.5", "3.7", "3.17")

AVID = [{"station": "7", "node_suvmax": 6}]
OVERRULED = {"override_why": "the team saw an ulcer only", "mdt_dt": date(2026, 9, 1)}


@pytest.mark.parametrize("case", [example(), at_cre1(), in_surveillance()])
def test_a_clear_evaluation_is_complete_without_findings(case: dict) -> None:
    outcome = judge("CRE", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_what_is_derived() -> None:
    values = judge("CRE", example()).values
    assert (values["cre_type"], values["cre_no"], values["weeks_post"]) == ("CRE2", 2, Decimal("11.0"))
    assert values["cre_dt"] == date(2026, 8, 25)
    assert values["cre_outcome_calc"] == "CCR"
    assert values["cre_because"] == ["5_clear", "5_cre1_also_clear"]


@pytest.mark.parametrize(
    ("visit", "kind", "number"),
    [
        ("CRE-1", "CRE1", 1),
        ("CRE-2", "CRE2", 2),
        ("AS-06", "AS", 3),
        ("AS-12", "AS", 4),
        ("RST", "RST", None),
        ("UNS", "UNS", None),
        (None, "UNS", None),
    ],
)
def test_the_evaluation_follows_from_the_visit(visit: str | None, kind: str, number: int | None) -> None:
    earlier = [CRE1, {"visit_code": "AS-06", "cre_type": "AS"}] if visit == "AS-12" else [CRE1]
    values = judge("CRE", example(visit__code=visit, **{"CRE*": earlier})).values
    assert (values["cre_type"], values["cre_no"]) == (kind, number)


@pytest.mark.parametrize(
    ("case", "proposed"),
    [
        (example(dist_call="1"), "DISTANT"),
        (example(local_call="1"), "NON_CCR"),
        (example(bx_result="scc"), "NON_CCR"),
        (example(**suspect_node(fna_res="positive")), "NON_CCR"),
        (example(local_call="3"), "NON_CCR"),
        (example(local_call="3", setting__suspected_without_proof_is_noncCR=False), "UNCERTAIN_REPEAT"),
        (example(passable="no"), "NOT_EVALUABLE"),
        (example(passable="no", setting__lumen_must_be_passable=False), "CCR"),
        (example(bx_result="nd"), "NOT_EVALUABLE"),
        (example(bx_adequate="insufficient"), "NOT_EVALUABLE"),
        (example(pet_done="N"), "NOT_EVALUABLE"),
        (example(eus_done="N"), "NOT_EVALUABLE"),
        (example(ogd_done="N"), "NOT_EVALUABLE"),
        (example(**suspect_node(fna_done="N")), "NOT_EVALUABLE"),
        (example(**suspect_node(fna_done="N", fna_why="anticoagulated")), "UNCERTAIN_REPEAT"),
        (example(**suspect_node()), "CCR"),
        (example(**suspect_node(fna_res="atypia")), "UNCERTAIN_REPEAT"),
        (example(**suspect_node(fna_res="inadequate")), "NOT_EVALUABLE"),
        (example(**suspect_node(fna_res="negative", fna_lymph="N")), "NOT_EVALUABLE"),
        (example(**suspect_node(fna_res="negative", fna_lymph="U")), "CCR"),
        (example(eus_any="Y"), "UNCERTAIN_REPEAT"),
        (example(pet_nodes=AVID), "UNCERTAIN_REPEAT"),
        (example(pet_nodes=AVID, **suspect_node()), "CCR"),
        (example(pet_nodes=AVID, **suspect_node(station="8Lo")), "UNCERTAIN_REPEAT"),
        (example(look="mass"), "UNCERTAIN_REPEAT"),
        (example(look="ulcer", look_note="after radiotherapy"), "CCR"),
        (example(pet_prim="focal", pet_suv=14), "UNCERTAIN_REPEAT"),
        (example(pet_dm="suspect"), "UNCERTAIN_REPEAT"),
        (example(pet_dm="proven"), "DISTANT"),
        (example(bx_adequate="superficial"), "NOT_EVALUABLE"),
        (example(bx_adequate="superficial", setting__superficial_biopsies_are_evaluable=True), "CCR"),
        (example(eus_mm=9), "CCR"),
        (example(eus_mm=9, setting__eus_thickness_limit_mm=8), "UNCERTAIN_REPEAT"),
        (example(eus_mm=8, setting__eus_thickness_limit_mm=8), "CCR"),
        (example(ct_done="Y", wall_mm=9, setting__ct_wall_limit_mm=8), "UNCERTAIN_REPEAT"),
        (example(bx_result="hgd"), "UNCERTAIN_REPEAT"),
        (at_cre1(bx_result="uncertain"), "PROCEED_TO_CRE2"),
        (at_cre1(), "CCR_SO_FAR"),
        (example(**{"CRE*": []}), "CCR_SO_FAR"),
        (in_surveillance(), "PERSISTENT_CCR"),
        (in_surveillance(local_call="3"), "REGROWTH"),
        (
            in_surveillance(local_call="3", setting__surveillance_suspicion_is_regrowth=False),
            "UNCERTAIN_REPEAT",
        ),
        (example(local_call=None), None),
    ],
)
def test_the_proposed_outcome(case: dict, proposed: str | None) -> None:
    assert judge("CRE", case).values["cre_outcome_calc"] == proposed


def test_another_outcome_needs_a_reason_and_the_meeting() -> None:
    changed = example(cre_outcome="NON_CCR", mdt_dt=None)
    outcome = judge("CRE", changed)
    assert found(outcome) >= {"cre_outcome:proposal"}
    assert set(outcome.unanswered) == {"override_why", "mdt_dt"}


def test_without_an_endoscopy_the_last_examination_dates_the_evaluation() -> None:
    outcome = judge("CRE", example(ogd_done="N", ogd_why="refused", dist_call="1", cre_outcome="DISTANT"))
    assert outcome.values["cre_dt"] == date(2026, 8, 25)
    assert outcome.milestones["CRE2"] == date(2026, 8, 25)
    assert outcome.values["passable"] is None


@pytest.mark.parametrize(
    ("case", "set_"),
    [
        (at_cre1(), {"CRE1": date(2026, 7, 14)}),
        (example(), {"CRE2": date(2026, 8, 25), "CCR": date(2026, 8, 25)}),
        (example(cre_outcome="NON_CCR", local_call="1"), {"CRE2": date(2026, 8, 25)}),
        (example(visit__code="UNS"), {"CCR": date(2026, 8, 25)}),
        (example(visit__code="RST", participant__arm="2"), {}),
        (in_surveillance(), {}),
        (in_surveillance(cre_outcome="CCR", **{"CRE*": [CRE1]}), {"LATECCR": date(2026, 12, 9)}),
        (
            example(visit__code="UNS", **{"CRE*": [CRE1 | {"cre_outcome": "NON_CCR"}]}),
            {"LATECCR": date(2026, 8, 25)},
        ),
        (example(visit__code="UNS", **{"CRE*": [CRE1 | {"cre_type": "AS"}]}), {"LATECCR": date(2026, 8, 25)}),
        (in_surveillance(cre_outcome="REGROWTH", local_call="1"), {"REGROWTH": date(2026, 12, 9)}),
        (
            in_surveillance(cre_outcome="REGROWTH", local_call="1", proof_dt=date(2026, 12, 20)),
            {"REGROWTH": date(2026, 12, 20)},
        ),
        (in_surveillance(cre_outcome="DISTANT", dist_call="1"), {"DM": date(2026, 12, 9)}),
        (at_cre1(cre_outcome="DISTANT", dist_call="1"), {"CRE1": date(2026, 7, 14), "DM": date(2026, 7, 14)}),
        (example(ogd_dt=None, eus_dt=None), {}),
    ],
)
def test_milestones(case: dict, set_: dict) -> None:
    outcome = judge("CRE", case)
    assert {code: on for code, on in outcome.milestones.items() if on} == set_


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X030", at_cre1(ogd_dt=date(2026, 6, 29))),
        ("X030a", example(ogd_dt=date(2026, 8, 3))),
        ("X031", example(**{"CRE*": [CRE1 | {"local_call": "2"}]})),
        ("X031", example(**{"CRE*": [CRE1 | {"bx_result": "scc"}]})),
        ("X032", example(**{"CRE*": []})),
        ("X032", example(**{"CRE*": [CRE1 | {"cre_outcome": "NON_CCR"}]})),
        ("X032", example(**{"CRE*": []}, passable="no")),
        ("X032", example(local_call="1")),
        ("X032", example(bx_result="hgd")),
        ("X032", example(look="mass")),
        ("X032", example(bx_adequate="superficial")),
        ("X032", example(bx_adequate="insufficient")),
        ("X032", example(**suspect_node(fna_res="inadequate"))),
        ("X032", example(**suspect_node(fna_res="negative", fna_lymph="N"))),
        ("X033", example(passable="no")),
        ("X033", example(passable="no", **OVERRULED)),
        ("X033", example(bx_result="nd")),
        ("X033", example(bx_result="nd", local_call="3", **OVERRULED)),
        ("X033", example(ogd_done="N")),
        ("X033", example(pet_done="N")),
        ("X033", example(pet_done=None)),
        ("X033", example(**suspect_node(fna_done="N"))),
        ("X034", example(pet_dt=date(2026, 8, 26))),
        ("X035", example(bob_n=3)),
        ("X035", at_cre1(bob_n=3)),
        ("X035", in_surveillance(bob_n=3)),
        ("CRE-15", example(look="mass")),
        ("CRE-15", example(look="nodule")),
        ("CRE-15a", example(pet_prim="focal")),
        ("CRE-15b", example(pet_nodes=AVID)),
        ("CRE-15b", example(**suspect_node(fna_res="atypia"))),
        ("CRE-15b", example(**suspect_node(fna_res="negative", fna_lymph="N"))),
        ("CRE-15b", example(**suspect_node(fna_done="N", fna_why="beside the aorta"))),
        ("CRE-16", example(passable="thin")),
        ("CRE-17", in_surveillance(cre_outcome="REGROWTH", local_call="1", proof_dt=date(2026, 12, 8))),
        ("X036", example(cre_outcome="NON_CCR", local_call="1")),
        ("X036a", in_surveillance(milestone__CCR=None, cre_outcome="NON_CCR", **{"CRE*": [CRE1]})),
        ("X037", in_surveillance(milestone__SURG=date(2026, 10, 1))),
        ("X038a", in_surveillance(cre_outcome="REGROWTH", milestone__CCR=None, **{"CRE*": [CRE1]})),
        ("CRE-01", example(ogd_dt=date(2026, 9, 2))),
        ("CRE-02", example(ogd_dt=date(2026, 6, 9) + timedelta(99), today=date(2026, 10, 1))),
        ("CRE-03", example(pet_dt=date(2026, 8, 25))),
        ("CRE-03", example(pet_dt=date(2026, 8, 10))),
        ("CRE-04", example(pet_done="N")),
        ("CRE-04a", example(eus_done="N")),
        ("CRE-04b", example(ogd_done="N")),
        ("CRE-05", at_cre1(local_call="1")),
        ("CRE-05a", example(visit__code="RST", pet_done="N")),
        ("CRE-06", example(bx_result="scc")),
        ("CRE-07", example(**suspect_node(fna_res="positive"))),
        ("CRE-08", example(pet_dm="proven")),
        ("CRE-08", example(pet_dm="suspect")),
        ("CRE-09", example(bx_result="uncertain")),
        ("CRE-09", example(bx_adequate="insufficient")),
        ("CRE-10", example(bx_review="lgd")),
        ("CRE-11", example(pt_dec="asks_surgery")),
        ("CRE-12", example(**suspect_node(fna_done="N"))),
        ("CRE-13", example(mdt_dt=date(2026, 8, 24))),
        ("CRE-14", example(proc_compl="Y")),
        ("CRE-14", example(proc_compl="Y", **{"AE*": [{"ae_st": "2026-08-25", "cre_rel": "N"}]})),
        ("CRE-14", example(proc_compl="Y", **{"AE*": [{"ae_st": "2026-07", "cre_rel": "Y"}]})),
        ("CRE-14", example(proc_compl="Y", **{"AE*": [{"ae_st": None, "cre_rel": "Y"}]})),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("CRE", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X030", at_cre1(ogd_dt=date(2026, 6, 30))),
        ("X030a", example(ogd_dt=date(2026, 8, 4))),
        ("X031", example(**{"CRE*": [CRE1 | {"local_call": "4", "bx_result": "uncertain"}]})),
        ("X032", example(**{"CRE*": []}, **OVERRULED)),
        ("X032", example(local_call="3", **OVERRULED)),
        ("X032", example(look="mass", pet_prim="focal", **OVERRULED)),
        ("X032", example(bx_adequate="superficial", **OVERRULED)),
        ("X032", example(visit__code="UNS", **{"CRE*": [CRE1 | {"cre_type": "CRE2"}]})),
        ("X032", example(cre_outcome="NON_CCR", **{"CRE*": []})),
        ("X032", example(pet_done="N")),
        ("X033", example(**suspect_node(fna_done="N", fna_why="beside the aorta"))),
        ("X033", example(passable="no", cre_outcome="NOT_EVALUABLE")),
        ("X033", example(passable="no", setting__lumen_must_be_passable=False)),
        ("X034", example(pet_dt=date(2026, 8, 25))),
        ("X034", at_cre1(local_call="1", pet_done="Y", pet_dt=date(2026, 7, 20))),
        ("CRE-03", at_cre1(local_call="1", pet_done="Y", pet_dt=date(2026, 7, 20))),
        ("X035", example(bob_n=0, visit__code="RST", participant__arm="2")),
        ("X035", example(bob_n=0, visit__code="UNS")),
        ("CRE-15", example(look="mass", local_call="4")),
        ("CRE-15", example(look="stricture")),
        ("CRE-15a", example(pet_prim="diffuse")),
        ("CRE-15b", example(pet_nodes=AVID, **suspect_node())),
        ("CRE-15b", example(pet_nodes=AVID, local_call="3")),
        ("CRE-17", in_surveillance(cre_outcome="REGROWTH", local_call="1", proof_dt=date(2026, 12, 9))),
        ("X035", example(bob_n=3, setting__bite_on_bite_min=3)),
        ("X036", example(cre_outcome="NON_CCR", local_call="1", pt_dec="declines_surgery")),
        ("X036", example(cre_outcome="NON_CCR", local_call="1", mdt_dec="surgery")),
        ("X036", example(cre_outcome="NON_CCR", local_call="1", participant__arm="2")),
        (
            "X036a",
            in_surveillance(milestone__CCR=None, **{"CRE*": [CRE1 | {"pt_dec": "declines_surgery"}]}),
        ),
        ("X037", in_surveillance(milestone__SURG=date(2026, 12, 9))),
        ("X037", example(milestone__SURG=date(2026, 8, 1))),
        ("X038a", in_surveillance(cre_outcome="REGROWTH", local_call="1")),
        ("X038a", in_surveillance(cre_outcome="REGROWTH", local_call="1", milestone__CCR=None)),
        ("CRE-01", example(ogd_dt=date(2026, 9, 1))),
        ("CRE-01", example(ogd_dt=date(2026, 9, 9), visit__opens=None, visit__closes=None)),
        ("CRE-02", example(ogd_dt=date(2026, 6, 9) + timedelta(98), today=date(2026, 10, 1))),
        ("CRE-03", example(pet_dt=date(2026, 8, 11))),
        ("CRE-03", example(pet_dt=date(2026, 8, 24))),
        ("CRE-04", at_cre1()),
        ("CRE-04a", at_cre1(eus_done="N")),
        ("CRE-05", at_cre1(local_call="1", pet_done="Y")),
        ("CRE-05a", example(visit__code="RST", pet_done="N", setting__restaging_pet_ct=False)),
        ("CRE-06", example(bx_result="scc", local_call="1")),
        ("CRE-07", example(**suspect_node(fna_res="positive"), local_call="2")),
        ("CRE-08", example(pet_dm="suspect", dist_call="2")),
        ("CRE-08", example(pet_dm="proven", dist_call="1")),
        ("CRE-09", example(bx_result="lgd")),
        ("CRE-10", example(bx_review="none")),
        ("CRE-11", example(pt_dec="declines_workup")),
        ("CRE-12", example(**suspect_node())),
        ("CRE-13", example(mdt_dt=date(2026, 8, 25))),
        ("CRE-14", example(proc_compl="Y", **{"AE*": [{"ae_st": "2026-08-18", "cre_rel": "Y"}]})),
        ("CRE-14", example(proc_compl="Y", **{"AE*": [{"ae_st": "2026-09", "cre_rel": "Y"}]})),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("CRE", case))


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"ogd_done": "N", "cre_outcome": "NOT_EVALUABLE"}, {"ogd_why"}),
        ({"ct_done": "Y"}, {"ct_dt"}),
        ({"pet_dm": "suspect", "dist_call": "2"}, {"pet_dm_site", "pet_dm_note", "override_why"}),
        ({"lugol_new": "Y"}, {"lugol_mm"}),
        ({"eus_any": "Y"}, {"eus_nodes", "override_why"}),
        ({"look": "stricture"}, {"look_note"}),
        ({"bob_n": None}, {"bob_n"}),
        ({"bob_n": None, "visit__code": "RST"}, {"override_why"}),
        ({"pt_dec": "asks_surgery"}, {"pt_reason"}),
        (suspect_node(fna_done="N"), {"eus_nodes.1.fna_why", "override_why"}),
        ({"mdt_dec": None}, {"mdt_dec"}),
    ],
)
def test_what_must_be_answered_then(change: dict, asked: set[str]) -> None:
    assert set(judge("CRE", example(**change)).unanswered) == asked


def test_a_node_that_is_hidden_again_does_not_count() -> None:
    hidden = suspect_node(fna_done="N") | {"eus_any": "N"}
    assert judge("CRE", example(**hidden)).values["cre_outcome_calc"] == "CCR"


def test_two_weeks_after_treatment_is_the_earliest() -> None:
    assert "weeks_post:hard" in found(judge("CRE", at_cre1(ogd_dt=date(2026, 6, 22))))
    assert "weeks_post:hard" not in found(judge("CRE", at_cre1(ogd_dt=date(2026, 6, 23))))


def test_point_14_thickness_stands_beside_its_baseline() -> None:
    values = judge("CRE", example(ct_done="Y", wall_mm=6, STAGE__ct_mm=14, STAGE__eus_mm=12)).values
    assert (values["wall_mm_base"], values["eus_mm_base"]) == (14, 12)


@pytest.mark.parametrize(
    ("base", "now", "drop"),
    [(12, 3, "75.0"), (9, "8.65", "3.9"), (4, 5, "-25.0"), (0, 3, None), (12, 0, "100.0")],
)
def test_uptake_is_compared_with_the_baseline(base: int, now: int | str, drop: str | None) -> None:
    values = judge("CRE", example(pet_suv=Decimal(now), STAGE__suvmax=Decimal(base))).values
    assert values["pet_suv_drop"] == (Decimal(drop) if drop else None)


def test_thickness_that_fell_is_a_change_below_0() -> None:
    values = judge("CRE", example(ct_done="Y", wall_mm=Decimal(6), STAGE__ct_mm=Decimal("14.5"))).values
    assert values["wall_change"] == Decimal("-8.5")
    assert (
        judge("CRE", example(ct_done="Y", wall_mm=Decimal(6), STAGE__ct_mm=None)).values["wall_change"]
        is None
    )


def test_point_14_head_question_and_protocol_say_the_same_of_pet_ct_at_cre1() -> None:
    form, text = catalogue.form("CRE"), load("1.0")
    head, question = str(form.instructions), str(form.questions["pet_done"].help)
    protocol = text.fact("cre1_content").text.en
    for said in (head, question, protocol):
        assert "only when" in said
        assert "positive" in said
    assert head.startswith("CRE-1: endoscopy with bite-on-bite biopsies; PET-CT only when it is positive.")
    assert "PET-CT is due" not in {str(c.message) for c in form.checks if c.when == Is("cre_type", "CRE1")}


@pytest.mark.parametrize(
    ("case", "excluded"),
    [
        (at_cre1(), {"CCR", "PERSISTENT_CCR", "REGROWTH", "RST_CLEAR", "RST_RESIDUE"}),
        (example(), {"PROCEED_TO_CRE2", "RST_CLEAR", "RST_RESIDUE"}),
        (in_surveillance(), {"PROCEED_TO_CRE2", "RST_CLEAR", "RST_RESIDUE"}),
        (
            example(visit__code="RST"),
            {"CCR_SO_FAR", "CCR", "NON_CCR", "PERSISTENT_CCR", "REGROWTH", "PROCEED_TO_CRE2"},
        ),
        (example(visit__code="UNS"), set()),
    ],
)
def test_point_14_an_outcome_that_is_impossible_at_an_evaluation_is_refused(
    case: dict, excluded: set[str]
) -> None:
    """Every outcome of the list is tried at every kind of evaluation; the page offers what is not refused."""
    refused = set()
    for outcome in catalogue.form("CRE").questions["cre_outcome"].codes.values:
        tried = case | {"values": case["values"] | {"cre_outcome": outcome}}
        if any(finding.key == "cre_outcome:offered" for finding in judge("CRE", tried).findings):
            refused.add(outcome)
    assert refused == excluded
