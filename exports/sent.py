"""What was sent as JSON, taken for what it has to be: an object, or a list of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal


class NotAnObject(Refusal):
    code = "exports.not_an_object"
    message = _('“{name}” must be a JSON object. Send for example {{"answers": {{"weight": 61.5}}}}.')
    status = 400


class NotRows(Refusal):
    code = "exports.not_rows"
    message = _(
        '“{name}” must be a list of rows. Send for example {{"groups": {{"node": [{{"station": "7"}}]}}}}.'
    )
    status = 400


def object_in(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise NotAnObject(name=name)
    return value


def rows_in(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise NotRows(name=name)
    return value
