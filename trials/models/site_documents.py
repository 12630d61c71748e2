"""The documents behind a site's activation checklist, as they were sent: approval letter, contract, and the like."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, SiteScoped
from audit.models import Audited, audited
from trials.guards import DigestOfContent
from trials.models.sites import ChecklistKind, Site


@audited(exclude=("content",))
class SiteDocument(Audited):
    """One file behind a line of the checklist. A later one stands before it; none is changed or removed.

    ``digest`` (SHA-256) is of ``content``, the bytes that are kept: pictures without what the camera noted.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="documents")
    kind = models.CharField(_("item"), max_length=12, choices=ChecklistKind.choices)
    name = models.CharField(_("name of the file"), max_length=120)
    media_type = models.CharField(_("kind of file"), max_length=15)
    pages = models.PositiveSmallIntegerField(_("pages"), null=True)
    size = models.PositiveIntegerField(_("size in bytes"))
    digest = models.CharField("SHA-256", max_length=64)
    content = models.BinaryField()
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(_("sent"))

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("document of a site")
        ordering: ClassVar = ("-pk",)
        constraints = (
            ActGuard(name="trials_sitedocument_act", frozen=True),
            SiteScoped(name="trials_sitedocument_scope"),
            DigestOfContent(name="trials_sitedocument_digest"),
            models.UniqueConstraint(fields=["site", "kind", "digest"], name="trials_sitedocument_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=ChecklistKind.values), name="trials_sitedocument_kind"
            ),
        )

    def __str__(self) -> str:
        return self.name
