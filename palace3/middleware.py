"""Around every request: its number, the person with what they may do, and refusals as pages."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from time import perf_counter

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.utils import timezone

from accounts.services import note_use
from accounts.sessions import close_session
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.maintenance import MaintenanceMode, maintenance
from kernel.network import network_of
from kernel.request_id import NETWORK, REQUEST_ID
from kernel.scope import Scope, scope
from kernel.uploads import most_bytes
from palace3.error_views import answer, refusal_page
from palace3.metrics import SECONDS
from trials.models.people import own_scope, with_grants

Handler = Callable[[HttpRequest], HttpResponseBase]
_PLAIN = re.compile(r"[A-Za-z0-9-]{8,36}")
SEEN_EVERY_SECONDS = 60
NO_STORE = "no-store, private"
# No page asks for anything of the device, and nothing that gets into one may; only the public page asks where its
# reader is, to show the nearest centre, and the answer stays in the browser.
NOTHING_OF_THE_DEVICE = (
    ", ".join(
        f"{what}=()"
        for what in (
            *(
                "accelerometer",
                "camera",
                "display-capture",
                "gyroscope",
                "magnetometer",
                "microphone",
            ),
            *("midi", "payment", "screen-wake-lock", "serial", "usb"),
        )
    )
    + ", geolocation=(self)"
)


def request_id(get_response: Handler) -> Handler:
    """Give every request a number that its log lines, acts and answer carry; its time is counted for Prometheus."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        offered = request.headers.get("X-Request-ID", "")
        number = offered if _PLAIN.fullmatch(offered) else str(uuid.uuid4())
        outer, begun = REQUEST_ID.set(number), perf_counter()
        whence = NETWORK.set(partial(network_of, request))
        try:
            response = get_response(request)
        finally:
            NETWORK.reset(whence)
            REQUEST_ID.reset(outer)
        match = getattr(request, "resolver_match", None)
        SECONDS.labels(  # under the name of the view, never under the path, which holds numbers of participants
            (match.view_name or "unnamed") if match else "none",
            request.method if request.method in {"GET", "POST", "HEAD"} else "other",
            f"{response.status_code // 100}xx",
        ).observe(perf_counter() - begun)
        response.headers["X-Request-ID"] = number
        response.headers["Permissions-Policy"] = NOTHING_OF_THE_DEVICE
        return response

    return middleware


OF_MACHINES = ("/healthz", "/readyz", "/metrics")
WRITES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
ASK_AGAIN_AFTER = "60"


def refused_by_maintenance(request: HttpRequest) -> HttpResponseBase | None:
    """Return the answer to what cannot be done while maintenance is on; None for what can still be read."""
    now = None if request.path in OF_MACHINES else maintenance()
    if now is None or (now.mode is MaintenanceMode.READ_ONLY and request.method in WRITES_NOTHING):
        return None
    request.user = AnonymousUser()  # the page asks nobody's name of a database that may be away
    response = answer(request, 503)
    response.headers["Retry-After"] = ASK_AGAIN_AFTER
    response.headers["Cache-Control"] = NO_STORE
    return response


def person(get_response: Handler) -> Handler:
    """Let the request run with the grants of the person signed in, and see only their sites.

    No browser keeps what they were answered: a page that comes back, and it may be to somebody else, is asked for anew.
    While maintenance is on nothing is written, the session neither, and nothing was asked of the database before.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        is_maintained = settings.MAINTENANCE_FILE.exists()
        if is_maintained and (refused := refused_by_maintenance(request)):
            return refused
        now = timezone.now()
        if request.user.is_authenticated and _was_idle(request, now):
            close_session(request, at=now, idle=True)
        eyes: AbstractContextManager[Scope] = scope(user_id=None, sites=())
        is_known = request.user.is_authenticated
        if is_known:
            today = local_date(now, settings.TRIAL_TIME_ZONE)
            user = with_grants(request.user, on=today)
            eyes = own_scope(user, confided=True)
        with eyes:
            response = get_response(request)
        if is_known or request.path.startswith("/api/"):
            response.headers["Cache-Control"] = NO_STORE
        if is_maintained:
            request.session.modified = False
        return response

    return middleware


def _was_idle(request: HttpRequest, now: datetime) -> bool:
    """Say whether nothing was asked for longer than the idle time; note that something was asked now.

    What the page asks by itself (drafts, live values) does not count as being there.
    """
    seen = request.session.get("seen_at")
    idle = (now.timestamp() - seen) if seen else 0.0
    if idle > settings.IDLE_MINUTES * 60:
        return True
    if "X-Background" not in request.headers and (seen is None or idle > SEEN_EVERY_SECONDS):
        request.session["seen_at"] = now.timestamp()
    return False


def _holds_null(request: HttpRequest) -> bool:
    """Say whether the address or the form holds the one character that no text of the database can hold."""
    texts = [text for part in (request.GET, request.POST) for _name, given in part.lists() for text in given]
    return "\x00" in "".join([request.path, *texts])


def _is_too_large(request: HttpRequest) -> bool:
    """Say whether more is sent than is taken; who reads the body as a stream would not notice by itself."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdecimal()) or int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return False
    return int(length) > most_bytes(request)


def _in_words(request: HttpRequest, refused: HttpResponseNotAllowed) -> HttpResponseBase:
    """Say it to who comes back from signing in to the address of a button, and would see an empty page."""
    said = answer(request, 405)
    said.headers["Allow"] = refused.headers["Allow"]
    return said


def uses(get_response: Handler) -> Handler:
    """Note after the answer, whatever it was, that an API token opened something."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        token = getattr(request, "auth", None)  # set by the API alone; None where a person is signed in
        if token is not None:
            note_use(digest=token.digest, at=timezone.now())
        return response

    return middleware


class Refusals:
    """A refusal becomes a page (or JSON, or a fragment) that says what is so and what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_too_large(request):
            return answer(request, 413)
        if _holds_null(request):
            return answer(request, 400)
        response = self.get_response(request)
        return _in_words(request, response) if isinstance(response, HttpResponseNotAllowed) else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return refusal_page(request, exception) if isinstance(exception, Refusal) else None
