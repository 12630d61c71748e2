"""What may be known about the list, and who was allocated.

The list itself is not here: it lives in the schema ``allocation``, which the application cannot read
(``schema.py``; ADR 7). Block sizes are sealed there as well.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Self, TypeVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import Permission, SiteQuerySet
from audit.guards import ActGuard, NamesItsActor, SameSite, SetOnce, SiteScoped
from audit.models import Audited, audited
from randomization.guards import OpeningStays, SchemeMoves
from randomization.scheme import coins
from trials.lock_guards import DataLockGuard
from trials.models import EligibilityDecision, Participant, Site


class SchemeState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    CLOSED = "closed", _("Closed")
    REJECTED = "rejected", _("Rejected")


Row = TypeVar("Row", bound=models.Model)


class TrialWideSet(models.QuerySet[Row]):
    """Rows of the whole trial: open to whom holds the permission anywhere."""

    def open_to(self, user: User, permission: Permission) -> Self:
        return self.all() if user.may(permission) else self.none()


class SchemeSet(TrialWideSet["Scheme"]):
    def in_force(self) -> Scheme | None:
        """The scheme that allocates now, if there is one."""
        return self.filter(state=SchemeState.ACTIVE).first()


@audited()
class Scheme(Audited):
    """How participants are allocated (protocol 1.9). What a site could guess from is not kept here."""

    version = models.PositiveSmallIntegerField(_("version"), unique=True)
    name = models.CharField(_("name"), max_length=40, unique=True)
    algorithm = models.CharField(_("generator"), max_length=40)
    ratio = models.CharField(_("ratio"), max_length=20)
    stages = models.JSONField(_("clinical stage groups"))
    places_per_stratum = models.PositiveIntegerField(_("places per stratum"))
    state = models.CharField(
        _("state"), max_length=10, choices=SchemeState.choices, default=SchemeState.DRAFT
    )
    defined_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("defined by"))
    defined_at = models.DateTimeField(_("defined at"))

    objects = SchemeSet.as_manager()

    class Meta:
        verbose_name = _("randomization scheme")
        ordering = ("-version",)
        constraints = (
            ActGuard(name="randomization_scheme_act"),
            models.CheckConstraint(
                condition=models.Q(state__in=SchemeState.values), name="randomization_scheme_state"
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state=SchemeState.ACTIVE),
                name="randomization_scheme_one_active",
            ),
            SchemeMoves(name="randomization_scheme_moves"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("randomization:scheme", args=[self.version])

    @property
    def minimizes(self) -> bool:
        """Say whether arms come from minimization; else they stand in blocks (ADR 14)."""
        return self.algorithm.startswith(coins.ALGORITHM + ":")

    @property
    def favoured(self) -> Fraction:
        """How likely minimization gives the balancing arm; written behind the generator's name."""
        return Fraction(self.algorithm.partition(":")[2])

    def covers(self, stratum: str) -> bool:
        """Say whether an activated list of the scheme has places for the stratum."""
        active = self.parts.filter(activated_at__isnull=False)
        return any(stratum in part.strata for part in active)


class SchemeClosingSet(TrialWideSet["SchemeClosing"]):
    def standing(self) -> Self:
        """Closings that wait for the second person or are in force."""
        return self.filter(ended_at=None)

    def to_confirm_by(self, user: User) -> Self:
        """What waits for a second person who did not ask for it."""
        waiting = self.open_to(user, Permission.SCHEME_ACTIVATE).standing().filter(confirmed_at=None)
        return waiting.exclude(asked_by=user)


