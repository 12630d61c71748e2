"""Whether the randomization list has places for a site (protocol 1.9)."""

from __future__ import annotations

from randomization.allocation.readiness import stratum_name
from randomization.models import Scheme


def has_places(site_code: str) -> bool | None:
    """Say whether lists in force have places in every stratum of the site; None while no scheme is in force."""
    scheme = Scheme.objects.in_force()
    if scheme is None:
        return None
    return all(scheme.covers(stratum_name(site_code, stage)) for stage in scheme.stages)
