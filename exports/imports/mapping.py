"""Which column of a file answers which question: kept by name, and used again for the next file. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from crf.engine.codelists import CodeList
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.questions import Missing, Question
from kernel.errors import Refusal
from kernel.punctuation import listed
from kernel.reading import UNSTORABLE

PLACES: Final[Mapping[str, frozenset[str]]] = {
    "participant": frozenset({"participant", "subjid", "subject", "usubjid", "受试者", "受试者编号"}),
    "visit": frozenset({"visit", "visit_code", "访视", "访视编号"}),
    "sequence": frozenset({"sequence", "seq", "序号"}),
}
"""Names of columns that say whose record a line is about, as exports and laboratories write them."""
PARTS: Final = (
    "participant",
    "visit",
    "visits",
    "sequence",
    "match",
    "answers",
    "group",
    "key",
    "row",
    "codes",
    "missing",
)
TEXTS: Final = ("participant", "visit", "sequence", "group")
LISTS: Final = ("match", "key")


class MappingUnusable(Refusal):
    code = "exports.import_mapping_unusable"
    message = _("The mapping cannot be used: {why}")
    status = 422
    fields = ("mapping",)


@dataclass(frozen=True)
class ImportMapping:
    """Columns by what they say.

    ``participant``, ``visit`` and ``sequence`` name the columns that say whose record a line is about; ``visits`` gives
    the file's own words for visits their codes. ``match`` names the answers by which a record of a log is known.
    ``answers`` maps questions of the form to columns, ``row`` those of a row of ``group``; ``key`` names the answers by
    which a row is known. ``codes`` gives for each question the file's words their codes, ``missing`` the words that
    stand for a reason why there is no answer.
    """

    participant: str
    visit: str = ""
    visits: Mapping[str, str] = field(default_factory=dict)
    sequence: str = ""
    match: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    key: tuple[str, ...] = ()
    row: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Return every column that is read."""
        places = [each for each in (self.participant, self.visit, self.sequence) if each]
        return [*places, *self.answers.values(), *self.row.values()]

    def text_of(self, question: Question, cell: str) -> str:
        """Return a cell as the form reads it: a word of the mapping, or the text of a code, is replaced by the code."""
        said = self.codes.get(question.name, {})
        if cell in said or not question.codes or cell in question.codes or cell in self.missing:
            return said.get(cell, cell)
        return _code_with_text(question.codes, cell)


def _code_with_text(codes: CodeList, text: str) -> str:
    """Return the code that has this text in one of the languages; the text itself where none or several have."""
    folded = text.casefold()
    fitting = set()
    for language, _name in settings.LANGUAGES:
        with override(language):
            fitting |= {code for code, label in codes.labels.items() if str(label).casefold() == folded}
    return fitting.pop() if len(fitting) == 1 else text


def propose_mapping(form: FormDeclaration, columns: Sequence[str]) -> dict[str, Any]:
    """Return the parts of a mapping by the names of columns: those of questions, of exported columns, or their texts.

    Of several tables the one with the most columns is taken. What is recognised nowhere is left out.
    """
    parts: dict[str, Any] = {}
    for part, words in PLACES.items():
        if column := next((each for each in columns if each.casefold() in words), None):
            parts[part] = column
    free = [column for column in columns if column not in parts.values()]
    parts["answers"] = _recognised(form.questions, free)
    tables = {name: _recognised(group.questions, free) for name, group in form.groups.items()}
    group = max(tables, key=lambda name: len(tables[name]), default="")
    if group and tables[group]:
        key = form.groups[group].keyed_by
        parts |= {"group": group, "row": tables[group]}
        parts["key"] = [key] if key in tables[group] else list(tables[group])[:1]
    if form.repeats == Repeats.LOG and "sequence" not in parts:
        parts["match"] = list(parts["answers"])[:2]
    return parts


def _recognised(questions: Mapping[str, Question], columns: Sequence[str]) -> dict[str, str]:
    """Map questions that people answer to the columns that bear their name or text."""
    told: dict[str, str] = {}
    for name, question in questions.items():
        if not question.derived:
            words = {name, question.export.casefold(), *_in_each_language(question.text)}
            if column := next((each for each in columns if each.casefold() in words), None):
                told[name] = column
    return told


def _in_each_language(text: Any) -> set[str]:
    said = set()
    for language, _name in settings.LANGUAGES:
        with override(language):
            said.add(str(text).casefold())
    return said


