"""Practice beside the synthetic trial: a database of its own on the same server, and a web process (ADR 57)."""

from __future__ import annotations

import base64
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo.servers.processes import kept_secret
from demo.servers.supervisor import Supervisor
from kernel.postgresql.purpose import keep_for_practice
from kernel.postgresql.roles import prepare

ROOT: Final = Path(__file__).resolve().parents[2]
DATABASE: Final = "palace3_practice"


@dataclass(frozen=True)
class PracticeServer:
    """Serves practice on ``port`` for the trial on ``trial_port``; its secrets stand in ``folder``."""

    folder: Path
    port: int
    trial_port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def told_to_the_trial(self) -> dict[str, str]:
        """What the trial's web process must know to lead people here."""
        return {"PRACTICE_ADDRESS": self.address, "PRACTICE_KEY": kept_secret(self.folder / "practice-key")}

    def start(self, supervisor: Supervisor, *, admin_url: str, owner: str, app: str, log: Path) -> None:
        """The database is made, marked, migrated and set up where it was not, and the web process is started.

        ``owner`` and ``app`` are the passwords of the two roles, which the server has once for all databases.
        """
        owner_url, app_url = prepare(admin_url, DATABASE, owner, app)
        keep_for_practice(admin_url, DATABASE)
        told = self._environment(app_url)
        for words in (("migrate", "--database", "owner", "--noinput", "--verbosity", "0"), ("practice",)):
            command = [sys.executable, ROOT / "manage.py", *words, "--skip-checks"]
            supervisor.finish(supervisor.begin(words[0], command, **told, DATABASE_OWNER_URL=owner_url))
        web = [sys.executable, "-m", "gunicorn", "--config", "python:palace3.gunicorn"]
        supervisor.start("practice", web, log=log, **told, WEB_BIND=f"127.0.0.1:{self.port}", WEB_WORKERS="1")

    def _environment(self, app_url: str) -> dict[str, str]:
        def key(name: str, begins: str = "") -> str:
            return kept_secret(
                self.folder / f"practice-{name}",
                make=lambda: begins + base64.b64encode(secrets.token_bytes(32)).decode(),
            )

        return {
            "DATABASE_URL": app_url,
            "SECRET_KEY": kept_secret(self.folder / "practice-secret-key"),
            "PALACE3_LIST_KEY": key("list-key", "k1:"),
            "PALACE3_IDENTITY_KEY": key("identity-key"),
            "PALACE3_TRAIL_KEY": kept_secret(self.folder / "practice-trail-key"),
            "PALACE3_ANCHOR_KEY": key("anchor-key"),
            "PALACE3_PRACTICE": "1",
            "PALACE3_DEMO": "0",
            "PALACE3_DEMO_FILLED": "",
            "PRACTICE_TRIAL_ADDRESS": f"http://127.0.0.1:{self.trial_port}",
            **self.told_to_the_trial,
            "PRACTICE_ADDRESS": "",
        }
