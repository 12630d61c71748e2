"""Template tags of the design language (docs/design-language.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.forms import BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from design.badges import Badge, badge_for
from design.icons import ICONS
from design.terms import explained
from kernel import punctuation
from kernel.clock import local_date
from kernel.days import written, written_deadline, written_moment
from kernel.once import FIELD, new_key
from kernel.row_keys import key_of
from kernel.sorting import Sorting
from kernel.undo import Undo, read_undo
from kernel.units import unit_in_print

register = template.Library()

MOST_KEPT = 2048  # a list draws the same few icons, states and days in every line


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon of the sprite: decoration, unless ``label`` gives it a name."""
    return _drawn(name, str(label))


@lru_cache(maxsize=MOST_KEPT)
def _drawn(name: str, label: str) -> SafeString:
    if name not in ICONS:
        raise ValueError(f"No icon {name!r} in design.icons.ICONS")
    if label:
        return format_html(
            '<svg class="p3-icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>',
            label,
            static("vendor/icons.svg"),
            name,
        )
    return format_html(
        '<svg class="p3-icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("vendor/icons.svg"),
        name,
    )


@register.inclusion_tag("partials/once.html")
def once(form: object = None) -> dict[str, str]:
    """Give a form the key of its page, beside its token: what it creates is created once, however often it is sent."""
    return {"name": FIELD, "key": getattr(form, "once", "") or new_key()}


def _badge(badge: Badge) -> SafeString:
    return format_html(
        '<span class="p3-state tone-{}">{}{}</span>', badge.tone, icon(badge.icon), badge.label
    )


@register.simple_tag
def state(kind: str, value: object) -> SafeString:
    """Show a state as icon, word and colour, from the tables of design.badges."""
    return _state(kind, str(value), get_language())


@lru_cache(maxsize=MOST_KEPT)
def _state(kind: str, value: str, _language: str | None) -> SafeString:
    return _badge(badge_for(kind, value))


@register.simple_tag
def badge(tone: str, icon_name: str, label: object) -> SafeString:
    """Show a word that is no state of a table, in the same shape."""
    return _badge(Badge(tone, icon_name, str(label)))


@register.simple_tag
def cell(kind: str, value: object, *, href: str = "", about: str = "", count: int = 0) -> SafeString:
    """Draw one cell of the visit × form matrix: the icon seen, the words heard and on hover.

    ``about`` says what the cell is of ("CRE-1, Clinical response"); ``count`` shows open queries.
    """
    shown = badge_for(kind, value)
    words = f"{about}: {shown.label}" if about else str(shown.label)
    counted = format_html('<span class="p3-cell-count">{}</span>', count) if count else ""
    inside = format_html('{}<span class="visually-hidden">{}</span>{}', icon(shown.icon), words, counted)
    if href:
        return format_html(
            '<a class="p3-cell tone-{}" href="{}" title="{}">{}</a>', shown.tone, href, words, inside
        )
    return format_html('<span class="p3-cell tone-{}" title="{}">{}</span>', shown.tone, words, inside)


def _time(at: date, words: str) -> SafeString:
    return format_html('<time class="p3-nowrap" datetime="{}">{}</time>', at.isoformat(), words)


@register.simple_tag
def relative(on: date | None, words: str) -> SafeString | str:
    """Write how far a day is, such as "4 days left"; the day itself stands in the title and on paper."""
    if on is None:
        return words
    return format_html(
        '<time class="p3-relative" datetime="{}" title="{}">{}</time>', on.isoformat(), written(on), words
    )


@register.filter
def day(value: date | None) -> SafeString | str:
    """Write a calendar day so that no reader can take the month for the day."""
    if value is None:
        return "–"
    return _day(value, get_language())


@lru_cache(maxsize=MOST_KEPT)
def _day(value: date, _language: str | None) -> SafeString:
    return _time(value, written(value))


@register.filter
def local_day(at: datetime | None, zone: str) -> str:
    """Write the calendar day of an instant in ``zone``: at a site it may be another one than in UTC."""
    return "–" if at is None else written(local_date(at, zone))


