"""Terms of a dictionary, asked for by a page while somebody types."""

from __future__ import annotations

from dataclasses import asdict

from django.http import Http404, HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.engine.dictionaries import DICTIONARIES
from crf.store.grade_texts import grade_texts

MOST_TERMS = 12


@require_GET
@requires(Permission.CRF_VIEW)
def terms(request: PersonRequest, dictionary: str) -> HttpResponse:
    """Return the terms nearest to ``q`` as JSON, each by name in both languages and with its class."""
    if dictionary not in DICTIONARIES:
        raise Http404
    matches = DICTIONARIES[dictionary].search(request.GET.get("q", ""), MOST_TERMS)
    return JsonResponse({"terms": [asdict(term) for term in matches]})


@require_GET
@requires(Permission.CRF_VIEW)
def grades(request: PersonRequest) -> HttpResponse:
    """Return what the grades of the term ``term`` mean, as JSON; nothing while no text is loaded."""
    meanings = grade_texts(request.GET.get("term", ""), get_language() or "en")
    return JsonResponse({"meanings": meanings})
