"""Participants: numbers only. Names are nowhere in the system."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature
from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, SameSite, SetOnce, SiteScoped
from audit.models import Audited, audited
from kernel.errors import Refusal
from kernel.pagination import CountOf
from trials import lapse_causes
from trials.lock_guards import DataLockGuard, ParticipantLockGuard
from trials.models.sites import ConsentVersion, Site
from trials.transfer_guards import MovedByTransfer
from trials.version_guards import ParticipantVersionGuard


class Track(models.TextChoices):
    """Where a participant stands (protocol 2.5). The allowed moves are in the protocol text."""

    SCREENED = "SCREENED", _("In screening")
    SCREEN_FAIL = "SCREEN_FAIL", _("Screen failure")
    RANDOMISED = "RANDOMISED", _("Randomized")
    NEVER_TREATED = "NEVER_TREATED", _("Never treated")
    NEOADJUVANT = "NEOADJUVANT", _("Neoadjuvant treatment")
    AWAIT_CRE1 = "AWAIT_CRE1", _("Waiting for CRE-1")
    AWAIT_CRE2 = "AWAIT_CRE2", _("Waiting for CRE-2")
    REFUSED_WORKUP = "REFUSED_WORKUP", _("Work-up refused")
    SURVEILLANCE = "SURVEILLANCE", _("Active surveillance")
    AWAIT_RESTAGE = "AWAIT_RESTAGE", _("Waiting for restaging")
    SURGERY_PLANNED = "SURGERY_PLANNED", _("Surgery planned")
    REFUSED_SURGERY = "REFUSED_SURGERY", _("Surgery refused")
    OPERATED = "OPERATED", _("Operated")
    NOT_RESECTED = "NOT_RESECTED", _("Explored, not resected")
    NONSURGICAL_SALVAGE = "NONSURGICAL_SALVAGE", _("Non-surgical salvage")
    FOLLOW_UP = "FOLLOW_UP", _("Follow-up")
    PROGRESSION = "PROGRESSION", _("Progression")
    DISTANT = "DISTANT", _("Distant disease")
    RECURRENCE = "RECURRENCE", _("Recurrence")
    SURVIVAL_ONLY = "SURVIVAL_ONLY", _("Survival follow-up only")
    DEAD = "DEAD", _("Dead")
    LOST = "LOST", _("Lost to follow-up")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn before randomization")
    WITHDRAWN_ALL = "WITHDRAWN_ALL", _("Withdrawn from all contact")
    COMPLETED = "COMPLETED", _("Completed")


TERMINAL = frozenset(
    {Track.DEAD, Track.LOST, Track.WITHDRAWN, Track.WITHDRAWN_ALL, Track.COMPLETED, Track.SCREEN_FAIL}
)
ENDS_FOLLOWING = TERMINAL | {Track.SURVIVAL_ONLY}
INTERRUPTED = frozenset({Track.DEAD, Track.LOST, Track.WITHDRAWN, Track.WITHDRAWN_ALL})
"""Endings that can be taken back: the participant then stands where they would stand without them."""


class ParticipantElsewhere(Refusal):
    code = "trials.participant_elsewhere"
    message = _(
        "This participant was transferred to another site meanwhile, and nothing was saved. What has to be recorded "
        "is recorded there: pass it on to the receiving site."
    )


class ParticipantSet(SiteQuerySet):
    def lock(self, pk: int) -> Participant:
        """Return the participant, held until the transaction ends.

        Whoever waited for a transfer gets no row at first: the site that was joined is the one of before. Refuses a
        participant who is no longer at a site of the transaction's scope.
        """
        rows = self.select_for_update(of=("self",)).select_related("site").filter(pk=pk)
        participant: Participant | None = rows.first() or rows.first()
        if participant is None:
            raise ParticipantElsewhere
        return participant

    def randomized(self) -> Self:
        return self.filter(arm__isnull=False)


def counted_at_site() -> dict[str, CountOf]:
    """Return how many participants were screened and randomized, to be asked for each site; an index holds both."""
    here = Participant.objects.filter(site=models.OuterRef("pk")).order_by().values("site_id")
    return {"screened": CountOf(here), "randomized": CountOf(here.filter(arm__isnull=False))}


@audited()
class Participant(Audited):
    """A person in the trial, known here by number alone. The site keeps the identification log."""

    number = models.CharField(_("participant"), max_length=8, unique=True)
    site = models.ForeignKey(Site, models.PROTECT, related_name="participants")
    state = models.CharField(_("state"), max_length=20, choices=Track.choices, default=Track.SCREENED)
    state_since = models.DateField(_("in this state since"))
    arm = models.CharField(_("arm"), max_length=1, null=True, blank=True)
    strat_stage = models.CharField(
        _("clinical stage group as randomized"), max_length=4, null=True, blank=True
    )
    protocol_version = models.CharField(_("protocol version"), max_length=10)
    registered_on = models.DateField(_("registered on"))
    came_by_request = models.BooleanField(_("came through the public page"), default=False)

    objects = ParticipantSet.as_manager()

    class Meta:
        verbose_name = _("participant")
        ordering = ("number",)
        indexes = (models.Index(fields=["site", "state"]), models.Index(fields=["site", "state", "arm"]))
        constraints = (
            ActGuard(name="trials_participant_act"),
            SiteScoped(name="trials_participant_scope"),
            ParticipantVersionGuard(name="trials_participant_version"),
            SetOnce(name="trials_participant_arm_once", column="arm"),
            SetOnce(name="trials_participant_strat_stage_once", column="strat_stage"),
            SetOnce(name="trials_participant_number_once", column="number"),
            MovedByTransfer(name="trials_participant_moved"),
            ParticipantLockGuard(name="trials_participant_data_lock"),
            models.CheckConstraint(
                condition=models.Q(arm=None) | models.Q(arm__in=["1", "2"]), name="trials_participant_arm"
            ),
            models.CheckConstraint(
                condition=models.Q(strat_stage=None) | models.Q(arm__isnull=False),
                name="trials_participant_strat_stage",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=Track.values), name="trials_participant_state"
            ),
        )

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("participant", args=[self.number])

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    def track_left(self) -> tuple[str, date | None] | None:
        """Return the track before the one that ended the following, and since when; None while followed."""
        return self.stood_without(TERMINAL) if self.is_terminal else None

    def stood_without(self, states: Collection[str]) -> tuple[str, date | None] | None:
        """Return the last track but for ``states``, and since when."""
        versions: Any = self.events  # type: ignore[attr-defined]  # the event table of this model
        others = versions.exclude(state__in=states).order_by("-pgh_id")
        state: tuple[str, date | None] | None = others.values_list("state", "state_since").first()
        return state

    def interruptions(self) -> list[tuple[str, date | None]]:
        """Return the tracks that interrupted the following since it was followed last, the first one first."""
        versions: Any = self.events  # type: ignore[attr-defined]
        rows: list[tuple[str, date | None]] = []
        for track in versions.order_by("-pgh_id").values_list("state", "state_since"):
            if track[0] not in INTERRUPTED:
                break
            if track not in rows[-1:]:
                rows.append(track)
        return rows[::-1]

    @property
    def is_behind(self) -> bool:
        """Say whether the site follows another version of the protocol than the participant does."""
        return self.protocol_version != self.site.protocol_version


class OfParticipant(Audited):
    """A row about one participant, at the participant's site."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="%(class)ss")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")

    objects: ClassVar[Any] = SiteQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints: ClassVar[Any] = (
            ActGuard(name="%(app_label)s_%(class)s_act"),
            SiteScoped(name="%(app_label)s_%(class)s_scope"),
            SameSite(name="%(app_label)s_%(class)s_same_site"),
        )


