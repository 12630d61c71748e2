"""Chapters 3.9 and 6.4: response, regression, margins and the agreement of the answers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import pathology
from protocol.pathology import Resection

CHAPTERS = ("1.6", "3.9", "3.17", "6.4")


@pytest.mark.parametrize(
    ("ypt", "ypn", "complete"),
    [
        ("T0", "N0", True),
        ("T0", "N1", False),
        ("T1a", "N0", False),
        ("Tis", "N0", False),
        ("T0", "NX", None),
        ("TX", "N0", None),
        ("TX", "N2", False),
        ("T2", None, False),
        (None, "N1", False),
        (None, "N0", None),
        ("T0", None, None),
        (None, None, None),
    ],
)
def test_pathological_complete_response(ypt: str | None, ypn: str | None, complete: bool | None) -> None:
    assert pathology.pcr(ypt, ypn) is complete


def test_carcinoma_in_situ_counts_only_by_setting() -> None:
    assert pathology.pcr("Tis", "N0", ypis_counts=True) is True
    assert pathology.pcr("Tis", "N1", ypis_counts=True) is False


# residual percent: major response, Becker, four steps
REGRESSION = [
    (None, None, None, None),
    ("", None, None, None),
    (0, True, "1a", 1),
    ("<1", True, "1b", 2),
    ("< 1", True, "1b", 2),
    (1, True, "1b", 2),
    (9, True, "1b", 2),
    (10, True, "2", 2),
    (11, False, "2", 3),
    (Decimal("50"), False, "2", 3),
    (51, False, "3", 4),
    ("100", False, "3", 4),
    ("a third", None, None, None),
    (101, None, None, None),
    (-1, None, None, None),
]


@pytest.mark.parametrize(("percent", "major", "becker", "four"), REGRESSION)
def test_regression(percent: object, major: bool | None, becker: str | None, four: int | None) -> None:
    assert (pathology.mpr(percent, at_most=10), pathology.becker(percent), pathology.four_step(percent)) == (
        major,
        becker,
        four,
    )


def margins(proximal: object, distal: object, circumferential: object) -> dict[str, object]:
    return {"inv_prox": proximal, "inv_dist": distal, "inv_crm": circumferential}


@pytest.mark.parametrize(
    ("involved", "macro", "status"),
    [
        (("N", "N", "N"), "none", Resection.R0),
        (("N", "N", "Y"), "none", Resection.R1),
        (("Y", None, None), "none", Resection.R1),
        (("N", "N", None), "none", None),
        (("N", "N", "N"), None, None),
        (("Y", "N", "N"), "", None),
        (("N", "N", "N"), "r2_local", Resection.R2),
        ((None, None, None), "m1", Resection.R2),
    ],
)
def test_r_status_by_the_cap_rule(involved: tuple, macro: str | None, status: Resection | None) -> None:
    assert pathology.r_status(**margins(*involved), resid_macro=macro) == status


@pytest.mark.parametrize(
    ("crm_mm", "involved", "macro", "status"),
    [
        (Decimal("1.1"), ("N", "N", "N"), "none", Resection.R0),
        (Decimal("1.0"), ("N", "N", "N"), "none", Resection.R1),
        (0.4, ("N", "N", None), "none", Resection.R1),
        (5, ("N", "N", None), "none", None),
        (None, ("N", "N", "N"), "none", None),
        (None, ("N", "Y", "N"), "none", Resection.R1),
        (0.4, ("N", "N", "N"), "r2_nodes", Resection.R2),
        (0.4, ("N", "N", "N"), None, None),
    ],
)
def test_r_status_by_the_1_mm_rule(
    crm_mm: object, involved: tuple, macro: str | None, status: Resection | None
) -> None:
    assert pathology.r_rcp(crm_mm=crm_mm, **margins(*involved), resid_macro=macro) == status


@pytest.mark.parametrize(("count", "category"), [(None, None), (0, "N0"), (2, "N1"), (3, "N2"), (7, "N3")])
def test_ypn_from_count(count: int | None, category: str | None) -> None:
    assert pathology.ypn_from_count(count) == category


@pytest.mark.parametrize(
    ("positive", "examined", "ratio"),
    [(3, 24, 0.125), (0, 0, None), (None, 9, None), (1, None, None), (3, 1, None)],
)
def test_node_ratio(positive: int | None, examined: int | None, ratio: float | None) -> None:
    assert pathology.node_ratio(positive, examined) == ratio


@pytest.mark.parametrize(
    ("before", "after", "lower"),
    [
        ("T3", "T2", True),
        ("T3", "T3", False),
        ("T2", "T3", False),
        ("T4b", "T4a", False),
        ("T1b", "Tis", True),
        ("T3", "T0", True),
        ("TX", "T0", None),
        ("T3", None, None),
    ],
)
def test_downstaging_of_the_primary(before: str, after: str | None, lower: bool | None) -> None:
    assert pathology.downstaged_t(before, after) is lower


@pytest.mark.parametrize(
    ("before", "after", "lower"),
    [("N2", "N0", True), ("N0", "N0", False), ("NX", "N0", None), ("N1", "NX", None)],
)
def test_downstaging_of_the_nodes(before: str, after: str, lower: bool | None) -> None:
    assert pathology.downstaged_n(before, after) is lower


@pytest.mark.parametrize(
    ("percent", "cap", "mandard", "agrees"),
    [
        ("<1", "1", "2", True),
        (10, "1", "2", True),
        (11, "1", None, False),
        (11, None, "2", False),
        (0, "1", None, False),
        (49, "3", None, False),
        (49, None, "5", False),
        (2, "3", "5", False),
        (50, "3", "5", True),
        (90, 2, 4, True),
        (5, "2", "3", True),
        (None, "3", "5", True),
        (20, None, "", True),
    ],
)
def test_point_16_regression_against_residue_at_both_ends(
    percent: object, cap: object, mandard: object, agrees: bool
) -> None:
    found = pathology.regression_agrees(
        resid_pct=percent, trg_cap=cap, trg_mandard=mandard, small_to=10, large_from=50
    )
    assert found is agrees


@pytest.mark.parametrize(
    ("no_tumour", "percent", "ypt", "ypn", "agrees"),
    [
        (True, 0, "T0", "N0", True),
        (True, 0, "Tis", "N0", True),
        (True, None, "TX", None, True),
        (True, "<1", "T0", "N0", False),
        (True, 3, "T0", "N0", False),
        (True, 0, "T3", "N0", False),
        (True, 0, "T1a", "N0", False),
        (False, 0, "T0", "N0", False),
        (False, 0, "T0", "N1", True),
        (False, 0, "Tis", "N0", True),
        (False, 20, "T2", "N0", True),
    ],
)
def test_point_16_no_tumour_in_the_specimen(
    no_tumour: bool, percent: object, ypt: str | None, ypn: str | None, agrees: bool
) -> None:
    found = pathology.no_tumour_agrees(no_tumour=no_tumour, resid_pct=percent, ypt=ypt, ypn=ypn)
    assert found is agrees


@pytest.mark.parametrize(
    ("layers", "ypt", "agrees"),
    [
        (["mucosa"], "T1a", True),
        (["mucosa"], "Tis", True),
        (["muscle", "mucosa"], "T2", True),
        (["adventitia"], "T4b", True),
        (["mucosa", "submucosa"], "T2", False),
        (["adventitia"], "T2", False),
        ([], "T3", True),
        (["muscle"], "TX", True),
        (["muscle"], None, True),
    ],
)
def test_the_deepest_layer_is_that_of_ypt(layers: list[str], ypt: str | None, agrees: bool) -> None:
    assert pathology.layers_agree(layers=layers, ypt=ypt) is agrees


@pytest.mark.parametrize(
    ("percent", "ypt", "cap", "mandard", "agrees"),
    [
        (0, "T0", "0", "1", True),
        (0, "T0", 0, 1, True),
        (5, "T2", "1", "2", True),
        (0, "Tis", "0", "1", True),
        (0, "T1a", "0", "1", False),
        ("<1", "T0", "0", "1", False),
        (0, "T0", "1", "1", False),
        (0, "T0", "0", "2", False),
        (None, "T0", None, "2", False),
        (None, "TX", None, "", True),
        (0, None, None, None, True),
    ],
)
def test_x045(percent: object, ypt: str | None, cap: object, mandard: object, agrees: bool) -> None:
    found = pathology.complete_response_agrees(resid_pct=percent, ypt=ypt, trg_cap=cap, trg_mandard=mandard)
    assert found is agrees


@pytest.mark.parametrize(
    ("ypt", "grade", "lvi", "pni", "agrees"),
    [
        ("T0", "NAP", "N", "N", True),
        ("T0", None, None, "U", True),
        ("T0", "G2", "N", "N", False),
        ("T0", "NAP", "Y", "N", False),
        ("T0", "NAP", "N", "Y", False),
        ("T2", "G2", "Y", "Y", True),
    ],
)
def test_x046(ypt: str, grade: str | None, lvi: str | None, pni: str, agrees: bool) -> None:
    assert pathology.tumour_features_agree(ypt=ypt, grade=grade, lvi=lvi, pni=pni) is agrees


@pytest.mark.parametrize(
    ("involved", "distance", "agrees"),
    [
        ("Y", 0, True),
        ("N", Decimal("0.5"), True),
        ("Y", 1, False),
        ("N", 0, False),
        (None, 0, True),
        ("Y", None, True),
    ],
)
def test_x047(involved: object, distance: object, agrees: bool) -> None:
    assert pathology.margin_agrees(involved, distance) is agrees


@pytest.mark.parametrize(
    ("examined", "positive", "ypn", "agrees"),
    [
        (24, 3, "N2", True),
        (24, 3, "N1", False),
        (2, 3, "N2", False),
        (3, 3, "N2", True),
        (None, 3, "N2", True),
        (24, 3, None, True),
        (24, 3, "NX", True),
        (24, None, "N2", True),
    ],
)
def test_x044_counts(examined: int | None, positive: int | None, ypn: str | None, agrees: bool) -> None:
    assert pathology.node_counts_agree(examined=examined, positive=positive, ypn=ypn) is agrees


@pytest.mark.parametrize(
    ("total", "stations", "agrees"),
    [(5, (2, 3), True), (5, (2, 2), False), (5, (), True), (None, (2,), True), (5, (2, None), True)],
)
def test_x044_stations(total: int | None, stations: tuple, agrees: bool) -> None:
    assert pathology.station_sums_agree(total, stations) is agrees


@given(st.integers(0, 100), st.integers(0, 100))
def test_more_residue_never_makes_a_better_grade(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert (pathology.four_step(low) or 0) <= (pathology.four_step(high) or 0)
    assert (pathology.becker(low) or "") <= (pathology.becker(high) or "")
