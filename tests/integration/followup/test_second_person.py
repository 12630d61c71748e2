"""What waits for a second person stands on their work list and is mailed once (issue point 9 of the rare days)."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core import mail as outbox
from django.db import models, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from accounts.outbox import send_waiting
from accounts.permissions import Role
from kernel.scope import EVERYTHING, scope
from notices.mail_kinds import MAIL_KINDS
from notices.second_person import KINDS, SECOND_PERSON, tell_second_persons
from palace3.packages import PACKAGES
from randomization.models import ListPart
from randomization.scheme.sealing import new_key
from randomization.services import define_scheme, reject_list
from tests.world import NOW, OPENED_ON, PASSWORD, TODAY, World, as_person
from trials import services
from trials.models.sites import SiteState
from website.services.news import write_letter
from website.services.texts import draft_first_texts

pytestmark = pytest.mark.django_db


def two_people(constraint: Any) -> bool:
    """Say whether the rule is that two columns of a row name two different people."""
    names = getattr(constraint, "name", "")
    return isinstance(constraint, models.CheckConstraint) and names.endswith(
        ("second_person", "two_people", "unlocked_by_two")
    )


def test_rare_09_every_kind_of_thing_that_two_people_do_is_told() -> None:
    """The kinds are derived from the database's own rules."""
    ruled = {
        model
        for model in apps.get_models()
        if model._meta.app_label in PACKAGES and any(map(two_people, model._meta.constraints))
    }
    assert {kind.model for kind in KINDS} == ruled


@pytest.fixture
def waiting(world: World, settings: Any) -> dict[str, str]:
    """One matter of each kind; who it waits for, and a word of its mail."""
    settings.PALACE3_LIST_KEY = new_key("k1")
    manager, statistician = world.trial_manager, world.statistician
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        services.delegate(
            user=world.coordinator,
            role=Role.MONITOR,
            site=world.other_site,
            starts_on=OPENED_ON,
            by=manager,
            at=NOW,
        )
        services.move_site(site=world.site, to=SiteState.CLOSED, by=None, at=NOW)
    with as_person(statistician):
        define_scheme(name="PALACE3-B", by=statistician, password=PASSWORD, at=NOW)
    with as_person(manager):
        services.ask_close_out(
            site=world.site,
            keeper=None,
            count=lambda site: {},
            reason="over",
            password=PASSWORD,
            by=manager,
            at=NOW,
        )
        draft_first_texts(by=manager, at=NOW)
        write_letter(
            subject_en="News", subject_zh="新闻", text_en="t", text_zh="t", approved_on=TODAY, approval="1",
            by=manager, at=NOW,
        )  # fmt: skip
    return {
        "trial_manager": "PALACE3-B 1A",
        "second_statistician": "PALACE3-B 1A",
        "investigator": "Confirm the close-out of the site",
    }


def mails_to(person: Any) -> list[str]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        found = Mail.objects.filter(kind=SECOND_PERSON, to=person).order_by("pk")
        return [f"{each.subject}\n{each.body}" for each in found]


def test_rare_09_the_second_person_sees_what_waits_and_has_a_mail_once(
    world: World, waiting: dict[str, str], time_machine: Any
) -> None:
    """B6: lists were waiting, and the work list said that nothing was."""
    time_machine.move_to(NOW, tick=False)
    assert tell_second_persons(at=NOW) > 0
    assert tell_second_persons(at=NOW) == 0, "once each"
    for who, word in waiting.items():
        person = getattr(world, who)
        client = Client()
        client.force_login(person)
        page = client.get(reverse("home")).text
        assert "Waiting for your decision" in page, who
        assert word in page, who
        assert any(word in each for each in mails_to(person)), (who, mails_to(person))
    for nobody in (world.statistician, world.coordinator, world.data_manager):
        assert not mails_to(nobody), "who asked, and who may not confirm"
    assert len(mails_to(world.trial_manager)) == 1, "what the manager asked for does not wait for them"


def test_rare_09_a_second_manager_is_asked_for_each_kind(world: World, waiting: dict[str, str]) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        services.end_delegation(
            delegation=world.monitor.delegations.get(), on=TODAY, reason="r", by=world.trial_manager, at=NOW
        )
        services.delegate(
            user=world.monitor, role=Role.TRIAL_MANAGER, site=None, starts_on=OPENED_ON, by=None, at=NOW
        )
    tell_second_persons(at=NOW)
    said = "\n".join(mails_to(world.monitor))
    for words in (
        "Confirm the role Monitor",
        "PALACE3-B 1A",
        "close-out of the site",
        "Release the drafted",
        "news letter",
    ):
        assert words in said


def test_rare_09_a_mail_about_what_was_settled_meanwhile_is_dropped(
    world: World, waiting: dict[str, str], time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    tell_second_persons(at=NOW)
    with as_person(world.statistician):
        part = ListPart.objects.waiting().select_related("scheme").get()
        reject_list(part=part, reason="typed twice", by=world.statistician, at=NOW)
    with scope(user_id=None, sites=EVERYTHING):
        done = send_waiting(MAIL_KINDS, at=NOW)
    assert done.dropped == 2
    sent = [each.body for each in outbox.outbox]
    assert any("close-out" in each for each in sent)
    assert not any("PALACE3-B" in each for each in sent)
