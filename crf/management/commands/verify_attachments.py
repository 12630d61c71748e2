"""Prove that every attached file is there, byte for byte, or name each that is not: after a restore, say."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from crf.attachments.content import damaged_attachments
from crf.models import Attachment
from kernel.scope import EVERYTHING, scope


class Command(BaseCommand):
    help = "Compare the bytes of every attached file with its digest; exit 1 and name what differs."

    def handle(self, *args: Any, **options: Any) -> None:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            damaged, number = damaged_attachments(), Attachment.objects.count()
        for each in damaged:
            self.stderr.write(f"attached file {each}: missing, or not the bytes that were attached")
        if damaged:
            raise SystemExit(1)
        self.stdout.write(f"{number} attached files: byte for byte as they were attached.")
