"""The analysis sets as their page shows them: sizes, who is outside and why, what a signature binds, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from analysis.reading import DerivedParticipant
from analysis.sets import NAMES, OF_ONE_ARM, RULES, AnalysisSet, Membership, sets_of
from analysis.signed_sets import digest_of_sets, members_of, signed_sets

MOST_LISTED: Final = 1000
Outsider = tuple[str, str, Membership]


@dataclass(frozen=True)
class SetReport:
    """Every set counted, and the digest of what a signature binds."""

    sets: Sequence[dict[str, Any]]
    everybody: int
    digest: str
    is_signed: bool
    changed: Sequence[tuple[str, AnalysisSet]]

    def changed_for(self, *, sees_arms: bool) -> list[tuple[str, str]]:
        """Return who is in or out since both signed, and of which set, without sets of one arm for who sees no arm."""
        shown = (each for each in self.changed if sees_arms or each[1] not in OF_ONE_ARM)
        return [(number, str(NAMES[code])) for number, code in shown]


def set_report(rows: Sequence[DerivedParticipant]) -> SetReport:
    """Return the sets of the participants as they stand, compared with those that both roles signed last."""
    today = members_of(rows)
    signed = signed_sets(today)
    members = [(each, sets_of(each)) for each in rows]
    return SetReport(
        [_counted(members, each) for each in AnalysisSet],
        len(rows),
        digest_of_sets(today),
        signed is not None,
        signed.changed if signed else [],
    )


def _counted(
    members: Sequence[tuple[DerivedParticipant, dict[AnalysisSet, Membership]]], chosen: AnalysisSet
) -> dict[str, Any]:
    outside: list[Outsider] = [
        (each.site, each.facts.number, told[chosen]) for each, told in members if not told[chosen].inside
    ]
    return {
        "code": chosen.value,
        "of_one_arm": chosen in OF_ONE_ARM,
        "title": str(NAMES[chosen]),
        "rule": str(RULES[chosen]),
        "inside": len(members) - len(outside),
        "provisional": sum(told.provisional for _site, _number, told in outside),
        "outside": outside[:MOST_LISTED],
        "not_listed": max(0, len(outside) - MOST_LISTED),
    }
