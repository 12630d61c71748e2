"""An upgrade: backup, migrations, proof and trial while nobody writes; what fails is rolled back to the backup."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from kernel.errors import Refusal
from kernel.maintenance import MaintenanceMode, begin_maintenance, end_maintenance
from kernel.postgresql.roles import APP, OWNER, password_of, url_of
from kernel.punctuation import listed
from operations.backups.contents import Contents, contents_of
from operations.backups.reading import audit_chain, compared, put_back, read_contents, read_manifest
from operations.backups.writing import Backup, take_backup
from operations.services import QualificationFinding

# A migration that waits longer for a table is given up: something else holds it, and everybody would wait behind.
WAITS_FOR_LOCKS: Final = "60s"
READ_ONLY: Final = "ALTER ROLE {{role}} IN DATABASE {{database}} {word} default_transaction_read_only"
NO_PATH: Final = "/nonexistent/palace3-maintenance"


class AddressesMissing(Refusal):
    code = "operations.upgrade_addresses_missing"
    message = _(
        "An upgrade reads {names} from the environment. Set them for this one command; nothing was changed."
    )
    status = 422


class SchemaOfAnother(Refusal):
    code = "operations.schema_of_another"
    message = _(
        "The database is not as this release expects it ({names}). Run manage.py upgrade of the new release again, or "
        "restore the backup that the broken upgrade took. Nothing was changed."
    )
    status = 409


@dataclass(frozen=True)
class UpgradeOrder:
    """Where the database is, with what its backup is written and opened, and how long people are told to wait."""

    admin: str
    owner: str
    app: str
    name: str
    backup: str
    recipients: str
    identity: str
    folder: Path
    minutes: int = 0

    @property
    def passwords(self) -> tuple[str, str]:
        return password_of(self.owner), password_of(self.app)

    @property
    def here(self) -> str:
        """The administrator's address of the database itself."""
        return url_of(self.admin, database=self.name)


@dataclass
class UpgradeOutcome:
    """What an upgrade did, step by step; ``failed`` names the first step that was not well."""

    said: list[QualificationFinding] = field(default_factory=list)
    backup: Backup | None = None
    rolled_back: bool = False

    @property
    def failed(self) -> str:
        return next((each.name for each in self.said if not each.is_well), "")


Say = Callable[[QualificationFinding], None]


def upgrade(order: UpgradeOrder, *, at: datetime, say: Say) -> UpgradeOutcome:
    """The database is that of this release and people work again; or it is as it was, and nobody works yet.

    Refuses: an address or a key that is missing, a backup that could not be written or opened: people then work on as
    before. Locks: everybody out of the database.
    """
    _refuse_missing(order)
    outcome = UpgradeOutcome()

    def note(finding: QualificationFinding) -> bool:
        outcome.said.append(finding)
        say(finding)
        return finding.is_well

    begin_maintenance(MaintenanceMode.READ_ONLY, at=at, minutes=order.minutes)
    try:
        with _nobody_writes(order):
            outcome.backup, before = _backed_up(order, at)
    except BaseException:
        end_maintenance()
        raise
    note(QualificationFinding("backup, opened with the key", True, str(outcome.backup.folder)))
    begin_maintenance(MaintenanceMode.CLOSED, at=at, minutes=order.minutes)
    with _nobody_writes(order):
        is_well = all(note(step(order, before)) for step in STEPS)
    if is_well:
        end_maintenance()
    else:
        noted = [note(each) for each in _rolled_back(order, outcome.backup, at)]
        outcome.rolled_back = all(noted)
    return outcome


def end_broken(order: UpgradeOrder) -> None:
    """After an upgrade that was killed people write again, with the release that runs this.

    Refuses: a database that is another release's. Locks: nothing.
    """
    with psycopg.connect(order.here) as there:
        applied = set(there.execute("SELECT app, name FROM django_migrations").fetchall())
    loader = MigrationLoader(None)
    ours = set(loader.disk_migrations)
    apps = {app for app, _name in ours}
    other = sorted(f"{app}.{name}" for app, name in ours ^ applied if app in apps)
    replaced = {
        f"{app}.{name}"
        for each in MigrationLoader(None).disk_migrations.values()
        for app, name in each.replaces
    }
    if named := [name for name in other if name not in replaced]:
        raise SchemaOfAnother(names=listed(named[:5]))
    _open_again(order)
    end_maintenance()