@audited()
class Consent(OfParticipant):
    """A consent that the participant signed, with its version and its separate parts."""

    version = models.ForeignKey(ConsentVersion, models.PROTECT, verbose_name=_("consent version"))
    signed_on = models.DateField(_("signed on"))
    sensitive_data = models.BooleanField(_("consent to the use of sensitive health data"), default=False)
    biobank = models.BooleanField(_("consent to extra samples"), default=False)
    register_lookup = models.BooleanField(
        _("consent to look up vital status after withdrawal"), default=False
    )

    class Meta(OfParticipant.Meta):
        verbose_name = _("consent")
        ordering = ("-signed_on", "-pk")
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="trials_consent_data_lock"),
            models.UniqueConstraint(fields=["participant", "version"], name="trials_consent_once"),
        )

    def __str__(self) -> str:
        return f"{self.participant} {self.version}"


class AfterRefusal(models.TextChoices):
    """What follows when somebody in the trial does not sign a new consent text."""

    STAYS = "stays", _("Stays in the trial under the consent signed before")
    LEAVES = "leaves", _("Leaves the trial, in whole or in part")


@audited()
class ConsentRefusal(OfParticipant):
    """The answer of somebody who was asked to sign a new consent text and did not (protocol 3.1)."""

    version = models.ForeignKey(ConsentVersion, models.PROTECT, verbose_name=_("consent version"))
    asked_on = models.DateField(_("asked on"))
    follows = models.CharField(_("what follows"), max_length=6, choices=AfterRefusal.choices)

    class Meta(OfParticipant.Meta):
        verbose_name = _("refusal of a consent text")
        ordering = ("-asked_on", "-pk")
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="trials_consentrefusal_data_lock"),
            models.UniqueConstraint(fields=["participant", "version"], name="trials_consentrefusal_once"),
            models.CheckConstraint(
                condition=models.Q(follows__in=AfterRefusal.values), name="trials_consentrefusal_follows"
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant} {self.version}"


