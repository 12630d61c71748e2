"""Everything that changes an account, and signing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Unpack

import pyotp
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.mail_words import AccountNotice, notice_text
from accounts.models import TASTES, AccessUse, BrowserSession, Mail, Signature, User
from accounts.passkeys import PasskeyAnswer
from accounts.proofs import Course, proofs_of, refuse_days_ahead
from accounts.sealing import sealed
from accounts.second_factor import factor_after, matching_step
from accounts.series import note_signature, refuse_without_name
from accounts.throttle import count_wrong_password
from audit.acts import current_act, open_act, record_act
from audit.models import Act
from audit.secret_digests import name_digest, secrets_digest, with_network
from kernel.errors import Refusal
from kernel.punctuation import listed
from kernel.scope import EVERYTHING, scope, tell_account, tell_identity, tell_signing

TRIES_BEFORE_LOCK = 5
LOCKED_FOR = timedelta(minutes=15)
# What a reset leaves of whatever an account is opened with beside its password.
NO_FACTOR: Mapping[str, Any] = {
    "totp_secret": "",
    "totp_confirmed_at": None,
    "passkeys": None,
    "recovery_codes": None,
    "hospital_accounts": None,
}
USE_NOTED_EVERY = timedelta(minutes=15)


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


class SignInAgain(Refusal):
    code = "accounts.sign_in_again"
    message = _(
        "This asks for your passkey, and you have shown it more than 15 minutes ago. Sign out, sign in with it and "
        "come back."
    )


class WrongPassword(Refusal):
    code = "accounts.wrong_password"
    fields = ("password",)
    message = _("The password does not match your account. Nothing was signed. Type it again.")
    status = 422


class SigningLocked(Refusal):
    code = "accounts.signing_locked"
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
    training_document: str | None = None,
    identity_document: str | None = None,
    accountability_accepted_on: date | None = None,
    by: User | None,
    at: datetime,
    **course: Unpack[Course],
) -> User:
    """A new account exists; its name was never used before (11.10(d), 11.300(a)).

    Refuses: a name that was ever used; days of training or identity that are still to come, or without a document.
    """
    with open_act("accounts:person:create", by=by, at=at) as act:
        proofs = proofs_of(
            by,
            trained_on=trained_on,
            training_document=training_document,
            identity_checked_on=identity_checked_on,
            identity_document=identity_document,
            **course,
        )
        refuse_days_ahead({"trained_on": trained_on, "identity_checked_on": identity_checked_on}, at)
        if User.objects.filter(username__iexact=username).exists():
            raise NameTaken(username=username)
        hashed = make_password(password)
        tell_account(username=username)
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
            accountability_accepted_on=accountability_accepted_on,
            **proofs,
            act=act,
        )


def change_person(*, user: User, by: User | None, at: datetime, verb: str = "change", **fields: Any) -> User:
    """The account carries ``fields``; nothing else of it changed. The secret of an app is sealed.

    Refuses: days of training or identity that are still to come. Locks: the person.
    """
    with open_act(f"accounts:person:{verb}", by=by, at=at) as act:
        refuse_days_ahead(fields, at)
        locked = User.objects.select_for_update().get(pk=user.pk)
        if fields.get("totp_secret"):
            fields["totp_secret"] = sealed(fields["totp_secret"], bound_to=locked.seal_of_secret)
        if not fields.keys().isdisjoint(User.SECRETS):
            fields["secrets_digest"] = secrets_digest(User, {**vars(locked), **fields})
        if not fields.keys() <= {*TASTES}:
            tell_identity(person=locked.pk)
        for name, value in {**fields, "act": act}.items():
            setattr(locked, name, value)
            setattr(user, name, value)
        locked.save(update_fields=[*fields, "act"])
    return user


def set_password(*, user: User, password: str, by: User | None, at: datetime) -> None:
    """The password is new; every session, token and calendar address of the time before has ended (11.300(b)).

    One that somebody else chose serves for a single sign-in: its owner changes it before anything else.

    Refuses: one that is too weak, or stolen.
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
    if user.signed_in_at is not None:
        own = by is not None and by.pk == user.pk
        with open_act("accounts:person:notify", by=by, at=at):
            tell_owner(user, AccountNotice.CHANGED if own else AccountNotice.RESET, at=at)


