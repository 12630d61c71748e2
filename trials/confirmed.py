"""Whether a value of the protocol text is a default still, or confirmed by the study team."""

from __future__ import annotations

from collections.abc import Iterable

from palace3.protocol.shapes import OpenQuestion
from trials.models import Confirmation


def confirmations_of(questions: Iterable[OpenQuestion]) -> dict[str, Confirmation]:
    """Return the living confirmation of each value by its item; one of another value does not count."""
    digests = {each.item: each.digest for each in questions}
    living = Confirmation.objects.filter(item__in=digests, withdrawn_at=None)
    return {each.item: each for each in living if digests[each.item] == each.digest}
