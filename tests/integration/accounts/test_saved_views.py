"""A list as a person wants it, kept under a name with the account."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import change_person
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
SAVE, REMOVE, LIST = "/accounts/views/save/", "/accounts/views/remove/", "/participants/"
LISTS = ("/participants/", "/queries/", "/visits/", "/forms-to-fill-in/", "/deviations/")


@pytest.fixture
def client(world: World) -> Client:
    browser = Client()
    browser.force_login(world.coordinator)
    return browser


def test_point_20_a_view_is_kept_with_filters_and_order_and_stands_above_its_list(
    world: World, client: Client
) -> None:
    query = "state=screening&sort=-registered"
    page = client.get(f"{LIST}?{query}&number=").text
    assert 'action="/accounts/views/save/"' in page
    assert 'name="query" value="state=screening&amp;sort=-registered"' in page
    answer = client.post(SAVE, {"page": LIST, "query": query, "label": "Newest in screening"})
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?{query}")
    # above its list, on every device, and above no other list
    page = client.get(LIST).text
    assert f'<a href="{LIST}?state=screening&amp;sort=-registered">Newest in screening</a>' in page
    assert "Newest in screening" not in client.get("/queries/").text
    # the one that is open is marked, and not offered again
    page = client.get(f"{LIST}?{query}").text
    assert 'aria-current="true">Newest in screening' in page
    assert 'action="/accounts/views/save/"' not in page
    # one name stands once; a second person has views of their own
    client.post(SAVE, {"page": LIST, "query": "late=yes", "label": "Newest in screening"})
    assert [each["query"] for each in User.objects.get(pk=world.coordinator.pk).views or ()] == ["late=yes"]
    stranger = Client()
    stranger.force_login(world.investigator)
    assert "Newest in screening" not in stranger.get(LIST).text
    # and it is removed
    assert client.post(REMOVE, {"page": LIST, "label": "Newest in screening"})["Location"] == LIST
    assert User.objects.get(pk=world.coordinator.pk).views == []


@pytest.mark.parametrize(
    "page", ["https://elsewhere.example/", "//elsewhere.example/", "/a?b", "/\\elsewhere"]
)
def test_point_20_nobody_is_led_to_another_house_by_a_view(client: Client, page: str) -> None:
    assert client.post(SAVE, {"page": page, "query": "", "label": "x"}).status_code == 422
    assert client.post(REMOVE, {"page": page, "label": "x"}).status_code == 404


def test_point_20_an_account_keeps_so_many_and_no_more(world: World, client: Client) -> None:
    views = [{"page": LIST, "query": "", "label": str(number)} for number in range(40)]
    change_person(user=world.coordinator, by=world.coordinator, at=NOW, views=views)
    assert client.post(SAVE, {"page": LIST, "query": "", "label": "one more"}).status_code == 409
    assert client.post(SAVE, {"page": LIST, "query": "", "label": "7"}).status_code == 302


@pytest.mark.parametrize("page", LISTS)
def test_point_20_lists_that_people_work_on_keep_views(client: Client, page: str) -> None:
    assert 'action="/accounts/views/save/"' in client.get(f"{page}?site=01").text
