"""The language of a public page is part of its address, so that reading needs no cookie."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

ENGLISH: Final = "en"
CHINESE: Final = "zh-hans"
HOMES: Final = {ENGLISH: "/", CHINESE: "/zh/"}
PLACES: Final = {"contact": "/contact/", "news": "/news/", "privacy": "/privacy/"}

View = Callable[..., HttpResponseBase]


def spoken(language: str | None) -> str:
    """Return the one of our two languages that ``language`` is a form of; English for any other."""
    return CHINESE if (language or "").lower().startswith("zh") else ENGLISH


def home_of(language: str | None) -> str:
    """Return the link to the public page in ``language``; it is a choice, whatever language the browser prefers."""
    chosen = spoken(language)
    return HOMES[chosen] if chosen != ENGLISH else f"{HOMES[ENGLISH]}?lang={ENGLISH}"


def address_of(place: str, language: str | None, **query: str) -> str:
    """Return the address of another public page, so that it goes on in the same language."""
    if spoken(language) != ENGLISH:
        query = {"lang": spoken(language), **query}
    given = {name: value for name, value in query.items() if value}
    return PLACES[place] + (f"?{urlencode(given)}" if given else "")


def in_its_own_language(view: View) -> View:
    """Serve a public page in the language that its address names: ``language`` of the path, or ``?lang=``.

    Where it names none, the browser's own wish decides, as everywhere in the program.
    """

    @wraps(view)
    def spoken_view(request: HttpRequest, *args: Any, language: str = "", **kwargs: Any) -> HttpResponseBase:
        wanted = language or request.GET.get("lang", "")
        if wanted in dict(settings.LANGUAGES):
            translation.activate(wanted)
            request.LANGUAGE_CODE = wanted
        return view(request, *args, **kwargs)

    return spoken_view
