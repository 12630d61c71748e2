"""The centres that somebody outside may turn to, as the database has them now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from website.contact.cities import kilometres
from website.public.hours import hours_in_words
from website.public.sites import PublicSite, public_sites


@dataclass(frozen=True)
class Centre:
    """What a visitor reads of a site; nothing of its people or participants."""

    code: str
    name: str
    city: str
    office_hours: str
    telephone: str
    languages: str
    position: tuple[float, float] | None
    distance: int | None = None

    @property
    def position_text(self) -> str:
        """The position as the page's script reads it."""
        return f"{self.position[0]:.2f},{self.position[1]:.2f}" if self.position else ""


def open_centres(near: tuple[float, float] | None = None, *, at: datetime) -> list[Centre]:
    """Return the centres that recruit now: by code, or the nearest first with their distance from ``near``."""
    centres = [_centre(site, near) for site in public_sites(at=at) if site.is_open]
    if near is None:
        return centres
    return sorted(centres, key=lambda centre: (centre.distance is None, centre.distance or 0, centre.code))


def any_centre(code: str, *, at: datetime) -> Centre | None:
    """Return the centre with this code, open or not."""
    return next((_centre(site, None) for site in public_sites(at=at) if site.code == code), None)


def _centre(site: PublicSite, near: tuple[float, float] | None) -> Centre:
    position = None
    if site.latitude is not None and site.longitude is not None:
        position = (float(site.latitude), float(site.longitude))
    return Centre(
        code=site.code,
        name=site.local_name,
        city=site.local_city,
        office_hours=hours_in_words(site.office_hours),
        telephone=site.telephone,
        languages=site.languages_spoken,
        position=position,
        distance=round(kilometres(position, near)) if position and near else None,
    )
