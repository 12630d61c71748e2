"""Pages that need to see the whole house."""

from reports.views.amendment import amendment, amendment_file
from reports.views.closing import (
    ask_copy,
    ask_living_copy,
    closing,
    confirm_closing,
    confirm_copy,
    end_closing,
    living_copies,
)
from reports.views.completeness import completeness, completeness_file, completeness_forms
from reports.views.dashboard import dashboard
from reports.views.home import home, work_counts
from reports.views.participant import participant_acts, participant_page
from reports.views.participants import participant_list
from reports.views.protocol import confirm, protocol_questions, protocol_value, withdraw
from reports.views.quality import report, report_file, report_list
from reports.views.site import move_site, site
from reports.views.site_set_up import fulfil, set_up, set_up_role, site_document
from reports.views.trail import (
    change_review,
    end_review,
    plan_review,
    record_review,
    trail,
    trail_file,
    trail_reviews,
)
from reports.views.transfer import (
    accept_transfer,
    confirm_transfer,
    end_transfer,
    propose_transfer,
    take_acceptance_back,
    transfer,
)
from reports.views.unfinished import unfinished_forms
from reports.views.verification import verification, verification_file
from reports.views.visit import unscheduled, visit

__all__ = [
    "accept_transfer",
    "amendment",
    "amendment_file",
    "ask_copy",
    "ask_living_copy",
    "change_review",
    "closing",
    "completeness",
    "completeness_file",
    "completeness_forms",
    "confirm",
    "confirm_closing",
    "confirm_copy",
    "confirm_transfer",
    "dashboard",
    "end_closing",
    "end_review",
    "end_transfer",
    "fulfil",
    "home",
    "living_copies",
    "move_site",
    "participant_acts",
    "participant_list",
    "participant_page",
    "plan_review",
    "propose_transfer",
    "protocol_questions",
    "protocol_value",
    "record_review",
    "report",
    "report_file",
    "report_list",
    "set_up",
    "set_up_role",
    "site",
    "site_document",
    "take_acceptance_back",
    "trail",
    "trail_file",
    "trail_reviews",
    "transfer",
    "unfinished_forms",
    "unscheduled",
    "verification",
    "verification_file",
    "visit",
    "withdraw",
    "work_counts",
]
