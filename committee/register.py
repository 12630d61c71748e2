"""Reading packs, their files, whom they were shared with and who had them."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Permission
from committee.models import CommitteePack, PackFile, PackShare, PackState, PackView

MOST_VIEWS = 200


def packs_of(user: User) -> QuerySet[CommitteePack]:
    """Return the packs that a person may know of: those released, and every one for who makes them."""
    rows = CommitteePack.objects.select_related("cut", "requested_by", "released_by")
    return rows if user.may(Permission.PACK_MAKE) else rows.filter(state=PackState.RELEASED)


def files() -> QuerySet[PackFile]:
    """Return the files of packs, with the pack that says who may read them."""
    return PackFile.objects.select_related("pack")


def shares() -> QuerySet[PackShare]:
    """Return what was shared, with the pack."""
    return PackShare.objects.select_related("pack", "shared_by", "revoked_by")


def views_of(pack: CommitteePack) -> QuerySet[PackView]:
    """Return the latest times that a file of the pack was handed out."""
    rows = PackView.objects.filter(file__pack=pack).select_related("file", "by", "share")
    return rows.defer("file__content", "share__passcode")[:MOST_VIEWS]
