"""People and their signatures."""

from __future__ import annotations

from datetime import date, datetime
from operator import attrgetter
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ADDED_ROLES, SECOND_FACTOR_ROLES, Grant, Permission, Role
from accounts.sealing import opened
from audit.guards import (
    ActGuard,
    MayDelete,
    ProvenAccess,
    ProvenIdentity,
    ProvenSignature,
    SiteScoped,
    WrittenBySystem,
)
from audit.models import Audited, audited


class Theme(models.TextChoices):
    """The colours in which a person reads; without a choice those of the device."""

    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")
    CONTRAST = "contrast", _("High contrast, light or dark as the device has it")


class Density(models.TextChoices):
    """How close rows stand; without a choice comfortably."""

    COMPACT = "compact", _("Compact: more rows at one glance")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)

    def signing_in_as(self, name: str) -> models.QuerySet[User]:
        """Narrow to the account that somebody names as they sign in: by its user name, or by its e-mail address.

        No user name has an @. An address that several open accounts have is nobody's.
        """
        if "@" not in name:
            return self.filter(username=name)
        numbers = list(self.filter(email__iexact=name, is_active=True).values_list("pk", flat=True)[:2])
        return self.filter(pk__in=numbers if len(numbers) == 1 else [])


# What somebody signs in with or is told by, and whether they may sign in or sign: no SQL alone changes it.
IDENTITY_COLUMNS: Final = (
    *("username", "email", "password", "totp_secret", "totp_confirmed_at"),
    *("passkeys", "recovery_codes", "hospital_accounts"),
    *("display_name", "is_active", "must_change_password", "session_key", "access_reset_at", "reset_by_id"),
    *("failed_sign_ins", "locked_until", "totp_last_step", "signed_in_at", "secrets_digest"),
    *("trained_on", "training_document", "trained_for", "training_months", "identity_checked_on"),
    *("identity_document", "accountability_accepted_on", "proofs_recorded_by_id", "verified_by_id"),
    "verified_at",
)
TASTES: Final = ("language", "theme", "density", "views")  # how somebody reads; it opens and closes nothing


