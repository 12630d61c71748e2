"""The texts of the public page, for the people who write, read and release them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.once import once_for_each_page
from kernel.service_form import Page
from protocol.text import load
from trials.models import PageConfirmation, PublicText
from trials.models.texts import PAGE_LANGUAGES
from website.public.blocks import BY_CODE
from website.public.first_texts import first_text
from website.public.page import public_page
from website.public.placeholders import facts_of, tokens_left
from website.public.standing import BlockVersions, standings
from website.services import texts as services
from website.text_forms import ConfirmPageForm, ReleaseForm, TextForm, WithdrawTextForm
from website.views.public import show


def _standing(request: PersonRequest, block: str, language: str, permission: Permission) -> BlockVersions:
    if block not in BY_CODE or language not in dict(PAGE_LANGUAGES):
        raise Http404
    public_texts = PublicText.objects.open_to(request.user, permission).filter(block=block, language=language)
    people = ("author", "released_by", "withdrawn_by")
    versions = tuple(public_texts.select_related(*people).order_by("-number"))
    return BlockVersions(BY_CODE[block], language, dict(PAGE_LANGUAGES)[language], versions)


@requires(Permission.TEXT_VIEW)
def texts(request: PersonRequest) -> HttpResponse:
    public_texts = PublicText.objects.open_to(request.user, Permission.TEXT_VIEW).select_related("author")
    rows = standings(public_texts)
    every = [standing for _block, both in rows for standing in both]
    confirmed = PageConfirmation.objects.open_to(request.user, Permission.TEXT_VIEW)
    context = {
        "rows": [(block, _beside(both)) for block, both in rows],
        "languages": [_of_language(code, name, every) for code, name in PAGE_LANGUAGES],
        "may_draft": request.user.may(Permission.TEXT_DRAFT),
        "may_release": request.user.may(Permission.TEXT_APPROVE),
        "has_undrafted": any(not standing.versions for standing in every),
        "confirmations": confirmed.select_related("signature")[:6],
        "protocol": settings.PROTOCOL_VERSION,
    }
    return render(request, "trials/texts.html", context)


def _beside(both: list[BlockVersions]) -> list[dict[str, Any]]:
    first, second = both
    return [
        {"standing": first, "is_behind": first.is_behind(second)},
        {"standing": second, "is_behind": second.is_behind(first)},
    ]


def _of_language(code: str, name: str, every: list[BlockVersions]) -> dict[str, Any]:
    own = [standing for standing in every if standing.language == code]
    return {
        "code": code,
        "name": name,
        "shown": sum(standing.shown is not None for standing in own),
        "waiting": sum(standing.waiting is not None for standing in own),
        "of": len(own),
    }


@requires(Permission.TEXT_VIEW)
def text(request: PersonRequest, block: str, language: str) -> HttpResponse:
    standing = _standing(request, block, language, Permission.TEXT_VIEW)
    context = {
        "standing": standing,
        "versions": standing.states(),
        "may_draft": request.user.may(Permission.TEXT_DRAFT),
        "may_release": request.user.may(Permission.TEXT_APPROVE),
    }
    return render(request, "trials/text.html", context)


@requires(Permission.TEXT_DRAFT)
def draft_text(request: PersonRequest, block: str, language: str) -> HttpResponse:
    standing, now = _standing(request, block, language, Permission.TEXT_DRAFT), timezone.now()
    form = TextForm(request.POST or None, initial=_begin_with(standing))
    if "preview" in request.POST and form.is_valid():
        return _preview_typed(request, standing, form.cleaned_data, now)
    told = {"block": block, "language": language, "by": request.user, "at": now}
    if form.submits(services.draft_text, **told):
        return redirect("trials:text", block, language)
    title = f"{standing.block.about} · {standing.language_name}"
    page = Page(title, _("Keep as a draft"), *_above())
    context = {"form": form, "page": page, "placeholders": _placeholders(language), "standing": standing}
    return render(request, "trials/draft_text.html", context, status=form.status)


def _above() -> tuple[str, str]:
    return reverse("trials:texts"), _("Public page")


def _begin_with(versions: BlockVersions) -> dict[str, Any]:
    """The newest version is written on; a block without one begins with the text of the program."""
    start = versions.newest or first_text(versions.block.code, versions.language)
    number = versions.newest.number if versions.newest else 0
    return {"title": start.title, "body": start.body, "based_on": number} if start else {"based_on": 0}


def _placeholders(language: str) -> list[tuple[str, str]]:
    facts = facts_of(load(settings.PROTOCOL_VERSION))
    return [(f"{{{name}}}", words.in_language(language)) for name, words in sorted(facts.items())]


def _preview_typed(
    request: PersonRequest, versions: BlockVersions, typed: dict[str, Any], at: datetime
) -> HttpResponse:
    left = tokens_left(f"{typed['title']}\n{typed['body']}", facts_of(load(settings.PROTOCOL_VERSION)))
    if left:
        raise services.TokensLeft(tokens=services.quoted(left))
    typed_text = PublicText(
        block=versions.block.code, language=versions.language, title=typed["title"], body=typed["body"]
    )
    return _as_readers_would_see(request, versions.language, [typed_text], at=at)


def _as_readers_would_see(
    request: HttpRequest, language: str, instead: list[PublicText], *, at: datetime
) -> HttpResponse:
    with translation.override(language):
        return show(request, public_page(language, at=at, instead=instead), is_preview=True)


@requires(Permission.TEXT_VIEW)
def preview_text(request: PersonRequest, pk: int) -> HttpResponse:
    public_text = get_object_or_404(PublicText.objects.open_to(request.user, Permission.TEXT_VIEW), pk=pk)
    return _as_readers_would_see(request, public_text.language, [public_text], at=timezone.now())


@requires(Permission.TEXT_VIEW)
def preview_page(request: PersonRequest, language: str) -> HttpResponse:
    if language not in dict(PAGE_LANGUAGES):
        raise Http404
    drafts = PublicText.objects.open_to(request.user, Permission.TEXT_VIEW).waiting()
    waiting = list(drafts.filter(language=language))
    return _as_readers_would_see(request, language, waiting, at=timezone.now())


@require_POST
@requires(Permission.TEXT_DRAFT)
@once_for_each_page
def draft_first_texts(request: PersonRequest) -> HttpResponse:
    made = len(services.draft_first_texts(by=request.user, at=timezone.now()))
    said = ngettext("%(made)s text was drafted.", "%(made)s texts were drafted.", made) % {"made": made}
    messages.success(request, said)
    return redirect("trials:texts")


@requires(Permission.TEXT_APPROVE)
def release_texts(request: PersonRequest, language: str) -> HttpResponse:
    if language not in dict(PAGE_LANGUAGES):
        raise Http404
    waiting = PublicText.objects.open_to(request.user, Permission.TEXT_APPROVE).waiting()
    waiting = waiting.filter(language=language).select_related("author")
    own = [each for each in waiting if each.author_id == request.user.pk]
    drafts = sorted(
        (each for each in waiting if each.author_id != request.user.pk),
        key=lambda each: list(BY_CODE).index(each.block),
    )
    form = ReleaseForm(request.POST or None, drafts=drafts)
    if form.submits(services.release_texts, by=request.user, at=timezone.now()):
        return redirect("trials:texts")
    title = _("Release texts · %(language)s") % {"language": dict(PAGE_LANGUAGES)[language]}
    page = Page(title, _("Sign and release"), *_above())
    context = {"form": form, "page": page, "drafts": drafts, "own": own, "language": language}
    return render(request, "trials/release_texts.html", context, status=form.status)


@requires(Permission.TEXT_APPROVE)
def withdraw_text(request: PersonRequest, block: str, language: str) -> HttpResponse:
    standing = _standing(request, block, language, Permission.TEXT_APPROVE)
    if standing.shown is None:
        raise Http404
    form = WithdrawTextForm(request.POST or None)
    if form.submits(services.withdraw_text, text=standing.shown, by=request.user, at=timezone.now()):
        return redirect("trials:text", block, language)
    about = _("Readers no longer see “%(title)s”. No earlier version comes back; release a new one.")
    title = _("Withdraw a text")
    page = Page(title, _("Withdraw it"), *_above(), about % {"title": standing.shown.title}, is_grave=True)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.TEXT_APPROVE)
def confirm_page(request: PersonRequest, language: str) -> HttpResponse:
    if language not in dict(PAGE_LANGUAGES):
        raise Http404
    form = ConfirmPageForm(request.POST or None)
    if form.submits(services.confirm_page, language=language, by=request.user, at=timezone.now()):
        messages.success(request, _("The page shows today as the day it was last confirmed."))
        return redirect("trials:texts")
    about = _("Read the whole page as readers see it now. You sign that all of it is still true.")
    title = _("Confirm the page · %(language)s") % {"language": dict(PAGE_LANGUAGES)[language]}
    page = Page(title, _("Sign and confirm"), *_above(), about)
    address = reverse("trials:public" if language == "en" else "trials:public-zh")
    context = {"form": form, "page": page, "address": address}
    return render(request, "trials/confirm_page.html", context, status=form.status)