@audited()
class SchemeClosing(Audited):
    """A scheme allocates no more: asked for by one person, confirmed by a second. ``ended_at``: taken back before."""

    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="closings")
    reason = models.CharField(_("reason"), max_length=200)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked for by"))
    asked_at = models.DateTimeField(_("asked for at"))
    asking_signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    confirming_signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("taken back at"), null=True)

    objects = SchemeClosingSet.as_manager()

    class Meta:
        verbose_name = _("closing of a scheme")
        ordering = ("-asked_at", "-pk")
        constraints = (
            ActGuard(name="randomization_schemeclosing_act"),
            NamesItsActor(
                name="randomization_schemeclosing_actor",
                columns=("asked_by_id", "confirmed_by_id", "ended_by_id"),
            ),
            SetOnce(name="randomization_schemeclosing_confirmed_once", column="confirmed_at"),
            SetOnce(name="randomization_schemeclosing_ended_once", column="ended_at"),
            models.UniqueConstraint(
                fields=["scheme"],
                condition=models.Q(ended_at=None),
                name="randomization_schemeclosing_one_standing",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None, confirmed_at=None, confirming_signature=None)
                | models.Q(
                    confirmed_by__isnull=False, confirmed_at__isnull=False, confirming_signature__isnull=False
                )
                & ~models.Q(confirmed_by=models.F("asked_by")),
                name="randomization_schemeclosing_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_by=None, ended_at=None)
                | models.Q(ended_by__isnull=False, ended_at__isnull=False, confirmed_at=None),
                name="randomization_schemeclosing_ended_whole",
            ),
        )

    def __str__(self) -> str:
        return self.scheme.name


class ListPartSet(TrialWideSet["ListPart"]):
    def waiting(self) -> Self:
        """Lists that were asked for and neither activated nor rejected."""
        return self.filter(activated_at=None, rejected_at=None)

    def to_activate_by(self, user: User) -> Self:
        """What waits for a second person who did not ask for it."""
        return self.open_to(user, Permission.SCHEME_ACTIVATE).waiting().exclude(asked_by=user)


class PartKind(models.TextChoices):
    FIRST = "first", _("First list")
    SITES = "sites", _("New sites")
    EXTENSION = "extension", _("Extension of strata")


@audited()
class ListPart(Audited):
    """A list that was asked for by one person and activated by another, with its published root.

    The first list of a scheme, the list of sites that came later, or more places for strata that run low:
    each has its own commitment and touches no other.
    """

    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="parts")
    number = models.PositiveSmallIntegerField(_("list"), validators=[MaxValueValidator(26)])
    kind = models.CharField(_("kind"), max_length=10, choices=PartKind.choices)
    strata = models.JSONField(_("strata"))
    places_per_stratum = models.PositiveIntegerField(_("places per stratum"))
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked for by"))
    asked_at = models.DateTimeField(_("asked for at"))
    asking_signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")
    activated_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("activated by")
    )
    activated_at = models.DateTimeField(_("activated at"), null=True)
    activating_signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")
    root = models.CharField(_("Merkle root"), max_length=64, null=True)
    places = models.PositiveIntegerField(_("places"), default=0)
    rejected_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("rejected by")
    )
    rejected_at = models.DateTimeField(_("rejected at"), null=True)
    rejected_because = models.CharField(_("why it was rejected"), max_length=200, null=True)

    objects = ListPartSet.as_manager()

    class Meta:
        verbose_name = _("list")
        ordering = ("scheme", "number")
        constraints = (
            ActGuard(name="randomization_listpart_act"),
            NamesItsActor(
                name="randomization_listpart_actor",
                columns=("asked_by_id", "activated_by_id", "rejected_by_id"),
            ),
            SetOnce(name="randomization_listpart_activated_once", column="activated_at"),
            SetOnce(name="randomization_listpart_root_once", column="root"),
            models.UniqueConstraint(fields=["scheme", "number"], name="randomization_listpart_once"),
            models.CheckConstraint(
                condition=(
                    models.Q(activated_at=None, activated_by=None, activating_signature=None, root=None)
                    | (
                        models.Q(activated_at__isnull=False, activating_signature__isnull=False)
                        & models.Q(activated_by__isnull=False)
                        & models.Q(root__regex=r"^[0-9a-f]{64}$", places__gt=0)
                    )
                ),
                name="randomization_listpart_activation",
            ),
            models.CheckConstraint(
                condition=~models.Q(activated_by=models.F("asked_by")),
                name="randomization_listpart_two_people",
            ),
            SetOnce(name="randomization_listpart_rejected_once", column="rejected_at"),
            models.CheckConstraint(
                condition=models.Q(rejected_by=None, rejected_at=None, rejected_because=None)
                | models.Q(
                    rejected_by__isnull=False,
                    rejected_at__isnull=False,
                    rejected_because__isnull=False,
                    activated_at=None,
                ),
                name="randomization_listpart_rejection",
            ),
        )

    def __str__(self) -> str:
        return f"{self.scheme.name} · {self.label}"

    @property
    def label(self) -> str:
        """The list's short name, the first part of every randomization number in it: 1A, 1B, …"""
        return f"{self.scheme.version}{chr(64 + self.number)}"


