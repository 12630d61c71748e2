"""The lock of the database: its page, and the certificates of a locked site and of a locked database."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.models import Signature
from accounts.permissions import ROLE_LABELS, Permission, requires
from accounts.requests import PersonRequest
from exports.database_lock.certificate import database_certificate, site_certificate
from exports.database_lock.models import SIGNING_ROLES, DatabaseLock
from exports.database_lock.services import checklist_of, dataset_is_ready, seen_of, take_database_step
from exports.forms import DatabaseLockForm
from exports.register import current_lock, database_locks
from kernel.errors import Forbidden
from trials.models import Site


@requires(Permission.DATABASE_LOCK_VIEW)
def database_lock(request: PersonRequest) -> HttpResponse:
    """Show the checklist, the data set, the signatures and the end of the lock, and take the next step."""
    now, form = timezone.now(), DatabaseLockForm(request.POST or None)
    may = request.user.may(Permission.DATABASE_LOCK_SIGN)
    if request.method == "POST" and not may:
        raise Forbidden
    if form.submits(take_database_step, by=request.user, at=now):
        messages.success(request, _("Recorded."))
        return redirect("exports:database-lock")
    current = current_lock()
    computed, by_hand = checklist_of(current, at=now)
    shown = {
        "form": form,
        "current": current,
        "seen": seen_of(current, at=now) if current else {},
        "computed": computed,
        "by_hand": [
            {**each, "mine": each["owner"] in request.user.roles, "owner": ROLE_LABELS[each["owner"]]}
            for each in by_hand
        ],
        "is_settled": not any(each.failed for each in computed) and all(each["settled"] for each in by_hand),
        "dataset_ready": current is not None and dataset_is_ready(current),
        "signatures": signatures_of(current),
        "may_sign": may,
        "may_begin": may and request.user.may(Permission.CRF_LOCK),
        "may_freeze": may and request.user.may(Permission.EXPORT_TAKE),
        "may_confirm": may
        and current is not None
        and current.unlock_asked_by_id not in (None, request.user.pk),
        "past": database_locks().exclude(unlocked_at=None),
        "zone": settings.TRIAL_TIME_ZONE,
    }
    return render(request, "exports/database_lock.html", shown, status=form.status)


def signatures_of(current: DatabaseLock | None) -> list[tuple[str, Signature | None]]:
    """Return each role that signs, with its signature under what is signed now."""
    rows = current.signatures.filter(digest=current.digest).select_related("signature") if current else ()
    signed = {each.role: each.signature for each in rows}
    return [(str(ROLE_LABELS[role]), signed.get(role.value)) for role in SIGNING_ROLES]


@require_GET
@requires(Permission.DATABASE_LOCK_VIEW)
def database_lock_certificate(request: PersonRequest, pk: int, language: str) -> HttpResponse:
    """Print the certificate of a locked database."""
    locked = get_object_or_404(database_locks(), pk=pk)
    return _pdf(
        database_certificate(locked, language=_known(language), at=timezone.now()),
        f"PALACE-3-database-lock-{pk}-{language}.pdf",
    )


@require_GET
@requires(Permission.CRF_VIEW)
def site_lock_certificate(request: PersonRequest, code: str, language: str) -> HttpResponse:
    """Print the certificate of a locked site."""
    site = get_object_or_404(Site.objects.open_to(request.user, Permission.CRF_VIEW), code=code)
    return _pdf(
        site_certificate(site, language=_known(language), at=timezone.now()),
        f"PALACE-3-site-{code}-lock-{language}.pdf",
    )


def _known(language: str) -> str:
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return language


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer
