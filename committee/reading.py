"""How the data of each randomized participant are kept at a cut: forms of visits, days to entry, queries that wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection

from crf import catalogue
from crf.engine.base import COMPLETED
from crf.engine.declaration import Repeats
from crf.models import Query, QueryState, Record, RecordState
from exports.cuts import Cut
from followup.models import Visit, VisitState
from kernel.clock import local_date
from trials.models import Participant


@dataclass
class DataQuality:
    """The forms that the visits of one participant expect by a cut, and the queries that wait."""

    expected: int = 0
    entered: int = 0
    complete: int = 0
    days_to_entry: list[int] = field(default_factory=list)
    query_ages: list[int] = field(default_factory=list)
    questionnaires_expected: int = 0
    questionnaires_received: int = 0


QUESTIONNAIRE = "QOL"


def quality_at(cut: Cut) -> Mapping[str, DataQuality]:
    """Return what is known of the data of everybody randomized by the cut, by number; everything as it stood then."""
    by_number: dict[str, DataQuality] = defaultdict(DataQuality)
    of_visits = [f.code for f in catalogue.forms().values() if f.repeats is Repeats.PER_VISIT]
    for number, code, state, days in _rows(_forms(cut), {"forms": of_visits}):
        quality = by_number[number]
        entered, complete = state not in (None, RecordState.EMPTY), state in COMPLETED
        quality.expected += 1
        quality.entered += entered
        quality.complete += complete
        if days is not None:
            quality.days_to_entry.append(max(0, days))
        if code == QUESTIONNAIRE:
            quality.questionnaires_expected += 1
            quality.questionnaires_received += entered
    today = local_date(cut.at, settings.TRIAL_TIME_ZONE)
    for number, opened_on in _rows(_queries(cut), {}):
        by_number[number].query_ages.append(_age(today, opened_on))
    return dict(by_number)


def _age(today: date, opened_on: date) -> int:
    return max(0, (today - opened_on).days)


def _rows(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**parameters, "zone": settings.TRIAL_TIME_ZONE})
        return cursor.fetchall()


def _forms(cut: Cut) -> str:
    """Each form of each visit that took place: its record's state, and the days from the visit to the first answer."""
    first = (
        f"(SELECT DISTINCT ON (t.id) t.id, a.at FROM {cut.turns(Record, 'state')} t "
        f"JOIN audit_act a ON a.id = t.act_id WHERE t.state <> '{RecordState.EMPTY.value}' ORDER BY t.id, t.pgh_id)"
    )
    return (
        "SELECT p.number, f.code, r.state, (b.at AT TIME ZONE %(zone)s)::date - v.took_place_on "
        f"FROM {cut.rows(Visit)} v CROSS JOIN unnest(v.forms) AS f(code) "
        f"JOIN {cut.rows(Participant)} p ON p.id = v.participant_id "
        f"LEFT JOIN {cut.rows(Record)} r ON r.visit_id = v.id AND r.form_code = f.code "
        f"LEFT JOIN {first} b ON b.id = r.id "
        f"WHERE p.arm IS NOT NULL AND v.took_place_on IS NOT NULL AND v.state <> '{VisitState.CANCELLED.value}' "
        "AND f.code = ANY(%(forms)s)"
    )


def _queries(cut: Cut) -> str:
    return (
        "SELECT p.number, (q.opened_at AT TIME ZONE %(zone)s)::date "
        f"FROM {cut.rows(Query)} q JOIN {cut.rows(Participant)} p ON p.id = q.participant_id "
        f"WHERE p.arm IS NOT NULL AND q.state <> '{QueryState.CLOSED.value}'"
    )
