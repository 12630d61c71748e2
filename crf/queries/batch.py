"""Several queries of one list, answered or closed together; each by its own act (requirements C19)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from crf.models import MessageKind, Query
from crf.queries.list import PER_PAGE, QueryLine
from crf.queries.one_value import answer_at_value, confirm_at_value, place_of
from crf.queries.services import close_query
from kernel.errors import Refusal
from kernel.row_keys import row_key, row_of

_NAMED = re.compile(r"(?:text|right|close)-([0-9a-z]{8})")


@dataclass
class Batch:
    """What was typed beside the queries of a list, and what became of it."""

    sent: Mapping[str, str]
    done: int = 0
    problems: dict[int, str] = field(default_factory=dict)

    def wanted(self) -> list[int]:
        """Return the queries beside which something was typed or ticked."""
        named = ((_NAMED.fullmatch(name), text) for name, text in self.sent.items())
        numbers = dict.fromkeys(row_of("query", match[1]) for match, text in named if match and text.strip())
        return [number for number in numbers if number is not None][:PER_PAGE]

    def run(self, *, by: User, at: datetime) -> None:
        """Each query that is named is answered or closed; a refusal is noted and stops no other.

        Participants are held in the order of their keys, so that two lists sent at once do not wait for each other.
        """
        queries = Query.objects.open_to(by, Permission.QUERY_VIEW).select_related("participant")
        for query in queries.filter(pk__in=self.wanted()).order_by("participant_id", "pk"):
            try:
                with transaction.atomic():
                    self.done += self._step(query, by=by, at=at)
            except Refusal as refusal:
                self.problems[query.pk] = str(refusal)

    def _step(self, query: Query, *, by: User, at: datetime) -> int:
        """Return how many queries that settled: what checks ask about one answer is answered once."""
        key, apart = row_key(query), self.wanted()
        text = self.sent.get(f"text-{key}", "").strip()
        if self.sent.get(f"close-{key}"):
            close_query(query=query, by=by, at=at)
            return 1
        if self.sent.get(f"right-{key}"):
            return len(confirm_at_value(query=query, reason=text, by=by, at=at, apart=apart))
        return len(answer_at_value(query=query, text=text, by=by, at=at, apart=apart))

    def beside(self, lines: Iterable[QueryLine]) -> list[dict[str, Any]]:
        """Return the lines with what the site said last and what stands typed beside each that was not taken.

        Of those that ask about one answer the first has the field, and the others name it.
        """
        firsts: dict[tuple[int, str], str] = {}
        shown = []
        for line in lines:
            key, place = row_key(line.query), place_of(line.query)
            first = firsts.setdefault(place, key) if place else key
            shown.append(self._shown(line) | {"answered_with": first if first != key else ""})
        return shown

    def _shown(self, line: QueryLine) -> dict[str, Any]:
        pk, key = line.query.pk, row_key(line.query)
        said = [
            each.text for each in line.query.messages.all() if each.kind == MessageKind.ANSWERED and each.text
        ]
        kept = pk in self.problems
        return {
            **vars(line),
            "said": said[-1] if said else "",
            "problem": self.problems.get(pk, ""),
            "typed": self.sent.get(f"text-{key}", "") if kept else "",
            "ticked": kept and bool(self.sent.get(f"right-{key}") or self.sent.get(f"close-{key}")),
        }
