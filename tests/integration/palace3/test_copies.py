"""Copied participants are whole: every guard of the house finds them as it finds the walked ones."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import F, Max

from accounts.models import Signature
from audit.models import Act
from audit.seals import seal_batch
from audit.verify import verify
from crf import catalogue
from crf.eligibility.evidence import SOURCE_FORMS, current_evidence
from crf.models import Query
from demo.simulation.copied_rows import copied_models
from demo.simulation.copies import STRIDE, copy_up_to
from demo.simulation.trial import play
from kernel.row_keys import key_of
from kernel.scope import EVERYTHING, scope
from randomization.allocation.verify import fault_of
from randomization.allocation_list.monitoring import balance_of
from randomization.models import Allocation, Scheme
from trials.models import EligibilityDecision, Milestone, Participant

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
UNTIL = datetime(2026, 11, 20, 2, tzinfo=UTC)
WALKED, GUARDED, WANTED = 9, 21, 30
# What names the row or its moment, and not what the row says.
NUMBER = re.compile(r"\b\d\d-\d{4}\b")
OWN = {"act_id", "pgh_id", "pgh_created_at", "pgh_obj_id", "participant_id"}
BY_LOT = {
    "unverified",
    "required",
    "left",
    "critical_left",
}  # who is verified is drawn by the participant's number


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch, superuser: Any) -> Iterator[None]:
    """A trial whose copies were written in both ways: under the guards of the database, then past them."""
    told: list[tuple[int, int]] = []
    role = f"postgresql://{quote(superuser.info.user)}:{quote(superuser.info.password)}@127.0.0.1/"

    def in_both_ways(wanted: int, **about: Any) -> None:
        copy_up_to(GUARDED, **about)
        copy_up_to(wanted, **{**about, "superuser": role})
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            _both_ways_wrote_the_same_rows()

    monkeypatch.setattr("demo.simulation.trial.copy_up_to", in_both_ways)
    play(
        participants=WANTED,
        walked=WALKED,
        sites=2,
        seed=3,
        until=UNTIL,
        tell_progress=lambda done, of: told.append((done, of)),
    )
    assert told[-1] == (WANTED, WANTED)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        yield


def test_copies_are_whole_and_the_list_is_used_in_order(copied: None, settings: Any) -> None:
    settings.PALACE3_DEMO = True  # copies are made for demonstrations alone
    came_by_request = Participant.objects.filter(came_by_request=True).count()  # registered after the copies
    assert came_by_request == 1
    numbers = list(Participant.objects.order_by("number").values_list("number", flat=True))
    declined = 1  # the rare course of somebody who is screened and leaves without a form
    assert numbers == [f"01-{n:04d}" for n in range(1, WANTED + came_by_request + declined + 1)]
    allocations = list(
        Allocation.objects.select_related("part", "participant", "decision__signature", "signature")
    )
    assert sum(one.participant_id > STRIDE for one in allocations) > WALKED
    _every_place_is_proved(allocations)
    _every_copy_goes_on_in_its_arm(allocations)
    _every_decision_fits_the_answers()
    _rows_point_at_rows_of_the_same_participant()
    assert all(row.adds_up for row in balance_of(Scheme.objects.get()).strata)
    _every_version_is_sealed_under_its_act()


def test_rows_of_the_largest_trial_that_is_measured_have_addresses() -> None:
    assert key_of("record", 36_001 * STRIDE - 1)  # UnknownKey for a number that no address reaches


def _both_ways_wrote_the_same_rows() -> None:
    compared = set()
    for table, key in _copied_tables():
        ways: list[dict[int, set[str]]] = [defaultdict(set), defaultdict(set)]
        with connection.cursor() as cursor:
            rows = f"SELECT t.{key}, to_jsonb(t) FROM {table} t WHERE t.{key} >= %s"  # noqa: S608 (names of models)
            cursor.execute(rows, [STRIDE])
            for number, row in cursor.fetchall():
                way = number // STRIDE > GUARDED - WALKED
                ways[way][number % STRIDE].add(json.dumps(_as_its_source(json.loads(row)), sort_keys=True))
        for source in ways[0].keys() & ways[1].keys():
            assert ways[0][source] == ways[1][source], table
            compared.add(table)
    assert {"crf_record", "crf_recordevent", "crf_laboratoryresult", "crf_laboratoryresultevent"} <= compared
    assert {"accounts_signatureevent", "crf_recordverification"} <= compared


def _copied_tables() -> Iterator[tuple[str, str]]:
    """Yield the tables of copied rows, each with the column that says of which row a row is the copy."""
    for model in (*copied_models(), Signature):
        yield model._meta.db_table, "id"
        yield (
            next(
                one._meta.db_table
                for one in apps.get_models()
                if getattr(one, "pgh_tracked_model", 0) is model
            ),
            "id",
        )
    yield "crf_recordverification", "record_id"


def _as_its_source(said: Any) -> Any:
    """Return what a copy's row says, with the numbers of the rows that it repeats."""
    if isinstance(said, dict):
        return {name: _as_its_source(one) for name, one in said.items() if name not in OWN | BY_LOT}
    if isinstance(said, list):
        return [_as_its_source(one) for one in said]
    if isinstance(said, str):
        return NUMBER.sub("number", said)
    return said % STRIDE if isinstance(said, int) and said >= STRIDE else said


