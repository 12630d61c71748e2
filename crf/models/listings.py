"""Listings that people have built, the rows that each has reviewed, and the register of files taken of them."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.guards import ActGuard, SetOnce
from audit.models import Audited, audited

NUMBERED: Final = "[0-9]{2}-[0-9]{4}"  # as participants are numbered


class ListingSet(models.QuerySet["SavedListing"]):
    def open_to(self, user: User, permission: Permission) -> Self:
        """Narrow to the person's own listings and those that are shared, without what was put away.

        Whoever reads some sites alone is shown no shared listing whose name or filter has a participant's number.
        """
        if not user.may(permission):
            return self.none()
        shared = models.Q(is_shared=True)
        if user.sites_with(permission) is not None:
            shared &= ~models.Q(name__regex=NUMBERED) & ~models.Q(said__regex=NUMBERED)
        rows = self.alias(said=Cast("definition", models.TextField()))
        return rows.filter(models.Q(owner=user) | shared, archived_at=None)


@audited()
class SavedListing(Audited):
    """Which forms, columns and rows a listing shows; the answers themselves are read anew each time it is opened."""

    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_shared = models.BooleanField(_("shared with everybody who reads answers"), default=False)
    definition = models.JSONField()
    created_at = models.DateTimeField(_("made at"))
    archived_at = models.DateTimeField(_("put away at"), null=True)

    owner_id: int
    files: Any

    objects: ClassVar[Any] = ListingSet.as_manager()

    class Meta:
        verbose_name = _("listing")
        ordering = ("name", "pk")
        constraints = (
            ActGuard(name="crf_savedlisting_act"),
            SetOnce(name="crf_savedlisting_owner_once", column="owner_id"),
            models.CheckConstraint(condition=~models.Q(name=""), name="crf_savedlisting_named"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crf:listing", args=[self.pk])


@audited()
class RowReview(Audited):
    """One row of a listing as a person has seen it: the versions of the records that it came from."""

    listing = models.ForeignKey(SavedListing, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    row_key = models.CharField(_("row"), max_length=120)
    version = models.CharField(_("versions of its records"), max_length=60)
    reviewed_at = models.DateTimeField(_("reviewed at"))

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        verbose_name = _("review of a row")
        constraints = (
            ActGuard(name="crf_rowreview_act"),
            models.UniqueConstraint(fields=["listing", "user", "row_key"], name="crf_rowreview_once"),
        )

    def __str__(self) -> str:
        return f"{self.row_key} {self.version}"


@audited()
class ListingFile(Audited):
    """A file that somebody took of a listing: what it held, in which form, what for, and its digest."""

    listing = models.ForeignKey(SavedListing, models.PROTECT, related_name="files")
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(_("taken at"))
    purpose = models.CharField(_("purpose"), max_length=200)
    kind = models.CharField(_("kind of file"), max_length=4)
    definition = models.JSONField()
    rows = models.PositiveIntegerField(_("rows"))
    digest = models.CharField(_("digest of the file"), max_length=64)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        verbose_name = _("file of a listing")
        ordering = ("-taken_at", "-pk")
        constraints = (
            ActGuard(name="crf_listingfile_act", frozen=True),
            models.CheckConstraint(condition=~models.Q(purpose=""), name="crf_listingfile_purpose"),
        )

    def __str__(self) -> str:
        return f"{self.listing} {self.kind}"
