"""Addresses of this app."""

from django.urls import path

from followup.views import agenda, contacts, visits

app_name = "followup"
_VISIT = "participants/<str:number>/visits/<int:pk>/"
urlpatterns = [
    path("visits/", agenda.agenda, name="agenda"),
    path("participants/<str:number>/visits/new/", visits.unscheduled, name="unscheduled"),
    path(_VISIT, visits.visit, name="visit"),
    path(f"{_VISIT}took-place/", visits.took_place, name="took-place"),
    path(f"{_VISIT}not-done/", visits.not_done, name="not-done"),
    path(f"{_VISIT}day/", visits.propose, name="propose"),
    path("participants/<str:number>/contacts/", contacts.contacts, name="contacts"),
]
