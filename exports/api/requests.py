"""The request as an endpoint sees it: somebody has been recognised."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts.models import User


class CallerRequest(Request):
    """A request of a recognised caller. For annotations only: nothing makes one."""

    user: User
    data: dict[str, Any]
