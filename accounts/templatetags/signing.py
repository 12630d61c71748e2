"""What pages that draw their own field of a password show beside it."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.series import name_shown

register = template.Library()


@register.inclusion_tag("partials/signer.html")
def signer(for_field: str) -> dict[str, Any]:
    """Ask for the user name beside the password ``for_field``, where the signature is the first of a series."""
    return name_shown(for_field)
