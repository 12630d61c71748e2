"""Spans of OpenTelemetry, stripped of every value before they leave.

The instrumentations put addresses, statements, arguments and sentences of errors into their spans; any of them may hold
what somebody typed. So only what is named here goes out: route templates, statuses, names of tables and of tasks,
numbers of requests and tasks, the kind of an exception.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.propagate import set_global_textmap
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Span, SpanContext, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.trace.status import Status

# A collector that is away holds up the end of a process for no longer.
SECONDS_FOR_THE_COLLECTOR = 5
REQUEST_NUMBER: Final = "palace3.request_id"
STATEMENT: Final = "db.statement"
TABLE: Final = "db.collection.name"
KEPT: Final = frozenset(
    {
        *("http.method", "http.route", "http.status_code"),
        *("celery.action", "celery.state", "celery.task_name", "celery.retries"),
        *("messaging.message.id", "messaging.message_id", "db.system", "error.type"),
        REQUEST_NUMBER,
    }
)
VERBS: Final = frozenset(
    {
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "WITH",
        "COPY",
        "LOCK",
        "SET",
        "SAVEPOINT",
        "RELEASE",
        "ROLLBACK",
    }
)
_NAMED = re.compile(r'\b(?:FROM|INTO|UPDATE|TABLE|COPY)\s+"?(?:\w+"?\."?)?(\w+)', re.IGNORECASE)


def trace_process(part: str) -> Callable[[], None]:
    """Trace this process from now on; return what ends it, when all that waits was sent.

    The sampler, the collector's headers and its certificate are OpenTelemetry's own variables.
    """
    told = {
        "service.name": f"palace3-{part}",
        "service.version": settings.RELEASE,
        "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
    }
    provider = TracerProvider(resource=Resource.create(told))
    provider.add_span_processor(
        BatchSpanProcessor(WithoutValues(OTLPSpanExporter(timeout=SECONDS_FOR_THE_COLLECTOR)))
    )
    # Of what a caller sends only the number of the trace is taken on: "baggage" would carry any text along.
    set_global_textmap(TraceContextTextMapPropagator())
    instrumented: tuple[Any, ...] = (
        DjangoInstrumentor(),
        PsycopgInstrumentor(),
        CeleryInstrumentor(),  # type: ignore[no-untyped-call]
    )
    options: dict[str, Any] = {"tracer_provider": provider, "skip_dep_check": True}
    for each in instrumented:
        each.instrument(**options, excluded_urls="/healthz,/readyz,/metrics", response_hook=_number_request)

    def end() -> None:
        for each in instrumented:
            each.uninstrument()
        provider.shutdown()

    return end


def _number_request(span: Span, request: HttpRequest, response: HttpResponseBase) -> None:
    """The span bears the number that the page showed and the log names."""
    span.set_attribute(REQUEST_NUMBER, response.headers.get("X-Request-ID", ""))


class WithoutValues(SpanExporter):
    """Hands spans on to another exporter, each without what may hold a value."""

    def __init__(self, to: SpanExporter) -> None:
        self._to = to

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._to.export([stripped(span) for span in spans])

    def shutdown(self) -> None:
        self._to.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._to.force_flush(timeout_millis)


def stripped(span: ReadableSpan) -> ReadableSpan:
    """Return the span as it may leave: what it was, when, how it ended."""
    told = {name: value for name, value in (span.attributes or {}).items() if name in KEPT}
    if table := _table_in(str((span.attributes or {}).get(STATEMENT, ""))):
        told[TABLE] = table
    return ReadableSpan(
        name=_name_of(span, told),
        context=_plain(span.context),
        parent=_plain(span.parent),
        resource=span.resource,
        attributes=told,
        events=tuple(_kinds_of_exceptions(span)),
        links=tuple(Link(plain) for link in span.links if (plain := _plain(link.context))),
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _name_of(span: ReadableSpan, told: dict[str, Any]) -> str:
    """A page is its method and its route, a statement its verb and its table; a task keeps the name that it has."""
    if "db.system" in told:
        verb = span.name.partition(" ")[0].upper()
        return f"{verb if verb in VERBS else 'SQL'} {told.get(TABLE, '')}".strip()
    if span.kind is SpanKind.SERVER or "http.method" in told:
        return f"{told.get('http.method', 'HTTP')} {told.get('http.route', '')}".strip()
    return span.name if "celery.task_name" in told else "span"


def _plain(context: SpanContext | None) -> SpanContext | None:
    """The context without the state, which whoever called may have written."""
    if context is None:
        return None
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)


def _kinds_of_exceptions(span: ReadableSpan) -> Iterator[Event]:
    for event in span.events:
        kind = (event.attributes or {}).get("exception.type")
        if kind:
            yield Event("exception", {"exception.type": kind}, event.timestamp)


def _table_in(statement: str) -> str:
    """Return the first table of ours that the statement names: a name that no model has may be a value."""
    return next((name for name in _NAMED.findall(statement) if name in _tables()), "")


@cache
def _tables() -> frozenset[str]:
    return frozenset(model._meta.db_table for model in apps.get_models(include_auto_created=True))
