"""Addresses of this app."""

from django.urls import path

from accounts import views
from accounts.hospital import views as hospital_views

app_name = "accounts"
urlpatterns = [
    path("", views.profile, name="profile"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in-again/", views.sign_in_again, name="sign-in-again"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("session/", views.session, name="session"),
    path("language/", views.language, name="language"),
    path("first-password/", views.first_password, name="first-password"),
    path("appearance/", views.appearance, name="appearance"),
    path("views/save/", views.save_view, name="save-view"),
    path("views/remove/", views.delete_view, name="remove-view"),
    path("password/", views.password, name="password"),
    path("second-factor/", views.second_factor, name="second-factor"),
    path("second-factor/begin/", views.begin_second_factor, name="begin-second-factor"),
    path("passkey/", views.passkey_question, name="passkey-question"),
    path("second-factor/passkeys/", views.passkeys, name="passkeys"),
    path("second-factor/passkeys/remove/", views.remove_one_passkey, name="remove-passkey"),
    path("second-factor/recovery-codes/", views.recovery_codes, name="recovery-codes"),
    path("sessions/", views.sessions, name="sessions"),
    path("accountability/", views.accept_accountability, name="accept-accountability"),
    path("hospitals/", hospital_views.hospital_accounts, name="hospitals"),
    path("hospitals/take-away/", hospital_views.disconnect, name="disconnect-hospital"),
    path("hospitals/code/", hospital_views.factor, name="hospital-factor"),
    path("hospitals/<slug:key>/go/", hospital_views.go, name="hospital-go"),
    path("hospitals/<slug:key>/back/", hospital_views.back, name="hospital-back"),
    path("hospitals/<slug:key>/connect/", hospital_views.connect, name="hospital-connect"),
    path("hospitals/<slug:key>/leave/", hospital_views.leave, name="hospital-leave"),
]
