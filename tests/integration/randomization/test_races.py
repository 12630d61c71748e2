"""Clients that press at once, and clients that die: no place twice, none skipped (requirement 29).

``python -m bench.load_test`` does it over 18 strata with as many participants as wanted; it takes some minutes.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress

import pytest
from django.db import connections

from accounts.services import sign
from kernel.scope import EVERYTHING, scope
from randomization.allocation import readiness
from randomization.models import Allocation
from randomization.services import allocate, randomize
from randomization.services.allocate import NotReadyToRandomize
from randomization.services.sweep import sweep_unrevealed
from tests.integration.randomization.conftest import DIGEST, Evidence, StageGroup
from tests.integration.randomization.many_clients import ManyClients, at_once, bulk_eligible
from tests.world import NOW, PASSWORD, as_person
from trials.models import Participant

CHAPTERS = ("1.9",)

pytestmark = pytest.mark.django_db(transaction=True)
STAGES = ("II", "III", "IVA")


@pytest.fixture
def stages(monkeypatch, answers):
    """Participants fall into the three stage groups by their number."""

    def stage_of(participant, at):
        return StageGroup(STAGES[participant.pk % 3])

    monkeypatch.setattr("randomization.allocation.readiness.stage_for_stratum", stage_of)


def crowd(world, site, count):
    version = at_once(site.consent_versions.get)
    return bulk_eligible(
        site=site,
        version=version,
        by=world.investigator,
        count=count,
        evidence=Evidence().as_json(),
        digest=DIGEST,
        at=NOW,
    )


def pressed_by(person):
    def press(pk):
        with as_person(person):
            participant = at_once(lambda: Participant.objects.select_related("site").get(pk=pk))
        with as_person(person):
            stratum = f"{participant.number[:2]}/{STAGES[pk % 3]}"
            allocation = randomize(
                participant=participant, confirmed_stratum=stratum, by=person, password=PASSWORD, at=NOW
            )
        return allocation.number, allocation.arm

    return press


def assert_whole(superuser, clients, expected):
    """Every place in order, once; every acknowledged allocation there, as it was acknowledged."""
    with scope(user_id=None, sites=EVERYTHING):
        sweep_unrevealed(at=NOW)
    rows = at_once(
        lambda: list(Allocation.objects.values_list("participant", "number", "arm", "stratum", "sequence"))
    )
    assert len(rows) == expected
    assert len({row[0] for row in rows}) == len({row[1] for row in rows}) == expected
    by_stratum = Counter(row[3] for row in rows)
    for stratum, count in by_stratum.items():
        assert sorted(row[4] for row in rows if row[3] == stratum) == list(range(1, count + 1))
    held = {row[0]: (row[1], row[2]) for row in rows}
    told = clients.acknowledged()
    assert set(told) == set(held)
    assert all(held[participant] == what for participant, what in told.items())
    slots = superuser.execute(
        "SELECT t.name, t.used, count(s.participant_id), max(s.sequence) FILTER (WHERE s.participant_id IS NOT NULL) "
        "FROM allocation.slot s JOIN allocation.stratum t ON t.id = s.stratum_id GROUP BY 1, 2"
    ).fetchall()
    assert all(used == taken == (last or 0) for _, used, taken, last in slots)
    assert sum(used for _, used, _, _ in slots) == expected


def test_two_hundred_by_sixteen_clients_one_of_them_killed(world, part, stages, superuser, tmp_path):
    participants = crowd(world, world.site, 200)
    clients = ManyClients(participants, pressed_by(world.investigator), tmp_path, kills=1)
    clients.run()
    assert clients.killed == 1
    assert_whole(superuser, clients, 200)


def test_sixteen_clients_that_press_for_one_participant_see_one_allocation(
    world, part, stages, superuser, tmp_path
):
    (participant,) = crowd(world, world.site, 1)
    clients = ManyClients([participant] * 16, pressed_by(world.investigator), tmp_path, kills=0)
    clients.run()
    assert_whole(superuser, clients, 1)


def test_two_who_press_for_the_last_place_of_the_trial_are_not_both_randomized(
    world, part, stages, monkeypatch
):
    monkeypatch.setattr(readiness, "planned_participants", lambda version: 1)
    both = threading.Barrier(2)

    def wait_and_sign(**asked):
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)  # whoever may take a place waits for the other
        return sign(**asked)

    monkeypatch.setattr(allocate, "sign", wait_and_sign)
    press, refused = pressed_by(world.investigator), []

    def work(pk):
        try:
            press(pk)
        except NotReadyToRandomize as full:
            refused.append(str(full))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(pk,)) for pk in crowd(world, world.site, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert at_once(Allocation.objects.count) == 1
    assert len(refused) == 1
    assert "as many participants as its protocol plans: 1" in refused[0]


def test_threads_of_one_server_are_served_one_after_the_other(world, part, stages, superuser, tmp_path):
    participants = crowd(world, world.site, 12)
    press, told = pressed_by(world.investigator), []

    def work(pk):
        told.append(press(pk))
        connections.close_all()

    threads = [threading.Thread(target=work, args=(pk,)) for pk in participants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(told)) == 12
