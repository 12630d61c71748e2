"""What a server with real data must not be started with. Each fault begins with the name of its variable."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop as _

from kernel.environment import EnvironmentRefused

SHORTEST_KEY: Final = 50
SHORTEST_PASSWORD: Final = 16
FEWEST_CHARACTERS: Final = 12
KEY_BYTES: Final = 32
NOT_LEAVING: Final = ("filebased", "locmem", "dummy", "console", "no_mail_server", "file_outbox")


@dataclass(frozen=True)
class UnsafeSetting:
    """One fault: the variable, and the sentence in English, which a page says in its own language."""

    variable: str
    sentence: str
    least: int = 0

    def __str__(self) -> str:
        """Return it in English, for a process that starts speaks no language yet."""
        return f"{self.variable}: {self.sentence.format(least=self.least)}"


def refuse_unsafe(chosen: Any) -> None:
    """The process starts with these settings, unless this is production and something is unsafe."""
    if chosen.PALACE3_PRODUCTION and (named := faults(chosen)):
        raise EnvironmentRefused("This server does not start:\n" + "\n".join(f"- {fault}" for fault in named))


def faults(chosen: Any) -> list[str]:
    """Say all that is unsafe for real data, without a word of a secret."""
    return [str(fault) for fault in unsafe_settings(chosen)]


def unsafe_settings(chosen: Any) -> list[UnsafeSetting]:
    """Return all that is unsafe for real data."""
    return [*_secrets(chosen), *_access(chosen), *_mail(chosen), *_servers(chosen)]


def _secrets(chosen: Any) -> Iterator[UnsafeSetting]:
    if chosen.PALACE3_DEMO or chosen.DEBUG:
        yield UnsafeSetting(
            "PALACE3_DEMO", _("the switch of the demonstration is on. Take it out of the environment.")
        )
    if chosen.PALACE3_PRACTICE:
        yield UnsafeSetting(
            "PALACE3_PRACTICE", _("this server is for practice. Take PALACE3_PRODUCTION out there.")
        )
    if chosen.PRACTICE_ADDRESS and not _is_strong(chosen.PRACTICE_KEY, SHORTEST_KEY):
        yield UnsafeSetting(
            "PRACTICE_KEY",
            _("absent, shorter than {least} characters or too even. Make one with scripts/make_secrets.py."),
            SHORTEST_KEY,
        )
    if not _is_strong(chosen.SECRET_KEY, SHORTEST_KEY):
        yield UnsafeSetting(
            "SECRET_KEY",
            _("absent, shorter than {least} characters or too even. Make one with scripts/make_secrets.py."),
            SHORTEST_KEY,
        )
    if chosen.PALACE3_OPENS_ARMS and not _are_keys(_list_keys(chosen)):
        yield UnsafeSetting(
            "PALACE3_LIST_KEY",
            _("not id:base64 of 32 random bytes. Without it no coming arm can be opened."),
        )
    if not _are_keys([key.strip() for key in chosen.PALACE3_IDENTITY_KEY.split(",") if key.strip()]):
        yield UnsafeSetting("PALACE3_IDENTITY_KEY", _("not base64 of 32 random bytes."))


def _access(chosen: Any) -> Iterator[UnsafeSetting]:
    if not chosen.BEHIND_TLS:
        yield UnsafeSetting(
            "BEHIND_TLS",
            _("off. Put a proxy with TLS in front and set it to 1; without it cookies travel in clear."),
        )
    elif urlsplit(chosen.PUBLIC_ADDRESS).scheme != "https":
        yield UnsafeSetting("PUBLIC_ADDRESS", _("does not begin with https://; its links stand in mails."))
    if not chosen.ALLOWED_HOSTS or "*" in chosen.ALLOWED_HOSTS:
        yield UnsafeSetting("ALLOWED_HOSTS", _("names every host or none. Name the hosts that people type."))


def _mail(chosen: Any) -> Iterator[UnsafeSetting]:
    if any(word in chosen.EMAIL_BACKEND for word in NOT_LEAVING):
        yield UnsafeSetting(
            "EMAIL_BACKEND",
            _(
                "mails would not leave this machine. Set django.core.mail.backends.smtp.EmailBackend and EMAIL_HOST."
            ),
        )
    if chosen.EMAIL_USE_TLS and chosen.EMAIL_USE_SSL:
        yield UnsafeSetting(
            "EMAIL_USE_TLS", _("set together with EMAIL_USE_SSL. Keep one: STARTTLS (587) or TLS (465).")
        )
    if chosen.EMAIL_HOST_PASSWORD and not (chosen.EMAIL_USE_TLS or chosen.EMAIL_USE_SSL):
        yield UnsafeSetting(
            "EMAIL_HOST_PASSWORD", _("would travel in clear. Set EMAIL_USE_TLS or EMAIL_USE_SSL.")
        )


def _servers(chosen: Any) -> Iterator[UnsafeSetting]:
    if not _is_strong(urlsplit(chosen.BROKER_URL).password or "", SHORTEST_PASSWORD):
        yield UnsafeSetting("BROKER_URL", _("no password of at least {least} characters."), SHORTEST_PASSWORD)
    app = chosen.DATABASES["default"]
    if app.get("USER") != "palace3_app" or not _is_strong(str(app.get("PASSWORD", "")), SHORTEST_PASSWORD):
        yield UnsafeSetting(
            "DATABASE_URL",
            _("not palace3_app with a password of at least {least} characters."),
            SHORTEST_PASSWORD,
        )
    if "owner" in chosen.DATABASES:
        yield UnsafeSetting(
            "DATABASE_OWNER_URL",
            _("stands in the environment of a process that serves. Only prepare_database needs it."),
        )


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
