"""However many sign in at once, no more passwords are worked on than there are places in the lane."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as ours
from django.contrib.auth.hashers import Argon2PasswordHasher, get_hasher

from accounts.hashing import LaneHasher


def test_passwords_are_checked_in_a_lane(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = ["accounts.hashing.LaneHasher"]
    hasher = get_hasher("argon2")
    assert isinstance(hasher, LaneHasher)
    at_once, most, counting = 0, 0, threading.Lock()
    met = threading.Barrier(ours.SIGN_IN_LANE)

    def slow(self: Any, password: str, encoded: str) -> bool:
        nonlocal at_once, most
        with counting:
            at_once += 1
            most = max(most, at_once)
        met.wait(10)
        with counting:
            at_once -= 1
        return password == encoded

    monkeypatch.setattr(Argon2PasswordHasher, "verify", slow)
    with ThreadPoolExecutor(8 * ours.SIGN_IN_LANE) as people:
        told = list(people.map(lambda _: hasher.verify("a", "a"), range(4 * ours.SIGN_IN_LANE)))
    assert all(told)
    assert most == ours.SIGN_IN_LANE


def test_a_hash_of_before_still_opens() -> None:
    hasher, usual = LaneHasher(), Argon2PasswordHasher()
    assert hasher.algorithm == usual.algorithm
    assert hasher.verify("long enough for all", usual.encode("long enough for all", usual.salt()))
