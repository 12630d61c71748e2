"""Addresses of this app."""

from django.urls import URLPattern

app_name = "randomization"
urlpatterns: list[URLPattern] = []
