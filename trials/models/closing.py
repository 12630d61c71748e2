"""The end of a site's work in the trial: what is open there, who asks for the close-out, and who confirms it."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import Permission, SiteQuerySet
from audit.guards import ActGuard, NamesItsActor, SetOnce, SiteScoped
from audit.models import Audited, audited
from trials.models.sites import Site


class OpenMatter(models.TextChoices):
    """What may be open at a site that is to be closed out."""

    SCREENING = "screening", _("Participants in screening")
    LIVING = "living", _("Living participants who are followed")
    VISITS = "visits", _("Visits due or overdue")
    TODOS = "todos", _("To-dos")
    QUERIES = "queries", _("Queries that are not closed")
    CLOCKS = "clocks", _("Safety clocks that run")
    DEVIATIONS = "deviations", _("Proposed deviations")
    REQUESTS = "requests", _("Contact requests")
    UNSIGNED = "unsigned", _("Forms not signed")
    UNLOCKED = "unlocked", _("Forms not locked")
    ENVELOPES = "envelopes", _("Emergency envelopes that are out")
    KEEPING = "keeping", _("Closed sites whose follow-up it keeps")


# What a keeper of the follow-up takes over; everything else is settled by the site itself.
KEPT: frozenset[str] = frozenset({OpenMatter.LIVING, OpenMatter.VISITS, OpenMatter.TODOS})


class CloseOutSet(SiteQuerySet):
    def standing(self) -> Self:
        """Close-outs that wait for the second person or are in force."""
        return self.filter(ended_at=None)

    def to_confirm_by(self, user: User) -> Self:
        """What waits for a second person who did not ask for it."""
        waiting = self.open_to(user, Permission.SITE_CONFIRM).standing().filter(confirmed_at=None)
        return waiting.exclude(asked_by=user)


@audited()
class CloseOut(Audited):
    """A site is closed out: asked for by one person, confirmed by a second, for good once the site has its copy.

    ``keeper`` is the site whose people go on with the follow-up. ``ended_at`` says that the request was taken
    back or that the close-out was undone.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="close_outs")
    keeper = models.ForeignKey(
        Site, models.PROTECT, null=True, related_name="+", verbose_name=_("keeper of the follow-up")
    )
    open_matters = models.JSONField(_("what the keeper takes over"), default=dict)
    reason = models.CharField(_("reason"), max_length=200)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked for at"))
    asking_signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    confirming_signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("taken back at"), null=True)
    copy_confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    copy_confirmed_at = models.DateTimeField(_("copy confirmed at"), null=True)
    copy_signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")
    copy_digest = models.CharField(_("digest of the copy confirmed"), max_length=64, null=True)

    objects = CloseOutSet.as_manager()

    class Meta:
        verbose_name = _("close-out")
        ordering = ("-asked_at", "-pk")
        constraints = (
            ActGuard(name="trials_closeout_act"),
            NamesItsActor(
                name="trials_closeout_actor",
                columns=("asked_by_id", "confirmed_by_id", "ended_by_id", "copy_confirmed_by_id"),
            ),
            SiteScoped(name="trials_closeout_scope"),
            *(
                SetOnce(name=f"trials_closeout_{column}_once", column=column)
                for column in ("site_id", "confirmed_at", "ended_at", "copy_confirmed_at", "copy_digest")
            ),
            models.UniqueConstraint(
                fields=["site"], condition=models.Q(ended_at=None), name="trials_closeout_one_standing"
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None, confirmed_at=None, confirming_signature=None)
                | models.Q(
                    confirmed_by__isnull=False, confirmed_at__isnull=False, confirming_signature__isnull=False
                )
                & ~models.Q(confirmed_by=models.F("asked_by")),
                name="trials_closeout_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_by=None, ended_at=None)
                | models.Q(ended_by__isnull=False, ended_at__isnull=False, copy_confirmed_at=None),
                name="trials_closeout_ended_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    copy_confirmed_by=None, copy_confirmed_at=None, copy_signature=None, copy_digest=None
                )
                | models.Q(
                    copy_confirmed_by__isnull=False,
                    copy_confirmed_at__isnull=False,
                    copy_signature__isnull=False,
                    copy_digest__isnull=False,
                    confirmed_at__isnull=False,
                ),
                name="trials_closeout_copy_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(keeper=None) | ~models.Q(keeper=models.F("site")),
                name="trials_closeout_other_keeper",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site.code} {self.asked_at:%Y-%m-%d}"


