"""Rows of a list are verified, frozen, locked, booked and recorded together, after a look at what would happen."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from crf.models import ExpectedForm, FieldVerification, RecordVerification
from followup.models import AWAITED, Visit, VisitState
from followup.services import record_visit
from kernel.row_keys import key_of, row_key
from tests.integration.crf.conftest import Save, record_at
from tests.integration.crf.test_consequences import person, randomized, visit
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_queries_at_work import dry_run
from tests.integration.crf.test_saving import stage
from tests.unit.crf.examples import vital_signs
from tests.world import NOW, TODAY, World
from trials.models import DataLock, LockKind, Participant

pytestmark = pytest.mark.django_db
__all__ = ["person"]


def test_point_20_forms_are_verified_together_as_they_were_shown(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    record = record_at(screened, "STAGE")
    named = key_of("record", record.pk)
    client, address = client_of(world.monitor), reverse("crf:rows-verify")
    assert f'value="record:{key_of("record", record.pk)}"' in client.get(reverse("reports:verification")).text
    rows = [f"record:{named}", f"record:{key_of('record', 999_999)}", "record:x"]
    outcome = dry_run(client, address, row=rows)
    [line] = outcome.possible
    left = RecordVerification.objects.get(record=record.pk).left
    assert len(line.values) == left > 0
    # given that a value has changed since it was shown, nothing is verified and the page is shown anew
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    late = client.post(address, {"row": rows, "seen": outcome.digest})
    assert late.status_code == 409
    assert not FieldVerification.objects.exists()
    done = client.post(address, {"row": rows, "seen": late.context["outcome"].digest, "once": "0" * 32})
    assert done.status_code == 302
    assert RecordVerification.objects.get(record=record.pk).left == 0
    assert {each.act.parent.verb for each in FieldVerification.objects.all()} == {"crf:fields:verify_several"}
    [same] = dry_run(client, address, row=rows).refused
    assert "left to verify" in same.refused


def test_point_20_forms_are_frozen_and_locked_together(person: Participant, world: World, save: Save) -> None:
    randomized(person)
    first = record_visit(visit=visit(person, "N1"), took_place_on=date(2026, 5, 15), by=None, at=NOW)
    save(person, "VS", visit=first, values=vital_signs.VALUES)
    expected = list(ExpectedForm.objects.filter(participant=person).order_by("pk"))
    filled = [each for each in expected if each.record is not None and each.state == "complete"]
    empty = [each for each in expected if each.record is None]
    assert filled
    assert empty
    client = client_of(world.data_manager)
    assert reverse("crf:rows-freeze") in client.get(reverse("reports:completeness-forms")).text
    rows = [f"expected:{key_of('expected', each.pk)}" for each in (filled[0], empty[0])]
    locked = dry_run(client, reverse("crf:rows-lock"), row=rows)
    assert not locked.possible
    assert any("not verified" in line.refused for line in locked.refused)
    frozen = dry_run(client, reverse("crf:rows-freeze"), row=rows)
    assert (len(frozen.possible), len(frozen.refused)) == (1, 1)
    sent = {"row": rows, "seen": frozen.digest}
    assert client.post(reverse("crf:rows-freeze"), sent).status_code == 302
    [lock] = DataLock.objects.standing()
    assert (lock.kind, lock.record_number) == (LockKind.FROZEN, filled[0].record_id)
    assert client_of(world.monitor).post(reverse("crf:rows-freeze"), sent).status_code == 403


def test_point_20_visits_are_booked_and_recorded_together(person: Participant, world: World) -> None:
    randomized(person)
    visits = list(Visit.objects.filter(participant=person, state__in=AWAITED).order_by("opens", "pk")[:3])
    client, book = client_of(world.coordinator), reverse("crf:rows-book")
    assert (
        f'value="visit:{row_key(visits[0])}"' in client.get(reverse("followup:agenda"), {"show": "list"}).text
    )
    rows = [f"visit:{row_key(each)}" for each in visits]
    assert client.post(book, {"row": rows, "day": "soon"}).status_code == 422
    day = visits[0].opens if visits[0].opens != visits[0].proposed_on else visits[0].closes
    assert day
    outcome = dry_run(client, book, row=rows, day=day.isoformat())
    inside = [each for each in visits if each.opens and each.closes and each.opens <= day <= each.closes]
    assert len(outcome.possible) == len([each for each in inside if each.proposed_on != day]) > 0
    assert any("outside the window" in line.refused for line in outcome.refused)
    sent = {"row": rows, "day": day.isoformat(), "seen": outcome.digest}
    assert client.post(book, sent).status_code == 302
    assert Visit.objects.get(pk=visits[0].pk).proposed_on == day
    # a day that has not come is refused; one that has come is recorded, each visit on its own day
    record = reverse("crf:rows-took-place")
    outcome = dry_run(client, record, row=rows)
    past = [each for each in Visit.objects.filter(pk__in=[v.pk for v in visits]) if each.proposed_on <= TODAY]
    assert len(outcome.possible) == len(past) > 0
    assert client.post(record, {"row": rows, "seen": outcome.digest}).status_code == 302
    done = Visit.objects.get(pk=visits[0].pk)
    assert (done.state, done.took_place_on) == (VisitState.DONE, day)
    # what is on record is not booked again
    [line] = dry_run(client, book, row=rows[:1], day=TODAY.isoformat()).refused
    assert "not awaited" in line.refused
    # whose site it is not, for them there are no rows
    assert not dry_run(client_of(world.stranger), record, row=rows).lines
