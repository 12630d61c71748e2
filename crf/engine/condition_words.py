"""A condition as people read it on paper: "Endoscopy done = No", in the language in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from crf.engine.conditions import All, Answered, Any_, Condition, Has, Is, Not, Over, Same, Under
from crf.engine.questions import Question, QuestionKind

Asked = Mapping[str, Question]


def in_words(condition: Condition, asked: Asked) -> str:
    """Return the claim in words; empty where it rests on something that is no question of ``asked``."""
    if any(name not in asked for name in condition.names()):
        return ""
    return _said(condition, asked)


def _said(condition: Condition, asked: Asked) -> str:
    if isinstance(condition, Not):
        return _denied(condition.part, asked)
    if isinstance(condition, Any_ | All):
        return _joined(condition, asked)
    return _simple(condition, asked, "=")


def _joined(condition: Any_ | All, asked: Asked) -> str:
    word = _(" or ") if isinstance(condition, Any_) else _(" and ")
    parts = [_said(part, asked) for part in condition.parts]
    nested = [f"({part})" if word not in part and _has_word(part) else part for part in parts]
    return word.join(dict.fromkeys(nested))


def _has_word(part: str) -> bool:
    return _(" or ") in part or _(" and ") in part


def _denied(part: Condition, asked: Asked) -> str:
    if isinstance(part, Is):
        return _simple(part, asked, "≠")
    if isinstance(part, Answered):
        return _("“{question}” is empty").format(question=asked[part.name].text)
    if isinstance(part, Has):
        return _("“{question}” without {answers}").format(
            question=asked[part.name].text, answers=_answers(asked[part.name], part.codes)
        )
    return _("not ({claim})").format(claim=_said(part, asked))


def _simple(condition: Condition, asked: Asked, sign: str) -> str:
    match condition:
        case Is(name=name, values=values):
            return _compared(asked[name], sign, _answers(asked[name], values))
        case Has(name=name, codes=codes):
            return _("“{question}” with {answers}").format(
                question=asked[name].text, answers=_answers(asked[name], codes)
            )
        case Answered(name=name):
            return _("“{question}” is answered").format(question=asked[name].text)
        case Over(name=name, limit=limit):
            return _compared(asked[name], ">", str(limit))
        case Under(name=name, limit=limit):
            return _compared(asked[name], "<", str(limit))
        case Same(name=name, other=other):
            return _compared(asked[name], "=", f"“{asked[other].text}”")
    raise TypeError(condition)


def _compared(question: Question, sign: str, value: str) -> str:
    return _("“{question}” {sign} {value}").format(question=question.text, sign=sign, value=value)


def _answers(question: Question, values: tuple[Any, ...]) -> str:
    return _(" or ").join(_answer(question, value) for value in values)


def _answer(question: Question, value: Any) -> str:
    if question.kind == QuestionKind.BOOLEAN or isinstance(value, bool):
        return _("Yes") if value else _("No")
    labels = question.codes.labels if question.codes else {}
    return str(labels.get(value, value))
