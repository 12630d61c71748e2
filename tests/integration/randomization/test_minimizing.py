"""Minimization: refused while it is off, at every door; when it was switched on, right under a crowd and a crash."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import translation
from psycopg import Rollback, errors, sql

from audit.models import Act
from kernel.scope import EVERYTHING, scope
from protocol.text import load
from randomization.allocation import verify
from randomization.allocation_list import admission, functions
from randomization.allocation_list import minimization_schema as turns_schema
from randomization.allocation_list.keys import list_keys
from randomization.models import Allocation, ListPart, Scheme
from randomization.scheme.coins import CoinDesign, stratum_coins
from randomization.scheme.generation import salt_of
from randomization.scheme.sealing import arm_content, new_key, seal
from randomization.services import activate_list, ask_for_sites, define_scheme, randomize
from randomization.services.allocate import ListTampered, _complete
from randomization.services.minimizing import (
    EarlierTurnClosed,
    MinimizationNotAllowed,
    MinimizationOff,
    RatioNotEven,
)
from randomization.services.sweep import sweep_unrevealed
from tests.integration.randomization.conftest import DIGEST, Evidence, StageGroup
from tests.integration.randomization.many_clients import ManyClients, at_once, bulk_eligible
from tests.integration.randomization.test_attacks import forged_act
from tests.integration.randomization.test_nothing_leaks import (
    body_of,
    every_address,
    log_of,
    shown,
    signed_in,
    words_of,
)
from tests.world import NOW, PASSWORD, as_person
from trials.models import Participant, Site
from trials.services import create_site

CHAPTERS = ("1.9",)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
STAGES = ("II", "III", "IVA")
SEED = "planted-coins-77"
ARMS = ("1", "2")


def text_with(monkeypatch: Any, **values: Any) -> None:
    """A version of the protocol text in which these settings have other values."""
    text = load("1.0")
    settings = tuple(
        replace(entry, value=values[entry.key]) if entry.key in values else entry for entry in text.settings
    )
    changed = replace(text, settings=settings)
    monkeypatch.setattr("randomization.services.minimizing.load", lambda version: changed)


@pytest.fixture
def owner(test_database: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", test_database[0])


def command(*words: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("allocation_list", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def switch(*more: str) -> str:
    said, _ = command("allow-minimization", "--as", "trial_manager", "--reason", "version 2.0, signed", *more)
    return said


@pytest.fixture
def on(world: Any, owner: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both switches are on."""
    text_with(monkeypatch, minimisation_on=True)
    switch()


def draft(world: Any, **more: Any) -> ListPart:
    wanted = {"name": "PALACE3-M", "method": "minimization", "places_per_stratum": 60, **more}
    with as_person(world.statistician):
        return define_scheme(**wanted, by=world.statistician, password=PASSWORD, at=NOW)


def put_in_force(world: Any, asked: ListPart, seed: str | None = SEED) -> ListPart:
    with as_person(world.second_statistician):
        return activate_list(part=asked, by=world.second_statistician, password=PASSWORD, at=NOW, seed=seed)


@pytest.fixture
def part(world: Any, on: None) -> ListPart:
    """The list of coins, active, from a seed that the test knows."""
    return put_in_force(world, draft(world))


@pytest.fixture
def stages(monkeypatch: Any, answers: Any) -> None:
    monkeypatch.setattr(
        "randomization.allocation.readiness.stage_for_stratum",
        lambda participant, at: StageGroup(STAGES[participant.pk % 3]),
    )


def press(participant: Participant, by: Any, stratum: str = "01/III") -> Allocation:
    with as_person(by):
        return randomize(participant=participant, confirmed_stratum=stratum, by=by, password=PASSWORD, at=NOW)


def everything() -> ExitStack:
    stack = ExitStack()
    stack.enter_context(scope(user_id=None, sites=EVERYTHING))
    stack.enter_context(transaction.atomic())
    return stack


def turns(superuser: Any) -> list[tuple[int, int]]:
    return superuser.execute("SELECT turn, participant_id FROM allocation.turn ORDER BY turn").fetchall()


# ---- switched off -------------------------------------------------------------------------------------