def tell_owner(user: User, notice: AccountNotice, *, at: datetime) -> None:
    """The owner of the account is told by mail, under the act in force; who has no address reads it in the trail."""
    if not user.email:
        return
    with override(user.language):
        subject, body = notice_text(notice, at=at)
    with scope(user_id=None, sites=EVERYTHING):  # a visitor's scope shows no outbox
        write_mail(
            to=user,
            address=user.email,
            kind="accounts:notice",
            key=f"account:{notice}:{user.pk}:{at.isoformat()}",
            subject=subject,
            body=body,
            language=user.language,
            site=None,
            at=at,
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
    step = matching_step(user, code, at)
    if step is None:
        return False
    factor = {"totp_confirmed_at": at, "totp_last_step": step, "access_reset_at": at}
    change_person(user=user, by=user, at=at, verb="confirm_second_factor", **factor)
    return True


def sign_in(
    *,
    username: str,
    password: str,
    code: str,
    at: datetime,
    passkey: PasskeyAnswer | None = None,
    device: str = "",
) -> User | None:
    """Return the person when all that their account asks for matches, else None; both are recorded.

    Who is unknown, locked or gone gets the same answer. The caller answers None with ``SignInRefused``:
    the failure must be kept, so it is not raised inside the act. ``device`` is the digest of a browser: one that the
    person has signed in with before is counted by itself, so that no outsider locks its owner out.

    Locks: the person.
    """
    with transaction.atomic():
        user = User.objects.signing_in_as(username).select_for_update().first()
        if user is None:
            make_password(password)
            reason = with_network(name_digest(username))
            with open_act("accounts:session:refuse", by=None, at=at, reason=reason):
                return None
        is_right = user.check_password(password) and user.is_active
        used = factor_after(user, code, passkey, at=at)
        if not is_right or used is None:
            count_refused(user, device=device, at=at)
            return None
        return open_account(user, used, device=device, at=at)


def open_account(
    user: User, used: Mapping[str, Any], *, device: str, at: datetime, reason: str = ""
) -> User | None:
    """The locked account of ``user``, for which all matched, is open and its factor used up; None while it rests."""
    known = _known(user, device)
    if _rests(user, known=known, at=at):
        _count_failure(user, known=known, resting=True, at=at)
        return None
    with open_act("accounts:session:open", by=user, at=at, reason=reason) as act:
        tell_identity(person=user.pk)
        changed = {"failed_sign_ins": 0, "locked_until": None, "signed_in_at": at, "act": act, **used}
        for name, value in changed.items():
            setattr(user, name, value)
        user.save(update_fields=[*changed])
        if "recovery_codes" in used:
            tell_owner(user, AccountNotice.RECOVERY_CODE, at=at)
    return user


def count_refused(user: User, *, device: str, at: datetime) -> None:
    """The sign-in to the locked account of ``user`` is refused, on record and counted."""
    known = _known(user, device)
    _count_failure(user, known=known, resting=_rests(user, known=known, at=at), at=at)


def _known(user: User, device: str) -> str:
    return device if _is_known(user, device) else ""


def _is_known(user: User, device: str) -> bool:
    return bool(device) and BrowserSession.objects.filter(user=user, device=device).exists()


def _rests(user: User, *, known: str, at: datetime) -> bool:
    """Say whether sign-ins rest: of the account for whoever comes from outside, of a known browser for itself."""
    if not known:
        return user.locked_until is not None and at < user.locked_until
    wrong = Act.objects.filter(
        verb="accounts:session:refuse", by=user, at__gt=at - LOCKED_FOR, reason__startswith=_browser(known)
    )
    return wrong.count() >= TRIES_BEFORE_LOCK


def _browser(device: str) -> str:
    return f"browser:{device[:16]}"


def sign_out(*, user: User, at: datetime, idle: bool = False) -> None:
    """It is on record that the person's session ended: by their own word, or because nobody was there."""
    record_act(f"accounts:session:{'expire' if idle else 'close'}", by=user, at=at)


def count_mistyped(*, user: User, at: datetime) -> None:
    """It is on record that a password, asked for again in an open session, was wrong (11.300(d))."""
    record_act("accounts:signature:refuse", by=user, at=at, reason=with_network(""))


def signing_locked(user: User, *, at: datetime) -> bool:
    """Say whether the password was mistyped too often of late inside sessions of ``user``.

    Failed sign-ins do not count here: an outsider who knows a name must not keep its owner from signing.
    """
    wrong = Act.objects.filter(verb="accounts:signature:refuse", by=user, at__gt=at - LOCKED_FOR)
    return wrong.count() >= TRIES_BEFORE_LOCK


def _count_failure(user: User, *, known: str, resting: bool, at: datetime) -> None:
    reason = with_network(_browser(known) if known else "")
    with open_act("accounts:session:refuse", by=user, at=at, reason=reason) as act:
        if known:
            return
        user.failed_sign_ins, user.act = user.failed_sign_ins + 1, act
        if user.failed_sign_ins >= TRIES_BEFORE_LOCK and not resting:
            user.locked_until, user.failed_sign_ins = at + LOCKED_FOR, 0
            tell_owner(user, AccountNotice.LOCKED, at=at)
        tell_identity(person=user.pk)
        user.save(update_fields=["failed_sign_ins", "locked_until", "act"])


def _missing_for_signing(user: User) -> str:
    missing = [
        str(label)
        for label, value in (
            (_("identity check"), user.identity_checked_on),
            (_("training"), user.trained_on),
            (_("accountability policy"), user.accountable_since),
        )
        if value is None
    ]
    if user.waits_for_verifier:
        missing.append(str(_("a second person's word on identity and training")))
    if user.must_secure_account:
        missing.append(str(_("a password and second factor of your own")))
    return listed(missing)


def refuse_wrong_password(*, by: User, password: str, at: datetime) -> None:
    """``by`` has typed their password again; one that does not match is counted, and too many rest for a while."""
    if signing_locked(by, at=at):
        raise SigningLocked
    if not by.check_password(password):
        count_wrong_password(by)
        raise WrongPassword


def refuse_wrong_code(*, by: User, code: str, at: datetime) -> None:
    """``by`` has typed the code that their app shows; it may be the one they signed in with. No factor, no code.

    Whoever has passkeys alone has shown one within the last quarter of an hour, at sign-in.
    """
    if by.totp_confirmed_at and matching_step(by, code, at, from_session=True) is None:
        count_wrong_password(by)
        raise WrongCode
    if by.passkeys and not by.totp_confirmed_at and not _is_fresh(by, at):
        raise SignInAgain


def _is_fresh(user: User, at: datetime) -> bool:
    return user.signed_in_at is not None and at - user.signed_in_at < LOCKED_FOR


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
    """Refuse who may not sign, and components that are not theirs: asked once for everything that is signed together.

    The first signing of a series has two, user name and password (11.200(a)(1)(i)); each later one the password.
    """
    missing = _missing_for_signing(by)
    if missing:
        raise MayNotSign(missing=missing)
    refuse_without_name(by)
    refuse_wrong_password(by=by, password=password, at=at)


def put_signature(
    *, record: str, digest: str, meaning: str | Promise, by: User, at: datetime, site: Any = None
) -> Signature:
    """``by``, whom ``admit_signing`` has let through, has signed the content with ``digest``, in the act in force."""
    site_id = getattr(site, "pk", None)
    with override(None):
        kept = str(meaning)
    tell_signing(person=by.pk, record=record, digest=digest)
    note_signature(by.pk)
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
    digest_at: datetime | None = None,
) -> Mail | None:
    """The message waits in the outbox, once per ``key``; the worker sends it after the act is kept.

    ``about`` is for the message's kind, which reads the row that it names once more before sending. With ``digest_at``
    the message leaves from then on, as a part of its reader's digest, which adds the closing line.
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
        digest_at=digest_at,
        act=current_act(),
    )


def note_use(*, digest: str, at: datetime) -> None:
    """The secret with this digest has opened something at ``at``, or up to fifteen minutes before."""
    uses = AccessUse.objects.filter(digest=digest)
    if not uses.filter(used_at__gt=at - USE_NOTED_EVERY).exists():
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            AccessUse.objects.update_or_create(digest=digest, defaults={"used_at": at})
