"""How many expected forms stand where: counted as they change, so that a page of the whole trial counts no forms."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import MayDelete, SiteScoped
from trials.models import Site

WAIVED = "waived"  # nothing more is asked for since a withdrawal


class CellCount(models.Model):
    """A number of expected forms of a site, visit and form in one state; the sum of the rows of a cell counts.

    A trigger adds a row for each change, so that nobody waits for another; the night adds them up anew.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="+")
    visit_code = models.CharField(_("visit"), max_length=12)
    form_code = models.CharField(_("form"), max_length=8)
    state = models.CharField(_("state"), max_length=12)
    number = models.IntegerField(_("number"))

    objects: ClassVar[Any] = SiteQuerySet.as_manager()

    class Meta:
        constraints = (
            SiteScoped(name="crf_cellcount_scope"),
            MayDelete(name="crf_cellcount_deletable"),
        )

    def __str__(self) -> str:
        return f"{self.visit_code} {self.form_code} {self.state}: {self.number}"


class MonthCount(models.Model):
    """A number of expected forms of a site and month of visit in one state, entered so many days after the visit."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="+")
    month = models.DateField(_("month"))
    state = models.CharField(_("state"), max_length=12)
    days = models.PositiveSmallIntegerField(_("days from visit to entry"), null=True)
    number = models.IntegerField(_("number"))

    objects: ClassVar[Any] = SiteQuerySet.as_manager()

    class Meta:
        constraints = (
            SiteScoped(name="crf_monthcount_scope"),
            MayDelete(name="crf_monthcount_deletable"),
        )

    def __str__(self) -> str:
        return f"{self.month} {self.state}: {self.number}"
