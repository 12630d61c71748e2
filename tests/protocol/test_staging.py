"""Chapter 4: every cell of the grids 4.2 and 4.3, every row of 4.4."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import staging

CHAPTERS = ("4.1", "4.2", "4.3", "4.4", "4.5")

COLUMNS = ("N0", "N1", "N2", "N3")

CLINICAL_GRID = {
    "Tis": ("0", None, None, "IVA"),
    "T1": ("I", "I", "III", "IVA"),
    "T1a": ("I", "I", "III", "IVA"),
    "T1b": ("I", "I", "III", "IVA"),
    "T2": ("II", "II", "III", "IVA"),
    "T3": ("II", "III", "III", "IVA"),
    "T4": ("IVA", "IVA", "IVA", "IVA"),
    "T4a": ("IVA", "IVA", "IVA", "IVA"),
    "T4b": ("IVA", "IVA", "IVA", "IVA"),
    "TX": (None, None, None, "IVA"),
    "T0": (None, None, None, "IVA"),
}

YP_GRID = {
    "T0": ("I", "IIIA", "IIIB", "IVA"),
    "Tis": ("I", "IIIA", "IIIB", "IVA"),
    "T1": ("I", "IIIA", "IIIB", "IVA"),
    "T1a": ("I", "IIIA", "IIIB", "IVA"),
    "T1b": ("I", "IIIA", "IIIB", "IVA"),
    "T2": ("I", "IIIA", "IIIB", "IVA"),
    "T3": ("II", "IIIB", "IIIB", "IVA"),
    "T4a": ("IIIB", "IVA", "IVA", "IVA"),
    "T4b": ("IVA", "IVA", "IVA", "IVA"),
    "T4": (None, None, None, "IVA"),
    "TX": (None, None, None, "IVA"),
}

CLINICAL_CELLS = [(t, n, row[i]) for t, row in CLINICAL_GRID.items() for i, n in enumerate(COLUMNS)]
YP_CELLS = [(t, n, row[i]) for t, row in YP_GRID.items() for i, n in enumerate(COLUMNS)]

# Row, pT, pN, M, grades, locations, group: one entry per printed row of table 4.4.
ANY_G, ANY_L = ("G1", "G2", "G3", "GX"), ("upper", "middle", "lower", "X")
P_ROWS = [
    ("p1", ["Tis"], ["N0"], "M0", ANY_G, ANY_L, "0"),
    ("p2", ["T1a"], ["N0"], "M0", ["G1"], ANY_L, "IA"),
    ("p3", ["T1a"], ["N0"], "M0", ["GX"], ANY_L, "IA"),
    ("p4", ["T1a"], ["N0"], "M0", ["G2", "G3"], ANY_L, "IB"),
    ("p5", ["T1b"], ["N0"], "M0", ANY_G, ANY_L, "IB"),
    ("p6", ["T2"], ["N0"], "M0", ["G1"], ANY_L, "IB"),
    ("p7", ["T2"], ["N0"], "M0", ["G2", "G3", "GX"], ANY_L, "IIA"),
    ("p8", ["T3"], ["N0"], "M0", ANY_G, ["lower"], "IIA"),
    ("p9", ["T3"], ["N0"], "M0", ["G1"], ["upper", "middle"], "IIA"),
    ("p10", ["T3"], ["N0"], "M0", ["G2", "G3"], ["upper", "middle"], "IIB"),
    ("p11", ["T3"], ["N0"], "M0", ["GX"], ["upper", "middle", "X"], "IIB"),
    ("p12", ["T3"], ["N0"], "M0", ANY_G, ["X"], "IIB"),
    ("p13", ["T1", "T1a", "T1b"], ["N1"], "M0", ANY_G, ANY_L, "IIB"),
    ("p14", ["T1", "T1a", "T1b"], ["N2"], "M0", ANY_G, ANY_L, "IIIA"),
    ("p15", ["T2"], ["N1"], "M0", ANY_G, ANY_L, "IIIA"),
    ("p16", ["T2"], ["N2"], "M0", ANY_G, ANY_L, "IIIB"),
    ("p17", ["T3"], ["N1", "N2"], "M0", ANY_G, ANY_L, "IIIB"),
    ("p18", ["T4a"], ["N0", "N1"], "M0", ANY_G, ANY_L, "IIIB"),
    ("p19", ["T4a"], ["N2"], "M0", ANY_G, ANY_L, "IVA"),
    ("p20", ["T4b"], ["N0", "N1", "N2"], "M0", ANY_G, ANY_L, "IVA"),
    ("p21", staging.T_CATEGORIES, ["N3"], "M0", ANY_G, ANY_L, "IVA"),
    ("p22", staging.T_CATEGORIES, staging.N_CATEGORIES, "M1", ANY_G, ANY_L, "IVB"),
]


@pytest.mark.parametrize(("t", "n", "group"), CLINICAL_CELLS)
def test_each_cell_of_the_clinical_grid(t: str, n: str, group: str | None) -> None:
    assert staging.clinical_stage(t, n, "M0") == group


@pytest.mark.parametrize(("t", "n", "group"), YP_CELLS)
def test_each_cell_of_the_yp_grid(t: str, n: str, group: str | None) -> None:
    assert staging.pathological_stage(t, n, "M0") == group


@pytest.mark.parametrize("row", P_ROWS, ids=lambda row: row[0])
def test_each_row_of_the_p_table(row: tuple) -> None:
    _code, ts, ns, m, grades, locations, group = row
    for t, n, grade, location in product(ts, ns, grades, locations):
        found = staging.pathological_stage(t, n, m, prefix="p", grade=grade, location=location)
        assert found == group, (t, n, m, grade, location)


def test_the_rows_of_the_module_are_the_rows_of_the_table() -> None:
    assert [row.code for row in staging.P_TABLE] == [row[0] for row in P_ROWS]
    assert [row.group for row in staging.P_TABLE] == [row[-1] for row in P_ROWS]


@pytest.mark.parametrize(
    ("prefix", "t", "n", "m", "group"),
    [
        ("c", "T3", "N1", "M0", "III"),
        ("c", "T2", "N0", "M0", "II"),
        ("c", "T4a", "N0", "M0", "IVA"),
        ("c", "T1b", "N2", "M0", "III"),
        ("c", "T3", "N3", "M0", "IVA"),
        ("yp", "T0", "N0", "M0", "I"),
        ("yp", "T0", "N1", "M0", "IIIA"),
        ("yp", "T2", "N2", "M0", "IIIB"),
        ("yp", "T3", "N0", "M0", "II"),
        ("yp", "T4a", "N0", "M0", "IIIB"),
        ("yp", "T4a", "N1", "M0", "IVA"),
        ("yp", "T4b", "N0", "M0", "IVA"),
        ("yp", "T0", "N3", "M0", "IVA"),
        ("c", "TX", "N0", "M0", None),
        ("yp", "TX", "N0", "M0", None),
        ("yp", "T4a", "NX", "M0", "IVA"),
        ("c", "T4a", "NX", "M0", None),
    ],
)
def test_the_expected_cells_of_4_5(prefix: str, t: str, n: str, m: str, group: str | None) -> None:
    assert staging.read_stage(prefix, t, n, m).group == group


@pytest.mark.parametrize("prefix", ["c", "yp", "p"])
@pytest.mark.parametrize(("t", "n"), list(product(staging.T_CATEGORIES, staging.N_CATEGORIES)))
def test_any_metastasis_is_IVB(prefix: str, t: str, n: str) -> None:  # noqa: N802 - the group's own spelling
    assert staging.read_stage(prefix, t, n, "M1").group == "IVB"


@pytest.mark.parametrize(("t", "group"), [("T0", None), ("T2", None), ("T4a", "IVA"), ("T4b", None)])
def test_nodes_not_assessed_group_only_where_the_table_says_so(t: str, group: str | None) -> None:
    assert staging.pathological_stage(t, "NX", "M0") == group


@pytest.mark.parametrize(
    ("t", "n", "m"),
    [
        ("T3", "N1", None),
        (None, "N0", "M0"),
        ("T2", None, "M0"),
        ("T9", "N0", "M1"),
        ("", "N3", "M0"),
        (None,) * 3,
    ],
)
def test_what_cannot_be_derived_is_none(t: str | None, n: str | None, m: str | None) -> None:
    assert staging.clinical_stage(t, n, m) is None
    assert staging.pathological_stage(t, n, m) is None


@pytest.mark.parametrize(
    ("t", "n", "m", "group"),
    [(None, "N2", "M1", "IVB"), ("T2", None, "M1", "IVB"), (None, "N3", "M0", "IVA")],
)
def test_an_open_category_does_not_matter_where_every_value_agrees(
    t: str | None, n: str | None, m: str, group: str
) -> None:
    assert staging.read_stage("c", t, n, m) == staging.StageReading(group, "c9" if m == "M1" else "c8")


@pytest.mark.parametrize(
    ("t", "grade", "location", "group"),
    [
        ("T1b", None, None, "IB"),
        ("T1a", None, None, None),
        ("T1", "G2", "lower", None),
        ("T3", None, "lower", "IIA"),
        ("T3", "G2", None, None),
        ("T3", None, "upper", None),
        ("T2", "NAP", "X", None),
        ("Tis", "NAP", "cardia", "0"),
    ],
)
def test_an_open_grade_or_location_gives_a_group_only_when_it_cannot_matter(
    t: str, grade: str | None, location: str | None, group: str | None
) -> None:
    assert staging.pathological_stage(t, "N0", "M0", prefix="p", grade=grade, location=location) == group


def test_an_open_grade_names_no_single_row() -> None:
    assert staging.read_stage("p", "T3", "N0", "M0", location="X") == staging.StageReading("IIB", None)


def test_the_known_ambiguity_is_read_as_IIA_with_a_note() -> None:  # noqa: N802
    read = staging.read_stage("p", "T3", "N0", "M0", grade="GX", location="lower")
    assert read == staging.StageReading("IIA", "p8", staging.GX_LOWER_NOTE)
    assert staging.read_stage("p", "T3", "N0", "M0", grade="G2", location="lower").note is None


def test_a_grade_changes_nothing_after_neoadjuvant_treatment() -> None:
    assert staging.pathological_stage("T2", "N0", "M0", grade="NAP", location="lower") == "I"


def test_a_clinical_stage_is_not_asked_of_the_pathological_tables() -> None:
    with pytest.raises(ValueError, match="clinical_stage"):
        staging.pathological_stage("T2", "N0", "M0", prefix="c")


@pytest.mark.parametrize("prefix", ["c", "yp"])
def test_no_combination_has_two_groups(prefix: str) -> None:
    for t, n, m in product(staging.T_CATEGORIES, staging.N_CATEGORIES, staging.M_CATEGORIES):
        groups = {row.group for row in staging.TABLES[prefix] if row.holds(t, n, m, "GX", "X")}
        assert len(groups) <= 1, (t, n, m)


def test_no_combination_of_the_p_table_has_two_groups() -> None:
    for t, n, m, grade, location in product(
        staging.T_CATEGORIES, staging.N_CATEGORIES, staging.M_CATEGORIES, staging.GRADES, staging.LOCATIONS
    ):
        assert len({row.group for row in staging.P_TABLE if row.holds(t, n, m, grade, location)}) <= 1


def test_the_eligible_population_falls_into_the_three_strata() -> None:
    groups = {
        staging.stage_group_for_stratum(staging.clinical_stage(t, n, "M0"))
        for t, n in product(("T2", "T3", "T4a"), COLUMNS)
    }
    assert groups == {"II", "III", "IVA"}


@pytest.mark.parametrize("stage", ["0", "I", "IVB", None, "IIA"])
def test_other_groups_have_no_stratum(stage: str | None) -> None:
    assert staging.stage_group_for_stratum(stage) is None


@pytest.mark.parametrize(
    ("count", "category"),
    [(None, None), (-1, None), (0, "N0"), (1, "N1"), (2, "N1"), (3, "N2"), (6, "N2"), (7, "N3"), (40, "N3")],
)
def test_n_category_of_a_count(count: int | None, category: str | None) -> None:
    assert staging.n_category(count) == category


@given(st.integers(0, 200), st.integers(0, 200))
def test_more_nodes_never_make_a_lower_category(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert (staging.n_category(low) or "") <= (staging.n_category(high) or "")


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("cT2", "T2"),
        ("ypT4a", "T4a"),
        ("pN1", "N1"),
        ("uTX", "TX"),
        ("T3", "T3"),
        ("Tis", "Tis"),
        (None, None),
    ],
)
def test_a_code_without_its_prefix(code: str | None, plain: str | None) -> None:
    assert staging.bare(code) == plain


@pytest.mark.parametrize(
    ("subsite", "location"),
    [("cervical", "upper"), ("upper", "upper"), ("middle", "middle"), ("lower", "lower"), ("EGJ", "lower"),
     ("elsewhere", None), (None, None)],
)  # fmt: skip
def test_location_of_a_subsite(subsite: str | None, location: str | None) -> None:
    assert staging.location_of_subsite(subsite) == location
