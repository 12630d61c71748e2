"""Addresses of this app; those of a visit's page stand in reports.urls, in the same namespace (palace3.urls)."""

from django.urls import path

from followup.views import adherence, agenda, calendar, contacts, course, cuts, versions, visits, watching

app_name = "followup"
_WITHDRAWAL = "participants/<str:number>/withdrawals/<withdrawal:pk>/"
_VISIT = "participants/<str:number>/visits/<visit:pk>/"
_VERSION = "protocol/versions/<str:protocol>/sites/<str:site>/"
urlpatterns = [
    path("visits/", agenda.agenda, name="agenda"),
    path("visits/month/", calendar.month, name="month"),
    path("visits/adherence/", adherence.adherence, name="adherence"),
    path("visits/data-cuts/", cuts.data_cuts, name="data-cuts"),
    path("visits/data-cuts/<int:pk>/move/", cuts.move_cut, name="move-cut"),
    path("visits/data-cuts/<int:pk>/cancel/", cuts.cancel_cut, name="cancel-cut"),
    path("visits/feed/", calendar.feed, name="feed"),
    path("visits/feed/make/", calendar.make_feed, name="make-feed"),
    path("visits/feed/revoke/", calendar.revoke_feed, name="revoke-feed"),
    path("visits/feed/<str:token>.ics", calendar.feed_file, name="feed-file"),
    path("protocol/versions/", versions.version_list, name="versions"),
    path(_VERSION, versions.site_version, name="site-version"),
    path(f"{_VERSION}approve/", versions.approve_version, name="approve-version"),
    path(f"{_VERSION}open/", versions.open_version, name="open-version"),
    path("tasks/", watching.tasks, name="tasks"),
    path(f"{_VISIT}took-place/", visits.took_place, name="took-place"),
    path(f"{_VISIT}conduct/", visits.describe, name="describe"),
    path(f"{_VISIT}not-done/", visits.not_done, name="not-done"),
    path(f"{_VISIT}day/", visits.propose, name="propose"),
    path("participants/<str:number>/contacts/", contacts.contacts, name="contacts"),
    path(
        "participants/<str:number>/contacts/<contactattempt:pk>/cancel/",
        contacts.cancel_attempt,
        name="cancel-attempt",
    ),
    path("participants/<str:number>/messages/", contacts.messages_sent, name="messages"),
    path("participants/<str:number>/lost/", course.lost, name="lost"),
    path(
        "participants/<str:number>/losses/<losstofollowup:pk>/cancel/", course.cancel_loss, name="cancel-loss"
    ),
    path("participants/<str:number>/withdraw/", course.withdraw, name="withdraw"),
    path(f"{_WITHDRAWAL}correct/", course.correct_withdrawal, name="correct-withdrawal"),
    path(f"{_WITHDRAWAL}cancel/", course.cancel_withdrawal, name="cancel-withdrawal"),
    path("participants/<str:number>/protocol-versions/", versions.version_history, name="version-history"),
    path("participants/<str:number>/plan/", course.preview, name="preview"),
]
