"""From a live decision to an arm: in order, once, whatever is pressed (requirements 26, 27, 29)."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager

import pytest
from django.db import transaction

from accounts.models import Mail, Signature
from accounts.services import WrongPassword
from audit.models import Act
from kernel.scope import EVERYTHING, scope
from randomization import services
from randomization.allocation import readiness
from randomization.allocation.verify import fault_of
from randomization.models import Allocation
from randomization.services.allocate import (
    ListExhausted,
    ListTampered,
    MayNotRandomize,
    NotReadyToRandomize,
    StrataMoved,
    randomize,
)
from tests.world import NOW, PASSWORD, as_person, screen
from trials.models import Milestone, Participant
from trials.services import change_site, lapse_decision

CHAPTERS = ("1.9", "3.2", "3.17")

pytestmark = pytest.mark.django_db(transaction=True)


def press(world, participant, **changed):
    """The investigator presses Randomize."""
    call = {
        "confirmed_stratum": f"{participant.number[:2]}/III",
        "password": PASSWORD,
        "by": world.investigator,
    }
    by = changed.pop("by", world.investigator)
    with as_person(by):
        return randomize(participant=participant, at=NOW, **{**call, **changed, "by": by})


@contextmanager
def everything():
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        yield


def test_a_participant_gets_the_next_place_with_arm_milestone_and_certificate(world, part, eligible):
    allocation = press(world, eligible())
    assert (allocation.stratum, allocation.sequence) == ("01/III", 1)
    assert allocation.number.startswith("R1A-")
    assert fault_of(allocation.certificate, part.root) is None
    with everything():
        participant = Participant.objects.get(pk=allocation.participant_id)
        assert participant.arm == allocation.arm in ("1", "2")
        assert participant.state == "RANDOMISED"
        assert Milestone.objects.get(participant=participant, code="RAND").on.isoformat() == "2026-11-20"
        signature = Signature.objects.get(pk=allocation.signature_id)
    assert (signature.by_id, signature.digest) == (world.investigator.pk, allocation.decision.digest)


def test_places_are_used_in_order_and_blocks_balance(world, part, eligible):
    allocations = [press(world, eligible()) for _ in range(12)]
    assert [a.sequence for a in allocations] == list(range(1, 13))
    assert len({a.number for a in allocations}) == 12
    counts = Counter(a.arm for a in allocations)
    assert abs(counts["1"] - counts["2"]) <= 3


def test_a_double_click_shows_the_same_allocation(world, part, eligible):
    participant = eligible()
    first, again = press(world, participant), press(world, participant, password="forgotten")
    assert (first.pk, first.arm, first.number) == (again.pk, again.arm, again.number)
    with everything():
        assert Allocation.objects.count() == 1


def test_a_crash_between_the_two_steps_is_completed_by_any_retry(world, part, eligible, monkeypatch):
    participant = eligible()

    class CrashError(Exception):
        pass

    def crash(**_):
        raise CrashError

    with monkeypatch.context() as broken:
        broken.setattr("randomization.services.allocate.complete_allocation", crash)
        with pytest.raises(CrashError):
            press(world, participant)
    with everything():
        taken = Allocation.objects.get()
        assert (taken.sequence, taken.arm, taken.revealed_at) == (1, None, None)
        assert Participant.objects.get(pk=participant.pk).arm is None
    other = press(world, eligible())
    assert other.sequence == 2
    completed = press(world, participant)
    assert (completed.pk, completed.sequence) == (taken.pk, 1)
    assert completed.arm


def test_the_sweep_completes_what_a_crash_left(world, part, eligible, monkeypatch):
    from randomization.services.sweep import sweep_unrevealed

    participant = eligible()
    with monkeypatch.context() as broken:
        broken.setattr("randomization.services.allocate.complete_allocation", lambda **_: None)
        press(world, participant)
    with scope(user_id=None, sites=EVERYTHING):
        assert sweep_unrevealed(at=NOW) == [participant.number]
        assert sweep_unrevealed(at=NOW) == []
    with everything():
        allocation = Allocation.objects.get()
    assert allocation.arm
    assert allocation.randomized_by_id == world.investigator.pk


def test_two_sites_have_lists_of_their_own(world, part, eligible, other_investigator):
    here = press(world, eligible())
    there = press(world, eligible(site=world.other_site, by=other_investigator), by=other_investigator)
    assert (here.stratum, here.sequence, there.stratum, there.sequence) == ("01/III", 1, "02/III", 1)


@pytest.mark.parametrize("who", ["coordinator", "data_manager", "statistician", "stranger"])
def test_only_an_investigator_of_the_site_randomizes(world, part, eligible, who):
    participant = eligible()
    person = getattr(world, who)
    with scope(user_id=None, sites=EVERYTHING), pytest.raises(MayNotRandomize):
        randomize(participant=participant, confirmed_stratum="01/III", by=person, password=PASSWORD, at=NOW)


def test_nobody_is_randomized_beyond_the_cap_of_the_site_or_of_the_trial(world, part, eligible, monkeypatch):
    press(world, eligible())
    with as_person(world.trial_manager):
        change_site(site=world.site, by=world.trial_manager, at=NOW, reason="contract", enrolment_cap=1)
    over = eligible()
    with pytest.raises(NotReadyToRandomize, match="Site 01 has randomized as many participants as it may: 1"):
        press(world, over)
    with as_person(world.trial_manager):
        change_site(site=world.site, by=world.trial_manager, at=NOW, reason="contract", enrolment_cap=2)
    monkeypatch.setattr(readiness, "planned_participants", lambda version: 1)
    with pytest.raises(NotReadyToRandomize, match="as many participants as its protocol plans: 1"):
        press(world, over)
    monkeypatch.undo()
    with everything():
        assert Allocation.objects.count() == 1


def test_a_wrong_password_takes_no_place(world, part, eligible):
    participant = eligible()
    with pytest.raises(WrongPassword):
        press(world, participant, password="wrong")
    assert press(world, participant).sequence == 1


def test_without_consent_decision_or_stage_each_missing_step_is_named(world, part, answers):
    participant = screen(world)
    answers["stage"] = None
    with pytest.raises(NotReadyToRandomize) as refused:
        press(world, participant)
    assert "No investigator has signed" in str(refused.value)
    assert "clinical stage is not known" in str(refused.value)


def test_evidence_that_moved_since_the_signature_refuses(world, part, eligible, answers):
    participant = eligible()
    answers["evidence"].digest = "0" * 64
    with pytest.raises(NotReadyToRandomize, match="An answer has changed"):
        press(world, participant)


def test_a_criterion_that_no_longer_holds_refuses_and_is_named(world, part, eligible, answers):
    participant = eligible()
    answers["evidence"].unmet = ("I-1",)
    with pytest.raises(NotReadyToRandomize, match="I-1"):
        press(world, participant)


def test_a_lapsed_decision_refuses(world, part, eligible):
    participant = eligible()
    with everything():
        lapse_decision(participant=participant, cause="ecog changed", values={}, by=world.coordinator, at=NOW)
    with pytest.raises(NotReadyToRandomize, match="No investigator has signed"):
        press(world, participant)


def test_a_stratum_other_than_the_confirmed_one_refuses(world, part, eligible):
    with pytest.raises(StrataMoved):
        press(world, eligible(), confirmed_stratum="01/II")


def test_without_an_active_scheme_nobody_is_randomized(world, eligible):
    with pytest.raises(NotReadyToRandomize, match="No randomization scheme is active"):
        press(world, eligible())


def test_a_list_that_is_used_up_stops_loudly(world, part, eligible, superuser):
    superuser.execute("UPDATE allocation.stratum SET size = 1 WHERE name = '01/III'")
    press(world, eligible())
    with pytest.raises(ListExhausted, match="telephone the trial statistician"):
        press(world, eligible())


def test_inside_a_transaction_it_is_a_bug_to_call(world, part, eligible):
    participant = eligible()
    with transaction.atomic(), pytest.raises(RuntimeError, match="commits twice"):
        press(world, participant)


def test_a_place_whose_arm_was_swapped_is_detected_and_not_revealed(world, part, eligible, superuser):
    """The database's own administrator exchanges two sealed arms: the seals do not open elsewhere."""
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "UPDATE allocation.slot AS a SET sealed = b.sealed FROM allocation.slot AS b, allocation.stratum AS t "
        "WHERE t.id = a.stratum_id AND t.name = '01/III' AND b.stratum_id = t.id "
        "AND a.sequence IN (1, 2) AND b.sequence = 3 - a.sequence"
    )
    participant = eligible()
    with pytest.raises(ListTampered, match="does not open"):
        press(world, participant)
    with everything():
        assert Participant.objects.get(pk=participant.pk).arm is None


def test_the_team_is_told_and_no_message_names_an_arm(world, part, eligible):
    press(world, eligible())
    with everything():
        told = Mail.objects.filter(kind="allocation")
        assert {mail.to.username for mail in told} == {"coordinator", "investigator", "trial_manager"}
        assert not any("arm" in (mail.subject + mail.body).lower().split() for mail in told)


def test_both_steps_are_acts_of_the_person(world, part, eligible):
    press(world, eligible())
    with everything():
        verbs = Act.objects.filter(verb__startswith="randomization:", participant_id__isnull=False)
        assert list(verbs.order_by("pk").values_list("verb", "by__username")) == [
            ("randomization:slot:take", "investigator"),
            ("randomization:arm:reveal", "investigator"),
        ]


def test_services_are_what_the_package_names():
    assert all(callable(getattr(services, name)) for name in services.__all__)
