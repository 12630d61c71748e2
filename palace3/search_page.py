"""The page that finds things by what is typed; the frame of every page shows its answers in a dialog (Ctrl+K)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.requests import PersonRequest
from palace3.context import NAVIGATION
from reports.search import NamedPage, search

MOST_TYPED = 100


@require_GET
@login_required
def search_page(request: PersonRequest) -> HttpResponse:
    """Show what fits to ``q``: the whole page, or for the dialog the answers alone."""
    typed = request.GET.get("q", "")[:MOST_TYPED]
    pages = [
        NamedPage(item.label, item.icon, item.url_name, item.permission)
        for _title, items in NAVIGATION
        for item in items
    ] + [NamedPage(gettext_lazy("Help"), "question-circle", "help")]
    shown = {"typed": typed, "kinds": search(typed, user=request.user, pages=pages)}
    part = "HX-Request" in request.headers
    return render(request, "palace3/hits.html" if part else "palace3/search.html", shown)