def test_the_text_says_off_and_nobody_has_allowed_it() -> None:
    assert load("1.0").setting("minimisation_on") is False
    assert load("1.0").setting_entry("minimisation_on").source == "default"
    assert load("1.0").setting("minimisation_biased_coin") == 0.8
    with transaction.atomic():
        assert functions.minimization_allowed() is False


def test_switched_off_defining_is_refused_in_both_languages(world: Any) -> None:
    with pytest.raises(MinimizationOff, match="switched off") as refused:
        draft(world)
    with translation.override("zh-hans"):
        assert "最小化" in str(refused.value)
        assert "switched" not in str(refused.value)
    with everything():
        assert not Scheme.objects.exists()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_switched_off_the_page_refuses_beside_the_field(world: Any, language: str) -> None:
    typed = {
        "name": "PALACE3-M",
        "blocks": "4 6",
        "places_per_stratum": "60",
        "method": "minimization",
        "password": PASSWORD,
    }
    client = signed_in(world.statistician)
    answer = client.post("/randomization/new/", typed, headers={"Accept-Language": language})
    assert answer.status_code == 422
    assert ("Minimization is switched off" if language == "en" else "最小化法未启用") in answer.text
    with everything():
        assert not Scheme.objects.exists()


def test_switched_off_the_command_refuses(world: Any, tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "scheme.toml"
    file.write_text('name = "M"\nplaces_per_stratum = 60\nmethod = "minimization"\n', encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    with pytest.raises(CommandError, match="switched off"):
        command("define", "--file", str(file), "--as", "statistician", "--password-from-stdin")


def test_the_text_alone_does_not_switch_it_on(world: Any, monkeypatch: Any) -> None:
    text_with(monkeypatch, minimisation_on=True)
    with pytest.raises(MinimizationNotAllowed, match="allow-minimization"):
        draft(world)


def test_the_owner_alone_does_not_switch_it_on(world: Any, owner: None) -> None:
    switch()
    with pytest.raises(MinimizationOff):
        draft(world)


def test_another_ratio_is_refused(world: Any, on: None, monkeypatch: Any) -> None:
    text = load("1.0")
    changed = replace(
        text,
        randomization=replace(text.randomization, ratio=(2, 1)),
        settings=tuple(replace(s, value=True) if s.key == "minimisation_on" else s for s in text.settings),
    )
    monkeypatch.setattr("randomization.services.minimizing.load", lambda version: changed)
    with pytest.raises(RatioNotEven):
        draft(world)


def test_what_was_drafted_is_not_activated_once_it_is_off_again(world: Any, on: None) -> None:
    asked = draft(world)
    assert "No further list" in switch("--off")
    with pytest.raises(MinimizationNotAllowed):
        put_in_force(world, asked)


def test_the_database_stores_no_coins_though_python_were_made_to_ask(
    world: Any, on: None, monkeypatch: Any
) -> None:
    asked = draft(world)
    switch("--off")
    monkeypatch.setattr("randomization.services.minimizing.functions.minimization_allowed", lambda: True)
    with pytest.raises(Exception, match="owner of the database has not allowed it"):
        put_in_force(world, asked)
    with everything():
        assert ListPart.objects.get().activated_at is None


def stored(raw: Any, part: ListPart, site: str = "01") -> None:
    """A list of one place, stored as the application would."""
    stratum = f"{site}/III"
    raw.execute(
        "SELECT allocation.store_list(%s, 'PALACE3-M', 's', 'k', 'd', 'k', ARRAY[%s], "
        "ARRAY[(SELECT id FROM trials_site WHERE code = %s)], ARRAY[%s], ARRAY[1], ARRAY[0], "
        "ARRAY['R1A-1'], ARRAY['x'::bytea], ARRAY['k'], ARRAY['p'::bytea])",
        [part.pk, stratum, site, stratum],
    )


def stored_by_force(
    raw: Any, part: ListPart, by: int, site: str = "01", algorithm: str = "palace3-minimization-1:4/5"
) -> None:
    """What somebody does who holds the application's role: the scheme's row is theirs to write."""
    with forged_act(raw, None, verb="randomization:list:activate", by=by):
        act = raw.execute("SELECT current_setting('app.act')::bigint").fetchone()[0]
        raw.execute("UPDATE randomization_scheme SET algorithm = %s, act_id = %s", [algorithm, act])
        stored(raw, part, site)


def test_raw_sql_as_the_application_stores_no_list_of_coins(world: Any, app_sql: Any) -> None:
    """The scheme row is the application's to write; the switch is not."""
    asked = draft(world, method="blocks")
    by = world.second_statistician.pk
    with pytest.raises(errors.InsufficientPrivilege, match="minimization is switched off"):
        stored_by_force(app_sql, asked, by)
    stored_by_force(app_sql, asked, by, algorithm="palace3-blocks-1")


@pytest.mark.parametrize(
    "attempt",
    [
        "INSERT INTO allocation.switch (minimization, turned_by, reason) VALUES (true, 'x', 'x')",
        "UPDATE allocation.switch SET minimization = true",
        "DELETE FROM allocation.switch",
        "INSERT INTO allocation.turns_taken (turn) VALUES (1)",
        "SELECT * FROM allocation.turn",
        "SELECT * FROM allocation.turn_counter",
        "UPDATE allocation.turn_counter SET taken = 0",
        "ALTER TABLE allocation.slot DISABLE TRIGGER write_turn",
        "DROP TRIGGER admit_list ON allocation.list",
    ],
)
def test_the_application_cannot_turn_the_switch_or_the_turns(app_sql: Any, attempt: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
        app_sql.execute(attempt)


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE allocation.turn SET turn = turn + 1",
        "DELETE FROM allocation.turn",
        "TRUNCATE allocation.turn",
        "TRUNCATE allocation.switch",
        "DELETE FROM allocation.turn_counter",
    ],
)
def test_not_even_the_lists_own_role_rewrites_what_was_taken(
    world: Any, part: ListPart, eligible: Any, superuser: Any, attempt: str
) -> None:
    press(eligible(), world.investigator)
    superuser.execute("SET ROLE palace3_allocator")
    with pytest.raises((errors.InsufficientPrivilege, errors.FeatureNotSupported)):
        superuser.execute(attempt)


def test_the_switch_is_the_owners_and_turning_it_is_on_record(
    world: Any, owner: None, monkeypatch: Any
) -> None:
    assert "may be stored" in switch()
    with everything():
        recorded = Act.objects.get(verb="randomization:minimization:switch")
        assert (recorded.by.username, recorded.reason) == ("trial_manager", "version 2.0, signed")
        assert functions.minimization_allowed() is True
    with pytest.raises(CommandError, match="statistician or the trial manager"):
        command("allow-minimization", "--as", "investigator", "--reason", "x")
    monkeypatch.delenv("DATABASE_OWNER_URL")
    with pytest.raises(CommandError, match="DATABASE_OWNER_URL"):
        switch("--off")
    with everything():
        assert functions.minimization_allowed() is True
        assert Act.objects.filter(verb="randomization:minimization:switch").count() == 1


def test_blocks_count_no_turns_and_take_no_coin_list_after(
    world: Any, eligible: Any, superuser: Any, app_sql: Any, on: None
) -> None:
    put_in_force(world, draft(world, method="blocks"))
    allocation = press(eligible(), world.investigator)
    assert set(allocation.certificate["slot"]) == set(verify.LEAF_FIELDS)
    assert turns(superuser) == []
    with everything():
        site = create_site(
            code="03",
            name="N",
            name_zh="新",
            city="C",
            city_zh="城",
            time_zone="Asia/Shanghai",
            by=None,
            at=NOW,
        )
        scheme = Scheme.objects.get()
    with as_person(world.statistician):
        asked = ask_for_sites(scheme=scheme, sites=[site], by=world.statistician, password=PASSWORD, at=NOW)
    with pytest.raises(errors.InsufficientPrivilege, match="all of blocks or all of coins"):
        stored_by_force(app_sql, asked, world.second_statistician.pk, "03")


# ---- switched on --------------------------------------------------------------------------------------


def test_the_first_arm_is_what_coin_and_empty_counts_give(
    world: Any, part: ListPart, eligible: Any, superuser: Any
) -> None:
    allocation = press(eligible(), world.investigator)
    coin = stratum_coins(CoinDesign("PALACE3-M"), seed=SEED, stratum="01/III", count=1)[0].coin
    certificate = allocation.certificate
    assert allocation.arm == certificate["arm"] == ("1" if float(coin) < 0.5 else "2")
    assert certificate["slot"]["coin"] == coin
    assert certificate["generator"] == "palace3-minimization-1:4/5"
    assert certificate["minimization"] == {
        "turn": 1,
        "counts": {"site": {"1": 0, "2": 0}, "stage_group": {"1": 0, "2": 0}},
    }
    assert verify.fault_of(certificate, part.root) is None
    assert turns(superuser) == [(1, allocation.participant_id)]
    again = press(allocation.participant, world.investigator)
    assert (again.pk, again.arm) == (allocation.pk, allocation.arm)
    assert len(turns(superuser)) == 1


def crowd(world: Any, site: Site, count: int, by: Any) -> list[int]:
    return bulk_eligible(
        site=site,
        version=at_once(site.consent_versions.get),
        by=by,
        count=count,
        evidence=Evidence().as_json(),
        digest=DIGEST,
        at=NOW,
    )


def test_forty_at_two_sites_by_four_clients_one_of_them_killed(
    world: Any, part: ListPart, stages: None, superuser: Any, tmp_path: Path, other_investigator: Any
) -> None:
    here = crowd(world, world.site, 20, world.investigator)
    there = crowd(world, world.other_site, 20, other_investigator)

    def ask(pk: int) -> tuple[str, str]:
        by = world.investigator if pk in here else other_investigator
        with as_person(by):
            participant = at_once(lambda: Participant.objects.select_related("site").get(pk=pk))
        allocation = press(participant, by, f"{participant.number[:2]}/{STAGES[pk % 3]}")
        return allocation.number, str(allocation.arm)

    mixed = [pk for pair in zip(here, there, strict=True) for pk in pair]
    clients = ManyClients(mixed, ask, tmp_path, clients=4, kills=2, pause=(0.3, 1.0))
    clients.run()
    assert clients.killed >= 1
    with scope(user_id=None, sites=EVERYTHING):
        assert sweep_unrevealed(at=NOW) == []
    order = turns(superuser)
    assert [turn for turn, _ in order] == list(range(1, 41))
    assert {pk for _, pk in order} == set(mixed)
    with everything():
        held = {a.participant_id: a for a in Allocation.objects.select_related("part")}
    told = clients.acknowledged()
    assert {pk: (a.number, a.arm) for pk, a in held.items()} == told
    assert_every_arm_follows([held[pk] for _, pk in order], part.root)
    for level in ("01", "02", *STAGES, ""):
        arms = [a.arm for a in held.values() if level in (*a.stratum.split("/"), "")]
        # Which turn meets which coin is the crowd's chance: of 20,000 such trials none went beyond this.
        assert abs(arms.count("1") - arms.count("2")) <= 10, level


def assert_every_arm_follows(in_order: list[Allocation], root: str) -> None:
    """Computed again here from the seed, the order and the arms before, by no code of the service."""
    past: list[tuple[str, str, str]] = []
    for turn, allocation in enumerate(in_order, start=1):
        site, stage = allocation.stratum.split("/")
        counts = {
            "site": {arm: sum(p[0] == site and p[2] == arm for p in past) for arm in ARMS},
            "stage_group": {arm: sum(p[1] == stage and p[2] == arm for p in past) for arm in ARMS},
        }
        coins = stratum_coins(
            CoinDesign("PALACE3-M"), seed=SEED, stratum=allocation.stratum, count=allocation.sequence
        )
        coin = coins[-1].coin
        first = sum(abs(c["1"] + 1 - c["2"]) for c in counts.values())
        second = sum(abs(c["1"] - c["2"] - 1) for c in counts.values())
        better = "1" if first < second else "2"
        worse = "2" if better == "1" else "1"
        tied = "1" if float(coin) < 0.5 else "2"
        biased = better if float(coin) < 0.8 else worse
        expected = tied if first == second else biased
        assert allocation.arm == expected
        assert allocation.certificate["minimization"] == {"turn": turn, "counts": counts}
        assert verify.fault_of(allocation.certificate, root) is None
        past.append((site, stage, expected))


def crash(monkeypatch: Any, participant: Participant, by: Any) -> None:
    """The first step is kept, and the process dies before the second."""
    with monkeypatch.context() as broken:
        broken.setattr("randomization.services.allocate.complete_allocation", lambda **_: None)
        press(participant, by, f"{participant.number[:2]}/III")


def test_a_crash_between_the_steps_resumes_with_the_same_arm_and_the_next_one_completes_it(
    world: Any, part: ListPart, eligible: Any, monkeypatch: Any, superuser: Any, other_investigator: Any
) -> None:
    first, second = eligible(), eligible(site=world.other_site, by=other_investigator)
    crash(monkeypatch, first, world.investigator)
    crash(monkeypatch, second, other_investigator)
    third = press(eligible(), world.investigator)
    with everything():
        rows = {a.participant_id: a for a in Allocation.objects.all()}
    assert [pk for _, pk in turns(superuser)] == [first.pk, second.pk, third.participant_id]
    in_order = [rows[pk] for _, pk in turns(superuser)]
    assert [a.randomized_by_id for a in in_order] == [
        world.investigator.pk,
        other_investigator.pk,
        world.investigator.pk,
    ]
    assert_every_arm_follows(in_order, part.root)
    resumed = press(first, world.investigator)
    assert (resumed.arm, resumed.number) == (in_order[0].arm, in_order[0].number)


def test_the_sweep_completes_in_the_order_of_turns(
    world: Any, part: ListPart, eligible: Any, monkeypatch: Any, superuser: Any
) -> None:
    people = [eligible() for _ in range(3)]
    for participant in people:
        crash(monkeypatch, participant, world.investigator)
    with scope(user_id=None, sites=EVERYTHING):
        assert len(sweep_unrevealed(at=NOW)) == 3
    with everything():
        rows = {a.participant_id: a for a in Allocation.objects.all()}
    assert_every_arm_follows([rows[pk] for _, pk in turns(superuser)], part.root)


def test_an_earlier_place_that_does_not_open_stops_everybody_after_it(
    world: Any, part: ListPart, eligible: Any, monkeypatch: Any, superuser: Any
) -> None:
    first, second = eligible(), eligible()
    crash(monkeypatch, first, world.investigator)
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "UPDATE allocation.slot SET sealed = '\\x00'::bytea || sealed WHERE participant_id = %s", [first.pk]
    )
    superuser.execute("SET session_replication_role = origin")
    with pytest.raises(EarlierTurnClosed) as refused:
        press(second, world.investigator)
    assert second.number in str(refused.value)
    assert first.number not in str(refused.value)
    with pytest.raises(ListTampered):
        press(first, world.investigator)
    with everything():
        assert not Allocation.objects.filter(arm__isnull=False).exists()


