"""What was decided centrally of deviations: how important each is, and what it does to the per-protocol set."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.engine.base import Record
from crf.guards import frozen_rows
from trials.lock_guards import DataLockGuard
from trials.models.participants import OfParticipant


class Importance(models.TextChoices):
    IMPORTANT = "important", _("important")
    MINOR = "minor", _("minor")


class Exclusion(models.TextChoices):
    """Whether a deviation excludes from the per-protocol set."""

    YES = "Y", _("Yes")
    NO = "N", _("No")


@audited()
class DeviationDecision(OfParticipant):
    """One central decision on one deviation, made without the arm; the last one counts (protocol 3.15, decision D6).

    It is no answer of the form: who decides does not write there. What nobody has decided yet is empty.
    """

    record = models.ForeignKey(Record, models.PROTECT, related_name="+")
    deviation_no = models.PositiveSmallIntegerField(_("number of the deviation"))
    importance = models.CharField(_("importance"), max_length=10, choices=Importance.choices, blank=True)
    excludes_pp = models.CharField(
        _("excludes from the per-protocol set"), max_length=1, choices=Exclusion.choices, blank=True
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    decided_at = models.DateTimeField(_("decided at"))

    class Meta(OfParticipant.Meta):
        verbose_name = _("decision on a deviation")
        ordering = ("decided_at", "pk")
        indexes = (models.Index(fields=["participant", "deviation_no"]),)
        constraints = (
            *frozen_rows("deviationdecision"),
            DataLockGuard(name="crf_deviationdecision_data_lock"),
            models.CheckConstraint(
                condition=~models.Q(importance="", excludes_pp=""), name="crf_deviationdecision_decides"
            ),
        )

    def __str__(self) -> str:
        return f"DV #{self.deviation_no}"
