"""Freeze and lock of form, visit, participant and site (issue point 17 of the case report form)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.locked import DataFrozen, DataLocked
from crf import catalogue
from crf.coding.releases import use_version
from crf.engine.base import RecordState
from crf.engine.submission import Answers
from crf.locks.conditions import _asked, conditions_of
from crf.locks.scope import LockScope
from crf.locks.services import (
    AlreadyHeld,
    EndReasonNeeded,
    FreezeConditionsFail,
    LockConditionsFail,
    NothingToEnd,
    NothingToLock,
    NotYoursToLock,
    end_lock,
    freeze_data,
    lock_data,
    lock_participants,
)
from crf.models import Record
from crf.page.locks import lock_page
from crf.queries.services import answer_query, close_query, raise_query
from crf.records.judging import run_checks
from crf.records.overnight import judge_new_day, report_differences
from crf.records.save import save_answers
from crf.records.signing import sign_record, verify_record
from crf.store.records import NEW, record_key_of
from followup import services as followup
from followup.models import Visit
from followup.services.amending import catch_up
from followup.services.rolling import update_visit_states
from tests.integration.crf.conftest import Save, make_operated, place_at, record_at
from tests.integration.crf.test_coding import event, load
from tests.integration.crf.test_pages import client_of, form_url, posted
from tests.integration.crf.test_safety import GOES_ON
from tests.integration.crf.test_saving import stage
from tests.made_up_dictionaries import MEDDRA
from tests.world import NOW, PASSWORD, TODAY, World, screen
from trials import services as trials
from trials.models import DataLock, LockLevel, Milestone, Participant
from trials.services import transfers

pytestmark = pytest.mark.django_db
ZONE = "Asia/Shanghai"


@pytest.fixture(autouse=True)
def _whole(everything: None) -> None:
    """The tests see every site."""


@pytest.fixture
def clean(screened: Participant, world: World, save: Save) -> Participant:
    """A participant with one complete form, verified and signed, who is out of screening."""
    save(screened, "STAGE", **stage())
    settle(world, screened)
    return screened


def settle(world: World, participant: Participant, version: int = 1) -> None:
    """Verify and sign the staging form, and end the screening."""
    place = place_at(participant, "STAGE")
    verify_record(record_key=place, version=version, by=world.monitor, at=NOW)
    sign_record(record_key=place, version=version, password=PASSWORD, by=world.investigator, at=NOW)
    trials.record_screening_outcome(
        participant=participant,
        declined=True,
        reason="other_decline",
        criteria=[],
        on=TODAY,
        by=world.coordinator,
        at=NOW,
    )
    participant.refresh_from_db()


def levels(participant: Participant) -> dict[str, LockScope]:
    """Every scope above the staging form that has no visit."""
    record = Record.objects.get(participant=participant, form_code="STAGE")
    return {
        "form": LockScope.of_record(record, participant),
        "participant": LockScope.of_participant(participant),
        "site": LockScope.of_site(participant.site),
    }


def lock(world: World, scope: LockScope) -> DataLock:
    return lock_data(scope=scope, password=PASSWORD, by=world.data_manager, at=NOW)


def end(world: World, scope: LockScope, reason: str = "Late report") -> None:
    end_lock(scope=scope, reason=reason, by=world.data_manager, at=NOW)


def test_point_17_each_level_refuses_to_save_and_opens_with_a_reason(
    clean: Participant, world: World, save: Save
) -> None:
    for name, scope in levels(clean).items():
        lock(world, scope)
        assert record_at(clean, "STAGE").state == RecordState.LOCKED, name
        with pytest.raises(AlreadyHeld):
            lock(world, scope)
        with pytest.raises(Exception, match="locked"):
            save(clean, "STAGE", **stage(eus_mm=12), reason="Misread")
        if name != "form":
            with pytest.raises(DataLocked):
                save(clean, "DM", values={"height": Decimal(160)})
            assert record_at(clean, "DM") is None
        with pytest.raises(EndReasonNeeded):
            end(world, scope, " ")
        end(world, scope)
        assert record_at(clean, "STAGE").state == RecordState.SIGNED, name
        with pytest.raises(NothingToEnd):
            end(world, scope)
    told = DataLock.objects.order_by("pk").values_list("level", "kind", "end_reason")
    assert list(told) == [(level, "locked", "Late report") for level in (1, 3, 4)]


def test_point_17_each_level_freezes_and_queries_go_on(clean: Participant, world: World, save: Save) -> None:
    for name, scope in levels(clean).items():
        freeze_data(scope=scope, reason="Interim analysis", by=world.data_manager, at=NOW)
        with pytest.raises(DataFrozen):
            save(clean, "STAGE", **stage(eus_mm=12), reason="Misread")
        query = raise_query(
            record_key=place_at(clean, "STAGE"),
            target="eus_mm",
            text=f"Why, {name}?",
            by=world.monitor,
            at=NOW,
        )
        answer_query(query=query, text="As in the report", by=world.coordinator, at=NOW)
        close_query(query=query, by=world.monitor, at=NOW)
        assert record_at(clean, "STAGE").version == 1
        end(world, scope)
    assert save(clean, "STAGE", **stage(eus_mm=12), reason="Misread").version == 2


def test_point_17_a_frozen_form_is_still_verified_and_signed(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    freeze_data(scope=LockScope.of_participant(screened), by=world.data_manager, at=NOW)
    verify_record(record_key=place_at(screened, "STAGE"), version=1, by=world.monitor, at=NOW)
    sign_record(
        record_key=place_at(screened, "STAGE"), version=1, password=PASSWORD, by=world.investigator, at=NOW
    )
    assert record_at(screened, "STAGE").state == RecordState.SIGNED


def test_point_17_a_locked_form_is_asked_no_query(clean: Participant, world: World) -> None:
    lock(world, LockScope.of_participant(clean))
    with pytest.raises(DataLocked, match="01-0001"):
        raise_query(record_key=place_at(clean, "STAGE"), target="", text="Why?", by=world.monitor, at=NOW)


def test_point_17_each_condition_is_named_with_its_places(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    save(screened, "DM", values={"height": Decimal(160)})
    raise_query(
        record_key=place_at(screened, "STAGE"), target="eus_mm", text="Why?", by=world.monitor, at=NOW
    )
    scope = LockScope.of_participant(screened)
    failed = {each.code: each.failed for each in conditions_of(scope, today=TODAY) if each.failed}
    late = {"states": 1}  # the window of randomization, counted from the consent of January, is over
    assert failed == {"incomplete": 1, "queries": 1, "verified": 1, "signed": 1, "screening": 1, **late}
    labels = {place.label for each in conditions_of(scope, today=TODAY) for place in each.places}
    assert {"01-0001 DM", "01-0001 STAGE", "01-0001"} <= labels
    assert f"01-0001 STAGE · {catalogue.form('STAGE').questions['eus_mm'].text}" in labels, (
        "no name of a column"
    )
    with pytest.raises(LockConditionsFail, match="Queries that are not closed"):
        lock(world, scope)
    with pytest.raises(FreezeConditionsFail, match="Forms in progress"):
        freeze_data(scope=scope, by=world.data_manager, at=NOW)
    # the page of the study, on which it is frozen, names what stops a freeze, and offers none
    study = client_of(world.data_manager).get(reverse("crf:locks"))
    failed = {each.code: each.failed for each in study.context["lock"].conditions}
    assert (failed["incomplete"], failed["sites"]) == (1, 1)
    assert "01-0001 DM" in study.text
    assert 'value="freeze"' not in study.text
    with pytest.raises(FreezeConditionsFail, match="Forms in progress"):
        freeze_data(scope=LockScope.of_study(), by=world.data_manager, at=NOW)
    assert not DataLock.objects.exists()


OF_FORM = ["incomplete", "queries", "verified", "signed", "coded"]
OF_VISIT = ["incomplete", "overdue", "missing", "queries", "verified", "signed", "coded", "visits"]
OF_PEOPLE = [*OF_VISIT, "states", "screening", "todos", "deviations", "clocks", "transfers"]


@pytest.mark.parametrize(
    ("level", "lock_asks", "freeze_asks"),
    [
        (LockLevel.FORM, OF_FORM, ["incomplete"]),
        (LockLevel.VISIT, OF_VISIT, ["incomplete", "overdue"]),
        (LockLevel.PARTICIPANT, OF_PEOPLE, ["incomplete", "overdue"]),
        (LockLevel.SITE, OF_PEOPLE, ["incomplete", "overdue"]),
        (LockLevel.STUDY, ["sites", "opened"], ["incomplete", "overdue"]),
    ],
)
def test_point_17_what_each_level_asks_for(
    level: LockLevel, lock_asks: list[str], freeze_asks: list[str]
) -> None:
    asked = [
        [each.code for each in _asked(LockScope(level), to_freeze=to_freeze)] for to_freeze in (False, True)
    ]
    assert asked == [lock_asks, freeze_asks]


def test_point_17_work_that_waits_for_others_stands_in_the_way(
    screened: Participant, world: World, tmp_path: Path
) -> None:
    person, by = make_operated(screened), {"by": world.investigator, "at": NOW}
    followup.plan_visits_for(participant=person, by=None, at=NOW)
    load(tmp_path, MEDDRA)
    use_version(dictionary="meddra", version="1.0", by=world.coder, at=NOW)
    event(person, world, "Headache", **{name: said for name, said in GOES_ON.items() if name != "ae_term"})
    told: Any = {"participant": person, "on": TODAY, "reason": "Moves"}
    transfers.propose_transfer(receiving=world.other_site, **told, **by)
    trials.propose_deviation(participant=person, rule="missed_visit", key="N2", detail="Missed", **by)
    followup.withdraw_participant(participant=person, on=TODAY, quality_of_life=True, **by)
    shown = lock_page(LockScope.of_participant(person), user=world.data_manager, at=NOW, zone=ZONE)
    failed = {each.code for each in shown.failed}
    assert failed >= {"coded", "visits", "states", "todos", "deviations", "clocks", "transfers"}
    assert all(
        place.label.startswith("01-0001") and place.href for each in shown.failed for place in each.places
    )
    assert not shown.may_lock


def test_point_17_overdue_and_missing_forms_of_a_visit_stand_in_the_way(
    screened: Participant, world: World
) -> None:
    person = make_operated(screened)
    followup.plan_visits_for(participant=person, by=None, at=NOW)
    visit = Visit.objects.filter(participant=person, state__in=("due", "overdue", "missed", "open")).first()
    assert visit is not None
    visit = Visit.objects.select_related("participant__site").get(pk=visit.pk)
    scope = LockScope.of_visit(visit)
    followup.record_visit(visit=visit, took_place_on=visit.opens, by=world.coordinator, at=NOW)
    codes = {each.code for each in conditions_of(scope, today=TODAY + timedelta(400)) if each.failed}
    assert codes == {"overdue"}
    codes = {each.code for each in conditions_of(scope, today=visit.opens) if each.failed}
    assert codes == {"missing"}
    # Written by nobody's service: a freeze works it out anew from visits and records before it asks.
    assert scope.expected().filter(state="empty").update(state="complete") > 0
    assert not scope.expected().unfilled().exists()
    with pytest.raises(FreezeConditionsFail, match="Expected forms that are overdue"):
        freeze_data(scope=scope, by=world.data_manager, at=NOW + timedelta(400))


def test_point_17_who_may_not_is_refused_and_a_site_is_locked_under_a_password(
    clean: Participant, world: World
) -> None:
    scope = LockScope.of_site(clean.site)
    for person in (world.coordinator, world.investigator, world.monitor, world.statistician, world.inspector):
        with pytest.raises(NotYoursToLock):
            lock_data(scope=scope, password=PASSWORD, by=person, at=NOW)
    with pytest.raises(Exception, match="password"):
        lock_data(scope=scope, password="wrong", by=world.data_manager, at=NOW)
    row = lock(world, scope)
    assert row.signature is not None
    assert row.counts == {"participants": 1, "visits": 0, "forms": 1, "verified": 1}


def test_point_17_several_are_locked_or_nobody_and_the_dry_run_says_who_fails(
    clean: Participant, world: World, save: Save
) -> None:
    other = screen(world, signed_on=date(2026, 1, 6))
    save(other, "STAGE", **stage())
    with pytest.raises(NothingToLock):
        lock_participants(people=[], by=world.data_manager, at=NOW)
    with pytest.raises(LockConditionsFail, match=other.number):
        lock_participants(people=[clean, other], by=world.data_manager, at=NOW)
    assert not DataLock.objects.exists()
    assert record_at(clean, "STAGE").state == RecordState.SIGNED
    client, where = Client(), reverse("crf:lock-participants", args=["01"])
    client.force_login(world.data_manager)
    shown = client.get(where).text
    assert "Forms not verified against source (1)" in shown
    assert reverse("crf:lock-participant", args=[other.number]) in shown
    assert client.post(where, {"participants": [clean.pk, other.pk]}).status_code == 409
    settle(world, other)
    assert client.post(where, {"participants": [clean.pk, other.pk]}).status_code == 302
    assert DataLock.objects.standing().filter(level=3, kind="locked").count() == 2


def test_point_17_one_form_is_opened_in_a_locked_site_and_locked_again(
    clean: Participant, world: World, save: Save
) -> None:
    scopes = levels(clean)
    lock(world, scopes["site"])
    end(world, scopes["form"], "Report was misread")
    assert record_at(clean, "STAGE").state == RecordState.SIGNED
    with pytest.raises(DataLocked):
        save(clean, "DM", values={"height": Decimal(160)})
    assert save(clean, "STAGE", **stage(eus_mm=12), reason="Misread").version == 2
    with pytest.raises(LockConditionsFail):
        lock(world, scopes["form"])
    place = place_at(clean, "STAGE")
    verify_record(record_key=place, version=2, by=world.monitor, at=NOW)
    sign_record(record_key=place, version=2, password=PASSWORD, by=world.investigator, at=NOW)
    lock(world, levels(clean)["form"])
    assert record_at(clean, "STAGE").state == RecordState.LOCKED
    assert not DataLock.objects.standing().filter(kind="open").exists()
    end(world, scopes["site"])
    assert record_at(clean, "STAGE").state == RecordState.SIGNED


def test_point_17_a_lock_below_outlasts_the_one_above(clean: Participant, world: World) -> None:
    scopes = levels(clean)
    lock(world, scopes["participant"])
    lock(world, scopes["site"])
    end(world, scopes["site"])
    assert record_at(clean, "STAGE").state == RecordState.LOCKED
    end(world, scopes["participant"])
    assert record_at(clean, "STAGE").state == RecordState.SIGNED


def test_point_17_what_was_typed_in_another_window_is_kept_when_the_lock_comes_first(
    clean: Participant, world: World
) -> None:
    client, where = Client(), form_url(clean)
    client.force_login(world.coordinator)
    client.get(where)
    lock(world, LockScope.of_participant(clean))
    answer = client.post(where, posted(version=1, eus_mm=12) | {"_reason": "Misread"})
    assert answer.status_code == 409
    assert "locked" in answer.text
    assert 'value="12"' in answer.text
    assert "nothing is changed or added" in client.get(where).text


def test_point_17_nights_amendments_and_plans_leave_a_locked_participant_as_they_are(
    screened: Participant, world: World, settings: Any
) -> None:
    settings.LOCK_NEEDS = ()
    person = make_operated(screened)
    followup.plan_visits_for(participant=person, by=None, at=NOW)
    visit = Visit.objects.select_related("participant__site").filter(participant=person, state="overdue")[0]
    followup.mark_not_done(visit=visit, why="refused", by=world.coordinator, at=NOW)
    of_visit = LockScope.of_visit(visit)
    lock(world, of_visit)
    took_place: Any = {"took_place_on": visit.opens, "reason": "It was", "by": world.coordinator, "at": NOW}
    with pytest.raises(DataLocked), transaction.atomic():
        followup.record_visit(visit=visit, **took_place)
    end(world, of_visit)
    followup.record_visit(visit=visit, **took_place)
    force_lock(world, person)
    before = list(Visit.objects.filter(participant=person).order_by("pk").values())
    later = NOW + timedelta(days=90)
    assert update_visit_states(site=person.site, on=later.date(), at=later) == 0
    assert followup.plan_visits_for(participant=person, by=None, at=later) == []
    assert catch_up(participant=person, by=None, at=later).protocol_version == person.protocol_version
    judge_new_day(site=person.site, at=later)
    run_checks(people=[person.pk], at=later)
    report_differences(zone=ZONE, at=later)
    assert list(Visit.objects.filter(participant=person).order_by("pk").values()) == before
    DataLock.objects.standing().get()
    end(world, LockScope.of_participant(person))
    assert update_visit_states(site=person.site, on=later.date(), at=later) > 0


def force_lock(world: World, person: Participant) -> None:
    """The row of a lock, as a lock writes it, whatever is still open for the participant."""
    from audit.acts import open_act

    with open_act("crf:data:lock", by=world.data_manager, at=NOW, participant=person) as act:
        DataLock.objects.create(
            **LockScope.of_participant(person).place,
            kind="locked",
            begun_by=world.data_manager,
            begun_at=NOW,
            act=act,
        )


def test_point_17_a_death_a_withdrawal_and_a_visit_after_a_lock_are_told_what_to_do(
    screened: Participant, world: World
) -> None:
    person = make_operated(screened)
    followup.plan_visits_for(participant=person, by=None, at=NOW)
    force_lock(world, person)
    by: Any = {"by": world.coordinator, "at": NOW}
    visit = Visit.objects.filter(participant=person).exclude(state__in=("done", "cancelled")).first()
    assert visit is not None
    steps: list[Any] = [
        lambda: followup.record_visit(visit=visit, took_place_on=visit.opens, **by),
        lambda: trials.record_withdrawal(participant=person, on=TODAY, all_contact=True, **by),
        lambda: trials.set_milestone(participant=person, code="DEATH", on=TODAY, source="test", **by),
        lambda: save_answers(
            record_key=record_key_of(participant=person, form="AE", sequence=NEW),
            answers=Answers({"ae_term": "Death"}),
            version=NEW,
            **by,
        ),
    ]
    for step in steps:
        with pytest.raises(DataLocked, match="reported to the sponsor at once"), transaction.atomic():
            step()
    assert not Milestone.objects.filter(participant=person, code="DEATH").exists()


def test_point_17_nobody_moves_out_of_a_frozen_site_or_into_it(screened: Participant, world: World) -> None:
    person = make_operated(screened)
    transfer = transfers.propose_transfer(
        participant=person,
        receiving=world.other_site,
        on=TODAY,
        reason="Moves",
        by=world.investigator,
        at=NOW,
    )
    from tests.integration.followup.test_transfer import receiver

    transfers.accept_transfer(transfer=transfer, by=receiver(), at=NOW)
    for site in (world.site, world.other_site):
        freeze_data(scope=LockScope.of_site(site), by=world.data_manager, at=NOW)
        with (
            pytest.raises(DataFrozen, match=f"Site {world.site.code}|Site {site.code}"),
            transaction.atomic(),
        ):
            followup.confirm_transfer(transfer=transfer, by=world.trial_manager, at=NOW)
        end(world, LockScope.of_site(site))
    moved = followup.confirm_transfer(transfer=transfer, by=world.trial_manager, at=NOW)
    assert moved.site_id == world.other_site.pk


def test_point_17_nobody_is_registered_at_a_locked_site(clean: Participant, world: World) -> None:
    lock(world, LockScope.of_site(world.site))
    with pytest.raises(DataLocked, match="Site 01"):
        trials.register_participant(site=world.site, by=world.coordinator, at=NOW)
