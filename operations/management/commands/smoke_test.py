"""Ask a few pages of this process, without a server: do they come?"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.test import Client
from django.urls import reverse

from crf.models import Record
from kernel.scope import EVERYTHING, scope
from trials.models import Participant

PAGES = ("healthz", "accounts:sign-in", "trials:public", "trials:anchors")


class Command(BaseCommand):
    help = "Ask pages that anybody may see and read a few rows; exit 1 and name what does not come. Writes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        host = next((name for name in settings.ALLOWED_HOSTS if not name.startswith((".", "*"))), "localhost")
        client = Client(raise_request_exception=False, HTTP_HOST=host)
        failed = []
        for name in PAGES:
            status = client.get(reverse(name), secure=True).status_code
            if status != 200:
                failed.append(f"{reverse(name)} answers {status}")
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            counts = {model.__name__: model.objects.count() for model in (Participant, Record)}
            for record in Record.objects.order_by("-pk")[:20]:
                record.refresh_from_db()
        for line in failed:
            self.stderr.write(line)
        if failed:
            raise SystemExit(1)
        self.stdout.write(f"{len(PAGES)} pages came; {counts}")
