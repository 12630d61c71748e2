"""The whole program on one machine: database, broker, web, worker and beat over one private folder."""

import base64
import json
import os
import secrets
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from demo.filling import progress_beside
from demo.servers.broker import EmbeddedBroker
from demo.servers.postgres import EmbeddedPostgres
from demo.servers.practice import PracticeServer
from demo.servers.processes import EmbeddedError, FolderLock, free_port, kept_secret, make_private
from demo.servers.supervisor import Supervisor, stop_on_signals
from kernel.postgresql.roles import prepare, prepare_backup

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "palace3"
USUAL_PORT = 8000
READY_SECONDS = 300  # on a machine that is busy; a process that ends is noticed at once
Wanted = tuple[str, tuple[int, ...]]
READY: Wanted = ("/readyz", (200,))  # database, migrations and broker are there
SOME_ANSWER: Wanted = ("/", (200, 302, 503))  # a page, or the one that says that the trial is being filled
# A half-filled trial is thrown away at the next start, so its transactions need not wait for the disk one by one.
NO_WAITING = "-c synchronous_commit=off"
# The demo chooses these itself; one that is left over in a shell would point it at another installation.
OWN_VARIABLES = (
    "DATABASE_",
    "BROKER_",
    "PALACE3_",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "BEHIND_TLS",
    "EMAIL_",
    "EXPORT_ROOT",
    "BACKUP_DIR",
    "WEB_",
    "PRACTICE_",
)


@dataclass(frozen=True)
class Trial:
    """How large the synthetic trial is; the same seed gives the same trial.

    The seed is one of few with which so few people show every course (tests/integration/demo/test_default_story.py).
    """

    participants: int = 32
    sites: int = 6
    seed: int = 5200


