"""Pages for what cannot be done or found: one sentence that says what is so, and a way on.

The same answer comes as a page, as JSON for the page's own scripts, or as a fragment for htmx.
"""

from __future__ import annotations

from typing import Final

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from website.public.language import CHINESE, HOMES

TITLES: Final[dict[int, str | Promise]] = {
    400: _("This request could not be read"),
    403: _("This is not part of your role"),
    404: _("Page not found"),
    405: _("This is reached by a button only"),
    409: _("This cannot be done now"),
    413: _("That was too large"),
    422: _("This could not be accepted"),
    429: _("Please wait a moment"),
    500: _("Something went wrong on our side"),
    503: _("The program is being maintained"),
}
PAGES: Final = frozenset({400, 403, 404, 409, 413, 429})
SENTENCES: Final[dict[int, str | Promise]] = {
    400: _("What arrived was incomplete or not readable for the program. Go back and send it again."),
    403: _("Your role does not include this. Ask the trial manager if you need it for your work."),
    404: _(
        "The page does not exist, or it belongs to a site that you do not work for. "
        "Check the number or go to your work list."
    ),
    405: _(
        "Nothing was changed: this address takes only what a button on its page sends. "
        "Go back to that page and press the button again."
    ),
    413: _("More was sent than the program takes at once. Send it in smaller parts."),
    429: _("Too many requests came from you in a short time. Try again in a minute."),
    500: _(
        "Nothing was saved, and the fault is on record. Go back and try again; "
        "if it comes again, tell the data manager."
    ),
    503: _(
        "Nothing was saved. Nothing can be written for a while; what was recorded before is kept. "
        "What cannot wait goes on the outage sheet."
    ),
}

# Whoever tried too often waits a quarter of an hour (accounts.services.LOCKED_FOR, accounts.throttle).
RESTS_SECONDS: Final = "900"

# What a program reads where no refusal of ours has a code of its own: the words of the API's own errors.
CODES: Final[dict[int, str]] = {
    400: "parse_error",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "throttled",
    500: "error",
    503: "maintenance",
}


def answer(
    request: HttpRequest,
    status: int,
    sentence: str | Promise = "",
    *,
    title: str | Promise = "",
    code: str = "",
) -> HttpResponseBase:
    """Return ``sentence`` with ``status`` in the shape that the asker reads."""
    said = str(sentence or SENTENCES[status])
    if request.path.startswith("/api/v1/"):
        return JsonResponse({"detail": said, "code": code or CODES.get(status, "error")}, status=status)
    if _wants_json(request):
        return JsonResponse({"message": said}, status=status)
    if request.headers.get("HX-Request"):
        return render(request, "partials/refused.html", {"sentence": said}, status=status)
    page = f"{status}.html" if status in PAGES else "409.html"
    context = {"status": status, "title": title or TITLES.get(status, TITLES[409]), "sentence": said}
    return render(request, page, context, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch" or "application/json" in request.headers.get(
        "Accept", ""
    )


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponseBase:
    """Answer a refusal: what is so and what to do, in the reader's language."""
    response = answer(request, refusal.status, str(refusal), code=refusal.code)
    if refusal.status == 429:
        response.headers["Retry-After"] = RESTS_SECONDS
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Answer 400, or 413 when more was sent than is taken."""
    too_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent)
    return answer(request, 413 if too_large else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Answer 404, in the same words for what does not exist and for what is another site's; a visitor in theirs."""
    user = getattr(request, "user", None)
    if (user is not None and user.is_authenticated) or not _wants_page(request):
        return answer(request, 404)
    with override(CHINESE if request.path.startswith(HOMES[CHINESE]) else get_language()):
        return render(request, "public/not_found.html", status=404)


def _wants_page(request: HttpRequest) -> bool:
    is_of_a_program = request.path.startswith("/api/v1/") or _wants_json(request)
    return not is_of_a_program and not request.headers.get("HX-Request")


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer 500 without touching the database, which may be what failed."""
    context = {"status": 500, "title": TITLES[500], "sentence": SENTENCES[500]}
    try:
        page = render_to_string("500.html", context)
    except Exception:  # what failed may be what every page needs, such as the list of static files
        page = render_to_string("500_alone.html", context)
    return HttpResponse(page, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form that was opened before the last sign-in, or without cookies."""
    sentence = _("This form was opened before your last sign-in. Go back, reload the page and send it again.")
    return answer(request, 403, sentence, title=_("This page is out of date"))
