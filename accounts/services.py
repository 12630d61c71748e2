"""Everything that changes an account, and signing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pyotp
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import AccessUse, Mail, Signature, User
from accounts.throttle import count_wrong_password
from audit.acts import current_act, open_act, record_act
from audit.models import Act
from audit.secret_digests import name_digest, secrets_digest
from kernel import reading
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.scope import tell_signing

TRIES_BEFORE_LOCK = 5
LOCKED_FOR = timedelta(minutes=15)
USE_NOTED_EVERY = timedelta(minutes=15)


class DayAhead(Refusal):
    code = "accounts.day_ahead"
    message = _("{what}: {day} has not come yet. Record it when it has happened.")
    status = 422


class NameTaken(Refusal):
    code = "accounts.name_taken"
    fields = ("username",)
    message = _(
        "The user name {username} was given to somebody before. Choose another: names are never used again."
    )
    status = 409


class PasswordTooWeak(Refusal):
    code = "accounts.password_too_weak"
    fields = ("new", "password")
    message = _("This password cannot be used: {why}")
    status = 422


class WrongCode(Refusal):
    code = "accounts.wrong_code"
    fields = ("code",)
    message = _("The code does not match. Type the six digits that your app shows now.")
    status = 422


class WrongPassword(Refusal):
    code = "accounts.wrong_password"
    fields = ("password",)
    message = _("The password does not match your account. Nothing was signed. Type it again.")
    status = 422


class SigningRests(Refusal):
    code = "accounts.signing_rests"
    message = _(
        "The password was mistyped five times, so this account signs nothing for 15 minutes. "
        "If it was not you, tell the trial manager."
    )
    status = 429


class SignInRefused(Refusal):
    code = "accounts.sign_in_refused"
    message = _(
        "User name, password or code do not match. After five tries the account rests for 15 minutes."
    )
    status = 422


class MayNotSign(Refusal):
    code = "accounts.may_not_sign"
    message = _(
        "Your account may not sign yet: {missing}. Ask the trial manager to complete your record of identity, "
        "training and accountability."
    )


def create_person(
    *,
    username: str,
    display_name: str,
    password: str | None = None,
    email: str = "",
    language: str = "en",
    trained_on: date | None = None,
    identity_checked_on: date | None = None,
    accountability_accepted_on: date | None = None,
    by: User | None,
    at: datetime,
) -> User:
    """A new account exists; its name was never used before (11.10(d), 11.300(a)).

    Refuses: a name that was ever used; days of training or identity that are still to come.
    """
    with open_act("accounts:person:create", by=by, at=at) as act:
        _refuse_days_ahead({"trained_on": trained_on, "identity_checked_on": identity_checked_on}, at)
        if User.objects.filter(username__iexact=username).exists():
            raise NameTaken(username=username)
        hashed = make_password(password)
        return User.objects.create(
            username=username,
            display_name=display_name,
            email=email,
            language=language,
            password=hashed,
            secrets_digest=secrets_digest(
                User, {"username": username, "password": hashed, "totp_secret": ""}
            ),
            must_change_password=password is not None,
            trained_on=trained_on,
            identity_checked_on=identity_checked_on,
            accountability_accepted_on=accountability_accepted_on,
            act=act,
        )


def _refuse_days_ahead(fields: Mapping[str, Any], at: datetime) -> None:
    today = local_date(at, settings.TRIAL_TIME_ZONE)
    dated = {
        "trained_on": _("training"),
        "identity_checked_on": _("identity check"),
        "accountability_accepted_on": _("accountability policy"),
    }
    for name, what in dated.items():
        day = fields.get(name)
        if day is not None and day > today:
            raise DayAhead(what=what, day=day.isoformat())


def change_person(*, user: User, by: User | None, at: datetime, verb: str = "change", **fields: Any) -> User:
    """The account carries ``fields``; nothing else of it changed.

    Refuses: days of training or identity that are still to come. Locks: the person.
    """
    with open_act(f"accounts:person:{verb}", by=by, at=at) as act:
        _refuse_days_ahead(fields, at)
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not fields.keys().isdisjoint(User.SECRETS):
            fields["secrets_digest"] = secrets_digest(User, {**vars(locked), **fields})
        for name, value in {**fields, "act": act}.items():
            setattr(locked, name, value)
            setattr(user, name, value)
        locked.save(update_fields=[*fields, "act"])
    return user


def set_password(*, user: User, password: str, by: User | None, at: datetime) -> None:
    """The password is new; every session, token and calendar address of the time before has ended (11.300(b)).

    One that somebody else chose serves for a single sign-in: its owner changes it before anything else.
    """
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise PasswordTooWeak(why=" ".join(weak.messages)) from weak
    change_person(
        user=user,
        by=by,
        at=at,
        verb="set_password",
        password=make_password(password),
        must_change_password=by is None or by.pk != user.pk,
        session_key=secrets.token_hex(16),
        access_reset_at=at,
        failed_sign_ins=0,
        locked_until=None,
    )


def begin_second_factor(*, user: User, at: datetime) -> str:
    """A new secret waits for its first code; the address for the person's app is returned."""
    secret = pyotp.random_base32()
    change_person(
        user=user, by=user, at=at, verb="begin_second_factor", totp_secret=secret, totp_confirmed_at=None
    )
    return pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name="PALACE-3")