def migrated(order: UpgradeOrder, before: Contents) -> QualificationFinding:
    """Migrate in a process of its own, the only one that is told the owner's address."""
    environment = os.environ | {
        "DATABASE_OWNER_URL": order.owner,
        "DATABASE_URL": order.app,
        "PGOPTIONS": f"-c lock_timeout={WAITS_FOR_LOCKS}",
    }
    command = [sys.executable, _manage(), "migrate", "--database", "owner", "--noinput"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    words = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return QualificationFinding("migrations", done.returncode == 0, " ".join(words[-2:])[-300:])


def kept(order: UpgradeOrder, before: Contents) -> QualificationFinding:
    """Say which table has fewer rows than before, and whether the chain of seals still ends as it did."""
    with psycopg.connect(order.here) as there:
        after = contents_of(there)
    rows = {table: int(figures[0]) for table, figures in before["tables"].items()}
    fewer = [
        f"{table}: {rows[table]} rows, now {figures[0]}"
        for table, figures in after["tables"].items()
        if int(figures[0]) < rows.get(table, 0)
    ]
    if before["chain"] != after["chain"]:
        fewer.append("the chain of seals ends in another digest")
    said = "; ".join(fewer[:10]) or f"{sum(rows.values())} rows are there, the chain of seals is the same"
    return QualificationFinding("rows and chain", not fewer, said)


def proved(order: UpgradeOrder, before: Contents) -> QualificationFinding:
    return audit_chain(order.app, before["chain"])


def tried(order: UpgradeOrder, before: Contents) -> QualificationFinding:
    """Ask a few pages of this release, in a process that works as the application on the upgraded database."""
    kept_back = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    environment = kept_back | {"DATABASE_URL": order.app, "MAINTENANCE_FILE": NO_PATH}
    command = [sys.executable, _manage(), "smoke_test"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    words = (done.stdout if done.returncode == 0 else done.stderr or done.stdout).strip()
    return QualificationFinding("smoke test", done.returncode == 0, " ".join(words.splitlines()[-4:])[-300:])


STEPS: Final = (migrated, kept, proved, tried)


def _manage() -> str:
    return str(settings.BASE_DIR / "manage.py")


def _refuse_missing(order: UpgradeOrder) -> None:
    asked = {
        "DATABASE_ADMIN_URL": order.admin,
        "DATABASE_OWNER_URL": order.owner,
        "DATABASE_URL": order.app,
        "DATABASE_BACKUP_URL": order.backup,
        "BACKUP_RECIPIENT": order.recipients,
        "BACKUP_IDENTITY": order.identity,
    }
    if missing := [name for name, value in asked.items() if not value]:
        raise AddressesMissing(names=listed(missing))


def _backed_up(order: UpgradeOrder, at: datetime) -> tuple[Backup, Contents]:
    """Take the backup, and open it with the key that a roll-back would need."""
    backup = take_backup(address=order.backup, recipients=order.recipients, folder=order.folder, at=at)
    read_manifest(backup.folder)
    return backup, read_contents(backup.folder, order.identity)


@contextmanager
def _nobody_writes(order: UpgradeOrder) -> Iterator[None]:
    """The database itself refuses what the application would write, on whatever machine it still runs."""
    names = {"role": sql.Identifier(APP), "database": sql.Identifier(order.name)}
    _as_administrator(order, sql.SQL(f"{READ_ONLY.format(word='SET')} = on").format(**names))
    _end_sessions(order)
    try:
        yield
    finally:
        _open_again(order)


def _open_again(order: UpgradeOrder) -> None:
    names = {"role": sql.Identifier(APP), "database": sql.Identifier(order.name)}
    _as_administrator(order, sql.SQL(READ_ONLY.format(word="RESET")).format(**names))
    _end_sessions(order)


def _as_administrator(order: UpgradeOrder, *statements: sql.Composed) -> None:
    with psycopg.connect(order.admin, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement)


def _end_sessions(order: UpgradeOrder) -> None:
    connections.close_all()
    with psycopg.connect(order.admin, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = ANY(%s)",
            [order.name, [APP, OWNER]],
        )


def _rolled_back(order: UpgradeOrder, backup: Backup, at: datetime) -> Iterator[QualificationFinding]:
    """The backup stands under the database's name; what failed is kept beside it under another."""
    aside = f"{order.name}_failed_{at:%Y%m%d%H%M%S}"
    names: dict[str, Any] = {"name": sql.Identifier(order.name), "aside": sql.Identifier(aside)}
    _end_sessions(order)
    try:
        _as_administrator(order, sql.SQL("ALTER DATABASE {name} RENAME TO {aside}").format(**names))
        yield QualificationFinding("what failed is kept", True, f"in the database {aside}")
        _app, before, after = put_back(
            folder=backup.folder,
            identity=order.identity,
            admin=order.admin,
            name=order.name,
            passwords=order.passwords,
        )
        yield from compared(before, after)
    except (Refusal, psycopg.Error, OSError) as fault:
        yield QualificationFinding("roll-back", False, str(fault)[-300:])
