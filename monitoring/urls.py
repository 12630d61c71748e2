"""Addresses of central monitoring."""

from django.urls import path

from monitoring import views

app_name = "monitoring"
urlpatterns = [
    path("monitoring/", views.board, name="board"),
    path("monitoring/csv/", views.board_file, name="board-file"),
    path("monitoring/findings/<monitoringfinding:pk>/", views.finding, name="finding"),
    path("monitoring/findings/<monitoringfinding:pk>/take/", views.take, name="take"),
    path("monitoring/ranges/<slug:slug>/", views.set_factor, name="range"),
    path("monitoring/<slug:slug>/", views.indicator, name="indicator"),
]
