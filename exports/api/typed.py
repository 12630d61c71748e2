"""From the JSON of a program to what a page would have sent, so that both are read by the same eyes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exports.api.bodies import object_in as _object


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
