"""Whoever is told of several matters on one day has one mail; what is urgent comes alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail as sent_mail

from accounts.models import Mail
from accounts.outbox import send_waiting
from accounts.services import write_mail
from audit.acts import open_act
from followup.models import Reminder, ReminderKind, Visit
from followup.monitor import outbox
from followup.services import update_visit_states
from notices import digest_text
from notices.mail_kinds import MAIL_KINDS
from notices.preferences import DigestTimes
from notices.services.reminders import remind_site
from notices.services.site_notices import write_site_notices
from tests.integration.followup.conftest import noon
from tests.world import OPENED_ON, World
from trials.models import Participant
from trials.services import fulfil_checklist_item

pytestmark = pytest.mark.django_db
Make = Callable[..., Participant]
DAY = date(2026, 11, 25)
MINUTE, ONE_DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def office(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def told(world: World, randomized: Make) -> World:
    """The site has visits that opened, a week with figures and an approval that runs out."""
    randomized()
    Mail.objects.update(dropped_at=noon(DAY))
    fulfil_checklist_item(
        site=world.site, kind="ethics", done_on=OPENED_ON, expires_on=DAY + 7 * ONE_DAY, by=None, at=noon(DAY)
    )
    update_visit_states(site=world.site, on=DAY, at=noon(DAY))
    remind_site(site=world.site, on=DAY, at=noon(DAY))
    write_site_notices(site=world.site, on=DAY, at=noon(DAY))
    return world


def addressed_to(world: World) -> list[Any]:
    return [each for each in sent_mail.outbox if each.to == [world.coordinator.email]]


def write(world: World, key: str, *, digest_at: Any) -> None:
    with open_act("tests:mail:write", by=None, at=noon(DAY)):
        write_mail(
            to=world.coordinator, address=world.coordinator.email, kind="tests", key=key, subject=key, body=f"{key}.",
            language="en", site=None, at=noon(DAY), digest_at=digest_at,
        )  # fmt: skip


def test_three_matters_of_a_day_are_one_mail_and_the_next_comes_tomorrow(told: World) -> None:
    kinds = set(Mail.objects.filter(to=told.coordinator, dropped_at=None).values_list("kind", flat=True))
    assert kinds == {"followup:digest", "followup:weekly", "followup:expiry"}
    # when the worker runs, and runs again
    send_waiting(MAIL_KINDS, at=noon(DAY))
    assert send_waiting(MAIL_KINDS, at=noon(DAY) + MINUTE).sent == 0
    # then each person has one mail, which says all three and closes once
    (mail,) = addressed_to(told)
    assert mail.subject.endswith("to look after; and 2 more matters")
    assert "2. 01 Riverside Hospital: Ethics approval expires on 2 Dec 2026" in mail.body
    assert "Visits overdue: " in mail.body
    assert mail.body.count("This message was written by PALACE-3.") == 1
    assert len(sent_mail.outbox) == len({each.to[0] for each in sent_mail.outbox}) == 3
    # and the rows say of which message they became a part
    leader = Mail.objects.get(to=told.coordinator, sent_with=None, dropped_at=None)
    assert Mail.objects.filter(sent_with=leader, sent_at=leader.sent_at).count() == 2
    # what is told later on the same day waits for the next morning, and is not late meanwhile

    leaves = DigestTimes([told.coordinator], told.site.time_zone, at=noon(DAY) + 60 * MINUTE).of(
        told.coordinator
    )
    assert leaves.isoformat() == "2026-11-26T08:00:00+08:00"
    write(told, "later", digest_at=leaves)
    assert outbox(at=noon(DAY) + 120 * MINUTE).waiting == 0
    assert send_waiting(MAIL_KINDS, at=leaves - MINUTE).sent == 0
    assert send_waiting(MAIL_KINDS, at=leaves).sent == 1
    assert addressed_to(told)[-1].subject == "later"


def test_what_is_urgent_goes_alone_and_a_refused_digest_is_tried_again_whole(
    told: World, monkeypatch: Any
) -> None:
    write(told, "clock", digest_at=None)
    # given a server that refuses the first message of each person
    from accounts import outbox as module

    refused: list[tuple[str, str]] = []
    hand_over = module._hand_over

    def refuse_once(server: Any, text: Any, mail: Mail, envelope: Any) -> str:
        if mail.digest_at and mail.to_id == told.coordinator.pk and not refused:
            refused.append(text)
            return "refused"
        return hand_over(server, text, mail, envelope)

    monkeypatch.setattr(module, "_hand_over", refuse_once)
    send_waiting(MAIL_KINDS, at=noon(DAY))
    assert [each.subject for each in addressed_to(told)] == ["clock"]
    send_waiting(MAIL_KINDS, at=noon(DAY) + 5 * MINUTE)
    assert [each.body for each in addressed_to(told)][1:] == [refused[0][1]]


def test_a_visit_stands_once_in_a_mail_under_its_most_urgent_kind(told: World) -> None:
    visit = Visit.objects.filter(site_id=told.site.pk).exclude(opens=None).first()
    assert visit is not None
    both = [
        Reminder(visit=visit, participant=visit.participant, kind=kind)
        for kind in (ReminderKind.OPEN, ReminderKind.CLOSING)
    ]
    text = digest_text.text_of(told.site, both, DAY, at=noon(DAY))
    assert text.count(f"{visit.participant.number}  {visit}") == 1
    assert str(ReminderKind.CLOSING.label) in text
    assert str(ReminderKind.OPEN.label) not in text
