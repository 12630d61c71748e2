"""What a server with real data must not be started with. Each fault begins with the name of its variable."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from kernel.environment import EnvironmentRefused

SHORTEST_KEY: Final = 50
SHORTEST_PASSWORD: Final = 16
FEWEST_CHARACTERS: Final = 12
KEY_BYTES: Final = 32
NOT_LEAVING: Final = ("filebased", "locmem", "dummy", "console", "no_mail_server", "file_outbox")


def refuse_unsafe(chosen: Any) -> None:
    """The process starts with these settings, unless this is production and something is unsafe."""
    if chosen.PALACE3_PRODUCTION and (named := faults(chosen)):
        raise EnvironmentRefused("This server does not start:\n" + "\n".join(f"- {fault}" for fault in named))


def faults(chosen: Any) -> list[str]:
    """Say all that is unsafe for real data, without a word of a secret."""
    return [*_secrets(chosen), *_access(chosen), *_mail(chosen), *_servers(chosen)]


def _secrets(chosen: Any) -> Iterator[str]:
    if chosen.PALACE3_DEMO or chosen.DEBUG:
        yield "PALACE3_DEMO: the switch of the demonstration is on. Take it out of the environment."
    if not _is_strong(chosen.SECRET_KEY, SHORTEST_KEY):
        yield (
            f"SECRET_KEY: absent, shorter than {SHORTEST_KEY} characters or too even. "
            "Make one with secrets.token_urlsafe(48)."
        )
    if chosen.PALACE3_OPENS_ARMS and not _are_keys(_list_keys(chosen)):
        yield "PALACE3_LIST_KEY: not id:base64 of 32 random bytes. Without it no coming arm can be opened."
    if not _are_keys([key.strip() for key in chosen.PALACE3_IDENTITY_KEY.split(",") if key.strip()]):
        yield "PALACE3_IDENTITY_KEY: not base64 of 32 random bytes."


def _access(chosen: Any) -> Iterator[str]:
    if not chosen.BEHIND_TLS:
        yield "BEHIND_TLS: off. Put a proxy with TLS in front and set it to 1; without it cookies travel in clear."
    elif urlsplit(chosen.PUBLIC_ADDRESS).scheme != "https":
        yield "PUBLIC_ADDRESS: does not begin with https://; its links stand in mails."
    if not chosen.ALLOWED_HOSTS or "*" in chosen.ALLOWED_HOSTS:
        yield "ALLOWED_HOSTS: names every host or none. Name the hosts that people type."


def _mail(chosen: Any) -> Iterator[str]:
    if any(word in chosen.EMAIL_BACKEND for word in NOT_LEAVING):
        yield (
            "EMAIL_BACKEND: mails would not leave this machine. "
            "Set django.core.mail.backends.smtp.EmailBackend and EMAIL_HOST."
        )
    if chosen.EMAIL_USE_TLS and chosen.EMAIL_USE_SSL:
        yield "EMAIL_USE_TLS: set together with EMAIL_USE_SSL. Keep one: STARTTLS (587) or TLS (465)."
    if chosen.EMAIL_HOST_PASSWORD and not (chosen.EMAIL_USE_TLS or chosen.EMAIL_USE_SSL):
        yield "EMAIL_HOST_PASSWORD: would travel in clear. Set EMAIL_USE_TLS or EMAIL_USE_SSL."


def _servers(chosen: Any) -> Iterator[str]:
    if not _is_strong(urlsplit(chosen.BROKER_URL).password or "", SHORTEST_PASSWORD):
        yield f"BROKER_URL: no password of at least {SHORTEST_PASSWORD} characters."
    app = chosen.DATABASES["default"]
    if app.get("USER") != "palace3_app" or not _is_strong(str(app.get("PASSWORD", "")), SHORTEST_PASSWORD):
        yield f"DATABASE_URL: not palace3_app with a password of at least {SHORTEST_PASSWORD} characters."
    if "owner" in chosen.DATABASES:
        yield "DATABASE_OWNER_URL: stands in the environment of a process that serves. Only prepare_database needs it."


def _is_strong(secret: str, shortest: int) -> bool:
    return len(secret) >= shortest and len(set(secret)) >= min(FEWEST_CHARACTERS, shortest // 2)


def _list_keys(chosen: Any) -> list[str]:
    text, path = chosen.PALACE3_LIST_KEY, chosen.PALACE3_LIST_KEY_FILE
    if not text and path:
        try:
            text = Path(path).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return []
    entries = [entry.strip() for entry in text.replace(",", "\n").splitlines() if entry.strip()]
    return [entry.partition(":")[2] for entry in entries]


def _are_keys(encoded: list[str]) -> bool:
    return bool(encoded) and all(map(_is_key, encoded))


def _is_key(encoded: str) -> bool:
    """Say whether these are 32 bytes that look random: a key of zeros is none."""
    try:
        key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(key) == KEY_BYTES and len(set(key)) >= FEWEST_CHARACTERS
