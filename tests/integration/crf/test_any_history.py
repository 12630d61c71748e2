"""After any history of visits, milestones, forms and settings, what is stored is what is worked out (point 2.18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from audit.acts import open_act
from crf.records.verification import verify_derived
from followup.models import Visit
from followup.services import (
    add_unscheduled_visit,
    mark_not_done,
    plan_visits_for,
    record_contact_attempt,
    record_visit,
    withdraw_participant,
)
from kernel.errors import Refusal
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import numbered, person, treated
from tests.integration.crf.test_found_at_an_evaluation import UNDECIDED, _given
from tests.integration.crf.test_judged_again import ALIVE, BY, NOW, followed
from tests.unit.crf.examples import adverse_event, follow_up, response, surgery, treatment
from tests.world import World
from trials import services as trials
from trials.models import Participant
from trials.models.sites import ChecklistKind

CHAPTERS = ("3.0", "3.17")
pytestmark = pytest.mark.django_db
__all__ = ["followed", "person"]

FIRST = date(2026, 5, 8)
MILESTONES = ("RAND", "NEO_D1", "NEO_END", "CCR", "SURG", "REGROWTH", "LASTDOSE", "DEATH")
VISITS = ("N1", "N4", "NE", "CRE-1", "CRE-2", "SWEEP-06", "QOL-0")
ZONES = ("Asia/Shanghai", "Asia/Urumqi", "America/New_York", "Pacific/Kiritimati")


class History:
    """What can happen to one participant, each through its service."""

    def __init__(self, participant: Participant, save: Save, world: World) -> None:
        self.participant, self.save, self.world = participant, save, world

    def happen(self, what: str, which: str, day: date) -> None:
        getattr(self, what)(which, day)

    def reloaded(self) -> Participant:
        return Participant.objects.select_related("site").get(pk=self.participant.pk)

    def visit(self, code: str) -> Visit | None:
        found = Visit.objects.filter(participant=self.participant, code=code)
        return found.select_related("participant__site").first()

    def record(self, which: str, day: date) -> None:
        if visit := self.visit(which):
            record_visit(visit=visit, took_place_on=day, reason="Corrected", **BY)

    def not_done(self, which: str, day: date) -> None:
        if visit := self.visit(which):
            mark_not_done(visit=visit, why="ill", reason="Corrected", **BY)

    def came_in(self, which: str, day: date) -> None:
        add_unscheduled_visit(participant=self.reloaded(), took_place_on=day, forms=[], why="Came in", **BY)

    def called(self, which: str, day: date) -> None:
        record_contact_attempt(
            participant=self.reloaded(),
            on=day,
            route="phone",
            result="reached",
            by=self.world.coordinator,
            at=NOW,
        )

    def alive(self, which: str, day: date) -> None:
        self.at_new_visit("SURV", day, {"status_dt": day, **ALIVE})

    def dead(self, which: str, day: date) -> None:
        died = day.isoformat() if which != "N1" else f"{day:%Y-%m}"
        self.at_new_visit(
            "SURV",
            day,
            {"status_dt": day, "vital": "dead", "v_source": "family", "death_dt": died, "cod": "cancer"},
        )

    def follow_up(self, which: str, day: date) -> None:
        self.at_new_visit("FU", day, follow_up.VALUES | {"fu_dt": day})

    def at_new_visit(self, form: str, day: date, values: dict[str, Any]) -> None:
        visit = add_unscheduled_visit(
            participant=self.reloaded(), took_place_on=day, forms=[form], why="x", **BY
        )
        self.save(self.reloaded(), form, visit=visit, values=values, reason="x")

    def evaluated(self, which: str, day: date) -> None:
        """CRE-1 on the day; CRE-2 with a declared cCR six weeks later."""
        first, second = self.visit("CRE-1"), self.visit("CRE-2")
        if first:
            days = {"ogd_dt": day, "eus_dt": day, "pet_done": "N", "cre_outcome": "CCR_SO_FAR"}
            clear = _given(response.VALUES | UNDECIDED | days)
            self.save(self.reloaded(), "CRE", visit=first, values=clear, reason="x")
        if second and which.startswith("CRE"):
            later = day + timedelta(42)
            days = {"ogd_dt": later, "eus_dt": later, "pet_dt": later, "mdt_dt": later}
            self.save(self.reloaded(), "CRE", visit=second, values=response.VALUES | days, reason="x")

    def operated(self, which: str, day: date) -> None:
        values = surgery.VALUES | {"surg_dt": day, "disch_dt": day + timedelta(8)}
        self.save(self.reloaded(), "SURG", values=values, reason="x")

    def event(self, which: str, day: date) -> None:
        values = adverse_event.VALUES | {"ae_st": day.isoformat(), "ae_en": day.isoformat()}
        self.save(self.reloaded(), "AE", values=values, groups=numbered(adverse_event.GROUPS), reason="x")

    def treatment(self, which: str, day: date) -> None:
        groups = numbered(treatment.GROUPS)
        self.save(self.reloaded(), "TREAT", values=treatment.VALUES, groups=groups, reason="x")

    def milestone(self, which: str, day: date) -> None:
        self.set(which, day)

    def undone(self, which: str, day: date) -> None:
        self.set(which, None)

    def set(self, which: str, day: date | None) -> None:
        code = MILESTONES[VISITS.index(which) + (day is None)]
        participant = self.reloaded()
        with open_act("test:milestone:set", participant=participant, **BY):
            trials.set_milestone(participant=participant, code=code, on=day, source="test", **BY)
            plan_visits_for(participant=participant, **BY)

    def zone(self, which: str, day: date) -> None:
        zone = ZONES[day.toordinal() % len(ZONES)]
        site = self.reloaded().site
        trials.change_site(site=site, time_zone=zone, reason="Moved", by=self.world.trial_manager, at=NOW)

    def checklist(self, which: str, day: date) -> None:
        trials.fulfil_checklist_item(site=self.reloaded().site, kind=ChecklistKind.ETHICS, done_on=day, **BY)

    def withdrawn(self, which: str, day: date) -> None:
        withdraw_participant(participant=self.reloaded(), on=day, procedures=True, reason="Wish", **BY)


HAPPENS = tuple(
    name
    for name, each in vars(History).items()
    if isinstance(each, Callable)  # type: ignore[arg-type]
    and not name.startswith("_")
    and name not in ("happen", "reloaded", "visit", "at_new_visit", "set")
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(HAPPENS),
        st.sampled_from(VISITS),
        st.integers(min_value=0, max_value=195).map(lambda number: FIRST + timedelta(number)),
    ),
    min_size=2,
    max_size=8,
)


def different(participant: Participant) -> list[str]:
    fresh = Participant.objects.select_related("site").get(pk=participant.pk)
    return [str(each) for each in verify_derived([fresh], at=NOW)]


@given(acts=ACTS)
@settings(
    max_examples=8,
    phases=(Phase.generate,),  # a history is short enough to read as it is
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_point_18_any_history_leaves_what_a_fresh_evaluation_works_out(
    followed: Participant, save: Save, world: World, acts: list[tuple[str, str, date]]
) -> None:
    undo, history = transaction.savepoint(), History(followed, save, world)
    done = []
    for act in acts:
        try:
            with transaction.atomic():
                history.happen(*act)
        except Refusal:
            continue
        done.append(act)
        assert different(followed) == [], done
    transaction.savepoint_rollback(undo)


def test_point_18_each_kind_of_act_can_happen(followed: Participant, save: Save, world: World) -> None:
    """Else the property would hold because everything is refused."""
    day = FIRST + timedelta(120)
    refused = set()
    for what in HAPPENS:
        undo = transaction.savepoint()
        try:
            with transaction.atomic():
                treated(followed, save)
                History(followed, save, world).happen(what, "CRE-2", day)
        except Refusal as refusal:
            refused.add(f"{what}: {refusal}")
        transaction.savepoint_rollback(undo)
    assert refused == set()
