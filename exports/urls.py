"""Addresses of exports."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from exports import views

app_name = "exports"
urlpatterns = [
    path("exports/", views.export_list, name="list"),
    path("exports/new/", views.export_new, name="new"),
    path("exports/saved/", views.saved_list, name="saved"),
    path("exports/saved/new/", views.saved_new, name="save"),
    path("exports/saved/<exportdefinition:pk>/take/", views.saved_take, name="saved-take"),
    path("exports/saved/<exportdefinition:pk>/end/", views.saved_end, name="saved-end"),
    path("exports/cuts/", views.cut_list, name="cuts"),
    path("exports/cuts/take/", views.cut_take, name="take-cut"),
    path("exports/cuts/file/", views.comparison_file, name="comparison-file"),
    path("exports/data/", views.data_list, name="data-list"),
    path("exports/data/<str:file_name>/", views.data_table, name="data"),
    path("exports/data/<str:file_name>/export/", views.data_export, name="data-export"),
    path("exports/data/<str:file_name>/save/", views.data_save, name="data-save"),
    path("codebook/", views.codebook, name="codebook"),
    path("codebook/<str:code>.<str:ending>", views.codebook_file, name="codebook-file"),
    path("exports/<export:pk>/", views.export_detail, name="detail"),
    path("exports/<export:pk>/cancel/", views.export_cancel, name="cancel"),
    path("exports/<export:pk>/delete/", views.export_delete, name="delete"),
    path("exports/<export:pk>/name/", views.export_name, name="name"),
    path("exports/<export:pk>/download/", views.download, name="download"),
    path("participants/<str:number>/casebook/", views.casebook, name="casebook"),
    path(
        "participants/<str:number>/forms/<str:code>/<int:sequence>/filled.pdf",
        views.filled_form,
        name="filled-form",
    ),
    path("sites/<str:code>/close-out/copies/<sitecopy:pk>/", views.download_copy, name="download-copy"),
    path("database-lock/", views.database_lock, name="database-lock"),
    path(
        "database-lock/<int:pk>/certificate/<str:language>.pdf",
        views.database_lock_certificate,
        name="database-lock-certificate",
    ),
    path(
        "sites/<str:code>/lock/certificate/<str:language>.pdf",
        views.site_lock_certificate,
        name="site-lock-certificate",
    ),
    path("imports/", views.import_list, name="imports"),
    path("imports/new/", views.import_new, name="import-new"),
    path("imports/<dataimport:pk>/", views.import_detail, name="import"),
    path("imports/<dataimport:pk>/take/", views.import_take, name="import-take"),
    path("imports/<dataimport:pk>/discard/", views.import_discard, name="import-discard"),
    path("tokens/", views.token_list, name="tokens"),
    path("tokens/<apitoken:pk>/revoke/", views.token_revoke, name="token-revoke"),
    path("access/", views.access_list, name="access"),
    path("access/<str:kind>/<int:pk>/end/", views.access_end, name="access-end"),
    path("api/v1/", include("exports.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/", views.api_page, name="api"),
]
