"""What surrounds a record: signatures, prompts, overrides, and the licensed wording of questionnaires."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature
from audit.guards import ActGuard
from audit.models import Audited, audited
from crf.engine.base import Record
from crf.guards import frozen_rows
from followup.models import Visit
from trials.lock_guards import DataLockGuard
from trials.models.participants import OfParticipant


@audited()
class ChangeReason(OfParticipant):
    """Why one answer was changed, where a save gave it a reason of its own beside the common one.

    ``act`` is the save; ``target`` names the answer within its record, as a change of the record names it. The
    guard that asks for a reason takes such a row as it takes a reason of the act (requirements 14).
    """

    target = models.TextField(_("question"))
    text = models.TextField(_("reason"))

    class Meta:
        ordering = ("pk",)
        constraints = (
            *frozen_rows("changereason"),
            models.UniqueConstraint(fields=["act", "target"], name="crf_changereason_once"),
            models.CheckConstraint(condition=~models.Q(text=""), name="crf_changereason_said"),
        )

    def __str__(self) -> str:
        return f"{self.target}: {self.text}"


@audited()
class EntryPrompt(OfParticipant):
    """What was typed first, which prompt was shown for it, and what was then saved (FDA 2024, Q13)."""

    record = models.ForeignKey(Record, models.PROTECT, related_name="prompts")
    target = models.TextField(_("question"))
    key = models.TextField(_("prompt"))
    level = models.CharField(max_length=12)
    message = models.TextField(_("what was said"), blank=True)
    entered = models.TextField(_("typed first"), blank=True)
    saved = models.TextField(_("then saved"), blank=True)
    prompted_at = models.DateTimeField(_("prompted at"))

    class Meta:
        ordering = ("pk",)
        constraints = frozen_rows("entryprompt")

    def __str__(self) -> str:
        return f"{self.record_id} {self.key}"


class SignedAs(models.TextChoices):
    """What the person signed together."""

    FORM = "form", _("a form")
    VISIT = "visit", _("a visit")
    CASEBOOK = "casebook", _("a casebook")
    SEVERAL = "several", _("several forms")


@audited()
class RecordSignature(OfParticipant):
    """A signature under one version of a record; it falls when an answer changes (21 CFR Part 11 11.70).

    ``questions`` are those that the form had when it was signed: the digest is of their answers, whatever is asked
    by a later version of the program.
    """

    record = models.ForeignKey(Record, models.PROTECT, related_name="signatures")
    version = models.PositiveIntegerField(_("version of the record"))
    signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")
    questions = models.JSONField(_("questions that were signed"), null=True)
    signed_as = models.CharField(_("signed as"), max_length=12, choices=SignedAs.choices, null=True)
    fell_at = models.DateTimeField(_("fell at"), null=True)

    class Meta(OfParticipant.Meta):
        ordering = ("-pk",)
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="crf_recordsignature_data_lock"),
            models.UniqueConstraint(
                fields=["record"],
                condition=models.Q(fell_at=None),
                name="crf_recordsignature_one_standing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.record_id} v{self.version}"


@audited()
class HardOverride(OfParticipant):
    """A data manager lets one hard finding pass, for exactly the values seen (protocol 3.0)."""

    form_code = models.CharField(_("form"), max_length=8)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="+")
    sequence = models.PositiveSmallIntegerField(default=1)
    key = models.CharField(max_length=160)
    seen = models.JSONField(default=dict)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(_("granted at"))

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["participant", "form_code"]),)
        constraints = (*frozen_rows("hardoverride"), DataLockGuard(name="crf_hardoverride_data_lock"))

    def __str__(self) -> str:
        return f"{self.form_code} {self.key}"


@audited()
class QuestionnaireText(Audited):
    """The licensed wording of one item, or of the scale above a part, loaded by the sponsor (protocol 3.14).

    ``item`` is "q1" to "q48", or the name of a part of the form. The last text of an item counts.
    """

    form_code = models.CharField(_("form"), max_length=8)
    language = models.CharField(_("language"), max_length=10)
    item = models.CharField(_("item"), max_length=20)
    text = models.CharField(_("text"), max_length=500)
    licence = models.CharField(_("licence"), max_length=200)
    digest = models.CharField(_("digest of the file"), max_length=64)

    class Meta:
        verbose_name = _("licensed wording")
        constraints = (
            ActGuard(name="crf_questionnairetext_act"),
            models.UniqueConstraint(
                fields=["form_code", "language", "item"], name="crf_questionnairetext_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.form_code} {self.item} ({self.language})"
