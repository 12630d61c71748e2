"""The receipt of an allocation: what was given, and the proof that it stood in the list."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from randomization.allocation.verify import COIN_FORMAT, FORMAT, Counts
from randomization.allocation_list.functions import Opened
from randomization.models import Allocation


class Certificate(TypedDict):
    """The receipt as ``verify`` reads it; one of minimization has ``arm`` and ``minimization`` as well."""

    format: str
    trial: str
    participant: str
    site: str
    stage_group: str
    randomized_at: str
    slot: dict[str, Any]
    proof: dict[str, Any]
    list: str
    generator: str
    root: str | None
    arm: NotRequired[str]
    minimization: NotRequired[dict[str, Any]]


def certificate_of(allocation: Allocation, opened: Opened) -> Certificate:
    """The certificate as ``randomization.allocation.verify`` reads it (docs/randomization.md says how)."""
    part = allocation.part
    return {
        "format": FORMAT,
        "trial": "PALACE-3",
        "participant": allocation.participant.number,
        "site": allocation.strat_site,
        "stage_group": allocation.strat_stage,
        "randomized_at": allocation.randomized_at.isoformat(),
        "slot": {
            "scheme": opened.scheme,
            "stratum": opened.stratum,
            "sequence": opened.sequence,
            "number": opened.number,
            "arm": opened.arm,
            "salt": opened.salt,
        },
        "proof": {"index": opened.leaf, "size": part.places, "path": list(opened.path)},
        "list": part.label,
        "generator": part.scheme.algorithm,
        "root": part.root,
    }


def minimization_certificate_of(
    allocation: Allocation, opened: Opened, *, arm: str, turn: int, favoured: str, counts: Counts
) -> Certificate:
    """The same for a place that held a coin: coin, turn and counts, from which the arm follows."""
    certificate = certificate_of(allocation, opened)
    slot = certificate["slot"]
    coin = slot.pop("arm")
    return {
        **certificate,
        "format": COIN_FORMAT,
        "slot": {**slot, "coin": coin, "favoured": favoured},
        "arm": arm,
        "minimization": {"turn": turn, "counts": counts},
    }
