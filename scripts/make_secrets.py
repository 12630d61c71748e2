"""Make every secret of an installation as a file of a folder: ``python3 scripts/make_secrets.py --into secrets``.

Needs Python alone. A file that is there already stays as it is, so that it may be run again after an upgrade that
asks for a further one. Prints what goes into /etc/palace3 where no containers are used.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

SERVES = (
    "secret_key", "list_key", "identity_key", "trail_key", "anchor_key", "metrics_token", "email_password",
    "practice_key", "database_url", "broker_url",
)  # fmt: skip
VARIABLES: Mapping[str, str] = {
    "secret_key": "SECRET_KEY",
    "list_key": "PALACE3_LIST_KEY",
    "practice_key": "PRACTICE_KEY",
    "identity_key": "PALACE3_IDENTITY_KEY",
    "trail_key": "PALACE3_TRAIL_KEY",
    "anchor_key": "PALACE3_ANCHOR_KEY",
    "metrics_token": "METRICS_TOKEN",
    "email_password": "EMAIL_HOST_PASSWORD",
    "database_url": "DATABASE_URL",
    "broker_url": "BROKER_URL",
    "database_owner_url": "DATABASE_OWNER_URL",
    "database_admin_url": "DATABASE_ADMIN_URL",
    "database_backup_url": "DATABASE_BACKUP_URL",
    "database_replication_url": "DATABASE_REPLICATION_URL",
}


def secrets_for(database: str, broker: str, administrator: str) -> dict[str, str]:
    """Return each file's content; ``email_password`` is empty until the mail server's own is written into it."""
    admin, redis = secrets.token_urlsafe(32), secrets.token_urlsafe(32)

    def address(user: str, password: str, name: str = "palace3") -> str:
        return f"postgresql://{user}:{password}@{database}/{name}"

    return {
        "secret_key": secrets.token_urlsafe(48),
        "list_key": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "identity_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "trail_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "anchor_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "metrics_token": secrets.token_urlsafe(32),
        "practice_key": secrets.token_urlsafe(48),
        "email_password": "",
        "redis_password": redis,
        "broker_url": f"redis://:{redis}@{broker}/0",
        "postgres_admin_password": admin,
        "database_admin_url": address(administrator, admin, "postgres"),
        "database_url": address("palace3_app", secrets.token_urlsafe(32)),
        "database_owner_url": address("palace3_owner", secrets.token_urlsafe(32)),
        "database_backup_url": address("palace3_backup", secrets.token_urlsafe(32)),
        "database_replication_url": address("palace3_replication", secrets.token_urlsafe(32), "postgres"),
    }


def write_secrets(folder: Path, made: Mapping[str, str]) -> list[str]:
    """Each secret that is not there yet stands in the folder, which only its owner enters; return their names.

    The files themselves are readable: a container's account, which is another, is given them one by one.
    """
    kept_apart = (
        (folder / "broker_url", folder / "redis_password"),
        (
            folder / "database_admin_url",
            folder / "postgres_admin_password",
        ),
    )
    for pair in kept_apart:
        if len([path for path in pair if path.exists()]) == 1:
            raise SystemExit(f"{' and '.join(map(str, pair))} hold one password: keep both or neither.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    names = []
    for name, value in made.items():
        path = folder / name
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w") as file:
                file.write(value)
            path.chmod(0o644 if name == "email_password" else 0o444)
            names.append(name)
    return names


def main() -> None:
    """Write the files; say what was written and never a secret."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--into", type=Path, required=True, help="the folder, such as secrets or /etc/palace3/secrets"
    )
    parser.add_argument(
        "--database", default="postgres:5432", help="host:port of PostgreSQL (default: compose's)"
    )
    parser.add_argument("--broker", default="redis:6379", help="host:port of Redis (default: compose's)")
    parser.add_argument("--administrator", default="postgres", help="the account there that may create roles")
    asked = parser.parse_args()
    written = write_secrets(asked.into, secrets_for(asked.database, asked.broker, asked.administrator))
    print(f"# written into {asked.into}: {', '.join(written) or 'nothing, all were there'}")
    print("# For /etc/palace3/environment:")
    for name in SERVES:
        print(f"{VARIABLES[name]}_FILE={asked.into.resolve() / name}")
    print("# For /etc/palace3/owner:")
    for name in ("database_admin_url", "database_owner_url"):
        print(f"{VARIABLES[name]}_FILE={asked.into.resolve() / name}")
    print("# For /etc/palace3/backup:")
    for name in ("database_backup_url", "database_replication_url"):
        print(f"{VARIABLES[name]}_FILE={asked.into.resolve() / name}")


if __name__ == "__main__":
    main()