@register.simple_tag
def instant(at: datetime | None, zone: str) -> SafeString | str:
    """Write an instant in ``zone`` with its offset; the UTC time stands in the title."""
    if at is None:
        return "–"
    local = at.astimezone(ZoneInfo(zone))
    return format_html(
        '<time class="p3-nowrap" datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        f"{at.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M:%S} UTC",
        written_moment(local),
    )


@register.simple_tag
def deadline(at: datetime, zone: str) -> SafeString:
    """Write when a time limit is over, in ``zone``: the end of the 9th is 24:00 of the 9th."""
    return _time(at, written_deadline(at, zone))


@register.simple_tag
def trial_instant(at: datetime | None) -> SafeString | str:
    """Write an instant by the clock of the trial's office, with its offset: what belongs to no one site."""
    return instant(at, settings.TRIAL_TIME_ZONE)


@register.simple_tag
def page_numbers() -> SafeString:
    """Write "page 2 of 5" as the value of ``content`` in a style sheet for paper."""
    words = re.split(r"\{pages?\}", gettext("page {page} of {pages}"))
    return format_html('"{}" counter(page) "{}" counter(pages) "{}"', *words)


@register.inclusion_tag("partials/sort.html", takes_context=True)
def sort_head(context: Context, column: str, label: object, shape: str = "") -> dict[str, str]:
    """Draw the head of a column by which the list can be sorted; the filters of the address stay."""
    return {**_sorted_by(context, column, label), "shape": shape}


@register.inclusion_tag("partials/sort_link.html", takes_context=True)
def sort_link(context: Context, column: str, label: object) -> dict[str, str]:
    """Draw one way to sort a list that has no heads."""
    return _sorted_by(context, column, label)


def _sorted_by(context: Context, column: str, label: object) -> dict[str, str]:
    order: Sorting = context["sorting"]
    asked = context["request"].GET.copy()
    asked.pop("page", None)
    asked["sort"] = order.next_of(column)
    return {"direction": order.of(column), "address": asked.urlencode(), "label": str(label)}


@register.simple_tag
def undo_of(message: Message) -> Undo | None:
    """Return how what a message tells of is taken back; None where nothing takes it back."""
    return read_undo(message)


@register.inclusion_tag("partials/saved_views.html", takes_context=True)
def saved_views(context: Context) -> dict[str, Any]:
    """Draw the views that the reader keeps of this list, and the way to keep the one that is open."""
    request = context["request"]
    asked = request.GET.copy()
    asked.pop("page", None)
    query = urlencode([(name, value) for name, values in asked.lists() for value in values if value])
    kept = [each for each in request.user.views or () if each["page"] == request.path]
    return {
        "views": sorted(kept, key=lambda each: each["label"]),
        "page": request.path,
        "query": query,
        "is_saved": any(each["query"] == query for each in kept),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def unit(value: object) -> str:
    """Write a unit as people do: 10⁹/L for 10^9/L."""
    return unit_in_print(value)


@register.filter
def listed(words: Iterable[object] | None) -> str:
    """Write words one after the other, parted by the comma of the reader's language."""
    return punctuation.listed(words or ())


@register.filter
def listed_apart(parts: Iterable[object] | None) -> str:
    """Write long parts one after the other, parted by the semicolon of the reader's language."""
    return punctuation.listed_apart(parts or ())


@register.filter(name="key_of")
def key_of_row(number: int, kind: str) -> str:
    """Write the key of a row of the kind, which says nothing of how many rows there are."""
    return key_of(kind, number)


@register.filter
def labelled(label: object) -> str:
    """Write a label before what is said of it; a question or a sentence brings its own mark."""
    text = str(label)
    return text if text.endswith(("?", "？", ":", "：", ".", "。")) else f"{text}:"


@register.filter
def field_errors(form: object) -> list[tuple[BoundField, list[str]]]:
    """Return the fields of a form that were refused, with what is to be done about each."""
    return [(field, list(field.errors)) for field in form if field.errors]  # type: ignore[attr-defined]


@register.filter
def terms(text: object) -> SafeString:
    """Explain the terms of a text where they stand: on hover, on focus and by touch (``design/terms.toml``)."""
    return explained(text if isinstance(text, SafeString) else str(text), get_language() or "en")
