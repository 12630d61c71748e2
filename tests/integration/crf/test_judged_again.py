"""Whatever a derived answer or a check reads makes it judged again in the same act (issue point 2.18)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Mail
from audit.acts import open_act
from crf import catalogue, recheck
from crf.models import Query, QueryState, Resolution
from crf.records.overnight import DIFFERENT, judge_new_day, report_differences
from crf.records.verification import verify_derived
from followup.contacts import days_seen
from followup.history import days_met
from followup.models import Visit, VisitState
from followup.services import (
    add_unscheduled_visit,
    cancel_withdrawal,
    correct_withdrawal,
    describe_visit,
    mark_not_done,
    plan_visits_for,
    record_visit,
    withdraw_participant,
)
from kernel.errors import Refusal
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import numbered, person, randomized, screened_on_paper
from tests.integration.crf.test_queries import DOUBTFUL, KEY, stage
from tests.unit.crf.examples import adverse_event
from tests.world import World
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("3.13", "3.17")
pytestmark = pytest.mark.django_db
__all__ = ["person"]  # a fixture of the tests of consequences

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
BY: Any = {"by": None, "at": NOW}
RND, SEEN, LATER, LATEST = date(2026, 5, 8), date(2026, 6, 1), date(2026, 7, 1), date(2026, 11, 1)
ALIVE = {"vital": "alive", "v_source": "phone", "dz_now": "none"}


def visit_of(person: Participant, code: str) -> Visit:
    return Visit.objects.select_related("participant__site").get(participant=person, code=code)


@pytest.fixture
def followed(person: Participant, save: Save) -> Participant:
    """Randomized on 8 May, known alive by a survival form of 1 June."""
    screened_on_paper(person, save)
    randomized(person)
    swept = add_unscheduled_visit(
        participant=person, took_place_on=SEEN, forms=["SURV"], why="Asked by telephone", **BY
    )
    save(person, "SURV", visit=swept, values={"status_dt": SEEN, **ALIVE})
    return person


def last_alive(person: Participant) -> date:
    found: date = catalogue.form("SURV").model.objects.get(participant=person).last_alive_dt
    return found


def different(person: Participant, at: datetime = NOW) -> list[str]:
    return [str(each) for each in verify_derived([Participant.objects.get(pk=person.pk)], at=at)]


def test_point_18_a_visit_on_1_november_moves_the_last_day_known_alive(followed: Participant) -> None:
    assert last_alive(followed) == SEEN
    record_visit(visit=visit_of(followed, "N1"), took_place_on=LATEST, **BY)
    assert last_alive(followed) == LATEST
    record_visit(visit=visit_of(followed, "N1"), took_place_on=LATER, reason="Read wrongly", **BY)
    assert last_alive(followed) == LATER
    mark_not_done(visit=visit_of(followed, "N1"), why="ill", reason="Another participant", **BY)
    assert last_alive(followed) == SEEN
    add_unscheduled_visit(participant=followed, took_place_on=LATEST, forms=[], why="Came in", **BY)
    assert last_alive(followed) == LATEST
    assert different(followed) == []


def test_point_18_a_visit_at_which_nobody_was_met_proves_no_life(followed: Participant) -> None:
    seen = visit_of(followed, "N1")
    record_visit(visit=seen, took_place_on=LATEST, **BY)
    near = (LATEST - timedelta(90), LATEST)
    assert (last_alive(followed), days_met([followed.pk], *near)) == (
        LATEST,
        {followed.pk: [(LATEST, seen.pk)]},
    )
    describe_visit(visit=seen, contact_mode="records", source_keeper="local_hospital", **BY)
    assert (last_alive(followed), days_met([followed.pk], *near), days_seen(followed)) == (
        SEEN,
        {},
        [RND, SEEN],
    )
    assert different(followed) == []
    told = {"contact_mode": "telephone", "source_keeper": "participant", "reason": "Misread"}
    describe_visit(visit=seen, **told, **BY)
    assert (last_alive(followed), max(days_seen(followed))) == (LATEST, LATEST)
    assert different(followed) == []


def test_point_18_a_milestone_is_judged_by_what_reads_it(followed: Participant, save: Save) -> None:
    save(followed, "TREAT", values={})
    with open_act("test:milestone:move", participant=followed, **BY):
        trials.set_milestone(participant=followed, code="RAND", on=LATEST, source="test", **BY)
    assert different(followed) == []


def test_point_18_a_visit_that_moves_judges_the_forms_that_stand_at_it(
    followed: Participant, save: Save
) -> None:
    with transaction.atomic():
        trials.set_milestone(participant=followed, code="NEO_D1", on=SEEN, source="test", **BY)
        trials.set_milestone(participant=followed, code="NEO_END", on=LATER, source="test", **BY)
        plan_visits_for(participant=followed, **BY)
    first = visit_of(followed, "QOL-0") if Visit.objects.filter(code="QOL-0").exists() else None
    at = first or Visit.objects.filter(participant=followed, forms__contains=["QOL"]).earliest("opens")
    save(followed, "QOL", visit=at, values={"qol_dt": at.opens})
    before = different(followed)
    assert before == []
    with transaction.atomic():
        trials.set_milestone(
            participant=followed, code="NEO_END", on=LATER + timedelta(9), source="test", **BY
        )
        plan_visits_for(participant=followed, **BY)
    assert different(followed) == []


def test_point_18_what_the_act_does_not_touch_is_not_judged(
    followed: Participant,
) -> None:
    judged: list[str] = []
    real = recheck.judged

    def noted(form: Any, record: Any, form_context: Any) -> Any:
        judged.append(form.code)
        return real(form, record, form_context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recheck, "judged", noted)
        record_visit(visit=visit_of(followed, "N1"), took_place_on=LATER, **BY)
    assert set(judged) == {"SURV"}


def test_point_18_the_command_names_what_differs_and_changes_nothing(
    followed: Participant, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_derived")
    assert "as its answers are judged now" in capsys.readouterr().out
    with open_act("test:visit:behind", participant=followed, **BY) as act:
        visit = visit_of(followed, "N1")
        visit.state, visit.took_place_on, visit.act = VisitState.DONE, LATEST, act
        visit.save(update_fields=["state", "took_place_on", "act"])
    with pytest.raises(SystemExit) as left:
        call_command("verify_derived")
    assert left.value.code == 1
    said = capsys.readouterr().err
    assert f"{followed.number} SURV" in said
    assert "last_alive_dt" in said
    assert last_alive(followed) == SEEN


def test_point_18_a_query_that_should_be_open_is_named(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage(**DOUBTFUL))
    assert different(screened) == []
    query = Query.objects.filter(participant=screened, key=KEY).get()
    with open_act("test:query:close", participant=screened, **BY) as act:
        Query.objects.filter(pk=query.pk).update(
            state=QueryState.CLOSED, resolution=Resolution.CORRECTED, closed_at=NOW, act=act
        )
    assert any(KEY in said for said in different(screened))


DAYS = st.integers(min_value=0, max_value=190).map(lambda number: date(2026, 5, 8) + timedelta(number))
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["record", "not done", "unscheduled", "NEO_D1", "NEO_END", "SURG", "DEATH", "alive"]),
        st.sampled_from(["N1", "N4", "NE", "QOL-0", "SWEEP-06"]),
        DAYS,
    ),
    min_size=1,
    max_size=6,
)


@given(acts=ACTS)
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_point_18_after_any_sequence_of_acts_what_is_stored_is_what_is_judged(
    followed: Participant, save: Save, acts: list[tuple[str, str, date]]
) -> None:
    undo = transaction.savepoint()
    for what, code, day in acts:
        try:
            with transaction.atomic():
                happen(followed, save, what, code, day)
        except Refusal:
            continue
        assert different(followed) == []
    transaction.savepoint_rollback(undo)


def happen(person: Participant, save: Save, what: str, code: str, day: date) -> None:
    if what in ("NEO_D1", "NEO_END", "SURG", "DEATH"):
        with open_act("test:milestone:set", participant=person, **BY):
            trials.set_milestone(participant=person, code=what, on=day, source="test", **BY)
            plan_visits_for(participant=person, **BY)
    elif what == "unscheduled":
        add_unscheduled_visit(participant=person, took_place_on=day, forms=[], why="Came in", **BY)
    elif what == "alive":
        visit = add_unscheduled_visit(participant=person, took_place_on=day, forms=["SURV"], why="x", **BY)
        save(person, "SURV", visit=visit, values={"status_dt": day, **ALIVE})
    else:
        visit = (
            Visit.objects.filter(participant=person, code=code).select_related("participant__site").first()
        )
        if visit is None:
            return
        if what == "record":
            record_visit(visit=visit, took_place_on=day, reason="Corrected", **BY)
        else:
            mark_not_done(visit=visit, why="ill", reason="Corrected", **BY)


def test_point_18_the_new_day_is_judged_at_night_and_differences_are_told_to_data_managers(
    followed: Participant, save: Save, world: World
) -> None:
    add_event(followed, save)
    night = NOW + timedelta(days=400)
    judge_new_day(site=world.site, at=night)
    assert different(followed, at=night) == []
    assert report_differences(zone="Asia/Shanghai", at=night) == 0
    assert not Mail.objects.filter(kind=DIFFERENT).exists()
    with open_act("test:visit:behind", participant=followed, **BY) as act:
        visit = visit_of(followed, "N1")
        visit.state, visit.took_place_on, visit.act = VisitState.DONE, LATEST, act
        visit.save(update_fields=["state", "took_place_on", "act"])
    for _again in range(2):
        assert report_differences(zone="Asia/Shanghai", at=night) == 1
    mail = Mail.objects.get(kind=DIFFERENT)
    assert mail.to == world.data_manager
    assert f"{followed.number} SURV" in mail.body


def add_event(person: Participant, save: Save) -> None:
    save(person, "AE", values=adverse_event.VALUES, groups=numbered(adverse_event.GROUPS))


def open_queries(person: Participant, code: str) -> int:
    return Query.objects.filter(participant=person, check_code=code, state=QueryState.OPEN).count()


def test_rare_10_what_reads_withdrawals_is_judged_again(followed: Participant, save: Save) -> None:
    """Whoever stops surveillance has withdrawn from it; the listing closes and opens again with the withdrawal."""
    seen = add_unscheduled_visit(
        participant=followed, took_place_on=LATEST, forms=["AS"], why="Came in", **BY
    )
    save(followed, "AS", visit=seen, values={"as_done": "Y", "as_dt": LATEST, "as_will": "stops"})
    assert open_queries(followed, "AS-09") == 1
    withdrawal = withdraw_participant(participant=followed, on=LATEST, study_drug=True, **BY)
    assert open_queries(followed, "AS-09") == 1
    scope: dict[str, Any] = {"withdrawal": withdrawal, "on": LATEST, "reason": "Read again", **BY}
    correct_withdrawal(procedures=True, **scope)
    assert open_queries(followed, "AS-09") == 0
    assert different(followed) == []
    cancel_withdrawal(withdrawal=withdrawal, reason="Another participant", **BY)
    assert open_queries(followed, "AS-09") == 1
    withdraw_participant(participant=followed, on=LATEST, all_contact=True, **BY)
    assert open_queries(followed, "AS-09") == 0
    assert different(followed) == []
