"""What a program sent, before anything is done with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from exports.api.requests import CallerRequest
from palace3.kernel.errors import Refusal


class NotAnObject(Refusal):
    message = _('“{name}” must be a JSON object. Send for example {{"answers": {{"weight": 61.5}}}}.')
    status = 400


class NotAList(Refusal):
    message = _('“{name}” must be a list of texts. Send for example ["ELIG", "DM"].')
    status = 400


class NotRows(Refusal):
    message = _(
        '“{name}” must be a list of rows. Send for example {{"groups": {{"node": [{{"station": "7"}}]}}}}.'
    )
    status = 400


class Unstorable(Refusal):
    message = _("The body holds a character that no text here can hold, such as U+0000. Leave it out.")
    status = 400


def body_of(request: CallerRequest) -> Mapping[str, Any]:
    """Return the body, which is an object."""
    whole = object_in(request.data, "body")
    try:
        text = json.dumps(whole, ensure_ascii=False).encode()
    except UnicodeEncodeError as half:  # of a character that was cut in two
        raise Unstorable from half
    if rb"\u0000" in text:
        raise Unstorable
    return whole


def object_in(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise NotAnObject(name=name)
    return value


def rows_in(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise NotRows(name=name)
    return value


def texts_in(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise NotAList(name=name)
    return value
