"""The second factor: an app, passkeys, recovery codes; what counts as an answer, and how an app learns its secret.

Nothing is written here.
"""

from __future__ import annotations

import io
import secrets
from datetime import datetime
from typing import Any, Final

import pyotp
import qrcode
from qrcode.image.svg import SvgPathImage

from accounts.models import User
from accounts.passkeys import PasskeyAnswer, passkeys_after
from accounts.sealing import is_keyed_digest, keyed_digest
from kernel import reading

RECOVERY: Final = "recovery code"


def factor_after(
    user: User, code: str, passkey: PasskeyAnswer | None, *, at: datetime
) -> dict[str, Any] | None:
    """Return what of the account changes as its second factor is used up; None where nothing of it was shown.

    Whoever has no second factor is asked for none.
    """
    if not user.has_second_factor:
        return {}
    if user.totp_confirmed_at and (step := matching_step(user, code, at)) is not None:
        return {"totp_last_step": step}
    if (left := codes_after(user, code)) is not None:
        return {"recovery_codes": left}
    passkeys = passkeys_after(user, passkey)
    return None if passkeys is None else {"passkeys": passkeys}


def matching_step(user: User, code: str, at: datetime, *, from_session: bool = False) -> int | None:
    """Return the time step that ``code`` belongs to, or None; a step used before opens no session again."""
    if not user.app_secret:
        return None
    typed = reading.code(code)
    if not typed.isascii():
        return None
    totp = pyotp.TOTP(user.app_secret)
    now = int(at.timestamp()) // totp.interval
    for step in (now, now - 1, now + 1):
        if step > user.totp_last_step - from_session and secrets.compare_digest(
            totp.generate_otp(step), typed
        ):
            return step
    return None


def recovery_digest(user: User, code: str) -> str:
    """Return what is kept of a recovery code: bound to whose it is."""
    return keyed_digest(f"{user.username}:{_plain(code)}", purpose=RECOVERY)


def codes_after(user: User, code: str) -> list[str] | None:
    """Return the digests of recovery codes that are left when ``code`` is used; None when it is none of them."""
    text = f"{user.username}:{_plain(code)}"
    used = [each for each in user.recovery_codes or [] if is_keyed_digest(each, text, purpose=RECOVERY)]
    return [each for each in user.recovery_codes or [] if each not in used] if used else None


def _plain(code: str) -> str:
    return reading.code(code).replace("-", "").lower()


def address_for_app(user: User) -> str:
    """Return the address that an authenticator app reads, or nothing when no secret waits."""
    if not user.app_secret:
        return ""
    return pyotp.TOTP(user.app_secret).provisioning_uri(name=user.username, issuer_name="PALACE-3")


def drawn(address: str) -> str:
    """Return ``address`` as a QR code: one SVG element without styles."""
    out = io.BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, border=1).save(out)
    return out.getvalue().decode().partition("?>")[2].strip()


def code_at(user: User, at: datetime) -> str:
    """Return the code that the person's app shows at ``at``: for demonstrations, where nobody has the app."""
    return pyotp.TOTP(user.app_secret).at(at) if user.app_secret else ""


def codes_of_everyone(at: datetime) -> list[tuple[User, str]]:
    """Return everybody who may sign in, with their code at ``at``: for demonstrations."""
    return [
        (user, code_at(user, at)) for user in User.objects.filter(is_active=True).order_by("username")[:60]
    ]
