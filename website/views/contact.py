"""The public form by which somebody asks a centre for a call. No cookie, no session (ADR 18)."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from kernel.errors import Refusal
from kernel.network import network_of
from website.contact.centres import open_centres
from website.contact.page import ContactPage, looked_up, offer_next, opened, sent
from website.contact.tokens import (
    LARGEST_FORM,
    comes_from_elsewhere,
    looks_like_a_program,
    request_of_ticket,
    ticket_of_request,
)
from website.public.language import in_its_own_language, spoken
from website.services.erasing import days_of, erase_by_ticket
from website.services.limits import may_send
from website.services.requests import CentreClosed, receive_request


class SentFromElsewhere(Refusal):
    code = "website.sent_from_elsewhere"
    message = _(
        "This form was sent from the page of another site. Nothing was kept. Open the form here and send it."
    )
    status = 403


@csrf_exempt  # the form carries a signed token of its own, and no cookie gives anybody a right here
@never_cache
@require_http_methods(["GET", "POST"])
@in_its_own_language
def contact(request: HttpRequest) -> HttpResponse:
    """Show the form, look the city up, or hand the request to the centre that was chosen."""
    now = timezone.now()
    if request.method == "GET":
        return _shown(request, opened(request, now))
    refuse_large_and_foreign(request)
    if request.POST.get("step") == "nearest":
        return _shown(request, looked_up(request, now))
    page = sent(request, now)
    if page.status != 200 or not _hand_over(request, page, now):
        return _shown(request, page)
    address = reverse("trials:contact-sent", args=[ticket_of_request(page.chosen, page.token.reference)])
    return redirect(f"{address}?lang={spoken(get_language())}")


def refuse_large_and_foreign(request: HttpRequest) -> None:
    """No form of the public pages is that large, or comes from another site's page."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FORM:
        raise RequestDataTooBig
    if comes_from_elsewhere(request):
        raise SentFromElsewhere


def _hand_over(request: HttpRequest, page: ContactPage, now: datetime) -> bool:
    """Give the request to the centre; where a program may have sent it, ask for one more press first."""
    if looks_like_a_program(request, page.token, fills_all=page.form.is_of_a_program, at=now):
        page.asks_again, page.status = True, 422
        return False
    if not may_send("network", network_of(request), at=now):
        page.too_often, page.status = True, 429
        return False
    try:
        receive_request(
            site_code=page.chosen, typed=page.form.typed(), reference=page.token.reference, at=now
        )
    except CentreClosed:  # between the look at the open centres and the sending
        offer_next(page, str(dict(page.form.fields["site"].choices)[page.chosen]), at=now)  # type: ignore[attr-defined]
        return False
    return True


def _shown(request: HttpRequest, page: ContactPage) -> HttpResponse:
    return render(request, "public/contact.html", page.context(), status=page.status)


@never_cache
@require_GET
@in_its_own_language
def contact_sent(request: HttpRequest, ticket: str) -> HttpResponse:
    """Say which centre will call, and the reference: to whom a request was sent from, and nobody else."""
    known = request_of_ticket(ticket)
    if known is None:
        raise Http404
    code, reference = known
    centre = next((each for each in open_centres(at=timezone.now()) if each.code == code), None)
    days = days_of("contact_call_working_days").days
    told = {"centre": centre, "reference": reference, "days": days, "ticket": ticket}
    return render(request, "public/contact_sent.html", told)


@csrf_exempt  # the address itself is the right
@never_cache
@require_http_methods(["GET", "POST"])
@in_its_own_language
def take_back(request: HttpRequest, ticket: str) -> HttpResponse:
    """Erase the request that the ticket stands for, after one press; a second press finds it erased."""
    known = request_of_ticket(ticket)
    if known is None:
        raise Http404
    if request.method == "POST":
        erase_by_ticket(site_code=known[0], reference=known[1], at=timezone.now())
    return render(request, "public/contact_back.html", {"is_erased": request.method == "POST"})
