"""Follow-up: what came back, where and when; the milestones; each check (protocol 3.12)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.crf.examples.follow_up import example, recurred, regrown
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("2.1", "3.12", "3.17")

NODE = {"station": "7", "rt_field": "in", "lnd_field": "out"}
PROVEN, SUSPECTED = date(2027, 6, 14), date(2027, 6, 10)
LOGGED = {"ST*": [{"st_kind": "rt", "st_start": "2027-05"}]}
CONTACT = {"fu_dt": date(2027, 5, 20), "alive": "Y"}


DISTANT = {"cre_outcome": "DISTANT", "proven_on": date(2027, 6, 1)}


@pytest.mark.parametrize(
    "case",
    [
        example(),
        recurred(),
        regrown(),
        recurred(rec_type=["node", "anastomotic"], rec_node=[NODE], rec_site=[]),
        example(post_tx_any="Y", **LOGGED),
    ],
)
def test_a_complete_form_has_no_findings(case: dict) -> None:
    outcome = judge("FU", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


@pytest.mark.parametrize(
    ("case", "on"),
    [
        (recurred(), PROVEN),
        (recurred(rec_dt_proof=None), SUSPECTED),
        (recurred(rec_dt_proof=None, dz_status="suspect"), None),
        (example(), None),
    ],
)
def test_the_date_of_the_event(case: dict, on: date | None) -> None:
    assert judge("FU", case).values["recur_dt"] == on


@pytest.mark.parametrize(
    ("case", "set_"),
    [
        (example(), {}),
        (recurred(), {"DM": PROVEN}),
        (regrown(), {"REGROWTH": PROVEN}),
        (recurred(rec_type=["node"], rec_node=[NODE]), {"REGROWTH": PROVEN}),
        (recurred(rec_type=["anastomotic", "distant"]), {"REGROWTH": PROVEN, "DM": PROVEN}),
        (recurred(rec_type=["second_primary"]), {}),
        (recurred(dz_status="suspect", rec_dt_proof=None), {}),
        (recurred(rec_yn="N"), {}),
    ],
)
def test_milestones(case: dict, set_: dict) -> None:
    found = judge("FU", case).milestones
    assert {code: on for code, on in found.items() if on} == set_


def test_five_lesions_are_few() -> None:
    assert judge("FU", recurred(n_lesions=5)).values["oligo"] is True
    assert judge("FU", recurred(n_lesions=6)).values["oligo"] is False


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X022a", example(alive="N")),
        ("X022a", example(alive="N", **{"SURV*": [{"vital": "unknown"}]})),
        ("X038", regrown(milestone__CCR=None)),
        ("X038", regrown(milestone__CCR=date(2027, 6, 15))),
        ("X060", regrown(rec_type=["anastomotic"])),
        ("X060", recurred(rec_type=["anastomotic"], milestone__SURG=date(2027, 6, 15))),
        ("X060a", regrown(milestone__SURG=date(2027, 6, 1))),
        ("X062", recurred(rec_dt_proof=date(2026, 5, 7))),
        ("X063a", example(**{"SURV*": [{"vital": "dead", "death_dt": "2027-05"}]})),
        ("FU-11", recurred(**{"CRE*": [DISTANT]})),
        ("FU-11", regrown(**{"CRE*": [DISTANT | {"cre_outcome": "REGROWTH"}]})),
        ("FU-01", recurred(rec_dt_first_suspect=date(2027, 6, 15))),
        ("FU-02", recurred(dz_status="none")),
        ("FU-03", example(dz_status="suspect")),
        ("FU-04", recurred(rec_dt_proof=date(2027, 6, 20))),
        ("FU-05", example(adj_given="io", adj_drug="nivolumab", adj_start=date(2026, 8, 23))),
        ("FU-05", example(adj_given="chemo", adj_start=date(2026, 11, 17))),
        ("FU-06", example(adj_why=None)),
        ("FU-06", example(adj_why=None, PATH__ypt="T0", PATH__ypn="N1")),
        ("FU-12", example(post_tx_any="Y")),
        ("FU-12", example(post_tx_any="Y", **{"ST*": [{"st_start": "2027-06-15"}]})),
        ("FU-12", example(post_tx_any="Y", **{"FU*": [CONTACT], "ST*": [{"st_start": "2027-05-19"}]})),
        ("FU-08", example(fu_dt=date(2027, 6, 27))),
        ("FU-09", example(img=[{"modality": "ct", "img_dt": date(2027, 6, 15), "img_result": "clear"}])),
        ("FU-10", recurred(rec_method="clinical")),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("FU", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X022a", example(alive="N", **{"SURV*": [{"vital": "dead", "death_dt": "2027-05"}]})),
        ("X038", recurred(milestone__CCR=None)),
        ("X060", recurred(rec_type=["anastomotic"])),
        ("X060a", regrown(milestone__SURG=date(2027, 6, 28))),
        ("X060a", regrown(milestone__SURG=SUSPECTED)),
        ("X062", recurred(rec_dt_proof=date(2026, 5, 8))),
        ("X063a", example(alive="N", **{"SURV*": [{"vital": "dead", "death_dt": "2027-05"}]})),
        ("X063a", example(**{"SURV*": [{"vital": "dead", "death_dt": "2027-06"}]})),
        ("FU-01", recurred(rec_dt_first_suspect=PROVEN)),
        ("FU-02", recurred(dz_status="suspect")),
        ("FU-05", example(adj_given="chemo", adj_start=date(2026, 8, 24))),
        ("FU-05", example(adj_given="chemo", adj_start=date(2026, 11, 16))),
        ("FU-06", example(adj_why=None, PATH__ypt="T0")),
        ("FU-06", example(adj_why=None, PATH__ypt=None, PATH__ypn=None)),
        ("FU-06", example(adj_given="chemo", adj_start=date(2026, 9, 1))),
        ("FU-12", example(post_tx_any="N")),
        ("FU-12", example(post_tx_any="Y", **LOGGED)),
        ("FU-12", example(post_tx_any="Y", **{"ST*": [{"st_start": "2027-06-14"}]})),
        ("FU-12", example(post_tx_any="Y", **{"ST*": [{"st_start": None}]})),
        ("FU-12", example(post_tx_any="Y", **{"FU*": [CONTACT], **LOGGED})),
        ("FU-08", example(fu_dt=date(2027, 6, 26))),
        ("FU-09", example(fu_dt=SUSPECTED)),
        ("FU-10", recurred(rec_method="imaging")),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("FU", case))


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (example(exam=None, wt=None), {"exam", "wt"}),
        (example(contact="phone", exam=None, wt=None, stricture=None), set()),
        (example(exam="abnormal"), {"exam_txt"}),
        (example(img=[]), {"img"}),
        (example(stricture="Y"), {"dilat_n"}),
        (example(stricture="Y", dilat_n=2), {"dilats"}),
        (recurred(rec_site=[]), {"rec_site"}),
        (recurred(rec_type=["node"]), {"rec_node"}),
        (recurred(rec_site=[{"organ": "other"}]), {"rec_site.1.organ_txt"}),
        (recurred(rec_dt_proof=None), {"rec_dt_proof"}),
        (recurred(rec_dt_proof=None, dz_status="suspect"), set()),
        (example(post_tx_any=None), {"post_tx_any"}),
        (example(visit__code="ADJ", adj_given=None), {"adj_given"}),
        (example(adj_given="io"), {"adj_drug", "adj_start"}),
        (example(alive="N", ecog=None, dysph=None, feed=None, exam=None, wt=None), set()),
    ],
)
def test_what_must_be_answered_then(case: dict, asked: set[str]) -> None:
    assert set(judge("FU", case).unanswered) == asked


def test_adjuvant_treatment_is_asked_after_an_operation_only() -> None:
    assert "adj_given" not in judge("FU", regrown()).visible
    assert judge("FU", regrown(adj_given="chemo")).values["adj_given"] is None


def test_point_15_the_first_contact_that_tells_of_a_finding_is_compared_with_its_evaluation() -> None:
    same = DISTANT | {"proven_on": date(2027, 6, 14)}
    earlier = {"rec_type": ["distant"], "recur_dt": date(2027, 6, 1)}
    assert "FU-11" not in codes(judge("FU", recurred(**{"CRE*": [same]})))
    assert "FU-11" not in codes(judge("FU", recurred(**{"CRE*": [DISTANT], "FU*": [earlier]})))
    assert "FU-11" not in codes(judge("FU", recurred(**{"CRE*": [DISTANT | {"cre_outcome": "REGROWTH"}]})))
    assert "FU-11" not in codes(judge("FU", example(**{"CRE*": [DISTANT]})))


def test_the_scale_of_the_dysphagia_is_named() -> None:
    assert judge("FU", example()).values["dysph_scale"] == "mellow_pinkas"
    assert judge("FU", example(dysph=None)).values["dysph_scale"] is None
