"""Exports are written by the worker."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from exports.models import Export
from exports.services import fail_export, write_export
from kernel.errors import Refusal
from kernel.tasks import task


@task(name="exports:write")
def write(pk: int) -> None:
    """The export ``pk`` is written, or on record as failed with the reason."""
    with transaction.atomic():
        export = Export.objects.select_related("requested_by").get(pk=pk)
    now = timezone.now()
    try:
        write_export(export=export, at=now)
    except Refusal as refusal:
        fail_export(export=export, at=now, why=str(refusal))
