"""What a question is: its text, its kind of answer, its ranges, when it is asked (protocol 3.0)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from crf.engine.codelists import CodeList
from crf.engine.conditions import Condition

if TYPE_CHECKING:
    from crf.engine.codelists import Text

Number = int | float | Decimal
Range = tuple[Number | None, Number | None]


class QuestionKind(StrEnum):
    """How an answer is typed and kept."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    TEXT = "text"
    CHOICE = "choice"
    MULTIPLE = "multiple"
    DATE = "date"
    PARTIAL_DATE = "partial_date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"


DATED = frozenset({QuestionKind.DATE, QuestionKind.PARTIAL_DATE, QuestionKind.DATETIME})
NUMERIC = frozenset({QuestionKind.INTEGER, QuestionKind.DECIMAL})


class Missing(StrEnum):
    """Why there is no answer (protocol 3.0)."""

    NOT_DONE = "ND"
    NOT_APPLICABLE = "NAP"  # "NA" is no code: R, pandas and others read it as no value
    NOT_KNOWN = "NK"
    ASKED_BUT_UNKNOWN = "ASKU"
    REFUSED = "NP"


KEYS = "keys"
"""What the first question of an export follows: the columns that say whose record it is."""

ANY_REASON: tuple[str, ...] = tuple(reason.value for reason in Missing)


class Classification(StrEnum):
    """How an answer may leave the system."""

    IDENTIFYING = "identifying"
    CLINICAL = "clinical"
    OPERATIONAL = "operational"


class AnswerRole(StrEnum):
    """What an answer says for every form of the trial: no day lies before a birth or after a death (X070, X061)."""

    BIRTH = "birth"
    DEATH = "death"


@dataclass(frozen=True, eq=False, kw_only=True)
class Versioned:
    """What is asked under some versions of the protocol only, or was once asked in other words (ADR 39).

    ``since`` and ``until`` are versions of the protocol: records begun under the first and later ones are asked, from
    the second on no longer; ``formerly`` holds earlier texts by the version that brings the next one, oldest first.
    """

    since: str = ""
    until: str = ""
    formerly: Mapping[str, Text] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, eq=False)
class Question(Versioned):
    """One question of a form; pure values, so that everything but the table can be made from it.

    ``asked_when`` means shown and required. ``by`` marks a derived answer: it is called with the values of
    ``reads``. ``proposed_by`` names a derived answer that the person confirms or overrides here; ``taken_from``
    the answer of another form, "ELIG.ecog", that is shown here and taken over by a press: read by people, not by rules.
    ``offered_when`` names codes that are answers only where their condition holds; the others always are.
    ``licensed`` wording is no text of this repository: the sponsor loads it, and ``text`` stands in until
    then. ``dictionary`` names a list of terms (``crf.engine.dictionaries``): the answer is the name of one, and
    ``explained_by`` names the question whose term says what each code means here. ``coded_in`` names the dictionary in
    which coders code the words afterwards, ``code_proposed_by`` the answer that may hold its code already. An answer
    with ``links_to`` is the number of a record of that form; the pages of both show the other. Columns
    leave in the order of the form, unless ``exported_after`` names another question (or KEYS). ``soft_formerly`` and
    ``hard_formerly`` hold earlier ranges by the version from which another one is in force, as ``formerly`` does texts.
    """

    name: str
    kind: QuestionKind
    text: Text
    help: Text = ""
    definition: Text = ""
    unit: Text = ""
    codes: CodeList | None = None
    places: int = 0
    max_length: int = 200
    lines: int = 1
    soft: Range | None = None
    hard: Range | None = None
    required: bool = False
    required_when: Condition | None = None
    shown_when: Condition | None = None
    asked_when: Condition | None = None
    classification: Classification | None = None
    cdash: str = ""
    sdtm: str = ""
    export: str = ""
    exported_after: str = ""
    missing_allowed: tuple[str, ...] = ANY_REASON
    future_allowed: bool = False
    before_birth_allowed: bool = False
    after_death_allowed: bool = False
    reads: tuple[str, ...] = ()
    by: Callable[..., Any] | None = None
    blanks: bool = False
    proposed_by: str = ""
    taken_from: str = ""
    offered_when: Mapping[str, Condition] = field(default_factory=dict)
    licensed: bool = False
    dictionary: str = ""
    explained_by: str = ""
    coded_in: str = ""
    links_to: str = ""
    code_proposed_by: str = ""
    soft_formerly: Mapping[str, Range | None] = field(default_factory=dict)
    hard_formerly: Mapping[str, Range | None] = field(default_factory=dict)
    role: AnswerRole | None = None

    def __post_init__(self) -> None:
        for bounds in ("soft", "hard"):
            object.__setattr__(self, bounds, _limits(getattr(self, bounds)))
            former = getattr(self, f"{bounds}_formerly")
            exact = {version: _limits(each) for version, each in former.items()}
            object.__setattr__(self, f"{bounds}_formerly", exact)
        if not self.export:
            object.__setattr__(self, "export", self.name.upper())
        ask_when(self)

    @cached_property
    def derived(self) -> bool:
        """Say whether the server computes it."""
        return self.by is not None

    @cached_property
    def dated(self) -> bool:
        """Say whether the answer is a day or an instant."""
        return self.kind in DATED


def ask_when(asked: Any) -> None:
    """Let ``asked_when`` of a question or a group stand for shown and required, where these are not given."""
    for name in ("shown_when", "required_when"):
        if getattr(asked, name) is None:
            object.__setattr__(asked, name, asked.asked_when)


def _limits(bounds: Range | None) -> Range | None:
    return None if bounds is None else (_exact(bounds[0]), _exact(bounds[1]))


def _exact(limit: Number | None) -> Number | None:
    """Keep 0.1 as one tenth: a float limit would refuse an answer of exactly 0.1."""
    return Decimal(str(limit)) if isinstance(limit, float) else limit


@cache
def argument(read: str) -> str:
    """Return a read's keyword: "DM.weight" -> dm_weight, "CRE*" -> cre_all, "schedule.SURG-1.closes" -> …_surg_1_…"""
    return read.replace("*", "_all").replace(".", "_").replace("-", "_").lower()
