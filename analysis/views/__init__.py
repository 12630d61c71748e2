"""Pages of the analysis: definitions of endpoints, the flow of participants, analysis sets, and what is counted."""

from analysis.views.definitions import endpoint_definitions
from analysis.views.flow import flow, flow_box, flow_by_arm, flow_paper, flow_picture_file, flow_table
from analysis.views.results import results, results_by_arm, set_memberships
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
    "results",
    "results_by_arm",
    "set_memberships",
    "survival",
    "survival_by_arm",
]
