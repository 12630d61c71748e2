"""Addresses of exports."""

from django.urls import path

from exports import views

app_name = "exports"
urlpatterns = [
    path("exports/", views.export_list, name="list"),
    path("exports/new/", views.export_new, name="new"),
    path("exports/<int:pk>/", views.export_detail, name="detail"),
    path("exports/<int:pk>/download/", views.download, name="download"),
]
