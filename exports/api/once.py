"""A call that creates something is done once for each Idempotency-Key: sent again, it is given its first answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from rest_framework.response import Response

from crf.records.refusals import KeyTooLong
from crf.records.save import LONGEST_KEY
from exports.api.bodies import body_of
from exports.api.requests import CallerRequest
from kernel.errors import Refusal
from kernel.once import HELD_SECONDS

HEADER = "Idempotency-Key"


class CallKeyUsed(Refusal):
    code = "exports.key_used"
    message = _(
        "Nothing was done: this Idempotency-Key was used for {call}, with other content. Send a key of its own with "
        "each call."
    )


class CallInProgress(Refusal):
    code = "exports.call_in_progress"
    message = _("The same call is being done at this moment. Wait a moment and send it again for its answer.")


def answered_once(request: CallerRequest, answer: Callable[[], Response]) -> Response:
    """Return the answer of the call; the same key with the same call and body is given the first one.

    A key is its sender's alone, a call without one is not held up, and what is refused may be sent again.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return answer()
    if len(key) > LONGEST_KEY:
        raise KeyTooLong(number=len(key), most=LONGEST_KEY)
    kept, sent = f"call:{request.user.pk}:{key.encode().hex()}", _said(request)
    if not cache.add(kept, sent, HELD_SECONDS) and (first := cache.get(kept)):
        return _first_answer(first, sent)
    try:
        made = answer()
    except BaseException:
        cache.set(kept, None, 0)  # no longer held
        raise
    cache.set(kept, sent | {"data": made.data, "status": made.status_code}, HELD_SECONDS)
    return made


def _said(request: CallerRequest) -> dict[str, Any]:
    """Return what the key stands for: the call, and a digest of its body, which may hold a password."""
    call = f"{request.method} {request.path}"
    body = json.dumps(body_of(request), sort_keys=True)
    return {"call": call, "digest": salted_hmac(HEADER, f"{call}\n{body}", algorithm="sha256").hexdigest()}


def _first_answer(first: dict[str, Any], sent: dict[str, Any]) -> Response:
    if first["digest"] != sent["digest"]:
        raise CallKeyUsed(call=first["call"])
    if "status" not in first:
        raise CallInProgress
    return Response(first["data"], status=first["status"])
