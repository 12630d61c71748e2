"""Addresses of this app."""

from django.urls import path

from operations import views

app_name = "operations"
urlpatterns = [
    path("service/", views.service, name="service"),
    path("set-up/", views.set_up, name="set-up"),
    path("set-up/mail/try/", views.try_mail, name="try-mail"),
    path("set-up/mail/", views.confirm_mail, name="confirm-mail"),
    path("set-up/keys/<str:variable>/", views.confirm_key, name="confirm-key"),
]
