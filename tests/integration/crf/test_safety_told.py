"""The clocks of safety climb their ladder at any hour, until they are met (protocol 2.6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as post

from accounts.outbox import send_waiting
from accounts.services import change_person
from followup.models import Escalation
from kernel.clock import local_date
from notices.mail_kinds import MAIL_KINDS
from notices.services.escalations import escalate_site
from tests.integration.crf.test_safety import AWARE, event, person, report
from tests.world import World
from trials.models import Participant

CHAPTERS = ("2.6",)

pytestmark = pytest.mark.django_db
__all__ = ["person"]

TEAM = {"coordinator", "investigator"}


def told(world: World, hours: float) -> set[tuple[int, str]]:
    at = AWARE + timedelta(hours=hours)
    before = set(Escalation.objects.values_list("pk", flat=True))
    escalate_site(site=world.site, on=local_date(at, world.site.time_zone), at=at)
    rows = Escalation.objects.exclude(pk__in=before).filter(kind="clock").select_related("to")
    return {(row.stage, row.to.username) for row in rows}


def test_24_hours_are_told_at_the_start_in_the_last_quarter_and_when_they_have_run_out(
    world: World, person: Participant
) -> None:
    event(world, person)
    hours = (0, 1, 17.9, 18, 24, 24.1, 48.1)
    above = TEAM | {"trial_manager"}
    assert {hour: told(world, hour) for hour in hours} == {
        0: {(0, name) for name in TEAM},
        1: set(),
        17.9: set(),
        18: {(1, name) for name in TEAM},
        24: set(),
        24.1: {(2, name) for name in above},
        48.1: {(3, name) for name in above},
    }


def test_a_clock_that_is_met_meanwhile_is_not_told(world: World, person: Participant) -> None:
    event(world, person)
    told(world, 1)
    report(world, person)
    post.outbox.clear()
    assert (
        send_waiting(MAIL_KINDS, at=AWARE + timedelta(hours=2)).dropped == 2
    )  # a clock has a mail of its own
    assert [mail.subject for mail in post.outbox if "serious" in mail.body] == []
    assert {stage for stage, _name in told(world, 20)} == set()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "AE #1: Report the serious event"), ("zh-hans", "AE #1：向申办者报告")],
)
def test_it_is_told_in_the_readers_language(
    world: World, person: Participant, language: str, words: str
) -> None:
    change_person(user=world.investigator, by=None, at=AWARE, language=language)
    event(world, person)
    told(world, 0)
    send_waiting(MAIL_KINDS, at=AWARE)
    message: Any = next(each for each in post.outbox if each.to == ["investigator@example.org"])
    assert words in message.body
    assert person.number in message.body
    assert "UTC+8" in message.body  # a clock names its zone (point 19)


def test_a_clock_has_a_mail_of_its_own_with_its_end_and_zone_in_the_subject(
    world: World, person: Participant, settings: Any
) -> None:
    settings.REPLY_TO = "office@example.org"
    change_person(user=world.coordinator, by=None, at=AWARE, language="zh-hans")
    event(world, person)
    told(world, 0)
    send_waiting(MAIL_KINDS, at=AWARE + timedelta(hours=10))
    english, chinese = (
        next(
            each
            for each in post.outbox
            if each.to == [f"{name}@example.org"] and person.number in each.subject
        )
        for name in ("investigator", "coordinator")
    )
    assert english.subject == f"URGENT {person.number}: by 22 Jun 2026 10:00 UTC+8, 14 h left"
    assert chinese.subject == f"紧急 {person.number}：2026-06-22 10:00 UTC+8 前，剩余 14 小时"
    assert english.reply_to == ["office@example.org"]
    assert english.extra_headers["Auto-Submitted"] == "auto-generated"
    assert english.from_email.startswith("PALACE-3 <")
    assert f"/participants/{person.number}/" in english.body
    assert len([each for each in post.outbox if each.to == english.to and "URGENT" in each.subject]) == 1
