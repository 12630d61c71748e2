"""The table of expected forms: kept right by one statement, and read again from what it was worked out from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import connection

from crf import catalogue
from crf.models import ExpectedForm, NothingNew, Record
from crf.trial_rules.expected import (
    Expected,
    ParticipantSeen,
    RecordSeen,
    VisitSeen,
    expected_forms,
    rules_of,
)
from followup.models import Visit
from protocol.text import load, versions
from trials.models import Milestone, Participant, Withdrawal

# What moves expected forms besides a record, under the names by which acts note it.
EXPECTED_READS: Final = frozenset(
    {"visit.last_on", "visit.forms", "participant.withdrawn", "site.zone"}
    | {f"milestone.{form.due_after}" for form in catalogue.forms().values() if form.due_after}
)


@cache
def _rules(known: tuple[str, ...]) -> str:
    rules = [
        {"version": version, **asdict(rule)} for version in known for rule in rules_of(load(version)).values()
    ]
    return json.dumps(rules)


def keep_expected_forms(participants: Iterable[int]) -> None:
    """The table holds the forms that the visits of these participants expect now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT crf_keep_expected(%s, %s::jsonb)", [list(participants), _rules(tuple(versions()))]
        )


def recount_expected_forms() -> None:
    """The counts are one row for each cell, of the forms that the table holds now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT crf_recount()")


def worked_out(participant: Participant) -> dict[tuple[int, str], Expected]:
    """Return the expected forms of the participant, worked out from visits, records and what was said of logs."""
    names = ("pk", "state", "took_place_on", "forms", "code")
    visits = Visit.objects.filter(participant=participant).values_list(*names)
    reached = Milestone.objects.filter(participant=participant, on__isnull=False)
    withdrawn = Withdrawal.objects.filter(participant=participant, all_contact=True, cancelled_at=None)
    said = NothingNew.objects.filter(participant=participant).values_list("form_code", "visit", "act__at")
    seen = ParticipantSeen(
        [VisitSeen(pk, state, day, tuple(forms), code) for pk, state, day, forms, code in visits],
        _records(participant),
        list(said),
        frozenset(reached.values_list("code", flat=True)),
        withdrawn.exists(),
        participant.site.time_zone,
    )
    return expected_forms(seen, rules_of(load(participant.protocol_version)))


def _records(participant: Participant) -> list[RecordSeen]:
    versions_of: Any = Record._meta.get_field("record_events").related_model
    typed: dict[int, dict[int, datetime]] = {}
    events = versions_of.objects.filter(participant=participant).order_by("pgh_id")
    for pk, version, at in events.values_list("pgh_obj", "version", "act__at"):
        typed.setdefault(pk, {}).setdefault(version, at)
    rows = Record.objects.filter(participant=participant)
    return [
        RecordSeen(pk, code, visit, state, tuple(typed[pk].values()))
        for pk, code, visit, state in rows.values_list("pk", "form_code", "visit", "state")
    ]


def stored(participant: Participant) -> dict[tuple[int, str], Expected]:
    """Return the expected forms of the participant as the table holds them."""
    names = ("took_place_on", "filled_by", "due_on", "record_id", "state", "entered_at", "is_waived")
    rows = ExpectedForm.objects.filter(participant=participant).values_list("visit_id", "form_code", *names)
    return {(visit, code): Expected(*values) for visit, code, *values in rows}


def differing_forms(
    kept: Mapping[tuple[int, str], Expected], anew: Mapping[tuple[int, str], Expected]
) -> list[tuple[int, str]]:
    """Return the visits and forms at which the table is not what is worked out."""
    return sorted(key for key in kept.keys() | anew.keys() if kept.get(key) != anew.get(key))
