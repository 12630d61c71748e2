"""The tables of the forms, and of what surrounds them: queries, prompts, signatures, drafts."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature
from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, Deletable, SameSite, SiteScoped
from audit.models import recorded
from crf import catalogue
from crf.guards import OwnerScoped
from followup.models import Visit
from trials.models import Participant, Site
from trials.models.participants import OfParticipant

FORM_MODELS = catalogue.models()


def _frozen(model: str) -> tuple[models.BaseConstraint, ...]:
    """Guards of a table whose rows stay as they were written."""
    return (
        ActGuard(name=f"crf_{model}_act", frozen=True),
        SiteScoped(name=f"crf_{model}_scope"),
        SameSite(name=f"crf_{model}_same_site"),
    )


class QueryState(models.TextChoices):
    OPEN = "open", _("Open")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


class Resolution(models.TextChoices):
    """How a query ended; the yield of each check is read from it."""

    CORRECTED = "corrected", _("The answer was corrected")
    CONFIRMED = "confirmed", _("The answer was confirmed with a reason")
    SETTLED = "settled", _("Closed by the person who watches it")
    OBSOLETE = "obsolete", _("The question is no longer asked")


class QuerySetOfQueries(SiteQuerySet):
    def living(self) -> Self:
        return self.exclude(state=QueryState.CLOSED)

    def on_record(self, form_code: str, record_id: int) -> Self:
        return self.filter(form_code=form_code, record_id=record_id)


@recorded()
class Query(OfParticipant):
    """A question about one answer, one form, or a form that is not there yet.

    A system query is bound to (record, ``key``): it opens when the finding appears, and closes when
    the answer is corrected or confirmed with a reason. ``seen`` are the values it was opened for.
    """

    form_code = models.CharField(_("form"), max_length=8)
    record_id = models.BigIntegerField(null=True)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="+")
    sequence = models.PositiveSmallIntegerField(default=1)
    target = models.CharField(_("question"), max_length=120, blank=True)
    key = models.CharField(max_length=160, blank=True)
    check_code = models.CharField(_("check"), max_length=40, blank=True)
    kind = models.CharField(max_length=20, blank=True)
    level = models.CharField(max_length=12, blank=True)
    seen = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=QueryState.choices, default=QueryState.OPEN)
    resolution = models.CharField(_("how it ended"), max_length=10, choices=Resolution.choices, blank=True)
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects: ClassVar[Any] = QuerySetOfQueries.as_manager()

    class Meta(OfParticipant.Meta):
        verbose_name = _("query")
        ordering = ("opened_at", "pk")
        indexes = (
            models.Index(fields=["site", "state", "opened_at"]),
            models.Index(fields=["form_code", "record_id"]),
            models.Index(fields=["participant", "state"]),
        )
        constraints = (
            *OfParticipant.Meta.constraints,
            models.UniqueConstraint(
                fields=["form_code", "record_id", "key"],
                condition=~models.Q(state="closed") & ~models.Q(key=""),
                name="crf_query_one_living",
            ),
            models.CheckConstraint(
                condition=models.Q(state="closed", closed_at__isnull=False)
                | (~models.Q(state="closed") & models.Q(closed_at=None)),
                name="crf_query_closed_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.form_code} {self.target}".strip()

    def get_absolute_url(self) -> str:
        return reverse("crf:query", args=[self.pk])

    @property
    def is_system(self) -> bool:
        return bool(self.key)


class MessageKind(models.TextChoices):
    RAISED = "raised", _("asked")
    ANSWERED = "answered", _("answered")
    CONFIRMED = "confirmed", _("confirmed the answer")
    REOPENED = "reopened", _("asked again")
    CLOSED = "closed", _("closed the query")


@recorded()
class QueryMessage(OfParticipant):
    """One contribution to the thread of a query."""

    query = models.ForeignKey(Query, models.PROTECT, related_name="messages")
    kind = models.CharField(_("what"), max_length=10, choices=MessageKind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"))
    text = models.TextField(_("text"), blank=True)

    class Meta:
        ordering = ("at", "pk")
        constraints = _frozen("querymessage")

    def __str__(self) -> str:
        return f"{self.query_id} {self.kind}"


@recorded()
class EntryPrompt(OfParticipant):
    """What was typed first, which prompt was shown for it, and what was then saved (FDA 2024, Q13)."""

    form_code = models.CharField(_("form"), max_length=8)
    record_id = models.BigIntegerField()
    target = models.CharField(_("question"), max_length=120)
    key = models.CharField(_("prompt"), max_length=160)
    level = models.CharField(max_length=12)
    message = models.CharField(_("what was said"), max_length=200, blank=True)
    entered = models.CharField(_("typed first"), max_length=200, blank=True)
    saved = models.CharField(_("then saved"), max_length=200, blank=True)
    prompted_at = models.DateTimeField(_("prompted at"))

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["form_code", "record_id"]),)
        constraints = _frozen("entryprompt")

    def __str__(self) -> str:
        return f"{self.form_code} {self.key}"


@recorded()
class RecordSignature(OfParticipant):
    """A signature under one version of a record; it falls when an answer changes (21 CFR Part 11 11.70)."""

    form_code = models.CharField(_("form"), max_length=8)
    record_id = models.BigIntegerField()
    version = models.PositiveIntegerField(_("version of the record"))
    signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")
    fell_at = models.DateTimeField(_("fell at"), null=True)

    class Meta(OfParticipant.Meta):
        ordering = ("-pk",)
        constraints = (
            *OfParticipant.Meta.constraints,
            models.UniqueConstraint(
                fields=["form_code", "record_id"],
                condition=models.Q(fell_at=None),
                name="crf_recordsignature_one_standing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.form_code} {self.record_id}"


@recorded()
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
        constraints = _frozen("hardoverride")

    def __str__(self) -> str:
        return f"{self.form_code} {self.key}"


class WorkingCopy(models.Model):
    """A row that only helps one person's work: never data, and the application's to delete."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(_("kept at"))

    objects = SiteQuerySet.as_manager()

    class Meta:
        abstract = True


