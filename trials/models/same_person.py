"""Digests of who a participant is, and questions whether two participants are one person (ADR 56)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.models import audited
from trials.models.participants import OfParticipant


@audited(exclude=("digests",))
class IdentityDigest(OfParticipant):
    """Keyed digests of what the site typed of a participant: surname and birth, birth and end of a card.

    They are no identity: without the keys, which the database does not hold, nobody finds one by them.
    """

    digests = ArrayField(models.CharField(max_length=64), verbose_name=_("keyed digests"))

    class Meta(OfParticipant.Meta):
        verbose_name = _("digest of an identity")
        indexes = (GinIndex(fields=["digests"], name="trials_identitydigest_same"),)
        constraints = (
            *OfParticipant.Meta.constraints,
            models.UniqueConstraint(fields=["participant"], name="trials_identitydigest_once"),
        )

    def __str__(self) -> str:
        return str(self.participant_id)


class SamePersonOutcome(models.TextChoices):
    """What the study centre finds about two participants that may be one person."""

    SAME = "same", _("The same person")
    OTHER = "other", _("Not the same person")


class SamePersonSet(SiteQuerySet):
    def waiting(self) -> Self:
        """Narrow to the questions that the study centre has not settled."""
        return self.filter(settled_at=None)


@audited()
class SamePersonQuestion(OfParticipant):
    """One side of the question whether a participant was registered elsewhere too; ``pair`` joins it to the other.

    Each site sees the row of its own participant, and nothing of the other one.
    """

    pair = models.CharField(_("pair"), max_length=64)
    asked_on = models.DateField(_("noticed on"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=SamePersonOutcome.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(_("settled at"), null=True)

    objects: ClassVar[Any] = SamePersonSet.as_manager()

    class Meta(OfParticipant.Meta):
        verbose_name = _("question about one person")
        ordering = ("-asked_on", "pair", "pk")
        indexes = (
            models.Index(
                fields=["site", "asked_on"],
                condition=models.Q(settled_at=None),
                name="trials_sameperson_waiting",
            ),
        )
        constraints = (
            *OfParticipant.Meta.constraints,
            models.UniqueConstraint(fields=["pair", "participant"], name="trials_sameperson_once"),
            models.CheckConstraint(
                condition=models.Q(settled_by=None, settled_at=None, outcome="", reason="")
                | models.Q(
                    settled_by__isnull=False, settled_at__isnull=False, outcome__in=SamePersonOutcome.values
                )
                & ~models.Q(reason=""),
                name="trials_sameperson_settled_whole",
            ),
        )

    def __str__(self) -> str:
        return str(self.participant_id)
