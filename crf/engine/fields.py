"""How a form is written: sections, the answers under each, and repeating groups among them, top down.

An answer is a plain Django field that carries its question; the order of the class is the order of the
form. A migration sees the plain field only, so a reworded question, a new code or another range
changes no table; a new type or length does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList
from crf.engine.conditions import Condition
from crf.engine.questions import AnswerRole, Classification, Question, QuestionKind, Range

if TYPE_CHECKING:
    from crf.engine.codelists import Text
    from crf.engine.pasted import PastedLine

YES_NO = CodeList("YN", {"Y": _("Yes"), "N": _("No")})
YES_NO_UNKNOWN = CodeList("YNU", {"Y": _("Yes"), "N": _("No"), "U": _("Unknown")})
CODE_LENGTH = 40


class Asked(TypedDict, total=False):
    """What can be said of any question."""

    help: Text
    definition: Text
    unit: Text
    soft: Range
    hard: Range
    required: bool
    required_when: Condition
    shown_when: Condition
    asked_when: Condition
    classification: Classification
    cdash: str
    sdtm: str
    export: str
    exported_after: str
    missing_allowed: tuple[str, ...]
    proposed_by: str
    taken_from: str
    offered_when: Mapping[str, Condition]
    licensed: bool
    dictionary: str
    explained_by: str
    coded_in: str
    links_to: str
    code_proposed_by: str
    since: str
    until: str
    formerly: Mapping[str, Text]
    soft_formerly: Mapping[str, Range | None]
    hard_formerly: Mapping[str, Range | None]


class AskedDay(Asked, total=False):
    """What can be said of a question for a day besides."""

    role: AnswerRole
    future_allowed: bool
    before_birth_allowed: bool
    after_death_allowed: bool


class Derived(TypedDict, total=False):
    """What can be said of an answer that the server computes."""

    help: Text
    definition: Text
    unit: Text
    soft: Range
    hard: Range
    shown_when: Condition
    classification: Classification
    cdash: str
    sdtm: str
    export: str
    exported_after: str
    blanks: bool
    codes: CodeList


class LayoutItem:
    """A section or repeating group among the answers of a form: no column, but in order as Django's fields are."""

    name: str

    def __init__(self) -> None:
        self.creation_counter = models.Field.creation_counter
        models.Field.creation_counter += 1

    def contribute_to_class(self, cls: Any, name: str) -> None:
        """Remember the name; ``contact_`` is named contact, where a question or Python has that word already."""
        self.name = name.rstrip("_")
        cls._layout = (*cls.__dict__.get("_layout", ()), self)


class SectionSaid(TypedDict, total=False):
    """What can be said of a section; see ``crf.engine.declaration.FormSection``."""

    help: Text
    shown_when: Condition
    quick: bool
    since: str
    until: str
    formerly: Mapping[str, Text]


class Section(LayoutItem):
    """A heading: what is declared below it belongs to it, and inherits ``shown_when``, up to the next one."""

    def __init__(self, title: Text, **said: Unpack[SectionSaid]) -> None:
        super().__init__()
        self.said: dict[str, Any] = {"title": title, **said}


class GroupSaid(TypedDict, total=False):
    """What can be said of a repeating group; see ``crf.engine.declaration.Group``."""

    help: Text
    shown_when: Condition
    required_when: Condition
    asked_when: Condition
    starts_with: tuple[dict[str, Any], ...]
    fixed: bool
    row_title: Text
    counted_by: str
    begins_by: Callable[..., tuple[Mapping[str, Any], ...]]
    keyed_by: str
    as_table: bool
    unshown: tuple[str, ...]
    side_by_side: tuple[str, ...]
    pasted_by: Callable[[Sequence[str], Sequence[str]], list[PastedLine]]
    since: str
    until: str
    formerly: Mapping[str, Text]


class RepeatingGroup(LayoutItem):
    """Where a table of answers stands on the form; the class whose ``parent`` names it holds its columns."""

    def __init__(self, title: Text, **said: Unpack[GroupSaid]) -> None:
        super().__init__()
        self.said: dict[str, Any] = {"title": title, **said}


Compute = Callable[..., Any]
C = TypeVar("C", bound=Any)


def _ask(column: Any, text: Text, kind: QuestionKind, said: dict[str, Any]) -> None:
    """Remember the question; its name is known when the class is made."""
    column.asked = {"text": text, "kind": kind, **said}


def question_of(column: Any) -> Question | None:
    """Return the question a column carries, or None for a control column."""
    said = getattr(column, "asked", None)
    return None if said is None else Question(name=column.name, **said)


def keeps_question(plain: str) -> Callable[[C], C]:
    """Make a column that carries a question look to migrations like the ``plain`` field it is.

    A derived answer's column begins with ``calc_``: the database lets these change without a reason.
    """

    def changed(column: C) -> C:
        django_deconstruct, django_contribute = column.deconstruct, column.contribute_to_class
        plain_field: Any = column.__base__

        def deconstruct(self: Any) -> Any:
            name, _path, args, kwargs = django_deconstruct(self)
            kwargs.pop("verbose_name", None)
            return name, plain, args, kwargs

        def clone(self: Any) -> Any:
            _name, _path, args, kwargs = self.deconstruct()
            return plain_field(*args, **kwargs)

        def contribute_to_class(self: Any, cls: Any, name: str, **options: Any) -> None:
            if self.asked.get("by") is not None:
                self.db_column = f"calc_{name}"
            django_contribute(self, cls, name, **options)

        column.deconstruct, column.clone = deconstruct, clone
        column.contribute_to_class = contribute_to_class
        return column

    return changed


