"""Commitment to a list: a Merkle tree over salted places (design: the tree of RFC 9162, SHA-256).

A leaf is hashed behind a 0x00 byte and a node behind 0x01, so no node can pass for a leaf. Each leaf holds
32 secret bytes of salt; without them a published root could be tried against both arms of every place.
What a certificate is checked with stands in ``verify.py``, which anybody can run alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from randomization.allocation.verify import coin_leaf, leaf, leaf_hash, node_hash, root_from_proof

__all__ = [
    "coin_leaf",
    "leaf",
    "leaf_hash",
    "node_hash",
    "packed",
    "proofs",
    "root",
    "root_from_proof",
    "unpacked",
]


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


def packed(path: Sequence[bytes]) -> bytes:
    """A proof as one byte string."""
    return b"".join(path)


def unpacked(proof: bytes) -> list[bytes]:
    """The steps of a packed proof."""
    return [proof[start : start + 32] for start in range(0, len(proof), 32)]
