"""From the JSON of a program to what a page would have sent, so that both are read by the same eyes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from crf.declaration import FormDeclaration
from exports.api.bodies import object_in as _object
from palace3.kernel.errors import Refusal


class UnknownNames(Refusal):
    message = _(
        "Form {form} does not ask {names}, so nothing was saved. Use the names of the codebook (/api/v1/codebook/)."
    )
    status = 422


class NotRows(Refusal):
    message = _("“{name}” must be a list of objects, one for each row.")
    status = 400


def as_typed(body: Any) -> dict[str, Any]:
    """Return the body's answers, groups, reasons and confirmations under the names of the page."""
    whole = _object(body, "body")
    raw: dict[str, Any] = {"_reason": whole.get("reason", ""), "_version": whole.get("version", "")}
    raw.update(_object(whole.get("answers", {}), "answers"))
    for name, why in _object(whole.get("missing", {}), "missing").items():
        raw[f"{name}__why"] = why
    for name, why in _object(whole.get("reasons", {}), "reasons").items():
        raw[f"_reason:{name}"] = why
    for key, why in _object(whole.get("confirmations", {}), "confirmations").items():
        raw[f"_confirm:{key}"] = why
    for group, rows in _object(whole.get("groups", {}), "groups").items():
        for index, row in enumerate(rows if isinstance(rows, list) else []):
            raw.update(_row(group, index, _object(row, group)))
    return raw


def _row(group: str, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
    named = {f"{group}-{index}-{name}": value for name, value in row.items() if name != "missing"}
    reasons = _object(row.get("missing", {}), "missing")
    return {**named, **{f"{group}-{index}-{name}__why": why for name, why in reasons.items()}}


def refuse_unknown_names(form: FormDeclaration, body: Any) -> None:
    """Refuse a name that the form does not have: on a page it cannot be typed, and here it would be lost unseen."""
    whole = _object(body, "body")
    groups = _object(whole.get("groups", {}), "groups")
    odd = [*_names(whole, "answers", form.questions), *_names(whole, "missing", form.questions)]
    odd += [name for name in groups if name not in form.groups]
    for name, rows in groups.items():
        if not isinstance(rows, list):
            raise NotRows(name=name)
        for row in rows if name in form.groups else []:
            known = {*form.groups[name].questions, "missing", "position"}
            odd += [f"{name}.{each}" for each in _object(row, name) if each not in known]
    if odd:
        raise UnknownNames(form=form.code, names=", ".join(sorted({str(each)[:40] for each in odd})[:5]))


def _names(whole: Mapping[str, Any], part: str, known: Collection[str]) -> list[str]:
    return [name for name in _object(whole.get(part, {}), part) if name not in known]
