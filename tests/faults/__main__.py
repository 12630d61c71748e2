"""Play the faults and print the table of docs/reliability.md: ``python -m tests.faults [--only Redis]``."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.faults.installation import ROOT, Installation
from tests.faults.machines import machine_cut_off, worker_killed_at_work
from tests.faults.network import database_full, fail_over, node_cut_off
from tests.faults.traffic import Seen, Worker

PEOPLE = 3
BEFORE, AFTER = 4.0, 6.0
Fault = Callable[[Installation], str]


def postgresql_restart(there: Installation) -> str:
    there.postgres._pg_ctl("restart", "-m", "fast", "-w", "-l", str(there.postgres.data / "server.log"))
    return ""


def postgresql_crash(there: Installation) -> str:
    """One backend is killed: PostgreSQL ends all sessions and recovers from its log."""
    rows = there.ask("SELECT pid FROM pg_stat_activity WHERE usename = 'palace3_app' LIMIT 1")
    os.kill(int(str(rows[0][0])), signal.SIGKILL)
    return ""


def web_killed(there: Installation) -> str:
    there.kill("web1")
    return ""


def worker_killed(there: Installation) -> str:
    there.kill("worker")
    return ""


def redis_restart(there: Installation) -> str:
    there.broker.stop()
    time.sleep(5)
    there.broker.start()
    return ""


def redis_lost(there: Installation) -> str:
    """It is away for ten seconds and comes back with nothing of what it held."""
    there.broker.stop()
    time.sleep(10)
    shutil.rmtree(there.broker.data, ignore_errors=True)
    there.broker.start()
    return _beat_speaks(there)


def _beat_speaks(there: Installation) -> str:
    said = there.manage("watch", "--only", "beat", "--only", "broker", "--only", "unsent_tasks")
    return said.partition("|")[0].strip()


def exports_full(there: Installation) -> str:
    """The folder of exports takes nothing more: an export that is asked for ends as failed, and pages work on."""
    place = Path(there.environment["EXPORT_ROOT"])
    place.mkdir(exist_ok=True)
    with _tiny_disk(place) as mounted:
        if not mounted:
            return "not played: this machine lets nobody mount a small disk"
        filler = place / "filler"
        filler.write_bytes(b"x" * (560 * 1024))
        words = there.manage(
            "shell", "--command", "from tests.faults.asking import ask_for_export; ask_for_export()"
        )
        if not there.ask("SELECT 1 FROM exports_export"):
            raise RuntimeError(words)
        end = time.monotonic() + 60
        state = ""
        while time.monotonic() < end and state not in {"failed", "done"}:
            state = str(there.ask("SELECT state FROM exports_export ORDER BY id DESC LIMIT 1")[0][0])
            time.sleep(0.5)
        return f"the export is {state}"


@contextmanager
def _tiny_disk(place: Path) -> Iterator[bool]:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)], capture_output=True, check=False
    )
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "--lazy", str(place)], check=False)


class SlowMail(socketserver.StreamRequestHandler):
    """A mail server that answers the end of a message after twenty seconds where its address says so."""

    heard: ClassVar[list[str]] = []

    def handle(self) -> None:
        self._say("220 slow")
        to = ""
        while line := self.rfile.readline().decode(errors="replace").strip():
            word = line[:4].upper()
            if word == "RCPT":
                to = line
            if word == "DATA":
                self._say("354 go on")
                while self.rfile.readline() not in {b".\r\n", b""}:
                    pass
                self.heard.append(to)
                if "slow@" in to:
                    time.sleep(20)
            self._say("221 bye" if word == "QUIT" else "250 ok")
            if word == "QUIT":
                return

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


def mail_slow(there: Installation) -> str:
    """One mailbox answers late: the others have their mails meanwhile, and it is not sent to again each minute."""
    SlowMail.heard.clear()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), SlowMail)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    there.kill("worker", held=True)
    there.release(
        "worker", EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(server.server_address[1]), EMAIL_TIMEOUT="5",
    )  # fmt: skip
    there.manage("shell", "--command", "from tests.faults.asking import write_mails; write_mails()")
    end = time.monotonic() + 150
    while time.monotonic() < end and sum("quick" in to for to in SlowMail.heard) < 5:
        time.sleep(0.5)
    others = sum("quick" in to for to in SlowMail.heard)
    tries = sum("slow@" in to for to in SlowMail.heard)
    server.shutdown()
    there.kill("worker", held=True)
    there.release("worker", EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend")
    return f"{others} of 5 other mails came; the slow one was tried {tries} time(s) meanwhile"


def clock_jump(there: Installation) -> str:
    """One node's clock is 25 minutes ahead: it is asked for no pages until it is right again."""
    there.kill("web2", held=True)
    shifted = str(ROOT / "tests" / "faults" / "ahead")
    there.release("web2", PYTHONPATH=shifted)
    time.sleep(8)
    out = not there.is_ready(there.ports[1])
    there.kill("web2", held=True)
    there.release("web2", PYTHONPATH="")
    return "readyz of the node ahead: 503" if out else "the node ahead was served"


COLUMNS = (
    "fault", "requests", "5xx", "not answered", "slowest, s", "acknowledged", "lost", "twice",
    "serves again after, s", "seen",
)  # fmt: skip
FAULTS: dict[str, Fault] = {
    "PostgreSQL restarted (fast)": postgresql_restart,
    "PostgreSQL crashed (a backend killed -9)": postgresql_crash,
    "web node killed -9": web_killed,
    "worker killed -9": worker_killed,
    "Redis away for 5 s": redis_restart,
    "Redis lost, with what it held": redis_lost,
    "disk of exports full": exports_full,
    "mail server slow for one mailbox": mail_slow,
    "clock of a web node 25 min ahead": clock_jump,
    "network cut between a web node and the database for 25 s": node_cut_off,
    "two machines with a web node and a worker each: a worker killed -9 at work": worker_killed_at_work,
    "two machines: one cut off for 25 s": machine_cut_off,
    "disk of the database full for 30 s": database_full,
    "fail-over to a synchronous standby": fail_over,
}


def play(there: Installation, fault: Fault) -> tuple[Seen, str, float, int, int]:
    """Return what was seen, what the fault says, when all served again, and how much was lost or doubled."""
    seen, lock, ended = Seen(), threading.Lock(), threading.Event()
    people = [Worker(there, seen, lock, ended) for _each in range(PEOPLE)]
    for person in people:
        person.start()
    time.sleep(BEFORE)
    said = fault(there)
    back = there.wait_until_ready()
    time.sleep(AFTER)
    ended.set()
    for person in people:
        person.join(90)
    counts = [
        int(str(there.ask("SELECT count(*) FROM crf_workingnote WHERE text = %s", text)[0][0]))
        for text in seen.acknowledged
    ]
    return seen, said, back, sum(count == 0 for count in counts), sum(count > 1 for count in counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="play the faults whose name matches this")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "palace3-faults")
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |")
    print("|---" * len(COLUMNS) + "|")
    with Installation(options.folder) as there:
        for name, fault in FAULTS.items():
            if not re.search(options.only, name):
                continue
            seen, said, back, lost, twice = play(there, fault)
            print(
                f"| {name} | {seen.requests} | {seen.errors} | {seen.away} | {seen.slowest:.1f} | "
                f"{len(seen.acknowledged)} | {lost} | {twice} | {back:.1f} | {said} |",
                flush=True,
            )
        print(f"\naudit trail: {there.manage('verify_audit').strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()
