"""Every answer that is no success has the same shape: what is so and what to do."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from kernel.errors import Refusal


def answer(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Answer with status, sentence and code; nothing of the act of a refusal is kept."""
    if isinstance(exception, Refusal):
        if connection.in_atomic_block:
            transaction.set_rollback(True)
        return Response({"detail": str(exception), "code": exception.code}, status=exception.status)
    if isinstance(exception, Http404):
        exception = exceptions.NotFound()
    answered = exception_handler(exception, context)
    if answered is not None and isinstance(exception, exceptions.APIException):
        answered.data = {"detail": str(exception.detail), "code": f"api.{exception.default_code}"}
    return answered