class ScreenFailureReason(models.TextChoices):
    CRITERION = "criterion", _("A criterion was not met")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("Consent withdrawn")
    PROGRESSION = "progression", _("Progression")
    DEATH = "death", _("Death")
    ADMINISTRATIVE = "administrative", _("Administrative")
    OTHER = "other", _("Other")


class DeclineReason(models.TextChoices):
    WANTS_SURGERY = "wants_surgery", _("Wants surgery")
    WANTS_SURVEILLANCE = "wants_surveillance", _("Wants surveillance")
    NO_TRIAL = "no_trial", _("Wants no trial")
    PHYSICIAN = "physician", _("Physician's decision")
    OTHER = "other_decline", _("Other reason for declining")


@audited()
class ScreeningOutcome(OfParticipant):
    """Why a screened person was not randomized: screen failure, or eligible and declined (protocol 3.1)."""

    declined = models.BooleanField(_("eligible but declined"), default=False)
    reason = models.CharField(
        _("reason"), max_length=20, choices=[*ScreenFailureReason.choices, *DeclineReason.choices]
    )
    criteria = models.JSONField(_("criteria not met"), default=list, blank=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    on = models.DateField(_("on"))

    class Meta(OfParticipant.Meta):
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="trials_screeningoutcome_data_lock"),
            models.UniqueConstraint(fields=["participant"], name="trials_outcome_once"),
        )

    def __str__(self) -> str:
        return str(self.get_reason_display())


@audited()
class EligibilityDecision(OfParticipant):
    """An investigator's signed decision, with the evidence exactly as it was seen.

    It is live until an answer it rests on changes; then ``lapsed_at`` says so.
    """

    eligible = models.BooleanField(_("eligible"))
    evidence = models.JSONField(_("evidence"))
    digest = models.CharField(_("digest of the evidence"), max_length=64)
    signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided at"))
    note = models.TextField(_("note"), blank=True)
    lapsed_at = models.DateTimeField(_("lapsed at"), null=True, blank=True)
    lapse_cause = models.TextField(_("why it lapsed"), blank=True)

    class Meta(OfParticipant.Meta):
        ordering = ("-decided_at",)
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="trials_eligibilitydecision_data_lock"),
            models.UniqueConstraint(
                fields=["participant"], condition=models.Q(lapsed_at=None), name="trials_decision_one_live"
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant} {self.decided_at:%Y-%m-%d}"

    @property
    def answers(self) -> dict[str, str]:
        """Return the reasons that the investigator gave where the history could not tell, by criterion."""
        criteria = self.evidence.get("criteria", ())
        return {each["code"]: each["answer"] for each in criteria if each.get("answer")}

    @property
    def why_lapsed(self) -> str:
        """Why it no longer stands, in the reader's language."""
        return lapse_causes.told(self.lapse_cause)


ESTIMATE = "estimate"


@audited()
class Milestone(OfParticipant):
    """A date that starts a clock (protocol 2.1), with the record it was read from.

    ``source`` says what set it, ``ESTIMATE`` where the date is known in part and the day was worked out;
    ``source_form`` and ``source_record`` name the record where it is a form.
    Where the day is not known, ``earliest`` and ``latest`` are the first and the last that are possible; one that is
    known by its year has no day ``on`` which it was, and stands all the same (decision D4).
    A milestone whose answer was taken back keeps its row and has no date.
    """

    NUMBERS: ClassVar = {"source_record": "crf_record"}

    code = models.CharField(_("milestone"), max_length=12)
    on = models.DateField(_("on"), null=True)
    earliest = models.DateField(_("first possible day"), null=True)
    latest = models.DateField(_("last possible day"), null=True)
    result = models.CharField(_("result"), max_length=20, blank=True)
    source = models.CharField(_("source"), max_length=20)
    source_form = models.CharField(_("form it was read from"), max_length=8, blank=True)
    source_record = models.BigIntegerField(_("record it was read from"), null=True)

    class Meta(OfParticipant.Meta):
        ordering = ("on", "code")
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="trials_milestone_data_lock"),
            models.UniqueConstraint(fields=["participant", "code"], name="trials_milestone_once"),
            models.CheckConstraint(
                condition=models.Q(source_form="", source_record=None)
                | (~models.Q(source_form="") & models.Q(source_record__isnull=False)),
                name="trials_milestone_record_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(earliest=None, latest=None) | models.Q(earliest__lte=models.F("latest")),
                name="trials_milestone_possible_days",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.on}"

    @property
    def stands(self) -> bool:
        """Say whether it happened, be its day known or not."""
        return self.on is not None or self.earliest is not None

    @property
    def last_day(self) -> date | None:
        """Return the last day on which it can have been, if that is known."""
        return self.latest or (None if self.source == ESTIMATE else self.on)


