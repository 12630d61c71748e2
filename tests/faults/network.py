"""Faults beneath a whole installation: a node that is cut off, a primary that is lost, a full disk.

Needs root: a node stands in a network namespace of its own, and disks are small ones in memory.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress

import psycopg

from demo.servers.processes import free_port
from tests.faults.installation import Installation
from tests.faults.machine import NOT_PLAYED, Forward, Machine, address_at, may_play

CUT_SECONDS = 25
NODES = ("web1", "web2", "worker", "beat")


def node_cut_off(there: Installation) -> str:
    """The second web node loses database and broker while its own address still answers the balancer."""
    if not may_play():
        return NOT_PLAYED
    there.kill("web2", held=True)
    command, told = there.usual("web2")
    with Machine(there, 1, there.ports[1]) as machine:
        there.run_as("web2", machine.inside(command), told | machine.told)
        end = time.monotonic() + 60
        while not there.is_ready(machine.page_port) and time.monotonic() < end:
            time.sleep(0.5)
        machine.cut()
        # The balancer reaches the node by the namespace's own loopback, which no cable carries.
        status, seconds = _asked(machine, there.ports[1], "/readyz")
        page_status, page_seconds = _asked(machine, there.ports[1], "/accounts/sign-in/")
        time.sleep(max(0.0, CUT_SECONDS - seconds - page_seconds))
        machine.join()
        begun = time.monotonic()
        while not there.is_ready(machine.page_port) and time.monotonic() - begun < 60:
            time.sleep(0.5)
        back = time.monotonic() - begun
        there.kill("web2", held=True)
    there.run_as("web2", command, told)
    return (
        f"the node that is cut off: readyz {status} after {seconds:.0f} s, a page {page_status} after "
        f"{page_seconds:.0f} s; serves {back:.0f} s after the cable is back"
    )


def _asked(machine: Machine, port: int, path: str) -> tuple[str, float]:
    """Ask the node from inside its namespace; return status and seconds."""
    begun = time.monotonic()
    asked = [
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-m",
        "70",
        "-w",
        "%{http_code}",
        f"http://127.0.0.1:{port}{path}",
    ]
    done = subprocess.run(machine.inside(asked), capture_output=True, text=True, check=False)
    return done.stdout, time.monotonic() - begun


def fail_over(there: Installation) -> str:
    """The primary is killed for good; its standby, which confirmed every commit, is promoted and gets the address."""
    place = Forward("127.0.0.1", 0, ("127.0.0.1", there.postgres.port))
    moved = address_at(there.environment["DATABASE_URL"], f"127.0.0.1:{place.port}")
    for name in NODES:
        there.kill(name, held=True)
        there.release(name, DATABASE_URL=moved)
    there.wait_until_ready()
    primary, postgres = there.postgres.data, there.postgres
    standby, port = postgres.directory / "standby", free_port(None)
    shutil.rmtree(standby, ignore_errors=True)
    bin_, runner = postgres._binaries, postgres._runner
    standby.mkdir(mode=0o700)
    runner.own(standby)
    made = runner.run(
        [bin_ / "pg_basebackup", "-D", standby, "-R", "-X", "stream", "-c", "fast", "-d",
         f"{postgres.admin_url}?application_name=standby"],
        timeout=120,
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(made.stderr)
    settings = standby / "palace3.conf"
    settings.write_text(settings.read_text().replace(f"port = '{postgres.port}'", f"port = '{port}'"))
    runner.run([bin_ / "pg_ctl", "-D", standby, "-w", "-l", str(standby / "server.log"), "start"], timeout=60)
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        admin.execute("SELECT pg_reload_conf()")
        end = time.monotonic() + 30
        while time.monotonic() < end and admin.execute(
            "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        ).fetchone() != (1,):
            time.sleep(0.3)
    time.sleep(6)
    os.kill(int((primary / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    begun = time.monotonic()
    postgres.data, postgres.port = standby, port
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
    runner.run([bin_ / "pg_ctl", "-D", standby, "-w", "promote"], timeout=60)
    place.to = ("127.0.0.1", port)
    back = there.wait_until_ready()
    return f"promoted and served {time.monotonic() - begun:.0f} s after the primary was killed ({back:.0f} s to ready)"


def database_full(there: Installation) -> str:
    """The disk of the database takes nothing more, and is freed after half a minute."""
    postgres = there.postgres
    data, kept = postgres.data, postgres.data.with_name("data.kept")
    postgres._pg_ctl("stop", "-m", "fast", "-w")
    data.rename(kept)
    size = sum(path.stat().st_size for path in kept.rglob("*") if path.is_file())
    data.mkdir(mode=0o700)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size + 32 * 1024 * 1024}", "tmpfs", str(data)], check=True
    )
    subprocess.run(["cp", "-a", f"{kept}/.", str(data)], check=True)
    postgres._pg_ctl("start", "-w", "-l", str(data / "server.log"))
    there.wait_until_ready()
    filler = data / "filler"
    with suppress(OSError), filler.open("wb") as out:
        while True:
            out.write(b"x" * 1024 * 1024)
            out.flush()
    time.sleep(30)
    reads = there.is_ready(there.ports[0])
    lives = postgres.is_running()
    filler.unlink()
    if not postgres.is_running():
        postgres._pg_ctl("start", "-w", "-l", str(data / "server.log"))
    there.wait_until_ready()
    postgres._pg_ctl("stop", "-m", "fast", "-w")
    shutil.rmtree(kept)
    subprocess.run(["cp", "-a", str(data), str(kept)], check=True)
    subprocess.run(["umount", "--lazy", str(data)], check=True)
    data.rmdir()
    kept.rename(data)
    postgres._pg_ctl("start", "-w", "-l", str(data / "server.log"))
    state = "lived" if lives else "had stopped"
    return f"while it was full the server {state}, readyz said {'ready' if reads else 'away'}"
