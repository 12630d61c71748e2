"""The addresses of practice: its own doors, and everything of the trial behind them."""

from django.urls import include, path

from demo.practice import views

urlpatterns = [
    path("practice/enter/", views.enter, name="practice-enter"),
    path("practice/done/", views.done, name="practice-done"),
    path("accounts/sign-in/", views.to_the_trial),
    path("accounts/sign-in-again/", views.no_password),
    path("accounts/first-password/", views.to_the_trial),
    # Patients see the public page of the trial alone.
    *(
        path(address, views.to_the_trial)
        for address in ("", "zh/", "contact/", "news/", "privacy/", "practice/", "practice/go/")
    ),
    path("", include("palace3.urls")),
]

handler400 = "palace3.error_views.bad_request"
handler403 = "palace3.error_views.forbidden"
handler404 = "palace3.error_views.not_found"
handler500 = "palace3.error_views.server_error"