@audited()
class Withdrawal(OfParticipant):
    """What a participant no longer wants: four separate scopes (protocol 2.5).

    One that was recorded by mistake, or that the participant took back, keeps its row with ``cancelled_at``.
    """

    SCOPES = ("study_drug", "procedures", "quality_of_life", "all_contact")

    on = models.DateField(_("on"))
    study_drug = models.BooleanField(_("study drug"), default=False)
    procedures = models.BooleanField(_("surveillance procedures"), default=False)
    quality_of_life = models.BooleanField(_("quality of life"), default=False)
    all_contact = models.BooleanField(_("all contact"), default=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)

    class Meta(OfParticipant.Meta):
        ordering = ("on", "pk")
        constraints = (*OfParticipant.Meta.constraints, DataLockGuard(name="trials_withdrawal_data_lock"))

    def __str__(self) -> str:
        return f"{self.participant} {self.on}"

    @property
    def scopes(self) -> list[str]:
        """The scopes that it names, each in words."""
        return [scope_in_words(name) for name in self.SCOPES if getattr(self, name)]


def scope_in_words(name: str) -> str:
    """Return the scope of a withdrawal as the reader's language says it."""
    field: Any = Withdrawal._meta.get_field(name)
    return str(field.verbose_name)


@audited()
class LossToFollowUp(OfParticipant):
    """A time in which nobody could reach the participant: from ``lost_on`` until ``reached_on`` (protocol 3.16).

    One that was recorded by mistake is cancelled and keeps its row.
    """

    lost_on = models.DateField(_("lost on"))
    reached_on = models.DateField(_("reached again on"), null=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)

    class Meta(OfParticipant.Meta):
        verbose_name = _("loss to follow-up")
        ordering = ("lost_on", "pk")
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="trials_losstofollowup_data_lock"),
            models.UniqueConstraint(
                fields=["participant"],
                condition=models.Q(reached_on=None, cancelled_at=None),
                name="trials_loss_open_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant} {self.lost_on}"


class DeviationState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    CONFIRMED = "confirmed", _("Confirmed")
    DISMISSED = "dismissed", _("Not a deviation")


@audited()
class DeviationProposal(OfParticipant):
    """A deviation that a rule found. A person confirms it; until then it is not counted (protocol 3.15).

    Once confirmed it stands on the log of deviations under ``deviation_no``.

    ``detail`` is kept in the words of the program's source with its ``values`` beside it, so that each reader
    is shown their own language; what a person wrote has no values and stays as it was written.
    """

    rule = models.CharField(_("rule"), max_length=20)
    key = models.CharField(max_length=200)
    detail = models.TextField(_("what was found"))
    values = models.JSONField(_("values of the text"), default=dict, blank=True)
    found_on = models.DateField(_("found on"))
    state = models.CharField(
        _("state"), max_length=10, choices=DeviationState.choices, default=DeviationState.PROPOSED
    )

    deviation_no = models.PositiveSmallIntegerField(_("number on the log of deviations"), null=True)

    class Meta(OfParticipant.Meta):
        ordering = ("-found_on", "-pk")
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(name="trials_deviationproposal_data_lock"),
            models.CheckConstraint(
                condition=models.Q(deviation_no=None) | models.Q(state=DeviationState.CONFIRMED),
                name="trials_deviation_number_of_confirmed",
            ),
            models.UniqueConstraint(fields=["participant", "rule", "key"], name="trials_deviation_once"),
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.participant}"

    @property
    def said(self) -> str:
        """What was found, in the reader's language."""
        text = gettext(self.detail) if self.detail else ""
        return text % self.values if self.values else text
