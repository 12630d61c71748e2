"""What a listing says: its sources, how they are joined, its columns, filters and order; read against the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crf import catalogue
from crf.engine.codebook import former_words
from crf.engine.declaration import FormDeclaration, Group, Repeats
from crf.engine.messages import display
from crf.engine.questions import Classification, Question
from crf.engine.versions import worded
from kernel.errors import Refusal

MOST_SOURCES: Final = 4


class JoinOn(StrEnum):
    """By which key a further form stands beside the rows of the first."""

    PARTICIPANT = "participant"
    VISIT = "visit"
    SEQUENCE = "sequence"
    NAMED = "named"


JOIN_WORDS: Final[Mapping[str, Promise]] = {
    JoinOn.PARTICIPANT: _("the same participant"),
    JoinOn.VISIT: _("the same visit"),
    JoinOn.SEQUENCE: _("the same number"),
    JoinOn.NAMED: _("the record that it names, or that names it"),
}
TESTS: Final[Mapping[str, Promise]] = {
    "is": _("is"),
    "not": _("is not"),
    "contains": _("contains"),
    "least": _("is at least"),
    "most": _("is at most"),
    "answered": _("is answered"),
    "empty": _("is not answered"),
}
WITHOUT_VALUE: Final = ("answered", "empty")
KEYS: Final[Mapping[str, tuple[Promise, str]]] = {
    "site": (_("Site"), "s.code"),
    "participant": (_("Participant"), "p.number"),
    "visit": (_("Visit"), "v.code"),
    "sequence": (_("Number"), "r0.sequence"),
    "state": (_("State"), "r0.state"),
}


class NoSuchSource(Refusal):
    code = "crf.no_such_source"
    message = _(
        "A listing reads one to {most} forms or tables of forms, each once. Choose them from the list."
    )
    status = 422


class NoSuchColumn(Refusal):
    code = "crf.no_such_column"
    fields = ("columns",)
    message = _(
        "None of the chosen forms has a column “{column}”. Choose columns of the forms of the listing."
    )
    status = 422


@dataclass(frozen=True)
class RowFilter:
    """One condition on the rows: a column, how it is tried, and with which value."""

    column: str
    test: str
    value: str = ""


@dataclass(frozen=True)
class ListingSource:
    """One form, or one table of a form with the record around it; ``place`` is its number in the listing."""

    form: FormDeclaration
    group: Group | None
    place: int

    @property
    def name(self) -> str:
        return f"{self.form.code}.{self.group.name}" if self.group else self.form.code

    @property
    def title(self) -> str:
        return f"{self.form.title} · {self.group.title}" if self.group else str(self.form.title)

    @property
    def begun_under(self) -> str:
        """Return the column that says under which version of the protocol its record was begun."""
        return f"r{self.place}.protocol_version"

    def columns(self) -> dict[str, ListingColumn]:
        """Map the name of each column of the source to it: the answers of the record, then those of the row."""
        columns = {
            f"{self.form.code}.{name}": ListingColumn(self, question, f"a{self.place}")
            for name, question in self.form.questions.items()
        }
        if self.group:
            columns |= {
                f"{self.name}.{name}": ListingColumn(self, question, f"g{self.place}", self.group)
                for name, question in self.group.questions.items()
            }
        return columns

    def naming(self, code: str) -> list[ListingColumn]:
        """Return the columns whose answers are numbers of records of the form ``code``."""
        return [column for column in self.columns().values() if column.question.links_to == code]


@dataclass(frozen=True)
class ListingColumn:
    """One question of a source, and the alias of the table that holds its answer."""

    source: ListingSource
    question: Question
    alias: str
    group: Group | None = None

    @property
    def label(self) -> str:
        return str(self.question.text)

    @property
    def formerly(self) -> str:
        """Return the words in which records of earlier versions of the protocol were asked."""
        return former_words(self.question.formerly)

    def in_words(self, value: Any, begun_under: str | None, *, zone: str) -> str:
        """Return an answer in the words that its record was begun under."""
        question = self.question
        if self.source.form.reworded and begun_under:
            form = worded(self.source.form, begun_under)
            questions = form.groups[self.group.name].questions if self.group else form.questions
            question = questions[question.name]
        return display(question, value, zone=zone)

    @property
    def header(self) -> str:
        """Return the name under which the column leaves in a file."""
        return f"{self.source.form.code}.{self.question.export}"

    @property
    def is_identifying(self) -> bool:
        kind = self.question.classification or self.source.form.classification
        return kind == Classification.IDENTIFYING

    @property
    def model(self) -> Any:
        return self.group.model if self.group else self.source.form.model


@dataclass(frozen=True)
class ListingDefinition:
    """Everything that a listing says, as it is stored."""

    sources: tuple[str, ...]
    columns: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    filters: tuple[RowFilter, ...] = ()
    order: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            sources=tuple(said["sources"]),
            columns=tuple(said.get("columns", ())),
            joins=tuple(said.get("joins", ())),
            filters=tuple(RowFilter(*each) for each in said.get("filters", ())),
            order=tuple(said.get("order", ())),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "sources": list(self.sources),
            "columns": list(self.columns),
            "joins": list(self.joins),
            "filters": [[each.column, each.test, each.value] for each in self.filters],
            "order": list(self.order),
        }

    @cached_property
    def read(self) -> tuple[ListingSource, ...]:
        """Return the sources. Refuses: none, too many, one twice, or one that the catalogue does not have."""
        sources = [source_of(name, place) for place, name in enumerate(self.sources)]
        forms = {source.form.code for source in sources if source}
        if not 1 <= len(sources) <= MOST_SOURCES or len(forms) != len(sources):
            raise NoSuchSource(most=MOST_SOURCES)
        return tuple(source for source in sources if source)

    @cached_property
    def known(self) -> dict[str, ListingColumn]:
        """Map every column that the sources have to it."""
        return {name: column for source in self.read for name, column in source.columns().items()}

    def column(self, name: str) -> ListingColumn:
        if name not in self.known:
            raise NoSuchColumn(column=name)
        return self.known[name]

    @property
    def shown(self) -> dict[str, ListingColumn]:
        """Return the chosen columns in their order; one that the form no longer has is left out."""
        return {name: self.known[name] for name in self.columns if name in self.known}

    def links_to(self, source: ListingSource) -> tuple[list[ListingColumn], list[ListingColumn]]:
        """Return what of the first source names records of a further one, and what of that one names the first's."""
        first, further = self.read[0], source
        return first.naming(further.form.code), further.naming(first.form.code)

    def joins_to(self, source: ListingSource) -> dict[str, Promise]:
        """Return by which keys a further source can be joined, in words."""
        named = any(self.links_to(source))
        return {key: words for key, words in JOIN_WORDS.items() if named or key != JoinOn.NAMED}

    def join_of(self, source: ListingSource) -> str:
        """Return by what a further source is joined: as was chosen, else by the record that one of them names, else by
        visit where both forms have visits.
        """
        known = self.joins_to(source)
        chosen = self.joins[source.place - 1] if len(self.joins) >= source.place else ""
        if chosen in known:
            return chosen
        if JoinOn.NAMED in known:
            return JoinOn.NAMED
        both = (self.read[0].form.repeats, source.form.repeats)
        return JoinOn.VISIT if both == (Repeats.PER_VISIT, Repeats.PER_VISIT) else JoinOn.PARTICIPANT

    def used(self) -> set[str]:
        """Return every column that is shown, tried or sorted by."""
        asked = {
            *self.columns,
            *(each.column for each in self.filters),
            *(name.lstrip("-") for name in self.order),
        }
        return asked - KEYS.keys()

    def reads_around(self, source: ListingSource) -> bool:
        """Say whether the listing reads what the record says around the rows of a table, or has no rows of a table."""
        known = (self.known[name] for name in self.used() if name in self.known)
        return source.group is None or any(
            column.source == source and column.group is None for column in known
        )

    def narrowing(self) -> set[str]:
        """Return every column by which rows are kept or sorted."""
        return {*(each.column for each in self.filters), *(name.lstrip("-") for name in self.order)}


def source_of(name: str, place: int = 0) -> ListingSource | None:
    """Return the form or table of that name, or None."""
    code, _dot, group = name.partition(".")
    form = catalogue.forms().get(code)
    if form is None or (group and group not in form.groups):
        return None
    return ListingSource(form, form.groups[group] if group else None, place)


def all_sources(forms: Iterable[FormDeclaration]) -> list[tuple[str, str]]:
    """Return every form and every table of the forms, with their titles."""
    sources: list[tuple[str, str]] = []
    for form in forms:
        sources.append((form.code, f"{form.code} · {form.title}"))
        sources += [
            (f"{form.code}.{name}", f"{form.code} · {form.title} · {group.title}")
            for name, group in form.groups.items()
        ]
    return sources
