"""The register of imports: which file, by which mapping, and what became of each of its lines."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, SetOnce, SiteScoped
from audit.models import Audited, audited


class ImportState(models.TextChoices):
    PREVIEWED = "previewed", _("Previewed")
    DONE = "done", _("Done")
    DISCARDED = "discarded", _("Discarded")


class CellOutcome(models.TextChoices):
    """What becomes of one cell of a file."""

    NEW = "new", _("New answer")
    SAME = "same", _("Stored already")
    CONFLICT = "conflict", _("Differs from what is stored")
    REFUSED = "refused", _("Cannot be taken")


@audited(exclude=("table", "result"))
class DataImport(Audited):
    """One file of data, its mapping, and what became of each line; the lines stay with it as they stood in the file.

    ``table`` holds the lines, ``result`` one entry for each cell that was read: line, record, question, text, what
    was stored, outcome and a sentence. A file is of one site.
    """

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="data_imports", verbose_name=_("by")
    )
    requested_at = models.DateTimeField(_("requested at"))
    form_code = models.CharField(_("form"), max_length=8)
    file_name = models.CharField(_("file"), max_length=120)
    digest = models.CharField(_("digest of the file"), max_length=64)
    mapping_name = models.CharField(_("name of the mapping"), max_length=80, blank=True)
    mapping = models.JSONField(_("mapping"))
    table = models.JSONField(_("lines of the file"))
    result = models.JSONField(_("what became of each cell"), default=list)
    counts = models.JSONField(_("numbers"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=ImportState, default=ImportState.PREVIEWED)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    site = models.ForeignKey("trials.Site", models.PROTECT, related_name="+", verbose_name=_("site"))

    objects: ClassVar[Any] = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        ordering: ClassVar = ("-requested_at", "-pk")
        constraints = (
            ActGuard(name="exports_dataimport_act"),
            SiteScoped(name="exports_dataimport_scope"),
            SetOnce(name="exports_dataimport_digest", column="digest"),
            models.CheckConstraint(
                condition=models.Q(state=ImportState.PREVIEWED) | models.Q(finished_at__isnull=False),
                name="exports_dataimport_finished",
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.file_name}"

    def get_absolute_url(self) -> str:
        return reverse("exports:import", args=[self.pk])
