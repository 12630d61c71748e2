"""The end of a site's work in the trial: what is open there, who asks for the close-out, and who confirms it."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import Permission, SiteQuerySet
from audit.guards import ActGuard, SetOnce, SiteScoped
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

    objects = CloseOutSet.as_manager()

    class Meta:
        verbose_name = _("close-out")
        ordering = ("-asked_at", "-pk")
        constraints = (
            ActGuard(name="trials_closeout_act"),
            SiteScoped(name="trials_closeout_scope"),
            *(
                SetOnce(name=f"trials_closeout_{column}_once", column=column)
                for column in ("site_id", "confirmed_at", "ended_at", "copy_confirmed_at")
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
                condition=models.Q(copy_confirmed_by=None, copy_confirmed_at=None, copy_signature=None)
                | models.Q(
                    copy_confirmed_by__isnull=False,
                    copy_confirmed_at__isnull=False,
                    copy_signature__isnull=False,
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
