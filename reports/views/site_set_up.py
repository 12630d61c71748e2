"""The set-up of a site, step by step, and the documents behind its checklist."""

from __future__ import annotations

import io

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.directory import accounts_open_to
from accounts.permissions import Permission, Role, requires
from accounts.requests import PersonRequest
from kernel.clock import local_date
from kernel.uploads import takes_files
from reports.forms import ChecklistFileForm, SiteRoleForm
from reports.site_set_up import set_up_steps
from trials import services
from trials.models import Site, SiteDocument
from trials.models.sites import IN_SET_UP, ChecklistKind, SiteState
from trials.views.sites import page_after, page_of_step


def _site(request: PersonRequest, code: str, permission: Permission) -> Site:
    return get_object_or_404(Site.objects.open_to(request.user, permission), code=code)


@require_GET
@requires(Permission.SITE_MANAGE)
def set_up(request: PersonRequest, code: str) -> HttpResponse:
    """Show every step from nothing to an active site, what is done of them, and which is next."""
    site = _site(request, code, Permission.SITE_MANAGE)
    is_open = site.state not in IN_SET_UP
    steps = set_up_steps(site, on=local_date(timezone.now(), site.time_zone), by=request.user)
    done = sum(step.is_done for step in steps) + is_open
    context = {
        "site": site,
        "steps": steps,
        "next": next((step for step in steps if not step.is_done), None),
        "done": done,
        "all": len(steps) + 1,  # activating it is the last
        "activate": reverse("trials:move-site", args=[site.code, SiteState.ACTIVE.value]),
        "is_complete": done >= len(steps),
        "is_open": is_open,
    }
    return render(request, "trials/set_up.html", context)


@takes_files
@requires(Permission.SITE_MANAGE)
def fulfil(request: PersonRequest, code: str, kind: str) -> HttpResponse:
    """Put a line of the checklist on record, with its document where there is one."""
    site = _site(request, code, Permission.SITE_MANAGE)
    item = site.checklist.filter(kind=kind).first()
    initial = {name: getattr(item, name, None) for name in ("done_on", "expires_on", "reference")}
    form = ChecklistFileForm(request.POST or None, request.FILES or None, initial=initial)
    told = {"site": site, "kind": kind, "by": request.user, "at": timezone.now()}
    if form.submits(services.fulfil_checklist_item, **told):
        return redirect(page_after(site))
    page = page_of_step(site, str(ChecklistKind(kind).label), _("Put on record"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PERSON_DELEGATE)
def set_up_role(request: PersonRequest, code: str, role: str) -> HttpResponse:
    """Delegate a role of the site to somebody who has an account, or lead to making one."""
    site = _site(request, code, Permission.PERSON_DELEGATE)
    now = timezone.now()
    people = accounts_open_to(request.user, Permission.PERSON_DELEGATE).filter(is_active=True)
    people = people.exclude(pk=request.user.pk).order_by("display_name", "username")
    named = people.filter(username=request.GET.get("person", "")).first()
    initial = {"user": named, "starts_on": local_date(now, site.time_zone)}
    form = SiteRoleForm(request.POST or None, people=people, initial=initial)
    told = {"site": site, "role": Role(role), "by": request.user, "at": now}
    if form.submits(services.delegate, **told):
        return redirect(page_after(site))
    about = _("The role gives rights once a second person has confirmed it.")
    page = page_of_step(site, _title_of(Role(role)), _("Delegate"), about=about)
    new = f"{reverse('trials:new-person')}?site={site.code}&role={role}"
    context = {"form": form, "page": page, "new": new}
    return render(request, "trials/set_up_role.html", context, status=form.status)


def _title_of(role: Role) -> str:
    return _("The coordinator") if role is Role.COORDINATOR else _("The investigator")


@require_GET
@requires(Permission.PERSON_VIEW)
def site_document(request: PersonRequest, code: str, pk: int) -> HttpResponseBase:
    """Hand out a document behind the checklist: to be saved, never to be shown in the browser."""
    site = _site(request, code, Permission.PERSON_VIEW)
    row = get_object_or_404(
        SiteDocument.objects.open_to(request.user, Permission.PERSON_VIEW), site=site, pk=pk
    )
    return FileResponse(
        io.BytesIO(bytes(row.content)), as_attachment=True, filename=row.name, content_type=row.media_type
    )
