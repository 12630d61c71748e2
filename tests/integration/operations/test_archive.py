"""The archive of a trial: open formats, a digest of each file, and a database that comes back to the digest."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.permissions import Role
from audit.seals import seal_batch
from kernel.postgresql.roles import prepare_backup, url_of
from kernel.scope import EVERYTHING, scope
from tests.clock import clock_time
from tests.database import PASSWORD
from tests.world import World
from trials.models import Delegation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
RESTORED = "palace3_from_archive"
PASSWORDS = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'palace3%' ORDER BY 1"


@pytest.fixture
def archived(
    world: World, tmp_path: Path, settings: Any, admin_url: str, test_database: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:  # fmt: skip
    """The small trial is archived, once, with a file of an export."""
    settings.MEDIA_ROOT = tmp_path / "exports"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "palace3-old.zip").write_bytes(b"an export")
    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            seal_batch(at=clock_time())
        with transaction.atomic():
            person = Delegation.objects.filter(role=Role.DATA_MANAGER).select_related("user")[0].user.username
    owner, app = test_database
    for variable, value in {
        "DATABASE_BACKUP_URL": prepare_backup(admin_url, urlsplit(owner).path.lstrip("/"), PASSWORD),
        "DATABASE_ADMIN_URL": admin_url,
        "DATABASE_URL": url_of(app, database=RESTORED),
        "DATABASE_OWNER_URL": url_of(owner, database=RESTORED),
    }.items():
        monkeypatch.setenv(variable, value)
    out = tmp_path / "archive"
    call_command("archive", person=person, out=out, formats=["csv"], verbosity=0)
    yield out
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{RESTORED}" WITH (FORCE)')


def test_an_archive_is_open_and_comes_back_to_the_digest(
    archived: Path, superuser: psycopg.Connection[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    # Without the program: text, comma-separated values, and digests that sha256sum reads.
    (acts,) = superuser.execute("SELECT count(*) FROM audit_act").fetchone() or (0,)
    with (archived / "database/tables/public.audit_act.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == acts
    assert list((archived / "data/csv").glob("**/*.csv"))
    assert (archived / "files/palace3-old.zip").read_bytes() == b"an export"
    with tarfile.open(archived / "program/program.tar.gz") as tar:
        names = set(tar.getnames())
    assert {"palace3/manage.py", "palace3/docs/operations/administrator.md"} <= names
    assert not [name for name in names if "/.venv" in name or "__pycache__" in name]
    assert "SHA256SUMS" in (archived / "README.zh.txt").read_text()
    # With it.
    call_command("restore_archive", archived)
    said = capsys.readouterr().out
    assert "DIFFERS" not in said
    assert "digests equal" in said
    before = superuser.execute(PASSWORDS).fetchall()
    with pytest.raises(CommandError, match=r"holds \d+ tables"):
        call_command("restore_archive", archived)
    assert superuser.execute(PASSWORDS).fetchall() == before, "a server in use is not touched"
    # A byte, a file more, a file less.
    stdout = io.StringIO()
    call_command("restore_archive", archived, prove=True, stdout=stdout)
    assert "every file is as it was" in stdout.getvalue()
    table = archived / "database/tables/public.trials_site.csv"
    kept = table.read_bytes()
    table.write_bytes(kept.replace(kept[-3:-2], b"#"))
    with pytest.raises(CommandError, match=r"public\.trials_site\.csv is not as it was"):
        call_command("restore_archive", archived)
    table.write_bytes(kept)
    (archived / "data/more.csv").write_text("a")
    with pytest.raises(CommandError, match=r"more\.csv"):
        call_command("restore_archive", archived, prove=True)
    (archived / "data/more.csv").unlink()
    (archived / "README.txt").unlink()
    with pytest.raises(CommandError, match=r"README\.txt"):
        call_command("restore_archive", archived, prove=True)
