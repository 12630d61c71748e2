"""Contact requests at their centre: the list, one request with who it is from, and what was done."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.clock import local_date
from kernel.service_form import Page
from trials.models import ContactRequest
from website.contact.counting import count_requests
from website.contact.receipt import receipt_pdf
from website.contact.request_forms import CallForm, EndForm, InviteForm, SureForm
from website.services import erasing
from website.services import requests as services
from website.services.escalating import call_by, is_late

CLOSED_SHOWN = 50


def _request(request: PersonRequest, reference: str) -> ContactRequest:
    open_to = ContactRequest.objects.open_to(request.user, Permission.CONTACT_HANDLE)
    return get_object_or_404(open_to.select_related("site", "participant"), reference=reference)


@requires(Permission.CONTACT_HANDLE)
def requests(request: PersonRequest) -> HttpResponse:
    """List what waits, the oldest first, and what was closed lately. Nobody's name is on the list."""
    now, open_to = timezone.now(), ContactRequest.objects.open_to(request.user, Permission.CONTACT_HANDLE)
    asked = open_to.select_related("site", "participant").prefetch_related("attempts")
    waiting = [_line(each, now) for each in asked.waiting().order_by("received_at", "pk")]
    closed = asked.exclude(closed_at=None).order_by("-closed_at", "-pk")[:CLOSED_SHOWN]
    return render(request, "trials/requests.html", {"waiting": waiting, "closed": closed})


def _line(each: ContactRequest, now: Any) -> dict[str, Any]:
    calls = list(each.attempts.all())
    return {
        "asked": each,
        "calls": calls,
        "again_on": calls[-1].again_on if calls else None,
        "is_late": is_late(each, at=now),
        "call_by": call_by(local_date(each.received_at, each.site.time_zone)),
    }


@never_cache
@requires(Permission.CONTACT_HANDLE)
def contact_request(request: PersonRequest, reference: str) -> HttpResponse:
    """Show one request with who it is from; that it was looked at is on record."""
    contact_request, now = _request(request, reference), timezone.now()
    identity = (
        services.open_identity(request=contact_request, by=request.user, at=now)
        if not contact_request.erased_at
        else None
    )
    context = {
        **_line(contact_request, now),
        "identity": identity,
        "erase_on": erasing.erased_by(contact_request),
    }
    return render(request, "trials/request.html", context)


def _posted(request: PersonRequest) -> Any:
    """Return what was sent, even when nothing was chosen in it."""
    return request.POST if request.method == "POST" else None


def _page(contact_request: ContactRequest, title: str, button: str, **more: Any) -> Page:
    values = {"reference": contact_request.reference}
    return Page(
        title % values,
        button,
        contact_request.get_absolute_url(),
        _("Request %(reference)s") % values,
        **more,
    )


@requires(Permission.CONTACT_HANDLE)
def call(request: PersonRequest, reference: str) -> HttpResponse:
    contact_request, now = _request(request, reference), timezone.now()
    here = now.astimezone(ZoneInfo(contact_request.site.time_zone))
    form = CallForm(
        request.POST or None,
        zone=contact_request.site.time_zone,
        initial={"on": here.date(), "time": here.time()},
    )
    if form.submits(services.record_call, request=contact_request, by=request.user, at=now):
        return redirect(contact_request)
    page = _page(contact_request, _("Call about request %(reference)s"), _("Record the call"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.CONTACT_HANDLE)
def invite(request: PersonRequest, reference: str) -> HttpResponse:
    contact_request = _request(request, reference)
    form = InviteForm(_posted(request))
    if form.submits(services.invite, request=contact_request, by=request.user, at=timezone.now()):
        return redirect(contact_request)
    about = _("The person comes to the centre. Screening begins there, with the consent.")
    page = _page(contact_request, _("Invite %(reference)s"), _("Record the invitation"), about=about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.CONTACT_HANDLE)
def close(request: PersonRequest, reference: str) -> HttpResponse:
    contact_request = _request(request, reference)
    form = EndForm(_posted(request))
    if form.submits(services.close_request, request=contact_request, by=request.user, at=timezone.now()):
        return redirect(contact_request)
    about = _(
        "Tell the person kindly, and thank them. Who they are is erased some time after the request is closed."
    )
    page = _page(contact_request, _("Close request %(reference)s"), _("Close the request"), about=about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.CONTACT_HANDLE)
def screen(request: PersonRequest, reference: str) -> HttpResponse:
    contact_request = _request(request, reference)
    form = SureForm(_posted(request))
    if form.submits(services.screen, request=contact_request, by=request.user, at=timezone.now()):
        said = _("Participant %(number)s is registered. Write the number into the site's identification log.")
        messages.success(request, said % {"number": form.result.number})
        return redirect("trials:consent", form.result.number)
    about = _(
        "The person gets the next participant number. Name and telephone stay here and are erased later."
    )
    page = _page(
        contact_request, _("Begin the screening of %(reference)s"), _("Give the next number"), about=about
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.CONTACT_HANDLE)
def erase(request: PersonRequest, reference: str) -> HttpResponse:
    contact_request = _request(request, reference)
    form = SureForm(_posted(request))
    if form.submits(erasing.erase_on_request, request=contact_request, by=request.user, at=timezone.now()):
        messages.success(
            request, _("Who sent the request has been erased. The receipt can be printed below.")
        )
        return redirect(contact_request)
    about = _(
        "Name, telephone, e-mail, message and remarks are deleted at once and for good. The count stays."
    )
    page = _page(
        contact_request, _("Erase who sent %(reference)s"), _("Yes, erase it"), about=about, is_grave=True
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.CONTACT_HANDLE)
def receipt(request: PersonRequest, reference: str) -> HttpResponse:
    """The proof of the erasure as a sheet to hand out."""
    contact_request = _request(request, reference)
    paper = receipt_pdf(contact_request, language=get_language() or "en")
    answer = HttpResponse(paper, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="erasure-{contact_request.reference}.pdf"'
    return answer


@requires(Permission.SITE_MANAGE)
def counts(request: PersonRequest) -> HttpResponse:
    """How many asked for a call, by site and month: numbers, and nothing of whom."""
    return render(request, "trials/request_counts.html", {"counts": count_requests()})
