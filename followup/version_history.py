"""Which versions of the protocol a participant has followed, since when, and by which act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.models import Act
from trials.models import Participant, VersionText


@dataclass(frozen=True)
class FollowedVersion:
    """One version that a participant followed: from ``since`` on, by the text with this digest."""

    version: str
    digest: str
    since: datetime
    act: Act


def versions_followed(participant: Participant) -> list[FollowedVersion]:
    """Return them, the first one first; in three queries for any number of changes."""
    rows: Any = participant.events  # type: ignore[attr-defined]  # the event table of this model
    turns = list(_turns(rows.order_by("pgh_id").values_list("protocol_version", "act")))
    acts = Act.objects.select_related("by").in_bulk([act for _version, act in turns])
    digests = dict(VersionText.objects.values_list("version", "digest"))
    return [
        FollowedVersion(version, digests.get(version, ""), acts[act].at, acts[act]) for version, act in turns
    ]


def _turns(rows: Any) -> Iterator[tuple[str, int]]:
    """Yield each version with the act by which it came."""
    before = ""
    for version, act in rows:
        if version != before:
            yield version, act
        before = version
