"""What the page says about an answer, in the reader's language: what is so, then what to do."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crf.engine.answers import AnswerValues
from crf.engine.checks import Finding, Level
from crf.engine.declaration import FormDeclaration
from crf.engine.dictionaries import DICTIONARIES
from crf.engine.former_codes import RENAMED
from crf.engine.questions import Question, QuestionKind, Range
from kernel.punctuation import listed
from kernel.reading import Reason
from kernel.units import unit_in_print

ANSWERED_UNIT = "ORRESU"  # how SDTM names the unit in which a result was given
MISSING_TEXTS = {
    "ND": lambda: _("not done"),
    "NAP": lambda: _("not applicable"),
    "NK": lambda: _("not known"),
    "ASKU": lambda: _("asked but unknown"),
    "NP": lambda: _("participant refused"),
}


def missing_text(reason: str) -> str:
    """Return the words for a missing reason."""
    words = MISSING_TEXTS.get(RENAMED.get(reason, reason))
    return words() if words else reason


def number_text(value: Any) -> str:
    """Return a number as a person would type it: no trailing zeros after the point, no exponent."""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def display(question: Question, value: Any, *, zone: str) -> str:
    """Return an answer as people read it: the text of a code, a day, a number without its unit."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return listed(display(question, item, zone=zone) for item in value)
    if question.codes is not None:
        return question.codes.label(str(value))
    if question.dictionary:
        return DICTIONARIES[question.dictionary].text_of(str(value))
    return number_text(value)


def in_print(question: Question, value: Any, *, zone: str) -> str:
    """Return an answer for lists and papers: one that is a unit itself with its powers raised, as units stand there."""
    text = display(question, value, zone=zone)
    return unit_in_print(text) if question.sdtm.endswith(ANSWERED_UNIT) else text


def range_text(bounds: Range | None, unit: Any = "") -> str:
    """Return a range in words: "25 to 200 kg", "at least 15", or nothing."""
    if bounds is None:
        return ""
    low, high = (None if limit is None else number_text(limit) for limit in bounds)
    if low is not None and high is not None:
        text = _("{low} to {high}").format(low=low, high=high)
    elif low is not None:
        text = _("at least {low}").format(low=low)
    else:
        text = _("at most {high}").format(high=high)
    return f"{text} {unit}".strip()


def format_hint(question: Question) -> str:
    """Say what an answer has to look like."""
    label = str(question.text)
    if question.kind in (QuestionKind.INTEGER, QuestionKind.DECIMAL):
        return _number_rule(question, label)
    texts = {
        QuestionKind.DATE: _("{label} must be a full date such as 2026-05-07."),
        QuestionKind.PARTIAL_DATE: _("{label} must be a date such as 2026-05-07, 2026-05 or 2026."),
        QuestionKind.DATETIME: _("{label} must be a date and time such as 2026-05-07 14:30."),
        QuestionKind.CHOICE: _("{label} must be one of the answers listed. Choose one."),
        QuestionKind.MULTIPLE: _("{label} must be among the answers listed. Tick those that apply."),
        QuestionKind.TEXT: _("{label} holds a character that cannot be stored. Type it again."),
    }
    return texts[question.kind].format(label=label)


def _number_rule(question: Question, label: str) -> str:
    whole = question.kind == QuestionKind.INTEGER
    low, high = question.hard or (None, None)
    unit = unit_in_print(question.unit)
    if low is not None and high is not None:
        text = (
            _("{label} must be a whole number between {low} and {high} {unit}.")
            if whole
            else _("{label} must be a number between {low} and {high} {unit}.")
        )
        filled = text.format(label=label, low=number_text(low), high=number_text(high), unit=unit)
        return filled.replace(" .", ".").replace(" 。", "。")
    text = _("{label} must be a whole number.") if whole else _("{label} must be a number.")
    return text.format(label=label)


def unreadable(question: Question, reason: Reason) -> str:
    """Say why what was typed is no answer, and what would be one."""
    if reason == Reason.PRECISION:
        return too_precise(question)
    if reason == Reason.SECONDS:
        return _("{label} is kept to the minute. Leave the seconds out.").format(label=question.text)
    if reason == Reason.TWO_DAYS:
        return _("{label}: day and month can be taken for each other. Type it as year-month-day.").format(
            label=question.text
        )
    if reason == Reason.NO_SUCH_DAY:
        return _(
            "{label}: this day does not exist. The month has fewer days, or there is no such month. Type the right day."
        ).format(label=question.text)
    if reason == Reason.COMMA:
        return _(
            "{label}: a comma may part thousands or decimals. Type the number with a point, such as 62.7."
        ).format(label=question.text)
    if reason == Reason.UNIT:
        said = _("{label}: type the number alone, without a unit or other words.").format(label=question.text)
        return f"{said} {format_hint(question)}" if question.unit else said
    return format_hint(question)


def no_term(question: Question, typed: str, *, title: str, near: list[str]) -> str:
    """Say that a text is no term of the dictionary, and which terms are near it."""
    said = {"label": question.text, "typed": typed, "title": title, "near": listed(near)}
    if near:
        return _(
            "{label}: “{typed}” is no term of {title}. Choose a term of the list, such as: {near}."
        ).format(**said)
    return _("{label}: “{typed}” is no term of {title}. Type another word for it, and choose a term.").format(
        **said
    )