def confirm_second_factor(*, user: User, code: str, at: datetime) -> bool:
    """The factor counts from now on if ``code`` is right; say whether it was."""
    step = _matching_step(user, code, at)
    if step is None:
        return False
    factor = {"totp_confirmed_at": at, "totp_last_step": step, "access_reset_at": at}
    change_person(user=user, by=user, at=at, verb="confirm_second_factor", **factor)
    return True


def _matching_step(user: User, code: str, at: datetime, *, from_session: bool = False) -> int | None:
    """Return the time step that ``code`` belongs to, or None; a step used before opens no session again."""
    if not user.totp_secret:
        return None
    typed = reading.code(code)
    if not typed.isascii():
        return None
    totp = pyotp.TOTP(user.totp_secret)
    now = int(at.timestamp()) // totp.interval
    for step in (now, now - 1, now + 1):
        if step > user.totp_last_step - from_session and secrets.compare_digest(
            totp.generate_otp(step), typed
        ):
            return step
    return None


def sign_in(*, username: str, password: str, code: str, at: datetime) -> User | None:
    """Return the person when all that their account asks for matches, else None; both are recorded.

    Who is unknown, locked or gone gets the same answer. The caller answers None with ``SignInRefused``:
    the failure must be kept, so it is not raised inside the act.

    Locks: the person.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(username=username).first()
        if user is None:
            make_password(password)
            with open_act("accounts:session:refuse", by=None, at=at, reason=name_digest(username)):
                return None
        resting = user.locked_until is not None and at < user.locked_until
        right = user.check_password(password) and user.is_active and not resting
        step = _matching_step(user, code, at) if user.totp_confirmed_at else 0
        if not right or step is None:
            _count_failure(user, resting=resting, at=at)
            return None
        with open_act("accounts:session:open", by=user, at=at) as act:
            user.failed_sign_ins, user.locked_until, user.act = 0, None, act
            user.totp_last_step = step or user.totp_last_step
            user.save(update_fields=["failed_sign_ins", "locked_until", "totp_last_step", "act"])
    return user


def sign_out(*, user: User, at: datetime, idle: bool = False) -> None:
    """It is on record that the person's session ended: by their own word, or because nobody was there."""
    record_act(f"accounts:session:{'expire' if idle else 'close'}", by=user, at=at)


def count_mistyped(*, user: User, at: datetime) -> None:
    """It is on record that a password, asked for again in an open session, was wrong (11.300(d))."""
    record_act("accounts:signature:refuse", by=user, at=at)


def signing_rests(user: User, *, at: datetime) -> bool:
    """Say whether the password was mistyped too often of late inside sessions of ``user``.

    Failed sign-ins do not count here: an outsider who knows a name must not keep its owner from signing.
    """
    wrong = Act.objects.filter(verb="accounts:signature:refuse", by=user, at__gt=at - LOCKED_FOR)
    return wrong.count() >= TRIES_BEFORE_LOCK


