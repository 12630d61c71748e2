"""The values of a protocol version that are not published, each as a default or as confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from followup.wording import in_language
from protocol.loader.schema import OpenQuestion
from protocol.text import ProtocolText
from trials.confirmed import confirmations_of
from trials.models import Confirmation

SHOWS = ("open", "confirmed", "all")


@dataclass(frozen=True)
class QuestionChapter:
    """Questions that are answered together: those of ``sections`` of the protocol.

    ``is_first`` says that they decide who is taken in and what is done from the first day on: without them the trial
    does not start.
    """

    code: str
    title: str | Promise
    sections: tuple[str, ...]
    is_first: bool = False


CHAPTERS: Final = (
    QuestionChapter(
        "centres", _lazy("Centres, ethics, personal information"), ("7.11", "1.1"), is_first=True
    ),
    QuestionChapter("eligibility", _lazy("Eligibility and treatment"), ("7.9", "1.3", "1.4"), is_first=True),
    QuestionChapter("randomization", _lazy("Randomization"), ("7.2", "1.9"), is_first=True),
    QuestionChapter("staging", _lazy("Staging tables and licences"), ("7.12", "7.13"), is_first=True),
    QuestionChapter("safety", _lazy("Adverse events"), ("7.10", "2.6"), is_first=True),
    QuestionChapter("evaluations", _lazy("Response evaluations"), ("7.3", "1.5")),
    QuestionChapter("surveillance", _lazy("Surveillance"), ("7.4",)),
    QuestionChapter("surgery", _lazy("Arm 2, surgery and pathology"), ("7.5", "7.8", "1.6")),
    QuestionChapter("quality", _lazy("Quality of life"), ("7.6",)),
    QuestionChapter("statistics", _lazy("Endpoints and statistics"), ("7.1", "7.7", "1.7", "1.8")),
    QuestionChapter("schedule", _lazy("Schedule of visits"), ("2.1", "2.2", "2.5")),
    QuestionChapter("sources", _lazy("Design and sources"), ("1.2", "1.10", "1.11")),
)
OF_SECTION: Final = {section: chapter for chapter in CHAPTERS for section in chapter.sections}


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
    def chapter(self) -> QuestionChapter:
        return OF_SECTION.get(self.asked.section, CHAPTERS[-1])

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


def narrowed(
    lines: Sequence[ProtocolValueLine], *, show: str, wanted: str, chapter: str = ""
) -> list[ProtocolValueLine]:
    """Return the lines that are asked for: open, confirmed or all, of a chapter, and with the words wanted in them.

    They stand by chapter, those first without which the trial does not start.
    """
    words = wanted.casefold().split()
    lines = [line for line in _shown(lines, show) if all(word in _words_of(line) for word in words)]
    return sorted(
        (line for line in lines if chapter in ("", line.chapter.code)),
        key=lambda line: CHAPTERS.index(line.chapter),
    )


def _shown(lines: Sequence[ProtocolValueLine], show: str) -> Sequence[ProtocolValueLine]:
    if show == "all":
        return lines
    return [line for line in lines if (line.confirmation is not None) == (show == "confirmed")]


def by_chapter(lines: Sequence[ProtocolValueLine]) -> list[tuple[QuestionChapter, int, int]]:
    """Return each chapter with how many of its values are confirmed, and how many there are."""
    counted = Counter(line.chapter.code for line in lines)
    confirmed = Counter(line.chapter.code for line in lines if line.confirmation is not None)
    return [(each, confirmed[each.code], counted[each.code]) for each in CHAPTERS if counted[each.code]]


def _words_of(line: ProtocolValueLine) -> str:
    asked = line.asked
    return f"{asked.kind} {asked.code} {asked.part} {asked.source} {line.shown} {line.question}".casefold()


def ticked(lines: Iterable[ProtocolValueLine], keys: Iterable[str]) -> list[ProtocolValueLine]:
    """Return the lines with these keys that can be confirmed."""
    wanted = set(keys)
    return [line for line in lines if line.asked.key in wanted and line.may_be_confirmed]
