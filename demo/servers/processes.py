"""What the embedded servers share: free ports, kept secrets, one owner per folder, no server run by root."""

import fcntl
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO


class EmbeddedError(RuntimeError):
    """A server could not be started or stopped; the text says what is so and what to do."""


def free_port(preferred: int | None = None) -> int:
    """A loopback port that nobody listens on: ``preferred`` if it is free."""
    for wanted in (preferred, 0):
        if wanted is None:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError(
        "No loopback port is free. End a program that listens on many ports, then start again."
    )


def kept_secret(path: Path, *, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
    """The secret in ``path``, made on first use; only its owner may read the file."""
    if not path.exists():
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w") as file:
            file.write(make())
    return path.read_text().strip()


def make_private(folder: Path) -> None:
    """``folder`` exists, unreadable to others; for root it stays passable, as the server is another user."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


class FolderLock:
    """One process at a time owns a folder; the kernel frees it when that process dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self) -> None:
        file = self.path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise EmbeddedError(
                f"Another process is using {self.path.parent}. Stop that one first, or choose another folder."
            ) from None
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


@dataclass(frozen=True)
class Runner:
    """Runs programs as an ordinary user: as ourselves, or for root as the account ``nobody``.

    PostgreSQL refuses to run as root. Where root's folders are closed to others, the program is given the
    one capability it needs to pass through them, so that nobody's permissions are changed for it.
    """

    account: pwd.struct_passwd | None = None
    prefix: tuple[str, ...] = ()

    @classmethod
    def for_folders(cls, *folders: Path) -> "Runner":
        if os.geteuid() != 0:
            return cls()
        account = pwd.getpwnam("nobody")
        closed = next((shut for folder in folders if (shut := first_closed(folder))), None)
        if closed is None:
            return cls(account=account)
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise EmbeddedError(
                f"{closed} is closed to other users, and PostgreSQL does not run as root. "
                f"Run as an ordinary user, or open the way with: chmod o+x {closed}"
            )
        return cls(account=account, prefix=capable(setpriv, account))

    def own(self, path: Path) -> None:
        """``path`` belongs to the user who runs the programs."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def run(self, command: Sequence[str | Path], *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """What ``command`` printed and returned."""
        process = self._popen(command, output=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def spawn(self, command: Sequence[str | Path], *, log: IO[str]) -> subprocess.Popen[str]:
        """``command`` is running in its own session, so that Ctrl-C reaches its owner and not itself."""
        return self._popen(command, output=log)

    def _popen(self, command: Sequence[str | Path], *, output: int | IO[str]) -> subprocess.Popen[str]:
        """It stands in /, since our own folder may be closed to it."""
        dropped = self.account if not self.prefix else None
        return subprocess.Popen(
            [*self.prefix, *map(str, command)],
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            start_new_session=True,
            user=dropped.pw_uid if dropped else None,
            group=dropped.pw_gid if dropped else None,
            extra_groups=[] if dropped else None,
        )


def capable(setpriv: str, account: pwd.struct_passwd) -> tuple[str, ...]:
    """The command that becomes ``account`` and keeps the right to pass through closed folders."""
    rights = "+dac_override,+dac_read_search"
    return (
        # Without this bit, access(2) answers an ordinary user as if the rights below were not there.
        setpriv, "--securebits=+no_setuid_fixup",
        f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups",
        f"--inh-caps={rights}", f"--ambient-caps={rights}",
    )  # fmt: skip


def first_closed(folder: Path) -> Path | None:
    """The topmost folder on the way to ``folder`` that other users may not pass through."""
    resolved = folder.resolve()
    way = [path for path in reversed((resolved, *resolved.parents)) if path.exists()]
    return next((path for path in way if not path.stat().st_mode & 0o001), None)
