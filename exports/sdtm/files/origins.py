"""Where the values of a variable come from (Define-XML: origin, source, method)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exports.sdtm.forms.catalogue import mappings
from exports.sdtm.mapping import Answer, Pattern
from exports.sdtm.package import DESIGN, Dataset

METHODS: Final = {
    "MT.SEQ": ("Computation", "Numbered within each subject in the order of the keys of the data set."),
    "MT.DY": (
        "Computation",
        "Days from RFSTDTC: 1 on the day of the first treatment, -1 on the day before; empty for partial days.",
    ),
    "MT.EPOCH": ("Computation", "Epoch of the element (SE) that had begun last on the day of the record."),
    "MT.USUBJID": ("Computation", "STUDYID, a dash, SUBJID."),
    "MT.LOBXFL": (
        "Computation",
        "Y: last result up to the day of the first treatment, by test, category, place, method and evaluator.",
    ),
    "MT.STRES": (
        "Computation",
        "The result as it was collected; laboratory results in the unit of the protocol.",
    ),
    "MT.VISIT": (
        "Computation",
        "Order of the visit in the schedule of the protocol; a repeated visit has a fraction.",
    ),
    "MT.REG": (
        "Computation",
        "From the register of the trial: milestones, allocation, visits that took place.",
    ),
    "MT.CALC": (
        "Computation",
        "Worked out from other answers, as the codebook of the export says of the question.",
    ),
    "MT.JOIN": ("Computation", "Links records that an answer of a form joins."),
}


@dataclass(frozen=True)
class VariableOrigin:
    """The origin of a variable: its type, source and method, or its predecessor, in the words of Define-XML."""

    type: str
    source: str = ""
    method: str = ""
    predecessor: str = ""


ASSIGNED: Final = VariableOrigin("Assigned", "Sponsor")
COLLECTED: Final = VariableOrigin("Collected", "Investigator")
PROTOCOL: Final = VariableOrigin("Protocol", "Sponsor")


def _derived(method: str) -> VariableOrigin:
    return VariableOrigin("Derived", "Sponsor", method)


OF_ANY: Final = {
    "USUBJID": _derived("MT.USUBJID"),
    "EPOCH": _derived("MT.EPOCH"),
    "VISITNUM": _derived("MT.VISIT"),
    "VISITDY": PROTOCOL,
    "STUDYID": PROTOCOL,
    "QVAL": COLLECTED,
    "IDVARVAL": _derived("MT.JOIN"),
    "SUBJID": ASSIGNED,
}
ENDINGS: Final = {
    "SEQ": _derived("MT.SEQ"),
    "LOBXFL": _derived("MT.LOBXFL"),
    "STDY": _derived("MT.DY"),
    "ENDY": _derived("MT.DY"),
    "DY": _derived("MT.DY"),
    "STRESC": _derived("MT.STRES"),
    "STRESN": _derived("MT.STRES"),
    "STRESU": _derived("MT.STRES"),
}
FROM_REGISTER: Final = ("SE", "SV", "DM")


def origin_of(dataset: Dataset, name: str) -> VariableOrigin:
    """Return where the values of a variable come from."""
    if dataset.name in DESIGN:
        return PROTOCOL
    if name in OF_ANY:
        return OF_ANY[name]
    if dataset.name == "RELREC":
        return _derived("MT.JOIN")
    bare = name.removeprefix(dataset.domain)
    if bare in ENDINGS:
        return ENDINGS[bare]
    if name in _collected(dataset.domain) or dataset.name == "CO":
        return COLLECTED
    return _derived("MT.REG") if dataset.name in FROM_REGISTER and name != "DOMAIN" else ASSIGNED


def _collected(domain: str) -> frozenset[str]:
    """Return the variables of a domain that an answer fills as it was given."""
    return frozenset(
        name
        for mapping in mappings().values()
        for target in mapping.targets
        if target.domain == domain
        for name, value in target.values.items()
        if isinstance(value, Answer | Pattern)
    )
