"""What is decided about the protocol text: which version a site follows, which defaults are confirmed."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature
from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, SetOnce, SiteScoped
from audit.models import Audited, audited
from kernel.days import in_chinese
from trials.models.sites import ConsentVersion, Site
from trials.version_guards import LetterStays, OpenedStays


@audited()
class SiteVersion(Audited):
    """A later version of the protocol at one site: approved there, then opened, then carried to everybody.

    ``consent`` is the consent text that the version asks living participants to sign anew.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="versions")
    version = models.CharField(_("protocol version"), max_length=10)
    approved_on = models.DateField(_("approved by the ethics committee on"))
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    letter_on = models.DateField(_("date of the letter"), null=True)
    consent = models.ForeignKey(
        ConsentVersion, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("new consent")
    )
    opened_on = models.DateField(_("in force since"), null=True)
    carried_at = models.DateTimeField(_("everybody follows it since"), null=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("version at a site")
        ordering = ("site__code", "approved_on", "pk")
        constraints = (
            ActGuard(name="trials_siteversion_act"),
            SiteScoped(name="trials_siteversion_scope"),
            OpenedStays(name="trials_siteversion_opened_stays"),
            LetterStays(name="trials_siteversion_letter_stays"),
            models.UniqueConstraint(fields=["site", "version"], name="trials_siteversion_once"),
            models.CheckConstraint(
                condition=Q(opened_on=None) | Q(opened_on__gte=F("approved_on")),
                name="trials_siteversion_approved_first",
            ),
            models.CheckConstraint(
                condition=Q(carried_at=None) | Q(opened_on__isnull=False),
                name="trials_siteversion_opened_first",
            ),
            models.CheckConstraint(
                condition=Q(letter_on=None) | Q(letter_on__gte=F("approved_on")),
                name="trials_siteversion_letter_after",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_id} {self.version}"

    def may_open_on(self, day: date) -> bool:
        """Say whether the approval has been given by ``day``."""
        return self.opened_on is None and self.approved_on <= day


@audited()
class VersionText(Audited):
    """The words of a version of the protocol as they were when a site first followed it; never changed."""

    version = models.CharField(_("protocol version"), max_length=10, unique=True)
    source = models.TextField(_("text"))
    digest = models.CharField(_("digest of the text"), max_length=64)

    class Meta:
        verbose_name = _("text of a protocol version")
        ordering = ("pk",)
        constraints = (ActGuard(name="trials_versiontext_act", frozen=True),)

    def __str__(self) -> str:
        return f"{self.version} {self.digest[:12]}"


@audited()
class Confirmation(Audited):
    """A value of the protocol text that the study team confirmed with a signature, exactly as it was then.

    It holds for ``digest`` alone: the same item with another value is not confirmed. Name and day stand
    here too, because people at the sites read them and the signature itself is not theirs to see.
    """

    item = models.CharField(_("value"), max_length=120)
    digest = models.CharField(_("digest of the value"), max_length=64)
    version = models.CharField(_("protocol version"), max_length=10)
    shown_en = models.TextField()
    shown_zh = models.TextField()
    note = models.CharField(_("basis"), max_length=200)
    signature = models.ForeignKey(Signature, models.PROTECT, related_name="+")
    signed_by = models.CharField(_("confirmed by"), max_length=80)
    confirmed_at = models.DateTimeField(_("confirmed at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawn_by = models.CharField(_("withdrawn by"), max_length=80, blank=True)
    withdrawal_reason = models.CharField(_("why it was withdrawn"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("confirmation")
        ordering = ("-confirmed_at", "-pk")
        indexes = (models.Index(fields=["item"]),)
        constraints = (
            ActGuard(name="trials_confirmation_act"),
            SetOnce(name="trials_confirmation_item_once", column="item"),
            SetOnce(name="trials_confirmation_digest_once", column="digest"),
            SetOnce(name="trials_confirmation_signature_once", column="signature_id"),
            SetOnce(name="trials_confirmation_withdrawn_once", column="withdrawn_at"),
            models.UniqueConstraint(
                fields=["item", "digest"],
                condition=Q(withdrawn_at=None),
                name="trials_confirmation_one_living",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by="", withdrawal_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawal_reason="") & ~Q(withdrawn_by="")),
                name="trials_confirmation_withdrawal_whole",
            ),
        )

    def __str__(self) -> str:
        return self.item

    @property
    def shown(self) -> str:
        """What was confirmed, in the reader's language."""
        return self.shown_zh if in_chinese() else self.shown_en
