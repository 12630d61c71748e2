"""A participant goes on at another site: proposed there, accepted here, confirmed by the sponsor (ADR 34)."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission, SiteQuerySet
from audit.guards import ActGuard, NamesItsActor, SetOnce
from audit.models import Audited, audited
from kernel.clock import local_date
from trials.models.participants import Participant
from trials.models.sites import Site
from trials.transfer_guards import AcceptedUntilTakenBack, BetweenSites


class TransferEnd(models.TextChoices):
    """How a transfer ended that was not confirmed."""

    WITHDRAWN = "withdrawn", _("Withdrawn by the releasing site")
    REFUSED_BY_SITE = "refused_site", _("Refused by the receiving site")
    REFUSED_BY_SPONSOR = "refused", _("Refused by the sponsor")


class TransferSet(SiteQuerySet):
    def open_to(self, user: User, permission: Permission) -> Self:
        """Return the transfers from or to a site at which ``user`` holds the permission."""
        sites = user.sites_with(permission)
        if sites is None:
            return self.all()
        return self.filter(models.Q(site__in=sites) | models.Q(receiving__in=sites))

    def waiting(self) -> Self:
        """Transfers that are neither confirmed nor ended."""
        return self.filter(confirmed_at=None, ended_at=None)

    def to_act_by(self, user: User) -> Self:
        """Return what waits for the person: to be accepted at the receiving site, or to be confirmed by the sponsor."""
        accepts, confirms = (
            user.sites_with(permission)
            for permission in (Permission.PARTICIPANT_TRANSFER, Permission.SITE_MANAGE)
        )
        here = models.Q() if accepts is None else models.Q(receiving__in=accepts)
        theirs = models.Q() if confirms is None else models.Q(receiving__in=confirms)
        proposed = models.Q(accepted_at=None) & here
        accepted = models.Q(accepted_at__isnull=False) & theirs & ~models.Q(accepted_by=user)
        return self.waiting().filter(proposed | accepted).exclude(proposed_by=user)

    def released(self, *sites: int) -> Self:
        """Transfers by which participants of the sites went on elsewhere."""
        return self.filter(site__in=sites, confirmed_at__isnull=False)


@audited()
class Transfer(Audited):
    """The participant goes on at ``receiving`` from ``on``: three acts by three people.

    The receiving site may take its acceptance back before the confirmation; the last time that it did stands here.
    ``number`` is the participant's: the receiving site does not see the participant before the end, the releasing
    site does not see them after it.
    """

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="transfers")
    number = models.CharField(_("participant"), max_length=8)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("releasing site"))
    site_code = models.CharField(_("releasing site"), max_length=2)
    receiving = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("receiving site"))
    receiving_code = models.CharField(_("receiving site"), max_length=2)
    on = models.DateField(_("day of the transfer"))
    reason = models.CharField(_("reason"), max_length=200)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed at"))
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    taken_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField(_("acceptance taken back at"), null=True)
    take_back_reason = models.CharField(_("reason"), max_length=200, null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True)
    end = models.CharField(_("how it ended"), max_length=12, choices=TransferEnd.choices, blank=True)
    end_reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = TransferSet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        ordering = ("-proposed_at", "-pk")
        constraints = (
            ActGuard(name="trials_transfer_act"),
            NamesItsActor(
                name="trials_transfer_actor",
                columns=(
                    "proposed_by_id",
                    "accepted_by_id",
                    "taken_back_by_id",
                    "confirmed_by_id",
                    "ended_by_id",
                ),
            ),
            BetweenSites(name="trials_transfer_scope"),
            *(
                SetOnce(name=f"trials_transfer_{column}_once", column=column)
                for column in (
                    *("participant_id", "site_id", "receiving_id", "proposed_by_id"),
                    *("confirmed_at", "confirmed_by_id", "ended_at"),
                )
            ),
            AcceptedUntilTakenBack(name="trials_transfer_accepted"),
            models.CheckConstraint(
                condition=models.Q(taken_back_by=None, taken_back_at=None, take_back_reason=None)
                | models.Q(taken_back_by__isnull=False, taken_back_at__isnull=False)
                & models.Q(take_back_reason__isnull=False)
                & ~models.Q(take_back_reason=""),
                name="trials_transfer_taken_back_whole",
            ),
            models.UniqueConstraint(
                fields=["participant"],
                condition=models.Q(confirmed_at=None, ended_at=None),
                name="trials_transfer_one_waiting",
            ),
            models.CheckConstraint(
                condition=~models.Q(site=models.F("receiving")), name="trials_transfer_two_sites"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_by=None, accepted_at=None)
                | models.Q(accepted_by__isnull=False, accepted_at__isnull=False)
                & ~models.Q(accepted_by=models.F("proposed_by")),
                name="trials_transfer_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None, confirmed_at=None)
                | models.Q(
                    confirmed_by__isnull=False,
                    confirmed_at__isnull=False,
                    accepted_at__isnull=False,
                    ended_at=None,
                )
                & ~models.Q(confirmed_by=models.F("proposed_by"))
                & ~models.Q(confirmed_by=models.F("accepted_by")),
                name="trials_transfer_confirmed_by_a_third",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_by=None, ended_at=None, end="", end_reason="")
                | models.Q(ended_by__isnull=False, ended_at__isnull=False, end__in=TransferEnd.values)
                & ~models.Q(end_reason=""),
                name="trials_transfer_ended_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.site_code} → {self.receiving_code}"

    def get_absolute_url(self) -> str:
        return reverse("trials:transfer", args=[self.pk])

    @property
    def standing(self) -> str:
        """How far it is: ``proposed``, ``accepted``, ``confirmed``, or ``ended`` without having taken place."""
        if self.ended_at is not None:
            return "ended"
        if self.confirmed_at is not None:
            return "confirmed"
        return "proposed" if self.accepted_at is None else "accepted"

    def moved_on(self, zone: str) -> date:
        """Return the day on which the confirmation moved the participant, by the clock of a site."""
        return local_date(self.confirmed_at or self.proposed_at, zone)

    def may_take_place_on(self, today: date) -> bool:
        """Say whether the agreed day has come."""
        return self.on <= today
