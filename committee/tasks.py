"""Packs are made by the worker."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from committee.models import CommitteePack
from committee.services.packs import look_after_packs, make_pack
from kernel.tasks import task


@task(name="committee:make")
def make(pk: int) -> None:
    """The pack ``pk`` has its files, or is stopped after several tries."""
    with transaction.atomic():
        pack = CommitteePack.objects.get(pk=pk)
    make_pack(pack=pack, at=timezone.now())


@task(name="committee:look_after")
def look_after() -> None:
    """Packs that nobody makes go on."""
    with transaction.atomic():
        look_after_packs(at=timezone.now())
