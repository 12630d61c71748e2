"""What a person chose to be told, and what is told whatever they chose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import Mail
from followup.models import NotificationChoice, Reminder
from followup.services import update_visit_states
from notices.services.preferences import choose_notifications
from notices.services.reminders import remind_site
from notices.services.site_notices import write_site_notices
from tests.integration.followup.conftest import noon
from tests.integration.followup.test_pages import client_of
from tests.world import World
from trials.models import Participant

pytestmark = pytest.mark.django_db
__all__ = ["client_of"]

Make = Callable[..., Participant]
DAY = date(2026, 11, 20)


def kinds_told(world: World, days: int) -> set[str]:
    for number in range(days):
        day = DAY + timedelta(number)
        update_visit_states(site=world.site, on=day, at=noon(day))
        remind_site(site=world.site, on=day, at=noon(day))
    return set(Reminder.objects.filter(to=world.coordinator).values_list("kind", flat=True))


def test_optional_kinds_may_be_left_out_and_passed_windows_may_not(world: World, randomized: Make) -> None:
    randomized()
    choose_notifications(
        user=world.coordinator, from_hour=8, without=["open", "closing", "overdue", "escalated"], at=noon(DAY)
    )
    assert NotificationChoice.objects.get().without == ["closing", "open"]
    assert kinds_told(world, 40) == {"overdue"}


def test_the_digest_waits_for_the_persons_hour(world: World, randomized: Make) -> None:
    randomized()
    update_visit_states(site=world.site, on=DAY, at=noon(DAY))
    choose_notifications(user=world.coordinator, from_hour=13, without=[], at=noon(DAY))
    remind_site(site=world.site, on=DAY, at=noon(DAY))
    assert not Reminder.objects.filter(to=world.coordinator).exists()
    remind_site(site=world.site, on=DAY, at=noon(DAY) + timedelta(hours=1))
    assert Reminder.objects.filter(to=world.coordinator).exists()


@pytest.mark.parametrize(("hour", "told"), [(-5, False), (-4, True)])
def test_without_a_choice_it_is_eight_in_the_morning(
    world: World, randomized: Make, hour: int, told: bool
) -> None:
    randomized()
    update_visit_states(site=world.site, on=DAY, at=noon(DAY))
    remind_site(site=world.site, on=DAY, at=noon(DAY) + timedelta(hours=hour))
    assert Reminder.objects.exists() is told


def test_the_weekly_report_may_be_left_out(world: World, randomized: Make) -> None:
    randomized()
    update_visit_states(site=world.site, on=DAY, at=noon(DAY))
    choose_notifications(user=world.trial_manager, from_hour=8, without=["weekly"], at=noon(DAY))
    write_site_notices(site=world.site, on=DAY, at=noon(DAY))
    people = set(Mail.objects.filter(kind="followup:weekly").values_list("to__username", flat=True))
    assert people == {"coordinator", "investigator"}


def test_the_page_shows_and_keeps_the_choice(world: World, client_of: Any, everywhere: None) -> None:
    client = client_of(world.coordinator)
    page = client.get("/visits/notifications/")
    assert page.status_code == 200
    assert page.text.count("checked") == 4
    saved = client.post("/visits/notifications/", {"wanted": ["vital"], "from_hour": "10"}, follow=True)
    assert saved.status_code == 200
    choice = NotificationChoice.objects.get(user=world.coordinator)
    assert (choice.from_hour, choice.without) == (10, ["closing", "open", "weekly"])
    assert client.get("/visits/notifications/").text.count("checked") == 1
    assert client.post("/visits/notifications/", {"from_hour": "3"}).status_code == 422
