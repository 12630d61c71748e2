"""Traces: a page, its statements and the task that it sends are one; nothing that anybody typed is in them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import SpanContext, SpanKind, TraceState
from opentelemetry.trace.status import Status, StatusCode

from demo.servers.broker import EmbeddedBroker
from palace3.celery import app
from palace3.spans import stripped
from palace3.tracing import COLLECTOR, end_tracing, start_tracing
from tests.integration.palace3.test_worker import Worker, broker, eventually, start_worker
from tests.world import World, screen

__all__ = ["broker", "start_worker"]

PLANTED = "Zhang-Wei-04711"


@dataclass
class Collector:
    """An OTLP collector on loopback, and all that it was sent."""

    address: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def spans(self) -> list[tuple[str, Any]]:
        """Return each span with the service that sent it."""
        told = []
        for body in list(self.bodies):
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = {each.key: each.value.string_value for each in group.resource.attributes}
                told += [(service["service.name"], span) for each in group.scope_spans for span in each.spans]
        return told


@pytest.fixture
def collector() -> Iterator[Collector]:
    there = Collector()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            there.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        there.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield there
        server.shutdown()


@pytest.fixture
def traced(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """This process is a web process that is traced; so is whatever process it starts."""
    monkeypatch.setenv(COLLECTOR, collector.address)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    connection.close()
    start_tracing("web")
    yield collector
    end_tracing()
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_save_and_its_task_are_one_trace_without_a_value(
    world: World, traced: Collector, broker: EmbeddedBroker, start_worker: Callable[[str], Worker],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def sent(task: Any, *arguments: Any) -> None:
        with app.connection_for_write(broker.url) as there:
            app.send_task(task.name, args=arguments, connection=there)

    monkeypatch.setattr("celery.app.task.Task.delay", sent)
    start_worker("worker")
    number = screen(world).number
    client = Client(headers={"User-Agent": PLANTED, "Referer": PLANTED, "traceparent": PLANTED})
    client.cookies["seen"] = PLANTED
    client.force_login(world.coordinator)
    client.get(f"/participants/?q={PLANTED}")
    assert client.get(f"/participants/{number}/").status_code == 200
    assert client.post(f"/participants/{number}/notes/new/", {"text": PLANTED}).status_code == 302
    assert client.get(f"/{PLANTED}/").status_code == 404
    client.force_login(world.data_manager)
    asked = {"forms": ["DM"], "sites": ["02"], "purpose": PLANTED, "data_format": "csv"}
    assert client.post("/exports/new/", asked).status_code == 302

    def ran() -> list[tuple[str, Any]]:
        """Return the spans of the trace to which the worker's task belongs."""
        everything = traced.spans()
        for service, span in everything:
            if service == "palace3-worker" and span.name == "run/exports:write":
                return [each for each in everything if each[1].trace_id == span.trace_id]
        return []

    assert eventually(lambda: {s for s, _span in ran()} == {"palace3-web", "palace3-worker"}, within=60)
    names = {(service, span.name) for service, span in ran()}
    assert {
        ("palace3-web", "POST exports/new/"),
        ("palace3-web", "INSERT exports_export"),
        ("palace3-web", "apply_async/exports:write"),
        ("palace3-worker", "run/exports:write"),
        ("palace3-worker", "UPDATE exports_export"),
    } <= names
    end_tracing()
    pages = {span.name for _service, span in traced.spans() if span.kind == SpanKind.SERVER.value + 1}
    assert {"GET participants/<str:number>/", "POST participants/<str:number>/notes/new/", "GET"} <= pages
    everything = b"".join(traced.bodies)
    for value in (PLANTED, number, "127.0.0.1", world.coordinator.username, "seen="):
        assert value.encode() not in everything, value


def test_a_span_leaves_without_the_values_that_it_had() -> None:
    state = TraceState([("vendor", PLANTED)])
    context = SpanContext(7, 8, is_remote=True, trace_state=state)
    event = Event(
        "exception",
        {"exception.type": "ValueError", "exception.message": PLANTED, "exception.stacktrace": PLANTED},
    )
    of_page = stripped(
        ReadableSpan(
            PLANTED, context, context, kind=SpanKind.SERVER, events=[event, Event(PLANTED)],
            attributes={"http.method": "GET", "http.route": "a/<int:pk>/", "http.target": f"/a/1/?q={PLANTED}"},
            status=Status(StatusCode.ERROR, PLANTED),
        )
    )  # fmt: skip
    assert PLANTED not in of_page.to_json()
    assert PLANTED not in of_page.context.trace_state.to_header()
    assert of_page.name == "GET a/<int:pk>/"
    assert of_page.status.status_code is StatusCode.ERROR
    assert [dict(each.attributes or {}) for each in of_page.events] == [{"exception.type": "ValueError"}]
    literal = {"db.system": "postgresql", "db.statement": f"LOCK TABLE {PLANTED}; -- '{PLANTED}'"}
    of_statement = stripped(ReadableSpan(f"{PLANTED} x", context, attributes=literal))
    assert (of_statement.name, dict(of_statement.attributes or {})) == ("SQL", {"db.system": "postgresql"})


def test_nothing_is_traced_where_no_collector_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(COLLECTOR, raising=False)
    monkeypatch.setattr("palace3.spans.trace_process", lambda _part: pytest.fail("traced"))
    start_tracing("web")
