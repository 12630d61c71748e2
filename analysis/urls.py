"""Addresses of the analysis: endpoints, the flow of participants, analysis sets."""

from django.urls import path

from analysis import views

app_name = "analysis"
urlpatterns = [
    path("endpoints/", views.endpoint_definitions, name="definitions"),
    path("endpoints/results/", views.results, name="results"),
    path("endpoints/results/by-arm/", views.results_by_arm, name="results-by-arm"),
    path("endpoints/interim-looks/", views.interim_looks, name="interim"),
    path("endpoints/survival/", views.survival, name="survival"),
    path("endpoints/survival/by-arm/", views.survival_by_arm, name="survival-by-arm"),
    path("endpoints/data-and-code/", views.data_and_code, name="data-and-code"),
    path("endpoints/analysis-sets/", views.set_memberships, name="sets"),
    path("quality-of-life/", views.quality_of_life, name="quality-of-life"),
    path("quality-of-life/by-arm/", views.quality_of_life_by_arm, name="quality-of-life-by-arm"),
    path("quality-of-life/csv/", views.quality_of_life_file, name="quality-of-life-file"),
    path("participant-flow/", views.flow, name="flow"),
    path("participant-flow/by-arm/", views.flow_by_arm, name="flow-by-arm"),
    path("participant-flow/flow.svg", views.flow_picture_file, name="flow-picture"),
    path("participant-flow/flow.csv", views.flow_table, name="flow-table"),
    path("participant-flow/flow.pdf", views.flow_paper, name="flow-paper"),
    path("safety-report/", views.safety, name="safety"),
    path("safety-report/csv/", views.safety_file, name="safety-file"),
    path("safety-report/by-arm/", views.safety_by_arm, name="safety-by-arm"),
    path("safety-report/by-arm/csv/", views.safety_arms_file, name="safety-arms-file"),
    path("survival-maturity/", views.maturity, name="maturity"),
    path("survival-maturity/csv/", views.maturity_file, name="maturity-file"),
    path("survival-maturity/by-arm/", views.maturity_by_arm, name="maturity-by-arm"),
    path("survival-maturity/by-arm/csv/", views.maturity_arms_file, name="maturity-arms-file"),
    path("serious-events/", views.serious_events, name="serious"),
    path("serious-events/csv/", views.serious_events_file, name="serious-file"),
    path("serious-events/compare/", views.reconciliation, name="reconciliation"),
    path("serious-events/compare/csv/", views.reconciliation_file, name="reconciliation-file"),
    path(
        "serious-events/<str:number>/<int:event>/report.pdf", views.serious_event_paper, name="serious-paper"
    ),
    path("serious-events/<str:number>/<int:event>/icsr.xml", views.serious_event_icsr, name="serious-icsr"),
    path("participant-flow/<slug:slug>/", views.flow_box, name="flow-box"),
]
