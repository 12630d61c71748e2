"""A pack that was made waits for the second person who releases it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from committee.models import CommitteePack, PackState
from notices.second_person import SecondPersonKind, SecondPersonMatter


def _rows(user: User) -> Any:
    rows = CommitteePack.objects.filter(state=PackState.MADE).exclude(requested_by=user)
    return rows if user.may(Permission.PACK_MAKE) else rows.none()


def _matters(rows: Any) -> Iterator[SecondPersonMatter]:
    for each in rows.order_by("pk"):
        what = _("Release the pack for the committee, or leave it")
        yield SecondPersonMatter(f"pack:{each.pk}", each.title, what, each.get_absolute_url())


PACKS = SecondPersonKind(CommitteePack, _rows, _matters)
