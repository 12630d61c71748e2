"""What a balancer asks: does this process live, and may it be given work."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kernel.production import faults
from operations.watching import DEGRADES, WatchLevel, readings
from trials.services.version_texts import altered_texts

STYLE = "css/palace3.css"


@never_cache
@require_safe
@transaction.non_atomic_requests
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked, or a database at rest would have it restarted."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
@transaction.non_atomic_requests
def readyz(request: HttpRequest) -> JsonResponse:
    """200 while pages can be served, else 503 with the name of what is missing.

    What fails no page (broker, beat, mail, tasks) is named as degraded and takes no process out of a balancer.
    """
    states: dict[str, str] = {}
    for name, question in QUESTIONS.items():
        # A balancer waits for seconds: what would ask a database that is away is not asked any more.
        is_asked = states.get("database") != "away" or name not in OF_THE_DATABASE
        states[name] = "ok" if is_asked and question() else "away"
    serves = set(states.values()) == {"ok"}
    if serves:
        asked = readings(at=timezone.now(), only=DEGRADES)
        states |= {each.name: "ok" if each.level is WatchLevel.OK else "degraded" for each in asked}
    state = "away" if not serves else "degraded" if "degraded" in states.values() else "ready"
    return JsonResponse({"state": state, **states}, status=200 if serves else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def migrations_are_applied() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def protocol_is_as_followed() -> bool:
    """Say whether the file of every version in use is the text that sites follow."""
    try:
        return not altered_texts()
    except DatabaseError:
        return False


def styles_are_there() -> bool:
    """Say whether the files that every page names can be named: without their list no page can be made."""
    try:
        staticfiles_storage.url(STYLE)
    except ValueError:
        return False
    return True


def clock_fits() -> bool:
    """Say whether this machine's clock is the database's: what is done here would bear another time."""
    (reading,) = readings(at=timezone.now(), only=frozenset({"clock"}))
    return reading.level is WatchLevel.OK


def settings_are_safe() -> bool:
    return not (settings.PALACE3_PRODUCTION and faults(settings))


OF_THE_DATABASE = frozenset({"migrations", "protocol", "clock"})
QUESTIONS: dict[str, Callable[[], bool]] = {
    "database": database_answers,
    "migrations": migrations_are_applied,
    "protocol": protocol_is_as_followed,
    "static": styles_are_there,
    "clock": clock_fits,
    "settings": settings_are_safe,
}
