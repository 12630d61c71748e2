"""Sealing what was written, and finding what was touched afterwards.

Each batch has a Merkle root over the digests of its rows, chained to the batch before; no save
waits for it. Whoever holds one chained digest can prove that nothing before it was rewritten.
(21 CFR Part 11 11.10(e); EMA 2023, 6.2.1; ADR 5)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from audit.models import Seal
from audit.tables import RecordedTable, recorded_tables
from kernel.turns import wait_for_turn

ACTS_PER_SEAL = 2000
_BEGIN = "0" * 64
# Digests leave out empty columns: a column added later does not disturb what was sealed before.
_DIGEST = "encode(sha256(convert_to(jsonb_strip_nulls(to_jsonb(r))::text, 'UTF8')), 'hex')"


@dataclass(frozen=True)
class SealFinding:
    """One row that is not as it was sealed."""

    table: str
    row: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} row {self.row}: {self.what}"


def merkle_root(leaves: list[str]) -> str:
    """Return the Merkle root (SHA-256) of hex digests, in their order; an odd one moves up unpaired."""
    level = [hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\x01" + b"".join(p)).digest() if len(p) == 2 else p[0] for p in pairs]
    return level[0].hex() if level else _BEGIN


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
        leaves = dict(_leaves(first, last))
        root = _root(leaves)
        chain = _chained(before.chain if before else _BEGIN, root, first, last)
        return Seal.objects.create(
            first_act=first, last_act=last, sealed_at=at, leaves=leaves, root=root, chain=chain
        )


def _leaves(first: int, last: int) -> Iterator[tuple[str, dict[str, str]]]:
    yield (
        "audit_act",
        _digests(f"SELECT id, {_DIGEST} FROM audit_act r WHERE id BETWEEN %s AND %s", first, last),
    )
    for recorded in recorded_tables():
        digests = _digests(
            f"SELECT pgh_id, {_DIGEST} FROM {recorded.events} r WHERE act_id BETWEEN %s AND %s", first, last
        )
        if digests:
            yield recorded.events, digests


def _digests(sql: str, first: int, last: int) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(sql + " ORDER BY 1", [first, last])
        return {str(row): digest for row, digest in cursor.fetchall()}


def _root(leaves: dict[str, dict[str, str]]) -> str:
    return merkle_root(
        [digest for table in sorted(leaves) for _row, digest in sorted(leaves[table].items(), key=_by_number)]
    )


def _by_number(item: tuple[str, str]) -> int:
    return int(item[0])


def _chained(before: str, root: str, first: int, last: int) -> str:
    return hashlib.sha256(f"{before}|{root}|{first}|{last}".encode()).hexdigest()


def verify() -> Iterator[SealFinding]:
    """Yield every sealed row that was altered, removed or slipped in, and every row unlike its last version or gone."""
    before = _BEGIN
    for seal in Seal.objects.order_by("last_act").iterator(chunk_size=20):
        if (
            _root(seal.leaves) != seal.root
            or _chained(before, seal.root, seal.first_act, seal.last_act) != seal.chain
        ):
            yield SealFinding("audit_seal", str(seal.pk), "the seal does not fit its own chain")
        yield from _compare(seal)
        before = seal.chain
    for recorded in recorded_tables():
        yield from _unlike_last_version(recorded)
        yield from _without_row(recorded)


def _compare(seal: Seal) -> Iterator[SealFinding]:
    leaves: dict[str, dict[str, str]] = dict(_leaves(seal.first_act, seal.last_act))
    for table in sorted({*leaves, *seal.leaves}):
        sealed, now = seal.leaves.get(table, {}), leaves.get(table, {})
        yield from (SealFinding(table, row, "removed") for row in sealed.keys() - now.keys())
        yield from (SealFinding(table, row, "slipped in") for row in now.keys() - sealed.keys())
        yield from (
            SealFinding(table, row, "altered")
            for row in sealed.keys() & now.keys()
            if sealed[row] != now[row]
        )


def _unlike_last_version(recorded: RecordedTable) -> Iterator[SealFinding]:
    sql = (
        f"SELECT t.id, e.pgh_id FROM {recorded.table} t LEFT JOIN LATERAL ("
        f"SELECT * FROM {recorded.events} e WHERE e.pgh_obj_id = t.id ORDER BY pgh_id DESC LIMIT 1) e ON true "
        f"WHERE e.pgh_id IS NULL OR (SELECT row(x.*) FROM (SELECT {_prefixed(recorded, 't')}) x) IS DISTINCT FROM "
        f"(SELECT row(x.*) FROM (SELECT {_prefixed(recorded, 'e')}) x)"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, Any]] = cursor.fetchall()
    for row, version in rows:
        yield SealFinding(
            recorded.table, str(row), "differs from its last version" if version else "has no version"
        )


def _without_row(recorded: RecordedTable) -> Iterator[SealFinding]:
    """Yield what has versions and is in the table no more: nothing regulated is ever deleted."""
    sql = (
        f"SELECT DISTINCT e.pgh_obj_id FROM {recorded.events} e "
        f"WHERE NOT EXISTS (SELECT 1 FROM {recorded.table} t WHERE t.id = e.pgh_obj_id) ORDER BY 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any]] = cursor.fetchall()
    for (row,) in rows:
        yield SealFinding(recorded.table, str(row), "removed")


def _prefixed(recorded: RecordedTable, alias: str) -> str:
    return ", ".join(f'{alias}."{column}"' for column in recorded.columns)
