"""Saved exports: a choice with a name, taken again by hand or by a rhythm."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.forms import SavedExportForm
from exports.jobs.services import end_definition, save_definition, take_definition
from exports.register import saved_exports
from kernel.once import once_for_each_page
from kernel.service_form import Page
from trials.models import Site


@requires(Permission.EXPORT_TAKE)
def saved_list(request: PersonRequest) -> HttpResponse:
    """Show what the person has saved."""
    return render(request, "exports/saved.html", {"definitions": saved_exports(request.user)})


@requires(Permission.EXPORT_TAKE)
def saved_new(request: PersonRequest) -> HttpResponse:
    """Save a choice."""
    sites = [(site.code, str(site)) for site in Site.objects.open_to(request.user, Permission.EXPORT_TAKE)]
    form = SavedExportForm(request.POST or None, sites=sites, may=request.user.may)
    if form.submits(save_definition, language=get_language() or "en", by=request.user, at=timezone.now()):
        return redirect("exports:saved")
    page = Page(
        title=_("Save an export"),
        button=_("Save"),
        up=reverse("exports:saved"),
        up_label=_("Saved exports"),
        about=_("What is chosen here is taken again by a press of a button, or by itself."),
    )
    return render(request, "exports/choose.html", {"form": form, "page": page}, status=form.status)


@require_POST
@requires(Permission.EXPORT_TAKE)
@once_for_each_page
def saved_take(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the saved export now."""
    definition = get_object_or_404(saved_exports(request.user), pk=pk)
    return redirect(take_definition(definition=definition, by=request.user, at=timezone.now()))


@require_POST
@requires(Permission.EXPORT_TAKE)
@once_for_each_page
def saved_end(request: PersonRequest, pk: int) -> HttpResponse:
    """End the saved export: it is not taken any more."""
    definition = get_object_or_404(saved_exports(request.user), pk=pk)
    end_definition(definition=definition, by=request.user, at=timezone.now())
    return redirect("exports:saved")
