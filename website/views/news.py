"""News of this trial: the public sign-up, and the letters that trial managers write and release."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.network import network_of
from kernel.once import once_for_each_page
from kernel.service_form import Page
from trials.models import NewsLetter
from website.contact.forms import NewsForm
from website.contact.news_mails import key_of
from website.contact.request_forms import LetterForm
from website.contact.tokens import looks_like_a_program, new_token, read_token
from website.public.language import in_its_own_language, spoken
from website.services import news as services
from website.services.erasing import days_of
from website.services.limits import may_send
from website.views.contact import refuse_large_and_foreign


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
@in_its_own_language
def sign_up(request: HttpRequest) -> HttpResponse:
    """Take an address; its owner is asked by mail before anything else is sent."""
    now = timezone.now()
    if request.method == "GET":
        return render(
            request, "public/news.html", {"form": NewsForm(), "token": new_token(now), "days": _days()}
        )
    refuse_large_and_foreign(request)
    form, token = NewsForm(request.POST), read_token(request.POST.get("token", ""), now)
    status = 422 if token is None or not form.is_valid() else 200
    asks_again = bool(
        token
        and status == 200
        and looks_like_a_program(request, token, fills_all=form.is_of_a_program, at=now)
    )
    if asks_again:
        status = 422
    if token and status == 200:
        status = 200 if may_send("network", network_of(request), at=now) else 429
        if status == 200:
            services.ask_for_news(email=form.cleaned_data["email"], language=get_language() or "en", at=now)
    if status == 200:
        return redirect(f"{reverse('trials:news-sent')}?lang={spoken(get_language())}")
    context = {
        "form": form,
        "token": token or new_token(now),
        "is_stale": token is None,
        "too_often": status == 429,
        "asks_again": asks_again,
        "days": _days(),
    }
    return render(request, "public/news.html", context, status=status)


def _days() -> dict[str, int]:
    """Return how long an address is kept, as the page tells it before anybody agrees."""
    return {"confirm": days_of("news_confirm_days").days, "keep": days_of("news_keep_days").days}


@require_GET
@in_its_own_language
def sign_up_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "public/news_said.html", {"what": "sent"})


@csrf_exempt  # the address itself is the right
@never_cache
@require_http_methods(["GET", "POST"])
@in_its_own_language
def confirm(request: HttpRequest, ticket: str) -> HttpResponse:
    """Ask for one press of a button, because programs that read mail open every address."""
    return _by_ticket(request, ticket, "confirm", services.confirm_news)


@csrf_exempt  # mail programs post here by themselves (RFC 8058)
@never_cache
@require_http_methods(["GET", "POST"])
@in_its_own_language
def leave(request: HttpRequest, ticket: str) -> HttpResponse:
    """Leave the news: one press, no questions."""
    return _by_ticket(request, ticket, "leave", services.leave_news)


def _by_ticket(request: HttpRequest, ticket: str, what: str, service: Any) -> HttpResponse:
    known = key_of(ticket) is not None
    if request.method == "POST" and known:
        done = service(ticket=ticket, at=timezone.now())
        what = "unknown" if done is False else {"confirm": "confirmed", "leave": "left"}[what]
    elif not known:
        what = "unknown"
    return render(request, "public/news_said.html", {"what": what}, status=404 if what == "unknown" else 200)


@requires(Permission.TEXT_DRAFT)
def letters(request: PersonRequest) -> HttpResponse:
    shown = NewsLetter.objects.open_to(request.user, Permission.TEXT_DRAFT).select_related(
        "written_by", "released_by"
    )
    return render(request, "trials/letters.html", {"letters": shown, "readers": services.count_readers()})


@requires(Permission.TEXT_DRAFT)
def new_letter(request: PersonRequest) -> HttpResponse:
    form = LetterForm(request.POST or None)
    if form.submits(services.write_letter, by=request.user, at=timezone.now()):
        return redirect(form.result)
    about = _("Only what the ethics committee approved. Another person reads it and releases it.")
    page = Page(
        _("Write a news letter"),
        _("Keep it for release"),
        reverse("trials:letters"),
        _("Newsletters"),
        about,
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.TEXT_DRAFT)
def letter(request: PersonRequest, pk: int) -> HttpResponse:
    news_letter = get_object_or_404(NewsLetter.objects.open_to(request.user, Permission.TEXT_DRAFT), pk=pk)
    may_release = request.user.may(Permission.TEXT_APPROVE) and news_letter.written_by_id != request.user.pk
    context = {"letter": news_letter, "may_release": may_release, "readers": services.count_readers()}
    return render(request, "trials/letter.html", context)


@requires(Permission.TEXT_APPROVE)
@require_POST
@once_for_each_page
def release_letter(request: PersonRequest, pk: int) -> HttpResponse:
    news_letter = get_object_or_404(NewsLetter.objects.open_to(request.user, Permission.TEXT_APPROVE), pk=pk)
    services.release_letter(letter=news_letter, by=request.user, at=timezone.now())
    messages.success(request, _("The letter is released. It goes to every confirmed reader, once each."))
    return redirect(news_letter)
