"""A scheme is closed, a draft rejected, and an allocation has one true stratum (issue point 9 of the rare days)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from audit.acts import open_act
from kernel.scope import EVERYTHING, scope
from randomization.models import (
    Allocation,
    AllocationError,
    ErrorKind,
    ListPart,
    Scheme,
    SchemeClosing,
    SchemeState,
)
from randomization.scheme.blocks import BlockSize
from randomization.services import (
    Mistake,
    activate_list,
    ask_to_close,
    confirm_closing,
    correct_allocation_error,
    define_scheme,
    end_closing,
    lists,
    randomize,
    record_allocation_error,
    reject_list,
    withdraw_allocation_error,
)
from randomization.services import closing as closings
from randomization.services.mistakes import (
    MarkWithdrawn,
    MayNotCorrect,
    SameStratum,
    StratumMarkedAlready,
    true_stage_of,
)
from tests.world import NOW, PASSWORD, TODAY, World, as_person
from trials.models import Participant

CHAPTERS = ("1.9", "3.2")
pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Participant]


def draft(world: World, name: str = "PALACE3-B", **more: Any) -> ListPart:
    with as_person(world.statistician):
        return define_scheme(name=name, by=world.statistician, password=PASSWORD, at=NOW, **more)


def ask(world: World, scheme: Scheme) -> SchemeClosing:
    with as_person(world.statistician):
        return ask_to_close(
            scheme=scheme, reason="1.1 changes the ratio", by=world.statistician, password=PASSWORD, at=NOW
        )


def confirm(world: World, closing: SchemeClosing, *, by: Any = None) -> SchemeClosing:
    person = by or world.trial_manager
    with as_person(person):
        return confirm_closing(closing=closing, by=person, password=PASSWORD, at=NOW)


def stored(scheme: Scheme) -> str:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Scheme.objects.get(pk=scheme.pk).state


def press(world: World, participant: Participant) -> Allocation:
    with as_person(world.investigator):
        return randomize(
            participant=participant,
            confirmed_stratum="01/III",
            by=world.investigator,
            password=PASSWORD,
            at=NOW,
        )


def mark(world: World, allocation: Allocation, stage: str) -> AllocationError:
    with as_person(world.data_manager):
        return record_allocation_error(
            allocation=allocation,
            mistake=Mistake(ErrorKind.WRONG_STRATUM, TODAY, "CT read again", "site told", stage),
            by=world.data_manager,
            at=NOW,
        )


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_rare_09_a_scheme_is_closed_by_two_people_and_another_takes_its_place(
    world: World, part: ListPart, eligible: Make
) -> None:
    """B5: "close that one first", and nothing closed one."""
    second = draft(world)
    with as_person(world.trial_manager), pytest.raises(lists.AnotherSchemeActive):
        activate_list(part=second, by=world.trial_manager, password=PASSWORD, at=NOW)
    asked = ask(world, part.scheme)
    with pytest.raises(closings.ClosingAskedFor, match="2026-11-20"):
        ask(world, part.scheme)
    assert press(world, eligible()).sequence == 1, "it goes on allocating"
    with pytest.raises(closings.ClosingNeedsSecondPerson):
        confirm(world, asked, by=world.statistician)
    with pytest.raises(lists.MayNotActivate):
        confirm(world, asked, by=world.data_manager)
    confirm(world, asked)
    assert stored(part.scheme) == SchemeState.CLOSED
    with pytest.raises(closings.ClosingSettled):
        confirm(world, asked)
    with as_person(world.trial_manager):
        activate_list(part=second, by=world.trial_manager, password=PASSWORD, at=NOW)
    assert press(world, eligible()).part_id == second.pk


def test_rare_09_a_scheme_in_use_is_not_closed_and_a_request_is_taken_back(
    world: World, part: ListPart, superuser: Any
) -> None:
    (number,) = superuser.execute("SELECT number FROM allocation.slot LIMIT 1").fetchone()
    with as_person(world.statistician):
        with open_act("randomization:envelope:print", by=world.statistician, at=NOW, site=world.site) as act:
            out = closings.Envelope.objects.create(
                site=world.site, number=number, stratum="01/II", sequence=1, printed_at=NOW, act=act
            )
        with pytest.raises(closings.SchemeInUse, match="not entered: 1"):
            ask(world, part.scheme)
        with open_act("randomization:envelope:move", by=world.statistician, at=NOW, site=world.site) as act:
            out.state, out.act = "destroyed", act
            out.save()
    asked = ask(world, part.scheme)
    with as_person(world.second_statistician):
        end_closing(closing=asked, reason="the amendment was refused", by=world.second_statistician, at=NOW)
    with pytest.raises(closings.ClosingSettled):
        confirm(world, asked)
    assert stored(part.scheme) == SchemeState.ACTIVE


def test_rare_09_a_wrong_draft_is_rejected_with_a_reason(world: World, part: ListPart) -> None:
    wrong = draft(world, blocks=(BlockSize(4),))
    with as_person(world.trial_manager):
        rejected = reject_list(
            part=wrong, reason="block size 4 alone can be guessed", by=world.trial_manager, at=NOW
        )
        assert rejected.rejected_because == "block size 4 alone can be guessed"
        with pytest.raises(lists.ListRejected):
            activate_list(part=wrong, by=world.trial_manager, password=PASSWORD, at=NOW)
        with pytest.raises(lists.ListRejected):
            reject_list(part=wrong, reason="again", by=world.trial_manager, at=NOW)
        with pytest.raises(lists.ListActive):
            reject_list(part=part, reason="too late", by=world.trial_manager, at=NOW)
    assert stored(wrong.scheme) == SchemeState.REJECTED
    own = draft(world, name="PALACE3-C")
    with as_person(world.statistician):
        reject_list(part=own, reason="typed twice", by=world.statistician, at=NOW)
    assert stored(own.scheme) == SchemeState.REJECTED


def test_rare_09_the_database_knows_how_a_scheme_ends(world: World, part: ListPart) -> None:
    def raw(scheme: Scheme, state: str) -> None:
        with (
            as_person(world.statistician),
            open_act("tests:scheme:move", by=world.statistician, at=NOW) as act,
        ):
            Scheme.objects.filter(pk=scheme.pk).update(state=state, act=act)

    with pytest.raises(DatabaseError, match="not without two people"):
        raw(part.scheme, SchemeState.CLOSED)
    asked = ask(world, part.scheme)
    with pytest.raises(DatabaseError, match="not without two people"):
        raw(part.scheme, SchemeState.CLOSED)
    with pytest.raises(DatabaseError, match="second_person"):
        with (
            as_person(world.statistician),
            open_act("tests:scheme:move", by=world.statistician, at=NOW) as act,
        ):
            SchemeClosing.objects.filter(pk=asked.pk).update(
                confirmed_by=world.statistician,
                confirmed_at=NOW,
                confirming_signature=asked.asking_signature_id,
                act=act,
            )
    confirm(world, asked)
    with pytest.raises(DatabaseError, match="not a step that a scheme takes"):
        raw(part.scheme, SchemeState.ACTIVE)


def test_rare_09_an_allocation_has_one_true_stratum_corrected_with_a_reason(
    world: World, part: ListPart, eligible: Make
) -> None:
    """B8: "true II", then "true IVA", and both stood."""
    allocation = press(world, eligible())
    first = mark(world, allocation, "II")
    with pytest.raises(StratumMarkedAlready, match="on record as II"):
        mark(world, allocation, "IVA")
    told = Mistake(ErrorKind.WRONG_STRATUM, TODAY, "PET read again", "site told", "IVA")
    with as_person(world.data_manager):
        with pytest.raises(SameStratum):
            correct_allocation_error(
                error=first,
                mistake=Mistake(ErrorKind.WRONG_STRATUM, TODAY, "x", "y", "III"),
                reason="r",
                by=world.data_manager,
                at=NOW,
            )
        correct_allocation_error(
            error=first, mistake=told, reason="PET of 3 November", by=world.data_manager, at=NOW
        )
        with transaction.atomic():
            assert true_stage_of(allocation) == "IVA"
    with as_person(world.investigator), pytest.raises(MayNotCorrect):
        withdraw_allocation_error(error=first, reason="r", by=world.investigator, at=NOW)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        versions: Any = first.events.order_by("pgh_id")  # type: ignore[attr-defined]
        assert [(each.strat_stage_true, each.act.reason) for each in versions] == [
            ("II", ""),
            ("IVA", "PET of 3 November"),
        ]
    page = browser(world.data_manager).get(f"/participants/{allocation.participant.number}/allocation/").text
    assert "PET of 3 November" in page
    assert "CT read again" in page
    with as_person(world.data_manager):
        withdraw_allocation_error(error=first, reason="it was III", by=world.data_manager, at=NOW)
        with pytest.raises(MarkWithdrawn):
            correct_allocation_error(error=first, mistake=told, reason="r", by=world.data_manager, at=NOW)
        with transaction.atomic():
            assert true_stage_of(allocation) == ""
    mark(world, allocation, "II")


def test_rare_09_the_database_keeps_one_true_stratum(world: World, part: ListPart, eligible: Make) -> None:
    allocation = press(world, eligible())
    first = mark(world, allocation, "II")
    with as_person(world.data_manager), pytest.raises(DatabaseError, match="one_true_stratum"):
        _insert_again(first, by=world.data_manager)


def _insert_again(error: AllocationError, *, by: Any) -> None:
    with open_act("randomization:error:record", by=by, at=NOW, participant=error.participant) as act:
        error.pk, error.strat_stage_true, error.act = None, "IVA", act
        error.save(force_insert=True)


def test_rare_09_the_pages_of_schemes_and_marks(world: World, part: ListPart, eligible: Make) -> None:
    allocation = press(world, eligible())
    statistician, manager = browser(world.statistician), browser(world.trial_manager)
    page = part.scheme.get_absolute_url()
    closed = {"reason": "1.1 changes the ratio", "password": PASSWORD}
    assert statistician.post(f"{page}close/", closed).status_code == 302
    assert "it waits for a second person" in statistician.get(page).text
    assert "Confirm the closing" not in statistician.get(page).text
    assert "Confirm the closing" in manager.get(page).text
    assert manager.post(f"{page}close/end/", {"reason": "not yet"}).status_code == 302
    assert statistician.post(f"{page}close/", closed).status_code == 302
    assert manager.post(f"{page}close/confirm/", {"password": PASSWORD}).status_code == 302
    assert "Closed on 20" in manager.get(page).text
    second = draft(world)
    assert (
        manager.post(f"/randomization/lists/{second.pk}/reject/", {"reason": "wrong sizes"}).status_code
        == 302
    )
    assert "wrong sizes" in manager.get(second.scheme.get_absolute_url()).text
    error = mark(world, allocation, "II")
    address = f"/participants/{allocation.participant.number}/allocation/error/{error.pk}/"
    data_manager = browser(world.data_manager)
    typed = {"found_on": TODAY.isoformat(), "detail": "CT", "action": "told", "strat_stage_true": "IVA"}
    assert data_manager.post(address, typed).status_code == 422, "a correction has a reason"
    assert data_manager.post(address, typed | {"reason": "read again"}).status_code == 302
    assert "read again" in data_manager.get("/randomization/errors/").text
    assert data_manager.post(f"{address}withdraw/", {"reason": "not wrong at all"}).status_code == 302
    assert "not wrong at all" in data_manager.get("/randomization/errors/").text
