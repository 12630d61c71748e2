"""Addresses of notices; they share the namespace of ``followup`` (palace3.urls)."""

from django.urls import path

from notices import views

urlpatterns = [path("visits/notifications/", views.notifications, name="notifications")]
