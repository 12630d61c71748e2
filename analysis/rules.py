"""The values of the protocol text that endpoints depend on, read from one version of it (protocol 6, 7)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from protocol.endpoint_values import EndpointRules
from protocol.quality_over_time import scales_where_high_is_good
from protocol.text import load

ORGAN_PRESERVED_AT = (12, 24, 36)  # months; the endpoints of 6.3 are named after them
MISSED_BEFORE_AN_EVENT = 2  # assessments; the sensitivity analysis of 6.2 is named after them
TEXTBOOK_STAY = 21  # days; the textbook outcome of the Dutch audit of oesophageal surgery
SEVERE_FROM = 3  # CTCAE grade; the endpoint of 6.5 is named after it


@cache
def rules_of(version: str) -> EndpointRules:
    """Return the rules that a version of the protocol gives."""
    text = load(version)

    def value(key: str) -> Any:
        return text.setting(key)

    return EndpointRules(
        r0_rule=value("r0_rule"),
        trg_system=value("trg_system"),
        removed_within=timedelta(days=value("salvage_r0_within_days")),
        ypis_counts=value("pcr_includes_ypTis"),
        mpr_at_most=Decimal(value("mpr_max_residual_percent")),
        nodes_min=value("nodes_examined_min"),
        response_known_after=timedelta(days=value("cre2_late_limit_days")),
        events_after_last_dose=timedelta(days=value("ae_after_last_dose_days")),
        chemo_doses=len(text.treatment("CARBOPLATIN").days),
        fractions=int(str(text.fact("rt_fractions").value)),
        meaningful_change=Decimal(value("qol_meaningful_change")),
        main_scales=tuple(value("qol_main_scales")),
        organ_months=ORGAN_PRESERVED_AT,
        missed_before=MISSED_BEFORE_AN_EVENT,
        severe_from=SEVERE_FROM,
        textbook_stay=TEXTBOOK_STAY,
        high_is_good=scales_where_high_is_good(dysphagia_reversed=bool(value("oes18_dysphagia_reversed"))),
    )
