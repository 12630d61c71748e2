"""What the laboratories of a site call normal, from which day on (protocol 3.4 G)."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, SiteScoped
from audit.models import Audited, audited
from protocol.laboratory import ReferenceLimits
from trials.models.sites import Site


class RangeSet(SiteQuerySet):
    def standing(self) -> Self:
        """Narrow to those that nobody has withdrawn."""
        return self.filter(withdrawn_at=None)


@audited()
class ReferenceRange(Audited):
    """The lower and the upper limit of normal of one test, for a sex and a span of ages, from a day on.

    The next one ends it; none is changed. One that was entered by mistake is withdrawn, and counts for no day.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="reference_ranges")
    laboratory = models.CharField(_("laboratory"), max_length=80, blank=True)
    test = models.CharField(_("test"), max_length=10)
    unit = models.CharField(_("unit"), max_length=12)
    sex = models.CharField(_("sex"), max_length=1, blank=True)
    age_from = models.PositiveSmallIntegerField(_("from the age of"), default=0)
    age_to = models.PositiveSmallIntegerField(_("to the age of"), null=True, blank=True)
    low = models.DecimalField(_("lower limit"), max_digits=12, decimal_places=4, null=True, blank=True)
    high = models.DecimalField(_("upper limit"), max_digits=12, decimal_places=4, null=True, blank=True)
    since = models.DateField(_("in force from"))
    until = models.DateField(_("in force until"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects = RangeSet.as_manager()

    class Meta:
        verbose_name = _("reference range")
        ordering = ("laboratory", "test", "sex", "age_from", "-since", "pk")
        constraints = (
            ActGuard(name="trials_referencerange_act"),
            SiteScoped(name="trials_referencerange_scope"),
            models.CheckConstraint(
                condition=models.Q(low__isnull=False) | models.Q(high__isnull=False),
                name="trials_referencerange_says",
            ),
            models.CheckConstraint(
                condition=models.Q(low=None) | models.Q(high=None) | models.Q(low__lt=models.F("high")),
                name="trials_referencerange_order",
            ),
            models.UniqueConstraint(
                fields=["site", "laboratory", "test", "sex", "age_from", "since"],
                condition=models.Q(withdrawn_at=None),
                name="trials_referencerange_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.test} {self.since}"

    def limits(self) -> ReferenceLimits:
        """The range as rules compare with it."""
        names = (
            *("test", "unit", "low", "high", "since", "until", "sex"),
            *("age_from", "age_to", "laboratory"),
        )
        return ReferenceLimits(**{name: getattr(self, name) for name in names})
