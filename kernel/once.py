"""A page that is sent twice, by a second press or by the browser after a lost answer, does its step once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal

FIELD, HELD_SECONDS = "once", 12 * 3600
PAGE_KEY = re.compile(r"[0-9a-f]{32}")


class SentBefore(Refusal):
    code = "trials.sent_before"
    message = _(
        "This page was sent already, and its step is done. Look where it is on record; to do it once more, open the "
        "page anew."
    )


def new_key() -> str:
    """Return the key of a page that is shown now."""
    return secrets.token_hex(16)


def was_sent(sent: str, *, by: Any) -> bool:
    """Say whether the page with the key ``sent`` did its step before."""
    key = _key(sent, by)
    return bool(key and cache.get(key))


def _key(sent: str, by: Any) -> str:
    return f"page:{getattr(by, 'pk', None)}:{sent}" if PAGE_KEY.fullmatch(sent) else ""


@contextmanager
def sent_once(sent: str, *, by: Any) -> Iterator[None]:
    """Do what is inside unless the page with the key ``sent`` did it before; what is refused may be sent again.

    A key is good for the person who sends it, and a page without one is not held up. While the server that
    holds the keys is away, nobody is kept from working.
    """
    key = _key(sent, by)
    if key and not cache.add(key, 1, HELD_SECONDS) and cache.get(key):
        raise SentBefore
    try:
        yield
    except BaseException:
        if key:
            cache.set(key, None, 0)  # no longer held
        raise


def once_for_each_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Do what a button asks for once for each page that shows it; a form that is given to a service does so itself."""

    @wraps(view)
    def pressed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with sent_once(request.POST.get(FIELD, ""), by=request.user):
            return view(request, *args, **kwargs)

    return pressed
