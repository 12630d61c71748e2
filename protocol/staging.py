"""Stage groups of the AJCC/UICC 8th edition for oesophageal squamous cell carcinoma (protocol section 4).

The groupings are data, one row per printed row, so that a clinician can lay them beside the manual.
A stage is derived only when it follows from what is stated: an unanswered category (``None``) could
be anything, so a group is given only if every value it could take leads to that same group.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from types import MappingProxyType

T_CATEGORIES = ("TX", "T0", "Tis", "T1", "T1a", "T1b", "T2", "T3", "T4", "T4a", "T4b")
N_CATEGORIES = ("NX", "N0", "N1", "N2", "N3")
M_CATEGORIES = ("M0", "M1")
GRADES = ("GX", "G1", "G2", "G3")
LOCATIONS = ("upper", "middle", "lower", "X")

CLINICAL_GROUPS = ("0", "I", "II", "III", "IVA", "IVB")
YP_GROUPS = ("I", "II", "IIIA", "IIIB", "IVA", "IVB")
P_GROUPS = ("0", "IA", "IB", "IIA", "IIB", "IIIA", "IIIB", "IVA", "IVB")
STRATUM_GROUPS = ("II", "III", "IVA")

GX_LOWER_NOTE = "pT3N0_GX_lower_read_as_IIA"

_ANY_T, _ANY_N, _ANY_G, _ANY_L = T_CATEGORIES, N_CATEGORIES, GRADES, LOCATIONS
_T1 = ("T1", "T1a", "T1b")
_T0_TO_T2 = ("T0", "Tis", *_T1, "T2")
_G23 = ("G2", "G3")
_G23X = ("G2", "G3", "GX")


@dataclass(frozen=True, slots=True)
class StageRow:
    """One printed row of a grouping table: any combination of its categories is in its group."""

    code: str
    t: tuple[str, ...]
    n: tuple[str, ...]
    m: tuple[str, ...]
    group: str
    grade: tuple[str, ...] = _ANY_G
    location: tuple[str, ...] = _ANY_L

    def holds(self, t: str, n: str, m: str, grade: str, location: str) -> bool:
        """Whether this row names the combination (protocol 4.2 to 4.4)."""
        return (
            t in self.t and n in self.n and m in self.m and grade in self.grade and location in self.location
        )


CLINICAL_TABLE = (
    StageRow("c1", ("Tis",), ("N0",), ("M0",), "0"),
    StageRow("c2", _T1, ("N0", "N1"), ("M0",), "I"),
    StageRow("c3", ("T2",), ("N0", "N1"), ("M0",), "II"),
    StageRow("c4", ("T3",), ("N0",), ("M0",), "II"),
    StageRow("c5", ("T3",), ("N1",), ("M0",), "III"),
    StageRow("c6", (*_T1, "T2", "T3"), ("N2",), ("M0",), "III"),
    StageRow("c7", ("T4", "T4a", "T4b"), ("N0", "N1", "N2"), ("M0",), "IVA"),
    StageRow("c8", _ANY_T, ("N3",), ("M0",), "IVA"),
    StageRow("c9", _ANY_T, _ANY_N, ("M1",), "IVB"),
)

YP_TABLE = (
    StageRow("y1", _T0_TO_T2, ("N0",), ("M0",), "I"),
    StageRow("y2", ("T3",), ("N0",), ("M0",), "II"),
    StageRow("y3", _T0_TO_T2, ("N1",), ("M0",), "IIIA"),
    StageRow("y4", ("T3",), ("N1",), ("M0",), "IIIB"),
    StageRow("y5", (*_T0_TO_T2, "T3"), ("N2",), ("M0",), "IIIB"),
    StageRow("y6", ("T4a",), ("N0",), ("M0",), "IIIB"),
    StageRow("y7", ("T4a",), ("N1", "N2"), ("M0",), "IVA"),
    StageRow("y8", ("T4a",), ("NX",), ("M0",), "IVA"),
    StageRow("y9", ("T4b",), ("N0", "N1", "N2"), ("M0",), "IVA"),
    StageRow("y10", _ANY_T, ("N3",), ("M0",), "IVA"),
    StageRow("y11", _ANY_T, _ANY_N, ("M1",), "IVB"),
)

# Only for a patient operated without neoadjuvant treatment. T3N0 with GX at the lower location is
# printed twice in public tables (IIA by location, IIB by grade); the protocol reads it as IIA, so
# p11 leaves the lower location out, and the reading carries GX_LOWER_NOTE.
P_TABLE = (
    StageRow("p1", ("Tis",), ("N0",), ("M0",), "0"),
    StageRow("p2", ("T1a",), ("N0",), ("M0",), "IA", ("G1",)),
    StageRow("p3", ("T1a",), ("N0",), ("M0",), "IA", ("GX",)),
    StageRow("p4", ("T1a",), ("N0",), ("M0",), "IB", _G23),
    StageRow("p5", ("T1b",), ("N0",), ("M0",), "IB", _ANY_G),
    StageRow("p6", ("T2",), ("N0",), ("M0",), "IB", ("G1",)),
    StageRow("p7", ("T2",), ("N0",), ("M0",), "IIA", _G23X),
    StageRow("p8", ("T3",), ("N0",), ("M0",), "IIA", _ANY_G, ("lower",)),
    StageRow("p9", ("T3",), ("N0",), ("M0",), "IIA", ("G1",), ("upper", "middle")),
    StageRow("p10", ("T3",), ("N0",), ("M0",), "IIB", _G23, ("upper", "middle")),
    StageRow("p11", ("T3",), ("N0",), ("M0",), "IIB", ("GX",), ("upper", "middle", "X")),
    StageRow("p12", ("T3",), ("N0",), ("M0",), "IIB", _ANY_G, ("X",)),
    StageRow("p13", _T1, ("N1",), ("M0",), "IIB"),
    StageRow("p14", _T1, ("N2",), ("M0",), "IIIA"),
    StageRow("p15", ("T2",), ("N1",), ("M0",), "IIIA"),
    StageRow("p16", ("T2",), ("N2",), ("M0",), "IIIB"),
    StageRow("p17", ("T3",), ("N1", "N2"), ("M0",), "IIIB"),
    StageRow("p18", ("T4a",), ("N0", "N1"), ("M0",), "IIIB"),
    StageRow("p19", ("T4a",), ("N2",), ("M0",), "IVA"),
    StageRow("p20", ("T4b",), ("N0", "N1", "N2"), ("M0",), "IVA"),
    StageRow("p21", _ANY_T, ("N3",), ("M0",), "IVA"),
    StageRow("p22", _ANY_T, _ANY_N, ("M1",), "IVB"),
)

TABLES = MappingProxyType({"c": CLINICAL_TABLE, "yp": YP_TABLE, "p": P_TABLE})

_LOCATION_OF_SUBSITE = MappingProxyType(
    {"cervical": "upper", "upper": "upper", "middle": "middle", "lower": "lower", "egj": "lower"}
)


@dataclass(frozen=True, slots=True)
class StageReading:
    """A stage group, the printed row it was read from, and a note where the printed tables disagree."""

    group: str | None
    row: str | None = None
    note: str | None = None


def bare(code: str | None) -> str | None:
    """``code`` without its classification prefix: "cT2", "ypT2", "pT2" and "uT2" are all "T2"
    (protocol 4.1).
    """
    return None if code is None else code.lstrip("cypu")


@lru_cache(maxsize=4096)
def read_stage(
    prefix: str,
    t: str | None,
    n: str | None,
    m: str | None,
    *,
    grade: str | None = None,
    location: str | None = None,
) -> StageReading:
    """The group of a c, yp or p stage, with the row that says so; empty when none can be derived (protocol
    4.2-4.4).
    """
    table = TABLES[prefix]
    grades, locations = _grades_and_locations(prefix, grade, location)
    known: set[tuple[str | None, str | None]] = set()
    for combination in product(
        _possible(t, T_CATEGORIES), _possible(n, N_CATEGORIES), _possible(m, M_CATEGORIES), grades, locations
    ):
        row = next((row for row in table if row.holds(*combination)), None)
        known.add((row.group, row.code) if row else (None, None))
    groups = {group for group, _row in known}
    if len(groups) != 1 or None in groups:
        return StageReading(None)
    rows = {row for _group, row in known}
    return StageReading(
        group=groups.pop(),
        row=rows.pop() if len(rows) == 1 else None,
        note=GX_LOWER_NOTE
        if (prefix, t, n, m, grade, location) == ("p", "T3", "N0", "M0", "GX", "lower")
        else None,
    )


def clinical_stage(t: str | None, n: str | None, m: str | None) -> str | None:
    """The cTNM group of squamous cell carcinoma, ``None`` where it cannot be grouped (protocol 4.2)."""
    return read_stage("c", t, n, m).group


def pathological_stage(
    t: str | None,
    n: str | None,
    m: str | None,
    *,
    prefix: str = "yp",
    grade: str | None = None,
    location: str | None = None,
) -> str | None:
    """The ypTNM group, or the pTNM group of a patient operated untreated; ``None`` if not derivable (protocol
    4.3, 4.4).

    Only the pTNM table asks for ``grade`` and ``location``.
    """
    if prefix not in ("yp", "p"):
        raise ValueError(f"a pathological stage is 'yp' or 'p', not {prefix!r}: use clinical_stage for cTNM")
    return read_stage(prefix, t, n, m, grade=grade, location=location).group


def stage_group_for_stratum(stage: str | None) -> str | None:
    """The stage stratum of a clinical group: II, III or IVA; ``None`` for any group outside the trial
    (protocol 1.9).
    """
    return stage if stage in STRATUM_GROUPS else None


def n_category(count: int | None) -> str | None:
    """The N category of a number of positive regional nodes: 0, 1-2, 3-6, 7 or more (protocol 4.1)."""
    if count is None or count < 0:
        return None
    if count == 0:
        return "N0"
    if count <= 2:
        return "N1"
    return "N2" if count <= 6 else "N3"


def location_of_subsite(subsite: str | None) -> str | None:
    """The location of the pTNM table for a subsite of the epicentre; cervical is upper, EGJ lower (protocol
    3.4 F).
    """
    return None if subsite is None else _LOCATION_OF_SUBSITE.get(subsite.lower())


def _grades_and_locations(
    prefix: str, grade: str | None, location: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # A grade that is "not applicable" names none of the printed grades: it is open, like an unanswered one.
    if prefix != "p":
        return ("GX",), ("X",)
    return (
        (grade,) if grade in GRADES else GRADES,
        (location,) if location in LOCATIONS else LOCATIONS,
    )


def _possible(stated: str | None, categories: tuple[str, ...]) -> tuple[str, ...]:
    return categories if stated is None else (stated,)
