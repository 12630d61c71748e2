"""Addresses of the public site; they share the namespace of ``trials`` (palace3.urls)."""

from django.urls import path, register_converter

from website.public.language import CHINESE
from website.views import anchors, contact, news, public, requests, texts


class _Reference:
    regex = "[A-Z2-9]{4}-[A-Z2-9]{4}"
    to_python = to_url = str


register_converter(_Reference, "reference")

urlpatterns = [
    path("", public.front, name="public"),
    path("zh/", public.page, {"language": CHINESE}, name="public-zh"),
    path("robots.txt", public.robots_txt, name="robots"),
    path("sitemap.xml", public.sitemap_xml, name="sitemap"),
    path("anchors/", anchors.anchors, name="anchors"),
    path("anchors/<int:pk>.json", anchors.anchor_file, name="anchor-file"),
    path("texts/", texts.texts, name="texts"),
    path("texts/first/", texts.draft_first_texts, name="draft-first-texts"),
    path("texts/release/<str:language>/", texts.release_texts, name="release-texts"),
    path("texts/confirm/<str:language>/", texts.confirm_page, name="confirm-page"),
    path("texts/preview/<str:language>/", texts.preview_page, name="preview-page"),
    path("texts/version/<int:pk>/", texts.preview_text, name="preview-text"),
    path("texts/<str:block>/<str:language>/", texts.text, name="text"),
    path("texts/<str:block>/<str:language>/draft/", texts.draft_text, name="draft-text"),
    path("texts/<str:block>/<str:language>/withdraw/", texts.withdraw_text, name="withdraw-text"),
    path("contact/", contact.contact, name="contact"),
    path("contact/sent/<str:ticket>/", contact.contact_sent, name="contact-sent"),
    path("contact/back/<str:ticket>/", contact.take_back, name="contact-back"),
    path("privacy/", public.privacy, name="privacy"),
    path("news/", news.sign_up, name="news"),
    path("news/sent/", news.sign_up_sent, name="news-sent"),
    path("news/confirm/<str:ticket>/", news.confirm, name="news-confirm"),
    path("news/leave/<str:ticket>/", news.leave, name="news-leave"),
    path("news/letters/", news.letters, name="letters"),
    path("news/letters/new/", news.new_letter, name="new-letter"),
    path("news/letters/<int:pk>/", news.letter, name="letter"),
    path("news/letters/<int:pk>/release/", news.release_letter, name="release-letter"),
    path("requests/", requests.requests, name="requests"),
    path("requests/counts/", requests.counts, name="request-counts"),
    path("requests/<reference:reference>/", requests.contact_request, name="request"),
    path("requests/<reference:reference>/call/", requests.call, name="request-call"),
    path("requests/<reference:reference>/invite/", requests.invite, name="request-invite"),
    path("requests/<reference:reference>/close/", requests.close, name="request-close"),
    path("requests/<reference:reference>/screen/", requests.screen, name="request-screen"),
    path("requests/<reference:reference>/erase/", requests.erase, name="request-erase"),
    path("requests/<reference:reference>/receipt/", requests.receipt, name="request-receipt"),
]
