"""Template tags of the public pages."""

from __future__ import annotations

from django import template
from django.utils.html import conditional_escape, linebreaks
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from website.public.drawing import ArmPath, drawn
from website.public.hours import hours_in_words
from website.public.language import address_of, home_of
from website.public.placeholders import PLACEHOLDER

register = template.Library()


@register.simple_tag
def public_home() -> str:
    """Return the address of the public page in the language of the moment."""
    return home_of(get_language())


@register.simple_tag
def public_place(place: str, site: str = "") -> str:
    """Return the address of the contact form (of one centre, when named) or of the news sign-up."""
    return address_of(place, get_language(), site=site)


@register.simple_tag
def draw_path(path: ArmPath) -> SafeString:
    """Draw the way of one group."""
    return drawn(path)


@register.filter
def hours(typed: str) -> str:
    """Write office hours with the days in the reader's language."""
    return hours_in_words(typed)


@register.filter
def as_written(body: str) -> SafeString:
    """Show a text to its authors as they wrote it: paragraphs, and placeholders as the code they are."""
    code = PLACEHOLDER.sub(r"<code>{\1}</code>", conditional_escape(body))
    return SafeString(linebreaks(code))
