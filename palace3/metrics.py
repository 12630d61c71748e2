"""Figures for Prometheus: how long pages take, and the readings of the watch. No number of a person, no arm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hmac import compare_digest
from ipaddress import ip_address

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from operations.watching import readings

OF_PROCESS = CollectorRegistry()
SECONDS = Histogram(
    "palace3_request_seconds",
    "Time to answer, by page and status",
    ["view", "method", "status"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10),
    registry=OF_PROCESS,
)


class Readings:
    """The readings of the watch, taken when they are asked for."""

    def collect(self) -> Iterator[Metric]:
        level = GaugeMetricFamily(
            "palace3_level", "0 fine, 1 warning, 2 critical, 3 unknown", labels=["reading"]
        )
        value = GaugeMetricFamily("palace3_reading", "The figure behind the level", labels=["reading"])
        for each in readings(at=timezone.now()):
            level.add_metric([each.name], int(each.level))
            if each.value is not None:
                value.add_metric([each.name], float(each.value))
        yield level
        yield value


@never_cache
@require_safe
@transaction.non_atomic_requests
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer whoever says the token; without one only this machine itself, and to everybody else there is no page."""
    if not _may_read(request):
        raise Http404
    registry = CollectorRegistry()
    registry.register(Readings())
    pages = OF_PROCESS
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        pages = CollectorRegistry()
        MultiProcessCollector(pages)  # type: ignore[no-untyped-call]  # the library has no types for it
    content = generate_latest(registry) + generate_latest(pages)
    return HttpResponse(content, content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        said = request.headers.get("Authorization", "")
        return compare_digest(said.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    try:
        is_here = ip_address(str(request.META.get("REMOTE_ADDR", ""))).is_loopback
    except ValueError:
        return False
    return is_here and "X-Forwarded-For" not in request.headers
