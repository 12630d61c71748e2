"""What checks of level *listing* find: seen by night, gone once the answers no longer say so."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.models import audited
from crf.engine.base import Record
from trials.models.participants import OfParticipant


class QuerySetOfFindings(SiteQuerySet):
    def standing(self) -> Self:
        """Narrow to the findings that the answers still show."""
        return self.filter(gone_at=None)


@audited()
class ListedFinding(OfParticipant):
    """One finding of a record that asks nobody: data management reviews it (protocol 3.17).

    ``key`` names the finding within the record, ``target`` the place on the form, ``seen`` the values it rests on.
    """

    record = models.ForeignKey(Record, models.PROTECT, related_name="listed_findings")
    check_code = models.CharField(_("check"), max_length=40)
    key = models.CharField(_("finding"), max_length=160)
    target = models.CharField(_("where"), max_length=160)
    seen = models.JSONField(_("values"), default=dict)
    found_at = models.DateTimeField(_("found"))
    gone_at = models.DateTimeField(_("gone"), null=True)

    objects: ClassVar[Any] = QuerySetOfFindings.as_manager()

    class Meta(OfParticipant.Meta):
        verbose_name = _("listed finding")
        ordering = ("-found_at", "pk")
        indexes = (
            models.Index(fields=["site", "found_at"], name="crf_listedfinding_at_site"),
            models.Index(
                fields=["participant"], condition=models.Q(gone_at=None), name="crf_listedfinding_standing"
            ),
        )
        constraints = (
            *OfParticipant.Meta.constraints,
            models.UniqueConstraint(
                fields=["record", "key"],
                condition=models.Q(gone_at=None),
                name="crf_listedfinding_once_standing",
            ),
            models.CheckConstraint(
                condition=models.Q(gone_at=None) | models.Q(gone_at__gte=models.F("found_at")),
                name="crf_listedfinding_gone_later",
            ),
        )

    def __str__(self) -> str:
        return f"{self.record_id} {self.key}"

    @property
    def form_code(self) -> str:
        """Return the form of the record, as a query names it."""
        return str(self.record.form_code)

    @property
    def state(self) -> str:
        """Return "open" while the answers show it, then "gone"."""
        return "open" if self.gone_at is None else "gone"
