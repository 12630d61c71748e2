"""Addresses of the analysis: endpoints, the flow of participants, analysis sets."""

from django.urls import path

from analysis import views

app_name = "analysis"
urlpatterns = [
    path("endpoints/", views.endpoint_definitions, name="definitions"),
    path("endpoints/results/", views.results, name="results"),
    path("endpoints/results/by-arm/", views.results_by_arm, name="results-by-arm"),
    path("endpoints/survival/", views.survival, name="survival"),
    path("endpoints/survival/by-arm/", views.survival_by_arm, name="survival-by-arm"),
    path("endpoints/data-and-code/", views.data_and_code, name="data-and-code"),
    path("endpoints/analysis-sets/", views.set_memberships, name="sets"),
    path("participant-flow/", views.flow, name="flow"),
    path("participant-flow/by-arm/", views.flow_by_arm, name="flow-by-arm"),
    path("participant-flow/flow.svg", views.flow_picture_file, name="flow-picture"),
    path("participant-flow/flow.csv", views.flow_table, name="flow-table"),
    path("participant-flow/flow.pdf", views.flow_paper, name="flow-paper"),
    path("participant-flow/<slug:slug>/", views.flow_box, name="flow-box"),
]
