"""The tables of the forms, and of what surrounds them: queries, prompts, signatures, drafts."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature
from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, MayDelete, SameSite, SiteScoped
from audit.models import Audited, audited
from crf import catalogue
from crf.guards import OwnerScoped, OwnersNotes
from crf.links import form_url
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

    def with_raised(self) -> Self:
        """Queries with what a person asked, as ``raised``: all that a list reads of the thread."""
        asked = QueryMessage.objects.filter(query=models.OuterRef("pk"), kind=MessageKind.RAISED)
        return self.annotate(raised=models.Subquery(asked.order_by("at", "pk").values("text")[:1]))


@audited()
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
            models.Index(
                fields=["opened_at", "id", "site"],
                condition=~models.Q(state="closed"),
                name="crf_query_living",
            ),
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


@audited()
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


@audited()
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


class ClockName(models.TextChoices):
    """The clocks of ``protocol.safety_deadlines``, in words."""

    SAE_REPORT = "sae_report", _("Report the serious event to the sponsor (24 hours)")
    SUSAR_URGENT = "susar_urgent", _("Tell the authority of the SUSAR (7 days)")
    SUSAR_FOLLOW_UP = "susar_follow_up", _("Tell the authority of its follow-up (8 more days)")
    SUSAR_OTHER = "susar_other", _("Tell the authority of the SUSAR (15 days)")


class Expectedness(models.TextChoices):
    EXPECTED = "expected", _("expected")
    UNEXPECTED = "unexpected", _("unexpected")


class CausalityCode(models.TextChoices):
    NOT = "not", _("not related")
    UNLIKELY = "unlikely", _("unlikely")
    POSSIBLE = "possible", _("possible")
    PROBABLE = "probable", _("probable")
    DEFINITE = "definite", _("definite")


class QuerySetOfClocks(SiteQuerySet):
    def running(self) -> Self:
        """Narrow to the clocks that are neither met nor ended."""
        return self.filter(met_at=None, ended_at=None)


@audited()
class SafetyClock(OfParticipant):
    """What has to be done in time about one serious event (protocol 2.6); ``event_no`` is its number among the AEs.

    It stands until it is met, or until ``ended_at``: the answers no longer ask for it.
    """

    kind = models.CharField(_("what is due"), max_length=20, choices=ClockName.choices)
    event_no = models.PositiveSmallIntegerField(_("number of the adverse event"))
    starts_at = models.DateTimeField(_("runs since"))
    due_at = models.DateTimeField(_("due"))
    met_at = models.DateTimeField(_("met"), null=True)
    how = models.CharField(_("how it was met"), max_length=80, blank=True)
    ended_at = models.DateTimeField(_("no longer asked for since"), null=True)

    objects: ClassVar[Any] = QuerySetOfClocks.as_manager()

    class Meta(OfParticipant.Meta):
        verbose_name = _("safety clock")
        ordering = ("due_at", "pk")
        indexes = (models.Index(fields=["site", "met_at", "due_at"]),)
        constraints = (
            *OfParticipant.Meta.constraints,
            models.UniqueConstraint(fields=["participant", "event_no", "kind"], name="crf_safetyclock_once"),
            models.CheckConstraint(
                condition=models.Q(due_at__gt=models.F("starts_at")), name="crf_safetyclock_due_after_start"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · AE #{self.event_no}"

    @property
    def runs(self) -> bool:
        return self.met_at is None and self.ended_at is None

    @property
    def was_late(self) -> bool:
        return self.met_at is not None and self.met_at > self.due_at


@audited()
class SponsorAssessment(OfParticipant):
    """What the sponsor judged of one serious event, signed; the last one counts (protocol 3.6).

    It is no answer of a form: sponsor-side people do not write those (requirements 39).
    """

    event_no = models.PositiveSmallIntegerField(_("number of the adverse event"))
    expectedness = models.CharField(_("expectedness"), max_length=10, choices=Expectedness.choices)
    reference = models.CharField(_("reference safety information"), max_length=80)
    causality = models.CharField(_("relation, by the sponsor"), max_length=10, choices=CausalityCode.choices)
    susar = models.BooleanField(_("SUSAR"))
    authority_on = models.DateField(_("authority told on"), null=True)
    follow_up_on = models.DateField(_("authority told of the follow-up on"), null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    assessed_at = models.DateTimeField(_("assessed at"))
    signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")

    class Meta(OfParticipant.Meta):
        verbose_name = _("assessment by the sponsor")
        ordering = ("assessed_at", "pk")
        indexes = (models.Index(fields=["participant", "event_no"]),)
        constraints = (
            *_frozen("sponsorassessment"),
            models.CheckConstraint(
                condition=models.Q(susar=True) | models.Q(authority_on=None, follow_up_on=None),
                name="crf_sponsorassessment_told_only_of_susars",
            ),
        )

    def __str__(self) -> str:
        return f"AE #{self.event_no} {self.get_expectedness_display()}"


@audited()
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
        constraints = _frozen("hardoverride")

    def __str__(self) -> str:
        return f"{self.form_code} {self.key}"


@audited()
class WorkingNote(OfParticipant):
    """What one person keeps in mind about a participant, or about a passage of a form. Not source data.

    Nobody else reads it but an inspector, and no export holds it (requirements E10).
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    form_code = models.CharField(_("form"), max_length=8, blank=True)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="+")
    sequence = models.PositiveSmallIntegerField(default=1)
    target = models.CharField(_("question"), max_length=120, blank=True)
    text = models.TextField(_("note"))
    written_at = models.DateTimeField(_("written"))
    settled_at = models.DateTimeField(_("settled"), null=True)
    query = models.OneToOneField(Query, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-written_at", "-pk")
        constraints = (
            ActGuard(name="crf_workingnote_act"),
            OwnersNotes(name="crf_workingnote_scope"),
            SameSite(name="crf_workingnote_same_site"),
            models.CheckConstraint(
                condition=models.Q(query=None) | models.Q(settled_at__isnull=False),
                name="crf_workingnote_asked_is_settled",
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant_id} {self.form_code}"

    @property
    def href(self) -> str:
        """Where the passage stands; empty for a note about the participant."""
        if not self.form_code:
            return ""
        return form_url(
            self.participant.number, self.form_code, visit_id=self.visit_id, sequence=self.sequence
        )


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
            MayDelete(name="crf_draft_deletable"),
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
            MayDelete(name="crf_savekey_deletable"),
            models.UniqueConstraint(fields=["owner", "key"], name="crf_savekey_once"),
        )

    def __str__(self) -> str:
        return self.key
