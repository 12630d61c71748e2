"""Child processes that live and die together with the one that started them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from demo.servers.processes import EmbeddedError

STOP_SECONDS = 20
PR_SET_PDEATHSIG = 1


class Stopped(BaseException):
    """Ctrl-C or SIGTERM came. Not an Exception, so that nothing on the way catches it."""


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path | None = None

    def last_words(self) -> str:
        """The end of its log; a child without one printed where we print."""
        if self.log is None:
            return "Its own words stand above."
        if not self.log.exists():
            return f"It wrote nothing to {self.log}."
        with self.log.open(errors="replace") as lines:
            return f"The end of {self.log}:\n" + "".join(deque(lines, maxlen=15))


class Supervisor:
    """Starts children, watches them, ends them. It restarts nothing: a child that dies ends the whole."""

    def __init__(self, *, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = dict(environment)
        self.folder = folder
        self.children: list[Child] = []

    def start(self, name: str, command: Sequence[str | Path], *, log: Path, **told: str) -> Child:
        """``command`` is running in a session of its own, is ``told`` more than others, and writes to ``log``."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            child = Child(name, self._popen(command, output.fileno(), told), log)
        self.children.append(child)
        return child

    def begin(self, name: str, command: Sequence[str | Path], **told: str) -> Child:
        """``command`` is running, is ``told`` more than others, prints where we print, and ends with us."""
        sys.stdout.flush()
        child = Child(name, self._popen(command, None, told))
        self.children.append(child)
        return child

    def finish(self, child: Child) -> None:
        """The child has ended well."""
        code = child.process.wait()
        self.children.remove(child)
        if code != 0:
            raise EmbeddedError(f"{child.name} ended with {code}. {child.last_words()}")

    def watch(self) -> None:
        """Returns never: raises when a child has ended."""
        while True:
            self.refuse_the_dead()
            time.sleep(0.5)

    def refuse_the_dead(self) -> None:
        for child in self.children:
            code = child.process.poll()
            if code is not None and (code or child.log):  # without a log it was begun to come to an end
                raise EmbeddedError(
                    f"{child.name} ended with {code}, so everything is being stopped. {child.last_words()}"
                )

    def stop(self) -> None:
        """No child and no grandchild is left: all are asked, last started first, and after a while made to."""
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.terminate()
        end = time.monotonic() + STOP_SECONDS
        for child in reversed(self.children):
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0.1, end - time.monotonic()))
            # The session is the child's own, so this reaches only what it started.
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self.children.clear()

    def _popen(
        self, command: Sequence[str | Path], output: int | None, told: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(word) for word in command],
            cwd=self.folder,
            env={**self.environment, **told},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # Safe here: the supervisor has one thread, and the function calls nothing that takes a lock.
            preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )


_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent() -> None:
    """The kernel sends SIGTERM to this process when the one that started it is gone, however it went."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def stop_on_signals() -> None:
    """The first Ctrl-C or SIGTERM raises Stopped; further ones are ignored, so that the ending is whole."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
