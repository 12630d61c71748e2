"""The table of expected forms is what its sources say, after any sequence of acts (protocol 2.2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crf import catalogue
from crf.engine.submission import Answers
from crf.models import ExpectedForm, NothingNew
from crf.records.expected import (
    ExpectedFormsDiffered,
    LogsUpToDate,
    VisitHasNotBeen,
    compare_expected_forms,
    say_nothing_new,
)
from crf.records.save import save_answers
from crf.records.signing import verify_record
from crf.store.expected import differing_forms, stored, worked_out
from crf.store.records import NEW, find_stored_record, record_key_of
from followup.models import Visit, VisitState
from followup.services import add_unscheduled_visit, mark_not_done, record_visit, withdraw_participant
from kernel.errors import Refusal
from kernel.row_keys import row_key
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import LATER, SYSTEM, person, randomized, visit
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import adverse_event, survival, vital_signs
from tests.world import World
from trials import services as trials
from trials.models import Participant
from trials.services.sites import change_site

CHAPTERS = ("2.2", "2.6")
__all__ = ["everything", "person", "save"]  # fixtures

pytestmark = pytest.mark.django_db
N1 = date(2026, 5, 15)


def agrees(participant: Participant) -> dict[tuple[int, str], Any]:
    """Return the table, which holds what is worked out from visits and records."""
    now = Participant.objects.select_related("site").get(pk=participant.pk)
    kept = stored(now)
    assert differing_forms(kept, worked_out(now)) == []
    return kept


@pytest.fixture
def begun(person: Participant) -> Visit:
    """The first visit of the treatment took place."""
    randomized(person)
    record_visit(visit=visit(person, "N1"), took_place_on=N1, **SYSTEM)
    return Visit.objects.select_related("participant__site").get(participant=person, code="N1")


def states(of: Visit) -> dict[str, str]:
    return {code: each.state for (pk, code), each in agrees(of.participant).items() if pk == of.pk}


def test_point_08_a_visit_that_took_place_expects_its_forms(begun: Visit, save: Save) -> None:
    assert states(begun) == {code: "empty" for code in begun.forms if code in catalogue.forms()}
    assert states(begun).keys() >= {"AE", "CM", "TREAT", "VS"}
    found = ExpectedForm.objects.get(visit=begun, form_code="VS")
    assert (found.due_on, found.entered_at) == (N1 + timedelta(days=5), None)
    save(begun.participant, "VS", visit=begun, values={"vs_done": "Y", "vs_dt": N1})
    assert states(begun)["VS"] == "in_progress"
    save(begun.participant, "VS", visit=begun, values={**vital_signs.VALUES, "vs_dt": N1})
    assert states(begun)["VS"] == "complete"


def test_point_08_a_visit_that_is_moved_or_undone_takes_its_forms_along(begun: Visit) -> None:
    record_visit(visit=begun, took_place_on=N1 + timedelta(days=1), reason="Misread", **SYSTEM)
    agrees(begun.participant)
    assert ExpectedForm.objects.get(visit=begun, form_code="VS").due_on == N1 + timedelta(days=6)
    mark_not_done(visit=begun, why="No bed", reason="Wrong visit", **SYSTEM)
    assert states(begun) == {}


def test_point_08_an_entry_makes_a_log_up_to_date(begun: Visit, save: Save) -> None:
    save(begun.participant, "AE", values=adverse_event.VALUES, at=LATER)
    assert states(begun)["AE"] == "complete"
    assert ExpectedForm.objects.get(visit=begun, form_code="AE").entered_at == LATER


def test_point_08_nothing_new_is_said_by_one_press_and_kept_with_who_said_it(
    begun: Visit, world: World
) -> None:
    page = f"/participants/{begun.participant.number}/visits/{row_key(begun)}/"
    coordinator = client_of(world.coordinator)
    assert "Nothing new in these logs" in coordinator.get(page).text
    assert "Nothing new in these logs" not in client_of(world.data_manager).get(page).text
    sent = coordinator.post(f"{page}nothing-new/", follow=True)
    assert "It is on record that there is nothing new: AE, CM." in sent.text
    assert "Nothing new in these logs" not in sent.text
    logs = {code for code, state in states(begun).items() if state == "complete"}
    assert logs == {"AE", "CM"}
    said = NothingNew.objects.select_related("act").filter(visit=begun)
    assert {(each.form_code, each.act.by, each.act.verb) for each in said} == {
        ("AE", world.coordinator, "crf:log:nothing_new"),
        ("CM", world.coordinator, "crf:log:nothing_new"),
    }
    again = coordinator.post(f"{page}nothing-new/")
    assert (again.status_code, LogsUpToDate.code) == (409, "crf.logs_up_to_date")
    assert client_of(world.stranger).post(f"{page}nothing-new/").status_code == 404
    assert client_of(world.data_manager).post(f"{page}nothing-new/").status_code == 403


def test_point_08_nobody_knows_of_nothing_new_before_the_visit(person: Participant, world: World) -> None:
    randomized(person)
    planned = Visit.objects.select_related("participant__site").get(participant=person, code="N1")
    with pytest.raises(VisitHasNotBeen):
        say_nothing_new(visit=planned, by=world.coordinator, at=LATER)


def test_point_08_the_night_puts_right_what_differs_and_tells_of_it(begun: Visit) -> None:
    compare_expected_forms()
    with transaction.atomic():
        ExpectedForm.objects.filter(visit=begun, form_code="VS").update(state="complete")
        ExpectedForm.objects.filter(visit=begun, form_code="CM").delete()
    with pytest.raises(ExpectedFormsDiffered, match="2 expected forms of 1 participants"):
        compare_expected_forms()
    assert states(begun)["VS"] == "empty"
    compare_expected_forms()


class Walk:
    """One participant, to whom anything may happen in any order; what is refused has not happened."""

    def __init__(self, world: World, person: Participant) -> None:
        self.world, self.person, self.at = world, person, datetime(2026, 11, 2, 2, tzinfo=UTC)

    @property
    def by(self) -> dict[str, Any]:
        self.at += timedelta(hours=7)
        return {"by": self.world.coordinator, "at": self.at}

    def visit(self, n: int) -> Visit:
        rows = Visit.objects.filter(participant=self.person).select_related("participant__site")
        found = list(rows.exclude(state=VisitState.CANCELLED).order_by("target", "pk"))
        return found[n % min(len(found), 6)]

    def record(self, n: int) -> None:
        at = self.by
        day = (self.at - timedelta(days=n % 5)).date()
        record_visit(visit=self.visit(n), took_place_on=day, reason="Read anew", **at)

    def undo(self, n: int) -> None:
        mark_not_done(visit=self.visit(n), why="Did not come", reason="Read anew", **self.by)

    def unscheduled(self, n: int) -> None:
        forms = [["VS", "AE"], ["SURV"], ["FU", "CM"]][n % 3]
        add_unscheduled_visit(
            participant=self.person, took_place_on=self.at.date(), forms=forms, why="Came", **self.by
        )

    def answer(self, n: int) -> None:
        visit = self.visit(n)
        code = next(code for code in ("VS", "SURV", "QOL") if code in visit.forms)
        day = visit.took_place_on or self.at.date()
        values = {
            "VS": {**vital_signs.VALUES, "vs_dt": day} if n % 2 else {"vs_done": "Y", "vs_dt": day},
            "SURV": {**survival.VALUES, "status_dt": day},
            "QOL": {"q_done_dt": day},
        }[code]
        self.save(code, values, visit)

    def clear(self, n: int) -> None:
        self.save("VS", {}, self.visit(n))

    def log(self, n: int) -> None:
        self.save("AE", adverse_event.VALUES, None)

    def save(self, code: str, values: dict[str, Any], visit: Visit | None) -> None:
        person = Participant.objects.select_related("site").get(pk=self.person.pk)
        key = record_key_of(participant=person, form=code, visit=visit, sequence=NEW if visit is None else 1)
        held = None if visit is None else find_stored_record(key)
        version = held.record.version if held else NEW
        answers = Answers(values=values, reason="Read anew")
        save_answers(record_key=key, answers=answers, version=version, **self.by)

    def verify(self, n: int) -> None:
        visit = self.visit(n)
        key = record_key_of(participant=visit.participant, form="VS", visit=visit)
        held = find_stored_record(key)
        if held is not None:
            verify_record(record_key=key, version=held.record.version, by=self.world.monitor, at=self.at)

    def nothing_new(self, n: int) -> None:
        say_nothing_new(visit=self.visit(n), **self.by)

    def operation(self, n: int) -> None:
        by = self.by
        on = None if n % 3 == 0 else self.at.date()
        with transaction.atomic():
            trials.set_milestone(participant=self.person, code="SURG", on=on, source="test", **by)

    def withdraw(self, n: int) -> None:
        at = self.by
        withdraw_participant(
            participant=self.person, on=self.at.date(), all_contact=bool(n % 2), procedures=not n % 2, **at
        )

    def die(self, n: int) -> None:
        at = self.by
        with transaction.atomic():
            locked = Participant.objects.lock(self.person.pk)
            trials.move_track(participant=locked, to="DEAD", on=self.at.date(), **at)

    def zone(self, n: int) -> None:
        at = {**self.by, "by": self.world.trial_manager}
        change_site(site=self.world.site, time_zone=("Asia/Shanghai", "UTC")[n % 2], reason="Summer", **at)


STEPS = tuple(name for name in vars(Walk) if not name.startswith("_") and name not in ("by", "visit", "save"))


@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 11)), min_size=4, max_size=12))
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_point_08_after_any_sequence_of_acts_the_table_is_what_is_worked_out_anew(
    steps: list[tuple[str, int]], world: World, person: Participant
) -> None:
    with transaction.atomic():
        walk = Walk(world, randomized(person))
        for name, n in [("record", 3), *steps]:
            try:
                with transaction.atomic():
                    getattr(walk, name)(n)
            except (Refusal, StopIteration):
                continue
            agrees(person)
        transaction.set_rollback(True)
