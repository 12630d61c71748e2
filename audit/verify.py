"""Finding what was touched behind the program's back, by name (ADR 5, ADR 43)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from django.db import connection

from audit.catalogue import (
    CatalogueStamp,
    disabled_triggers,
    expected_catalogue,
    own_settings,
    read_catalogue,
    read_stamp,
    unforced_policies,
)
from audit.leaf_format import LeafFormat, digest_of_format
from audit.models import Seal
from audit.seals import BEGIN, chained, leaves_of, root_of
from audit.secret_digests import secrets_digest
from audit.tables import RecordedTable, models_with_secrets, recorded_tables
from kernel.postgresql.roles import APP

SEALED_WITHIN: Final = timedelta(minutes=15)
"""Sealing runs every five minutes: an act that waits three times as long is a finding."""


@dataclass(frozen=True)
class SealFinding:
    """One row, table or guard that is not as it must be."""

    table: str
    row: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} row {self.row}: {self.what}" if self.row else f"{self.table}: {self.what}"


@dataclass(frozen=True)
class Unsealed:
    """The acts that stand in no seal yet: how many, and how long the oldest has waited by the database's clock."""

    number: int
    age: timedelta

    @property
    def is_late(self) -> bool:
        return self.number > 0 and self.age > SEALED_WITHIN


Check = Callable[[], Iterator[SealFinding]]
_checks: list[Check] = []


def also_verify(check: Check) -> None:
    """Whoever stands above names, at the start, what verification asks of rows that this package does not know."""
    if check not in _checks:
        _checks.append(check)


def verify() -> Iterator[SealFinding]:
    """Yield whatever was altered, removed, slipped in, or switched off, in rows, seals, secrets and guards."""
    seals = list(Seal.objects.order_by("last_act").defer("leaves"))
    seen: Counter[str] = Counter()
    yield from _chain(seals, seen)
    yield from _where_none_was_sealed(seals, seen)
    yield from _outside(seals)
    since = _written_here_since(seals)
    for recorded in recorded_tables():
        yield from _without_act(recorded)
        yield from _unlike_last_version(recorded, since)
        yield from _without_row(recorded)
    yield from _secrets()
    yield from _guards()
    yield from _guards_touched(seals)
    for check in _checks:
        yield from check()
    waiting = unsealed()
    if waiting.is_late:
        yield SealFinding("audit_act", "", f"{waiting.number} acts unsealed, the oldest for {waiting.age}")


def unsealed() -> Unsealed:
    """Return the acts after the last seal, however many there are and however old."""
    ((number, age),) = _query(
        "SELECT count(*), coalesce(greatest(clock_timestamp() - min(stored_at), interval '0'), interval '0') "
        "FROM audit_act WHERE id > coalesce((SELECT max(last_act) FROM audit_seal), 0)"
    )
    return Unsealed(number, age)


