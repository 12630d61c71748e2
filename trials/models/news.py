"""News of this trial: who reads it (sealed), and the letters, each written by one person and released by another."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, MayDelete, NamesItsActor, SystemRows
from audit.models import Audited, audited


class NewsReaderSet(models.QuerySet["NewsReader"]):
    def confirmed(self) -> Self:
        return self.filter(confirmed_at__isnull=False)


class NewsReader(models.Model):
    """An address that asked for news of this trial; ``confirmed_at`` once its owner has said so themselves.

    ``digest`` (keyed) finds the address again without reading it. The row is deleted when the reader
    leaves, when nobody confirms, and when its time has come: no version of it is kept.
    """

    digest = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    language = models.CharField(max_length=10)
    key = models.CharField(max_length=32, unique=True)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    objects = NewsReaderSet.as_manager()

    class Meta:
        constraints = (
            SystemRows(name="trials_newsreader_nobodys"),
            MayDelete(name="trials_newsreader_deletable"),
        )

    def __str__(self) -> str:
        return "sealed"


@audited()
class NewsLetter(Audited):
    """A text for the readers of the news. Whoever wrote it cannot release it."""

    subject_en = models.CharField(_("subject in English"), max_length=120)
    subject_zh = models.CharField(_("subject in Chinese"), max_length=120)
    text_en = models.TextField(_("text in English"), max_length=6000)
    text_zh = models.TextField(_("text in Chinese"), max_length=6000)
    approved_on = models.DateField(_("approved by the ethics committee on"))
    approval = models.CharField(_("number of the approval"), max_length=80)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written"))
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(_("released"), null=True)
    mails = models.PositiveIntegerField(_("sent to"), default=0)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("news letter")
        ordering = ("-written_at", "-pk")
        constraints = (
            ActGuard(name="trials_newsletter_act"),
            NamesItsActor(name="trials_newsletter_actor", columns=("written_by_id", "released_by_id")),
            models.CheckConstraint(
                condition=models.Q(released_by=None, released_at=None)
                | models.Q(released_by__isnull=False, released_at__isnull=False),
                name="trials_newsletter_released_pair",
            ),
            models.CheckConstraint(
                condition=models.Q(released_by=None) | ~models.Q(released_by=models.F("written_by")),
                name="trials_newsletter_two_people",
            ),
        )

    def __str__(self) -> str:
        return self.subject_en

    def get_absolute_url(self) -> str:
        return reverse("trials:letter", args=[self.pk])
