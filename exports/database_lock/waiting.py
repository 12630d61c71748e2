"""What of a lock of the database waits for somebody: the signature of their role, or an unlocking to confirm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from exports.database_lock.models import SIGNING_ROLES, DatabaseLock, DatabaseLockSignature
from notices.second_person import SecondPersonKind, SecondPersonMatter


def _rows(user: User) -> Any:
    """Return the lock that others have begun to sign, or asked to unlock, and that this person acts on next."""
    rows = DatabaseLock.objects.current()
    role = next((role for role in SIGNING_ROLES if role in user.roles), None)
    if role is None or not user.may(Permission.DATABASE_LOCK_SIGN):
        return rows.none()
    under = DatabaseLockSignature.objects.filter(database_lock=OuterRef("pk"), digest=OuterRef("digest"))
    done = Exists(under.filter(Q(role=role) | Q(signature__by=user)))
    to_sign = Q(Exists(under), locked_at=None) & ~done
    return rows.filter(to_sign | (Q(unlock_asked_by__isnull=False) & ~Q(unlock_asked_by=user)))


def _matters(rows: Any) -> Iterator[SecondPersonMatter]:
    """One matter for each content that is signed, and for each request to unlock."""
    for each in rows.order_by("pk"):
        if each.unlock_asked_by_id is not None:
            key, what = f"unlock:{each.asking_signature_id}", _("Confirm the unlocking, or keep it locked")
        else:
            key, what = f"lock:{(each.digest or '')[:16]}", _("Sign the lock, or leave it")
        yield SecondPersonMatter(f"database_{key}", _("Database lock"), what, each.get_absolute_url())


DATABASE_LOCKS: Final = SecondPersonKind(DatabaseLock, _rows, _matters)