def read_mapping(said: str, form: FormDeclaration) -> ImportMapping:
    """Return the mapping that a JSON text says, checked against the form.

    Refuses: what is no such mapping; parts, questions or reasons that do not exist; answers that are computed; a form
    whose records the mapping cannot tell apart.
    """
    try:
        parts = json.loads(said)
    except (ValueError, RecursionError):
        raise MappingUnusable(why=_now("it is no JSON.")) from None
    if any(UNSTORABLE.search(text) for text in _texts(parts)):
        raise MappingUnusable(why=_now("it holds a character that cannot be kept."))
    _refuse_shape(parts)
    mapping = mapping_of(parts)
    _refuse_questions(mapping, form)
    _refuse_place(mapping, form)
    return mapping


def _texts(parts: Any) -> Iterator[str]:
    """Yield every text in what a JSON text says, names of members too."""
    if isinstance(parts, str):
        yield parts
    elif isinstance(parts, dict | list):
        for each in [*parts, *parts.values()] if isinstance(parts, dict) else parts:
            yield from _texts(each)


def mapping_of(parts: Mapping[str, Any]) -> ImportMapping:
    """Return the mapping that has these parts, lists as tuples."""
    said: dict[str, Any] = {name: tuple(value) if name in LISTS else value for name, value in parts.items()}
    return ImportMapping(**said)


def _refuse_shape(parts: Any) -> None:
    if (
        not isinstance(parts, dict)
        or not isinstance(parts.get("participant"), str)
        or not parts["participant"]
    ):
        raise MappingUnusable(why=_now("“participant” must name the column with the participant's number."))
    for name, value in parts.items():
        if name not in PARTS:
            raise MappingUnusable(
                why=_now("there is no part “{name}”. It takes: {known}.").format(
                    name=name, known=listed(PARTS)
                )
            )
        if not _fits(name, value):
            raise MappingUnusable(why=_now("“{name}” has another shape than it should.").format(name=name))


def _fits(name: str, value: Any) -> bool:
    if name in TEXTS:
        return isinstance(value, str)
    if name in LISTS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if not isinstance(value, dict):
        return False
    inner = value.values()
    return (
        all(_fits("visits", each) for each in inner)
        if name == "codes"
        else all(isinstance(each, str) for each in inner)
    )


def _refuse_questions(mapping: ImportMapping, form: FormDeclaration) -> None:
    if mapping.group and mapping.group not in form.groups:
        raise MappingUnusable(why=_now("the form has no table “{name}”.").format(name=mapping.group))
    columns = form.groups[mapping.group].questions if mapping.group else {}
    for names, questions in (
        ((*mapping.answers, *mapping.match), form.questions),
        ((*mapping.row, *mapping.key), columns),
    ):
        for name in names:
            _refuse_question(name, questions)
    if not mapping.answers and not mapping.row:
        raise MappingUnusable(why=_now("it names no question in “answers” or “row”."))
    if stray := [name for name in mapping.match if name not in mapping.answers]:
        raise MappingUnusable(
            why=_now("“match” names {names}, which no column answers.").format(names=listed(stray))
        )
    if stray := [name for name in mapping.key if name not in mapping.row]:
        raise MappingUnusable(
            why=_now("“key” names {names}, which no column answers.").format(names=listed(stray))
        )
    for word, reason in mapping.missing.items():
        if reason not in set(Missing):
            known = listed(Missing)
            raise MappingUnusable(
                why=_now("“{word}” stands for {reason}, which is no reason: {known}.").format(
                    word=word, reason=reason, known=known
                )
            )


def _refuse_question(name: str, questions: Mapping[str, Question]) -> None:
    if name not in questions:
        raise MappingUnusable(why=_now("there is no question “{name}” there.").format(name=name))
    if questions[name].derived:
        raise MappingUnusable(why=_now("“{name}” is computed by the form.").format(name=name))


def _refuse_place(mapping: ImportMapping, form: FormDeclaration) -> None:
    if form.repeats == Repeats.PER_VISIT and not mapping.visit:
        raise MappingUnusable(
            why=_now("“visit” must name the column with the visit: the form belongs to one.")
        )
    if form.repeats == Repeats.LOG and not mapping.sequence and not mapping.match:
        raise MappingUnusable(
            why=_now("a log needs “sequence”, or “match” with the answers by which a record is known.")
        )
    if mapping.group and not mapping.key:
        raise MappingUnusable(why=_now("“key” must name the answers by which a row of the table is known."))
