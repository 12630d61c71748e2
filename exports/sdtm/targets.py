"""Where each answer stands in SDTM, in the short words of the codebook: ``VSORRES (WEIGHT)``, ``SUPPAE.IRAE``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from exports.sdtm.forms.catalogue import mappings
from exports.sdtm.mapping import Answer, FormMapping, Pattern, Target
from exports.sdtm.records import PLACES
from exports.sdtm.worked_out import WITH_REPORT, WORKED_OUT

REPORT = "SAE"
ANALYSIS = "AD"
CONDITION = "record of "
NO_MAPPING = FormMapping("", ())
KEYS = ("FORMSEQ", "ROW", "VISIT", "VISITSEQ", "SUBJID")


@cache
def targets() -> Mapping[tuple[str, str], str]:
    """Map file and column to every place where the answer stands, or to the reason why it stands in none."""
    places: dict[tuple[str, str], dict[str, None]] = {}
    for mapping in mappings().values():
        for file, column, place in _places(mapping):
            known = places.setdefault((file, column), {})
            if not (known and place.startswith(CONDITION)):
                known[place] = None
    for mapping in mappings().values():
        for column, reason in mapping.elsewhere.items():
            places.setdefault((mapping.file, column), {reason: None})
    return {key: "; ".join(known) for key, known in places.items()}


def target_of(file: str, column: str) -> str:
    """Return where the answer of a column stands, the analysis data set that takes it, or nothing."""
    target = targets().get((file, column), "")
    if column in mappings().get(file, NO_MAPPING).elsewhere and target == mappings()[file].elsewhere[column]:
        if target.startswith(ANALYSIS):
            return re.split(r"[ ,]", target)[0]
        elsewhere = re.match(r"(SUPP[A-Z]{2}\.[A-Z0-9]+)|[A-Z]{2}\.([A-Z0-9]+)", target)
        return (elsewhere[1] or elsewhere[2]) if elsewhere else ""
    return target


def _places(mapping: FormMapping) -> Iterator[tuple[str, str, str]]:
    for target in mapping.targets:
        for column, place in _of(target):
            file = REPORT if column.startswith(WITH_REPORT) else mapping.file
            for read in _read(column):
                yield file, read, place


def _of(target: Target) -> Iterator[tuple[str, str]]:
    """Yield each column that a record reads, with the place of the value."""
    test = f" ({target.test})" if target.test else ""
    for name, value in target.values.items():
        result = test if name.endswith(("ORRES", "STRESC")) else ""
        if isinstance(value, Answer):
            yield value.column, f"{name}{result}"
        elif isinstance(value, Pattern):
            for column in PLACES.findall(value.text):
                if column not in KEYS:
                    yield column, name
    for place, answer in target.answers():
        if re.match(r"SUPP|RELREC", place):
            yield answer.column, place.partition(" ")[0]
    for condition in target.only:
        yield condition.column, f"{CONDITION}{target.domain}"


def _read(column: str) -> tuple[str, ...]:
    bare = column.removeprefix(WITH_REPORT)
    return WORKED_OUT[bare].reads if bare in WORKED_OUT else (bare,)
