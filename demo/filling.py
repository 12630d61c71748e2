"""What the demonstration answers while its trial is being filled: a page that says so and asks again by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

Handler = Callable[[HttpRequest], HttpResponseBase]
ASKS_AGAIN_AFTER = 3
OF_MACHINES = ("/healthz", "/readyz")


def progress_beside(mark: Path) -> Path:
    """Return the file in which the filling says how far it is ("12 of 32"); there is none before it begins."""
    return mark.with_name("filling")


def how_far(mark: Path) -> dict[str, int]:
    """Return how many participants of how many have come to their end; empty while the database is being made."""
    try:
        done, of = progress_beside(mark).read_text().split(" of ")
    except (OSError, ValueError):  # not begun, or being written at this moment
        return {}
    return {"done": int(done), "of": int(of)}


def filling(get_response: Handler) -> Handler:
    """Answer every page with 503 until the file ``PALACE3_DEMO_FILLED`` stands; what machines ask is answered."""
    mark, filled = Path(settings.PALACE3_DEMO_FILLED), False

    def middleware(request: HttpRequest) -> HttpResponseBase:
        nonlocal filled
        filled = filled or mark.exists()
        if filled or request.path in OF_MACHINES:
            return get_response(request)
        page = render_to_string("demo/filling.html", {"seconds": ASKS_AGAIN_AFTER, **how_far(mark)})
        headers = {"Retry-After": str(ASKS_AGAIN_AFTER), "Cache-Control": "no-store"}
        return HttpResponse(page, status=503, headers=headers)

    return middleware
