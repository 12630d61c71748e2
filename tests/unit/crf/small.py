"""Small forms made of values, so that the engine is tested apart from the trial's own forms."""

from __future__ import annotations

from typing import Any

from crf.engine.codelists import CodeList
from crf.engine.declaration import FormDeclaration, FormSection, Group, Repeats
from crf.engine.questions import AnswerRole, Classification, Question, QuestionKind

YN = CodeList("YN", {"Y": "Yes", "N": "No"})
COLOURS = CodeList("COLOURS", {"red": "red", "blue": "blue", "none": "none"}, exclusive=("none",))


def ask(name: str, kind: QuestionKind = QuestionKind.INTEGER, **said: Any) -> Question:
    """A question whose text is its name with a capital."""
    if kind in (QuestionKind.CHOICE, QuestionKind.MULTIPLE):
        said.setdefault("codes", YN if kind == QuestionKind.CHOICE else COLOURS)
    return Question(name=name, kind=kind, text=name.capitalize(), **said)


def small(*questions: Question, groups: tuple[Group, ...] = (), **said: Any) -> FormDeclaration:
    """A form with these questions in one section, and its groups after them."""
    placed = tuple(
        question.name for question in questions if not question.derived or said.get("show_derived")
    )
    said.pop("show_derived", None)
    names = (*placed, *(group.name for group in groups))
    made: dict[str, Any] = {
        "code": "SMALL",
        "title": "Small form",
        "version": 1,
        "repeats": Repeats.PER_PARTICIPANT,
        "classification": Classification.CLINICAL,
        "sections": (FormSection("only", "Only", names),),
        "questions": {question.name: question for question in questions},
        "groups": {group.name: group for group in groups},
        "life": {AnswerRole.BIRTH: "ELIG.birth", AnswerRole.DEATH: "SURV.death_dt"},
    }
    return FormDeclaration(**{**made, **said})


def rows(name: str, *questions: Question, **said: Any) -> Group:
    """A repeating group with these questions."""
    return Group(
        name=name,
        title=name.capitalize(),
        questions={question.name: question for question in questions},
        **said,
    )
