"""The centres that somebody outside may turn to, as the database has them now."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from palace3.kernel.scope import EVERYTHING, scope
from trials.contact.cities import kilometres
from trials.models import Site


@dataclass(frozen=True)
class Centre:
    """What a visitor reads of a site; nothing of its people or participants."""

    code: str
    name: str
    city: str
    office_hours: str
    languages: str
    position: tuple[float, float] | None
    distance: int | None = None

    @property
    def position_text(self) -> str:
        """The position as the page's script reads it."""
        return f"{self.position[0]:.2f},{self.position[1]:.2f}" if self.position else ""


def open_centres(near: tuple[float, float] | None = None) -> list[Centre]:
    """Return the centres that recruit now: by code, or the nearest first with their distance from ``near``."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        found = [_centre(site, near) for site in Site.objects.active().order_by("code")]
    if near is None:
        return found
    return sorted(found, key=lambda centre: (centre.distance is None, centre.distance or 0, centre.code))


def _centre(site: Site, near: tuple[float, float] | None) -> Centre:
    position = None
    if site.latitude is not None and site.longitude is not None:
        position = (float(site.latitude), float(site.longitude))
    distance = round(kilometres(position, near)) if position and near else None
    return Centre(
        site.code,
        site.local_name,
        site.local_city,
        site.office_hours,
        site.languages_spoken,
        position,
        distance,
    )
