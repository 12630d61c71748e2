"""How data sets, variables, lists and values are named in Define-XML and Dataset-JSON."""

from __future__ import annotations

from exports.sdtm.package import STUDY, Dataset


def study_oid() -> str:
    """Return the name of the study."""
    return f"STDY.{STUDY}"


def version_oid() -> str:
    """Return the name of the version of the metadata."""
    return f"MDV.{STUDY}.SDTMIG.3.4"


def dataset_oid(dataset: Dataset) -> str:
    """Return the name of a data set."""
    return f"IG.{dataset.name}"


def item_oid(dataset: Dataset, name: str, value: str = "") -> str:
    """Return the name of a variable, or of its values where a condition holds."""
    return f"IT.{dataset.name}.{name}{f'.{value}' if value else ''}"


def leaf_id(name: str) -> str:
    """Return the name of a file."""
    return f"LF.{name}"


def list_oid(dataset: Dataset, name: str) -> str:
    """Return the name of the list of values of a variable."""
    return f"VL.{dataset.name}.{name}"