@keeps_question("django.db.models.IntegerField")
class IntegerAnswer(models.IntegerField):
    """A whole number."""

    def __init__(self, text: Text, **said: Unpack[Asked]) -> None:
        super().__init__(verbose_name=text, null=True, blank=True)
        _ask(self, text, QuestionKind.INTEGER, dict(said))


@keeps_question("django.db.models.DecimalField")
class DecimalAnswer(models.DecimalField):
    """A number with up to ``places`` decimal places."""

    def __init__(self, text: Text, *, places: int = 1, **said: Unpack[Asked]) -> None:
        super().__init__(verbose_name=text, null=True, blank=True, max_digits=14, decimal_places=places)
        _ask(self, text, QuestionKind.DECIMAL, {"places": places, **said})


@keeps_question("django.db.models.CharField")
class TextAnswer(models.CharField):
    """Text, up to ``max_length`` characters; more than one of ``lines`` makes a text area."""

    def __init__(self, text: Text, *, max_length: int = 200, lines: int = 0, **said: Unpack[Asked]) -> None:
        super().__init__(verbose_name=text, null=True, blank=True, max_length=max_length)
        shown = lines or (4 if max_length > 200 else 1)
        _ask(self, text, QuestionKind.TEXT, {"max_length": max_length, "lines": shown, **said})


@keeps_question("django.db.models.CharField")
class ChoiceAnswer(models.CharField):
    """One code of a code list."""

    def __init__(self, text: Text, *, codes: CodeList, **said: Unpack[Asked]) -> None:
        super().__init__(verbose_name=text, null=True, blank=True, max_length=CODE_LENGTH)
        _ask(self, text, QuestionKind.CHOICE, {"codes": codes, **said})


def YesNoAnswer(text: Text, **said: Unpack[Asked]) -> ChoiceAnswer:  # noqa: N802 - reads as the other answers
    """Y or N."""
    return ChoiceAnswer(text, codes=YES_NO, **said)


def YesNoUnknownAnswer(text: Text, **said: Unpack[Asked]) -> ChoiceAnswer:  # noqa: N802
    """Y, N or U."""
    return ChoiceAnswer(text, codes=YES_NO_UNKNOWN, **said)


@keeps_question("django.contrib.postgres.fields.ArrayField")
class MultipleAnswer(ArrayField):
    """Any number of codes of a code list."""

    def __init__(self, text: Text, *, codes: CodeList, **said: Unpack[Asked]) -> None:
        super().__init__(models.CharField(max_length=CODE_LENGTH), verbose_name=text, null=True, blank=True)
        _ask(self, text, QuestionKind.MULTIPLE, {"codes": codes, **said})


@keeps_question("django.db.models.DateField")
class DateAnswer(models.DateField):
    """A full calendar day."""

    def __init__(self, text: Text, **said: Unpack[AskedDay]) -> None:
        super().__init__(verbose_name=text, null=True, blank=True)
        _ask(self, text, QuestionKind.DATE, dict(said))


@keeps_question("django.db.models.CharField")
class PartialDateAnswer(models.CharField):
    """A year, a month or a day, kept as it was entered: 2019, 2019-05, 2019-05-07."""

    def __init__(self, text: Text, **said: Unpack[AskedDay]) -> None:
        super().__init__(verbose_name=text, null=True, blank=True, max_length=10)
        _ask(self, text, QuestionKind.PARTIAL_DATE, dict(said))


@keeps_question("django.db.models.DateTimeField")
class DateTimeAnswer(models.DateTimeField):
    """An instant, typed in the site's time zone."""

    def __init__(self, text: Text, **said: Unpack[AskedDay]) -> None:
        super().__init__(verbose_name=text, null=True, blank=True)
        _ask(self, text, QuestionKind.DATETIME, dict(said))


@keeps_question("django.db.models.BooleanField")
class DerivedBoolean(models.BooleanField):
    """Yes or no, computed."""

    def __init__(self, text: Text, *, reads: tuple[str, ...], by: Compute, **said: Unpack[Derived]) -> None:
        super().__init__(verbose_name=text, null=True, blank=True)
        _ask(self, text, QuestionKind.BOOLEAN, {"reads": reads, "by": by, **said})


def DerivedInteger(  # noqa: N802
    text: Text, *, reads: tuple[str, ...], by: Compute, **said: Unpack[Derived]
) -> IntegerAnswer:
    """A whole number, computed."""
    return _computed(IntegerAnswer(text), reads, by, said)


def DerivedDecimal(  # noqa: N802
    text: Text, *, reads: tuple[str, ...], by: Compute, places: int = 1, **said: Unpack[Derived]
) -> DecimalAnswer:
    """A number, computed and rounded half up to ``places``."""
    return _computed(DecimalAnswer(text, places=places), reads, by, said)


def DerivedText(  # noqa: N802
    text: Text, *, reads: tuple[str, ...], by: Compute, max_length: int = 40, **said: Unpack[Derived]
) -> TextAnswer:
    """Text or a code, computed; ``codes`` gives the codes their texts."""
    return _computed(TextAnswer(text, max_length=max_length), reads, by, said)


def DerivedMultiple(  # noqa: N802
    text: Text, *, reads: tuple[str, ...], by: Compute, **said: Unpack[Derived]
) -> MultipleAnswer:
    """Codes of the list ``codes``, computed."""
    return _computed(MultipleAnswer(text, codes=said["codes"]), reads, by, said)


def DerivedDate(text: Text, *, reads: tuple[str, ...], by: Compute, **said: Unpack[Derived]) -> DateAnswer:  # noqa: N802
    """A day, computed."""
    return _computed(DateAnswer(text), reads, by, said)


def _computed(column: Any, reads: tuple[str, ...], by: Compute, said: Any) -> Any:
    column.asked.update(reads=reads, by=by, **said)
    return column