def _every_version_is_sealed_under_its_act() -> None:
    while seal_batch(at=UNTIL):
        pass
    assert list(verify()) == []
    copies = Participant.objects.filter(pk__gt=STRIDE).values_list("pk", flat=True)
    for one in Act.objects.filter(participant_id__in=copies).values("participant_id").distinct():
        assert Act.objects.filter(verb="trials:consent:record", **one).exists()


def _every_place_is_proved(allocations: list[Allocation]) -> None:
    used: dict[str, list[int]] = {}
    for one in allocations:
        assert fault_of(one.certificate, one.part.root) is None
        assert one.certificate["participant"] == one.participant.number
        assert one.participant.number in one.signature.record
        used.setdefault(one.stratum, []).append(one.sequence)
    assert all(sorted(places) == list(range(1, len(places) + 1)) for places in used.values())


def _every_copy_goes_on_in_its_arm(allocations: list[Allocation]) -> None:
    for one in allocations:
        assert one.participant.arm == one.arm
        on = Milestone.objects.get(participant=one.participant, code="RAND").on
        assert on == one.randomized_at.astimezone(ZoneInfo("Asia/Shanghai")).date()
        assert one.participant.visits.exists()
    assert {one.arm for one in allocations if one.participant_id > STRIDE} == {"1", "2"}


def _every_decision_fits_the_answers() -> None:
    copies = EligibilityDecision.objects.filter(participant_id__gt=STRIDE).select_related("participant")
    unchanged = [decision for decision in copies if not _was_amended_after(decision)]
    assert len(unchanged) > WALKED
    for decision in unchanged:
        evidence = current_evidence(decision.participant)
        assert (decision.digest, decision.signature.digest) == (evidence.digest, evidence.digest)
        assert decision.evidence == evidence.as_json()


def _was_amended_after(decision: EligibilityDecision) -> bool:
    """Say whether an answer behind the decision was completed or corrected after it, or follows from another one."""
    saved = {
        "record_events__act__verb__in": ("crf:answers:save", "crf:record:derive"),
        "record_events__act_id__gt": decision.act_id,  # both may have been at the same moment
    }
    return any(
        catalogue.form(code).model.objects.filter(participant_id=decision.participant_id, **saved).exists()
        for code in SOURCE_FORMS
    )


def _rows_point_at_rows_of_the_same_participant() -> None:
    for model in copied_models():
        names = {field.name for field in model._meta.concrete_fields}
        copies = model.objects.filter(pk__gt=STRIDE)
        if {"participant", "visit"} <= names:
            assert not copies.exclude(visit=None).exclude(visit__participant=F("participant")).exists(), model
    for code, form in catalogue.forms().items():
        known: Any = form.model.objects.values("pk")
        asked = Query.objects.filter(form_code=code, pk__gt=STRIDE).exclude(record_id=None)
        assert not asked.exclude(record_id__in=known).exists(), code
    latest = Participant.objects.aggregate(last=Max("pk"))["last"]
    assert latest // STRIDE == WANTED - WALKED
