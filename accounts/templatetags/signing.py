"""What pages show that draw the fields of a signature themselves."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.series import FIELD, asks_name, name_field, typed_name

register = template.Library()


@register.inclusion_tag("partials/signature_fields.html")
def signature_fields(step: str, sent: Any = None, words: str = "") -> dict[str, Any]:
    """Ask for what signs ``step``: the password, and the user name where the signature is the first of a series.

    ``sent`` is the form as it was refused; of several steps on one page it marks the fields of its own alone.
    ``words`` say in the reader's language what is confirmed.
    """
    is_sent = bool(sent and sent.is_bound) and step == (
        sent.data.get("item") or sent.data.get("step") or step
    )
    return {
        "asked": name_field() if asks_name() else None,
        "name": FIELD,
        "typed": typed_name(),
        "ids": "id" if is_sent else step,  # the summary of what was refused leads here
        "refused": sent.errors if is_sent else {},
        "words": words,
    }
