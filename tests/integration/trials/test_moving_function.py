"""Attacks on the one function that moves a participant as the owner of the tables (ADR 34), as the application's role.

Each forges, in SQL, one thing that the function judges by, and leaves all else as three people agreed on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from accounts.permissions import Role
from audit.acts import open_act
from kernel.scope import EVERYTHING, scope, tell_identity
from tests.world import NOW, TODAY, World, as_person, screen
from trials import services as trials
from trials.models import Delegation, Participant, Transfer
from trials.models.people import with_grants
from trials.transfer_guards import CONFIRM

pytestmark = pytest.mark.django_db
# By the function, or before it is asked, by the guard of columns that name a person.
REFUSED = "both sites and the sponsor agreed on|names somebody whose act this is not"


def randomized(world: World) -> Participant:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        person = screen(world, signed_on=date(2026, 1, 5))
        trials.reveal_arm(participant=person, arm="2", by=None, at=NOW)
        person.refresh_from_db()
    return person


def receiver() -> User:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return with_grants(User.objects.get(username="other_investigator"), on=TODAY)


def proposed(world: World, person: Participant) -> Transfer:
    by = world.investigator
    with as_person(by):
        return trials.propose_transfer(
            participant=person, receiving=world.other_site, on=TODAY, reason="she moves", by=by, at=NOW
        )


def accepted(world: World, person: Participant) -> Transfer:
    by = receiver()
    transfer = proposed(world, person)
    with as_person(by):
        return trials.accept_transfer(transfer=transfer, by=by, at=NOW)


def run(statement: str, *given: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(given))


def move(transfer: int) -> None:
    run("SELECT trials_move_participant(%s)", transfer)


CONFIRMED = "UPDATE trials_transfer SET confirmed_by_id = %s, confirmed_at = %s, act_id = %s WHERE id = %s"


def confirm_and_move(transfer: int, by: User, act: Any) -> None:
    run(CONFIRMED, by.pk, NOW, act.pk, transfer)
    move(transfer)


@contextmanager
def attacking(**act: Any) -> Iterator[Any]:
    """An act of somebody who sees every site; the database refuses what is inside, and nobody has moved."""
    before = places()
    with (
        scope(user_id=None, sites=EVERYTHING),
        pytest.raises(DatabaseError, match=REFUSED),
        open_act(act.pop("verb", CONFIRM), at=NOW, reason="slip", **act) as opened,
    ):
        yield opened
    assert places() == before


def places() -> dict[int, int]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return dict(Participant.objects.values_list("pk", "site_id"))


def test_rare_13_the_function_moves_whom_three_people_agreed_on(world: World) -> None:
    """What every attack below differs from in one thing."""
    person = randomized(world)
    transfer = accepted(world, person)
    with (
        scope(user_id=None, sites=EVERYTHING),
        open_act(CONFIRM, by=world.trial_manager, at=NOW, participant=person, reason="r") as act,
    ):
        confirm_and_move(transfer.pk, world.trial_manager, act)
    assert places()[person.pk] == world.other_site.pk


def test_rare_13_nobody_is_moved_without_a_confirmation(world: World) -> None:
    person = randomized(world)
    transfer = accepted(world, person)
    with attacking(by=world.trial_manager, participant=person):
        move(transfer.pk)


def test_rare_13_nobody_is_moved_outside_an_act(world: World) -> None:
    transfer = accepted(world, randomized(world))
    with (
        scope(user_id=None, sites=EVERYTHING),
        pytest.raises(DatabaseError, match=REFUSED),
        transaction.atomic(),
    ):
        run("SELECT set_config('app.act', '', true), trials_move_participant(%s)", transfer.pk)


def test_rare_13_the_act_is_about_this_participant(world: World) -> None:
    person, other = randomized(world), randomized(world)
    transfer = accepted(world, person)
    with attacking(by=world.trial_manager, participant=other) as act:
        confirm_and_move(transfer.pk, world.trial_manager, act)


def test_rare_13_a_confirmed_transfer_moves_nobody_but_its_own(world: World) -> None:
    """The act confirms one transfer: the number of another one moves nobody under it."""
    person, other = randomized(world), randomized(world)
    transfer, second = accepted(world, person), accepted(world, other)
    with attacking(by=world.trial_manager, participant=person) as act:
        run(CONFIRMED, world.trial_manager.pk, NOW, act.pk, transfer.pk)
        move(second.pk)


def test_rare_13_an_act_of_another_verb_moves_nobody(world: World) -> None:
    person = randomized(world)
    transfer = accepted(world, person)
    with attacking(verb="trials:transfer:accept", by=world.trial_manager, participant=person) as act:
        confirm_and_move(transfer.pk, world.trial_manager, act)


def test_rare_13_whoever_sees_some_sites_alone_moves_nobody(world: World) -> None:
    person = randomized(world)
    transfer = accepted(world, person)
    by = world.trial_manager
    for sites in ([world.site.pk], [world.other_site.pk], [world.site.pk, world.other_site.pk]):
        with (
            pytest.raises(DatabaseError, match="sees every site"),
            scope(user_id=by.pk, sites=sites, on=TODAY),
            open_act(CONFIRM, by=by, at=NOW, participant=person, reason="r") as act,
        ):
            confirm_and_move(transfer.pk, by, act)
    assert places()[person.pk] == world.site.pk


def test_rare_13_a_transfer_moves_once(world: World) -> None:
    """Again under the same act, and again under a new one that claims the row: neither moves, nor writes a version."""
    person = randomized(world)
    transfer = accepted(world, person)
    with scope(user_id=None, sites=EVERYTHING):
        with open_act(CONFIRM, by=world.trial_manager, at=NOW, participant=person, reason="r") as act:
            confirm_and_move(transfer.pk, world.trial_manager, act)
            with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
                move(transfer.pk)
    with attacking(by=world.trial_manager, participant=person) as act:
        run("UPDATE trials_transfer SET act_id = %s WHERE id = %s", act.pk, transfer.pk)
        move(transfer.pk)


def test_rare_13_a_used_transfer_moves_nobody_who_came_back(world: World) -> None:
    """There and back again: the participant is at the releasing site now, and the row was used before."""
    person, by = randomized(world), world.trial_manager
    transfer = accepted(world, person)
    with as_person(by):
        moved = trials.confirm_transfer(transfer=transfer, by=by, at=NOW)
    other = receiver()
    with as_person(other):
        back = trials.propose_transfer(
            participant=moved, receiving=world.site, on=TODAY, reason="back", by=other, at=NOW
        )
    with as_person(world.investigator):
        trials.accept_transfer(transfer=back, by=world.investigator, at=NOW)
    with as_person(by):
        trials.confirm_transfer(transfer=back, by=by, at=NOW)
    assert places()[person.pk] == world.site.pk
    with attacking(by=by, participant=person) as act:
        run("UPDATE trials_transfer SET act_id = %s WHERE id = %s", act.pk, transfer.pk)
        move(transfer.pk)


@pytest.mark.parametrize("columns", ["all", "proposal", "acceptance"])
def test_rare_13_a_row_with_columns_set_by_hand_moves_nobody(world: World, columns: str) -> None:
    """Written as if three people had agreed: whole at once, proposed or accepted under an act of somebody else."""
    person, by = randomized(world), world.trial_manager
    row: dict[str, Any] = {
        "participant": person,
        "number": person.number,
        "site": world.site,
        "site_code": world.site.code,
        "receiving": world.other_site,
        "receiving_code": world.other_site.code,
        "on": TODAY,
        "reason": "slip",
        "proposed_by": world.investigator,
        "proposed_at": NOW,
    }
    yes = {"accepted_by": receiver(), "accepted_at": NOW}
    if columns == "acceptance":
        row = {"pk": proposed(world, person).pk}
    with attacking(by=by, participant=person) as act:
        if columns == "all":
            made = Transfer.objects.create(**row, **yes, confirmed_by=by, confirmed_at=NOW, act=act).pk
        elif columns == "proposal":
            made = Transfer.objects.create(**row, act=act).pk
        else:
            made = row["pk"]
        if columns != "all":
            Transfer.objects.filter(pk=made).update(**yes, act=act)
            Transfer.objects.filter(pk=made).update(confirmed_by=by, confirmed_at=NOW, act=act)
        move(made)


def test_rare_10_an_acceptance_that_was_taken_back_moves_nobody(world: World) -> None:
    """The version of the acceptance is still there; the row is written as if it stood."""
    person, by = randomized(world), world.trial_manager
    transfer = accepted(world, person)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        acceptor = receiver()
        trials.take_acceptance_back(transfer=transfer, reason="no bed", by=acceptor, at=NOW)
    with attacking(by=by, participant=person) as act:
        yes = {"accepted_by": acceptor, "accepted_at": NOW}
        Transfer.objects.filter(pk=transfer.pk).update(**yes, act=act)
        confirm_and_move(transfer.pk, by, act)


@pytest.mark.parametrize(
    ("verb", "gone"),
    [
        ("trials:transfer:accept", {"accepted_by": None, "accepted_at": None}),
        ("trials:transfer:take_back", {"accepted_at": datetime(2026, 1, 1, tzinfo=UTC)}),
    ],
    ids=["under another act", "to another moment"],
)
def test_rare_10_an_acceptance_changes_by_being_taken_back_alone(
    world: World, verb: str, gone: dict[str, Any]
) -> None:
    transfer = accepted(world, randomized(world))
    with (
        scope(user_id=None, sites=EVERYTHING),
        pytest.raises(DatabaseError, match="an acceptance stays"),
        open_act(verb, by=world.trial_manager, at=NOW, reason="slip") as act,
    ):
        Transfer.objects.filter(pk=transfer.pk).update(**gone, act=act)


@pytest.mark.parametrize("who", ["proposer", "acceptor", "confirmer"])
def test_rare_13_each_of_the_three_held_the_role(world: World, who: str) -> None:
    """Somebody without the role writes the very row, under the right act of their own."""
    person = randomized(world)
    names = {"proposer": world.coordinator, "acceptor": world.stranger, "confirmer": world.data_manager}
    proposer = names["proposer"] if who == "proposer" else world.investigator
    acceptor = names["acceptor"] if who == "acceptor" else receiver()
    confirmer = names["confirmer"] if who == "confirmer" else world.trial_manager
    everywhere: Any = {"sites": EVERYTHING, "user_id": None}
    with (
        scope(**everywhere),
        open_act("trials:transfer:propose", by=proposer, at=NOW, participant=person) as act,
    ):
        made = Transfer.objects.create(
            participant=person,
            number=person.number,
            site=world.site,
            site_code="01",
            receiving=world.other_site,
            receiving_code="02",
            on=TODAY,
            reason="slip",
            proposed_by=proposer,
            proposed_at=NOW,
            act=act,
        )
    with scope(**everywhere), open_act("trials:transfer:accept", by=acceptor, at=NOW) as act:
        Transfer.objects.filter(pk=made.pk).update(accepted_by=acceptor, accepted_at=NOW, act=act)
    with attacking(by=confirmer, participant=person) as act:
        run(CONFIRMED, confirmer.pk, NOW, act.pk, made.pk)
        move(made.pk)


def test_rare_13_a_role_that_had_ended_or_waits_is_none(world: World) -> None:
    person = randomized(world)
    transfer = accepted(world, person)
    with scope(user_id=None, sites=EVERYTHING), open_act("trials:person:end_role", by=None, at=NOW) as act:
        tell_identity(person=world.trial_manager.pk)
        Delegation.objects.filter(user=world.trial_manager, role=Role.TRIAL_MANAGER).update(
            ends_on=TODAY - timedelta(days=1), act=act
        )
    with attacking(by=world.trial_manager, participant=person) as act:
        confirm_and_move(transfer.pk, world.trial_manager, act)


def test_rare_13_somebody_else_than_who_acts_confirms_nothing(world: World) -> None:
    """The row names a trial manager, and the act is another person's."""
    person = randomized(world)
    transfer = accepted(world, person)
    with attacking(by=world.data_manager, participant=person) as act:
        confirm_and_move(transfer.pk, world.trial_manager, act)


