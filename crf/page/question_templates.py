"""A question's markup, made once per language: marks ⟦like this⟧ are left for each request to fill.

Rendering sixty questions through the template engine on every request would cost several times
the rest of the page; filling a made skeleton costs microseconds.
"""

from __future__ import annotations

import json
import re
from functools import cache
from types import SimpleNamespace

from django.template.loader import get_template
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from crf.engine import messages
from crf.engine.conditions import Condition
from crf.engine.help import filled
from crf.engine.questions import Question, QuestionKind
from kernel.units import unit_in_print

RADIO_LIMIT = 7
LONG_CHOICE, FEW_CHOICES, ONE_LINE = 28, 4, 90
MARK = re.compile(r"⟦([^⟧]+)⟧")
GAP = re.compile(r">\s+<")


class Filling(dict[str, str]):
    """What a request fills into a question's markup; a mark that is not named stays empty."""

    def __missing__(self, mark: str) -> str:
        return ""


@cache
def skeleton(question: Question, language: str, template: str, *, editable: bool = True) -> str:
    """Return a question's markup in ``language`` (the one in force) with %-marks for what changes.

    Where it is not ``editable`` the answer stands there in words, and no control.
    """
    shape = _shape(question, in_row=template == "cell", is_read=not editable and not question.derived)
    control = "answer" if shape.is_read else "control"
    shape.control = mark_safe(  # noqa: S308 - the template escapes, the marks are ours
        get_template(f"crf/partials/{control}.html").render({"q": shape, "in_row": template == "cell"})
    )
    return _with_marks(get_template(f"crf/partials/{template}.html").render({"q": shape}))


@cache
def partial(name: str, language: str, **choices: str | bool) -> str:
    """Return another partial in ``language`` (the one in force) with %-marks for what changes."""
    return _with_marks(get_template(f"crf/partials/{name}.html").render({**choices}))


def _with_marks(drawn: str) -> str:
    return MARK.sub(r"%(\1)s", GAP.sub("><", drawn.strip()).replace("%", "%%"))


def _shape(question: Question, *, in_row: bool, is_read: bool) -> SimpleNamespace:
    kind = _control_kind(question, in_row=in_row)
    options = list(question.codes.labels.items()) if question.codes else []
    hint = _hint(question)
    return SimpleNamespace(
        text="⟦text⟧" if question.licensed else question.text,
        kind=question.kind.value,
        derived=question.derived,
        is_read=is_read,
        grouped=kind in ("radio", "ticks") and not is_read,
        control_kind=kind,
        options=options,
        by_code=all(len(code) == 1 and code.isdigit() for code, _text in options),
        is_column=bool(question.explained_by) or _is_column([str(text) for _code, text in options]),
        exclusive=" ".join(question.codes.exclusive) if question.codes else "",
        unit=unit_in_print(question.unit),
        hint=hint,
        definition=question.definition,
        proposed_by=question.proposed_by,
        reasons=[(code, messages.missing_text(code)) for code in question.missing_allowed]
        if not question.derived
        else [],
        show=as_json(question.shown_when),
        require=as_json(question.required_when),
        offered=_offered(question),
        dictionary=question.dictionary,
        explained_by=question.explained_by,
        described=("hint-⟦name⟧ " if hint and not in_row else "") + "note-⟦name⟧",
        inputmode={QuestionKind.INTEGER: "numeric", QuestionKind.DECIMAL: "decimal"}.get(question.kind, ""),
        placeholder=_placeholder(question.kind),
        day=_day(question.kind),
        is_short=question.kind != QuestionKind.TEXT or question.max_length <= 20,
        lines=question.lines,
        control="",
    )


def _is_column(texts: list[str]) -> bool:
    """Say whether choices stand under each other: long ones do, and many that do not fit on a line."""
    widths = [sum(1 if letter.isascii() else 2 for letter in text) for text in texts]
    return any(width > LONG_CHOICE for width in widths) or (
        len(widths) > FEW_CHOICES and sum(widths) + 4 * len(widths) > ONE_LINE
    )


def _control_kind(question: Question, *, in_row: bool) -> str:
    if question.kind == QuestionKind.MULTIPLE:
        return "ticks"
    if question.kind == QuestionKind.CHOICE:
        few = question.codes is not None and len(question.codes) <= RADIO_LIMIT
        return "radio" if few and not in_row else "select"
    return "area" if question.kind == QuestionKind.TEXT and question.lines > 1 else "line"


def _placeholder(kind: QuestionKind) -> str:
    texts = {
        QuestionKind.DATE: _("YYYY-MM-DD"),
        QuestionKind.PARTIAL_DATE: _("YYYY-MM-DD"),
        QuestionKind.DATETIME: _("YYYY-MM-DD hh:mm"),
    }
    return texts.get(kind, "")


def _day(kind: QuestionKind) -> str:
    """Say what the calendar at the sign in the field gives: a day, or the day of a moment."""
    days = {
        QuestionKind.DATE: "full",
        QuestionKind.PARTIAL_DATE: "partial",
        QuestionKind.DATETIME: "instant",
    }
    return days.get(kind, "")


def _hint(question: Question) -> str:
    """Return the help text, the ranges, and how a partial date is written, in one line."""
    said = [filled(question.help, "⟦{}⟧".format)] if question.help else []
    if question.soft and not question.derived:
        said.append(
            _("usual: {range}").format(range=messages.range_text(question.soft, unit_in_print(question.unit)))
        )
    if question.hard and not question.derived:
        said.append(
            _("possible: {range}").format(
                range=messages.range_text(question.hard, unit_in_print(question.unit))
            )
        )
    if question.kind == QuestionKind.PARTIAL_DATE:
        said.append(_("year or month alone will do: 2026, 2026-05"))
    return " · ".join(said)


def _offered(question: Question) -> str:
    """Return the conditions of codes that are not always answers, for a data attribute."""
    conditions = {code: condition.as_json() for code, condition in question.offered_when.items()}
    return json.dumps(conditions) if conditions else ""


def as_json(condition: Condition | None) -> str:
    """Return a condition for a data attribute; nothing for no condition."""
    return json.dumps(condition.as_json()) if condition else ""