class Draft(WorkingCopy):
    """What a person typed on one page and has not saved yet; it survives time-out and crash."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="+")
    form_code = models.CharField(max_length=8)
    visit = models.ForeignKey(Visit, models.CASCADE, null=True, related_name="+")
    sequence = models.PositiveSmallIntegerField(default=1)
    version = models.PositiveIntegerField(default=0)
    raw = models.JSONField(default=dict)

    class Meta:
        constraints = (
            OwnerScoped(name="crf_draft_scope"),
            Deletable(name="crf_draft_deletable"),
            models.UniqueConstraint(
                fields=["owner", "participant", "form_code", "visit", "sequence"],
                nulls_distinct=False,
                name="crf_draft_place",
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant_id} {self.form_code}"

    def get_absolute_url(self) -> str:
        """Return the form's page, on which the draft stands."""
        page = reverse("crf:form", args=[self.participant.number, self.form_code, self.sequence])
        return f"{page}?visit={self.visit_id}" if self.visit_id else page


class SaveKey(WorkingCopy):
    """A page that was saved once: pressing the button again gives the same answer (requirements C7)."""

    key = models.CharField(max_length=64)
    form_code = models.CharField(max_length=8)
    record_id = models.BigIntegerField()
    version = models.PositiveIntegerField()

    class Meta:
        constraints = (
            SiteScoped(name="crf_savekey_scope"),
            Deletable(name="crf_savekey_deletable"),
            models.UniqueConstraint(fields=["owner", "key"], name="crf_savekey_once"),
        )

    def __str__(self) -> str:
        return self.key


def record_of(query: Any) -> Any:
    """Return the record that a query, prompt or signature is about, or None for a form not there yet."""
    if query.record_id is None:
        return None
    return catalogue.form(query.form_code).model.objects.filter(pk=query.record_id).first()
