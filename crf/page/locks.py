"""A freeze or a lock as a page: what holds, what must be so before, what failed, and what can be done."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from crf.links import at_visit, form_url
from crf.locks.conditions import LockCondition, conditions_shown, failed_by_participant
from crf.locks.scope import LockScope
from crf.models import Record
from followup.models import Visit
from kernel.clock import local_date
from trials.models import DataLock, LockKind, LockLevel, Participant, Site
from trials.models.locks import lock_kind

HELD: Final = {
    LockKind.FROZEN: gettext_lazy(
        "Answers and visits on record do not change. Queries, verification and signatures go on."
    ),
    LockKind.LOCKED: gettext_lazy("Nothing of it is changed, and nothing is added."),
    LockKind.OPEN: gettext_lazy(
        "It was opened to changes although what stands above it is frozen or locked."
    ),
}


@dataclass(frozen=True)
class LockLine:
    """One freeze, lock or opening: of what, since when, by whom, why, and how it ended."""

    row: DataLock
    label: str
    says: str


@dataclass(frozen=True)
class LockPage:
    """Everything that the page of one scope shows."""

    scope: LockScope
    kind: str
    standing: tuple[LockLine, ...]
    past: tuple[LockLine, ...]
    conditions: tuple[LockCondition, ...]
    may_freeze: bool
    may_lock: bool
    may_end: bool
    needs_password: bool
    zone: str

    @property
    def failed(self) -> tuple[LockCondition, ...]:
        return tuple(each for each in self.conditions if each.failed)


def lock_page(scope: LockScope, *, user: User, at: datetime, zone: str) -> LockPage:
    """Return the page of a scope for a person."""
    over, today = scope.over(), local_date(at, zone)
    kind = over["kind"] if over is not None else ""
    locked, may = kind == LockKind.LOCKED, user.may(Permission.CRF_LOCK, scope.site)
    conditions = () if locked else tuple(conditions_shown(scope, today=today))
    rows = list(_rows_over(scope))
    of_study = any(
        row.level == LockLevel.STUDY and row.kind == LockKind.LOCKED and row.ended_at is None for row in rows
    )
    return LockPage(
        scope=scope,
        kind=kind,
        standing=tuple(_line(row) for row in rows if row.ended_at is None),
        past=tuple(_line(row) for row in rows if row.ended_at is not None),
        conditions=conditions,
        may_freeze=may and not kind and not any(each.failed and each.freezes for each in conditions),
        may_lock=may
        and not locked
        and scope.level < LockLevel.STUDY
        and not any(each.failed for each in conditions),
        may_end=may and bool(kind) and not of_study,
        needs_password=scope.level == LockLevel.SITE,
        zone=zone,
    )


def _rows_over(scope: LockScope) -> Iterable[DataLock]:
    """Return the rows that concern the scope, the latest first: its own, and those above it that stand."""
    above = Q(level=LockLevel.STUDY)
    if scope.site is not None:
        above |= Q(level=LockLevel.SITE, site=scope.site)
    if scope.participant is not None:
        above |= Q(level=LockLevel.PARTICIPANT, participant=scope.participant)
    if scope.visit is not None:
        above |= Q(level=LockLevel.VISIT, participant=scope.participant, visit_number=scope.visit.pk)
    own, people = Q(**scope.place), ("begun_by", "ended_by", "site", "participant")
    rows = DataLock.objects.filter(own | above & Q(ended_at=None))
    return rows.select_related(*people).order_by("-begun_at", "-pk")[:50]


def _line(row: DataLock) -> LockLine:
    return LockLine(row, label_of(row), str(HELD[LockKind(row.kind)]))


def label_of(row: DataLock) -> str:
    """Return what a freeze or lock is over, in words."""
    if row.level == LockLevel.STUDY:
        return _("The study")
    if row.level == LockLevel.SITE and row.site is not None:
        return _("Site {site}").format(site=row.site.code)
    number = row.participant.number if row.participant is not None else ""
    if row.level == LockLevel.PARTICIPANT:
        return number
    return f"{number} · {row.get_level_display()}"


@dataclass(frozen=True)
class SiteLockLine:
    """One site in the list: how many of its participants are locked, and what holds over it."""

    site: Site
    kind: str
    participants: int
    forms: int
    locked_forms: int
    href: str


def site_lines(user: User) -> list[SiteLockLine]:
    """Return the sites that the person may see, each with how far it is locked."""
    sites = list(Site.objects.open_to(user, Permission.CRF_VIEW).order_by("code"))
    standing = DataLock.objects.standing().filter(level=LockLevel.SITE)
    kinds = dict(standing.values_list("site_id", "kind"))
    people = dict(Participant.objects.order_by().values_list("site_id").annotate(n=Count("pk")))
    records: dict[int, Counter[str]] = defaultdict(Counter)
    for site, state, number in (
        Record.objects.exclude(state="empty")
        .order_by()
        .values_list("site_id", "state")
        .annotate(n=Count("pk"))
    ):
        records[site][state] += number
    return [
        SiteLockLine(
            site,
            kinds.get(site.pk, ""),
            people.get(site.pk, 0),
            records[site.pk].total(),
            records[site.pk]["locked"],
            reverse("crf:lock-site", args=[site.code]),
        )
        for site in sites
    ]


@dataclass(frozen=True)
class PersonLockLine:
    """One participant of a site in the dry run of a lock: ready, or what fails."""

    participant: Participant
    kind: str
    failed: tuple[LockCondition, ...]
    href: str

    @property
    def is_ready(self) -> bool:
        return self.kind != LockKind.LOCKED and not self.failed


def people_lines(people: Iterable[Participant], site: Site, *, today: date) -> list[PersonLockLine]:
    """Return a dry run of locking each participant: nothing is written."""
    rows = list(people)
    failed = failed_by_participant(rows, LockScope.of_site(site), today=today)
    kinds = dict(
        Participant.objects.filter(pk__in=[each.pk for each in rows])
        .annotate(lock_kind=lock_kind())
        .values_list("pk", "lock_kind")
    )
    return [
        PersonLockLine(
            each,
            kinds.get(each.pk) or "",
            tuple(failed.get(each.pk, ())),
            reverse("crf:lock-participant", args=[each.number]),
        )
        for each in rows
    ]


@dataclass(frozen=True)
class OwnLockLine:
    """One visit or form of a participant, and what holds over it."""

    label: str
    kind: str
    href: str
    page: str


def parts_of_participant(participant: Participant) -> list[OwnLockLine]:
    """Return the visits of the participant that took place or were not done, each with its own page of locks."""
    visits = Visit.objects.filter(participant=participant, state__in=("done", "not_done"))
    over = lock_kind("participant_id", visit="pk")
    rows = visits.annotate(lock_kind=over, day=F("took_place_on")).order_by("opens", "target", "pk")
    number = participant.number
    return [
        OwnLockLine(
            str(visit),
            visit.lock_kind or "",
            reverse("crf:lock-visit", args=[number, visit.pk]),
            reverse("followup:visit", args=[number, visit.pk]),
        )
        for visit in rows
    ]


def parts_of_visit(visit: Visit) -> list[OwnLockLine]:
    """Return the forms of the visit, each with its own page of locks."""
    over = lock_kind("participant_id", visit="visit_id", record="pk")
    rows = Record.objects.filter(visit=visit).exclude(state="empty").annotate(lock_kind=over)
    number = visit.participant.number
    return [
        OwnLockLine(
            record.form_code,
            "locked" if record.state == "locked" else record.lock_kind or "",
            at_visit(reverse("crf:lock", args=[number, record.form_code, record.sequence]), visit.pk),
            form_url(number, record.form_code, visit_id=visit.pk, sequence=record.sequence),
        )
        for record in rows.order_by("form_code", "sequence")
    ]


def lock_notice(lock: dict[str, Any] | None) -> str:
    """Return the sentence that stands above what is frozen or locked; empty where nothing holds."""
    if lock is None:
        return ""
    place = {
        1: _("this form"),
        2: _("the visit"),
        3: _("the participant"),
        4: _("the site"),
        5: _("the study"),
    }
    said = (
        _(
            "Frozen, with {place}: what is on record does not change. Queries, verification and signatures go on."
        )
        if lock["kind"] == LockKind.FROZEN
        else _(
            "Locked, with {place}: nothing is changed or added. A data manager can unlock it with a reason."
        )
    )
    return said.format(place=place[lock["level"]])
