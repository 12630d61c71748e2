"""What an export with a masked arm may hold: nothing that only one arm has, and nothing that people typed.

The arms differ from the first day of treatment on (protocol 1.4). What is left out is read from the protocol's text and
the declarations of the forms: visits that one arm alone has or that hang on the track, the treatment of one arm.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Final

from django.utils.translation import override

from crf.engine.questions import Question, QuestionKind
from protocol.text import load, versions

ARM: Final = "participant.arm"
BOTH: Final = frozenset({"1", "2"})
# Forms that everybody is asked alike, whatever the arm and the track; the others tell of operation or surveillance.
KEPT_FORMS: Final = (
    *("ELIG", "DM", "MH", "CM", "STAGE", "VS", "LB", "QOL"),
    *("AE", "SAE", "PREG", "PROG", "SURV"),
)
# Series of visits that follow from an operation, from surveillance or from what an evaluation came to.
BY_TRACK: Final = frozenset(
    {"response", "restaging", "surgery", "postoperative", "adjuvant", "surveillance", "follow-up"}
)


class Tells(StrEnum):
    """What a column tells beside its own matter, by which an export without the arm leaves it out."""

    NOTHING = "nothing"
    ARM = "arm"  # the arm itself
    COURSE = "course"  # what only the course of one arm has
    WORDS = "words"  # what people typed: it may name anything


@cache
def kept_visits() -> tuple[str, ...]:
    """Return the visits that both arms have under every version of the protocol, whatever the track."""
    arms: dict[str, set[str]] = {}
    by_track = set()
    for rule in (rule for version in versions() for rule in load(version).visits):
        arms.setdefault(rule.code, set()).update(rule.arms)
        by_track |= {rule.code} if rule.series in BY_TRACK else set()
    return tuple(code for code, of in arms.items() if of == BOTH and code not in by_track)


@cache
def treatments_of_one_arm() -> tuple[str, ...]:
    """Return the English names of what one arm alone is given, in small letters."""
    plans = (plan for version in versions() for plan in load(version).treatments)
    return tuple(sorted({plan.name.en.lower() for plan in plans if set(plan.arms) != BOTH}))


def tells_of(question: Question) -> Tells:
    """Return what the column of an answer tells beside its own matter."""
    if question.derived and ARM in question.reads:
        return Tells.ARM
    asked = [when for when in (question.shown_when, question.required_when) if when is not None]
    if any(ARM in when.names() for when in asked) or _names_a_treatment(question):
        return Tells.COURSE
    typed = question.kind == QuestionKind.TEXT and not question.derived
    return Tells.WORDS if typed else Tells.NOTHING


def _names_a_treatment(question: Question) -> bool:
    with override("en"):
        labels = question.codes.labels.values() if question.codes else ()
        said = " ".join(map(str, (question.text, *labels))).lower()
    return any(name in said for name in treatments_of_one_arm())
