"""What central monitoring keeps: last night's counts, the ranges that the study team set, findings, outcomes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ADDED_ROLES, ROLE_LABELS, Role, SiteQuerySet
from audit.guards import ActGuard, SiteScoped
from audit.models import Audited, audited
from monitoring.indicators import BY_CODE, FACTOR_BY_CODE, Indicator, SiteCount
from trials.models import Site


class SiteIndicator(models.Model):
    """What one indicator counted at one site last night, and at all sites together. It is no data: it is worked out."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    indicator = models.CharField(_("indicator"), max_length=30)
    count = models.BigIntegerField(_("counted"))
    exposure = models.DecimalField(_("exposure"), max_digits=16, decimal_places=2)
    pooled_count = models.BigIntegerField()
    pooled_exposure = models.DecimalField(max_digits=16, decimal_places=2)
    worked_out_at = models.DateTimeField(_("worked out at"))

    objects: ClassVar[Any] = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("indicator of a site")
        ordering: ClassVar = ("indicator", "site__code")
        constraints = (
            SiteScoped(name="monitoring_siteindicator_scope"),
            models.UniqueConstraint(fields=["site", "indicator"], name="monitoring_siteindicator_once"),
        )

    def __str__(self) -> str:
        return self.indicator

    @property
    def counted(self) -> SiteCount:
        """Return it as something that is judged."""
        return SiteCount(
            BY_CODE[self.indicator], self.count, self.exposure, self.pooled_count, self.pooled_exposure
        )


@audited()
class AcceptableRange(Audited):
    """The range of a factor critical to quality as the study team set it; without one, a default of ours stands."""

    factor = models.CharField(
        _("factor"),
        max_length=30,
        unique=True,
        choices=[(code, BY_CODE[code].title) for code in FACTOR_BY_CODE],
    )
    lowest = models.DecimalField(_("at least"), max_digits=8, decimal_places=2, null=True, blank=True)
    highest = models.DecimalField(_("at most"), max_digits=8, decimal_places=2, null=True, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(_("set at"))

    class Meta:
        verbose_name = _("acceptable range")
        constraints = (
            ActGuard(name="monitoring_range_act"),
            models.CheckConstraint(
                condition=models.Q(lowest__isnull=False) | models.Q(highest__isnull=False),
                name="monitoring_range_has_an_end",
            ),
            models.CheckConstraint(
                condition=models.Q(lowest=None)
                | models.Q(highest=None)
                | models.Q(lowest__lte=models.F("highest")),
                name="monitoring_range_order",
            ),
        )

    def __str__(self) -> str:
        return self.factor


class FindingKind(models.TextChoices):
    """Against what a count was held."""

    SITE = "site", _("Site outside the 99.8 % limits of all sites")
    FACTOR = "factor", _("Outside the acceptable range")


class FollowUpOutcome(models.TextChoices):
    """What became of a finding."""

    EXPLAINED = "explained", _("Explained; nothing to correct")
    CORRECTED = "corrected", _("Corrected with the site")
    VISIT = "visit", _("Looked into at the site")
    DEVIATION = "deviation", _("Recorded as a deviation")
    ESCALATED = "escalated", _("Passed on to the sponsor")


@audited()
class MonitoringFinding(Audited):
    """A count outside its limits or a breach of an acceptable range: a task for its owner until it has an outcome.

    Without a site it is of all sites together. What was seen is kept as it was on the day.
    """

    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")
    indicator = models.CharField(_("indicator"), max_length=30)
    kind = models.CharField(_("kind"), max_length=8, choices=FindingKind.choices)
    seen_count = models.BigIntegerField()
    seen_exposure = models.DecimalField(max_digits=16, decimal_places=2)
    lowest = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    highest = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    opened_at = models.DateTimeField(_("found at"))
    due_on = models.DateField(_("due on"))
    owner_role = models.CharField(
        _("owner"),
        max_length=20,
        choices=[(role.value, ROLE_LABELS[role]) for role in Role if role not in ADDED_ROLES],
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=10, choices=FollowUpOutcome.choices, blank=True)
    note = models.TextField(_("what was looked at and found"), blank=True)
    followed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    followed_at = models.DateTimeField(_("followed up at"), null=True)

    objects: ClassVar[Any] = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding of central monitoring")
        ordering: ClassVar = ("-opened_at", "-pk")
        constraints = (
            ActGuard(name="monitoring_finding_act"),
            SiteScoped(name="monitoring_finding_scope"),
            models.UniqueConstraint(
                fields=["site", "indicator", "kind"],
                condition=models.Q(followed_at=None),
                nulls_distinct=False,
                name="monitoring_finding_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(followed_at=None, followed_by=None, outcome="", note="")
                | models.Q(followed_at__isnull=False, followed_by__isnull=False)
                & ~models.Q(outcome="")
                & ~models.Q(note=""),
                name="monitoring_finding_outcome_is_whole",
            ),
        )

    def __str__(self) -> str:
        return self.indicator

    def get_absolute_url(self) -> str:
        return reverse("monitoring:finding", args=[self.pk])

    @property
    def about(self) -> Indicator:
        return BY_CODE[self.indicator]

    @property
    def seen(self) -> float | None:
        """What was seen, in the unit of the indicator."""
        if not self.seen_exposure:
            return None
        return self.seen_count / float(self.seen_exposure) * self.about.scale
