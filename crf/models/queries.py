"""Queries: questions about answers, and what was said of each."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ADDED_ROLES, ROLE_LABELS, Role, SiteQuerySet
from audit.models import audited
from crf.engine.base import Record
from crf.guards import frozen_rows
from followup.models import Visit
from trials.lock_guards import DataLockGuard
from trials.models.participants import OfParticipant


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

    def to_review(self) -> Self:
        """Narrow to answers that were confirmed as they are and that somebody has still to look at."""
        return self.filter(state=QueryState.ANSWERED, resolution=Resolution.CONFIRMED)

    def with_raised(self) -> Self:
        """Queries with what a person asked, as ``raised``: all that a list reads of the thread."""
        asked = QueryMessage.objects.filter(query=models.OuterRef("pk"), kind=MessageKind.RAISED)
        return self.annotate(raised=models.Subquery(asked.order_by("at", "pk").values("text")[:1]))


@audited()
class Query(OfParticipant):
    """A question about an answer, a row, a form, a form that is not there yet, a visit, or a participant.

    Without ``form_code`` it is about the visit, or about the participant where there is no visit either.
    A system query is bound to (record, ``key``): it opens when the finding appears, and closes when
    the answer is corrected or confirmed with a reason. ``seen`` are the values it was opened for. It is *answered*
    with the resolution *confirmed* while a confirmation waits for somebody to look at it.
    """

    form_code = models.CharField(_("form"), max_length=8, blank=True)
    record = models.ForeignKey(Record, models.PROTECT, null=True, blank=True, related_name="queries")
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
    assigned_role = models.CharField(
        _("assigned to the role"),
        max_length=20,
        choices=[
            (role.value, ROLE_LABELS[role]) for role in Role if role not in {*ADDED_ROLES, Role.COMMITTEE}
        ],
        null=True,
        blank=True,
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects: ClassVar[Any] = QuerySetOfQueries.as_manager()

    class Meta(OfParticipant.Meta):
        verbose_name = _("query")
        ordering = ("opened_at", "pk")
        indexes = (
            models.Index(fields=["site", "state", "opened_at"]),
            models.Index(fields=["participant", "state"]),
            models.Index(
                fields=["opened_at", "id", "site"],
                condition=~models.Q(state="closed"),
                name="crf_query_living",
            ),
        )
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="crf_query_data_lock"),
            models.UniqueConstraint(
                fields=["record", "key"],
                condition=~models.Q(state="closed") & ~models.Q(key=""),
                name="crf_query_one_living",
            ),
            models.CheckConstraint(
                condition=models.Q(state="closed", closed_at__isnull=False)
                | (~models.Q(state="closed") & models.Q(closed_at=None)),
                name="crf_query_closed_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(assigned_role=None) | models.Q(assigned_to=None),
                name="crf_query_assigned_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.form_code} {self.target}".strip()

    def get_absolute_url(self) -> str:
        return reverse("crf:query", args=[self.pk])

    @property
    def is_system(self) -> bool:
        return bool(self.key)

    @property
    def waits_for_review(self) -> bool:
        """Say whether the answer was confirmed as it is, and somebody has still to look at the reason."""
        return self.state == QueryState.ANSWERED and self.resolution == Resolution.CONFIRMED

    @property
    def shown_state(self) -> str:
        """Return the state as people see it: an answer that waits to be reviewed is one of its own."""
        return "to_review" if self.waits_for_review else self.state


class MessageKind(models.TextChoices):
    RAISED = "raised", _("asked")
    ANSWERED = "answered", _("answered")
    CONFIRMED = "confirmed", _("confirmed the answer")
    REOPENED = "reopened", _("asked again")
    CLOSED = "closed", _("closed the query")
    ASSIGNED = "assigned", _("assigned the query")


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
        constraints = (*frozen_rows("querymessage"), DataLockGuard(name="crf_querymessage_data_lock"))

    def __str__(self) -> str:
        return f"{self.query_id} {self.kind}"
