"""A series of signings in one session: the first asks for user name and password, later ones for the password alone.

So 21 CFR Part 11 has it (11.200(a)(1)(i)): the first signing of a continuous period of access uses every component
of the signature. A series ends with its session, and after as long without a signature as an idle session lasts.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.forms import Field, PasswordInput, TextInput
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.throttle import count_wrong_password
from kernel import reading
from kernel.errors import Refusal
from kernel.fields import PasswordField, WordsField

if TYPE_CHECKING:
    from accounts.models import User

FIELD: Final = "signer"
SIGNED_AT: Final = "signed_at"  # in the session: when the last signature of its series was put


class NameNotGiven(Refusal):
    code = "accounts.name_not_given"
    fields = (FIELD, "password")
    message = _(
        "The first signature after signing in asks for your user name and your password. Nothing was signed. "
        "Type both, the user name as you sign in with it."
    )
    status = 422


@dataclass
class SigningSeries:
    """The signings of the session that the request at hand belongs to; nothing is read before somebody signs."""

    request: HttpRequest
    told: str | None = None
    has_signed: bool = False

    @property
    def is_begun(self) -> bool:
        """Say whether the session signed not long ago."""
        since = timezone.now().timestamp() - self.request.session.get(SIGNED_AT, 0)
        return bool(since < settings.IDLE_MINUTES * 60)

    @property
    def name(self) -> str:
        """The user name as the page or the call sent it."""
        return self.request.POST.get(FIELD, "") if self.told is None else self.told


# Empty outside a session: a program shows its token with each signature, and that names its owner.
SERIES: ContextVar[SigningSeries | None] = ContextVar("palace3_series", default=None)


def end_series(request: HttpRequest) -> None:
    """The next signature in the session of ``request`` is the first of a series."""
    request.session.pop(SIGNED_AT, None)


def tell_signer(name: str) -> None:
    """The request says by ``name`` who signs; one that comes from no page has no field for it."""
    if at_hand := SERIES.get():
        at_hand.told = name


def asks_name() -> bool:
    """Say whether a signature in the session at hand would be the first of its series."""
    at_hand = SERIES.get()
    return at_hand is not None and not at_hand.is_begun


def typed_name() -> str:
    """Return the user name that came with the request at hand."""
    at_hand = SERIES.get()
    return reading.plain(at_hand.name) if at_hand else ""


def note_signature(person: int) -> None:
    """A signature of ``person`` is put: the series of their session has begun, once it is kept."""
    at_hand = SERIES.get()
    if at_hand and at_hand.request.user.pk == person:
        at_hand.has_signed = True


def name_field() -> Field:
    """Return the field of the user name, which stands before the password of a series' first signature."""
    told = ngettext(
        "Asked with the first signature after you have signed in, or when you have signed nothing for "
        "%(minutes)s minute.",
        "Asked with the first signature after you have signed in, or when you have signed nothing for "
        "%(minutes)s minutes.",
        settings.IDLE_MINUTES,
    )
    shown = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    return WordsField(
        label=_("Your user name"),
        help_text=told % {"minutes": settings.IDLE_MINUTES},
        required=False,
        widget=TextInput(attrs=shown),
    )


def refuse_without_name(by: User) -> None:
    """``by`` has typed their name or address where the signature is the first of a series; a wrong one is counted."""
    if not asks_name() or typed_name() == by.username:
        return
    if by.email and typed_name().casefold() == by.email.casefold():
        return
    if typed_name():
        count_wrong_password(by)
    raise NameNotGiven


class SigningField(PasswordField):
    """The password that signs; before the first of a series the user name is asked as well."""

    def __init__(self, **more: Any) -> None:
        super().__init__(widget=PasswordInput(attrs={"autocomplete": "current-password"}), **more)

    def asked_before(self) -> dict[str, Field]:
        return {FIELD: name_field()} if asks_name() else {}
