"""Training is for a version of the protocol and ends: who is to be trained anew is named, and gets no new role.

ICH E6(R3) 2.3: whoever is delegated to is qualified by training. Safety and data entry go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.permissions import Permission, Role
from accounts.services import change_person
from kernel.scope import EVERYTHING, scope
from notices.sources.training import training
from protocol.text import load
from reports.worklist import work_for
from tests.versions import LETTER, amended, shelf
from tests.world import NOW, OPENED_ON, TODAY, World, as_person
from trials import services as trials
from trials.models import Delegation
from trials.services.delegations import TrainingNotInForce
from trials.services.people import change_account
from trials.training import TrainingGap, ends_on, gaps_among

pytestmark = pytest.mark.django_db
GRACE = 30


@pytest.fixture(autouse=True)
def _two_versions(tmp_path: Path) -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING), shelf(tmp_path, v2_0=amended()):
        yield


def move(world: World) -> None:
    told: dict[str, Any] = {"site": world.site, "version": "2.0", "by": world.trial_manager, "at": NOW}
    trials.record_version_approval(approved_on=TODAY, **LETTER, **told)
    trials.open_site_version(reason="Amendment 1", **told)
    world.site.refresh_from_db()


def train(user: User, **said: Any) -> None:
    change_person(user=user, by=None, at=NOW, **said)


def gaps(on: date) -> dict[str, TrainingGap]:
    return {gap.user.username: gap for gap in gaps_among(Delegation.objects.all(), on=on)}


def test_a_new_version_at_a_site_asks_for_a_new_training_of_its_people_alone(world: World) -> None:
    assert gaps(TODAY) == {}
    # when site 01 opens version 2.0
    move(world)
    # then who works there is named with the days left, and nobody of site 02
    assert set(gaps(TODAY)) == {"coordinator", "investigator"}
    gap = gaps(TODAY)["coordinator"]
    assert (gap.since, gap.grace, gap.version) == (TODAY, TODAY + timedelta(GRACE), "2.0")
    # when one was trained for 2.0 before, and another is trained after, without a version named
    train(world.coordinator, trained_for="2.0", trained_on=TODAY - timedelta(9))
    train(world.investigator, trained_on=TODAY)
    # then nobody is named; and whoever was trained for the version before is, however late
    assert gaps(TODAY) == {}
    train(world.investigator, trained_for="1.0")
    assert set(gaps(TODAY)) == {"investigator"}


@pytest.mark.parametrize(("months", "last"), [(None, date(2027, 5, 1)), (12, date(2025, 5, 1)), (0, None)])
def test_a_course_holds_for_its_own_months_or_for_those_of_the_setting(
    world: World, months: int | None, last: date | None
) -> None:
    train(world.coordinator, training_months=months)
    assert ends_on(world.coordinator, load("1.0")) == last
    if last:
        assert "coordinator" not in gaps(last)
        assert gaps(last + timedelta(1))["coordinator"].grace == last + timedelta(GRACE)
    else:
        assert "coordinator" not in gaps(date(2090, 1, 1))


def test_no_new_role_is_given_once_the_grace_is_over_and_what_is_done_goes_on(world: World) -> None:
    role: dict[str, Any] = {
        "user": world.stranger, "role": Role.COORDINATOR, "site": world.site, "by": world.trial_manager,
    }  # fmt: skip
    months = 30  # ended on 1 November 2026
    train(world.stranger, training_months=months)
    last = date(2026, 11, 1)
    assert ends_on(world.stranger, load("1.0")) == last
    # given the last day of the grace: the role is given
    trials.delegate(starts_on=TODAY, at=NOW + (last + timedelta(GRACE) - TODAY), **role)
    # when it is over: no new one, and the work that the person has goes on
    late = NOW + (last + timedelta(GRACE + 1) - TODAY)
    with pytest.raises(TrainingNotInForce, match="training ended on"):
        trials.delegate(starts_on=TODAY, at=late, **role)
    with as_person(world.stranger):
        assert world.stranger.may(Permission.CRF_EDIT, world.other_site)
        assert world.stranger.may(Permission.SAFETY_VIEW, world.other_site)
    # when the new training is on record: it is given
    change_account(
        user=world.stranger, by=world.trial_manager, at=NOW, reason="trained", trained_on=TODAY,
        training_document="GCP 2026", trained_for="1.0", training_months=24, identity_document="card",
    )  # fmt: skip
    trials.delegate(starts_on=TODAY, at=late, **role)
    assert User.objects.get(pk=world.stranger.pk).waits_for_verifier


def test_who_is_to_be_trained_anew_is_named_on_three_pages_and_told(world: World, client: Client) -> None:
    move(world)
    client.force_login(world.trial_manager)
    said = r"trained for another version: the site follows 2\.0"
    for page in ("/people/", "/sites/01/", "/work-list/"):
        assert re.search(said, client.get(page).text), page
    assert not re.search(said, client.get("/sites/02/").text)
    sections = {str(each.title): each for each in work_for(world.trial_manager, today=TODAY, at=NOW)}
    assert sections["Training to renew"].total == 2
    # then both and the trial manager are told, and anew when the grace is over
    alerts = {
        day: list(training(world.site, on=day, at=NOW)) for day in (TODAY, TODAY + timedelta(GRACE + 1))
    }
    assert {day: {(each.person, each.level) for each in rows} for day, rows in alerts.items()} == {
        day: {(world.coordinator.pk, level), (world.investigator.pk, level)}
        for level, day in enumerate(alerts)
    }
    assert "2.0" in alerts[TODAY][0].text()


def test_the_form_asks_for_version_and_months(world: World, client: Client) -> None:
    client.force_login(world.trial_manager)
    typed = {
        "display_name": "Stranger", "email": "", "trained_on": OPENED_ON, "training_document": "GCP course",
        "trained_for": "2.0", "training_months": "18", "reason": "trained",
    }  # fmt: skip
    assert client.post("/people/stranger/change/", {**typed, "trained_for": "9.9"}).status_code == 422
    assert client.post("/people/stranger/change/", typed).status_code == 302
    person = User.objects.get(username="stranger")
    assert (person.trained_for, person.training_months) == ("2.0", 18)
    assert "2.0" in client.get("/people/stranger/").text
