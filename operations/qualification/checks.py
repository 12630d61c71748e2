"""All that a qualification looks at, in the order of its paper: first what is installed, then whether it works."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import redis
from celery import current_app
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.mail import EmailMessage, get_connection
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError as BrokerFault

from audit.models import Seal
from audit.verify import verify
from kernel.errors import Refusal
from kernel.production import faults
from kernel.scope import EVERYTHING, scope
from operations.certificate import meet
from operations.qualification.attacks import attacks_are_refused, sites_are_apart
from operations.qualification.program import (
    functions_are_ours,
    policies_stand,
    rights_are_few,
    roles_are_plain,
    triggers_stand,
)
from operations.services import QualificationFinding
from operations.watching import CERTIFICATE_DAYS, WatchLevel, readings
from trials.services.version_texts import altered_texts

OLDEST_POSTGRESQL: Final = 150000
OLDEST_PYTHON: Final = (3, 11)
# So many hours every zone of the trial is apart from UTC, at least: without data of time zones none is known.
FEWEST_HOURS: Final = 5
STYLE: Final = "css/palace3.css"


@dataclass(frozen=True)
class QualificationOrder:
    """What a qualification is told: where its mail goes, and what the installation leaves out on purpose."""

    at: datetime
    mail_to: str = ""
    without: frozenset[str] = frozenset()


Check = Callable[[QualificationOrder], QualificationFinding]


def versions(asked: QualificationOrder) -> QualificationFinding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
        number, postgresql = cursor.fetchone()
    said = f"Python {platform.python_version()}, PostgreSQL {postgresql}, program {settings.RELEASE}"
    return QualificationFinding(
        "versions", number >= OLDEST_POSTGRESQL and sys.version_info[:2] >= OLDEST_PYTHON, said
    )


def migrations(asked: QualificationOrder) -> QualificationFinding:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = [f"{migration.app_label}.{migration.name}" for migration, _back in plan]
    return QualificationFinding(
        "migrations", not names, f"not applied: {', '.join(names[:8])}" if names else "all are applied"
    )


def protocol(asked: QualificationOrder) -> QualificationFinding:
    altered = altered_texts()
    return QualificationFinding(
        "protocol texts", not altered, "; ".join(map(str, altered)) or "as sites follow them"
    )


def static(asked: QualificationOrder) -> QualificationFinding:
    try:
        return QualificationFinding("static files", True, staticfiles_storage.url(STYLE))
    except ValueError:
        return QualificationFinding(
            "static files", False, "the list of static files is missing: run manage.py collectstatic"
        )


def secrets(asked: QualificationOrder) -> QualificationFinding:
    said = faults(settings)
    if not settings.PALACE3_PRODUCTION:
        said = [
            "PALACE3_PRODUCTION: off, so that nothing unsafe is refused at the start. Set it to 1.",
            *said,
        ]
    return QualificationFinding("settings and secrets", not said, " ".join(said) or "strong and present")


def zones(asked: QualificationOrder) -> QualificationFinding:
    said = []
    for zone in {settings.TRIAL_TIME_ZONE, *settings.SITE_TIME_ZONES}:
        try:
            offset = asked.at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
        except ZoneInfoNotFoundError:
            offset = timedelta()
        if offset < timedelta(hours=FEWEST_HOURS):
            said.append(f"{zone} is not known, or not where it is")
    with connection.cursor() as cursor:
        cursor.execute("SHOW timezone")
        (there,) = cursor.fetchone()
    if there != "UTC":
        said.append(f"the database speaks in {there}, not UTC")
    return QualificationFinding(
        "time zones", not said, "; ".join(said) or "known; the database speaks in UTC"
    )


def mail(asked: QualificationOrder) -> QualificationFinding:
    """Really send one. Whoever reads it writes the number below on the paper."""
    if not asked.mail_to:
        return QualificationFinding("mail", False, "no address was given: --mail-to")
    number = f"Q-{asked.at:%Y%m%d%H%M%S}"
    message = EmailMessage(
        subject=f"PALACE-3: {number}",
        body=f"{_('This message was sent by the qualification of the installation.')} {number}",
        to=[asked.mail_to],
        connection=get_connection(),
    )
    try:
        sent = message.send()
    except (OSError, ValueError) as fault:
        return QualificationFinding("mail", False, f"{type(fault).__name__}: {str(fault)[:160]}")
    return QualificationFinding(
        "mail", sent == 1, f"{number} was given to {settings.EMAIL_HOST} for {asked.mail_to}"
    )


def worker(asked: QualificationOrder) -> QualificationFinding:
    try:
        answers: list[Any] = current_app.control.ping(timeout=3.0) or []
    except (BrokerFault, OSError, redis.RedisError) as fault:
        return QualificationFinding("worker", False, f"could not be asked: {type(fault).__name__}")
    names = sorted(name for answer in answers for name in answer)
    return QualificationFinding(
        "worker", bool(names), f"{', '.join(names)} answered" if names else "no worker answered"
    )


def audit_chain(asked: QualificationOrder) -> QualificationFinding:
    said = [str(finding) for finding in verify()]
    last = Seal.objects.order_by("-last_act").first()
    untouched = (
        f"untouched up to act {last.last_act}, digest {last.chain}" if last else "nothing is sealed yet"
    )
    return QualificationFinding("audit chain", not said, "; ".join(said[:5]) if said else untouched)


def writable(asked: QualificationOrder) -> QualificationFinding:
    """Write a file in each folder, and take it away again."""
    said = []
    for place in (Path(settings.MEDIA_ROOT), Path(settings.BACKUP_DIR)):
        probe = place / ".palace3-qualification"
        try:
            place.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"qualification")
            probe.unlink()
        except OSError as fault:
            said.append(f"{place}: {type(fault).__name__}")
    return QualificationFinding(
        "storage", not said, "; ".join(said) or f"{settings.MEDIA_ROOT} and {settings.BACKUP_DIR}"
    )


def tls(asked: QualificationOrder) -> QualificationFinding:
    """Meet the public address as a browser does, and read until when its certificate holds."""
    parts = urlsplit(settings.PUBLIC_ADDRESS)
    if parts.scheme != "https" or not parts.hostname:
        return QualificationFinding("TLS", False, f"{settings.PUBLIC_ADDRESS} is not https")
    try:
        shown = meet(parts.hostname, parts.port or 443)
    except OSError as fault:
        return QualificationFinding("TLS", False, f"{parts.hostname}: {type(fault).__name__}")
    days = (shown.until - asked.at).days
    return QualificationFinding(
        "TLS", days >= CERTIFICATE_DAYS, f"{shown.protocol}, the certificate holds for {days} days"
    )


def _read(name: str) -> Check:
    """Return the check that takes a reading of the watch."""

    def check(asked: QualificationOrder) -> QualificationFinding:
        (reading,) = readings(at=asked.at, only=frozenset({name}))
        return QualificationFinding(name, reading.level is WatchLevel.OK, reading.seen)

    return check


INSTALLED: Final[dict[str, Check]] = {
    "versions": versions,
    "migrations": migrations,
    "protocol texts": protocol,
    "static files": static,
    "settings and secrets": secrets,
    "time zones": zones,
    "database roles": lambda asked: roles_are_plain(),
    "rights of the application": lambda asked: rights_are_few(),
    "row policies": lambda asked: policies_stand(),
    "triggers": lambda asked: triggers_stand(),
    "functions": lambda asked: functions_are_ours(),
    "TLS": tls,
}
WORKING: Final[dict[str, Check]] = {
    "attacks": lambda asked: attacks_are_refused(),
    "sites apart": lambda asked: sites_are_apart(),
    "audit chain": audit_chain,
    "clock": _read("clock"),
    "broker": _read("broker"),
    "worker": worker,
    "beat": _read("beat"),
    "mail": mail,
    "storage": writable,
    "disk": _read("disk"),
    "backup": _read("backup"),
    "restore_drill": _read("restore_drill"),
}
NAMES: Final[dict[str, str | Promise]] = {
    "versions": _("versions"),
    "migrations": _("migrations"),
    "protocol texts": _("protocol texts"),
    "static files": _("static files"),
    "settings and secrets": _("settings and secrets"),
    "time zones": _("time zones"),
    "database roles": _("database roles"),
    "rights of the application": _("rights of the application"),
    "row policies": _("row policies"),
    "triggers": _("triggers"),
    "functions": _("functions of the database"),
    "TLS": _("TLS"),
    "attacks": _("attacks on the database"),
    "sites apart": _("sites apart"),
    "audit chain": _("audit chain"),
    "clock": _("clock"),
    "broker": _("broker"),
    "worker": _("worker"),
    "beat": _("beat"),
    "mail": _("mail"),
    "storage": _("storage"),
    "disk": _("disk"),
    "backup": _("backup"),
    "restore_drill": _("restore drill"),
}


def qualify(checks: dict[str, Check], asked: QualificationOrder) -> Sequence[QualificationFinding]:
    """Run each check for itself: one that cannot be run is a finding, and stops no other."""
    return [_found(name, check, asked) for name, check in checks.items() if name not in asked.without]


def _found(name: str, check: Check, asked: QualificationOrder) -> QualificationFinding:
    try:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            return check(asked)
    except (DatabaseError, OSError, Refusal, LookupError) as fault:
        return QualificationFinding(name, False, f"could not be looked at: {type(fault).__name__}")
