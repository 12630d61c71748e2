"""The register of committee packs, one pack with its files and shares, and the page of a recipient."""

from __future__ import annotations

from datetime import datetime

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from committee.forms import OpenShareForm, PackForm, ReleasePackForm, ShareForm
from committee.models import CommitteePack, FileKind, PackFile, PackShare, PackState
from committee.register import files, packs_of, shares, views_of
from committee.services.packs import hand_out, may_read, release_pack, request_pack
from committee.services.sharing import files_of_share, open_share, revoke_share, share_of, share_pack
from exports.register import named_cuts
from kernel.errors import Refusal
from kernel.once import once_for_each_page
from kernel.service_form import Page

PER_PAGE = 30
TYPES = {FileKind.PDF: "application/pdf", FileKind.CSV: "text/csv; charset=utf-8"}


@requires(Permission.PACK_VIEW)
def pack_list(request: PersonRequest) -> HttpResponse:
    """Show the packs."""
    page = Paginator(packs_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "may_make": request.user.may(Permission.PACK_MAKE)}
    return render(request, "committee/packs.html", context)


@requires(Permission.PACK_MAKE)
def new_pack(request: PersonRequest) -> HttpResponse:
    """Ask for a pack."""
    form = PackForm(request.POST or None, cuts=list(named_cuts()))
    if form.submits(request_pack, by=request.user, at=timezone.now()):
        return redirect(form.result)
    page = Page(
        title=_("Make a pack"),
        button=_("Make the pack"),
        up=reverse("committee:packs"),
        up_label=_("Committee packs"),
        about=_(
            "It is made in the background; then another person who may release packs reads and releases it."
        ),
    )
    return render(request, "committee/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PACK_VIEW)
def pack(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one pack: files with digests, and, for who makes packs, whom it was shared with and who read it."""
    return _pack_page(request, get_object_or_404(packs_of(request.user), pk=pk), at=timezone.now())


def _pack_page(
    request: PersonRequest,
    chosen: CommitteePack,
    *,
    at: datetime,
    passcode: str = "",
    shared: PackShare | None = None,
) -> HttpResponse:
    makes = request.user.may(Permission.PACK_MAKE)
    every = list(files().filter(pack=chosen).defer("content"))
    shared_with = shares().filter(pack=chosen).prefetch_related("views") if makes else ()
    read = views_of(chosen) if makes else ()
    is_waiting, is_own = makes and chosen.state == PackState.MADE, chosen.requested_by_id == request.user.pk
    context = {
        "pack": chosen,
        "files": [each for each in every if may_read(each, request.user)],
        "makes": makes,
        "may_release": is_waiting and not is_own,
        "waits_for_other": is_waiting and is_own,
        "may_share": makes and chosen.state == PackState.RELEASED,
        "shares": [(each, each.opens_at(at)) for each in shared_with],
        "views": [(each.at, each.file.name, each.by or each.share) for each in read],
        "passcode": passcode,
        "shared": shared,
    }
    return render(request, "committee/pack.html", context)


@requires(Permission.PACK_MAKE)
def release(request: PersonRequest, pk: int) -> HttpResponse:
    """Release a pack that somebody else asked for, with a signature."""
    chosen = get_object_or_404(packs_of(request.user), pk=pk)
    form = ReleasePackForm(request.POST or None)
    if form.submits(release_pack, pack=chosen, by=request.user, at=timezone.now()):
        return redirect(form.result)
    page = Page(
        title=_("Release the pack"),
        button=_("Sign and release"),
        up=chosen.get_absolute_url(),
        up_label=chosen.title,
        about=_("You sign the digests of its files. The committee reads it from then on."),
    )
    return render(request, "committee/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PACK_MAKE)
def share(request: PersonRequest, pk: int) -> HttpResponse:
    """Share a part of a released pack; the passcode is shown on the answer, and never again."""
    chosen = get_object_or_404(packs_of(request.user), pk=pk)
    form, now = ShareForm(request.POST or None), timezone.now()
    if form.submits(share_pack, pack=chosen, by=request.user, at=now):
        made, passcode = form.result
        return _pack_page(request, chosen, at=now, passcode=passcode, shared=made)
    page = Page(
        title=_("Share the pack"),
        button=_("Send the link"),
        up=chosen.get_absolute_url(),
        up_label=chosen.title,
        about=_(
            "The recipient is mailed a link. The passcode is shown to you once: tell it them in another way, by "
            "telephone for example."
        ),
    )
    return render(request, "committee/step.html", {"form": form, "page": page}, status=form.status)


@require_POST
@requires(Permission.PACK_MAKE)
@once_for_each_page
def revoke(request: PersonRequest, pk: int) -> HttpResponse:
    """End a share at once."""
    ended = get_object_or_404(shares(), pk=pk)
    revoke_share(share=ended, by=request.user, at=timezone.now())
    return redirect(ended.pack)


@require_POST
@requires(Permission.PACK_VIEW)
def download(request: PersonRequest, pk: int) -> HttpResponse:
    """Hand a file out to who signed in, with their name on each page."""
    file = get_object_or_404(files(), pk=pk)
    if not may_read(file, request.user):
        raise Http404
    return _answer(file, hand_out(file=file, by=request.user, at=timezone.now()))


def _answer(file: PackFile, content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type=TYPES[FileKind(file.kind)])
    answer["Content-Disposition"] = f'attachment; filename="{file.name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@csrf_exempt  # the passcode is the right, and no session stands behind it
@never_cache
@require_http_methods(["GET", "POST"])
def shared(request: HttpRequest, ticket: str) -> HttpResponse:
    """Show a recipient what was shared with them, and hand a file out for the passcode."""
    opened, now = share_of(ticket), timezone.now()
    if opened is None:
        raise Http404
    with override(
        request.GET.get("lang") if request.GET.get("lang") in ("en", "zh-hans") else opened.language
    ):
        opens = opened.opens_at(now)
        form = OpenShareForm(request.POST or None, files=files_of_share(opened) if opens else [])
        if opens and form.is_valid():  # a page without a key: each file of it is asked for in its turn
            try:
                return _answer(*open_share(share=opened, at=now, **form.arguments()))
            except Refusal as refusal:
                form.refuse(refusal)
        status = form.status if opens else 410
        context = {"share": opened, "form": form, "opens": opens and status != 410}
        return render(request, "committee/shared.html", context, status=status)
