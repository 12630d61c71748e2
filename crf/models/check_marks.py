"""What data management has decided about single checks: which are retired, and whose confirmations are looked at."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.guards import ActGuard
from audit.models import Audited, audited


class MarkKind(models.TextChoices):
    REVIEWED = "reviewed", _("Confirmations are reviewed")
    RETIRED = "retired", _("Retired")


class CheckMarkSet(models.QuerySet["CheckMark"]):
    def standing(self) -> Self:
        """Narrow to the marks that nobody has taken away."""
        return self.filter(ended_at=None)

    def of(self, form: str, kind: MarkKind) -> frozenset[str]:
        """Return the checks of a form that have the mark now."""
        rows = self.standing().filter(form_code=form, kind=kind)
        return frozenset(rows.values_list("check_code", flat=True))


@audited()
class CheckMark(Audited):
    """One mark of one check of the whole trial, with its reason, from a moment until another.

    ``check_code`` names the check on every record of the form (``crf.engine.checks.check_of``); ``plan_version``
    is the version of the data validation plan that the mark belongs to.
    """

    form_code = models.CharField(_("form"), max_length=8)
    check_code = models.CharField(_("check"), max_length=160)
    kind = models.CharField(_("mark"), max_length=10, choices=MarkKind.choices)
    reason = models.TextField(_("why"))
    plan_version = models.CharField(_("version of the data validation plan"), max_length=20)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(_("set at"))
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("taken away at"), null=True)
    end_reason = models.TextField(_("why it was taken away"), blank=True)

    objects = CheckMarkSet.as_manager()

    class Meta:
        verbose_name = _("mark of a check")
        ordering: ClassVar = ("-set_at", "-pk")
        constraints = (
            ActGuard(name="crf_checkmark_act"),
            models.UniqueConstraint(
                fields=["form_code", "check_code", "kind"],
                condition=models.Q(ended_at=None),
                name="crf_checkmark_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_by=None, end_reason="")
                | models.Q(ended_at__isnull=False, ended_by__isnull=False) & ~models.Q(end_reason=""),
                name="crf_checkmark_ended_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason="") & ~models.Q(plan_version=""), name="crf_checkmark_has_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.form_code} {self.check_code}: {self.get_kind_display()}"
