"""Addresses of the lists and reports; the home and participant pages stand in palace3.urls."""

from django.conf import settings
from django.urls import path, register_converter

from accounts.permissions import SITE_ROLES
from reports import views
from trials.models.sites import ChecklistKind, SiteState


class _SiteState:
    regex = "|".join(state for state in SiteState.values if state != SiteState.CLOSED_OUT)
    to_python = to_url = str


class _PaperLanguage:
    regex = "|".join(code for code, _name in settings.LANGUAGES)
    to_python = to_url = str


class _ChecklistKind:
    regex = "|".join(ChecklistKind.values)
    to_python = to_url = str


class _SiteRole:
    regex = "|".join(sorted(role.value for role in SITE_ROLES))
    to_python = to_url = str


register_converter(_SiteState, "site_state")
register_converter(_ChecklistKind, "checklist_kind")
register_converter(_SiteRole, "site_role")
register_converter(_PaperLanguage, "paper_language")

app_name = "reports"
urlpatterns = [
    path("participants/", views.participant_list, name="participants"),
    path("participants/<str:number>/acts/", views.participant_acts, name="acts"),
    path("audit-trail/", views.trail, name="trail"),
    path("audit-trail/file/<str:kind>/", views.trail_file, name="trail-file"),
    path("audit-trail/reviews/", views.trail_reviews, name="trail-reviews"),
    path("audit-trail/reviews/new/", views.plan_review, name="plan-review"),
    path("audit-trail/reviews/<trailreview:pk>/record/", views.record_review, name="record-review"),
    path("audit-trail/reviews/<trailreview:pk>/change/", views.change_review, name="change-review"),
    path("audit-trail/reviews/<trailreview:pk>/end/", views.end_review, name="end-review"),
    path("forms-to-fill-in/", views.unfinished_forms, name="unfinished-forms"),
    path("completeness/", views.completeness, name="completeness"),
    path("completeness/forms/", views.completeness_forms, name="completeness-forms"),
    path("completeness/csv/", views.completeness_file, name="completeness-file"),
    path("verification/", views.verification, name="verification"),
    path("verification/csv/", views.verification_file, name="verification-file"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("reports/", views.report_list, name="reports"),
    path("reports/<str:slug>/", views.report, name="report"),
    path("reports/<str:slug>/csv/", views.report_file, name="report-file"),
    path("protocol/questions/", views.protocol_questions, name="protocol"),
    path("protocol/questions/<str:protocol>/confirm/", views.confirm, name="protocol-confirm"),
    path("protocol/questions/<str:protocol>/<str:key>/", views.protocol_value, name="protocol-value"),
    path("protocol/confirmations/<int:pk>/withdraw/", views.withdraw, name="protocol-withdraw"),
]
# The pages of a visit and of an amendment share the namespace of ``followup`` (palace3.urls).
_AMENDMENT = "protocol/versions/<str:protocol>/sites/<str:site>/"
visit_urlpatterns = [
    path(f"{_AMENDMENT}amendment/", views.amendment, name="amendment"),
    path(f"{_AMENDMENT}amendment-<paper_language:language>.pdf", views.amendment_file, name="amendment-file"),
    path("participants/<str:number>/visits/new/", views.unscheduled, name="unscheduled"),
    path("participants/<str:number>/visits/<visit:pk>/", views.visit, name="visit"),
]
# The page of a site, which knows of the randomization list, shares the namespace of ``trials`` (palace3.urls).
site_urlpatterns = [
    path("sites/<str:code>/", views.site, name="site"),
    path("sites/<str:code>/set-up/", views.set_up, name="set-up"),
    path("sites/<str:code>/set-up/<site_role:role>/", views.set_up_role, name="set-up-role"),
    path("sites/<str:code>/checklist/<checklist_kind:kind>/", views.fulfil, name="fulfil"),
    path("sites/<str:code>/documents/<sitedocument:pk>/", views.site_document, name="site-document"),
    path("sites/<str:code>/close-out/", views.closing, name="close-out"),
    path("sites/<str:code>/close-out/confirm/", views.confirm_closing, name="confirm-close-out"),
    path("sites/<str:code>/close-out/end/", views.end_closing, name="end-close-out"),
    path("participants/<str:number>/transfer/", views.propose_transfer, name="propose-transfer"),
    path("transfers/<transfer:pk>/", views.transfer, name="transfer"),
    path("transfers/<transfer:pk>/accept/", views.accept_transfer, name="accept-transfer"),
    path("transfers/<transfer:pk>/take-back/", views.take_acceptance_back, name="take-acceptance-back"),
    path("transfers/<transfer:pk>/confirm/", views.confirm_transfer, name="confirm-transfer"),
    path("transfers/<transfer:pk>/end/", views.end_transfer, name="end-transfer"),
    path("sites/<str:code>/copies/", views.living_copies, name="copies"),
    path("sites/<str:code>/copies/new/", views.ask_living_copy, name="ask-living-copy"),
    path("sites/<str:code>/close-out/copies/new/", views.ask_copy, name="ask-copy"),
    path("sites/<str:code>/close-out/copies/<sitecopy:pk>/confirm/", views.confirm_copy, name="confirm-copy"),
    path("sites/<str:code>/move/<site_state:to>/", views.move_site, name="move-site"),
]
