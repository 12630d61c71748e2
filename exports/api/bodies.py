"""What a program sent, before anything is done with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError

from exports.api.requests import CallerRequest
from exports.sent import object_in
from kernel.errors import Refusal
from kernel.punctuation import listed
from kernel.reading import UnreadableError, moment


class NotAList(Refusal):
    code = "exports.not_a_list"
    message = _('“{name}” must be a list of texts. Send for example ["ELIG", "DM"].')
    status = 400


class NotAText(Refusal):
    code = "exports.not_a_text"
    message = _("“{name}” must be a text.")
    status = 400


class NotAMoment(Refusal):
    code = "exports.not_a_moment"
    message = _("“{name}” must be a moment with its offset. Send for example “2026-10-01T08:00:00+08:00”.")
    status = 400


class NotADay(Refusal):
    code = "exports.not_a_day"
    message = _("“{name}” must be a day. Send for example “2026-10-01”.")
    status = 400


class NotTrueOrFalse(Refusal):
    code = "exports.not_true_or_false"
    message = _("“{name}” is true or false.")
    status = 400


class UnknownMember(Refusal):
    code = "exports.unknown_member"
    message = _("The body has no part “{name}” here. It takes: {known}.")
    status = 400


class AnswersLeftOut(Refusal):
    """A PUT says nothing of what is on record, and would erase it."""

    code = "exports.answers_left_out"
    message = _(
        "{record} is not saved: the body leaves out {names}, which PUT would erase. Send them, use PATCH to change "
        'single answers, or add "replace": true if they are to go.'
    )
    status = 422


class Unstorable(Refusal):
    code = "exports.unstorable"
    message = _(
        "The body holds a character that no text here can hold: U+0000 or half of a surrogate pair. Leave it out."
    )
    status = 400


class NotJson(Refusal):
    code = "exports.not_json"
    message = _(
        "The body could not be read as JSON, or is nested deeper than any form. Check its brackets, quotes, numbers "
        "and encoding (UTF-8), then send it again."
    )
    status = 400


def members_of(request: CallerRequest, *known: str) -> Mapping[str, Any]:
    """Return the body, which holds nothing but the ``known`` members: a misspelt one would be lost in silence."""
    body = body_of(request)
    for name in body:
        if name not in known:
            raise UnknownMember(name=name, known=listed(known))
    return body


def text_in(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise NotAText(name=name)
    return value


def moment_in(value: Any, name: str) -> datetime | None:
    """Return the moment, read as a page reads one, which carries its offset; None where none was sent."""
    if value is None:
        return None
    try:
        return moment(text_in(value, name))
    except UnreadableError as unread:
        raise NotAMoment(name=name) from unread


def day_in(value: Any, name: str) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(text_in(value, name))
    except ValueError as unread:
        raise NotADay(name=name) from unread


def bool_in(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise NotTrueOrFalse(name=name)
    return value


def body_of(request: CallerRequest) -> Mapping[str, Any]:
    """Return the body, which is an object of texts that can be stored."""
    try:
        whole = object_in(request.data, "body")
        spelled = json.dumps(whole, ensure_ascii=False)
    except (ParseError, RecursionError) as unread:
        raise NotJson from unread
    if "\\u0000" in spelled or any("\ud800" <= each <= "\udfff" for each in spelled):
        raise Unstorable
    return whole


def texts_in(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise NotAList(name=name)
    return value
