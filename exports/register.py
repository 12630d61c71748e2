"""Reading the register of exports."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from exports.models import DatabaseLock, Export, ExportDefinition, KeptCut


def register() -> QuerySet[Export]:
    """Return every export that the database shows the person, newest first."""
    return Export.objects.select_related("requested_by", "cut")


def named_cuts() -> QuerySet[KeptCut]:
    """Return the cuts that have a name, the latest first."""
    return KeptCut.objects.exclude(name="")


def saved_exports(owner: User) -> QuerySet[ExportDefinition]:
    """Return what the person has saved to be taken again."""
    return ExportDefinition.objects.filter(owner=owner, ended_at=None)


def database_locks() -> QuerySet[DatabaseLock]:
    """Return every lock of the database, the latest first."""
    people = ("begun_by", "unlock_asked_by")
    return DatabaseLock.objects.select_related("export", "data_lock", *people)


def current_lock() -> DatabaseLock | None:
    """Return the lock of the database that is prepared or in force, or None."""
    return DatabaseLock.objects.current().select_related("export", "begun_by", "unlock_asked_by").first()