def too_precise(question: Question) -> str:
    """Say how many decimal places are kept."""
    return ngettext(
        "{label} is kept with {places} decimal place. Shorten the number.",
        "{label} is kept with {places} decimal places. Shorten the number.",
        question.places,
    ).format(label=question.text, places=question.places)


def too_long(question: Question, length: int) -> str:
    """Say how much text is kept."""
    return _("{label} holds {length} characters and {limit} are kept. Shorten the text.").format(
        label=question.text, length=length, limit=question.max_length
    )


def stands_alone(question: Question, code: str) -> str:
    """Say that an exclusive code is ticked beside others."""
    return _("{label}: “{code}” stands alone. Tick either it or the others.").format(
        label=question.text, code=question.codes.label(code) if question.codes else code
    )


def both_given(question: Question) -> str:
    """Say that an answer and a missing reason contradict each other."""
    return _("{label} has an answer and a reason why it is missing. Keep one of them.").format(
        label=question.text
    )


def reason_not_allowed(question: Question) -> str:
    """Say that this question has to be answered."""
    return _("{label} cannot be left out with this reason. Answer it.").format(label=question.text)


def too_many_rows(title: Any, limit: int) -> str:
    """Say how many rows a group can have."""
    return _("{title} can hold {limit} rows. Remove some rows.").format(title=title, limit=limit)


def same_row_twice(title: Any) -> str:
    """Say that two rows were sent as one."""
    return _("Two rows of {title} have the same row_id or position. Send each row once.").format(title=title)


def question_at(form: FormDeclaration, target: str) -> Question | None:
    """Return the question that a finding's target points at; None for a whole group or form."""
    group, _position, name = [*target.split("."), "", ""][:3]
    if name and group in form.groups:
        return form.groups[group].questions.get(name)
    return form.questions.get(target)


def label_at(form: FormDeclaration, target: str) -> str:
    """Return what a target points at in words: a question, a table, or a row of one."""
    group, position = [*target.split("."), ""][:2]
    question = question_at(form, target)
    if group not in form.groups:
        return str(question.text) if question else target
    title = str(form.groups[group].title)
    if position:
        title = _("{title}, row {number}").format(title=title, number=position)
    return f"{title} · {question.text}" if question else title


class _Known(dict[str, Any]):
    """Values by name; a dash where there is none, or where one is not known any more."""

    def __missing__(self, name: str) -> str:
        return "–"


def rule_text(message: Any, values: AnswerValues) -> str:
    """Return the message of a check with the values that it read in their places."""
    text = str(message)
    if "%(" not in text:
        return text
    return text % _Known({name: value for name, value in values.items() if value is not None})


def rule_in_general(message: Any) -> str:
    """Return the message of a check with an ellipsis in the place of each value."""
    text = str(message)
    return re.sub(r"%\(\w+\)s", "…", text).replace("%%", "%") if "%(" in text else text


def values_named(message: str, values: AnswerValues) -> dict[str, str]:
    """Return those of ``values`` that the message has a place for, as text."""
    return {name: str(value) for name, value in values.items() if f"%({name})s" in message}


def finding_text(form: FormDeclaration, finding: Finding, *, zone: str) -> str:
    """Return what a finding says to the person who can act on it."""
    if finding.kind == "check":
        return rule_text(finding.message, finding.values)
    question = question_at(form, finding.target)
    if question is None:
        title = form.groups[finding.target].title if finding.target in form.groups else form.title
        return _("{title} has no rows yet. Add at least one.").format(title=title)
    if finding.kind == "range":
        return _range_sentence(question, finding)
    texts = {
        "required": _("{label} has no answer yet. Answer it, or give the reason why it is missing."),
        "future": _("{label} lies in the future. Check the date against the source."),
        "birth": _("{label} lies before the birth date. Check both dates against the source."),
        "death": _("{label} lies after the date of death. Check both dates against the source."),
        "offered": _("{label}: “{value}” is no answer here. Choose another one."),
        "proposal": _(
            "{label} differs from what the answers lead to ({proposal}). Correct it, or confirm it with a reason."
        ),
    }
    if finding.kind == "required" and not question.missing_allowed:
        return _("{label} has no answer yet. Answer it.").format(label=question.text)
    proposal = display(question, finding.values.get("proposal"), zone=zone)
    value = display(question, finding.values.get("value"), zone=zone)
    return texts[finding.kind].format(label=question.text, proposal=proposal, value=value)


def _range_sentence(question: Question, finding: Finding) -> str:
    if finding.level == Level.HARD:
        text = _("{label} is outside what is possible ({range}). Correct it.")
        return text.format(label=question.text, range=range_text(question.hard, unit_in_print(question.unit)))
    text = _(
        "{label} is outside what is usual ({range}). Check the source; correct it or confirm it with a reason."
    )
    return text.format(label=question.text, range=range_text(question.soft, unit_in_print(question.unit)))
