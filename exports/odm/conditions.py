"""When something is asked, in words and as a rule: a condition as a reader of ODM finds it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.utils.translation import gettext as _

from crf.engine.conditions import All, Answered, Any_, Condition, Has, Is, Not, Over, Same, Under
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Question
from exports.odm.elements import Text

ARM_CONDITION: Final = "participant.arm"


@dataclass(frozen=True)
class ExceptionCondition:
    """While it is true, something is not collected (ODM: CollectionExceptionCondition)."""

    oid: str
    name: str
    text: Text
    rule: str


def not_asked(form: FormDeclaration, where: str, condition: Condition, group: str = "") -> ExceptionCondition:
    """Return the exception that leaves out what is asked only while ``condition`` holds."""
    rule = json.dumps(Not(condition).as_json(), ensure_ascii=False)
    questions = {**form.questions, **(form.groups[group].questions if group else {})}
    return ExceptionCondition(f"COND.{where}", where, partial(_exception, condition, questions), rule)


def other_arm(arm: str) -> ExceptionCondition:
    """Return the exception that leaves out what only one arm has."""
    rule = json.dumps(Not(Is(ARM_CONDITION, arm)).as_json())
    return ExceptionCondition(f"COND.ARM.{arm}", f"ARM {arm}", partial(_arm, arm), rule)


def _arm(arm: str) -> str:
    return _("Not collected unless the participant is allocated to arm {arm}.").format(arm=arm)


def _exception(condition: Condition, questions: dict[str, Question]) -> str:
    return _("Not collected unless: {condition}").format(condition=words(condition, questions))


def words(condition: Condition, questions: dict[str, Question]) -> str:
    """Return the condition in the language in force; what another form says is named as rules name it."""
    match condition:
        case Is():
            said = [_value(condition.name, value, questions) for value in condition.values]
            return f"{_label(condition.name, questions)} = {_or(said)}"
        case Has():
            codes = [_value(condition.name, code, questions) for code in condition.codes]
            return _("{question} includes {codes}").format(
                question=_label(condition.name, questions), codes=_or(codes)
            )
        case Answered():
            return _("{question} is answered").format(question=_label(condition.name, questions))
        case Over():
            return f"{_label(condition.name, questions)} > {condition.limit}"
        case Under():
            return f"{_label(condition.name, questions)} < {condition.limit}"
        case Same():
            return f"{_label(condition.name, questions)} = {_label(condition.other, questions)}"
        case Not():
            return _("not ({condition})").format(condition=words(condition.part, questions))
        case All():
            return _(" and ").join(_part(part, questions) for part in condition.parts)
        case Any_():
            return _or([_part(part, questions) for part in condition.parts])
    return json.dumps(condition.as_json(), ensure_ascii=False)


def _part(condition: Condition, questions: dict[str, Question]) -> str:
    said = words(condition, questions)
    return f"({said})" if isinstance(condition, All | Any_) else said


def _or(said: list[str]) -> str:
    return _(" or ").join(said)


def _label(name: str, questions: dict[str, Question]) -> str:
    question = questions.get(name)
    return f"“{question.text}”" if question else name


def _value(name: str, value: object, questions: dict[str, Question]) -> str:
    question = questions.get(name)
    code = str(value)
    return question.codes.label(code) if question and question.codes else code
