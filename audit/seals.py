"""Sealing what was written, and finding what was touched afterwards.

Each batch has a Merkle root over the digests of its rows, chained to the batch before; no save
waits for it. Whoever holds one chained digest can prove that nothing before it was rewritten.
(21 CFR Part 11 11.10(e); EMA 2023, 6.2.1; ADR 5)
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import connection, transaction

from audit.catalogue import CatalogueStamp, read_stamp
from audit.leaf_format import ACTS, LeafFormat, LeafKeys, digest_of_format, digests_of
from audit.models import Seal
from audit.tables import recorded_tables
from kernel.turns import wait_for_turn

ACTS_PER_SEAL = 2000
BEGIN = "0" * 64


def merkle_root(leaves: list[str]) -> str:
    """Return the Merkle root (SHA-256) of hex digests, in their order; an odd one moves up unpaired."""
    level = [hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\x01" + b"".join(p)).digest() if len(p) == 2 else p[0] for p in pairs]
    return level[0].hex() if level else BEGIN


def seal_batch(*, at: datetime) -> Seal | None:
    """The next acts that no open transaction can still add to are sealed; None when there are none."""
    with transaction.atomic(), connection.cursor() as cursor:
        wait_for_turn("audit_seal")
        before = Seal.objects.order_by("-last_act").first()
        first = before.last_act + 1 if before else 1
        cursor.execute(
            "SELECT max(id) FROM (SELECT id, transaction FROM audit_act WHERE id >= %s ORDER BY id LIMIT %s) a "
            "WHERE id < coalesce((SELECT min(id) FROM audit_act WHERE id >= %s AND transaction >= "
            "pg_snapshot_xmin(pg_current_snapshot())::text::bigint), 9223372036854775807)",
            [first, ACTS_PER_SEAL, first],
        )
        (last,) = cursor.fetchone()
        if last is None:
            return None
        leaf_format = LeafFormat.of_models(keys_after(before))
        leaves = dict(leaves_of(first, last, leaf_format))
        kept = leaf_format.kept(leaves)
        root = root_of(leaves)
        stamp = read_stamp()
        chain = chained(before.chain if before else BEGIN, root, first, last, stamp, digest_of_format(kept))
        return Seal.objects.create(
            first_act=first,
            last_act=last,
            sealed_at=at,
            leaves=leaves,
            root=root,
            chain=chain,
            catalogue=stamp.catalogue,
            cluster=stamp.cluster,
            migrations=stamp.migrations,
            leaf_format=kept,
        )


def keys_after(before: Seal | None) -> LeafKeys:
    """Return the keys of the seal after this one: those of all seals, so that a row has one key for good."""
    return LeafKeys(before.leaf_format["secret"]) if before and before.leaf_format else LeafKeys.new()


def leaves_of(
    first: int, last: int, leaf_format: LeafFormat, *, only: Collection[str] | None = None
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each table (of ``only``) with the digests of its rows that acts ``first`` to ``last`` wrote."""
    acts = {"first": first, "last": last}
    yield ACTS, digests_of(ACTS, "id", "id BETWEEN %(first)s AND %(last)s", acts, leaf_format.spelling(ACTS))
    for recorded in recorded_tables():
        if only is not None and recorded.events not in only:
            continue
        spelling = leaf_format.spelling(recorded.events)
        under = "act_id BETWEEN %(first)s AND %(last)s"
        if digests := digests_of(recorded.events, "pgh_id", under, acts, spelling):
            yield recorded.events, digests


def root_of(leaves: dict[str, dict[str, str]]) -> str:
    """Return the Merkle root over the digests of all tables."""
    return merkle_root([digest for _table, _row, digest in sorted_leaves(leaves)])


def sorted_leaves(leaves: dict[str, dict[str, str]]) -> list[tuple[str, str, str]]:
    """Return table, number and digest of each row, in the order in which the tree has them."""
    return [
        (table, row, digest)
        for table in sorted(leaves)
        for row, digest in sorted(leaves[table].items(), key=_by_number)
    ]


def _by_number(item: tuple[str, str]) -> int:
    return int(item[0])


def chained(
    before: str, root: str, first: int, last: int, stamp: CatalogueStamp | None, leaf_format: str | None
) -> str:
    """Return the digest that ties a batch to the one before, with the guards at its moment and how rows are spelled."""
    parts: list[object] = [before, root, first, last]
    if stamp is not None:
        parts += [stamp.catalogue, stamp.cluster, stamp.migrations]
    if leaf_format is not None:
        parts.append(leaf_format)
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()
