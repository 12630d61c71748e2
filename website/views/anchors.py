"""The digests of the audit trail that went out, for anybody to compare with a copy of their own."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from audit.anchors import all_anchors, document_of
from website.public.language import in_its_own_language

PER_PAGE = 50


@require_safe
@in_its_own_language
def anchors(request: HttpRequest) -> HttpResponse:
    """Show every anchor, the newest first, and how a copy is checked without this program."""
    page = Paginator(all_anchors(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "public/anchors.html", {"page": page})


@require_safe
def anchor_file(request: HttpRequest, pk: int) -> JsonResponse:
    """Hand out the copy of one anchor."""
    return JsonResponse(document_of(get_object_or_404(all_anchors(), pk=pk)))
