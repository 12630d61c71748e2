"""A default of the protocol is one until the trial manager confirms it with a signature (architecture 3)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import Signature, User
from accounts.services import WrongPassword
from audit.acts import open_act
from kernel.errors import Forbidden
from protocol.loader.schema import OpenQuestion
from protocol.text import load, versions
from reports import questions
from tests.versions import FIRST, amended, shelf
from tests.world import NOW, PASSWORD, World, as_person
from trials.confirmed import confirmations_of
from trials.models import Confirmation
from trials.services import confirm_values, confirmations, withdraw_confirmation
from trials.services.confirmations import (
    ConfirmedAlready,
    NotConfirmable,
    NotConfirmed,
    NoValueToConfirm,
    TooManyAtOnce,
    ValueMoved,
    digest_of,
)

CHAPTERS = ("0.1",)

pytestmark = pytest.mark.django_db
QUESTIONS = "/protocol/questions/"


def value(code: str, part: str = "value", version: str = "1.0") -> OpenQuestion:
    asked = load(version).open_questions()
    return next(each for each in asked if (each.code, each.part) == (code, part))


def confirm(world: World, *asked: OpenQuestion, **more: Any) -> list[Confirmation]:
    typed: dict[str, Any] = {
        "version": "1.0",
        "seen": {each.item: each.digest for each in asked},
        "note": "Protocol 3.0, page 41",
        "password": PASSWORD,
        "by": world.trial_manager,
        "at": NOW,
    }
    with as_person(world.trial_manager):
        return confirm_values(**(typed | more))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_one_signature_covers_exactly_the_values_that_were_read(world: World) -> None:
    months, window = value("AS-06 (1/2)", "target"), value("AS-06 (1/2)", "window")
    made = confirm(world, months, window)
    with as_person(world.trial_manager):
        signature = Signature.objects.get()
    assert {each.signature_id for each in made} == {signature.pk}
    assert signature.digest == digest_of([window, months])
    assert (signature.meaning, signature.printed_name) == ("Confirmed for the study team", "Trial Manager")
    assert set(confirmations_of(load("1.0").open_questions())) == {months.item, window.item}


@pytest.mark.parametrize("who", ["coordinator", "statistician", "data_manager", "inspector"])
def test_nobody_else_confirms(world: World, who: str) -> None:
    with pytest.raises(Forbidden):
        confirm(world, value("lost_days"), by=getattr(world, who))


def test_nobody_else_withdraws_and_one_signature_covers_no_more_than_its_most(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = confirm(world, value("lost_days"))
    for who in (world.data_manager, world.inspector):
        with pytest.raises(Forbidden):
            withdraw_confirmation(confirmation=made, reason="x", by=who, at=NOW)
    monkeypatch.setattr(confirmations, "MOST_AT_ONCE", 1)
    with pytest.raises(TooManyAtOnce):
        confirm(world, value("lost_attempts"), value("lost_routes"))


def test_the_password_is_asked_again(world: World) -> None:
    with pytest.raises(WrongPassword):
        confirm(world, value("lost_days"), password="something else")
    assert not Confirmation.objects.exists()


def test_what_is_unknown_hidden_moved_or_confirmed_is_refused(world: World) -> None:
    days = value("lost_days")
    for asked in (value("ni_margin"), value("scheme_default")):
        with pytest.raises(NotConfirmable):
            confirm(world, asked)
    with pytest.raises(ValueMoved):
        confirm(world, seen={days.item: "0" * 64})
    with pytest.raises(ValueMoved):
        confirm(world, seen={"setting|none|value": days.digest})
    with pytest.raises(NoValueToConfirm):
        confirm(world, seen={})
    confirm(world, days)
    with pytest.raises(ConfirmedAlready):
        confirm(world, days)


def test_a_value_that_changes_is_open_again_and_one_that_stays_is_not(world: World, tmp_path: Path) -> None:
    days, attempts = value("lost_days"), value("lost_attempts")
    confirm(world, days, attempts)
    second = amended().replace(
        'key = "lost_days"\ntype = "int"\nvalue = 60', 'key = "lost_days"\ntype = "int"\nvalue = 90'
    )
    assert second != amended(), "the amendment changes the value"
    with shelf(tmp_path, v2_0=second):
        confirmed = confirmations_of(load("2.0").open_questions())
        assert set(confirmed) == {attempts.item}
        now = value("lost_days", version="2.0")
        page = client_of(world.coordinator).get(f"{QUESTIONS}2.0/{now.key}/")
        assert "default, not confirmed by the study team" in page.text
        assert "another value than today" in page.text


def test_what_the_words_do_not_show_is_bound_too() -> None:
    criterion = value("OPT-LAB", "wording")
    off = FIRST.replace('code = "OPT-LAB"', 'code = "OPT-LAB" # same words', 1)
    assert off != FIRST
    judged = OpenQuestion(
        *("criterion", "OPT-LAB", "wording", criterion.source, criterion.shown), also=("optional", True)
    )
    assert criterion.also == ("optional", False)
    assert judged.digest != criterion.digest


def test_a_confirmation_is_withdrawn_with_a_reason_and_stays_on_record(world: World) -> None:
    days = value("lost_days")
    (made,) = confirm(world, days)
    by: Any = {"by": world.trial_manager, "at": NOW}
    withdraw_confirmation(confirmation=made, reason="Read from the wrong draft", **by)
    assert not confirmations_of([days])
    with pytest.raises(NotConfirmed):
        withdraw_confirmation(confirmation=made, reason="Twice", **by)
    confirm(world, days)
    assert Confirmation.objects.filter(item=days.item).count() == 2


@pytest.mark.parametrize(
    ("change", "guard"),
    [
        ("digest = repeat('1', 64)", "set once"),
        ("item = 'another'", "set once"),
        ("withdrawn_at = now()", "withdrawal_whole"),
    ],
)
def test_the_database_keeps_what_was_signed(world: World, change: str, guard: str) -> None:
    confirm(world, value("lost_days"))
    with pytest.raises(DatabaseError, match=guard), transaction.atomic():
        with open_act("test:confirmation:force", by=None, at=NOW) as act, connection.cursor() as cursor:
            cursor.execute(f"UPDATE trials_confirmation SET {change}, act_id = %s", [act.pk])  # noqa: S608


def test_the_manager_ticks_reads_signs_and_withdraws(world: World) -> None:
    manager, days = client_of(world.trial_manager), value("lost_days")
    listed = manager.get(f"{QUESTIONS}?q=lost_days")
    assert f'value="{days.key}"' in listed.text
    reading = manager.get(f"{QUESTIONS}1.0/confirm/?tick={days.key}")
    assert days.digest in reading.text
    typed = {f"seen-{days.key}": days.digest, "note": "Protocol 3.0, page 41", "password": "wrong"}
    wrong = manager.post(f"{QUESTIONS}1.0/confirm/", typed)
    assert wrong.status_code == 422
    assert "Protocol 3.0, page 41" in wrong.text, "nothing typed is lost"
    said = manager.post(f"{QUESTIONS}1.0/confirm/", typed | {"password": PASSWORD}, follow=True)
    assert "1 value is confirmed." in said.text
    everybody = client_of(world.coordinator)
    assert "No value matches" in everybody.get(f"{QUESTIONS}?q=lost_days").text
    page = everybody.get(f"{QUESTIONS}?show=confirmed")
    assert "by Trial Manager on" in page.text
    assert "not confirmed by the study team" not in page.text
    assert 'type="checkbox"' not in everybody.get(QUESTIONS).text
    taken_back = f"/protocol/confirmations/{Confirmation.objects.get().pk}/withdraw/"
    assert manager.post(taken_back, {"reason": ""}).status_code == 422
    assert manager.post(taken_back, {"reason": "Wrong draft"}).status_code == 302
    history = everybody.get(f"{QUESTIONS}1.0/{days.key}/")
    assert "Wrong draft" in history.text
    assert "default, not confirmed by the study team" in history.text


def test_the_list_costs_the_same_whatever_is_confirmed(
    world: World, django_assert_max_num_queries: Any
) -> None:
    confirm(world, *[each for each in load("1.0").open_questions() if each.confirmable][:60])
    manager = client_of(world.trial_manager)
    manager.get(QUESTIONS)
    with django_assert_max_num_queries(12):
        manager.get(f"{QUESTIONS}?show=all")


def test_bad_addresses_find_nothing(world: World) -> None:
    manager = client_of(world.trial_manager)
    assert manager.get(f"{QUESTIONS}9.9/{value('lost_days').key}/").status_code == 404
    assert manager.get(f"{QUESTIONS}1.0/{'0' * 12}/").status_code == 404
    assert "No value is ticked" in manager.get(f"{QUESTIONS}1.0/confirm/?tick=nonsense").text
    assert manager.get(f"{QUESTIONS}?version=1.0&show=nonsense&page=999").status_code == 200


def test_point_12_questions_stand_by_chapter_those_first_that_stop_the_start(world: World) -> None:
    # given that every section of the text belongs to one chapter
    sections = {each.section for version in versions() for each in load(version).open_questions()}
    assert sections - set(questions.OF_SECTION) == set()
    assert len(questions.OF_SECTION) == sum(len(chapter.sections) for chapter in questions.CHAPTERS)
    firsts = [chapter.is_first for chapter in questions.CHAPTERS]
    assert firsts == sorted(firsts, reverse=True)
    assert any(firsts)
    # when the page is read, as a whole and one chapter of it
    reader = client_of(world.coordinator)
    page = reader.get(QUESTIONS).text
    assert page.count("stops the start while it is open") > 4
    heads = re.findall(r'<tr class="p3-chapter"><th[^>]*>([^<·]+)', page)
    titles = [str(chapter.title) for chapter in questions.CHAPTERS]
    assert [head.strip() for head in heads] == [
        title for title in titles if title in {h.strip() for h in heads}
    ]
    assert heads[0].strip() == titles[0]
    of_one = reader.get(f"{QUESTIONS}?chapter=surveillance").context["page"].object_list
    # then nothing of another chapter stands there, and its count is told
    assert {line.chapter.code for line in of_one} == {"surveillance"}
    confirm(world, *[line.asked for line in of_one if line.may_be_confirmed][:1])
    told = {chapter.code: counts for chapter, *counts in reader.get(QUESTIONS).context["chapters"]}
    assert told["surveillance"] == [1, len(of_one)]
