"""Addresses of central monitoring."""

app_name = "monitoring"
urlpatterns: list = []