@audited(exclude=("password", "totp_secret"))
class User(AbstractBaseUser, Audited):
    """One person, one account. The name is never used again, not even after they left (11.10(d)).

    The trail keeps no secret, but a keyed digest of both (``audit.secret_digests``).
    """

    NAMED_BY: ClassVar = ("username",)
    SECRETS: ClassVar = ("password", "totp_secret")

    username = models.CharField(_("user name"), max_length=40, unique=True)
    display_name = models.CharField(_("name as printed on signatures"), max_length=80)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    theme = models.CharField(_("colours"), max_length=10, choices=Theme, null=True)
    density = models.CharField(_("density"), max_length=10, choices=Density, null=True)
    views = models.JSONField(_("saved views of lists"), null=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    trained_on = models.DateField(_("trained on"), null=True, blank=True)
    identity_checked_on = models.DateField(_("identity checked on"), null=True, blank=True)
    accountability_accepted_on = models.DateField(
        _("accountability policy accepted on"), null=True, blank=True
    )
    training_document = models.CharField(
        _("course or certificate of the training"), max_length=120, null=True, blank=True
    )
    trained_for = models.CharField(
        _("trained for version of the protocol"), max_length=10, null=True, blank=True
    )
    training_months = models.PositiveSmallIntegerField(
        _("months for which the training holds"), null=True, blank=True
    )
    identity_document = models.CharField(
        _("document of the identity check"), max_length=120, null=True, blank=True
    )
    proofs_recorded_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    verified_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(_("identity and training verified at"), null=True)
    reset_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    totp_secret = models.CharField(max_length=200, blank=True)
    totp_confirmed_at = models.DateTimeField(_("second factor set up at"), null=True, blank=True)
    totp_last_step = models.BigIntegerField(default=0)
    passkeys = models.JSONField(_("passkeys"), null=True)
    recovery_codes = models.JSONField(_("digests of recovery codes that are left"), null=True)
    hospital_accounts = models.JSONField(_("accounts at hospitals that open this one"), null=True)
    signed_in_at = models.DateTimeField(_("last signed in at"), null=True)
    secrets_digest = models.CharField(max_length=64, null=True, editable=False)
    must_change_password = models.BooleanField(
        _("password was given by somebody else"), default=False, help_text=_("Changed at the next sign-in.")
    )
    session_key = models.CharField(max_length=32, default="first")
    access_reset_at = models.DateTimeField(
        _("tokens and calendar addresses given out before end"), null=True, blank=True
    )
    failed_sign_ins = models.PositiveSmallIntegerField(_("failed sign-ins"), default=0)
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True)
    last_login = None

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]
    grants: tuple[Grant, ...] = ()
    granted_on: date | None = None  # the day that the grants are of
    limits: frozenset[Permission] | None = None

    class Meta:
        verbose_name = _("person")
        constraints = (
            ActGuard(name="accounts_user_act"),
            ProvenIdentity(name="accounts_user_identity", columns=IDENTITY_COLUMNS),
            ProvenAccess(name="accounts_user_made", of="account", key="username"),
        )

    def __str__(self) -> str:
        return self.display_name or self.username

    def ended_access_since(self, moment: datetime) -> bool:
        """Say whether password, second factor or a role was reset or ended since ``moment``: what was given out
        by then (a token, a calendar address) opens nothing any more (11.300(b) and (c))."""
        return self.access_reset_at is not None and moment <= self.access_reset_at

    @property
    def must_secure_account(self) -> bool:
        """Say whether the password, or a second factor that the role asks for, is not yet the person's own."""
        is_theirs = not self.must_change_password and self.reset_by_id is None
        return not is_theirs or (self.needs_second_factor and not self.has_second_factor)

    @property
    def app_secret(self) -> str:
        """The secret of the person's app in clear; the column holds it sealed."""
        return opened(self.totp_secret, bound_to=self.seal_of_secret) if self.totp_secret else ""

    @property
    def seal_of_secret(self) -> str:
        """What the sealed secret is bound to: moved to another account it opens nothing."""
        return f"accounts_user {self.pk} totp_secret"

    @property
    def has_second_factor(self) -> bool:
        """Say whether an app or a passkey is asked for at sign-in."""
        return self.totp_confirmed_at is not None or bool(self.passkeys)

    @property
    def accountable_since(self) -> date | None:
        """Return the day on which the person accepted the policy in force, or None."""
        day, since = self.accountability_accepted_on, settings.ACCOUNTABILITY_SINCE
        return day if day is None or since is None or day >= since else None

    @property
    def waits_for_verifier(self) -> bool:
        """Say whether training and identity, or who came back after a reset, are one person's word so far."""
        is_new = self.proofs_recorded_by_id is not None and self.verified_at is None
        return is_new or self.reset_by_id is not None

    def may(self, permission: Permission, site: Any = None) -> bool:
        """Say whether a role held now includes ``permission``: at ``site``, or anywhere when None."""
        site_id = getattr(site, "pk", site)
        if self.limits is not None and permission not in self.limits:
            return False
        return any(
            grant.includes(permission) and (site_id is None or grant.reaches(site_id))
            for grant in self.grants
        )

    def sites_with(self, permission: Permission) -> frozenset[int] | None:
        """Return the ids of the sites where ``permission`` is held; None when it is held everywhere."""
        if self.limits is not None and permission not in self.limits:
            return frozenset()
        sites = {grant.site_id for grant in self.grants if grant.includes(permission)}
        return None if None in sites else frozenset(filter(None, sites))

    def role_at(self, site_id: int | None) -> Role | None:
        """Return the role under which the person acts at the site: the local one before a central one.

        One that is only given beside another comes last.
        """
        ranked = [
            (
                grant.role in ADDED_ROLES,
                grant.site_id is None,
                grant.role is not Role.INVESTIGATOR,
                grant.role,
            )
            for grant in self.grants
            if site_id is None or grant.reaches(site_id)
        ]
        return min(ranked)[-1] if ranked else None

    @property
    def needs_second_factor(self) -> bool:
        """Say whether the person's roles ask for a second factor at sign-in; to practice they come by the trial's."""
        if settings.PALACE3_PRACTICE:
            return False
        if settings.SECOND_FACTOR_OF_EVERYBODY:
            return bool(self.roles)
        return not self.roles.isdisjoint(SECOND_FACTOR_ROLES)

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(map(attrgetter("role"), self.grants))

    def check_password(self, raw_password: str | None) -> bool:
        """Say whether this is the password; the stored hash stays as it is."""
        return check_password(raw_password or "", self.password)

    def get_session_auth_hash(self) -> str:
        """Sessions end when the password or the session key changes."""
        return super().get_session_auth_hash() + self.session_key


