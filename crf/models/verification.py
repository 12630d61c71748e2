"""Verification against source, field by field: what the plan requires, what was verified, and what is left."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, MayDelete, SiteScoped, WrittenByTriggers
from audit.models import Audited, audited
from crf.engine.base import Record
from crf.guards import SiteOfParticipant
from trials.lock_guards import DataLockGuard
from trials.models import Participant, Site
from trials.models.participants import OfParticipant

HUNDRED = (MinValueValidator(0), MaxValueValidator(100))


@audited()
class VerificationPlan(Audited):
    """One version of the plan of source verification; the last one is in force (ICH E6(R3) 3.11.4).

    Critical fields are verified in everybody, participants who are drawn in full, of the other fields of the others a
    share. ``site_percents`` holds the sites whose share of participants is another; ``critical`` the critical fields
    of each form, as the forms declare them on the day of the version. Who was drawn under an earlier version that
    was in force when they were registered, or later, stays drawn.
    """

    number = models.PositiveSmallIntegerField(_("version"), unique=True)
    participants_percent = models.PositiveSmallIntegerField(
        _("participants verified in full, in percent"), validators=HUNDRED
    )
    site_percents = models.JSONField(_("other shares of participants, by site"), default=dict, blank=True)
    others_percent = models.PositiveSmallIntegerField(
        _("other fields of the other participants, in percent"), validators=HUNDRED
    )
    seed = models.CharField(_("seed"), max_length=64)
    critical = models.JSONField(_("critical fields, by form"), default=dict)
    reason = models.TextField(_("reason"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    starts_on = models.DateField(_("in force since"))
    ends_on = models.DateField(_("replaced on"), null=True)

    class Meta:
        verbose_name = _("plan of source verification")
        ordering = ("-number",)
        constraints = (
            ActGuard(name="crf_verificationplan_act"),
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(ends_on=None), name="crf_verificationplan_one_in_force"
            ),
            models.CheckConstraint(
                condition=models.Q(participants_percent__lte=100, others_percent__lte=100),
                name="crf_verificationplan_percents",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="crf_verificationplan_said"),
        )

    def __str__(self) -> str:
        return f"{self.number}"


@audited()
class FieldVerification(OfParticipant):
    """Somebody has compared one answer with its source; it falls when the answer changes, or is taken back.

    ``target`` names the answer within its record, as a change of the record names it; ``value`` is the answer that was
    compared, "(ND)" where it was missing for a reason. The database lets it fall, in the act of the change.
    """

    record = models.ForeignKey(Record, models.PROTECT, related_name="field_verifications")
    target = models.CharField(_("question"), max_length=160)
    value = models.JSONField(_("value that was verified"))
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verified_at = models.DateTimeField(_("verified at"))
    fell_at = models.DateTimeField(_("fell at"), null=True)

    class Meta(OfParticipant.Meta):
        verbose_name = _("verification of a field")
        ordering = ("pk",)
        constraints = (
            *OfParticipant.Meta.constraints,
            models.UniqueConstraint(
                fields=["record", "target"],
                condition=models.Q(fell_at=None),
                name="crf_fieldverification_one_standing",
            ),
            DataLockGuard(name="crf_fieldverification_data_lock"),
        )

    def __str__(self) -> str:
        return f"{self.record_id} {self.target}"


class QuerySetOfRecordVerifications(SiteQuerySet):
    def unverified(self) -> Self:
        """Narrow to the records with a field that the plan requires and nobody has verified."""
        return self.filter(left__gt=0)

    def critical_unverified(self) -> Self:
        """Narrow to the records with a critical field that nobody has verified."""
        return self.filter(critical_left__gt=0)


class RecordVerification(models.Model):
    """What the plan requires of one record, and what of it is left to verify.

    Worked out from answers, plan and verifications, and kept by the database; it is no data: the rows can be worked
    out anew at any time. ``answered`` are the answers that are typed and not empty, or missing for a reason.
    """

    record = models.OneToOneField(
        Record, models.CASCADE, primary_key=True, related_name="verification", db_column="record_id"
    )
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False)
    form_code = models.CharField(_("form"), max_length=8)
    visit_code = models.CharField(_("visit"), max_length=12, blank=True)
    answered = ArrayField(models.TextField(), default=list)
    unverified = ArrayField(models.TextField(), default=list)
    required = models.PositiveIntegerField(_("fields to verify"), default=0)
    left = models.PositiveIntegerField(_("left"), default=0)
    critical = models.PositiveIntegerField(_("critical fields"), default=0)
    critical_left = models.PositiveIntegerField(_("critical fields left"), default=0)

    objects: ClassVar[Any] = QuerySetOfRecordVerifications.as_manager()

    class Meta:
        verbose_name = _("verification of a record")
        indexes = (
            models.Index(
                fields=["site", "form_code", "visit_code"],
                include=["required", "left", "critical", "critical_left"],
                name="crf_verification_cell",
            ),
            models.Index(
                fields=["site", "participant"], condition=models.Q(left__gt=0), name="crf_verification_left"
            ),
        )
        constraints = (
            SiteScoped(name="crf_recordverification_scope"),
            SiteOfParticipant(name="crf_recordverification_site"),
            MayDelete(name="crf_recordverification_deletable"),
            WrittenByTriggers(name="crf_recordverification_worked_out"),
        )

    def __str__(self) -> str:
        return f"{self.form_code} {self.record_id}"
