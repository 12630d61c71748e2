"""Source verification field by field: the plan, what falls, what is left, and the pages (issue point 16)."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from audit.acts import open_act
from crf import catalogue
from crf.engine.base import RecordState
from crf.engine.verification_draw import RUN, draw_of, field_drawn
from crf.models import FieldVerification, Query, Record, RecordVerification, VerificationPlan
from crf.page.source import tick_name
from crf.records.signing import NotInYourRole
from crf.records.source_verification import (
    NotYourPlan,
    PlanReasonNeeded,
    SeedNeeded,
    ShareImpossible,
    VerifiedFields,
    change_plan,
    verify_fields,
)
from crf.store.outstanding import unsigned, unverified_critical, unverified_required
from crf.store.records import record_key_of
from crf.store.verification import FieldAnswer, answers_of
from followup.models import Visit
from followup.services import plan_visits_for
from kernel.row_keys import key_of
from tests.integration.crf.conftest import Save, place_at, record_at
from tests.integration.crf.test_pages import client_of, form_url
from tests.integration.crf.test_saving import stage
from tests.integration.exports.test_api import caller
from tests.world import NOW, TODAY, World
from trials.models import Participant

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def tokens(participant: Participant, form: str, *targets: str) -> dict[str, str]:
    """The answers as a monitor is shown them: all, or those named."""
    held = answers_of(catalogue.forms()[form], record_at(participant, form).pk)
    return {name: each.token for name, each in held.items() if not targets or name in targets}


def verify(world: World, participant: Participant, *targets: str, **said: Any) -> VerifiedFields:
    seen = said.pop("seen", None) or tokens(participant, "STAGE", *targets)
    return verify_fields(
        record_key=place_at(participant, "STAGE"), seen=seen, by=world.monitor, at=NOW, **said
    )


def plan(world: World, **changed: Any) -> VerificationPlan:
    told: dict[str, Any] = {
        "participants_percent": 0,
        "others_percent": 0,
        "site_percents": {},
        "seed": "PALACE-3",
        "reason": "First version",
    }
    return change_plan(**told | changed, by=world.data_manager, at=NOW)


def left(participant: Participant, form: str = "STAGE") -> RecordVerification:
    return RecordVerification.objects.get(record=record_at(participant, form).pk)


def test_point_16_a_verification_falls_when_its_value_changes(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    every = tokens(screened, "STAGE")
    assert verify(world, screened) == VerifiedFields(len(every), 0, ())
    assert record_at(screened, "STAGE").state == RecordState.VERIFIED
    assert {"ct", "node.1.station"} <= set(every)
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread", at=LATER)
    fallen = FieldVerification.objects.exclude(fell_at=None)
    assert [(each.target, each.fell_at) for each in fallen] == [("eus_mm", LATER)]
    (row,) = fallen
    assert (row.verified_by, row.verified_at, row.act.verb) == (world.monitor, NOW, "crf:answers:save")
    assert row.value != 12
    assert left(screened).unverified == ["eus_mm"]
    assert record_at(screened, "STAGE").state == RecordState.COMPLETE
    verify(world, screened, "eus_mm")
    assert record_at(screened, "STAGE").state == RecordState.VERIFIED
    assert list(row.events.values_list("fell_at", flat=True)) == [None, LATER]


def test_point_16_a_row_that_is_removed_takes_its_verification_along(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    verify(world, screened)
    answers = stage()
    answers["groups"] = {**answers["groups"], "node": []}
    save(screened, "STAGE", **answers, reason="No node")
    gone = set(FieldVerification.objects.exclude(fell_at=None).values_list("target", flat=True))
    assert gone >= {"node.1.station"}
    assert not [target for target in left(screened).answered if target.startswith("node.")]
    assert all(target.startswith("node.") or target in stage()["values"] for target in gone)


def test_point_16_a_value_changed_by_hand_in_the_database_falls_too(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    verify(world, screened)
    record = record_at(screened, "STAGE")
    with open_act("crf:answers:save", by=None, at=LATER, participant=screened, reason="By hand") as act:
        type(record).objects.filter(pk=record.pk).update(ct="T2", answers_act=act)
    assert FieldVerification.objects.get(target="ct").fell_at == LATER
    assert record_at(screened, "STAGE").state == RecordState.COMPLETE


def test_point_16_a_record_is_verified_when_the_plan_asks_for_nothing_more(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    plan(world)
    critical = set(catalogue.forms()["STAGE"].critical) & set(left(screened).answered)
    assert (set(left(screened).unverified), left(screened).critical_left) == (critical, len(critical))
    verify(world, screened, *critical)
    assert record_at(screened, "STAGE").state == RecordState.VERIFIED
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    assert record_at(screened, "STAGE").state == RecordState.VERIFIED
    plan(world, others_percent=100, reason="More of the others")
    assert record_at(screened, "STAGE").state == RecordState.COMPLETE
    assert unverified_required(participant=screened).get().left == len(left(screened).unverified) > 0
    assert not unverified_critical(participant=screened).exists()
    plan(world, reason="Less again")
    assert record_at(screened, "STAGE").state == RecordState.VERIFIED
    assert unsigned(site=world.site).get().pk == record_at(screened, "STAGE").pk


def test_point_16_who_was_drawn_stays_drawn(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage())
    plan(world, site_percents={"01": 100})
    assert left(screened).required == len(left(screened).answered)
    plan(world, reason="Nobody else")
    assert left(screened).required == len(left(screened).answered)
    after = TODAY + timedelta(days=1)
    with (
        connection.cursor() as cursor
    ):  # who is registered after the share fell is not drawn by the earlier version
        cursor.execute("SELECT crf_is_drawn(%s, %s)", [screened.number, after])
        assert cursor.fetchone() == (False,)


def test_point_16_the_draw_is_the_same_here_and_in_the_database(db: None) -> None:
    chance = random.Random(16)
    for _case in range(40):
        seed = "".join(chance.choices("abcXYZ089 -食管", k=chance.randrange(12)))
        number, percent = f"03-{chance.randint(1, 999):04d}", chance.randint(0, 100)
        with connection.cursor() as cursor:
            cursor.execute("SELECT crf_draws(%s, %s, %s)", [seed, number, percent])
            assert cursor.fetchone()[0] == draw_of(seed, number).drawn(percent), (seed, number, percent)


def test_point_16_a_run_of_twenty_holds_the_share_and_a_larger_share_keeps_the_smaller() -> None:
    for seed in ("a", "b", "c"):
        draws = [draw_of(seed, f"02-{running:04d}") for running in range(1, 2 * RUN + 1)]
        for percent in range(0, 101, 5):
            for run in (draws[:RUN], draws[RUN:]):
                assert sum(each.drawn(percent) for each in run) == RUN * percent // 100
        assert all(each.drawn(20) for each in draws if each.drawn(10))
        assert [each.drawn(15) for each in draws[:RUN]] != [each.drawn(15) for each in draws[RUN:]]


def test_point_16_a_share_of_the_other_fields_is_drawn_from_the_seed(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    plan(world, others_percent=40)
    row, critical = left(screened), set(catalogue.forms()["STAGE"].critical)
    for target in row.answered:
        item = ".".join(part for part in target.split(".") if not part.isdecimal())
        drawn = field_drawn("PALACE-3", screened.number, "STAGE", item, 40)
        assert (target in row.unverified) == (item in critical or drawn), target
    assert len(critical) < row.required < len(row.answered)


def test_point_16_the_answers_are_the_questions_that_somebody_answers(db: None) -> None:
    """The database knows answers by their columns: none of control or derived is among them."""
    aside = {"id", "site_id", "act_id", "record_id", "row_id", "position", "removed", "missing"}
    for form in catalogue.forms().values():
        for declared in (form, *form.groups.values()):
            columns = {field.column for field in declared.model._meta.local_concrete_fields} - aside
            typed = {name for name, question in declared.questions.items() if not question.derived}
            assert {name for name in columns if not name.startswith("calc_")} == typed
        assert not form.faults()


def test_point_16_nobody_compares_what_the_form_says_of_a_row_with_paper(
    screened: Participant, world: World, save: Save
) -> None:
    """A panel was drawn by "Test" alone, without its result: paper has no such field."""
    visit = Visit.objects.get(participant=screened, code="SCR")
    save(
        screened,
        "LB",
        visit=visit,
        values={"lb_done": "Y", "lb_dt": date(2026, 1, 8)},
        groups={
            "tests": [{"position": 1, "lb_test": "HGB", "lb_res": "129", "lb_unit": "g/L", "missing": {}}]
        },
    )
    record = Record.objects.get(participant=screened, form_code="LB")
    whole = {"lb_done", "lb_dt", "tests.1.lb_res", "tests.1.lb_unit"}
    for change in ({}, {"participants_percent": 100, "reason": "All"}):
        if change:
            plan(world, **change)
        row = RecordVerification.objects.get(record=record)
        assert set(row.answered) == whole | {"tests.1.lb_test"}
        assert (set(row.unverified), row.required) == (whole, len(whole))
    place = record_key_of(participant=screened, form="LB", visit=visit)
    held = answers_of(catalogue.form("LB"), record.pk)
    seen = {target: held[target].token for target in whole}
    assert verify_fields(record_key=place, seen=seen, by=world.monitor, at=NOW).verified == len(whole)
    assert RecordVerification.objects.get(record=record).left == 0


def test_point_16_the_database_knows_what_forms_say_of_their_rows(db: None) -> None:
    said = {
        f"{form.code}.{group.name}.{name}"
        for form in catalogue.forms().values()
        for group in form.groups.values()
        for name in ((group.keyed_by,) if group.keyed_by else next(iter(group.starts_with), ()))
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT crf_row_keys()")
        assert set(cursor.fetchone()[0]) == said
    critical = {f"{form.code}.{item}" for form in catalogue.forms().values() for item in form.critical}
    assert not said & critical


def test_point_16_the_plan_is_changed_with_a_reason_by_data_management(
    world: World, everything: None
) -> None:
    for wrong, refusal in (
        ({"reason": " "}, PlanReasonNeeded),
        ({"seed": ""}, SeedNeeded),
        ({"participants_percent": 101}, ShareImpossible),
        ({"site_percents": {"99": 10}}, ShareImpossible),
    ):
        with pytest.raises(refusal):
            plan(world, **wrong)
    with pytest.raises(NotYourPlan):
        change_plan(
            participants_percent=1,
            others_percent=1,
            site_percents={},
            seed="s",
            reason="r",
            by=world.monitor,
            at=NOW,
        )
    plan(world)
    client = Client()
    client.force_login(world.data_manager)
    address = reverse("crf:verification-plan")
    page = client.get(address)
    assert "PALACE-3" in page.text
    typed = {
        "participants_percent": "25",
        "others_percent": "5",
        "seed": "PALACE-3",
        "site_percents": "01: x",
    }
    assert client.post(address, typed | {"reason": "More"}).status_code == 422
    assert (
        client.post(address, typed | {"site_percents": "01：50，02: 10", "reason": "More"}).status_code == 302
    )
    latest, first = VerificationPlan.objects.all()
    assert (latest.number, latest.site_percents, first.ends_on) == (2, {"01": 50, "02": 10}, latest.starts_on)
    assert client_of(world.monitor).get(address).status_code == 200


def test_point_16_fields_are_ticked_on_a_page_and_nothing_is_lost(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    address, record = form_url(screened, name="verify"), record_at(screened, "STAGE")
    client, seen = client_of(world.monitor), tokens(screened, "STAGE", "ct", "cn", "eus_mm")
    page = client.get(address)
    assert page.status_code == 200
    assert all(
        f'name="{tick_name(record.pk, name)}" value="{token}"' in page.text for name, token in seen.items()
    )
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    ticks = {tick_name(record.pk, name): token for name, token in seen.items()}
    answer: Any = client.post(address, ticks | {"save": "1"}, follow=True)
    assert "STAGE eus_mm" in answer.text
    assert set(FieldVerification.objects.values_list("target", flat=True)) == {"ct", "cn"}
    kept = {tick_name(record.pk, "ct"): seen["ct"], f"was:{key_of('record', record.pk)}": "ct cn "}
    client.post(address, kept | {"save": "1"})
    standing = FieldVerification.objects.filter(fell_at=None)
    assert list(standing.values_list("target", flat=True)) == ["ct"]
    asked = client.post(address, kept | {"ask": f"{key_of('record', record.pk)}:eus_mm"})
    assert "target=eus_mm&then=verify" in asked.url
    # nothing was ticked, so nothing is said of verifications; who does not ask is back where the values are compared
    page = client.get(asked.url).text
    assert "0 verifications" not in page
    assert "<dd><strong>12" in page  # the value in question, as it stands
    assert f'href="{address}">Go back without asking' in page
    raised = client.post(asked.url, {"target": "eus_mm", "text": "Source says 11"})
    assert raised.url == address
    assert Query.objects.get().target == "eus_mm"
    save(screened, "STAGE", **stage(eus_mm=12, ct="T2"), reason="Misread")
    shown = client.get(address).text
    assert "Monitor" in shown
    assert client.post(address, kept | {"next": "1"}).url == reverse("reports:verification")
    assert client_of(world.coordinator).get(address).status_code == 200
    assert client_of(world.coordinator).post(address, ticks).status_code == 403
    assert client_of(world.stranger).get(address).status_code == 404


def test_point_16_a_visit_is_verified_on_one_page(operated: Participant, world: World, save: Save) -> None:
    with transaction.atomic():
        plan_visits_for(participant=operated, by=None, at=NOW)
    visit = Visit.objects.filter(participant=operated, forms__contains=["SURV"]).first()
    save(
        operated, "SURV", visit=visit, values={"status_dt": date(2026, 5, 4), "vital": "A", "v_source": "TEL"}
    )
    record = Record.objects.get(form_code="SURV")
    address = reverse("crf:verify-visit", args=[operated.number, visit.pk])
    held = answers_of(catalogue.forms()["SURV"], record.pk)
    page = client_of(world.monitor).get(address)
    assert f'name="{tick_name(record.pk, "vital")}"' in page.text
    ticks = {tick_name(record.pk, name): each.token for name, each in held.items()}
    assert client_of(world.monitor).post(address, ticks | {"save": "1"}).url == address
    assert RecordVerification.objects.get(record=record).left == 0
    assert client_of(world.coordinator).get(address).status_code == 200


def test_point_16_who_may_not_verify_is_refused(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage())
    with pytest.raises(NotInYourRole):
        verify_fields(record_key=place_at(screened, "STAGE"), seen={}, by=world.coordinator, at=NOW)
    assert FieldAnswer("ct", "T3").token != FieldAnswer("ct", "T2").token


def test_point_16_what_is_left_is_a_page_a_file_and_an_address(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    plan(world)
    verify(world, screened, "ct")
    row, client = left(screened), client_of(world.monitor)
    page = client.get(reverse("reports:verification"), {"participant": screened.number, "site": "01"})
    assert form_url(screened, name="verify") in page.text
    file = client.get(reverse("reports:verification-file")).text
    assert f"01,,STAGE,{row.required},{row.left},{row.critical},{row.critical_left}" in file
    told = caller(world.monitor).get("/api/v1/verification/", {"site": "01"}).json()
    assert [(each["form"], each["left"]) for each in told if each["form"] == "STAGE"] == [("STAGE", row.left)]
    assert row.left == row.required - 1


def test_point_16_a_record_that_another_form_completes_is_verified_too(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    verify(world, screened)
    record = record_at(screened, "STAGE")
    for state in (RecordState.IN_PROGRESS, RecordState.COMPLETE):
        with open_act("crf:record:derive", by=None, at=LATER, participant=screened) as act:
            Record.objects.filter(pk=record.pk).update(state=state, act=act)
    assert record_at(screened, "STAGE").state == RecordState.VERIFIED


def test_point_16_a_save_asks_the_database_no_more_often(
    screened: Participant, world: World, save: Save, django_assert_max_num_queries: Any
) -> None:
    save(screened, "STAGE", **stage())
    with transaction.atomic(), django_assert_max_num_queries(40):
        save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    assert Record.objects.get().version == 2