def test_rare_13_who_confirms_is_a_third_person(world: World) -> None:
    """The table refuses two of the three columns with one person: the function is never asked."""
    person = randomized(world)
    transfer = accepted(world, person)
    for one in (world.investigator, receiver()):
        with (
            scope(user_id=None, sites=EVERYTHING),
            pytest.raises(DatabaseError, match="confirmed_by_a_third"),
            open_act(CONFIRM, by=one, at=NOW, participant=person, reason="r") as act,
        ):
            run(CONFIRMED, one.pk, NOW, act.pk, transfer.pk)


def test_rare_13_an_ended_transfer_moves_nobody(world: World) -> None:
    person = randomized(world)
    transfer = accepted(world, person)
    with as_person(world.investigator):
        trials.end_transfer(transfer=transfer, reason="stays", by=world.investigator, at=NOW)
    with (
        scope(user_id=None, sites=EVERYTHING),
        pytest.raises(DatabaseError, match="confirmed_by_a_third"),
        open_act(CONFIRM, by=world.trial_manager, at=NOW, participant=person, reason="r") as act,
    ):
        run(CONFIRMED, world.trial_manager.pk, NOW, act.pk, transfer.pk)


def test_rare_13_the_site_of_a_participant_changes_by_the_function_alone(world: World) -> None:
    """Even under the act that confirms: the rows about the participant would stay behind."""
    person = randomized(world)
    transfer = accepted(world, person)
    with attacking(by=world.trial_manager, participant=person) as act:
        run(CONFIRMED, world.trial_manager.pk, NOW, act.pk, transfer.pk)
        Participant.objects.filter(pk=person.pk).update(site=world.other_site, act=act)


def test_rare_13_an_act_inside_the_confirmation_moves_nobody(world: World) -> None:
    """The confirmation is there and waits outside; the act in force is another one."""
    person = randomized(world)
    transfer = accepted(world, person)
    with attacking(by=world.trial_manager, participant=person) as act:
        run(CONFIRMED, world.trial_manager.pk, NOW, act.pk, transfer.pk)
        with open_act("trials:transfer:end", by=world.trial_manager, at=NOW):
            move(transfer.pk)
