"""Pages of the analysis: definitions of endpoints, the flow of participants, analysis sets, and what is counted."""

from analysis.views.definitions import endpoint_definitions
from analysis.views.flow import flow, flow_box, flow_by_arm, flow_paper, flow_picture_file, flow_table
from analysis.views.quality_of_life import quality_of_life, quality_of_life_by_arm, quality_of_life_file
from analysis.views.results import results, results_by_arm, set_memberships

__all__ = [
    "endpoint_definitions",
    "flow",
    "flow_box",
    "flow_by_arm",
    "flow_paper",
    "flow_picture_file",
    "flow_table",
    "quality_of_life",
    "quality_of_life_by_arm",
    "quality_of_life_file",
    "results",
    "results_by_arm",
    "set_memberships",
]
