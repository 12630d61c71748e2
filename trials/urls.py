"""Addresses of this app."""

from django.urls import path

from trials.views import participants, people, people_import, practice, registers, same_person, sites
from trials.views.delegation_log import delegation_log

app_name = "trials"
urlpatterns = [
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", sites.new_site, name="new-site"),
    path("sites/<str:code>/change/", sites.change_site, name="change-site"),
    path("sites/<str:code>/consent-versions/new/", sites.new_consent_version, name="new-consent-version"),
    path("sites/<str:code>/delegation-log.pdf", delegation_log, name="delegation-log"),
    path("people/", people.people, name="people"),
    path("people/new/", people.new_person, name="new-person"),
    path("people/file/", people_import.people_file, name="people-file"),
    path("people/<str:username>/", people.person, name="person"),
    path("people/<str:username>/change/", people.change_person, name="change-person"),
    path("people/<str:username>/reset/", people.reset_account, name="reset-account"),
    path("people/<str:username>/invite/", people.invite_person, name="invite-person"),
    path("people/<str:username>/verify/", people.verify_proofs, name="verify-proofs"),
    path("people/<str:username>/close/", people.close_account, name="close-account"),
    path("people/<str:username>/delegate/", people.delegate, name="delegate"),
    path("practice/", practice.practice, name="practice"),
    path("practice/go/", practice.go, name="practice-go"),
    path("practice/passed/", practice.passed, name="practice-passed"),
    path("registers/", registers.register_list, name="registers"),
    path("registers/file/", registers.register_file, name="registers-file"),
    path("registers/new/<str:register>/", registers.new_register_entry, name="new-register-entry"),
    path(
        "registers/<registerentry:pk>/approve/",
        registers.approve_register_entry,
        name="approve-register-entry",
    ),
    path("registers/<registerentry:pk>/close/", registers.close_register_entry, name="close-register-entry"),
    path("delegations/<delegation:pk>/confirm/", people.confirm_delegation, name="confirm-delegation"),
    path("delegations/<delegation:pk>/end/", people.end_delegation, name="end-delegation"),
    path("participants/register/", participants.register, name="register"),
    path("participants/<str:number>/identity/", same_person.identity, name="identity"),
    path("registered-twice/", same_person.questions, name="registered-twice"),
    path("registered-twice/<samepersonquestion:pk>/", same_person.settle, name="settle-same-person"),
    path("participants/<str:number>/consent/", participants.consent, name="consent"),
    path("participants/<str:number>/consent/refused/", participants.refuse_consent, name="refuse-consent"),
]
