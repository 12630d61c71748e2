"""Terms that several forms share, and the records that they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exports.sdtm.mapping import NOT_DONE, Target, Value, a, finding, record, when

ESOPHAGUS: Final = "ESOPHAGUS"
LYMPH_NODE: Final = "LYMPH NODE"
INVESTIGATOR: Final = "INVESTIGATOR"
ENDOSCOPY: Final = "ENDOSCOPY"
EUS: Final = "ENDOSCOPIC ULTRASOUND"
CT: Final = "CT SCAN"
PET_CT: Final = "PET/CT SCAN"
ULTRASOUND: Final = "ULTRASOUND"
PRIMARY: Final = "PT"
"""The link of every measurement of the primary tumour (TULNKID, TRLNKID)."""

METHODS: Final[Mapping[str, str]] = {
    "ct": CT,
    "pet_ct": PET_CT,
    "mri": "MRI",
    "us": ULTRASOUND,
    "endoscopy": ENDOSCOPY,
    "bone_scan": "SCINTIGRAPHY",
    "eus": EUS,
    "bronchoscopy": "BRONCHOSCOPY",
    "histology": "HISTOPATHOLOGY",
    "cytology": "CYTOLOGY",
    "imaging": "IMAGING",
    "clinical": "PHYSICAL EXAMINATION",
}
ORGANS: Final[Mapping[str, str]] = {
    "lung": "LUNG",
    "liver": "LIVER",
    "bone": "BONE",
    "brain": "BRAIN",
    "pleura": "PLEURA",
    "peritoneum": "PERITONEUM",
    "adrenal": "ADRENAL GLAND",
    "distant_node": LYMPH_NODE,
    "skin": "SKIN",
    "other": "OTHER",
    "primary": ESOPHAGUS,
    "nodes": "REGIONAL LYMPH NODE",
    "distant_nodes": LYMPH_NODE,
    "cervical": "ESOPHAGUS, CERVICAL",
    "upper": "ESOPHAGUS, THORACIC UPPER",
    "middle": "ESOPHAGUS, THORACIC MID",
    "lower": "ESOPHAGUS, THORACIC LOWER",
    "egj": "GASTROESOPHAGEAL JUNCTION",
}
SIDES: Final[Mapping[str, str]] = {"L": "LEFT", "R": "RIGHT", "M": "MIDLINE"}
NEGATIVE_POSITIVE: Final[Mapping[str, str]] = {"NEG": "NEGATIVE", "POS": "POSITIVE"}
NORMAL: Final[Mapping[str, str]] = {"normal": "NORMAL", "abnormal": "ABNORMAL"}
SEVERITY_ORDER: Final = ("0", "1", "2", "3", "4")


def ecog(column: str, day: Value, **more: Any) -> Target:
    """Return the record of the ECOG performance status."""
    name = "ECOG1-Performance Status"
    return finding("RS", "ECOG101", name, a(column), CAT="ECOG", EVAL=INVESTIGATOR, DTC=day, **more)


def vital(code: str, name: str, column: str, unit: str, day: Value, **more: Any) -> Target:
    """Return the record of a vital sign."""
    return finding("VS", code, name, a(column), unit=unit, DTC=day, **more)


def weight(column: str, day: Value, **more: Any) -> Target:
    """Return the record of the weight; one without a visit of its own says what it was taken for (``CAT``)."""
    return vital("WEIGHT", "Weight", column, "kg", day, **more)


def about(code: str, name: str, thing: str, column: str, day: Value, unit: str = "", **more: Any) -> Target:
    """Return a finding about an event or intervention, where no other domain has a place for it (FA)."""
    return finding("FA", code, name, a(column), unit=unit, OBJ=thing, DTC=day, **more)


def dysphagia(column: str, scale: str, day: Value) -> Target:
    """Return the record of the dysphagia score, with the scale that it is of."""
    return about("DYSPHSC", "Dysphagia Score", "DYSPHAGIA", column, day, CAT=a(scale))


def feeding(column: str, day: Value, **more: Any) -> Target:
    """Return the record of how the participant is fed; one without a visit of its own says what for (``CAT``)."""
    return about("FEEDROUT", "Feeding Route", "NUTRITION", column, day, **more)


def examination(result: str, words: str, day: Value) -> tuple[Target, ...]:
    """Return the record of the physical examination; what is abnormal stands in the result itself."""
    return (
        finding("PE", "PHYSEXAM", "Physical Examination", a(result, NORMAL), DTC=day, EVAL=INVESTIGATOR),
        finding("PE", "PEABN", "Physical Examination Abnormality", a(words), DTC=day, EVAL=INVESTIGATOR),
    )


def tumour(
    code: str, name: str, column: str, day: Value, method: str, unit: str = "", link: Value = PRIMARY
) -> Target:
    """Return a measurement of the tumour that ``link`` names."""
    return finding(
        "TR", code, name, a(column), unit=unit, LNKID=link, METHOD=method, EVAL=INVESTIGATOR, DTC=day
    )


def stage(code: str, name: str, column: str, day: Value, **more: Any) -> Target:
    """Return a category of the TNM classification (AJCC, 8th edition)."""
    return finding("RS", code, name, a(column), CAT="AJCC V8", DTC=day, **{"EVAL": INVESTIGATOR, **more})


def tissue(code: str, name: str, column: str, day: Value, unit: str = "", **more: Any) -> Target:
    """Return a microscopic finding in tissue."""
    return finding("MI", code, name, a(column), unit=unit, DTC=day, **{"SPEC": "TISSUE", **more})


def pdl1(day: Value, **more: Any) -> tuple[Target, ...]:
    """Return the records of PD-L1: its scores, or that nobody looked for it (MISTAT)."""
    test: dict[str, Any] = {"SPEC": "TISSUE", "LOC": ESOPHAGUS, "DTC": day, **more}
    assay: dict[str, Any] = {**test, "METHOD": a("PDL1_CLONE")}
    return (
        record(
            "MI",
            only=(when("PDL1_DONE", *NOT_DONE),),
            TESTCD="PDL1",
            TEST="PD-L1",
            STAT=a("PDL1_DONE", NOT_DONE),
            **test,
        ),
        finding("MI", "PDL1", "PD-L1", a("CPS"), TSTDTL="COMBINED POSITIVE SCORE", **assay),
        finding("MI", "PDL1", "PD-L1", a("TPS"), unit="%", TSTDTL="TUMOR PROPORTION SCORE", **assay),
    )