class AllocationSet(SiteQuerySet):
    def unrevealed(self) -> Self:
        """Allocations whose place is taken and whose arm nobody has been told yet."""
        return self.filter(revealed_at=None)


@audited()
class Allocation(Audited):
    """A participant's place in the list, kept for good (protocol 3.2 RAND).

    Written with the place; arm and certificate follow in the next transaction and then never change.
    """

    participant = models.OneToOneField(Participant, models.PROTECT, related_name="allocation")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    part = models.ForeignKey(ListPart, models.PROTECT, related_name="allocations", verbose_name=_("list"))
    number = models.CharField(_("randomization number"), max_length=12, unique=True)
    stratum = models.CharField(_("stratum as randomized"), max_length=20)
    sequence = models.PositiveIntegerField()
    strat_site = models.CharField(_("site as randomized"), max_length=2)
    strat_stage = models.CharField(_("clinical stage group as randomized"), max_length=4)
    decision = models.OneToOneField(EligibilityDecision, models.PROTECT, related_name="+")
    signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")
    randomized_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("randomized by"))
    randomized_at = models.DateTimeField(_("randomized at"))
    revealed_at = models.DateTimeField(_("arm revealed at"), null=True)
    arm = models.CharField(_("arm"), max_length=1, null=True)
    certificate = models.JSONField(_("certificate"), null=True)

    objects = AllocationSet.as_manager()

    class Meta:
        verbose_name = _("allocation")
        ordering = ("randomized_at", "pk")
        constraints = (
            ActGuard(name="randomization_allocation_act"),
            SiteScoped(name="randomization_allocation_scope"),
            SameSite(name="randomization_allocation_same_site"),
            *(
                SetOnce(name=f"randomization_allocation_{column}_once", column=column)
                for column in ("arm", "certificate", "number", "participant_id", "stratum", "sequence")
            ),
            models.UniqueConstraint(fields=["part", "stratum", "sequence"], name="randomization_place_once"),
            models.CheckConstraint(
                condition=(
                    models.Q(revealed_at=None, arm=None, certificate=None)
                    | models.Q(revealed_at__isnull=False, arm__in=["1", "2"], certificate__isnull=False)
                ),
                name="randomization_allocation_revealed",
            ),
        )

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("randomization:allocation", args=[self.participant.number])


class EnvelopeState(models.TextChoices):
    """Where an emergency envelope is, from printing to its end."""

    PRINTED = "printed", _("Printed")
    HANDED_OVER = "handed_over", _("With the site")
    OPENED = "opened", _("Opened")
    RETURNED = "returned", _("Returned unopened")
    DESTROYED = "destroyed", _("Destroyed unopened")
    VOID = "void", _("Opened, and void: nobody is randomized with it")


class EnvelopeSet(SiteQuerySet):
    def out(self) -> Self:
        """Envelopes that are with somebody, and opened ones whose participant is not entered yet."""
        unopened = models.Q(state__in=(EnvelopeState.PRINTED, EnvelopeState.HANDED_OVER))
        return self.filter(unopened | models.Q(state=EnvelopeState.OPENED, allocation=None))

    def not_entered(self) -> Self:
        """Envelopes that were opened, and whose participant is not randomized in the system yet."""
        return self.filter(state=EnvelopeState.OPENED, allocation=None)


