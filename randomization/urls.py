"""Addresses of this app."""

from django.urls import path, register_converter

from randomization.views import envelopes, site, statistician


class _Language:
    regex = "en|zh-hans"
    to_python = to_url = str


class _ListLabel:
    regex = "[0-9]{1,3}[A-Z]"
    to_python = to_url = str


register_converter(_Language, "card_language")
register_converter(_ListLabel, "list_label")

app_name = "randomization"
urlpatterns = [
    path("participants/<str:number>/randomize/", site.randomize, name="randomize"),
    path("participants/<str:number>/allocation/", site.allocation, name="allocation"),
    path("participants/<str:number>/allocation/certificate.json", site.certificate_json, name="certificate"),
    path(
        "participants/<str:number>/allocation/certificate-<card_language:language>.pdf",
        site.certificate_pdf,
        name="certificate-pdf",
    ),
    path(
        "participants/<str:number>/allocation/visits-<card_language:language>.pdf",
        site.visit_card_pdf,
        name="visit-card",
    ),
    path("participants/<str:number>/allocation/error/", site.record_error, name="record-error"),
    path("participants/<str:number>/allocation/error/<int:pk>/", site.correct_error, name="correct-error"),
    path(
        "participants/<str:number>/allocation/error/<int:pk>/withdraw/",
        site.withdraw_error,
        name="withdraw-error",
    ),
    path("randomization/", statistician.schemes, name="schemes"),
    path("randomization/new/", statistician.define, name="define"),
    path("randomization/simulate/", statistician.simulate, name="simulate"),
    path("randomization/envelopes/", envelopes.register, name="envelopes"),
    path("randomization/envelopes/outage/", envelopes.outage, name="outage"),
    path("randomization/envelopes/<str:number>/opened/", envelopes.opened, name="open-envelope"),
    path(
        "randomization/envelopes/<str:number>/not-opened/", envelopes.not_opened, name="envelope-not-opened"
    ),
    path("randomization/envelopes/<str:number>/void/", envelopes.void, name="void-envelope"),
    path("randomization/envelopes/<str:number>/", envelopes.move, name="move-envelope"),
    path("randomization/errors/", site.errors, name="errors"),
    path("randomization/strata/", site.strata, name="strata"),
    path("randomization/roots/", site.roots, name="roots"),
    path(
        "randomization/roots/<list_label:label>-<card_language:language>.pdf", site.root_pdf, name="root-pdf"
    ),
    path("randomization/schemes/<int:version>/", statistician.scheme, name="scheme"),
    path("randomization/schemes/<int:version>/design/", statistician.design, name="design"),
    path("randomization/schemes/<int:version>/sites/", statistician.add_sites, name="add-sites"),
    path("randomization/schemes/<int:version>/places/", statistician.add_places, name="add-places"),
    path("randomization/schemes/<int:version>/balance/", statistician.balance, name="balance"),
    path("randomization/schemes/<int:version>/close/", statistician.close, name="close-scheme"),
    path(
        "randomization/schemes/<int:version>/close/confirm/", statistician.confirm_close, name="confirm-close"
    ),
    path("randomization/schemes/<int:version>/close/end/", statistician.end_close, name="end-close"),
    path("randomization/lists/<int:pk>/activate/", statistician.activate, name="activate"),
    path("randomization/lists/<int:pk>/reject/", statistician.reject, name="reject"),
]
