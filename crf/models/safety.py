"""Safety: the clocks of serious events and pregnancies, and what the sponsor judged of them."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature
from accounts.permissions import SiteQuerySet
from audit.models import audited
from crf.guards import frozen_rows
from trials.lock_guards import DataLockGuard
from trials.models.participants import OfParticipant


class ClockName(models.TextChoices):
    """The clocks of ``protocol.safety_deadlines``, in words."""

    SAE_REPORT = "sae_report", _("Report the serious event to the sponsor (24 hours)")
    SUSAR_URGENT = "susar_urgent", _("Tell the authority of the SUSAR (7 days)")
    SUSAR_FOLLOW_UP = "susar_follow_up", _("Tell the authority of its follow-up (8 more days)")
    SUSAR_OTHER = "susar_other", _("Tell the authority of the SUSAR (15 days)")
    PREGNANCY = "pregnancy", _("Report the pregnancy to the sponsor")


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
    """What has to be done in time about one serious event or pregnancy (protocol 2.6).

    ``event_no`` is its number among the records of the form that ``kind`` is about (``subject``).

    It stands until it is met, or until ``ended_at``: the answers no longer ask for it. ``due_at`` only ever
    moves to an earlier moment; ``first_due_at`` keeps the first one. ``provisional`` says that it runs since the
    event was saved: nobody said since when it was known. Both are empty in rows of version 0.2.0.
    """

    kind = models.CharField(_("what is due"), max_length=20, choices=ClockName.choices)
    event_no = models.PositiveSmallIntegerField(_("number of the adverse event"))
    starts_at = models.DateTimeField(_("runs since"))
    due_at = models.DateTimeField(_("due"))
    first_due_at = models.DateTimeField(_("due when it was first known"), null=True)
    provisional = models.BooleanField(_("provisional"), null=True)
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
            models.UniqueConstraint(
                fields=["participant", "event_no", "kind"],
                condition=models.Q(ended_at=None),
                name="crf_safetyclock_once_running",
            ),
            models.CheckConstraint(
                condition=models.Q(first_due_at=None) | models.Q(due_at__lte=models.F("first_due_at")),
                name="crf_safetyclock_never_due_later",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at__gt=models.F("starts_at")), name="crf_safetyclock_due_after_start"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.subject}"

    @property
    def subject(self) -> str:
        """The record that the clock is about, as pages call it: ``AE #3`` or ``PREG #1``."""
        return f"PREG #{self.event_no}" if self.kind == ClockName.PREGNANCY else f"AE #{self.event_no}"

    @property
    def runs(self) -> bool:
        return self.met_at is None and self.ended_at is None

    @property
    def was_late(self) -> bool:
        return self.met_at is not None and self.met_at > self.due_at


@audited()
class SponsorAssessment(OfParticipant):
    """What the sponsor judged of one serious event, signed; the last one counts (protocol 3.6).

    It is no answer of a form: sponsor-side people do not write those (requirements 39). ``known_at`` is day 0
    of a SUSAR: when the sponsor first knew that the case, as this assessment has it, qualifies (ICH E2A);
    ``urgent`` says whether it was fatal or life-threatening then. Both are empty in rows of version 0.2.0.
    """

    event_no = models.PositiveSmallIntegerField(_("number of the adverse event"))
    expectedness = models.CharField(_("expectedness"), max_length=10, choices=Expectedness.choices)
    reference = models.CharField(_("reference safety information"), max_length=80)
    causality = models.CharField(_("relation, by the sponsor"), max_length=10, choices=CausalityCode.choices)
    susar = models.BooleanField(_("SUSAR"))
    known_at = models.DateTimeField(_("sponsor knew since"), null=True)
    urgent = models.BooleanField(_("fatal or life-threatening"), null=True)
    authority_on = models.DateField(_("reported to authority on"), null=True)
    follow_up_on = models.DateField(_("authority told of the follow-up on"), null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    assessed_at = models.DateTimeField(_("assessed at"))
    signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")

    class Meta(OfParticipant.Meta):
        verbose_name = _("assessment by the sponsor")
        ordering = ("assessed_at", "pk")
        indexes = (models.Index(fields=["participant", "event_no"]),)
        constraints = (
            *frozen_rows("sponsorassessment"),
            DataLockGuard(name="crf_sponsorassessment_data_lock"),
            models.CheckConstraint(
                condition=models.Q(susar=True) | models.Q(authority_on=None, follow_up_on=None),
                name="crf_sponsorassessment_told_only_of_susars",
            ),
        )

    def __str__(self) -> str:
        return f"AE #{self.event_no} {self.get_expectedness_display()}"