class DemoStack:
    """Serves the synthetic trial from ``folder`` until it is told to stop."""

    def __init__(
        self, folder: Path, *, port: int | None = None, trial: Trial | None = None, practice: bool = False
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.trial = trial or Trial()
        self.practises = practice
        self.practice: PracticeServer | None = None
        self.lock = FolderLock(self.folder / "lock")
        self.postgres = EmbeddedPostgres(self.folder / "postgres")
        self.broker = EmbeddedBroker(self.folder / "broker")
        self.logs = self.folder / "logs"
        self._filled = self.folder / "filled"
        self._accounts = self.folder / "accounts.json"

    def reset(self) -> None:
        """Nothing of the synthetic trial is left."""
        if not self.folder.exists():
            return
        self.lock.take()
        shutil.rmtree(self.folder)
        self.lock.release()

    def serve(self) -> None:
        """Ends by an exception: Stopped when asked to, EmbeddedError when a part failed. Nothing is left running."""
        stop_on_signals()
        os.umask(0o077)
        make_private(self.folder)
        with ExitStack() as ending:
            self.lock.take()
            ending.callback(self.lock.release)
            port = self._choose_port()
            if self.practises:
                self.practice = PracticeServer(self.folder, free_port(port + 1), port)
            with step("starting PostgreSQL"):
                ending.callback(self.postgres.stop)
                self.postgres.start()
            with step("starting the broker"):
                ending.callback(self.broker.stop)
                self.broker.start()
            supervisor = Supervisor(environment={}, folder=ROOT)
            ending.callback(supervisor.stop)
            owner = self._prepare_database(supervisor, port)
            # It is loaded beside the next two steps; until the trial is filled its pages say so (demo.filling).
            self._start_web(supervisor, port)
            self._migrate(supervisor, owner, port)
            self._fill(supervisor, port)
            with step("starting worker and beat"):
                self._start_tasks(supervisor)
                wait_for_the_web(port, supervisor.refuse_the_dead, of=READY)
            self._greet(port)
            self._start_practice(supervisor)
            supervisor.watch()

    def _choose_port(self) -> int:
        port = free_port(self.port or USUAL_PORT)
        if self.port and port != self.port:
            raise EmbeddedError(f"Port {self.port} is taken. Choose another: make demo PORT={self.port + 1}")
        return port

    def _prepare_database(self, supervisor: Supervisor, port: int) -> str:
        """Roles and database stand; return the owner's address. A half-filled trial is thrown away first."""
        with step("preparing roles and database"):
            if not self._filled.exists():
                with psycopg.connect(self.postgres.admin_url, autocommit=True) as admin:
                    admin.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
            owner, app = prepare(
                self.postgres.admin_url,
                DATABASE,
                kept_secret(self.folder / "owner-password"),
                kept_secret(self.folder / "app-password"),
            )
            backup = prepare_backup(
                self.postgres.admin_url, DATABASE, kept_secret(self.folder / "backup-password")
            )
            supervisor.environment = self._environment(app)
            told = {"DATABASE_OWNER_URL": owner, "DATABASE_BACKUP_URL": backup}
            self._write_environment({**self._own(supervisor.environment), **told})
            # Mails of the filling hold addresses too.
            supervisor.environment["PUBLIC_ADDRESS"] = f"http://127.0.0.1:{port}"
            return owner

    def _migrate(self, supervisor: Supervisor, owner: str, port: int) -> None:
        command = manage("migrate", "--database", "owner", "--noinput", "--verbosity", "0", "--skip-checks")
        with step("making the schema"):
            migrating = supervisor.begin("migrate", command, DATABASE_OWNER_URL=owner)
            wait_for_the_web(port, supervisor.refuse_the_dead, of=SOME_ANSWER)
            print(f"  http://127.0.0.1:{port}/ answers, and says how far this is", flush=True)
            supervisor.finish(migrating)

    def _fill(self, supervisor: Supervisor, port: int) -> None:
        if self._filled.exists():
            return
        trial = self.trial
        command = manage(
            "simulate", "--participants", str(trial.participants), "--sites", str(trial.sites),
            "--seed", str(trial.seed), "--accounts-to", str(self._accounts),
            "--progress-to", str(progress_beside(self._filled)), "--skip-checks",
        )  # fmt: skip
        with step(f"filling the synthetic trial: {trial.participants} participants, {trial.sites} sites"):
            filling = supervisor.begin("simulate", command, PGOPTIONS=NO_WAITING)
            wait_for_the_web(port, supervisor.refuse_the_dead, of=READY)
            supervisor.finish(filling)
            with psycopg.connect(self.postgres.admin_url, autocommit=True) as admin:
                admin.execute("CHECKPOINT")
            self._filled.write_text(json.dumps(trial.__dict__))

    def _start_web(self, supervisor: Supervisor, port: int) -> None:
        supervisor.start(
            "web",
            [sys.executable, "-m", "gunicorn", "--config", "python:palace3.gunicorn"],
            log=self.logs / "web.log",
            WEB_BIND=f"127.0.0.1:{port}",
        )

    def _start_practice(self, supervisor: Supervisor) -> None:
        if self.practice is None:
            return
        with step("setting up practice, in a database of its own"):
            self.practice.start(
                supervisor,
                admin_url=self.postgres.admin_url,
                owner=kept_secret(self.folder / "owner-password"),
                app=kept_secret(self.folder / "app-password"),
                log=self.logs / "practice.log",
            )
            wait_for_the_web(self.practice.port, supervisor.refuse_the_dead, of=("/healthz", (200,)))
        print(f"Practice is served at  {self.practice.address}/  and opened from the trial.", flush=True)

    def _start_tasks(self, supervisor: Supervisor) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "palace3.celery"]
        quiet = ["--concurrency", "2", "--without-mingle", "--without-gossip", "-n", "demo@%h"]
        supervisor.start("worker", [*celery, "worker", *quiet], log=self.logs / "worker.log")
        beat = ["beat", "--max-interval", "30", "--pidfile="]
        supervisor.start("beat", [*celery, *beat], log=self.logs / "beat.log")

    def _environment(self, app_url: str) -> dict[str, str]:
        """What every process is told; none is told the owner's or the administrator's address."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "palace3.settings",
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": app_url,
            "DATABASE_POOLED": "1",
            "BROKER_URL": self.broker.url,
            "SECRET_KEY": kept_secret(self.folder / "secret-key"),
            "PALACE3_LIST_KEY": kept_secret(self.folder / "list-key", make=lambda: f"k1:{new_key()}"),
            "PALACE3_IDENTITY_KEY": kept_secret(self.folder / "identity-key", make=new_key),
            "PALACE3_TRAIL_KEY": kept_secret(self.folder / "trail-key"),
            "PALACE3_ANCHOR_KEY": kept_secret(self.folder / "anchor-key", make=new_key),
            "PALACE3_DEMO": "1",
            "PALACE3_DEMO_FILLED": str(self._filled),
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(self.folder / "mail"),
            "EXPORT_ROOT": str(self.folder / "exports"),
            "BACKUP_DIR": str(self.folder / "backups"),
            **(self.practice.told_to_the_trial if self.practice else {}),
        }

    def _own(self, environment: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in environment.items() if name.startswith(OWN_VARIABLES)}

    def _write_environment(self, values: dict[str, str]) -> None:
        """A second shell reads it to run commands on the trial: set -a; . var/demo/environment"""
        path = self.folder / "environment"
        path.unlink(missing_ok=True)
        lines = "".join(f"{name}='{value}'\n" for name, value in sorted(values.items()))
        kept_secret(path, make=lambda: lines)

    def _greet(self, port: int) -> None:
        print(f"\nPALACE-3 is served at  http://127.0.0.1:{port}/\n")
        if self._accounts.exists():
            for account in json.loads(self._accounts.read_text()):
                second = " + code" if account.get("totp") else ""
                print(
                    f"  {account['name']:<12} {account['password'] + second:<26} {account.get('about', '')}"
                )
            print("\nWhere a code is asked for, the sign-in page of the demonstration shows it.")
        print(f"Logs, mail and data are in {self.folder}. Ctrl-C ends everything.", flush=True)


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def manage(*words: str) -> list[str | Path]:
    return [sys.executable, ROOT / "manage.py", *words]


@contextmanager
def step(what: str) -> Iterator[None]:
    """Says what is being done, and how long it took."""
    print(f"· {what} …", flush=True)
    begun = time.monotonic()
    yield
    print(f"  done in {time.monotonic() - begun:.1f} s", flush=True)


def wait_for_the_web(port: int, refuse_the_dead: Callable[[], None], *, of: Wanted) -> None:
    """Wait until the address of ``of`` answers with a status that counts."""
    path, statuses = of
    end = time.monotonic() + READY_SECONDS
    while True:
        refuse_the_dead()
        if _status_at(f"http://127.0.0.1:{port}{path}") in statuses:
            return
        if time.monotonic() > end:
            raise EmbeddedError(
                f"The web process was not ready after {READY_SECONDS} s. See the logs in var/demo."
            )
        time.sleep(0.2)


def _status_at(address: str) -> int:
    """Return the status of the answer; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, OSError):
        return 0
