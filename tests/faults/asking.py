"""What the faults have the program do, inside ``manage.py shell``."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import User
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
        user = _data_manager()
        return request_export(
            forms=list(catalogue.forms()),
            sites=list(Site.objects.values_list("code", flat=True)),
            purpose="a fault is played",
            by=with_grants(user, on=local_date(now, "UTC")),
            at=now,
        )


def _data_manager() -> User:
    from django.db import transaction

    with transaction.atomic():
        return Delegation.objects.filter(role=Role.DATA_MANAGER).select_related("user")[0].user


def write_mails() -> None:
    """One mail to a slow mailbox, and five after it."""
    now = timezone.now()
    with scope(user_id=None, sites=EVERYTHING), open_act("tests:mail:write", by=None, at=now):
        for number, name in enumerate(["slow", *("quick" for _each in range(QUICK))]):
            write_mail(
                to=None, address=f"{name}@example.org", kind="tests", key=f"fault-{now.timestamp()}-{number}",
                subject="A fault is played", body="B", language="en", site=None, at=now,
            )  # fmt: skip
