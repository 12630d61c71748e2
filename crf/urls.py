"""Addresses of this app."""

from django.urls import URLPattern

app_name = "crf"
urlpatterns: list[URLPattern] = []
