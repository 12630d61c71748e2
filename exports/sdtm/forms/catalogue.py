"""All mappings, by the file of the export that they read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from exports.sdtm.forms import (
    demographics,
    eligibility,
    follow_up,
    laboratory,
    quality_of_life,
    response,
    safety,
    staging,
    surgery,
    survival,
    treatment,
    vitals,
)
from exports.sdtm.mapping import FormMapping

MODULES = (
    eligibility,
    demographics,
    staging,
    vitals,
    laboratory,
    treatment,
    response,
    surgery,
    follow_up,
    survival,
    safety,
    quality_of_life,
)


@cache
def mappings() -> Mapping[str, FormMapping]:
    """Map the name of each file to its mapping."""
    return {mapping.file: mapping for module in MODULES for mapping in module.MAPPINGS}
