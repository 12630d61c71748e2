"""What a work list and a participant's page offer at a site that does not recruit (issue point 13 of the rare days)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from kernel.scope import EVERYTHING, scope
from randomization.models import ListPart
from tests.world import NOW, PASSWORD, World, screen
from trials import services
from trials.models import Participant
from trials.models.sites import SiteState

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Participant]
# What each person is offered at a site that recruits, and at no other.
OFFERED = {
    "coordinator": ("/participants/register/", "/consent/"),
    "investigator": ("/participants/register/", "/consent/", "/randomize/"),
}
LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')


def move(world: World, state: SiteState) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        services.move_site(site=world.site, to=state, by=None, at=NOW)


def links(client: Client, *pages: str) -> set[str]:
    return {unescape(href) for page in pages for href in LINK.findall(client.get(page).text)}


def unconsented(world: World) -> Participant:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return services.register_participant(site=world.site, by=world.coordinator, at=NOW)


@pytest.mark.parametrize("who", OFFERED)
@pytest.mark.parametrize("state", [SiteState.ACTIVE, SiteState.SUSPENDED, SiteState.CLOSED])
def test_rare_13_a_work_list_offers_nothing_that_the_state_forbids(
    world: World, part: ListPart, eligible: Make, time_machine: Any, state: SiteState, who: str
) -> None:
    """E2: every link of the home page, the list and each participant's page is followed."""
    time_machine.move_to(NOW, tick=False)
    people = [eligible(), screen(world), unconsented(world)]
    if state is not SiteState.ACTIVE:
        move(world, state)
    person: User = getattr(world, who)
    client = Client()
    client.force_login(person)
    pages = (reverse("home"), "/participants/", *(person.get_absolute_url() for person in people))
    offered = links(client, *pages)
    for end in OFFERED[who]:
        is_offered = any(href.partition("?")[0].endswith(end) for href in offered)
        assert is_offered == (state is SiteState.ACTIVE), (end, state)
    for href in sorted(offered):
        answer = client.get(href)
        assert answer.status_code in {200, 302}, href
        assert "The site is not active" not in answer.text, href


@pytest.mark.parametrize("state", [SiteState.ACTIVE, SiteState.SUSPENDED, SiteState.CLOSED])
def test_rare_13_no_first_consent_is_typed_where_it_would_be_refused(world: World, state: SiteState) -> None:
    """The page says it before anybody types; whoever is in the trial signs a later text at any site."""
    new, known = unconsented(world), screen(world)
    if state is not SiteState.ACTIVE:
        move(world, state)
    client = Client()
    client.force_login(world.coordinator)
    pages = [client.get(reverse("trials:consent", args=[each.number])).text for each in (new, known)]
    assert ['name="signed_on"' in page for page in pages] == [state is SiteState.ACTIVE, True]
    refusal = "Participants are registered and consented only at an active site."
    assert [refusal in page for page in pages] == [state is not SiteState.ACTIVE, False]


def test_rare_13_approval_cannot_be_signed_at_a_site_that_takes_nobody_in(
    world: World, part: ListPart, time_machine: Any
) -> None:
    """The page says so, and whoever posts all the same is refused; that somebody is not eligible can be signed."""
    time_machine.move_to(NOW, tick=False)
    person = screen(world)
    move(world, SiteState.CLOSED)
    client = Client()
    client.force_login(world.investigator)
    page = reverse("crf:eligibility", args=[person.number])
    shown = client.get(page)
    assert "The site takes nobody in any more" in shown.text
    assert [value in shown.text for value in ('value="eligible"', 'value="not_eligible"')] == [False, True]
    typed = {"password": PASSWORD, "seen_digest": shown.context["evidence"].digest}
    refused = client.post(page, typed | {"verdict": "eligible"})
    assert refused.status_code == 409, refused.text[-3000:]
    assert "takes nobody in any more" in refused.text
    assert client.post(page, typed | {"verdict": "not_eligible"}).status_code == 302