def test_a_scheme_without_its_turns_gives_no_arm(
    world: Any, part: ListPart, eligible: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("randomization.services.minimizing.functions.turns_until", lambda participant_id: [])
    with pytest.raises(EarlierTurnClosed):
        press(eligible(), world.investigator)


def test_a_sealed_arm_is_no_coin(world: Any, part: ListPart, eligible: Any, superuser: Any) -> None:
    """What was sealed as an arm does not open as a coin, though it is the place's own coin under the right key."""
    superuser.execute("SET session_replication_role = replica")
    salt = salt_of(SEED, "01/III", 1)
    coin = stratum_coins(CoinDesign("PALACE3-M"), seed=SEED, stratum="01/III", count=1)[0].coin
    again = seal(
        list_keys(), arm_content(coin, salt), bound=functions.place_binding("PALACE3-M", "01/III", 1)
    )
    superuser.execute(
        "UPDATE allocation.slot AS s SET sealed = %s FROM allocation.stratum AS t "
        "WHERE t.id = s.stratum_id AND t.name = '01/III' AND s.sequence = 1",
        [again.blob],
    )
    superuser.execute("SET session_replication_role = origin")
    with pytest.raises(ListTampered):
        press(eligible(), world.investigator)


def opened(how: str = "open") -> tuple[list[dict[str, str]], str]:
    out, err = command(
        how, "--as", "statistician", "--second", "second_statistician", "--reason", "final analysis"
    )
    return list(csv.DictReader(io.StringIO(out))), err


def test_open_computes_every_arm_again_and_export_shows_no_coming_coin(
    world: Any, part: ListPart, eligible: Any
) -> None:
    given = [press(eligible(), world.investigator) for _ in range(5)]
    rows, said = opened()
    assert "list 1A: PROVED, 5 of 360 places used" in said
    taken = sorted((row for row in rows if row["turn"]), key=lambda row: int(row["turn"]))
    assert [(r["participant"], r["arm"], r["coin"]) for r in taken] == [
        (a.participant.number, a.arm, a.certificate["slot"]["coin"]) for a in given
    ]
    assert {(r["arm"], r["block"], r["block_size"]) for r in rows if not r["turn"]} == {("", "", "")}
    exported, _ = opened("export")
    assert [row["participant"] for row in exported] == [a.participant.number for a in given]


def test_open_names_who_was_told_another_arm(
    world: Any, part: ListPart, eligible: Any, superuser: Any
) -> None:
    given = [press(eligible(), world.investigator) for _ in range(3)]
    other = "2" if given[1].arm == "1" else "1"
    superuser.execute("SET session_replication_role = replica")
    them = [other, given[1].participant_id]
    superuser.execute("UPDATE trials_participant SET arm = %s WHERE id = %s", them)
    superuser.execute("UPDATE randomization_allocation SET arm = %s WHERE participant_id = %s", them)
    superuser.execute("SET session_replication_role = origin")
    with pytest.raises(CommandError, match="not followed"):
        opened()
    err = io.StringIO()
    with pytest.raises(CommandError):
        call_command(
            "allocation_list",
            "open",
            "--as",
            "statistician",
            "--second",
            "second_statistician",
            "--reason",
            "x",
            stdout=io.StringIO(),
            stderr=err,
        )
    assert f"{given[1].participant.number}: the participant was told another arm" in err.getvalue()


def test_the_key_is_changed_for_coins_too(world: Any, part: ListPart, eligible: Any, settings: Any) -> None:
    settings.PALACE3_LIST_KEY = new_key("k2") + "," + settings.PALACE3_LIST_KEY
    said, _ = command("rotate")
    assert "under key k2 now" in said
    settings.PALACE3_LIST_KEY = settings.PALACE3_LIST_KEY.split(",")[0]
    assert verify.fault_of(press(eligible(), world.investigator).certificate, part.root) is None


def test_no_envelope_holds_an_arm_that_is_not_there_yet(world: Any, part: ListPart, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no envelope can hold it"):
        command(
            "envelopes",
            "--site",
            "01",
            "--out",
            str(tmp_path / "e.pdf"),
            "--as",
            "statistician",
            "--reason",
            "x",
        )
    assert not (tmp_path / "e.pdf").exists()


def test_sites_that_come_later_count_on_in_the_same_order(
    world: Any, part: ListPart, eligible: Any, superuser: Any
) -> None:
    press(eligible(), world.investigator)
    with everything():
        site = create_site(
            code="03",
            name="N",
            name_zh="新",
            city="C",
            city_zh="城",
            time_zone="Asia/Shanghai",
            by=None,
            at=NOW,
        )
    with as_person(world.statistician):
        asked = ask_for_sites(
            scheme=part.scheme, sites=[site], by=world.statistician, password=PASSWORD, at=NOW
        )
    made = put_in_force(world, asked, seed="another")
    assert made.places == 3 * 60
    press(eligible(), world.investigator)
    assert [turn for turn, _ in turns(superuser)] == [1, 2]
    assert opened()[1].count(": PROVED") == 2


def test_the_certificate_file_is_proved_by_the_program_alone(
    world: Any, part: ListPart, eligible: Any, tmp_path: Path
) -> None:
    for _ in range(2):
        press(eligible(), world.investigator)
    allocation = press(eligible(), world.investigator)
    client = signed_in(world.investigator)
    file = tmp_path / "certificate.json"
    file.write_bytes(
        client.get(f"/participants/{allocation.participant.number}/allocation/certificate.json").content
    )
    said = subprocess.run(
        [sys.executable, "-I", "-S", verify.__file__, str(file), str(part.root)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"turn 3, coin {allocation.certificate['slot']['coin']}" in said
    changed = json.loads(file.read_text(encoding="utf-8"))
    changed["arm"] = "2" if allocation.arm == "1" else "1"
    assert verify.fault_of(changed, str(part.root)) == "the arm does not follow from the coin and the counts"


OF_ALLOCATION = ("randomization:", "exports:api:allocation", "trials:participant", "trials:site", "home")


def test_no_page_log_or_api_answer_shows_a_coming_coin(
    world: Any, part: ListPart, eligible: Any, superuser: Any, caplog: Any
) -> None:
    caplog.set_level("DEBUG")
    first = press(eligible(), world.investigator)
    rows = superuser.execute(
        "SELECT t.name, s.sequence, s.number, s.sealed FROM allocation.slot AS s "
        "JOIN allocation.stratum AS t ON t.id = s.stratum_id WHERE s.participant_id IS NULL"
    ).fetchall()
    coins = {
        (stratum, coin.sequence): coin.coin
        for stratum in part.strata
        for coin in stratum_coins(CoinDesign("PALACE3-M"), seed=SEED, stratum=stratum, count=60)
    }
    secrets = {SEED}
    for stratum, sequence, number, sealed in rows:
        secrets |= {coins[stratum, sequence], number, bytes(sealed).hex()}
        secrets.add(salt_of(SEED, stratum, sequence).hex())
    secrets.discard(first.certificate["slot"]["coin"])
    seen = {}
    for who, person in world.everyone().items():
        client = signed_in(person)
        for name, address in every_address(world, first.participant.number, part, 1):
            if name.startswith(OF_ALLOCATION):  # test_nothing_leaks walks all, and those ask no other place
                seen[f"{who} {name}"] = words_of(body_of(client.get(address)))
    assert len(seen) > 20 * len(world.everyone())
    seen["log"] = log_of(caplog.records)
    assert first.certificate["slot"]["coin"] in seen["investigator randomization:certificate"]
    assert shown(secrets, seen) == []


def test_a_dump_of_the_whole_database_holds_no_coming_coin(
    world: Any, part: ListPart, superuser: Any
) -> None:
    coins = {
        coin.coin
        for stratum in part.strata
        for coin in stratum_coins(CoinDesign("PALACE3-M"), seed=SEED, stratum=stratum, count=60)
    }
    tables = superuser.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'allocation')"
    ).fetchall()
    rows = sql.SQL("SELECT coalesce(string_agg(t::text, ' '), '') FROM {} AS t")
    text = "".join(
        str(superuser.execute(rows.format(sql.Identifier(*table))).fetchone()[0]) for table in tables
    )
    assert "PALACE3-M" in text
    assert not any(coin in text or coin.encode().hex() in text for coin in coins)


def test_completing_again_is_harmless(world: Any, part: ListPart, eligible: Any) -> None:
    given = press(eligible(), world.investigator)
    with as_person(world.investigator):
        again = _complete(participant=given.participant, by=world.investigator, at=NOW)
    assert (again.arm, again.certificate) == (given.arm, given.certificate)


def test_the_page_of_the_design_speaks_of_no_blocks(world: Any, part: ListPart) -> None:
    answer = signed_in(world.statistician).post("/randomization/schemes/1/design/")
    assert "probability 4/5" in answer.text
    assert "<table" not in answer.text


def test_the_migration_is_taken_back_and_comes_again(world: Any, superuser: Any) -> None:
    """Without it the schema is as it was before; with it again, as it is now."""
    parts = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'allocation'::regnamespace UNION ALL "
        "SELECT proname || ':' || md5(prosrc) || coalesce(proconfig::text, '') FROM pg_proc "
        "WHERE pronamespace = 'allocation'::regnamespace UNION ALL "
        "SELECT tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid "
        "WHERE c.relnamespace = 'allocation'::regnamespace AND NOT tgisinternal ORDER BY 1"
    )
    before = superuser.execute(parts).fetchall()
    with superuser.transaction():
        superuser.execute(admission.DROP)
        superuser.execute(turns_schema.DROP)
        without = {name for (name,) in superuser.execute(parts).fetchall()}
        superuser.execute(turns_schema.CREATE)
        superuser.execute(admission.CREATE)
        assert superuser.execute(parts).fetchall() == before
        raise Rollback
    assert {"slot", "list", "stratum", "draft", "keep_slot"} <= without
    assert not any(word in name for name in without for word in ("turn", "switch", "admit"))
