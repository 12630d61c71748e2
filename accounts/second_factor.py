"""The second factor as a person meets it: an address for their app, drawn as a QR code."""

from __future__ import annotations

import io
from datetime import datetime

import pyotp
import qrcode
from qrcode.image.svg import SvgPathImage

from accounts.models import User


def address_for_app(user: User) -> str:
    """Return the address that an authenticator app reads, or nothing when no secret waits."""
    if not user.totp_secret:
        return ""
    return pyotp.TOTP(user.totp_secret).provisioning_uri(name=user.username, issuer_name="PALACE-3")


def drawn(address: str) -> str:
    """Return ``address`` as a QR code: one SVG element without styles."""
    out = io.BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, border=1).save(out)
    return out.getvalue().decode().partition("?>")[2].strip()


def code_at(user: User, at: datetime) -> str:
    """Return the code that the person's app shows at ``at``: for demonstrations, where nobody has the app."""
    return pyotp.TOTP(user.totp_secret).at(at) if user.totp_secret else ""


def codes_of_everyone(at: datetime) -> list[tuple[User, str]]:
    """Return everybody who may sign in, with their code at ``at``: for demonstrations."""
    return [
        (user, code_at(user, at)) for user in User.objects.filter(is_active=True).order_by("username")[:60]
    ]
