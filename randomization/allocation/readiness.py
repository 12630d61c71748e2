"""What must be so before a participant is randomized (requirement 26; protocol 1.9, 3.17 X002-X008).

The page lists every unmet condition with a link to where it is met; the service refuses with the same list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crf.eligibility.evidence import StageSource, current_evidence, stage_for_stratum
from crf.eligibility.window import TooOld, too_old_on
from kernel.clock import local_date
from kernel.scope import EVERYTHING, scope
from protocol.staging import stage_group_for_stratum
from protocol.text import load
from randomization.models import Allocation, Scheme
from trials.models import EligibilityDecision, Participant
from trials.models.participants import Track
from trials.models.sites import SiteState
from trials.services import live_decision
from trials.services.participants import valid_consent


@dataclass(frozen=True)
class Unmet:
    """One thing that is missing, and the page where it is done."""

    code: str
    text: str | Promise
    page: str
    about: str

    @property
    def url(self) -> str:
        return reverse(self.page, args=[self.about])


@dataclass(frozen=True)
class Ready:
    """All that a place is taken with, when nothing is missing."""

    decision: EligibilityDecision
    scheme: Scheme
    stage: StageSource
    stratum: str
    places_left: int  # in the trial, as its protocol plans
    too_old: tuple[TooOld, ...] = ()


@dataclass(frozen=True)
class Readiness:
    """Where a participant stands before randomization. ``unmet`` empty means: may be randomized now."""

    unmet: tuple[Unmet, ...]
    decision: EligibilityDecision | None
    scheme: Scheme | None
    stage: StageSource | None
    stratum: str
    places_left: int
    too_old: tuple[TooOld, ...] = ()

    @property
    def ready(self) -> Ready | None:
        """What to go on with; None while anything is missing."""
        if self.unmet or self.decision is None or self.scheme is None or self.stage is None:
            return None
        return Ready(self.decision, self.scheme, self.stage, self.stratum, self.places_left)


def stratum_name(site_code: str, stage: str) -> str:
    """The stratum of a site and a clinical stage group (protocol 1.9)."""
    return f"{site_code}/{stage}"


def readiness(participant: Participant, *, at: datetime, on: date | None = None) -> Readiness:
    """Every condition, looked at now: nothing is taken from what was true when the decision was signed.

    Randomization counts from ``on``, today unless an envelope was opened earlier; screening may be too old by then.
    """
    day = on or local_date(at, participant.site.time_zone)
    scheme = Scheme.objects.in_force()
    stage = _stratifying_stage(participant, at)
    decision = live_decision(participant)
    places_left = _places_left(participant)
    unmet = (
        *_standing(participant),
        *(
            _room(participant, places_left) if on is None else ()
        ),  # who was allocated on paper in an outage is entered
        *_decision(participant, decision),
        *_stratum(participant, scheme, stage),
    )
    name = stratum_name(participant.site.code, stage.group) if stage else ""
    too_old = tuple(too_old_on(participant, on=day, at=at))
    return Readiness(tuple(unmet), decision, scheme, stage, name, places_left, too_old)


def _stratifying_stage(participant: Participant, at: datetime) -> StageSource | None:
    stage = stage_for_stratum(participant, at=at)
    return stage if stage and stage_group_for_stratum(stage.group) else None


def _standing(participant: Participant) -> Iterator[Unmet]:
    here = ("participant", participant.number)
    if participant.site.state != SiteState.ACTIVE:
        yield Unmet("site", _("The site is not active."), "trials:site", participant.site.code)
    if participant.is_behind:
        yield Unmet("version", _version_left(participant), "crf:eligibility", participant.number)
    if valid_consent(participant) is None:
        yield Unmet("consent", _("There is no valid consent on record."), *here)
    if Allocation.objects.filter(participant=participant).exists():
        yield Unmet("once", _("The participant has an allocation already."), *here)
    elif participant.state != Track.SCREENED:
        yield Unmet("screening", _("The participant is no longer in screening."), *here)


def _places_left(participant: Participant) -> int:
    """Return how many more the protocol plans than are randomized, the participant not counted."""
    with scope(user_id=None, sites=EVERYTHING):  # a count of the whole trial, on behalf of one site
        everybody = Allocation.objects.exclude(participant=participant).count()
    return planned_participants(participant.protocol_version) - everybody


def _room(participant: Participant, places_left: int) -> Iterator[Unmet]:
    """Yield what says that enough people are randomized: at the site by its cap, in the trial by its protocol."""
    site = participant.site
    allocated = Allocation.objects.exclude(participant=participant)
    if site.enrolment_cap is not None and allocated.filter(site=site).count() >= site.enrolment_cap:
        text = gettext("Site {site} has randomized as many participants as it may: {cap}.")
        told = text.format(site=site.code, cap=site.enrolment_cap)
        yield Unmet("site_cap", told, "trials:site", site.code)
    if places_left <= 0:
        planned = planned_participants(participant.protocol_version)
        text = gettext("The trial has randomized as many participants as its protocol plans: {planned}.")
        yield Unmet("trial_cap", text.format(planned=planned), "trials:site", site.code)


def planned_participants(version: str) -> int:
    """Return how many participants the protocol plans to randomize."""
    return int(str(load(version).fact("sample_size").value))


def _version_left(participant: Participant) -> str:
    text = gettext(
        "Site {site} follows version {version} of the protocol now; the decision was taken by version {left}. "
        "Eligibility is decided anew."
    )
    site = participant.site
    return text.format(site=site.code, version=site.protocol_version, left=participant.protocol_version)


def _decision(participant: Participant, decision: EligibilityDecision | None) -> Iterator[Unmet]:
    page = ("crf:eligibility", participant.number)
    if decision is None:
        yield Unmet("decision", _("No investigator has signed that the participant is eligible."), *page)
        return
    if not decision.eligible:
        yield Unmet("decision", _("The investigator decided that the participant is not eligible."), *page)
    evidence = current_evidence(participant).answered(decision.answers)
    if evidence.digest != decision.digest:
        yield Unmet(
            "evidence",
            _("An answer has changed since the investigator signed. The decision is to be taken again."),
            *page,
        )
    for criterion in evidence.unmet:
        text = _("Criterion {code} is not met by the answers as they are now.")
        yield Unmet(f"criterion-{criterion}", str(text).format(code=criterion), *page)


def _stratum(participant: Participant, scheme: Scheme | None, stage: StageSource | None) -> Iterator[Unmet]:
    here = ("participant", participant.number)
    if stage is None:
        text = _("The clinical stage is not known: form STAGE lacks cT, cN or cM.")
        yield Unmet("stage", text, *here)
    if scheme is None:
        yield Unmet("scheme", _("No randomization scheme is active."), *here)
    elif stage is not None and not scheme.covers(stratum_name(participant.site.code, stage.group)):
        yield Unmet("stratum", _("The list has no places for this site and stage group."), *here)
