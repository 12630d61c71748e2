"""Pages of the analysis: definitions of endpoints, the flow of participants, analysis sets, and what is counted."""

from analysis.views.definitions import endpoint_definitions
from analysis.views.flow import flow, flow_box, flow_by_arm, flow_paper, flow_picture_file, flow_table
from analysis.views.interim import interim_looks
from analysis.views.maturity import maturity, maturity_arms_file, maturity_by_arm, maturity_file
from analysis.views.quality_of_life import quality_of_life, quality_of_life_by_arm, quality_of_life_file
from analysis.views.results import results, results_by_arm, set_memberships
from analysis.views.safety import safety, safety_arms_file, safety_by_arm, safety_file
from analysis.views.serious import (
    reconciliation,
    reconciliation_file,
    serious_event_icsr,
    serious_event_paper,
    serious_events,
    serious_events_file,
)
from analysis.views.survival import data_and_code, survival, survival_by_arm

__all__ = [
    "data_and_code",
    "endpoint_definitions",
    "flow",
    "flow_box",
    "flow_by_arm",
    "flow_paper",
    "flow_picture_file",
    "flow_table",
    "interim_looks",
    "maturity",
    "maturity_arms_file",
    "maturity_by_arm",
    "maturity_file",
    "quality_of_life",
    "quality_of_life_by_arm",
    "quality_of_life_file",
    "reconciliation",
    "reconciliation_file",
    "results",
    "results_by_arm",
    "safety",
    "safety_arms_file",
    "safety_by_arm",
    "safety_file",
    "serious_event_icsr",
    "serious_event_paper",
    "serious_events",
    "serious_events_file",
    "set_memberships",
    "survival",
    "survival_by_arm",
]
