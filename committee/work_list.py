"""Released packs on the work lists of those who read them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.permissions import Permission
from committee.models import CommitteePack, PackState, PackView
from committee.register import packs_of
from kernel.clock import local_date
from reports.worklist.sections import WaitingWork, WorkItem, WorkListSection, first_and_total


def unread_packs(user: User) -> Any:
    """Return the packs that were released and of which the person has had no file; none for who makes packs."""
    if user.may(Permission.PACK_MAKE) or not user.may(Permission.PACK_VIEW):
        return CommitteePack.objects.none()
    read = PackView.objects.filter(by=user).values("file__pack")
    return packs_of(user).filter(state=PackState.RELEASED).exclude(pk__in=read)


def packs_to_read(user: User, today: date) -> WorkListSection:
    """Return the packs that wait to be read, the one that was released first at the top."""
    rows, total = first_and_total(unread_packs(user).order_by("released_at", "pk"))
    items = [
        WorkItem(
            pack.title,
            _("Read the pack"),
            pack.get_absolute_url(),
            when=local_date(pack.released_at, settings.TRIAL_TIME_ZONE),
            is_since=True,
        )
        for pack in rows
    ]
    return WorkListSection(
        _lazy("Packs to read"),
        "file-earmark-text",
        _lazy("No pack waits for you."),
        items,
        total,
        reverse("committee:packs"),
    )


PACKS_TO_READ: Final = WaitingWork("committee:packs", unread_packs, packs_to_read)
