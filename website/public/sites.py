"""The centres as anybody may know them, straight from the table of sites, so that page and system agree.

Row-level security shows an anonymous request no site at all. The database function behind ``public_sites``
answers with public columns only; nothing else of the request sees more than before (ADR 16).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import connection

from accounts.permissions import ROLE_PERMISSIONS, SITE_ROLES, Permission
from kernel.clock import local_date
from kernel.days import in_chinese
from trials.models.sites import SiteState

# Who answers people who turn to a centre.
ANSWERING: Final = sorted(
    str(role) for role in SITE_ROLES if Permission.CONTACT_HANDLE in ROLE_PERMISSIONS[role]
)


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
    telephone: str
    is_answered: bool

    @property
    def is_open(self) -> bool:
        """Say whether the centre takes people in now: it is active, and somebody there answers."""
        return self.state == SiteState.ACTIVE and self.is_answered

    @property
    def local_name(self) -> str:
        return self.name_zh if in_chinese() else self.name

    @property
    def local_city(self) -> str:
        return self.city_zh if in_chinese() else self.city


def public_sites(*, at: datetime) -> list[PublicSite]:
    """Return every centre of the trial in the order of their codes, and whether somebody answers there at ``at``."""
    on = local_date(at, settings.TRIAL_TIME_ZONE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM trials_public_sites(%s, %s)", [on, list(ANSWERING)])
        return [PublicSite(*row) for row in cursor.fetchall()]
