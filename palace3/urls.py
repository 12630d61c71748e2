"""The addresses of the whole program."""

from django.urls import include, path

from palace3 import error_views, health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

for prefix, module in (
    ("accounts/", "accounts.urls"),
    ("", "trials.urls"),
    ("", "followup.urls"),
    ("", "crf.urls"),
    ("", "randomization.urls"),
    ("", "exports.urls"),
    ("", "reports.urls"),
):
    urlpatterns.append(path(prefix, include(module)))

handler400 = error_views.bad_request
handler403 = error_views.forbidden
handler404 = error_views.not_found
handler500 = error_views.server_error
