"""What must be so before data are frozen or locked, and what of it fails: counted, with the first places of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crf import catalogue
from crf.coding.worklist import uncoded_records
from crf.engine.base import RecordState
from crf.engine.messages import label_at
from crf.links import form_url
from crf.locks.scope import LockScope
from crf.models import Record, RecordVerification, SafetyClock
from crf.store.outstanding import UNSIGNED
from followup.models import Todo, Visit, VisitState
from followup.track_limits import overdue as overdue_states
from trials.models import DataLock, DeviationProposal, LockLevel, Participant, Site, Transfer
from trials.models.participants import DeviationState, Track

SHOWN: Final = 20
S = RecordState


@dataclass(frozen=True)
class FailedPlace:
    """One form, visit or person in the way, and where it is settled."""

    label: str
    href: str


@dataclass(frozen=True)
class LockCondition:
    """One condition over a scope: how many fail it, and the first of them; ``freezes``: a freeze asks for it too."""

    code: str
    label: str | Promise
    owner: str | Promise
    failed: int
    places: tuple[FailedPlace, ...]
    freezes: bool = False

    @property
    def more(self) -> int:
        return self.failed - len(self.places)


@dataclass(frozen=True)
class _Condition:
    """How a condition is asked of a scope of level ``lowest`` or above; ``freezes``: a freeze asks for it as well."""

    code: str
    label: str | Promise
    owner: str | Promise
    rows: Callable[[LockScope, date], Any]
    place: Callable[[Any], FailedPlace]
    freezes: bool = False
    lowest: LockLevel = LockLevel.FORM


def record_versions() -> Any:
    """Return every version of every record, without the answers."""
    model: Any = Record._meta.get_field("record_events").related_model
    return model.objects.all()


def verified_records(records: Any) -> Any:
    """Narrow records to those of which nothing that the plan requires is left to verify (ADR 37)."""
    return records.exclude(pk__in=RecordVerification.objects.unverified().values("pk"))


def unverified(scope: LockScope) -> Any:
    """Return the records with something that should be verified against its source and is not."""
    begun = scope.records().filter(state__in=(*UNSIGNED, S.SIGNED))
    return begun.filter(verification__left__gt=0)


def unsigned(scope: LockScope) -> Any:
    """Return the records that no signature covers."""
    return scope.records().filter(state__in=UNSIGNED)


def _incomplete(scope: LockScope, today: date) -> Any:
    return scope.records().filter(state=S.IN_PROGRESS)


def _empty_expected(scope: LockScope) -> Any:
    return scope.expected().unfilled().filter(state=S.EMPTY)


def _awaited_visits(scope: LockScope, today: date) -> Any:
    if scope.level == LockLevel.VISIT and scope.visit is not None:
        return Visit.objects.awaited().filter(pk=scope.visit.pk)
    # Whoever is not randomized is in screening, which is asked for by itself.
    return scope.within(Visit.objects.open_on(today).filter(participant__arm__isnull=False))


def _late_states(scope: LockScope, today: date) -> Any:
    return overdue_states(scope.people().order_by(), on=today)


def _waiting_transfers(scope: LockScope, today: date) -> Any:
    waiting = Transfer.objects.waiting()
    if scope.participant is not None:
        return waiting.filter(participant=scope.participant)
    return waiting.filter(Q(site=scope.site) | Q(receiving=scope.site)) if scope.site is not None else waiting


def _in_screening(scope: LockScope, today: date) -> Any:
    return scope.people().filter(state=Track.SCREENED)


def sites_not_locked() -> Any:
    """Return the sites with participants whose data are not locked."""
    locked = DataLock.objects.standing().locks().filter(level=LockLevel.SITE).values("site")
    people = Participant.objects.filter(site=OuterRef("pk"))
    return Site.objects.filter(Exists(people)).exclude(pk__in=locked)


def opened_below() -> Any:
    """Return what was opened below a lock and not locked again."""
    return DataLock.objects.standing().filter(kind="open").select_related("site", "participant")


def _record_place(record: Any) -> FailedPlace:
    at = f" {record.visit}" if record.visit else ""
    number = f" #{record.sequence}" if record.sequence > 1 else ""
    return FailedPlace(
        f"{record.participant.number} {record.form_code}{at}{number}",
        form_url(
            record.participant.number, record.form_code, visit_id=record.visit_id, sequence=record.sequence
        ),
    )


def _expected_place(row: Any) -> FailedPlace:
    per_visit = row.visit_id if row.filled_by == "visit" else None
    href = form_url(row.participant.number, row.form_code, visit_id=per_visit)
    return FailedPlace(f"{row.participant.number} {row.form_code} {row.visit_code}", href)


def _query_place(query: Any) -> FailedPlace:
    """Name the query by its form, its visit and the words of what it is about."""
    label, form = query.participant.number, catalogue.forms().get(query.form_code)
    if query.form_code:
        label += f" {query.form_code}"
    if query.visit_id:
        label += f" {query.visit}"
    if query.target:
        label += f" · {label_at(form, query.target) if form else query.target}"
    return FailedPlace(label, query.get_absolute_url())


def _visit_place(visit: Any) -> FailedPlace:
    return FailedPlace(f"{visit.participant.number} {visit}", visit.get_absolute_url())


def _of_participant(row: Any) -> FailedPlace:
    return FailedPlace(f"{row.participant.number} {row}", row.participant.get_absolute_url())


def _proposal_place(row: Any) -> FailedPlace:
    where = reverse("crf:settle-deviation", args=[row.pk])
    return FailedPlace(f"{row.participant.number} {row.rule}", where)


def _person_place(row: Any) -> FailedPlace:
    return FailedPlace(row.number, row.get_absolute_url())


def _site_place(site: Any) -> FailedPlace:
    return FailedPlace(str(site), reverse("crf:lock-site", args=[site.code]))


SITE_PEOPLE: Final = _("people of the site")
CONDITIONS: Final[tuple[_Condition, ...]] = (
    _Condition("incomplete", _("Forms in progress"), SITE_PEOPLE, _incomplete, _record_place, freezes=True),
    _Condition(
        "overdue",
        _("Expected forms that are overdue"),
        SITE_PEOPLE,
        lambda scope, today: _empty_expected(scope).filter(due_on__lt=today),
        _expected_place,
        freezes=True,
        lowest=LockLevel.VISIT,
    ),
    _Condition(
        "missing",
        _("Expected forms that are not there yet"),
        SITE_PEOPLE,
        lambda scope, today: _empty_expected(scope).filter(due_on__gte=today),
        _expected_place,
        lowest=LockLevel.VISIT,
    ),
    _Condition(
        "queries",
        _("Queries that are not closed"),
        _("people of the site and data management"),
        lambda scope, today: scope.queries(),
        _query_place,
    ),
    _Condition(
        "verified",
        _("Forms not verified against source"),
        _("monitor"),
        lambda scope, today: unverified(scope),
        _record_place,
    ),
    _Condition(
        "signed",
        _("Forms without the investigator's signature"),
        _("investigator"),
        lambda scope, today: unsigned(scope),
        _record_place,
    ),
    _Condition(
        "coded",
        _("Forms with words not coded yet"),
        _("coders"),
        lambda scope, today: uncoded_records(scope.records()),
        _record_place,
    ),
    _Condition(
        "visits",
        _("Visits due or overdue, with nothing recorded"),
        SITE_PEOPLE,
        _awaited_visits,
        _visit_place,
        lowest=LockLevel.VISIT,
    ),
    _Condition(
        "states",
        _("Milestones or outcomes that are overdue"),
        SITE_PEOPLE,
        _late_states,
        _person_place,
        lowest=LockLevel.PARTICIPANT,
    ),
    _Condition(
        "screening",
        _("Participants in screening"),
        SITE_PEOPLE,
        _in_screening,
        _person_place,
        lowest=LockLevel.PARTICIPANT,
    ),
    _Condition(
        "todos",
        _("To-dos"),
        SITE_PEOPLE,
        lambda scope, today: scope.within(Todo.objects.waiting()),
        _of_participant,
        lowest=LockLevel.PARTICIPANT,
    ),
    _Condition(
        "deviations",
        _("Proposed deviations that nobody has settled"),
        _("people of the site and monitor"),
        lambda scope, today: scope.within(DeviationProposal.objects.filter(state=DeviationState.PROPOSED)),
        _proposal_place,
        lowest=LockLevel.PARTICIPANT,
    ),
    _Condition(
        "clocks",
        _("Safety clocks that run"),
        _("people of the site and sponsor"),
        lambda scope, today: scope.within(SafetyClock.objects.running()),
        _of_participant,
        lowest=LockLevel.PARTICIPANT,
    ),
    _Condition(
        "transfers",
        _("Transfers that wait"),
        _("investigators and trial manager"),
        _waiting_transfers,
        lambda row: FailedPlace(row.number, row.get_absolute_url()),
        lowest=LockLevel.PARTICIPANT,
    ),
)
STUDY_CONDITIONS: Final[tuple[_Condition, ...]] = (
    _Condition(
        "sites",
        _("Sites whose data are not locked"),
        _("data management"),
        lambda scope, today: sites_not_locked(),
        _site_place,
    ),
    _Condition(
        "opened",
        _("Forms, visits or participants opened below a lock"),
        _("data management"),
        lambda scope, today: opened_below(),
        lambda row: FailedPlace(
            row.participant.number if row.participant else str(row.site),
            reverse("crf:lock-participant", args=[row.participant.number])
            if row.participant
            else reverse("crf:lock-site", args=[row.site.code]),
        ),
    ),
)
OPTIONAL: Final = frozenset({"verified", "signed"})  # the trial may ask for less: settings.LOCK_NEEDS


def conditions_of(scope: LockScope, *, today: date, to_freeze: bool = False) -> list[LockCondition]:
    """Return every condition that a lock of the scope asks for, or a freeze, failed or not."""
    return [_judged(each, scope, today) for each in _asked(scope, to_freeze=to_freeze)]


def conditions_shown(scope: LockScope, *, today: date) -> list[LockCondition]:
    """Return every condition that a freeze or a lock of the scope asks for: what its page shows before either."""
    asked = {each.code: each for to_freeze in (True, False) for each in _asked(scope, to_freeze=to_freeze)}
    order = [each.code for each in (*CONDITIONS, *STUDY_CONDITIONS)]
    return [_judged(asked[code], scope, today) for code in order if code in asked]


def study_conditions(*, today: date) -> list[LockCondition]:
    """Return every computed item of the checklist of the database: of the data themselves, and of the sites."""
    scope = LockScope.of_study()
    wanted = [each for each in CONDITIONS if each.code not in OPTIONAL or each.code in settings.LOCK_NEEDS]
    return [_judged(each, scope, today) for each in (*wanted, *STUDY_CONDITIONS)]


def _asked(scope: LockScope, *, to_freeze: bool) -> list[_Condition]:
    of_study = scope.level == LockLevel.STUDY and not to_freeze
    return [
        each
        for each in (STUDY_CONDITIONS if of_study else CONDITIONS)
        if each.lowest <= scope.level
        and (each.freezes or not to_freeze)
        and (each.code not in OPTIONAL or each.code in settings.LOCK_NEEDS)
    ]


def _judged(condition: _Condition, scope: LockScope, today: date) -> LockCondition:
    rows = condition.rows(scope, today)
    related = [name for name in ("participant", "visit") if _has(rows.model, name)]
    first = rows.select_related(*related)[: SHOWN + 1] if related else rows[: SHOWN + 1]
    places = [condition.place(row) for row in first]
    number = len(places) if len(places) <= SHOWN else rows.order_by().count()
    told = (condition.code, condition.label, condition.owner, number, tuple(places[:SHOWN]))
    return LockCondition(*told, freezes=condition.freezes)


def _has(model: Any, name: str) -> bool:
    return any(field.name == name for field in model._meta.fields)


def failed_by_participant(
    people: Iterable[Participant], scope: LockScope, *, today: date
) -> dict[int, list[LockCondition]]:
    """Return what fails for each of the participants of a site, with one question for each condition."""
    keys, failed = [each.pk for each in people], defaultdict[int, list[LockCondition]](list)
    for each in _asked(scope, to_freeze=False):
        rows = each.rows(scope, today).order_by()
        path = "pk" if rows.model is Participant else "participant"
        counted = rows.filter(**{f"{path}__in": keys}).values_list(path).annotate(n=Count("pk"))
        for person, number in counted:
            failed[person].append(LockCondition(each.code, each.label, each.owner, number, ()))
    return failed


def failed_of(scope: LockScope, *, today: date, to_freeze: bool = False) -> list[LockCondition]:
    """Return the conditions that fail."""
    return [each for each in conditions_of(scope, today=today, to_freeze=to_freeze) if each.failed]


def counts_of(scope: LockScope) -> dict[str, int]:
    """Return how much data the scope holds: what a lock and its certificate say of it."""
    records, done = scope.records().exclude(state=S.EMPTY), Visit.objects.filter(state=VisitState.DONE)
    return {
        "participants": scope.people().count(),
        "visits": 0 if scope.visit is not None else scope.within(done).count(),
        "forms": records.count(),
        "verified": verified_records(records).count(),
    }
