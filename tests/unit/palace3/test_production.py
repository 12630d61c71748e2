"""A server with real data refuses, by name, what would be unsafe on it."""

from __future__ import annotations

import base64
import os
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.environment import EnvironmentRefused
from kernel.production import faults, refuse_unsafe

SAFE: dict[str, Any] = {
    "SECRET_KEY": "q8Zr2-Yw0cV1nT5xK7bM3sD9fG4hJ6lP_aE0iU1oRtWzXcVbNm2Q",
    "PALACE3_DEMO": False,
    "DEBUG": False,
    "PALACE3_PRACTICE": False,
    "PRACTICE_ADDRESS": "https://practice.example.org",
    "PRACTICE_KEY": "tY3vB7nM1qW5eR9zX4cV8kL2jH6gF0dS_aP3oI7uZ1xC5vB9nM4Q",
    "PALACE3_LIST_KEY": "k1:" + base64.b64encode(os.urandom(32)).decode(),
    "PALACE3_LIST_KEY_FILE": "",
    "PALACE3_OPENS_ARMS": True,
    "PALACE3_IDENTITY_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    "BEHIND_TLS": True,
    "PUBLIC_ADDRESS": "https://palace3.example.org",
    "ALLOWED_HOSTS": ["palace3.example.org"],
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example.org",
    "EMAIL_USE_TLS": True,
    "EMAIL_USE_SSL": False,
    "EMAIL_HOST_PASSWORD": "",
    "BROKER_URL": "redis://:aVeryLongPasswordOfTheBroker@redis:6379/0",
    "DATABASES": {"default": {"USER": "palace3_app", "PASSWORD": "aVeryLongPasswordOfTheApp"}},
}

UNSAFE: list[tuple[str, dict[str, Any]]] = [
    ("PALACE3_DEMO", {"PALACE3_DEMO": True}),
    ("PALACE3_PRACTICE", {"PALACE3_PRACTICE": True}),
    ("PRACTICE_KEY", {"PRACTICE_KEY": "short"}),
    ("SECRET_KEY", {"SECRET_KEY": ""}),
    ("SECRET_KEY", {"SECRET_KEY": "short"}),
    ("SECRET_KEY", {"SECRET_KEY": "a" * 60}),
    ("PALACE3_LIST_KEY", {"PALACE3_LIST_KEY": ""}),
    ("PALACE3_LIST_KEY", {"PALACE3_LIST_KEY": "k1:not-a-key"}),
    ("PALACE3_LIST_KEY", {"PALACE3_LIST_KEY": "k1:" + base64.b64encode(bytes(32)).decode()}),
    ("PALACE3_IDENTITY_KEY", {"PALACE3_IDENTITY_KEY": ""}),
    ("PALACE3_IDENTITY_KEY", {"PALACE3_IDENTITY_KEY": "YWJj"}),
    ("BEHIND_TLS", {"BEHIND_TLS": False}),
    ("PUBLIC_ADDRESS", {"PUBLIC_ADDRESS": "http://palace3.example.org"}),
    ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": ["*"]}),
    ("EMAIL_BACKEND", {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}),
    ("EMAIL_BACKEND", {"EMAIL_BACKEND": "kernel.file_outbox.FileOutbox"}),
    ("EMAIL_USE_TLS", {"EMAIL_USE_SSL": True}),
    ("EMAIL_HOST_PASSWORD", {"EMAIL_HOST_PASSWORD": "x", "EMAIL_USE_TLS": False}),
    ("BROKER_URL", {"BROKER_URL": "redis://redis:6379/0"}),
    ("DATABASE_URL", {"DATABASES": {"default": {"USER": "palace3_app", "PASSWORD": "short"}}}),
    (
        "DATABASE_URL",
        {"DATABASES": {"default": {"USER": "postgres", "PASSWORD": "aVeryLongPasswordOfTheApp"}}},
    ),
    ("DATABASE_OWNER_URL", {"DATABASES": {**SAFE["DATABASES"], "owner": {"PASSWORD": "x"}}}),
]


def chosen(**unsafe: Any) -> SimpleNamespace:
    return SimpleNamespace(**{**SAFE, "PALACE3_PRODUCTION": True, **unsafe})


def test_a_safe_server_starts() -> None:
    assert faults(chosen()) == []
    refuse_unsafe(chosen())


@pytest.mark.parametrize(
    ("named", "unsafe"), UNSAFE, ids=[f"{i} {name}" for i, (name, _) in enumerate(UNSAFE)]
)
def test_what_is_unsafe_is_refused_by_name(named: str, unsafe: dict[str, Any]) -> None:
    with pytest.raises(EnvironmentRefused) as refusal:
        refuse_unsafe(chosen(**unsafe))
    assert [fault.split(":")[0] for fault in faults(chosen(**unsafe))] == [named]
    assert named in str(refusal.value)
    secrets = [v for k, v in unsafe.items() if isinstance(v, str) and len(v) > 6 and "KEY" in k]
    assert not [value for value in secrets if value in str(refusal.value)], "a refusal prints no secret"


def test_only_production_refuses() -> None:
    refuse_unsafe(chosen(PALACE3_PRODUCTION=False, SECRET_KEY=""))


def test_a_process_that_opens_no_arm_starts_without_the_lists_key() -> None:
    refuse_unsafe(chosen(PALACE3_LIST_KEY="", PALACE3_OPENS_ARMS=False))
