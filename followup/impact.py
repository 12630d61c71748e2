"""What a later version of the protocol would change for the people who live, before it is applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from followup.history import data_cuts
from followup.models import DataCut
from followup.services.planning import VisitChange, preview_version
from kernel.clock import local_date
from trials.models import Consent, ConsentRefusal, Participant, Site, SiteVersion, Withdrawal
from trials.models.participants import AfterRefusal
from trials.services.versions import ENDED

AT_A_TIME = 100
KINDS = ("added", "moved", "altered", "dropped")


@dataclass(frozen=True)
class Impact:
    """What the version would change for one participant."""

    participant: Participant
    changes: tuple[VisitChange, ...]
    must_consent: bool = False

    def count(self, kind: str) -> int:
        """How many visits change in this way."""
        return sum(change.kind == kind for change in self.changes)


@dataclass
class Total:
    """What the version would change for everybody looked at."""

    people: int = 0
    touched: int = 0
    must_consent: int = 0

    def __post_init__(self) -> None:
        self.visits: Counter[str] = Counter()

    def add(self, impact: Impact) -> None:
        self.people += 1
        self.touched += bool(impact.changes)
        self.must_consent += impact.must_consent
        self.visits.update(change.kind for change in impact.changes)

    def kinds(self) -> list[tuple[str, int]]:
        """Return each way in which visits change, with how many do."""
        return [(kind, self.visits[kind]) for kind in KINDS]


def affected(site: Site, version: str) -> QuerySet[Participant]:
    """Return the living participants of the site whom the version would reach, by number."""
    living = Participant.objects.filter(site=site).exclude(state__in=ENDED).exclude(protocol_version=version)
    participants: QuerySet[Participant] = living.order_by("number")
    return participants


def with_what_is_known(people: QuerySet[Participant]) -> QuerySet[Participant]:
    """Return the people with all that planning reads, in as many queries for a hundred as for one."""
    participants: QuerySet[Participant] = people.select_related("site").prefetch_related(
        "visits", "milestones", "withdrawals", "consents"
    )
    return participants


def impacts(people: Iterable[Participant], *, site: Site, version: str, at: datetime) -> Iterator[Impact]:
    """Yield what ``version`` would change for each of the people, if it came into force today."""
    today = local_date(at, site.time_zone)
    text, cuts = new_consent(site, version), data_cuts()
    for each in people:
        each.site = site
        signed = {consent.version_id for consent in each.consents.all()}
        must = text is not None and text not in signed
        yield Impact(each, tuple(_changes(each, version, today, cuts)), must)


def _changes(participant: Participant, version: str, today: date, cuts: list[DataCut]) -> list[VisitChange]:
    if not participant.arm and not participant.visits.all():
        return []  # nothing is planned before the eligibility forms are there
    return preview_version(participant=participant, version=version, on=today, cuts=cuts)


def in_batches(people: QuerySet[Participant]) -> Iterator[Participant]:
    """Yield everybody with what is known of them, a hundred at a time: memory does not grow with the trial."""
    yield from with_what_is_known(people).iterator(chunk_size=AT_A_TIME)


def new_consent(site: Site, version: str) -> int | None:
    """Return the consent text that the version asks to be signed anew at the site, if any."""
    site_versions = SiteVersion.objects.filter(site=site, version=version)
    return site_versions.values_list("consent_id", flat=True).first()


def asked_to_consent_anew(people: QuerySet[Participant]) -> QuerySet[Participant]:
    """Return the living among ``people`` who owe an answer to the consent text of the version that their site follows.

    Whoever signed it, or refused it and stays, has answered. Whoever refused it and leaves (``is_leaving``) is
    named until the withdrawal is on record.
    """
    in_force = {"site": OuterRef("site"), "version": OuterRef("site__protocol_version")}
    asked = SiteVersion.objects.filter(**in_force, consent__isnull=False)
    living = people.exclude(state__in=ENDED).alias(text=Subquery(asked.values("consent")[:1]))
    return _without_answer(living.filter(text__isnull=False), OuterRef("text"))


def to_consent_anew(people: QuerySet[Participant], site_version: SiteVersion) -> QuerySet[Participant]:
    """Return the living people among ``people`` who still owe an answer to the new consent text of the version."""
    living = people.filter(site_id=site_version.site_id).exclude(state__in=ENDED)
    return _without_answer(living, site_version.consent_id) if site_version.consent_id else living.none()


def _without_answer(living: QuerySet[Participant], text: Any) -> QuerySet[Participant]:
    of_text = {"participant": OuterRef("pk"), "version": text}
    refused = ConsentRefusal.objects.filter(**of_text)
    withdrew = Withdrawal.objects.filter(
        participant=OuterRef("participant"), on__gte=OuterRef("asked_on"), cancelled_at=None
    )
    leaving = refused.filter(~Exists(withdrew), follows=AfterRefusal.LEAVES)
    participants: QuerySet[Participant] = living.annotate(is_leaving=Exists(leaving)).filter(
        ~Exists(Consent.objects.filter(**of_text)), Q(is_leaving=True) | ~Exists(refused)
    )
    return participants.order_by("number")


def stays_under_older_text(people: QuerySet[Participant], site_version: SiteVersion) -> QuerySet[Participant]:
    """Return the living people who refused the new consent text of the version and stay under the one before."""
    of_text = {"participant": OuterRef("pk"), "version": site_version.consent_id}
    refused = ConsentRefusal.objects.filter(**of_text, follows=AfterRefusal.STAYS)
    living = people.filter(site_id=site_version.site_id).exclude(state__in=ENDED)
    participants: QuerySet[Participant] = living.filter(
        Exists(refused), ~Exists(Consent.objects.filter(**of_text))
    )
    return participants.order_by("number")
