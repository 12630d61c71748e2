"""The values of a protocol version that are not published, each as a default or as confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from followup.wording import in_language
from protocol.loader.schema import OpenQuestion
from protocol.text import ProtocolText
from trials.confirmed import confirmations_of
from trials.models import Confirmation

SHOWS = ("open", "confirmed", "all")


@dataclass(frozen=True)
class ProtocolValueLine:
    """One value: what is asked, what is in use, and whether the study team has confirmed it."""

    asked: OpenQuestion
    version: str
    confirmation: Confirmation | None = None

    @property
    def shown(self) -> str:
        """The value in use, in the reader's language."""
        return in_language(self.asked.shown)

    @property
    def question(self) -> str:
        """What the study team is asked, or what the value is called."""
        return in_language(self.asked.question) if self.asked.question else ""

    @property
    def title(self) -> str:
        """What the value is called: its question, or its place in the protocol text where it has none."""
        return self.question or f"{self.asked.code} · {self.asked.part}"

    @property
    def source(self) -> str:
        """Where the value comes from: a default, or the sister trial by its name."""
        return _("default") if self.asked.source == "default" else self.asked.source

    @property
    def href(self) -> str:
        return reverse("reports:protocol-value", args=[self.version, self.asked.key])

    @property
    def may_be_confirmed(self) -> bool:
        return self.asked.confirmable and self.confirmation is None

    @property
    def why_not(self) -> str:
        """Why the value cannot be confirmed here; nothing when it can."""
        if self.asked.confirmable:
            return ""
        if self.asked.kind == "randomization":
            return _("It is not shown here: the statistician and a second person activate it with the list.")
        return _("It is unknown. A new protocol version gives it a value, and that can be confirmed.")


def lines_of(text: ProtocolText) -> list[ProtocolValueLine]:
    """Return every value that is not published, with its living confirmation; one query."""
    questions = text.open_questions()
    confirmed = confirmations_of(questions)
    return [ProtocolValueLine(each, text.version, confirmed.get(each.item)) for each in questions]


def narrowed(lines: Sequence[ProtocolValueLine], *, show: str, wanted: str) -> list[ProtocolValueLine]:
    """Return the lines that are asked for: open, confirmed or all, and with the words wanted in them."""
    if show != "all":
        lines = [line for line in lines if (line.confirmation is not None) == (show == "confirmed")]
    words = wanted.casefold().split()
    return [line for line in lines if all(word in _words_of(line) for word in words)]


def _words_of(line: ProtocolValueLine) -> str:
    asked = line.asked
    return f"{asked.kind} {asked.code} {asked.part} {asked.source} {line.shown} {line.question}".casefold()


def ticked(lines: Iterable[ProtocolValueLine], keys: Iterable[str]) -> list[ProtocolValueLine]:
    """Return the lines with these keys that can be confirmed."""
    wanted = set(keys)
    return [line for line in lines if line.asked.key in wanted and line.may_be_confirmed]
