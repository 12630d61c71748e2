"""Queries at the place they are about: a balloon for each, and for whoever may ask a way to raise one there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from django.utils.html import format_html_join

from crf.models import Query
from crf.page.note_templates import filled
from crf.page.question_templates import partial
from kernel.row_keys import row_key


@dataclass(frozen=True)
class AskedAt:
    """The living queries of a record by their places, and the address at which one is raised; empty for nobody."""

    ask: str = ""
    queries: Mapping[str, tuple[tuple[str, str, str], ...]] = field(default_factory=dict)


def asked_at(queries: Iterable[tuple[Query, str]], *, ask: str) -> AskedAt:
    """Return the queries with their words by the places that they are about."""
    places: dict[str, tuple[tuple[str, str, str], ...]] = {}
    for query, text in queries:
        line = (row_key(query), query.get_absolute_url(), text)
        places[query.target] = (*places.get(query.target, ()), line)
    return AskedAt(ask, places)


def balloons(asked: AskedAt, target: str, *, language: str) -> str:
    """Draw the queries that stand beside a question or a row."""
    if target not in asked.queries:
        return ""
    query = partial("balloons", language, part="query")
    drawn = [filled(query, number=key, href=href, text=text) for key, href, text in asked.queries[target]]
    return format_html_join("", "{}", ((each,) for each in drawn))


def ask_link(asked: AskedAt, target: str, about: str, *, language: str, part: str = "menu") -> str:
    """Draw the way to raise a query at a question or a row; nothing for whoever raises none."""
    if not asked.ask:
        return ""
    href = f"{asked.ask}{'&' if '?' in asked.ask else '?'}target={quote(target)}"
    return filled(partial("balloons", language, part=part), href=href, target=target, about=about)
