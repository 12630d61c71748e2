"""The notes beside a question: what is wrong with its answer, and the reason that settles it."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from crf.engine.checks import Finding, Level
from crf.page.question_templates import partial

ERROR, SOFT = "is-error", "is-soft"
ICONS = {ERROR: "exclamation-octagon", SOFT: "exclamation-triangle"}


def finding_note(
    finding: Finding, text: str, *, language: str, confirms: bool, keys: str, reason: str
) -> SafeString:
    """Draw a finding; a soft one that ``confirms`` also takes the reason that settles it and those of ``keys``."""
    if finding.level == Level.HARD:
        return note(ERROR, text, language=language, key=finding.key)
    return note(SOFT, text, language=language, key=finding.key, confirms=confirms, keys=keys, reason=reason)


def note(
    tone: str,
    text: str,
    *,
    language: str,
    key: str = "",
    confirms: bool = False,
    keys: str = "",
    reason: str = "",
) -> SafeString:
    drawn = partial("note", language, tone=tone, icon_name=ICONS[tone], confirms=confirms)
    return filled(drawn, key=key, keys=keys, text=text, reason=reason)


def filled(drawn: str, **filling: object) -> SafeString:
    """Fill what was drawn of a template; each filling is escaped."""
    escaped = {name: escape(text) for name, text in filling.items()}
    return mark_safe(drawn % escaped)  # noqa: S308 - the template escapes, and so does each filling


def blank_notes(language: str) -> Iterator[tuple[str, SafeString]]:
    """Yield (tone, note without words) for the browser, which fills them while somebody types."""
    for tone in ICONS:
        yield tone, note(tone, "", language=language, confirms=tone == SOFT)


def note_classes(notes: list[tuple[str, str]], *, required: bool, why: str) -> str:
    """Return the classes of a question by what is noted beside it."""
    levels = {level for level, _text in notes}
    words = ["has-error"] if levels & {"error", "hard"} else ["has-soft"] if "soft" in levels else []
    words += ["is-required"] if required else []
    words += ["is-missing"] if why else []
    return "".join(f" {word}" for word in words)
