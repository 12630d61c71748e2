"""Loaded by the web node whose clock is to be wrong: it reads 25 minutes more than the machine."""

from datetime import datetime, timedelta

from django.utils import timezone

_right = timezone.now


def _ahead() -> datetime:
    return _right() + timedelta(minutes=25)


timezone.now = _ahead
