"""The request as a view sees it after ``@requires`` or ``@login_required``."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in. For annotations only: nothing makes one."""

    user: User