class CopyState(models.TextChoices):
    MAKING = "making", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Not made")


class CopyFailure(models.TextChoices):
    """Why a copy for a site was not made."""

    TAKEN_BACK = "taken_back", _("the close-out was taken back")
    NO_PRINTING = "no_printing", _("the server lacks the libraries that make a PDF")
    NOT_WRITTEN = "not_written", _("the file could not be written: the disk is full or not there")
    FAULT = "fault", _("a fault of the program, which its operator finds in the log")


class SiteCopySet(SiteQuerySet):
    def being_made(self) -> Self:
        """Copies that the worker has still to make, or is making."""
        return self.filter(state=CopyState.MAKING)

    def with_file(self) -> Self:
        """Copies whose file is there to be downloaded."""
        return self.filter(state=CopyState.READY, file_deleted_at=None)

    def living(self) -> Self:
        """Copies that were taken while the site works, and not at its close-out."""
        return self.filter(close_out=None)


@audited()
class SiteCopy(Audited):
    """The records of a site as one file that the site keeps and reads without this system.

    ``close_out`` is empty in a copy that was taken before the close-out. ``data_digest`` tells the state of the site's
    data that the file shows. The row stays when the file is deleted.
    """

    close_out = models.ForeignKey(CloseOut, models.PROTECT, null=True, related_name="copies")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked for at"))
    state = models.CharField(_("state"), max_length=8, choices=CopyState, default=CopyState.MAKING)
    failure = models.CharField(_("why it was not made"), max_length=12, choices=CopyFailure, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    data_as_of = models.DateTimeField(_("data as of"), null=True)
    data_digest = models.CharField(_("digest of the data"), max_length=64, null=True)
    digest = models.CharField(_("digest of the file"), max_length=64, null=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), null=True)
    file_deleted_at = models.DateTimeField(_("file deleted at"), null=True)

    objects = SiteCopySet.as_manager()

    class Meta:
        verbose_name = _("copy for the site")
        ordering = ("-pk",)
        constraints = (
            ActGuard(name="trials_sitecopy_act"),
            SiteScoped(name="trials_sitecopy_scope"),
            *(
                SetOnce(name=f"trials_sitecopy_{column}_once", column=column)
                for column in (
                    "site_id",
                    "close_out_id",
                    "finished_at",
                    "data_digest",
                    "digest",
                    "file_deleted_at",
                )
            ),
            models.UniqueConstraint(
                fields=["close_out"],
                condition=models.Q(state="making"),
                name="trials_sitecopy_one_being_made",
            ),
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(state="making", close_out=None),
                name="trials_sitecopy_one_living_being_made",
            ),
            models.CheckConstraint(
                condition=models.Q(state="making", failure="", finished_at=None, digest=None)
                | models.Q(state="failed", finished_at__isnull=False, digest=None) & ~models.Q(failure="")
                | models.Q(
                    state="ready",
                    failure="",
                    finished_at__isnull=False,
                    digest__isnull=False,
                    data_digest__isnull=False,
                    data_as_of__isnull=False,
                    size__isnull=False,
                ),
                name="trials_sitecopy_ready_is_whole",
            ),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def file_name(self) -> str:
        return f"palace3-site-{self.site.code}-copy-{self.pk}.zip"


@audited()
class SiteCopyDownload(Audited):
    """Somebody was handed the copy for a site, and when."""

    copy = models.ForeignKey(SiteCopy, models.PROTECT, related_name="downloads")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("downloaded at"))

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("download of the copy for a site")
        ordering = ("-pk",)
        constraints = (
            ActGuard(name="trials_sitecopydownload_act", frozen=True),
            SiteScoped(name="trials_sitecopydownload_scope"),
        )

    def __str__(self) -> str:
        return f"{self.copy_id} {self.at:%Y-%m-%d}"
