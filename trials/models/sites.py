"""Sites and what has to be in place before they may consent anybody."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, ProvenAccess, SiteScoped
from audit.models import Audited, audited
from kernel.days import in_chinese
from trials.guards import ClosedOutGuard
from trials.transfer_guards import SignedTexts
from trials.version_guards import SiteVersionGuard


class SiteState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    SET_UP = "set_up", _("In set-up")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    CLOSED = "closed", _("Closed to recruitment")
    CLOSED_OUT = "closed_out", _("Closed out")


IN_SET_UP = (SiteState.PLANNED, SiteState.SET_UP)  # the site has its page of set-up
TAKES_NOBODY_IN = (SiteState.CLOSED, SiteState.CLOSED_OUT)  # a suspended site may take people in again


class ChecklistKind(models.TextChoices):
    """What an active site has in place (ICH E6(R3) 2.1; the activation checklist)."""

    ETHICS = "ethics", _("Ethics approval")
    CONTRACT = "contract", _("Contract signed")
    INITIATION = "initiation", _("Initiation visit held")
    DELEGATION = "delegation", _("Delegation log signed")
    TRAINING = "training", _("Training of the team")


class SiteNeed(models.TextChoices):
    """Who and what an active site has beside its checklist, as the system itself sees it."""

    COORDINATOR = "coordinator", _("a coordinator in force")
    INVESTIGATOR = "investigator", _("an investigator in force")
    CONSENT_VERSION = "consent_version", _("an approved version of the consent form")
    PLACES = "places", _("places on the randomization list")


class SiteSet(SiteQuerySet):
    site_path = "pk"

    def active(self) -> Self:
        return self.filter(state=SiteState.ACTIVE)


@audited()
class Site(Audited):
    """A centre of the trial. Its code is the first part of every participant number there."""

    code = models.CharField(_("code"), max_length=2, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120)
    city = models.CharField(_("city"), max_length=60)
    city_zh = models.CharField(_("city in Chinese"), max_length=60)
    time_zone = models.CharField(_("time zone"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=SiteState.choices, default=SiteState.PLANNED)
    planned_participants = models.PositiveIntegerField(_("planned participants"), default=0)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    languages_spoken = models.CharField(_("languages spoken"), max_length=120, blank=True)
    office_hours = models.CharField(_("office hours"), max_length=120, blank=True)
    protocol_version = models.CharField(_("protocol version in force"), max_length=10)
    telephone = models.CharField(_("telephone of the study team"), max_length=40, null=True, blank=True)
    emergency_telephone = models.CharField(
        _("telephone by day and night"),
        max_length=40,
        null=True,
        blank=True,
        help_text=_("It is printed on the patient card."),
    )
    enrolment_cap = models.PositiveIntegerField(
        _("most participants"),
        null=True,
        blank=True,
        help_text=_("Nobody more is randomized at this site. Leave empty for no limit."),
    )

    objects = SiteSet.as_manager()

    class Meta:
        verbose_name = _("site")
        ordering = ("code",)
        constraints = (
            ActGuard(name="trials_site_act"),
            SiteScoped(name="trials_site_scope", column="id"),
            SiteVersionGuard(name="trials_site_version"),
            ClosedOutGuard(name="trials_site_closed_out"),
            ProvenAccess(name="trials_site_proven", of="site", key="id", columns=("state",), made=False),
            models.CheckConstraint(condition=models.Q(code__regex=r"^[0-9]{2}$"), name="trials_site_code"),
            models.CheckConstraint(condition=models.Q(state__in=SiteState.values), name="trials_site_state"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.local_name}"

    @property
    def local_name(self) -> str:
        return self.name_zh if in_chinese() else self.name

    @property
    def local_city(self) -> str:
        return self.city_zh if in_chinese() else self.city

    def get_absolute_url(self) -> str:
        return reverse("trials:site", args=[self.code])


@audited()
class ChecklistItem(Audited):
    """One line of a site's activation checklist, with the day it was fulfilled and its expiry."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="checklist")
    kind = models.CharField(_("item"), max_length=12, choices=ChecklistKind.choices)
    done_on = models.DateField(_("done on"))
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    reference = models.CharField(_("reference"), max_length=80, blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        constraints = (
            ActGuard(name="trials_checklist_act"),
            SiteScoped(name="trials_checklist_scope"),
            models.UniqueConstraint(fields=["site", "kind"], name="trials_checklist_once"),
            models.CheckConstraint(
                condition=models.Q(expires_on=None) | models.Q(expires_on__gt=models.F("done_on")),
                name="trials_checklist_expiry",
            ),
        )

    def __str__(self) -> str:
        return str(self.get_kind_display())

    def holds_on(self, day: date) -> bool:
        """Say whether the item is fulfilled and unexpired on ``day``."""
        return self.done_on <= day and (self.expires_on is None or day <= self.expires_on)


@audited()
class ConsentVersion(Audited):
    """A consent text that the site's ethics committee approved, and from which day."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="consent_versions")
    label = models.CharField(_("version"), max_length=20)
    approved_on = models.DateField(_("approved on"))
    ended_on = models.DateField(_("replaced on"), null=True, blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ("-approved_on",)
        constraints = (
            ActGuard(name="trials_consentversion_act"),
            SignedTexts(name="trials_consentversion_scope"),
            models.UniqueConstraint(fields=["site", "label"], name="trials_consentversion_once"),
        )

    def __str__(self) -> str:
        return self.label

    def in_force_on(self, day: date) -> bool:
        return self.approved_on <= day and (self.ended_on is None or day < self.ended_on)
