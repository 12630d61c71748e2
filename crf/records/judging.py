"""All stored data are judged again by the checks of today: queries and listed findings are as the answers say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from audit.acts import open_act
from crf import catalogue
from crf.engine.base import RecordState
from crf.engine.checks import Finding, Level
from crf.engine.evaluation import Evaluation
from crf.models import ListedFinding
from crf.queries.system import stale_queries, sync_queries, values_of
from crf.recheck import judged
from crf.store.context import FormContext
from crf.store.records import RecordKey, begun_records
from trials.models import Participant


@dataclass
class JudgedChecks:
    """What judging again has changed, each as "record: finding"."""

    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def add(self, other: JudgedChecks) -> None:
        for name in ("opened", "closed", "listed", "gone"):
            getattr(self, name).extend(getattr(other, name))

    @property
    def asks(self) -> bool:
        """Say whether a query was opened or closed."""
        return bool(self.opened or self.closed)


class _DryRunError(Exception):
    """What was judged to see what changes is undone."""


def run_checks(*, people: Iterable[int], at: datetime, keeps: bool = True) -> JudgedChecks:
    """Queries and listed findings of the people agree with their answers; say what opened and closed.

    Answers and derived answers stay as they are. Unless it ``keeps``, nothing is written.
    Locks: each participant, one after the other.
    """
    changes = JudgedChecks()
    for participant_id in people:
        try:
            with transaction.atomic():
                participant = Participant.objects.lock(participant_id)
                changes.add(judge_checks(participant=participant, by=None, at=at))
                if not keeps:
                    raise _DryRunError
        except _DryRunError:
            pass
    return changes


def judge_checks(*, participant: Participant, by: User | None, at: datetime) -> JudgedChecks:
    """Every record of the participant, who is held, has the queries and listed findings that its answers ask for.

    A locked record is asked about nothing more; what is listed of it is reviewed all the same.
    """
    changes, form_context = JudgedChecks(), FormContext(participant, at=at)
    standing = _standing(participant)
    wanted: dict[tuple[int, str], tuple[RecordKey, Finding]] = {}
    for form in catalogue.forms().values():
        for record in begun_records(form, participant):
            record_key, _stored, outcome, known = judged(form, record, form_context)
            if record.state != RecordState.LOCKED:
                for key, is_open in stale_queries(record_key, outcome, known).items():
                    (changes.closed if is_open else changes.opened).append(f"{record_key.label}: {key}")
                sync_queries(record_key=record_key, record=record, outcome=outcome, known=known, by=by, at=at)
            wanted |= {(record.pk, each.key): (record_key, each) for each in _listed(outcome)}
    _list(participant, wanted, standing, changes, by=by, at=at)
    return changes


def _listed(outcome: Evaluation) -> Iterator[Finding]:
    yield from (finding for finding in outcome.findings if finding.level == Level.LISTING)


def _standing(participant: Participant) -> dict[tuple[int, str], ListedFinding]:
    rows = ListedFinding.objects.filter(participant=participant).standing().select_related("record")
    return {(row.record_id, row.key): row for row in rows}


def _list(
    participant: Participant,
    wanted: dict[tuple[int, str], tuple[RecordKey, Finding]],
    standing: dict[tuple[int, str], ListedFinding],
    changes: JudgedChecks,
    *,
    by: User | None,
    at: datetime,
) -> None:
    new, gone = wanted.keys() - standing.keys(), standing.keys() - wanted.keys()
    both = wanted.keys() & standing.keys()
    moved = [place for place in both if _values(standing[place]) != _values_now(wanted[place][1])]
    if not (new or gone or moved):
        return
    with open_act("crf:finding:list", by=by, at=at, participant=participant) as act:
        for place in sorted(new):
            record_key, finding = wanted[place]
            _write(participant, place[0], finding, at=at, act=act)
            changes.listed.append(f"{record_key.label}: {finding.key}")
        for place in moved:
            _change(standing[place], act, **_values_now(wanted[place][1]))
        for place in sorted(gone):
            _change(standing[place], act, gone_at=at)
            changes.gone.append(f"{participant.number} {standing[place].record}: {place[1]}")


def _values(row: ListedFinding) -> dict[str, Any]:
    return {"target": row.target, "seen": row.seen}


def _values_now(finding: Finding) -> dict[str, Any]:
    return {"target": finding.target, "seen": values_of(finding)}


def _write(participant: Participant, record: int, finding: Finding, *, at: datetime, act: Any) -> None:
    ListedFinding.objects.create(
        participant=participant,
        site_id=participant.site_id,
        record_id=record,
        check_code=finding.code,
        key=finding.key,
        found_at=at,
        act=act,
        **_values_now(finding),
    )


def _change(row: ListedFinding, act: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.act = act
    row.save(update_fields=[*values, "act"])
