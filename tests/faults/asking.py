"""What the faults have the program do, inside ``manage.py shell``."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.permissions import Role
from accounts.services import write_mail
from audit.acts import open_act
from crf import catalogue
from exports.models import Export
from exports.services import request_export
from kernel.clock import local_date
from kernel.scope import EVERYTHING, scope
from trials.models import Delegation, Site
from trials.models.people import with_grants

QUICK = 5


def ask_for_export() -> Export:
    """A data manager asks for every form of every site."""
    now = timezone.now()
    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            manager = Delegation.objects.filter(role=Role.DATA_MANAGER).select_related("user")[0].user
            by = with_grants(manager, on=local_date(now, "UTC"))
            sites = list(Site.objects.values_list("code", flat=True))
        return request_export(
            forms=list(catalogue.forms()), sites=sites, purpose="a fault is played", by=by, at=now
        )


def write_mails() -> None:
    """One mail to a slow mailbox, and five after it."""
    now = timezone.now()
    with scope(user_id=None, sites=EVERYTHING), open_act("tests:mail:write", by=None, at=now):
        for number, name in enumerate(["slow", *("quick" for _each in range(QUICK))]):
            write_mail(
                to=None, address=f"{name}@example.org", kind="tests", key=f"fault-{now.timestamp()}-{number}",
                subject="A fault is played", body="B", language="en", site=None, at=now,
            )  # fmt: skip
