"""Forms that visits expect: one row for each form of a visit that took place, with its day and how far it has come."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import MayDelete, SiteScoped
from audit.models import audited
from crf.engine.base import Record, RecordState
from crf.guards import SiteOfParticipant
from followup.models import Visit
from trials.lock_guards import DataLockGuard
from trials.models import Participant, Site
from trials.models.participants import OfParticipant

UNFILLED = (RecordState.EMPTY, RecordState.IN_PROGRESS)
NOT_FILLED = models.Q(state__in=UNFILLED, is_waived=False)


class FilledBy(models.TextChoices):
    """What makes an expected form complete."""

    VISIT = "visit", _("a record of the visit")
    PARTICIPANT = "participant", _("the record of the participant")
    OPERATION = "operation", _("a record of an operation")
    LOG = "log", _("an entry, or the word that there is nothing new")


class QuerySetOfExpectedForms(SiteQuerySet):
    def unfilled(self) -> Self:
        """Narrow to the forms that are empty or half filled."""
        return self.filter(NOT_FILLED)

    def overdue(self, *, on: date) -> Self:
        """Narrow to the forms that should have been complete before ``on``."""
        return self.unfilled().filter(due_on__lt=on)


class ExpectedForm(models.Model):
    """One form that a visit which took place expects (protocol 2.2, 2.6).

    Worked out from visits, records, milestones and what was said of logs, and kept by the database: by
    ``crf_keep_expected`` when a visit or a milestone moves, by a trigger when a record is saved. It is no data: the
    rows can be worked out anew at any time, and are compared each night. Who changed what is on record with the
    visit and the record. Overdue is a form that is not filled after ``due_on``. Who withdrew from all contact is asked
    for nothing more (``is_waived``), but for what a register can answer.
    """

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="+", db_index=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False)
    visit = models.ForeignKey(Visit, models.CASCADE, related_name="expected_forms", db_index=False)
    visit_code = models.CharField(_("visit"), max_length=12)
    took_place_on = models.DateField(_("took place on"))
    form_code = models.CharField(_("form"), max_length=8)
    filled_by = models.CharField(_("filled by"), max_length=12, choices=FilledBy)
    due_on = models.DateField(_("due on"))
    record = models.ForeignKey(Record, models.CASCADE, null=True, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=12, choices=RecordState, default=RecordState.EMPTY)
    entered_at = models.DateTimeField(_("first answered at"), null=True)
    is_waived = models.BooleanField(_("not asked for since a withdrawal"), default=False)

    objects: ClassVar[Any] = QuerySetOfExpectedForms.as_manager()

    class Meta:
        verbose_name = _("expected form")
        ordering = ("due_on", "pk")
        indexes = (
            models.Index(fields=["participant", "form_code"], name="crf_expected_of_participant"),
            models.Index(fields=["site", "visit_code", "form_code", "due_on"], name="crf_expected_cell"),
            models.Index(
                fields=["record"], condition=models.Q(record__isnull=False), name="crf_expected_of_record"
            ),
            models.Index(
                fields=["site", "due_on", "id"],
                include=["visit_code", "form_code"],
                condition=NOT_FILLED,
                name="crf_expected_unfilled_at_site",
            ),
            models.Index(
                fields=["due_on", "id"],
                include=["site", "visit_code", "form_code"],
                condition=NOT_FILLED,
                name="crf_expected_unfilled",
            ),
        )
        constraints = (
            SiteScoped(name="crf_expectedform_scope"),
            SiteOfParticipant(name="crf_expectedform_site"),
            MayDelete(name="crf_expectedform_deletable"),
            models.UniqueConstraint(fields=["visit", "form_code"], name="crf_expectedform_once"),
        )

    def __str__(self) -> str:
        return f"{self.visit_code} {self.form_code}"

    def is_overdue(self, *, on: date) -> bool:
        """Say whether the form should have been complete before ``on``."""
        return self.state in UNFILLED and not self.is_waived and self.due_on < on

    def state_on(self, day: date) -> str:
        """Return the state as a badge shows it: overdue, due, in progress, complete and beyond."""
        if self.is_overdue(on=day):
            return "overdue"
        return "due" if self.state == RecordState.EMPTY else self.state


@audited()
class NothingNew(OfParticipant):
    """Somebody said at a visit that a log has nothing new; the act says who and when (protocol 2.2)."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="+")
    form_code = models.CharField(_("form"), max_length=8)

    class Meta(OfParticipant.Meta):
        verbose_name = _("nothing new in a log")
        indexes = (models.Index(fields=["participant", "form_code"], name="crf_nothingnew_of_log"),)
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="crf_nothingnew_data_lock", frozen=("visit_id",)),
            models.UniqueConstraint(fields=["visit", "form_code"], name="crf_nothingnew_once"),
        )

    def __str__(self) -> str:
        return f"{self.form_code} {self.visit_id}"
