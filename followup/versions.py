"""What the pages of protocol versions show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

from followup.impact import (
    Impact,
    Total,
    affected,
    impacts,
    stays_under_older_text,
    to_consent_anew,
    with_what_is_known,
)
from followup.services.amending import waiting_for
from protocol.text import later_than
from trials.models import Participant, Site, SiteVersion

MOST_COUNTED = 400
PER_PAGE = 25
NAMED = 50
CARRIED_WITHIN = timedelta(hours=1)


@dataclass
class SiteLine:
    """One site: the version in force there, and each later one with how far it has come."""

    site: Site
    held: SiteVersion | None = None
    later: list[tuple[str, SiteVersion | None, str]] = field(default_factory=list)


def sites_with_versions(sites: Iterable[Site], kept: Iterable[SiteVersion]) -> list[SiteLine]:
    """Return each site with the version in force and the later ones, in two queries for any number of sites."""
    known = {(each.site_id, each.version): each for each in kept}
    return [
        SiteLine(
            site,
            known.get((site.pk, site.protocol_version)),
            [
                (version, site_version, "approved" if site_version else "waiting")
                for version in later_than(site.protocol_version)
                for site_version in [known.get((site.pk, version))]
            ],
        )
        for site in sites
    ]


def preview_page(site: Site, version: str, *, page: str | None, at: datetime) -> dict[str, Any]:
    """Return who would have other visits, a page at a time, and the totals while the site is small enough.

    A site with more living participants is counted by ``manage.py protocol_impact``: a page answers at once.
    """
    people = with_what_is_known(affected(site, version))
    if people.count() > MOST_COUNTED:
        shown = Paginator(people, PER_PAGE).get_page(page)
        lines = list(impacts(shown.object_list, site=site, version=version, at=at))
        return {"page": shown, "impacts": lines, "total": None, "is_later": _is_later(site, version)}
    total, touched = Total(), []
    for impact in impacts(people, site=site, version=version, at=at):
        total.add(impact)
        if impact.changes or impact.must_consent:
            touched.append(impact)
    of_page = Paginator(touched, PER_PAGE).get_page(page)
    return {
        "page": of_page,
        "impacts": list(of_page.object_list),
        "total": total,
        "is_later": _is_later(site, version),
    }


def _is_later(site: Site, version: str) -> bool:
    return version in later_than(site.protocol_version)


def to_do_at(site_version: SiteVersion, people: QuerySet[Participant], *, at: datetime) -> dict[str, Any]:
    """Return who is not carried over yet, whether that takes too long, and who has not signed the new consent text."""
    unsigned = to_consent_anew(people, site_version)
    return {
        "is_late": site_version.carried_at is None and at - site_version.act.at > CARRIED_WITHIN,
        "left": waiting_for(site_version).count(),
        "unsigned": unsigned[:NAMED],
        "unsigned_count": unsigned.count(),
        "refused": stays_under_older_text(people, site_version)[:NAMED] if site_version.consent_id else [],
    }


__all__ = ["Impact", "SiteLine", "preview_page", "sites_with_versions", "to_do_at"]
