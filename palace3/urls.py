"""The addresses of the whole program."""

from django.urls import include, path

import followup.urls
import notices.urls
import reports.urls
import trials.urls
import website.urls
from palace3 import error_views, health, metrics
from palace3.accessibility_page import accessibility
from palace3.help_page import help_page, help_role
from palace3.search_page import search_page
from reports.views import home, participant_page, work_counts

FOLLOW_UP = (*notices.urls.urlpatterns, *reports.urls.visit_urlpatterns, *followup.urls.urlpatterns)
TRIALS = (*website.urls.urlpatterns, *trials.urls.urlpatterns, *reports.urls.site_urlpatterns)
urlpatterns = [
    path("work-list/", home, name="home"),
    path("work-list/counts/", work_counts, name="work-counts"),
    path("search/", search_page, name="search"),
    path("accessibility/", accessibility, name="accessibility"),
    path("help/", help_page, name="help"),
    path("help/<slug:slug>/", help_role, name="help-role"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/", include("accounts.urls")),
    path("", include((TRIALS, "trials"))),
    path("", include((FOLLOW_UP, "followup"))),
    path("", include("crf.urls")),
    path("", include("randomization.urls")),
    path("", include("exports.urls")),
    path("", include("analysis.urls")),
    path("", include("operations.urls")),
    path("", include("committee.urls")),
    path("", include("monitoring.urls")),
    path("", include("reports.urls")),
    path("participants/<str:number>/", participant_page, name="participant"),
    # Last: participants/register/ and the like come before a number.
]

handler400 = error_views.bad_request
handler403 = error_views.forbidden
handler404 = error_views.not_found
handler500 = error_views.server_error
