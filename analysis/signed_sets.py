"""Analysis sets are signed as they stand by two roles; what changes afterwards is shown as such (decision E6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import override

from analysis.models import SIGNING_ROLES, AnalysisSetSignature
from analysis.reading import DerivedParticipant
from analysis.sets import AnalysisSet, sets_of

Members = Mapping[str, Mapping[str, str]]  # by participant and set: nothing inside, else the reason why not
INSIDE = ""
NO_REASON = "-"


@dataclass(frozen=True)
class SignedSets:
    """The sets that both roles signed last, and who is in or out of one today who was not then."""

    members: Members
    signatures: Sequence[AnalysisSetSignature]
    changed: Sequence[tuple[str, AnalysisSet]]

    @property
    def stand(self) -> bool:
        """Say whether the sets are today as they were signed."""
        return not self.changed


def members_of(rows: Iterable[DerivedParticipant]) -> Members:
    """Return every participant with the sets, and the reason where one does not hold them; in English."""
    with override("en"):
        return {
            each.facts.number: {
                code.value: INSIDE if told.inside else told.why or NO_REASON
                for code, told in sets_of(each).items()
            }
            for each in rows
        }


def digest_of_sets(members: Members) -> str:
    """Return what a signature binds: every participant with the sets and the reasons."""
    return hashlib.sha256(json.dumps(members, sort_keys=True).encode()).hexdigest()


def signatures_under(digest: str) -> Sequence[AnalysisSetSignature]:
    """Return the signatures under the sets with this digest."""
    return list(AnalysisSetSignature.objects.filter(digest=digest).select_related("signature"))


def signed_sets(today: Members) -> SignedSets | None:
    """Return the sets that every role signed last, compared with those of today; ``None`` where there are none."""
    by_digest: dict[str, list[AnalysisSetSignature]] = {}
    for each in AnalysisSetSignature.objects.select_related("signature"):
        by_digest.setdefault(each.digest, []).append(each)
    whole = [each for each in by_digest.values() if {one.role for one in each} >= set(SIGNING_ROLES)]
    if not whole:
        return None
    last = max(whole, key=lambda each: max(one.pk for one in each))
    members = last[0].members
    changed = [
        (number, code)
        for number in sorted(members.keys() | today.keys())
        for code in AnalysisSet
        if _inside(members, number, code) != _inside(today, number, code)
    ]
    return SignedSets(members, last, changed)


def _inside(members: Members, number: str, code: AnalysisSet) -> bool:
    return members.get(number, {}).get(code.value, NO_REASON) == INSIDE
