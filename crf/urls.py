"""Addresses of this app."""

from django.urls import path

from crf.views import (
    deviations,
    differences,
    eligibility,
    forms,
    history,
    laboratory,
    merging,
    notes,
    queries,
    safety,
    screening,
    steps,
)

app_name = "crf"
_FORM = "participants/<str:number>/forms/<str:code>/"
_RECORD = f"{_FORM}<int:sequence>/"
urlpatterns = [
    path("participants/<str:number>/eligibility/", eligibility.eligibility, name="eligibility"),
    path("participants/<str:number>/screen-failure/", screening.screen_failure, name="screen-failure"),
    path("participants/<str:number>/decline/", screening.decline, name="decline"),
    path(_FORM, forms.form, name="form"),
    path(f"{_FORM}all/", forms.log, name="log"),
    path(_RECORD, forms.form, name="form"),
    path(f"{_RECORD}derive/", forms.derive, name="derive"),
    path(f"{_RECORD}draft/", forms.draft, name="draft"),
    path(f"{_RECORD}draft/discard/", forms.discard, name="discard"),
    path(f"{_RECORD}merge/", merging.merge, name="merge"),
    path(f"{_RECORD}history/", history.history, name="history"),
    path(f"{_RECORD}verify/", steps.verify, name="verify"),
    path(f"{_RECORD}sign/", steps.sign, name="sign"),
    path(f"{_RECORD}lock/", steps.lock, name="lock"),
    path(f"{_RECORD}unlock/", steps.unlock, name="unlock"),
    path(f"{_RECORD}override/", steps.override, name="override"),
    path(f"{_RECORD}ask/", queries.ask, name="ask"),
    path(f"{_RECORD}note/", notes.note, name="note"),
    path("participants/<str:number>/notes/", notes.notes, name="notes"),
    path("participants/<str:number>/notes/new/", notes.new_note, name="new-note"),
    path("notes/<int:pk>/settle/", notes.settle_note, name="settle-note"),
    path("notes/<int:pk>/ask/", notes.ask_from_note, name="note-ask"),
    path("forms/<str:code>/blank.pdf", forms.blank, name="blank"),
    path("safety/", safety.clocks, name="clocks"),
    path("participants/<str:number>/serious/<int:event>/", safety.assess, name="assess"),
    path("sites/<str:code>/reference-ranges/", laboratory.ranges, name="ranges"),
    path("sites/<str:code>/reference-ranges/new/", laboratory.new_ranges, name="new-ranges"),
    path("reference-ranges/<int:pk>/withdraw/", laboratory.withdraw_range, name="withdraw-range"),
    path("deviations/", deviations.deviations, name="deviations"),
    path("deviations/<int:pk>/settle/", deviations.settle, name="settle-deviation"),
    path(
        "participants/<str:number>/deviations/<int:sequence>/decide/",
        deviations.decide,
        name="decide-deviation",
    ),
    path("differences/", differences.differences, name="differences"),
    path("participants/<str:number>/differences/settle/", differences.settle, name="settle-differences"),
    path("queries/", queries.queries, name="queries"),
    path("queries/several/", queries.several, name="queries-several"),
    path("queries/<int:pk>/", queries.query, name="query"),
    path("queries/<int:pk>/answer/", queries.answer, name="query-answer"),
    path("queries/<int:pk>/confirm/", queries.confirm, name="query-confirm"),
    path("queries/<int:pk>/close/", queries.close, name="query-close"),
    path("queries/<int:pk>/again/", queries.again, name="query-again"),
]