@audited()
class Signature(Audited):
    """An electronic signature: who, when, with what meaning, over exactly which content.

    The digest binds it to the record as it was then (21 CFR Part 11 11.50, 11.70).
    """

    by = models.ForeignKey(User, models.PROTECT, related_name="signatures")
    printed_name = models.CharField(_("printed name"), max_length=80)
    role = models.CharField(_("role"), max_length=40)
    signed_at = models.DateTimeField(_("signed at"))
    meaning = models.CharField(_("meaning"), max_length=200)
    record = models.CharField(_("record"), max_length=200)
    digest = models.CharField(_("digest of the record"), max_length=64)
    site_id = models.BigIntegerField(_("site"), null=True)

    class Meta:
        verbose_name = _("signature")
        constraints = (
            ActGuard(name="accounts_signature_act", frozen=True),
            SiteScoped(name="accounts_signature_scope", own="by_id"),
            ProvenSignature(name="accounts_signature_proven"),
        )

    def __str__(self) -> str:
        return f"{self.printed_name} · {self.meaning}"


class AccessUse(models.Model):
    """When a secret that was given out (an API token, a calendar address) last opened something.

    It is known by its digest alone. Noted at most once in fifteen minutes, outside the trail: a use changes nothing.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    used_at = models.DateTimeField(_("last used"))

    class Meta:
        constraints = (
            MayDelete(name="accounts_accessuse_deletable"),
            WrittenBySystem(name="accounts_accessuse_own"),
        )

    def __str__(self) -> str:
        return f"{self.used_at:%Y-%m-%d %H:%M}"


class BrowserSession(models.Model):
    """A session as its owner knows it: which browser, on which device, since when.

    A working copy beside Django's own row, which says whether the session lives; signing in and out are acts.
    """

    key = models.CharField(max_length=40, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    browser = models.CharField(_("browser"), max_length=80)
    device = models.CharField(max_length=64)
    opened_at = models.DateTimeField(_("signed in at"))

    class Meta:
        constraints = (
            MayDelete(name="accounts_browsersession_deletable"),
            WrittenBySystem(name="accounts_browsersession_own"),
        )

    def __str__(self) -> str:
        return f"{self.browser} · {self.opened_at:%Y-%m-%d %H:%M}"


@audited(exclude=("body",))
class Mail(Audited):
    """A message that will be sent once, by the worker, after the act that wrote it is kept.

    ``key`` is unique, so that one event writes one message; ``about`` names the row that the message's kind reads
    once more before it is sent, where it reads one. ``dropped_at`` says when it was found to be no longer needed,
    before it was sent. What may wait for the reader's digest says from when on it leaves (``digest_at``), and of which
    message it became a part (``sent_with``; accounts/digests.py).
    """

    NAMED_BY: ClassVar = ("key",)
    SECRETS: ClassVar = ("body",)

    to = models.ForeignKey(User, models.PROTECT, null=True, related_name="mails")
    address = models.EmailField()
    language = models.CharField(max_length=10, default="en")
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=120, unique=True)
    secrets_digest = models.CharField(max_length=64, null=True, editable=False)
    about = models.CharField(max_length=60, null=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    site_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)
    digest_at = models.DateTimeField(null=True)
    sent_with = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(sent_at=None) | models.Q(dropped_at=None),
                name="accounts_mail_sent_or_dropped",
            ),
            ActGuard(name="accounts_mail_act"),
            SiteScoped(name="accounts_mail_scope", own="to_id"),
            WrittenBySystem(name="accounts_mail_settled", settled=True),
        )
        indexes = (
            models.Index(
                fields=["created_at"], condition=models.Q(sent_at=None, dropped_at=None), name="mail_unsent"
            ),
        )

    def __str__(self) -> str:
        return self.subject
