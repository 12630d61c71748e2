"""The public page, for anybody: no session, no cookie, three questions to the database."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from protocol.text import load
from website.public.drawing import paths_of
from website.public.language import ENGLISH, HOMES, home_of, in_its_own_language, spoken
from website.public.metadata import robots, sitemap, structured
from website.public.page import PublicPage, other_language, public_page, released_languages
from website.services.erasing import days_of

KEPT: Final = ("contact_erase", "contact_erase_open", "news_confirm", "news_keep")
SECONDS_KEPT = 60  # a withdrawn text is gone from every reader's next look after a minute


@require_safe
def front(request: HttpRequest) -> HttpResponseBase:
    """English, unless the browser (or a signed-in reader's own setting) prefers Chinese; ``?lang=`` is a choice."""
    preferred = request.GET.get("lang") or getattr(request, "LANGUAGE_CODE", ENGLISH)
    response: HttpResponseBase
    if spoken(preferred) == ENGLISH:
        response = page(request, language=ENGLISH)
    else:
        response = HttpResponseRedirect(HOMES[spoken(preferred)])
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


@require_safe
@gzip_page  # nothing secret stands on it
@in_its_own_language
def page(request: HttpRequest) -> HttpResponse:
    response = show(request, public_page(spoken(get_language()), at=timezone.now()))
    patch_cache_control(response, public=True, max_age=SECONDS_KEPT)
    return response


def show(request: HttpRequest, shown: PublicPage, **more: Any) -> HttpResponse:
    """Draw the page, as it is or as it would be with texts that wait for their release."""
    origin = f"{request.scheme}://{request.get_host()}"
    homes = [(code, name, HOMES[code], home_of(code)) for code, name in settings.LANGUAGES]
    context = {
        "page": shown,
        "paths": paths_of(shown.protocol, shown.facts),
        "origin": origin,
        "address": f"{origin}{HOMES[shown.language]}",
        "homes": homes,
        "other": other_language(shown.language),
        "structured": structured(shown, f"{origin}{HOMES[shown.language]}"),
        "may_be_found": shown.speaks_its_language and not settings.PALACE3_DEMO,
        **more,
    }
    return render(request, "public/page.html", context)


@require_safe
@gzip_page  # nothing secret stands on it
@in_its_own_language
def privacy(request: HttpRequest) -> HttpResponse:
    """Say who keeps what of a visitor, what for, how long, and what they may ask for."""
    sponsor = load(settings.PROTOCOL_VERSION).fact("sponsor").text
    language = spoken(get_language())
    response = render(
        request,
        "public/privacy.html",
        {
            "controller": settings.PUBLIC_CONTROLLER or (sponsor.in_language(language) if sponsor else ""),
            "contact": settings.PRIVACY_CONTACT,
            "days": {key: days_of(f"{key}_days").days for key in KEPT},
        },
    )
    patch_cache_control(response, public=True, max_age=SECONDS_KEPT)
    return response


@require_safe
def robots_txt(request: HttpRequest) -> HttpResponse:
    said = robots(is_demonstration=settings.PALACE3_DEMO, origin=f"{request.scheme}://{request.get_host()}")
    return HttpResponse(said, content_type="text/plain; charset=utf-8")


@require_safe
def sitemap_xml(request: HttpRequest) -> HttpResponse:
    listed = sitemap(released_in=released_languages(), origin=f"{request.scheme}://{request.get_host()}")
    return HttpResponse(listed, content_type="application/xml; charset=utf-8")