def _query(sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def stamp_of(seal: Seal) -> CatalogueStamp | None:
    """Return the state of the guards that the seal keeps; None for seals from before it was kept."""
    if seal.catalogue is None or seal.cluster is None or seal.migrations is None:
        return None
    return CatalogueStamp(seal.catalogue, seal.cluster, seal.migrations)


def _chain(seals: list[Seal], seen: Counter[str]) -> Iterator[SealFinding]:
    """Yield what does not follow, and what of each seal is not as it was; ``seen`` counts the compared rows."""
    before, next_act = BEGIN, 1
    for seal in seals:
        number = str(seal.pk)
        if seal.first_act != next_act or seal.last_act < seal.first_act:
            yield SealFinding("audit_seal", number, f"begins at act {seal.first_act}, not at {next_act}")
        leaf_format = digest_of_format(seal.leaf_format)
        chain = chained(before, seal.root, seal.first_act, seal.last_act, stamp_of(seal), leaf_format)
        if root_of(seal.leaves) != seal.root or chain != seal.chain:
            yield SealFinding("audit_seal", number, "the seal does not fit its own chain")
        yield from _compare(seal, seen)
        before, next_act = seal.chain, seal.last_act + 1
        del seal.__dict__["leaves"]  # one batch of digests in memory at a time


def _compare(seal: Seal, seen: Counter[str]) -> Iterator[SealFinding]:
    """Yield what differs in the tables of which the seal holds rows: most seals hold those of a few."""
    leaf_format = LeafFormat.of_seal(seal.leaf_format)
    leaves = dict(leaves_of(seal.first_act, seal.last_act, leaf_format, only=seal.leaves))
    for table in sorted({*leaves, *seal.leaves}):
        sealed, now = seal.leaves.get(table, {}), leaves.get(table, {})
        seen[table] += len(now)
        yield from (SealFinding(table, row, "removed") for row in sealed.keys() - now.keys())
        yield from (SealFinding(table, row, "slipped in") for row in now.keys() - sealed.keys())
        yield from (
            SealFinding(table, row, "altered")
            for row in sealed.keys() & now.keys()
            if sealed[row] != now[row]
        )


def _where_none_was_sealed(seals: list[Seal], seen: Counter[str]) -> Iterator[SealFinding]:
    """Yield versions slipped in under acts whose seal holds no row of their table.

    As many rows as were compared are all that there are; only where there are more are they looked for.
    """
    last = seals[-1].last_act if seals else 0
    for recorded in recorded_tables():
        ((number,),) = _query(f"SELECT count(*) FROM {recorded.events} WHERE act_id BETWEEN 1 AND %s", [last])
        if number == seen[recorded.events]:
            continue
        for seal in seals:
            if recorded.events in seal.leaves:
                continue
            rows = _query(
                f"SELECT pgh_id FROM {recorded.events} WHERE act_id BETWEEN %s AND %s ORDER BY 1",
                [seal.first_act, seal.last_act],
            )
            yield from (SealFinding(recorded.events, str(row), "slipped in") for (row,) in rows)


def _outside(seals: list[Seal]) -> Iterator[SealFinding]:
    """Yield rows under act numbers that no seal holds although later ones are sealed, 0 and below included."""
    ends = [0, *(seal.last_act for seal in seals)]
    begins = [*(seal.first_act for seal in seals)]
    holes = [(end + 1, begin - 1) for end, begin in zip(ends, begins, strict=False) if begin > end + 1]
    where = " OR ".join(["{n} < 1", *(f"{{n}} BETWEEN {first} AND {last}" for first, last in holes)])
    tables = [("audit_act", "id", "id")]
    tables += [(recorded.events, "pgh_id", "act_id") for recorded in recorded_tables()]
    for table, row, act in tables:
        sql = f"SELECT {row}, {act} FROM {table} WHERE {where.format(n=act)}"
        for number, under in _query(sql):
            yield SealFinding(table, str(number), f"under act {under}, outside every seal")


def _without_act(recorded: RecordedTable) -> Iterator[SealFinding]:
    sql = (
        f"SELECT e.pgh_id, e.act_id FROM {recorded.events} e "
        "WHERE NOT EXISTS (SELECT 1 FROM audit_act a WHERE a.id = e.act_id) ORDER BY 1"
    )
    for row, act in _query(sql):
        yield SealFinding(recorded.events, str(row), f"its act {act} does not exist")


def _written_here_since(seals: list[Seal]) -> int:
    """Return the act since which rows were written in this very database: a restored one wrote all earlier anew."""
    cluster = read_stamp().cluster
    elsewhere = [seal.last_act for seal in seals if seal.cluster != cluster]
    return max(elsewhere, default=0)


def _unlike_last_version(recorded: RecordedTable, since: int) -> Iterator[SealFinding]:
    """Yield rows unlike their last version, and rows that were written without it.

    A row and its version are written by one statement, so both bear the number of one transaction: a value that was
    changed and put back leaves another number.
    """
    sql = (
        f"SELECT * FROM (SELECT t.id, e.pgh_id, (SELECT row(x.*) FROM (SELECT {_prefixed(recorded, 't')}) x) "
        f"IS DISTINCT FROM (SELECT row(x.*) FROM (SELECT {_prefixed(recorded, 'e')}) x) AS differs, "
        f"t.xmin <> e.written AND e.act_id > %s AS rewritten FROM {recorded.table} t LEFT JOIN LATERAL ("
        f"SELECT v.*, v.xmin AS written FROM {recorded.events} v WHERE v.pgh_obj_id = t.id "
        "ORDER BY pgh_id DESC LIMIT 1) e ON true) rows WHERE pgh_id IS NULL OR differs OR rewritten"
    )
    for row, version, differs, _rewritten in _query(sql, [since]):
        what = "differs from its last version" if differs else "written again without a version"
        yield SealFinding(recorded.table, str(row), what if version else "has no version")


def _without_row(recorded: RecordedTable) -> Iterator[SealFinding]:
    """Yield what has versions and is in the table no more: nothing regulated is ever deleted."""
    sql = (
        f"SELECT DISTINCT e.pgh_obj_id FROM {recorded.events} e "
        f"WHERE NOT EXISTS (SELECT 1 FROM {recorded.table} t WHERE t.id = e.pgh_obj_id) ORDER BY 1"
    )
    for (row,) in _query(sql):
        yield SealFinding(recorded.table, str(row), "removed")


def _prefixed(recorded: RecordedTable, alias: str) -> str:
    return ", ".join(f'{alias}."{column}"' for column in recorded.columns)


def _secrets() -> Iterator[SealFinding]:
    """Yield rows whose secret is not the one whose digest stands in the trail."""
    for model in models_with_secrets():
        names = ("pk", "secrets_digest", *model.NAMED_BY, *model.SECRETS)
        for row in model.objects.exclude(secrets_digest=None).values(*names).iterator():
            digest = secrets_digest(model, row)
            if digest is not None and digest != row["secrets_digest"]:
                said = f"{' or '.join(model.SECRETS)} changed outside the trail"
                yield SealFinding(model._meta.db_table, str(row["pk"]), said)


def _guards() -> Iterator[SealFinding]:
    for table, name in disabled_triggers():
        yield SealFinding(table, "", f"trigger {name} is switched off")
    for table in unforced_policies():
        yield SealFinding(table, "", "its policies are not forced")
    for name in own_settings():
        yield SealFinding(f"role {APP}", "", f"carries a setting that the program did not give it: {name}")
    expected, standing = expected_catalogue(), read_catalogue()
    for name in sorted({*expected, *standing}):
        if name not in standing:
            yield SealFinding(name, "", "is missing from the database")
        elif name not in expected:
            yield SealFinding(name, "", "is unknown to the program")
        elif expected[name] != standing[name]:
            yield SealFinding(name, "", "differs from the program's")


def _guards_touched(seals: list[Seal]) -> Iterator[SealFinding]:
    """Yield each time between two seals at which guards were written although no migration ran."""
    stamps = [(f"after act {seal.last_act}", stamp_of(seal)) for seal in seals]
    stamps.append(("now", read_stamp()))
    for (since, before), (until, after) in pairwise(stamps):
        if before is None or after is None or before.cluster != after.cluster:
            continue
        if before.migrations == after.migrations and before.catalogue != after.catalogue:
            said = f"triggers, policies or functions were written anew without a migration: {since}, seen {until}"
            yield SealFinding("guards", "", said)
