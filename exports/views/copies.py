"""The copy of its records that a site keeps: its file."""

from __future__ import annotations

from django.http import FileResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.site_copy.services import hand_out_copy
from trials.models import SiteCopy


@require_POST
@requires(Permission.CASEBOOK_MAKE)
def download_copy(request: PersonRequest, code: str, pk: int) -> HttpResponseBase:
    """Hand out the copy for the site; that it was handed out is on record."""
    rows = SiteCopy.objects.open_to(request.user, Permission.CASEBOOK_MAKE).select_related("site")
    copy = get_object_or_404(rows, pk=pk, site__code=code)
    path = hand_out_copy(copy=copy, by=request.user, at=timezone.now())
    return FileResponse(path.open("rb"), as_attachment=True, filename=copy.file_name)
