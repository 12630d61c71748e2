"""Sentences that mails share: where to go, by which clock days are counted, and that nobody reads answers."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from kernel.days import zone_in_words


def page_link(path: str) -> str:
    """Return the whole address of a page, by the public address of the installation; it carries no secret."""
    return f"{settings.PUBLIC_ADDRESS}{path}"


def go_there(path: str) -> str:
    """Return the line that leads a reader to the page where something is to be done; sign-in comes first."""
    return _("Sign in and do it here: %(address)s") % {"address": page_link(path)}


def days_are_of(zone: str, *, at: datetime) -> str:
    """Return the line that says whose calendar days a mail names."""
    return _("Days and hours are those of the site: %(zone)s.") % {"zone": zone_in_words(zone, at=at)}


def closing() -> str:
    return _("This message was written by PALACE-3. Nothing needs to be answered.")
