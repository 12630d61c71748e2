"""``python -m bench.lighthouse.session AGENT``: a coordinator's session in a bench's trial, and the pages to look at.

Prints JSON. The session is of the browser that calls itself AGENT, and of no other.
"""

from __future__ import annotations

import json
import sys

import django


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.db import transaction
    from django.test import Client
    from django.urls import reverse

    from accounts.models import User
    from crf.models import Record
    from kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        person = User.objects.get(username="coord01")
        record = Record.objects.filter(form_code="STAGE", site__code="01").earliest("pk")
        number = record.participant.number
    client = Client(headers={"User-Agent": sys.argv[1]})
    client.force_login(person)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    pages = [
        reverse("home"),
        reverse("participant", args=[number]),
        reverse("crf:form", args=[number, "STAGE", record.sequence]),
    ]
    sys.stdout.write(json.dumps({"cookie": cookie, "pages": pages}))


if __name__ == "__main__":
    main()