def _count_failure(user: User, *, resting: bool, at: datetime) -> None:
    with open_act("accounts:session:refuse", by=user, at=at) as act:
        user.failed_sign_ins, user.act = user.failed_sign_ins + 1, act
        if user.failed_sign_ins >= TRIES_BEFORE_LOCK and not resting:
            user.locked_until, user.failed_sign_ins = at + LOCKED_FOR, 0
        user.save(update_fields=["failed_sign_ins", "locked_until", "act"])


def _missing_for_signing(user: User) -> str:
    missing = [
        str(label)
        for label, value in (
            (_("identity check"), user.identity_checked_on),
            (_("training"), user.trained_on),
            (_("accountability policy"), user.accountability_accepted_on),
        )
        if value is None
    ]
    if user.must_secure_account:
        missing.append(str(_("a password and second factor of your own")))
    return ", ".join(missing)


def refuse_wrong_password(*, by: User, password: str, at: datetime) -> None:
    """``by`` has typed their password again; one that does not match is counted, and too many rest for a while."""
    if signing_rests(by, at=at):
        raise SigningRests
    if not by.check_password(password):
        count_wrong_password(by)
        raise WrongPassword


def refuse_wrong_code(*, by: User, code: str, at: datetime) -> None:
    """``by`` has typed the code that their app shows; it may be the one they signed in with. No factor, no code."""
    if by.totp_confirmed_at and _matching_step(by, code, at, from_session=True) is None:
        count_wrong_password(by)
        raise WrongCode


def sign(
    *,
    record: str,
    digest: str,
    meaning: str | Promise,
    by: User,
    password: str,
    at: datetime,
    site: Any = None,
) -> Signature:
    """``by`` has signed exactly the content with ``digest``, in the act that is in force.

    The password is asked again (11.200(a)); name, time and meaning are kept with it (11.50). A ``meaning`` that
    has translations is kept in the words of the source, so that every reader is told it in their own language.
    """
    admit_signing(by=by, password=password, at=at)
    return put_signature(record=record, digest=digest, meaning=meaning, by=by, at=at, site=site)


def admit_signing(*, by: User, password: str, at: datetime) -> None:
    """Refuse who may not sign, and a password that is not theirs: asked once for everything that is signed together."""
    missing = _missing_for_signing(by)
    if missing:
        raise MayNotSign(missing=missing)
    refuse_wrong_password(by=by, password=password, at=at)


def put_signature(
    *, record: str, digest: str, meaning: str | Promise, by: User, at: datetime, site: Any = None
) -> Signature:
    """``by``, whom ``admit_signing`` has let through, has signed the content with ``digest``, in the act in force."""
    site_id = getattr(site, "pk", None)
    with override(None):
        kept = str(meaning)
    tell_signing(person=by.pk, record=record, digest=digest)
    return Signature.objects.create(
        by=by,
        printed_name=by.display_name,
        role=str(by.role_at(site_id) or ""),
        signed_at=at,
        meaning=kept,
        record=record,
        digest=digest,
        site_id=site_id,
        act=current_act(),
    )


def write_mail(
    *,
    to: User | None,
    address: str,
    kind: str,
    key: str,
    subject: str,
    body: str,
    language: str,
    site: Any,
    at: datetime,
    about: str | None = None,
) -> Mail | None:
    """The message waits in the outbox, once per ``key``; the worker sends it after the act is kept.

    ``about`` is for the message's kind, which reads the row that it names once more before sending.
    """
    if Mail.objects.filter(key=key).exists():
        return None
    return Mail.objects.create(
        to=to,
        address=address,
        kind=kind,
        key=key,
        about=about,
        subject=" ".join(subject.split()),
        body=body,
        secrets_digest=secrets_digest(Mail, {"key": key, "body": body}),
        language=language,
        site_id=getattr(site, "pk", None),
        created_at=at,
        act=current_act(),
    )


def note_use(*, digest: str, at: datetime) -> None:
    """The secret with this digest has opened something at ``at``, or up to fifteen minutes before."""
    uses = AccessUse.objects.filter(digest=digest)
    if not uses.filter(used_at__gt=at - USE_NOTED_EVERY).exists():
        AccessUse.objects.update_or_create(digest=digest, defaults={"used_at": at})
