"""Passwords are hashed in a lane: as many at a time as there are cores, each with its 100 MiB."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

LANE = BoundedSemaphore(settings.SIGN_IN_LANE)


class LaneHasher(Argon2PasswordHasher):
    """Argon2 as Django has it. Who signs in while the lane is full waits their turn, and nobody's page waits for them:
    without it a morning's sign-ins take all processors and threads × 100 MiB at once."""

    def encode(self, *args: Any, **kwargs: Any) -> str:
        with LANE:
            return str(super().encode(*args, **kwargs))

    def verify(self, *args: Any, **kwargs: Any) -> bool:
        with LANE:
            return bool(super().verify(*args, **kwargs))
