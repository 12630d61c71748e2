"""The registers that an inspector asks for: one kind of row for all of them, with owner, days and outcome."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, NamesItsActor, SiteScoped
from audit.models import Audited, audited
from trials.models.sites import Site


class RegisterKind(models.TextChoices):
    """What is kept in a register (requirements 22, 40, 46, 54, 55, 59, 60 and 65)."""

    INCIDENT = "incident", _("Incidents of data and security")
    SYSTEM_ISSUE = "system_issue", _("Issues of the system")
    OUTAGE = "outage", _("Outages with paper back-up")
    REHEARSAL = "rehearsal", _("Rehearsals of an outage")
    PROVIDER = "provider", _("Service providers and systems")
    GENETIC_RESOURCES = "genetic_resources", _("Human genetic resources: filings")
    CROSS_BORDER = "cross_border", _("Transfer of data across the border: bases")
    CLOCK = "clock", _("Drift of the clock")
    CERTIFIED_COPY = "certified_copy", _("Certified copies")
    SITE_CLOSE_OUT = "site_close_out", _("Close-out of sites")


# What an entry is to say, where the words of the form do not say it.
ASKED: dict[RegisterKind, Any] = {
    RegisterKind.REHEARSAL: _(
        "A site works for an hour as in an outage: from envelopes and printed forms. Say who took part, what was "
        "entered afterwards, and what did not work. The outcome says what is changed because of it."
    ),
    RegisterKind.PROVIDER: _(
        "Name the provider or system, the agreement as document, and until when it is in force. Say what it does for "
        "the trial, which data it may see, and where they are kept. Close the entry when it sees nothing any more."
    ),
}
# What an export out of the country rests on holds only once a second person has approved it.
APPROVED_KINDS = (RegisterKind.GENETIC_RESOURCES, RegisterKind.CROSS_BORDER)


class RegisterEntrySet(SiteQuerySet):
    """Entries, and those of them that hold on a day."""

    def in_force(self, kind: RegisterKind, *, on: object) -> Self:
        """Return the approved entries of a kind that have begun, are not closed, and are not over on the day."""
        begun = self.filter(kind=kind, closed_on=None, began_on__lte=on).exclude(approved_by=None)
        return begun.exclude(until__lt=on)

    def waiting(self) -> Self:
        """Return the entries that hold only after a second person, who has not come yet."""
        return self.filter(kind__in=APPROVED_KINDS, approved_by=None, closed_on=None)


@audited()
class RegisterEntry(Audited):
    """One entry of a register: what it is about, who owns it, since when, and what it came to.

    An entry without a site is seen by central roles alone. ``until`` is the last day of a basis or filing.
    """

    kind = models.CharField(_("register"), max_length=20, choices=RegisterKind.choices)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+")
    subject = models.CharField(_("what it is about"), max_length=200)
    began_on = models.DateField(_("since"))
    until = models.DateField(_("in force until"), null=True, blank=True)
    reference = models.CharField(_("number or document"), max_length=80, blank=True)
    account = models.TextField(_("what happened, and what was done"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(_("approved at"), null=True)
    outcome = models.TextField(_("outcome"), blank=True)
    closed_on = models.DateField(_("closed on"), null=True)

    objects = RegisterEntrySet.as_manager()

    class Meta:
        verbose_name = _("entry of a register")
        ordering: ClassVar = ("-began_on", "-pk")
        constraints = (
            ActGuard(name="trials_registerentry_act"),
            NamesItsActor(name="trials_registerentry_actor", columns=("recorded_by_id", "approved_by_id")),
            SiteScoped(name="trials_registerentry_scope"),
            models.CheckConstraint(
                condition=models.Q(closed_on=None, outcome="")
                | (models.Q(closed_on__isnull=False) & ~models.Q(outcome="")),
                name="trials_registerentry_closed_with_outcome",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None, approved_at=None)
                | (
                    models.Q(approved_by__isnull=False, approved_at__isnull=False)
                    & ~models.Q(approved_by=models.F("recorded_by"))
                ),
                name="trials_registerentry_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(until=None) | models.Q(until__gte=models.F("began_on")),
                name="trials_registerentry_order",
            ),
        )

    def __str__(self) -> str:
        return self.subject

    @property
    def waits_for_approval(self) -> bool:
        """Say whether the entry holds only after a second person, who has not come yet."""
        return self.kind in APPROVED_KINDS and self.approved_by_id is None and self.closed_on is None
