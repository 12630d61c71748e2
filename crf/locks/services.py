"""Data are frozen, locked, and opened again: one mechanism from a form to the study (ADR 36).

A freeze is a row. A lock is a row and moves the records below it to *locked*, so that whatever reads their state
knows. The database refuses what either stops (``trials.lock_guards``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import open_act
from audit.models import Act
from crf.engine.base import RecordState
from crf.locks.conditions import LockCondition, counts_of, failed_of, record_versions
from crf.locks.scope import LockScope
from crf.models import Record
from crf.recheck import recheck_everything
from crf.records.signing import ChangedMeanwhile
from crf.store.expected import keep_expected_forms
from followup.services.amending import catch_up
from followup.services.planning import plan_visits_for
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from kernel.punctuation import listed
from kernel.tasks import send
from trials.models import DataLock, LockKind, LockLevel, Participant, Site
from trials.models.locks import lock_kind

FREEZE, LOCK, END = "freeze", "lock", "end"


class NotYoursToLock(Forbidden):
    code = "crf.not_yours_to_lock"
    message = _("Your role does not include freezing and locking data. Ask a data manager.")


class LockConditionsFail(Refusal):
    code = "crf.lock_conditions_fail"
    message = _("{what} cannot be locked yet: {failed}. The page names each. Nothing was changed.")

    def __init__(self, *, failed_conditions: Sequence[LockCondition] = (), **values: Any) -> None:
        super().__init__(**values)
        self.failed_conditions = failed_conditions


class FreezeConditionsFail(LockConditionsFail):
    code = "crf.freeze_conditions_fail"
    message = _("{what} cannot be frozen yet: {failed}. The page names each. Nothing was changed.")


class AlreadyHeld(Refusal):
    code = "crf.already_frozen_or_locked"
    message = _("{what} is “{state}” already. Read the page again.")


class NothingToEnd(Refusal):
    code = "crf.neither_frozen_nor_locked"
    message = _("{what} is neither frozen nor locked. Read the page again.")


class EndReasonNeeded(Refusal):
    code = "crf.lock_end_reason_needed"
    fields = ("reason",)
    message = _("Say why the data of {what} are opened to changes.")
    status = 422


class StudyIsLocked(Refusal):
    code = "crf.study_is_locked"
    message = _(
        "The database of the study is locked. It is unlocked as a whole, by two people with signatures: see the page "
        "“Database lock”."
    )


class NothingToLock(Refusal):
    code = "crf.nothing_to_lock"
    fields = ("participants",)
    message = _("Choose at least one participant to lock.")
    status = 422


def freeze_data(*, scope: LockScope, reason: str = "", by: User, at: datetime) -> DataLock:
    """Nothing on record of the scope changes until the freeze ends; queries, verification and signatures go on.

    Refuses: who may not; what is frozen or locked already; forms in progress or overdue.
    Locks: the participants of the scope.
    """
    with _opened("freeze", scope, reason=reason, by=by, at=at) as act:
        _hold_to_judge(scope)
        _refuse_held(scope, kinds=(LockKind.FROZEN, LockKind.LOCKED))
        if failed := failed_of(scope, today=_today(scope, at), to_freeze=True):
            raise FreezeConditionsFail(failed_conditions=failed, what=scope.label, failed=_in_words(failed))
        _end_standing(scope, act, by=by, at=at)
        return _begin(scope, LockKind.FROZEN, reason=reason, act=act, by=by, at=at)


def lock_data(*, scope: LockScope, reason: str = "", password: str = "", by: User, at: datetime) -> DataLock:
    """Nothing of the scope changes any more and nothing is added, until somebody unlocks it with a reason.

    Refuses: who may not; what is locked already; each condition that fails; a site without a password that matches.
    Locks: the participants of the scope.
    """
    with _opened("lock", scope, reason=reason, by=by, at=at) as act:
        _hold_to_judge(scope)
        counts = _refuse_unless_ready(scope, at=at)
        signs = scope.level == LockLevel.SITE
        signature = _signed(scope, counts, password=password, by=by, at=at) if signs else None
        return _lock(scope, act, reason=reason, counts=counts, signature=signature, by=by, at=at)


def lock_study(*, signature: Signature, by: User, at: datetime) -> DataLock:
    """The data of the whole study are locked under ``signature``; nothing below lifts it. Who calls asks for the right.

    Refuses: a site that is not locked; what is open below a lock. Locks: everybody.
    """
    scope = LockScope.of_study()
    with open_act("crf:data:lock", by=by, at=at) as act:
        _hold_to_judge(scope)
        counts = _refuse_unless_ready(scope, at=at)
        return _lock(scope, act, counts=counts, signature=signature, by=by, at=at)


def end_study_lock(
    *, row: DataLock, asked: Signature | None, confirmed: Signature, reason: str, by: User, at: datetime
) -> None:
    """The lock of the study has ended under two signatures; its sites stay locked. Who calls asks for the right.

    Locks: everybody.
    """
    scope = LockScope.of_study()
    with open_act("crf:data:unlock", by=by, at=at, reason=reason) as act:
        _hold(scope)
        row.ended_by, row.ended_at, row.end_reason, row.act = by, at, reason, act
        row.ending_signature, row.second_signature = asked, confirmed
        row.save(
            update_fields=[
                "ended_by",
                "ended_at",
                "end_reason",
                "ending_signature",
                "second_signature",
                "act",
            ]
        )


def take_step(
    *,
    scope: LockScope,
    step: str,
    version: int | None,
    reason: str = "",
    password: str = "",
    by: User,
    at: datetime,
) -> None:
    """The scope is frozen, locked or opened again, as ``step`` says; a form in the ``version`` that was read.

    Refuses: as the three services do; a form that was changed meanwhile; the study, which is locked on another page.
    """
    with transaction.atomic():
        if scope.record is not None and version is not None:
            _hold(scope)
            if Record.objects.values_list("version", flat=True).get(pk=scope.record.pk) != version:
                raise ChangedMeanwhile(record=scope.label)
        if step == FREEZE:
            freeze_data(scope=scope, reason=reason, by=by, at=at)
        elif step == LOCK and scope.level != LockLevel.STUDY:
            lock_data(scope=scope, reason=reason, password=password, by=by, at=at)
        else:
            end_lock(scope=scope, reason=reason, by=by, at=at)


def lock_participants(*, people: Iterable[Participant], by: User, at: datetime) -> list[DataLock]:
    """All of the participants are locked, or none: what fails for any of them is named.

    Refuses: who may not; nobody chosen; each condition that fails. Locks: the participants.
    """
    scopes = [LockScope.of_participant(each) for each in sorted(people, key=lambda each: each.pk)]
    if not scopes:
        raise NothingToLock
    with open_act("crf:data:lock_several", by=by, at=at):
        return [lock_data(scope=scope, by=by, at=at) for scope in scopes]


def _refuse_unless_ready(scope: LockScope, *, at: datetime) -> dict[str, int]:
    """Refuse what is locked already or fails a condition; return how much data the scope holds."""
    _refuse_held(scope, kinds=(LockKind.LOCKED,))
    if failed := failed_of(scope, today=_today(scope, at)):
        raise LockConditionsFail(failed_conditions=failed, what=scope.label, failed=_in_words(failed))
    return counts_of(scope)


def _lock(
    scope: LockScope,
    act: Act,
    *,
    counts: dict[str, int],
    signature: Signature | None,
    by: User,
    at: datetime,
    reason: str = "",
) -> DataLock:
    if scope.level < LockLevel.STUDY:
        locked = scope.records().exclude(state__in=(RecordState.EMPTY, RecordState.LOCKED))
        locked.update(state=RecordState.LOCKED, act=act)
    _end_below(scope, act, by=by, at=at)
    if reopened := _end_standing(scope, act, by=by, at=at):
        return reopened
    return _begin(
        scope, LockKind.LOCKED, act=act, by=by, at=at, counts=counts, signature=signature, reason=reason
    )


def end_lock(*, scope: LockScope, reason: str, by: User, at: datetime) -> None:
    """The freeze or lock of the scope has ended, or it was opened below one; what waited is done at once.

    Records are again what they were before. What a lock below it keeps stays locked.
    Refuses: who may not; no reason; what is neither; anything below a locked study.
    Locks: the participants of the scope.
    """
    if not reason.strip():
        raise EndReasonNeeded(what=scope.label)
    standing = scope.over()
    verb = "unfreeze" if standing is not None and standing["kind"] == LockKind.FROZEN else "unlock"
    with _opened(verb, scope, reason=reason, by=by, at=at) as act:
        _hold(scope)
        standing = scope.over()
        if standing is None and not _is_locked_by_itself(scope):
            raise NothingToEnd(what=scope.label)
        if DataLock.objects.standing().locks().filter(level=LockLevel.STUDY).exists():
            raise StudyIsLocked
        _end_standing(scope, act, by=by, at=at, reason=reason)
        if scope.over() is not None:
            _begin(scope, LockKind.OPEN, reason=reason, act=act, by=by, at=at)
        reopen_records(scope, act)
        _follow_up(scope, by=by, at=at)


def _is_locked_by_itself(scope: LockScope) -> bool:
    """Say whether the form was locked before there were rows for it."""
    return scope.record is not None and scope.records().filter(state=RecordState.LOCKED).exists()


def reopen_records(scope: LockScope, act: Act) -> None:
    """Locked records that nothing keeps locked any more are what they were before."""
    over = lock_kind("participant_id", visit="visit_id", record="pk")
    locked = scope.records().filter(state=RecordState.LOCKED).annotate(lock_kind=over)
    events = record_versions().filter(pgh_obj_id=OuterRef("pk"))
    of_lock = events.filter(state=RecordState.LOCKED).order_by("-pgh_id").values("act__verb")[:1]
    before = events.exclude(state=RecordState.LOCKED).order_by("-pgh_id").values("state")[:1]
    free = locked.exclude(lock_kind=LockKind.LOCKED)
    if (
        scope.level > LockLevel.FORM
    ):  # one that was locked by itself before there were rows for it stays locked
        free = free.annotate(locked_by=Subquery(of_lock)).exclude(locked_by="crf:record:lock")
    Record.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(
        state=Subquery(before), act=act
    )


def _follow_up(scope: LockScope, *, by: User, at: datetime) -> None:
    """What a freeze or lock made wait is done: the version of the site, the plan of visits, derived answers."""
    if scope.participant is None:
        for pk in scope.people().values_list("pk", flat=True):
            send("crf:catch_up", pk)
        return
    catch_up_participant(participant=scope.participant, by=by, at=at)


def catch_up_participant(*, participant: Participant, by: User | None, at: datetime) -> None:
    """Version, visits and derived answers of the participant are as they would be without the lock that ended.

    Locks: the participant.
    """
    with open_act("crf:data:catch_up", by=by, at=at, participant=participant):
        follower = catch_up(participant=Participant.objects.lock(participant.pk), by=by, at=at)
        if follower.arm or follower.visits.exists():
            plan_visits_for(participant=follower, by=by, at=at)
        recheck_everything(participant=follower, by=by, at=at)


def _opened(what: str, scope: LockScope, *, reason: str = "", by: User, at: datetime) -> Any:
    everywhere = by.sites_with(Permission.CRF_LOCK) is None
    if not by.may(Permission.CRF_LOCK, scope.site) or (scope.site is None and not everywhere):
        raise NotYoursToLock
    told: Any = {"participant": scope.participant} if scope.participant else {"site": scope.site}
    return open_act(f"crf:data:{what}", by=by, at=at, reason=reason, **told)


def _hold(scope: LockScope) -> list[int]:
    """Hold everybody whose data are concerned, and return their numbers: a save that has begun ends first."""
    people = list(scope.people().select_for_update(of=("self",)).values_list("pk", flat=True))
    if scope.level >= LockLevel.SITE:  # who registers holds the site: nobody joins in between
        sites = Site.objects.order_by("pk") if scope.site is None else Site.objects.filter(pk=scope.site.pk)
        list(sites.select_for_update().values_list("pk", flat=True))
    return people


def _hold_to_judge(scope: LockScope) -> None:
    """Hold them, with the forms that their visits expect worked out anew: nothing written beside them is believed."""
    people = _hold(scope)
    if scope.record is None:
        keep_expected_forms(people)


def _today(scope: LockScope, at: datetime) -> date:
    return local_date(at, scope.site.time_zone if scope.site is not None else settings.TRIAL_TIME_ZONE)


def _refuse_held(scope: LockScope, *, kinds: tuple[LockKind, ...]) -> None:
    standing = scope.over()
    if standing is not None and standing["kind"] in kinds:
        state = LockKind(standing["kind"]).label
        raise AlreadyHeld(what=scope.label, state=state)


def _in_words(failed: Iterable[LockCondition]) -> str:
    return listed(f"{each.label} ({each.failed})" for each in failed)


def _begin(scope: LockScope, kind: LockKind, *, act: Act, by: User, at: datetime, **told: Any) -> DataLock:
    begun: DataLock = DataLock.objects.create(
        **scope.place, kind=kind, begun_by=by, begun_at=at, act=act, **told
    )
    return begun


def _end_standing(scope: LockScope, act: Act, *, by: User, at: datetime, reason: str = "") -> DataLock | None:
    """End what stands for just this scope; return the lock above it that holds again where an opening ended."""
    standing = scope.standing()
    if standing is None:
        return None
    _end(standing, act, by=by, at=at, reason=reason)
    return standing if standing.kind == LockKind.OPEN and scope.over() is not None else None


def _end_below(scope: LockScope, act: Act, *, by: User, at: datetime) -> None:
    """Freezes and openings within the scope end with its lock; locks within it stay, and outlast it."""
    rows = DataLock.objects.standing().filter(level__lt=scope.level).exclude(kind=LockKind.LOCKED)
    if scope.level == LockLevel.VISIT:
        numbers = list(scope.records().values_list("pk", flat=True))
        rows = rows.filter(participant=scope.participant, record_number__in=numbers)
    elif scope.participant is not None:
        rows = rows.filter(participant=scope.participant)
    elif scope.site is not None:
        rows = rows.filter(site=scope.site)
    for row in rows:
        _end(row, act, by=by, at=at)


def _end(row: DataLock, act: Act, *, by: User, at: datetime, reason: str = "") -> None:
    row.ended_by, row.ended_at, row.end_reason, row.act = by, at, reason, act
    row.save(update_fields=["ended_by", "ended_at", "end_reason", "act"])


def _signed(scope: LockScope, counts: dict[str, int], *, password: str, by: User, at: datetime) -> Signature:
    content = json.dumps([scope.label, counts], sort_keys=True)
    return sign(
        record=f"lock of the data of site {scope.site.code}"
        if scope.site
        else "lock of the data of the study",
        digest=hashlib.sha256(content.encode()).hexdigest(),
        meaning=_("The data are complete and correct as far as I know, and are locked"),
        by=by,
        password=password,
        at=at,
        site=scope.site,
    )
