"""What each scope of a withdrawal changes, in the act that records it (protocol 2.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core import mail as post

from accounts.outbox import send_waiting
from audit.models import Act
from followup.models import Reminder, Todo, TodoState, Visit, VisitState
from followup.services import (
    plan_visits_for,
    record_lost,
    settle_todos,
    update_visit_states,
    withdraw_participant,
)
from followup.services.loss import WithdrawnInFuture
from followup.services.todos import Wanted
from notices.mail_kinds import MAIL_KINDS
from notices.services.reminders import remind_site
from tests.integration.followup.conftest import noon
from tests.integration.followup.test_pages import client_of
from tests.world import World
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("2.5", "3.16")

pytestmark = pytest.mark.django_db
__all__ = ["client_of"]

Make = Callable[..., Participant]
DAY = date(2026, 11, 20)
MILESTONES = {"NEO_D1": date(2026, 11, 12), "NEO_END": date(2026, 12, 12), "CRE1": date(2027, 1, 16)}


def plan_of(participant: Participant) -> dict[str, tuple[set[str], set[str]]]:
    """Forms and procedures of what is still to come, by visit."""
    visits = Visit.objects.filter(participant=participant, opens__gt=DAY).awaited()
    return {visit.code: (set(visit.forms), set(visit.procedures)) for visit in visits}


def withdraw(world: World, participant: Participant, **scope: bool) -> None:
    withdraw_participant(participant=participant, on=DAY, **scope, by=world.coordinator, at=noon(DAY))


@pytest.fixture
def participant(world: World, randomized: Make) -> Participant:
    """Arm 1, treatment started, so that drug, quality of life and evaluations are all to come."""
    made = randomized()
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(DAY)}
    for code, day in MILESTONES.items():
        trials.set_milestone(participant=made, code=code, on=day, source="test", **by)
    trials.set_milestone(
        participant=made, code="CRE2", on=date(2027, 2, 27), source="test", result="clear", **by
    )
    trials.set_milestone(participant=made, code="CCR", on=date(2027, 2, 27), source="test", **by)
    plan_visits_for(participant=made, **by)
    return made


def test_no_more_drug_takes_the_drug_from_the_visits(world: World, participant: Participant) -> None:
    before = plan_of(participant)
    assert any("CAMRELIZUMAB" in procedures for _forms, procedures in before.values())
    withdraw(world, participant, study_drug=True)
    after = plan_of(participant)
    assert after.keys() == before.keys()
    assert {code for code in before if before[code] != after[code]} == {"N3", "N4", "N5"}
    assert not any("CAMRELIZUMAB" in procedures for _forms, procedures in after.values())


def test_no_more_questionnaires_takes_their_forms(world: World, participant: Participant) -> None:
    before = plan_of(participant)
    withdraw(world, participant, quality_of_life=True)
    after = plan_of(participant)
    assert after.keys() == before.keys()
    assert {code for code in before if "QOL" in before[code][0]} >= {"CRE-2", "AS-06", "AS-36"}
    assert not any("QOL" in forms for forms, _procedures in after.values())


def test_no_more_procedures_leaves_clinical_follow_up(world: World, participant: Participant) -> None:
    withdraw(world, participant, procedures=True)
    after = plan_of(participant)
    assert "FU-12" in after
    assert not any(code.startswith("AS-") for code in after)
    assert not any(
        {"PET_CT", "BITE_ON_BITE", "EUS_FNA"} & procedures for _forms, procedures in after.values()
    )
    assert {"OS36", "SWEEP-06"} <= after.keys()


@pytest.mark.parametrize("scope", ["study_drug", "procedures", "quality_of_life"])
def test_a_part_leaves_survival_and_reminders(world: World, participant: Participant, scope: str) -> None:
    withdraw(world, participant, **{scope: True})
    participant.refresh_from_db()
    assert participant.state == "RANDOMISED"
    assert "OS36" in plan_of(participant)
    update_visit_states(site=world.site, on=DAY, at=noon(DAY))
    assert remind_site(site=world.site, on=DAY, at=noon(DAY)) > 0


def test_no_more_contact_ends_visits_to_dos_and_reminders_at_once(
    world: World, participant: Participant
) -> None:
    update_visit_states(site=world.site, on=DAY, at=noon(DAY))
    assert remind_site(site=world.site, on=DAY, at=noon(DAY)) > 0
    wanted = [Wanted("REPEAT_BIOPSY", "CRE:1", DAY, date(2026, 12, 18))]
    settle_todos(participant=participant, wanted=wanted, by=None, at=noon(DAY))
    withdraw(world, participant, all_contact=True)
    assert plan_of(participant) == {}
    assert Todo.objects.get(trigger="REPEAT_BIOPSY").state == TodoState.DROPPED
    participant.refresh_from_db()
    settle_todos(participant=participant, wanted=wanted, by=None, at=noon(DAY))
    assert Todo.objects.get(trigger="REPEAT_BIOPSY").state == TodoState.DROPPED
    assert send_waiting(MAIL_KINDS, at=noon(DAY)).sent == len(post.outbox) == 0
    later = date(2026, 12, 20)
    count = Reminder.objects.count()
    update_visit_states(site=world.site, on=later, at=noon(later))
    remind_site(site=world.site, on=later, at=noon(later))
    assert Reminder.objects.count() == count
    acts = Act.objects.filter(verb="followup:visits:plan", parent__verb="followup:participant:withdraw")
    assert acts.exists()


def test_the_page_moves_the_visits(world: World, participant: Participant, client_of: Any) -> None:
    page = f"/participants/{participant.number}/withdraw/"
    coordinator = client_of(world.coordinator)
    assert coordinator.post(page, {"on": "2026-11-20"}).status_code == 422
    answers = {"on": "2026-11-20", "all_contact": "on"}
    confirmed = coordinator.post(page, answers).context["form"].confirmation
    assert coordinator.post(page, answers | {"confirmed": confirmed}).status_code == 302
    assert plan_of(participant) == {}
    assert (
        not Visit.objects.filter(participant=participant, opens__gt=DAY)
        .exclude(state=VisitState.CANCELLED)
        .exists()
    )


def test_a_day_that_has_not_come_is_refused(world: World, participant: Participant) -> None:
    with pytest.raises(WithdrawnInFuture):
        withdraw_participant(
            participant=participant,
            on=date(2026, 12, 1),
            all_contact=True,
            by=world.coordinator,
            at=noon(DAY),
        )
    assert plan_of(participant) != {}


FORESEEN = {
    "study_drug": ("N4", {"en": "camrelizumab", "zh-hans": "卡瑞利珠单抗"}),
    "procedures": ("CRE-2", {"en": "PET-CT", "zh-hans": "PET-CT"}),
    "quality_of_life": (
        "AS-06",
        {
            "en": "form QOL · EORTC QLQ-C30 · EORTC QLQ-OES18",
            "zh-hans": "QOL 表单 · EORTC QLQ-C30 · EORTC QLQ-OES18",
        },
    ),
}
NO_LONGER = {"en": "No longer asked for: ", "zh-hans": "不再要求："}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("scope", FORESEEN)
def test_rare_10_the_parts_that_leave_are_shown_before_a_partial_withdrawal(
    world: World, participant: Participant, client_of: Any, scope: str, language: str
) -> None:
    before, browser = plan_of(participant), client_of(world.coordinator)
    browser.cookies["django_language"] = language
    page = f"/participants/{participant.number}/withdraw/"
    shown = browser.post(page, {"on": "2026-11-20", scope: "on"})
    visit, parts = FORESEEN[scope]
    rows = {row.split("</th>")[0].strip(): row for row in shown.text.split('<th scope="row">')[1:]}
    told = rows[visit].split(NO_LONGER[language])[1].split("</div>")[0]
    assert parts[language] in told
    assert plan_of(participant) == before, "nothing is done before it was read"
    confirmed = shown.context["form"].confirmation
    done = browser.post(page, {"on": "2026-11-20", scope: "on", "confirmed": confirmed})
    assert done.status_code == 302
    after = plan_of(participant)
    leaving = {line.change.code: set(line.change.leaves) for line in shown.context["form"].follows}
    gone = {code: set.union(*before[code]) - set.union(*after[code]) for code in before if code in after}
    kinds = {line.change.code: line.change.kind for line in shown.context["form"].follows}
    assert {code: parts for code, parts in gone.items() if parts} == {
        code: parts for code, parts in leaving.items() if kinds[code] == "altered"
    }


def test_loss_leaves_only_vital_status(world: World, participant: Participant) -> None:
    from followup.services import record_contact_attempt

    lost_on = date(2027, 1, 15)
    for on, route in (
        (date(2026, 11, 12), "phone"),
        (date(2026, 12, 20), "family"),
        (lost_on, "phone"),
    ):
        record_contact_attempt(
            participant=participant,
            on=on,
            route=route,
            result="no_answer",
            by=world.coordinator,
            at=noon(lost_on),
        )
    record_lost(participant=participant, on=lost_on, by=world.coordinator, at=noon(lost_on))
    awaited = Visit.objects.filter(participant=participant, closes__gte=lost_on).awaited()
    assert {visit.code.split("-")[0] for visit in awaited} == {"SWEEP", "OS36"}
