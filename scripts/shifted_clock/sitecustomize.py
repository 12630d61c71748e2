"""Loaded by every Python that ``scripts/test_dates.py`` starts on another date.

libfaketime 0.9.10 takes the moment at which ``time.sleep`` is to end for a day of the calendar, and refuses it.
"""

import select
import time


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = _sleep
