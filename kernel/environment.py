"""Every variable of the environment that the program reads: one table, from which the papers are made as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path


class EnvironmentRefused(RuntimeError):  # noqa: N818 (said to whoever starts the process, never to a person on a page)
    """The process cannot start with this environment; the text names the variable and says what to do."""


@dataclass(frozen=True)
class EnvironmentVariable:
    """One variable: what it says, what is taken without it, who needs it, whether it is a secret.

    ``compose`` marks what only docker-compose.yml reads; ``example`` is what ``.env.example`` proposes.
    """

    name: str
    about: str
    default: str = ""
    needed_by: str = "web, worker, beat"
    secret: bool = False
    compose: bool = False
    example: str = ""


def _secret(
    name: str, about: str, default: str = "", needed_by: str = "web, worker, beat"
) -> EnvironmentVariable:
    return EnvironmentVariable(name, about, default, needed_by, secret=True)


GROUPS: Mapping[str, tuple[EnvironmentVariable, ...]] = {
    "Which installation": (
        EnvironmentVariable(
            "PALACE3_PRODUCTION",
            "1 on every server with real data: web, worker and beat then refuse to start while something below is "
            "unsafe, and name it.",
            "0",
            example="1",
        ),
        EnvironmentVariable("PALACE3_DEMO", "The synthetic trial, its hasher and printed passwords; refused in production.", "0"),
        EnvironmentVariable("PALACE3_PRACTICE", "1 on the server of practice alone, whose database is its own (docs/operations/practice.md); refused in production.", "0", "practice"),
        EnvironmentVariable("PALACE3_DEMO_FILLED", "Set by `make demo` alone: the file that says the trial is filled."),
        EnvironmentVariable("PALACE3_VERSION", "Tag of the image.", "latest", "compose", compose=True),
        EnvironmentVariable("PROTOCOL_FOLDER", "Where the versions of the protocol stand.", "protocol/versions"),
    ),
    "Addresses": (
        EnvironmentVariable("PALACE3_HOST", "The name that people type.", compose=True, needed_by="compose", example="palace3.example.org"),
        EnvironmentVariable(
            "PALACE3_TLS",
            "The proxy's certificate: `internal` (its own authority), an address (got from Let's Encrypt, which writes there), or your own as "
            "`/etc/palace3/tls/certificate.pem /etc/palace3/tls/key.pem`.",
            "internal",
            compose=True,
            needed_by="compose",
        ),
        EnvironmentVariable("TLS_FOLDER", "Folder of your own certificate and key.", "./deploy/tls", compose=True, needed_by="compose"),
        EnvironmentVariable("ALLOWED_HOSTS", "Host names that the program answers to, with commas.", "127.0.0.1,localhost", "web"),
        EnvironmentVariable("TRUSTED_ORIGINS", "Origins whose forms are taken, such as https://palace3.example.org.", needed_by="web"),
        EnvironmentVariable("PUBLIC_ADDRESS", "The address of the pages as it stands in mails.", "http://127.0.0.1:8000"),
        EnvironmentVariable("PUBLIC_CONTROLLER", "Who answers for personal data, with address, as the privacy notice names it.", "the sponsor of the protocol text", "web"),
        EnvironmentVariable("PRIVACY_CONTACT", "Mail or telephone for questions on personal data, as the privacy notice names it.", "none is named", "web"),
        EnvironmentVariable("SAFETY_CONTACT", "Where a serious event is sent when the program cannot be reached: fax or mail of the sponsor, printed on the paper report.", "a line to be written on", "web"),
        EnvironmentVariable("ETHICS_APPROVAL", "Number of the ethics approval, in the foot of the public pages.", "none is shown", "web"),
        EnvironmentVariable("PUBLIC_FILING", "Filing number of the site with the authorities (ICP), in the foot of the public pages.", "none is shown", "web"),
        EnvironmentVariable("BEHIND_TLS", "1 where a proxy ends TLS: secure cookies, HSTS, the proxy's word on who asks.", "0", "web"),
        EnvironmentVariable("FORWARDED_ALLOW_IPS", "Proxies that may say who asks, with commas.", "127.0.0.1,::1", "web"),
    ),
    "Secrets": (
        EnvironmentVariable(
            "SECRETS_DIR",
            "Folder of the files that `scripts/make_secrets.py` makes.",
            "./secrets",
            "compose",
            compose=True,
        ),
        _secret("SECRET_KEY", "Signs sessions; at least 50 characters. A new one ends every session."),
        _secret(
            "PALACE3_LIST_KEY",
            "Opens sealed arms: id:base64 of 32 bytes. The database never holds it; without it no further arm can be "
            "opened. Keep a copy in the sponsor's safe.",
            needed_by="web, worker, prepare_database, backup",
        ),
        EnvironmentVariable(
            "PALACE3_OPENS_ARMS", "0 for a process that gets no list key: beat starts without it.", "1", "beat"
        ),
        _secret(
            "PALACE3_IDENTITY_KEY",
            "Seals what identifies who asks for a call or for news, and second factors: base64 of 32 bytes. To change it see "
            "docs/contact-requests.md.",
        ),
        EnvironmentVariable(
            "ACCOUNTABILITY_SINCE",
            "The day from which the sponsor's policy of accountability is in force as it stands, such as 2026-11-01: whoever accepted "
            "an earlier one accepts this one before they sign again.",
            "none: whoever accepted any",
            "web",
        ),
        EnvironmentVariable(
            "PASSWORD_BREACH_LIST",
            "A file of stolen passwords in the format of Have I Been Pwned, sorted by SHA-1; no new password may stand "
            "in it. Without it the 20,000 most common are looked up.",
            needed_by="web",
        ),
        _secret(
            "PALACE3_TRAIL_KEY",
            "Makes the keyed digests of secrets in the audit trail; the database never holds it (docs/audit-trail.md).",
        ),
        _secret(
            "PALACE3_ANCHOR_KEY",
            "Signs the digest of the audit trail that leaves each night: base64 of 32 bytes (docs/audit-trail.md).",
        ),
    ),
    "Sign-in through hospitals": (
        EnvironmentVariable(
            "HOSPITALS_FILE",
            "A TOML file of the hospitals whose people may sign in through them (docs/operations/hospitals.md).",
            "none: nobody does",
            "web",
        ),
    ),
    "Practice": (
        EnvironmentVariable("PRACTICE_ADDRESS", "Where practice is served, such as https://practice.example.org.", "none: nobody practises", "web"),
        EnvironmentVariable("PRACTICE_HOST", "The name under which the proxy serves practice.", "practice.localhost", "compose", compose=True),
        EnvironmentVariable("PRACTICE_TLS", "Its certificate, as PALACE3_TLS.", "internal", "compose", compose=True),
        EnvironmentVariable("PRACTICE_SECRETS_DIR", "Folder of practice's own secrets.", "./secrets-practice", "compose", compose=True),
        EnvironmentVariable("PRACTICE_TRIAL_ADDRESS", "In practice: where the trial is served, to which people go back.", needed_by="practice"),
        _secret("PRACTICE_KEY", "Signs what trial and practice tell each other: the same at both, at least 50 characters.", needed_by="web, practice"),
    ),
    "Digest of the audit trail": (
        EnvironmentVariable(
            "ANCHOR_ADDRESSES", "Who is mailed it beside the investigators, with commas.", "COMMITTEE_ADDRESSES"
        ),
        EnvironmentVariable("ANCHOR_FOLDER", "A folder that takes files and gives none up; each digest is written there."),
    ),
    "Database": (
        _secret("DATABASE_URL", "The application's address, user palace3_app; options (?sslmode=verify-full) follow.", default="postgres://palace3_app@127.0.0.1/palace3"),
        _secret("DATABASE_OWNER_URL", "The owner's address, user palace3_owner: migrations and the randomization list.", needed_by="prepare_database, allocation_list, restore"),
        _secret("DATABASE_ADMIN_URL", "An account that may create roles and databases.", needed_by="prepare_database, restore"),
        _secret("DATABASE_BACKUP_URL", "The address of palace3_backup, which reads every row and writes none.", needed_by="prepare_database, backup"),
        _secret("DATABASE_REPLICATION_URL", "The address of palace3_replication, which reads the server's WAL.", needed_by="prepare_database, base_backup, archive_wal"),
        _secret("DATABASE_DRILL_URL", "Administrator of a scratch server for drills; without it one is started for the drill.", needed_by="restore_drill"),
        EnvironmentVariable("DATABASE_POOLED", "1 keeps connections open in a pool.", "0", "web, worker", example="1"),
        EnvironmentVariable("DATABASE_POOL", "Most connections of one web process.", "8", "web"),
        EnvironmentVariable("DATABASE_MAX_AGE", "Seconds a connection without a pool is kept.", "60", "worker, beat"),
        EnvironmentVariable("PALACE3_POSTGRES_BIN", "Folder of PostgreSQL's programs (pg_dump, pg_restore), if not on the path.", needed_by="backup, restore, restore_drill"),
    ),
    "Broker": (
        _secret("BROKER_URL", "The broker's address, such as redis://:password@host:6379/0.", default="redis://127.0.0.1:6379/0"),
    ),
    "Mail": (
        EnvironmentVariable("EMAIL_BACKEND", "How mails leave: django.core.mail.backends.smtp.EmailBackend.", "none: mails wait and count as not sent"),
        EnvironmentVariable("EMAIL_HOST", "The submission server.", "127.0.0.1", "worker", example="mail.example.org"),
        EnvironmentVariable("EMAIL_PORT", "Its port: 587 with STARTTLS, 465 with TLS.", "25", "worker", example="587"),
        EnvironmentVariable("EMAIL_HOST_USER", "The account there.", needed_by="worker"),
        _secret("EMAIL_HOST_PASSWORD", "Its password.", needed_by="worker"),
        EnvironmentVariable("EMAIL_USE_TLS", "1 for STARTTLS.", "0", "worker", example="1"),
        EnvironmentVariable("EMAIL_USE_SSL", "1 for TLS from the first byte; never both.", "0", "worker"),
        EnvironmentVariable("EMAIL_TIMEOUT", "Seconds to wait for an answer of the server.", "120", "worker"),
        EnvironmentVariable("EMAIL_FILE_PATH", "Folder of mails that do not leave.", "var/mail"),
        EnvironmentVariable("DEFAULT_FROM_EMAIL", "Who writes, with a name.", "PALACE-3 <palace3@localhost>", example='"PALACE-3 <palace3@example.org>"'),
        EnvironmentVariable("REPLY_TO", "Who reads answers: the trial's office.", "none", "worker", example="office@example.org"),
        EnvironmentVariable("COMMITTEE_ADDRESSES", "Members of the data monitoring committee, with commas: roots of lists are mailed to them."),
    ),
    "Files and backup": (
        EnvironmentVariable("ATTACHMENT_MAX_BYTES", "Largest file attached to a record.", "20971520", "web"),
        EnvironmentVariable("ATTACHMENT_MAX_PAGES", "Most pages of one.", "200", "web"),
        EnvironmentVariable("ATTACHMENT_MAX_PIXELS", "Most pixels of a picture.", "50000000", "web"),
        EnvironmentVariable("MAINTENANCE_FILE", "While this file is there nobody writes; `manage.py maintenance` makes and removes it. Several machines share it.", "var/maintenance.json"),
        EnvironmentVariable("EXPORT_KEEP_DAYS", "Days after which the file of an export is deleted; the register stays.", "90"),
        EnvironmentVariable("EXPORT_ROOT", "Folder of exports; several machines share it.", "var/exports", "web, worker"),
        EnvironmentVariable("STATIC_ROOT", "Folder of collected static files.", "var/static", "web"),
        EnvironmentVariable("STATIC_MANIFEST", "1 where `collectstatic` has run: hashed names.", "0", "web"),
        EnvironmentVariable("WHITENOISE_USE_FINDERS", "0 where `collectstatic` has run.", "1", "web"),
        EnvironmentVariable("BACKUP_DIR", "Folder that backups are written to.", "var/backups", "backup, restore_drill"),
        EnvironmentVariable("BACKUP_TARGET", "A second folder, off this site (a mounted share): every backup is copied there and read back.", needed_by="backup"),
        EnvironmentVariable("BACKUP_RECIPIENT", "Public key (age1…) that backups are encrypted to, more with commas. Its secret half stays in the safe.", needed_by="backup"),
        _secret("BACKUP_IDENTITY", "The secret half (AGE-SECRET-KEY-…): only where a backup is restored or drilled.", needed_by="restore, restore_drill"),
        EnvironmentVariable("BACKUP_KEEP", "How many backups are kept in each folder.", "30", "backup"),
        EnvironmentVariable("WAL_DIR", "Folder of base backups and WAL, best a mounted share off this site.", "var/wal", "base_backup, archive_wal, restore_to_moment"),
        EnvironmentVariable("BASE_KEEP", "How many base backups are kept.", "2", "base_backup"),
        EnvironmentVariable("BACKUP_HOURS", "A backup older than this many hours raises the alarm.", "26"),
        EnvironmentVariable("DRILL_DAYS", "A restore drill older than this many days raises the alarm.", "35"),
    ),
    "How many, how long": (
        EnvironmentVariable("WEB_BIND", "Address and port of the web process.", "0.0.0.0:8000", "web"),
        EnvironmentVariable("WEB_WORKERS", "Web processes; see docs/scaling.md.", "2", "web", example="2"),
        EnvironmentVariable("WEB_THREADS", "Threads of each.", "8", "web"),
        EnvironmentVariable("WEB_TIMEOUT", "Seconds after which a web process that hangs is replaced.", "60", "web"),
        EnvironmentVariable("WEB_TMP", "Folder in memory for the heartbeat of web processes.", needed_by="web"),
        EnvironmentVariable("SIGN_IN_LANE", "Passwords that one web process checks at the same time; each takes 100 MiB.", "as many as cores", "web"),
        EnvironmentVariable("WORKER_CONCURRENCY", "Processes of a worker.", "2", "compose", compose=True, example="2"),
        EnvironmentVariable("LONGEST_TASK_SECONDS", "No task may run longer.", "1500", "worker"),
        EnvironmentVariable("IDLE_MINUTES", "Minutes without a press after which a session ends.", "30", "web"),
    ),
    "Watching": (
        EnvironmentVariable("LOG_LEVEL", "How much the log says.", "INFO"),
        _secret("METRICS_TOKEN", "Prometheus says it as a bearer token; without one /metrics answers loopback alone.", needed_by="web"),
        EnvironmentVariable("PROMETHEUS_MULTIPROC_DIR", "A folder in memory where the web processes of a machine add up their times of answers.", needed_by="web"),
        EnvironmentVariable("ALARM_ADDRESSES", "Who is mailed when a reading of the watch is not well, with commas.", "the trial managers", "worker"),
        EnvironmentVariable("DEAD_MAN_URL", "An address that beat calls every five minutes, unless something is critical that keeps mails from leaving; whoever watches it raises the alarm when calls stop.", needed_by="worker"),
        EnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", "A collector of OpenTelemetry (OTLP over HTTP, http://host:4318) that is sent how long pages, statements and tasks took; no value (docs/operations/watching.md).", "none: nothing is traced"),
        EnvironmentVariable("OTEL_EXPORTER_OTLP_CERTIFICATE", "The collector's own authority, as a file.", "the system's"),
        EnvironmentVariable("OTEL_TRACES_SAMPLER", "Which requests are traced: parentbased_traceidratio takes a share.", "parentbased_always_on"),
        EnvironmentVariable("OTEL_TRACES_SAMPLER_ARG", "That share, such as 0.1.", "1"),
    ),
}  # fmt: skip

VARIABLES: tuple[EnvironmentVariable, ...] = tuple(
    variable for group in GROUPS.values() for variable in group
)
# The list's key is read from its file anew each time it is asked for (randomization/scheme/sealing.py).
READS_ITS_OWN_FILE = frozenset({"PALACE3_LIST_KEY"})


def take_files(environment: MutableMapping[str, str]) -> None:
    """Each secret stands under its own name, whether it was given there or in the file that ``NAME_FILE`` names."""
    for variable in VARIABLES:
        path = environment.get(f"{variable.name}_FILE", "")
        if not variable.secret or not path or variable.name in READS_ITS_OWN_FILE:
            continue
        if environment.get(variable.name):
            raise EnvironmentRefused(
                f"{variable.name} and {variable.name}_FILE are both set. Keep one of them."
            )
        try:
            environment[variable.name] = Path(path).read_text(encoding="utf-8").strip()
            # Processes that this one starts are told the value, and must not be told twice.
            del environment[f"{variable.name}_FILE"]
        except OSError as fault:
            raise EnvironmentRefused(
                f"{variable.name}_FILE names {path}, which cannot be read: {fault.strerror}. "
                "Mount the file, or let this account read it."
            ) from fault


def example_lines() -> Iterator[str]:
    """The lines of ``.env.example``."""
    yield "# Made by `make docs` from kernel/environment.py. Copy to .env and fill in; keep it out of every repository and of"
    yield "# every backup of code. No secret stands here: `python3 scripts/make_secrets.py --into secrets` makes each as a file,"
    yield "# which docker-compose.yml reads by itself; without containers name them: NAME_FILE=/etc/palace3/secrets/name."
    for group, variables in GROUPS.items():
        yield ""
        yield f"## {group}"
        for variable in variables:
            default = f" Without it: {variable.default}." if variable.default else ""
            yield f"# {variable.about}{default} For: {variable.needed_by}."
            if variable.secret:
                yield f"# {variable.name}_FILE="
            else:
                yield f"{'' if variable.example else '# '}{variable.name}={variable.example}"
