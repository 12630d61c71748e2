"""Addresses of the API."""

from django.urls import path

from exports.api import (
    allocation,
    attachments,
    central_review,
    completeness,
    exports,
    history,
    imports,
    listings,
    queries,
    trail,
    verification,
    views,
)

app_name = "api"
urlpatterns = [
    path("participants/", views.participants, name="participants"),
    path("participants/<str:number>/", views.participant, name="participant"),
    path("participants/<str:number>/answers/<str:code>/", views.record, name="record"),
    path("participants/<str:number>/allocation/", allocation.allocation, name="allocation"),
    path("findings/", views.findings, name="findings"),
    path("queries/", queries.queries, name="queries"),
    path("queries/ageing/", queries.query_ageing, name="query-ageing"),
    path("checks/", queries.checks, name="checks"),
    path("visits/", views.visits, name="visits"),
    path("milestones/", history.milestones, name="milestones"),
    path("signatures/", history.signatures, name="signatures"),
    path("deviation-decisions/", history.deviation_decisions, name="deviation-decisions"),
    path("acts/", history.acts, name="acts"),
    path("trail/", trail.trail, name="trail"),
    path("listings/", listings.listings, name="listings"),
    path("listings/<savedlisting:pk>/rows/", listings.listing_rows, name="listing-rows"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<dataimport:pk>/", imports.data_import, name="import"),
    path("imports/<dataimport:pk>/take/", imports.import_take, name="import-take"),
    path("imports/<dataimport:pk>/discard/", imports.import_discard, name="import-discard"),
    path("completeness/", completeness.completeness, name="completeness"),
    path("attachments/", attachments.attachments, name="attachments"),
    path("attachments/<attachment:pk>/file/", attachments.attachment_file, name="attachment-file"),
    path("central-reviews/", central_review.central_reviews, name="central-reviews"),
    path("verification/", verification.verification, name="verification"),
    path("answers/<str:code>/", views.answers, name="answers"),
    path("codebook/", views.codebook, name="codebook"),
    path("exports/", exports.exports, name="exports"),
    path("exports/cuts/", exports.cuts, name="cuts"),
    path("exports/<export:pk>/", exports.export, name="export"),
    path("exports/<export:pk>/cancel/", exports.export_cancel, name="export-cancel"),
    path("exports/<export:pk>/file/", exports.export_file, name="export-file"),
]
