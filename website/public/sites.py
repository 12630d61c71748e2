"""The centres as anybody may know them, straight from the table of sites, so that page and system agree.

Row-level security shows an anonymous request no site at all. The database function behind ``public_sites``
answers with public columns only; nothing else of the request sees more than before (ADR 16).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils.translation import get_language

from trials.models.sites import SiteState


@dataclass(frozen=True)
class PublicSite:
    """One centre, with what a patient needs to reach it."""

    code: str
    name: str
    name_zh: str
    city: str
    city_zh: str
    state: str
    time_zone: str
    latitude: Decimal | None
    longitude: Decimal | None
    languages_spoken: str
    office_hours: str

    @property
    def is_open(self) -> bool:
        """Say whether the centre takes people in now."""
        return self.state == SiteState.ACTIVE

    @property
    def local_name(self) -> str:
        return self.name_zh if _in_chinese() else self.name

    @property
    def local_city(self) -> str:
        return self.city_zh if _in_chinese() else self.city


def _in_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def public_sites() -> list[PublicSite]:
    """Return every centre of the trial in the order of their codes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM trials_public_sites()")
        return [PublicSite(*row) for row in cursor.fetchall()]
