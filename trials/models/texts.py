"""The texts of the public page: every version, who wrote it, who released it, and what the ethics committee saw."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import Permission
from audit.guards import ActGuard, NamesItsActor, SetOnce
from audit.models import Audited, audited

PAGE_LANGUAGES = (("en", "English"), ("zh-hans", "简体中文"))
KEPT_AS_WRITTEN = (
    *("block", "language", "number", "title", "body", "author_id", "drafted_at"),
    *("released_by_id", "released_at", "ethics_approved_on", "ethics_reference", "protocol_version"),
    *("signature_id", "withdrawn_by_id", "withdrawn_at", "withdrawn_because"),
)


class TextSet(models.QuerySet["PublicText"]):
    """Versions of texts; every one belongs to the whole trial, none to a site."""

    def open_to(self, user: User, permission: Permission) -> Self:
        return self.all() if user.may(permission) else self.none()

    def newest(self) -> Self:
        """The version of each block and language that was drafted last."""
        later = PublicText.objects.filter(
            block=OuterRef("block"), language=OuterRef("language"), number__gt=OuterRef("number")
        )
        return self.filter(~Exists(later))

    def waiting(self) -> Self:
        """Drafts that can be released: the newest of their block and language, and not released yet."""
        return self.newest().filter(released_at=None)

    def shown(self) -> Self:
        """What readers see: the version released last, unless it was withdrawn. None before it comes back."""
        later = PublicText.objects.filter(
            block=OuterRef("block"),
            language=OuterRef("language"),
            number__gt=OuterRef("number"),
            released_at__isnull=False,
        )
        return self.filter(~Exists(later), released_at__isnull=False, withdrawn_at=None)


@audited()
class PublicText(Audited):
    """One version of the text of one block in one language. What is written stays; a change is a new version."""

    block = models.CharField(_("block"), max_length=40)
    language = models.CharField(_("language"), max_length=10, choices=PAGE_LANGUAGES)
    number = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=120)
    body = models.TextField(_("text"), max_length=4000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(_("drafted at"))
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(_("released at"), null=True)
    ethics_approved_on = models.DateField(_("approved by the ethics committee on"), null=True)
    ethics_reference = models.CharField(_("number of the ethics approval"), max_length=80, null=True)
    protocol_version = models.CharField(_("protocol version that filled it"), max_length=10, null=True)
    signature = models.ForeignKey(Signature, models.PROTECT, null=True, related_name="+")
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawn_because = models.TextField(_("reason"), max_length=400, null=True)

    objects = TextSet.as_manager()

    class Meta:
        verbose_name = _("public text")
        ordering = ("block", "language", "-number")
        constraints = (
            ActGuard(name="trials_publictext_act"),
            NamesItsActor(
                name="trials_publictext_actor", columns=("author_id", "released_by_id", "withdrawn_by_id")
            ),
            models.UniqueConstraint(fields=["block", "language", "number"], name="trials_publictext_once"),
            models.CheckConstraint(
                condition=Q(language__in=[code for code, _name in PAGE_LANGUAGES]),
                name="trials_publictext_spoken",
            ),
            models.CheckConstraint(
                condition=Q(
                    released_at=None,
                    released_by=None,
                    signature=None,
                    ethics_approved_on=None,
                    ethics_reference=None,
                    protocol_version=None,
                )
                | Q(
                    released_at__isnull=False,
                    released_by__isnull=False,
                    signature__isnull=False,
                    ethics_approved_on__isnull=False,
                    ethics_reference__isnull=False,
                    protocol_version__isnull=False,
                ),
                name="trials_publictext_released_whole",
            ),
            models.CheckConstraint(
                condition=Q(released_by=None) | ~Q(released_by=F("author")),
                name="trials_publictext_second_person",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_because=None)
                | Q(
                    released_at__isnull=False,
                    withdrawn_at__isnull=False,
                    withdrawn_by__isnull=False,
                    withdrawn_because__isnull=False,
                ),
                name="trials_publictext_withdrawn_whole",
            ),
            *(SetOnce(name=f"trials_publictext_once_{column}", column=column) for column in KEPT_AS_WRITTEN),
        )

    def __str__(self) -> str:
        return f"{self.block} {self.language} {self.number}"


class ConfirmationSet(models.QuerySet["PageConfirmation"]):
    def open_to(self, user: User, permission: Permission) -> Self:
        return self.all() if user.may(permission) else self.none()


@audited()
class PageConfirmation(Audited):
    """Somebody has read the whole public page in one language, and signed that all of it is still true."""

    language = models.CharField(_("language"), max_length=10, choices=PAGE_LANGUAGES)
    confirmed_at = models.DateTimeField(_("confirmed at"))
    signature = models.ForeignKey(Signature, models.PROTECT, related_name="+")

    objects = ConfirmationSet.as_manager()

    class Meta:
        verbose_name = _("confirmation of the public page")
        ordering = ("-confirmed_at",)
        constraints = (
            ActGuard(name="trials_pageconfirmation_act", frozen=True),
            models.CheckConstraint(
                condition=Q(language__in=[code for code, _name in PAGE_LANGUAGES]),
                name="trials_pageconfirmation_spoken",
            ),
        )

    def __str__(self) -> str:
        return f"{self.language} {self.confirmed_at:%Y-%m-%d}"
