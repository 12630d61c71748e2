"""Derived answers and queries that were not stored as they are worked out: seen by night, settled once they agree."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.models import audited
from crf.engine.base import Record, RecordState
from trials.models.locks import lock_kind
from trials.models.participants import OfParticipant


class DifferenceKind(models.TextChoices):
    """What is stored otherwise than it is worked out."""

    ANSWER = "answer", _("derived answer")
    STATE = "state", _("state of the form")
    QUERY = "query", _("query")


class QuerySetOfDifferences(SiteQuerySet):
    def standing(self) -> Self:
        """Narrow to the differences that are not settled."""
        return self.filter(settled_at=None)

    def to_settle(self) -> Self:
        """Narrow to those that somebody looks into: a frozen or locked form stays as it was."""
        return self.standing().with_lock().exclude(record__state=RecordState.LOCKED).filter(lock_kind="")

    def with_lock(self) -> Self:
        """Add what holds over the record of each difference, as ``lock_kind``."""
        over = lock_kind("participant_id", visit="record__visit_id", record="record_id")
        return self.annotate(lock_kind=over)


@audited()
class DerivedDifference(OfParticipant):
    """One item of a record that was not stored as a fresh evaluation has it (protocol 3.0).

    ``item`` is the question, "group.position.question" for an answer of a row, or the key of a query; ``stored``
    and ``worked_out`` are its values as JSON knows them.
    """

    record = models.ForeignKey(Record, models.PROTECT, related_name="differences")
    kind = models.CharField(_("kind"), max_length=10, choices=DifferenceKind.choices)
    item = models.CharField(_("item"), max_length=160)
    stored = models.JSONField(_("stored"), null=True)
    worked_out = models.JSONField(_("worked out now"), null=True)
    seen_at = models.DateTimeField(_("seen"))
    settled_at = models.DateTimeField(_("settled"), null=True)

    objects: ClassVar[Any] = QuerySetOfDifferences.as_manager()

    class Meta(OfParticipant.Meta):
        verbose_name = _("difference of a derived answer")
        ordering = ("seen_at", "pk")
        indexes = (
            models.Index(
                fields=["site", "seen_at"],
                condition=models.Q(settled_at=None),
                name="crf_derived_standing",
            ),
        )
        constraints = (
            *OfParticipant.Meta.constraints,
            models.UniqueConstraint(
                fields=["record", "item"],
                condition=models.Q(settled_at=None),
                name="crf_deriveddifference_once_standing",
            ),
            models.CheckConstraint(
                condition=models.Q(settled_at=None) | models.Q(settled_at__gte=models.F("seen_at")),
                name="crf_deriveddifference_settled_later",
            ),
        )

    def __str__(self) -> str:
        return f"{self.record_id} {self.item}"

    @property
    def state(self) -> str:
        """Return "open", or "settled"."""
        return "open" if self.settled_at is None else "settled"
