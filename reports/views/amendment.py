"""What a later version of the protocol changes at a site: the page, and the paper for the ethics committee."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from protocol.text import versions
from reports.amendment import amendment_of, amendment_pdf
from trials.models import Site


def _site(request: PersonRequest, protocol: str, code: str) -> Site:
    site: Site = get_object_or_404(Site.objects.open_to(request.user, Permission.VISIT_VIEW), code=code)
    if protocol not in versions():
        raise Http404
    return site


@requires(Permission.VISIT_VIEW)
def amendment(request: PersonRequest, protocol: str, site: str) -> HttpResponse:
    """Show the amendment in words, old beside new, with who is touched by each point."""
    place = _site(request, protocol, site)
    shown = amendment_of(place, protocol, user=request.user, at=timezone.now())
    return render(
        request, "reports/amendment.html", {"amendment": shown, "protocol": protocol, "site": place}
    )


@requires(Permission.VISIT_VIEW)
def amendment_file(request: PersonRequest, protocol: str, site: str, language: str) -> HttpResponse:
    """Give the same on paper."""
    place = _site(request, protocol, site)
    paper = amendment_pdf(place, protocol, user=request.user, language=language, at=timezone.now())
    answer = HttpResponse(paper, content_type="application/pdf")
    name = f"protocol-{protocol}-site-{place.code}-{language}.pdf"
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer
