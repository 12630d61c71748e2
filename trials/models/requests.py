"""Contact requests: what a centre does about them, and apart from that who they are from.

The request itself names nobody and is kept; the identity is one sealed row that is erased.
"""

from __future__ import annotations

from typing import Final, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, ConfidentialToSite, ErasedUnderAct, MayDelete, SetOnce
from audit.models import Audited, audited
from trials.guards import ActiveSite
from trials.models.participants import Participant
from trials.models.sites import Site


class RequestState(models.TextChoices):
    NEW = "new", pgettext_lazy("contact request", "New")
    CALLED = "called", _("Called")
    INVITED = "invited", _("Invited to the centre")
    SCREENED = "screened", _("In screening")
    NOT_SUITABLE = "not_suitable", _("Not suitable")
    DECLINED = "declined", _("Does not want to take part")
    UNREACHED = "unreached", _("Could not be reached")
    ERASED = "erased", _("Erased on request")


OPEN_STATES: Final = (RequestState.NEW, RequestState.CALLED, RequestState.INVITED)


class UnsuitableReason(models.TextChoices):
    """Why a caller cannot take part; the criteria are assessed at screening, not on the telephone."""

    OTHER_DISEASE = "other_disease", _("Another disease")
    TOO_ADVANCED = "too_advanced", _("The disease has spread too far")
    TREATED = "treated", _("Treatment has begun or is finished")
    AGE = "age", _("Younger than 18 or older than 75")
    TOO_FAR = "too_far", _("The visits cannot be kept from where the person lives")
    MISUSE = "misuse", _("Not about the trial")
    OTHER = "other", _("Another reason")


class CallResult(models.TextChoices):
    REACHED = "reached", _("Spoke with the person")
    LATER = "later", _("Asked to be called at another time")
    NO_ANSWER = "no_answer", _("No answer")
    WRONG_NUMBER = "wrong_number", _("The number does not work or is somebody else's")


class ContactRequestSet(SiteQuerySet):
    def lock(self, pk: int) -> ContactRequest:
        """Return the request, held until the transaction ends."""
        contact_request: ContactRequest = (
            self.select_for_update(of=("self",)).select_related("site").get(pk=pk)
        )
        return contact_request

    def waiting(self) -> Self:
        return self.filter(state__in=OPEN_STATES)


@audited()
class ContactRequest(Audited):
    """Somebody asked one centre for a call. Who it was stands in ``ContactIdentity`` until it is erased.

    ``reference`` is told to the person, so that they can ask for erasure without saying who they are.
    """

    reference = models.CharField(_("reference"), max_length=9, unique=True)
    site = models.ForeignKey(Site, models.PROTECT, related_name="contact_requests")
    state = models.CharField(
        _("state"), max_length=12, choices=RequestState.choices, default=RequestState.NEW
    )
    received_at = models.DateTimeField(_("received"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    reason = models.CharField(_("reason"), max_length=15, choices=UnsuitableReason.choices, blank=True)
    participant = models.OneToOneField(
        Participant, models.PROTECT, null=True, related_name="+", verbose_name=_("participant")
    )
    erased_at = models.DateTimeField(_("identity erased"), null=True)

    objects = ContactRequestSet.as_manager()

    class Meta:
        verbose_name = _("contact request")
        ordering = ("received_at", "pk")
        indexes = (models.Index(fields=["site", "state", "received_at"]),)
        constraints = (
            ActGuard(name="trials_contactrequest_act"),
            ConfidentialToSite(name="trials_contactrequest_scope", kept_by_system=True),
            ActiveSite(name="trials_contactrequest_active"),
            SetOnce(name="trials_contactrequest_site_once", column="site_id"),
            SetOnce(name="trials_contactrequest_participant_once", column="participant_id"),
            SetOnce(name="trials_contactrequest_erased_once", column="erased_at"),
            models.CheckConstraint(
                condition=models.Q(state__in=RequestState.values), name="trials_contactrequest_state"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=OPEN_STATES, closed_at=None)
                | (~models.Q(state__in=OPEN_STATES) & models.Q(closed_at__isnull=False)),
                name="trials_contactrequest_closed_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="screened", participant__isnull=False)
                | (~models.Q(state="screened") & models.Q(participant=None)),
                name="trials_contactrequest_screened_has_number",
            ),
            models.CheckConstraint(
                condition=models.Q(state="not_suitable") ^ models.Q(reason=""),
                name="trials_contactrequest_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(erased_at=None) | ~models.Q(state__in=OPEN_STATES),
                name="trials_contactrequest_erased_is_closed",
            ),
        )

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("trials:request", args=[self.reference])

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


@audited()
class RequestCall(Audited):
    """A call to somebody who asked for one: when, and with what result. What was said is sealed elsewhere."""

    request = models.ForeignKey(ContactRequest, models.PROTECT, related_name="attempts")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    called_at = models.DateTimeField(_("called at"))
    result = models.CharField(_("result"), max_length=12, choices=CallResult.choices)
    again_on = models.DateField(_("call again on"), null=True, blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        db_table = "trials_contactattempt"  # seals name the tables of the trail: a table keeps its name
        ordering = ("called_at", "pk")
        constraints = (
            ActGuard(name="trials_contactattempt_act", frozen=True),
            ConfidentialToSite(name="trials_contactattempt_scope", kept_by_system=True),
        )

    def __str__(self) -> str:
        return str(self.get_result_display())


class ContactIdentity(models.Model):
    """Who asked for a call and what they wrote, sealed with a key that the database never holds.

    No version of it is kept and the row can be deleted: that is the point.
    """

    request = models.OneToOneField(ContactRequest, models.PROTECT, related_name="identity")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    sealed = models.BinaryField()

    objects = SiteQuerySet.as_manager()

    class Meta:
        constraints = (
            ConfidentialToSite(name="trials_contactidentity_scope"),
            MayDelete(name="trials_contactidentity_deletable"),
            ErasedUnderAct(
                name="trials_contactidentity_erased",
                verbs=("trials:request:erase", "trials:request:expire", "trials:request:erase_at_end"),
            ),
        )

    def __str__(self) -> str:
        return "sealed"


class SendingMark(models.Model):
    """That somebody sent a form lately: a keyed digest of a network, a number or an address, for a day."""

    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["digest", "at"]),)
        constraints = (MayDelete(name="trials_sendingmark_deletable"),)

    def __str__(self) -> str:
        return self.digest[:8]