@audited()
class Envelope(Audited):
    """A place of the list on paper: reserved until its envelope was opened, or came back unopened.

    Number, stratum and sequence stand outside on the envelope; nothing here says what is inside.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    number = models.CharField(_("randomization number"), max_length=12, unique=True)
    stratum = models.CharField(_("stratum"), max_length=20)
    sequence = models.PositiveIntegerField(_("order"))
    state = models.CharField(
        _("state"), max_length=12, choices=EnvelopeState.choices, default=EnvelopeState.PRINTED
    )
    printed_at = models.DateTimeField(_("printed at"))
    handed_over_on = models.DateField(_("handed over on"), null=True)
    ended_on = models.DateField(_("returned or destroyed on"), null=True)
    opened_at = models.DateTimeField(_("opened at"), null=True)
    opened_by = models.CharField(_("opened by"), max_length=120, blank=True)
    allocation = models.OneToOneField(
        Allocation, models.PROTECT, null=True, related_name="envelope", verbose_name=_("allocation")
    )

    objects = EnvelopeSet.as_manager()

    class Meta:
        verbose_name = _("emergency envelope")
        ordering = ("site__code", "stratum", "sequence")
        constraints = (
            ActGuard(name="randomization_envelope_act"),
            SiteScoped(name="randomization_envelope_scope"),
            *(
                SetOnce(name=f"randomization_envelope_{column}_once", column=column)
                for column in ("number", "stratum", "sequence", "allocation_id")
            ),
            OpeningStays(name="randomization_envelope_opening_stays"),
            models.CheckConstraint(
                condition=(
                    models.Q(state=EnvelopeState.OPENED, opened_at__isnull=False) & ~models.Q(opened_by="")
                    | models.Q(state=EnvelopeState.VOID, opened_at__isnull=False, allocation=None)
                    & ~models.Q(opened_by="")
                    | ~models.Q(state__in=(EnvelopeState.OPENED, EnvelopeState.VOID))
                    & models.Q(opened_at=None, opened_by="", allocation=None)
                ),
                name="randomization_envelope_opened",
            ),
        )

    def __str__(self) -> str:
        return self.number


class ErrorKind(models.TextChoices):
    """The standard cases of randomization errors."""

    IN_ERROR = "in_error", _("Randomized in error: never meant to be")
    INELIGIBLE = "ineligible", _("Found not to be eligible after randomization")
    WRONG_STRATUM = "wrong_stratum", _("Randomized in the wrong stratum")
    WRONG_TREATMENT = "wrong_treatment", _("Treatment of the other arm given")
    OUTAGE = "outage", _("Emergency envelope used during an outage")


class AllocationErrorSet(SiteQuerySet):
    def standing(self) -> Self:
        """Marks that hold: one that was made by mistake is withdrawn and keeps its row."""
        return self.filter(withdrawn_at=None)


@audited()
class AllocationError(Audited):
    """A mistake about an allocation, marked; the allocation is never undone (requirement 30).

    The allocation stays as it is and so does the analysis: as randomized. For a wrong stratum the true
    one is kept here, beside the one that was used; there is one true stratum, corrected with a reason.
    """

    allocation = models.ForeignKey(Allocation, models.PROTECT, related_name="errors")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    kind = models.CharField(_("what happened"), max_length=16, choices=ErrorKind.choices)
    found_on = models.DateField(_("found on"))
    detail = models.TextField(_("how it happened"))
    action = models.TextField(_("what was done"))
    strat_stage_true = models.CharField(_("true clinical stage group"), max_length=4, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)

    objects = AllocationErrorSet.as_manager()

    class Meta:
        verbose_name = _("randomization error")
        ordering = ("-recorded_at",)
        constraints = (
            ActGuard(name="randomization_allocationerror_act"),
            SetOnce(name="randomization_allocationerror_kind_once", column="kind"),
            SetOnce(name="randomization_allocationerror_withdrawn_once", column="withdrawn_at"),
            models.UniqueConstraint(
                fields=["allocation"],
                condition=models.Q(kind=ErrorKind.WRONG_STRATUM, withdrawn_at=None),
                name="randomization_error_one_true_stratum",
            ),
            SiteScoped(name="randomization_allocationerror_scope"),
            SameSite(name="randomization_allocationerror_same_site"),
            DataLockGuard(name="randomization_allocationerror_data_lock"),
            models.CheckConstraint(
                condition=(
                    models.Q(kind=ErrorKind.WRONG_STRATUM) & ~models.Q(strat_stage_true="")
                    | ~models.Q(kind=ErrorKind.WRONG_STRATUM) & models.Q(strat_stage_true="")
                ),
                name="randomization_error_stratum",
            ),
        )

    def __str__(self) -> str:
        return str(self.get_kind_display())
