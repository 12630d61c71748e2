"""Whether a value of the protocol text is a default still, or confirmed by the study team."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from protocol.loader.schema import OpenQuestion
from trials.models import Confirmation


def confirmations_of(questions: Iterable[OpenQuestion]) -> dict[str, Confirmation]:
    """Return the living confirmation of each value by its item; one of another value does not count."""
    digests = {each.item: each.digest for each in questions}
    living = Confirmation.objects.filter(item__in=digests, withdrawn_at=None)
    return {each.item: each for each in living if digests[each.item] == each.digest}


def history_of_value(item: str) -> QuerySet[Confirmation]:
    """Return every confirmation the value ever had, newest first."""
    return Confirmation.objects.filter(item=item)


def confirmation_by(pk: int) -> QuerySet[Confirmation]:
    """Return the one confirmation, for a page that asks for it."""
    return Confirmation.objects.filter(pk=pk)
