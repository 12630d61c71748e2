"""Commitment to a list: a Merkle tree over salted places (design: the tree of RFC 9162, SHA-256).

A leaf is hashed behind a 0x00 byte and a node behind 0x01, so no node can pass for a leaf. Each leaf holds
32 secret bytes of salt; without them a published root could be tried against both arms of every place.
Standard library only: ``verify.py`` rests on this file and on nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

LEAF_FIELDS = ("arm", "number", "salt", "scheme", "sequence", "stratum")


def leaf(*, scheme: str, stratum: str, sequence: int, number: str, arm: str, salt: str) -> bytes:
    """The bytes of a place that are committed to: ASCII JSON, keys sorted, no spaces; ``salt`` in hex."""
    place = {
        "arm": arm,
        "number": number,
        "salt": salt,
        "scheme": scheme,
        "sequence": sequence,
        "stratum": stratum,
    }
    return json.dumps(place, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in their order."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    level = list(hashes)
    while len(level) > 1:
        # A last node without a neighbour rises unhashed; this equals RFC 9162's split by powers of two.
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) - len(level) % 2 :]
    return level[0]


def proofs(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """For each leaf the neighbours on its way to the root, lowest first."""
    paths: list[list[bytes]] = [[] for _ in hashes]
    level = [(digest, range(i, i + 1)) for i, digest in enumerate(hashes)]
    while len(level) > 1:
        above = []
        for i in range(0, len(level) - 1, 2):
            (left, left_leaves), (right, right_leaves) = level[i], level[i + 1]
            for index in left_leaves:
                paths[index].append(right)
            for index in right_leaves:
                paths[index].append(left)
            above.append((node_hash(left, right), range(left_leaves.start, right_leaves.stop)))
        level = above + level[len(level) - len(level) % 2 :]
    return paths


def root_from_proof(digest: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that ``digest`` at ``index`` of ``size`` leaves leads to; None when the path does not fit."""
    if not 0 <= index < size:
        return None
    position, last = index, size - 1
    for neighbour in path:
        if last == 0:
            return None
        if position % 2 or position == last:
            digest = node_hash(neighbour, digest)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            digest = node_hash(digest, neighbour)
        position, last = position >> 1, last >> 1
    return digest if last == 0 else None


def packed(path: Sequence[bytes]) -> bytes:
    """A proof as one byte string."""
    return b"".join(path)


def unpacked(proof: bytes) -> list[bytes]:
    """The steps of a packed proof."""
    return [proof[start : start + 32] for start in range(0, len(proof), 32)]
