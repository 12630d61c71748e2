"""Every version of every row about the participants of one site, and the digest of the state that they tell."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import models
from django.db.models import Count, F, Max, QuerySet, Value

from kernel.scope import EVERYTHING, scope
from trials.models import Participant, Site

# About a participant, and no part of their records: contact data, private notes, mails and reminders, the place in
# the list that an emergency envelope holds, and what a data manager has to look at.
NOT_RECORDS: Final = frozenset(
    {
        *("trials.ContactRequest", "trials.RequestCall", "crf.WorkingNote", "crf.DerivedDifference"),
        *("followup.Reminder", "followup.Escalation", "followup.Todo", "randomization.Envelope"),
    }
)


def path_to_participant(model: type[models.Model]) -> str:
    """Return the lookup from a row to its participant, over one foreign key at most; empty where there is none."""
    if model is Participant:
        return "pk"
    keys = {field.name: field.related_model for field in model._meta.concrete_fields if field.is_relation}
    if keys.get("participant") is Participant:
        return "participant"
    nexts = (f"{name}__participant" for name, other in keys.items() if _has_participant(other))
    return next(nexts, "")


def _has_participant(model: Any) -> bool:
    return any(field.name == "participant" for field in model._meta.concrete_fields)


@cache
def versioned_models() -> tuple[tuple[Any, str], ...]:
    """Return the event models that hold records of participants, with their lookups, in the order of their tables."""
    events = [model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]
    models = []
    for model in sorted(events, key=lambda each: str(each._meta.db_table)):
        tracked: Any = model.pgh_tracked_model
        path = path_to_participant(tracked)
        if path and tracked._meta.label not in NOT_RECORDS:
            models.append((model, path))
    return tuple(models)


def versions_of_site(site: Site) -> Iterator[tuple[str, QuerySet[Any]]]:
    """Yield the versions in each table, by the name of the table."""
    people = Participant.objects.filter(site=site).values("pk")
    for model, path in versioned_models():
        rows = model.objects.filter(**{f"pgh_obj__{path}__in": people})
        yield str(model.pgh_tracked_model._meta.db_table), rows.order_by("pgh_id")


def states_of_participants(site: Site) -> dict[int, str]:
    """Return, for each participant of the site, the digest of the state of their records.

    It reads as the system does, and only digests leave.
    """
    with scope(user_id=None, sites=EVERYTHING):
        first, *others = (
            rows.order_by()
            .values(table=Value(table), person=F(f"pgh_obj__{path}"))
            .annotate(versions=Count("pgh_id"), last=Max("pgh_id"))
            .values_list("person", "table", "versions", "last")
            for (table, rows), (_model, path) in zip(versions_of_site(site), versioned_models(), strict=True)
        )
        of_person: dict[int, list[Any]] = defaultdict(list)
        for person, *state in sorted(first.union(*others, all=True)):
            of_person[person].append(state)
        people = Participant.objects.filter(site=site).values_list("pk", flat=True)
        return {pk: hashlib.sha256(repr(of_person[pk]).encode()).hexdigest() for pk in people}


def data_digest_of(site: Site) -> str:
    """Return the digest of the state of the site's records; it differs as soon as one row has another version.

    It reads as the system does, and only the digest leaves. Counted as well as the last number: a transaction
    that began earlier may end later.
    """
    with scope(user_id=None, sites=EVERYTHING):
        first, *others = (
            rows.order_by()
            .annotate(table=Value(table))
            .values("table")
            .annotate(versions=Count("pgh_id"), last=Max("pgh_id"))
            .values_list("table", "versions", "last")
            for table, rows in versions_of_site(site)
        )
        every_row = sorted(first.union(*others, all=True))
    return hashlib.sha256(repr(every_row).encode()).hexdigest()
