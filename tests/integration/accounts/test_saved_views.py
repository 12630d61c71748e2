"""A list as a person wants it, kept under a name with the account."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import change_person
from notices.preferences import choices_of
from tests.imports import ROOT
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
TEMPLATES = ROOT / "templates"
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
    # by mistake: the message that says so brings it back
    assert client.post(*way_back(client.get(LIST).text)).status_code == 302
    assert [each["query"] for each in User.objects.get(pk=world.coordinator.pk).views or ()] == ["late=yes"]


def way_back(page: str) -> tuple[str, dict[str, list[str]]]:
    """Return the form of the button "Undo" as a browser sends it: its address, and what it holds."""
    (form,) = [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if ">Undo<" in form]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.findall(rf'{part}="([^"]*)"', tag)[0] for part in (" name", " value"))
        sent.setdefault(name, []).append(html.unescape(value))
    return html.unescape(re.findall(r'action="([^"]+)"', form)[0]), sent


@pytest.mark.parametrize(
    ("page", "chosen", "name"),
    [
        ("accounts:appearance", {"theme": "dark", "density": ""}, "theme"),
        ("followup:notifications", {"wanted": [], "from_hour": "10"}, "from_hour"),
    ],
)
def test_point_20_a_setting_of_ones_own_is_taken_back(
    world: World, client: Client, page: str, chosen: dict[str, Any], name: str
) -> None:
    def stands() -> object:
        person = User.objects.get(pk=world.coordinator.pk)
        return choices_of([person])[person.pk].from_hour if name == "from_hour" else getattr(person, name)

    page, before = reverse(page), stands()
    assert client.post(page, chosen).status_code == 302
    assert stands() != before
    assert client.post(*way_back(client.get(page).text)).status_code == 302
    assert stands() == before


@pytest.mark.parametrize(
    ("page", "columns"),
    [
        ("/queries/", ("query", "participant", "state", "days")),
        ("/deviations/", ("participant", "found", "importance")),
        ("/deviations/?show=proposed", ("participant", "found")),
        ("/visits/?show=overdue", ("participant", "closes", "booked")),
        ("/sites/", ("site", "state", "screened", "randomized", "planned", "protocol")),
        ("/people/", ("person", "role", "site", "from", "until", "granted")),
        ("/exports/", ("export", "as_of", "person", "format", "state", "rows")),
        ("/verification/", ("participant", "visit", "form")),
        ("/forms-to-fill-in/", ("participant", "visit", "took-place", "form", "due")),
        ("/completeness/forms/", ("participant", "due")),
        ("/findings/", ("found", "participant", "form", "check")),
        ("/coding/", ("words", "participant")),
        ("/central-review/", ("participant", "days")),
        ("/serious-events/", ("AETERM", "AESTDTC", "DUE")),
    ],
)
def test_point_20_lists_are_sorted_by_their_columns(
    world: World, page: str, columns: tuple[str, ...]
) -> None:
    client, mark = Client(), "&" if "?" in page else "?"
    client.force_login(world.trial_manager if page in ("/sites/", "/people/") else world.data_manager)
    for column in columns:
        for asked in (column, f"-{column}"):
            answer = client.get(f"{page}{mark}sort={asked}")
            assert (answer.status_code, answer.context["sorting"].column) == (200, column)
    assert client.get(f"{page}{mark}sort=arm").context["sorting"].column == "", "by no arm"
    if page == "/sites/":
        codes = [each.code for each in client.get(f"{page}?sort=-site").context["sites"]]
        assert codes == sorted(codes, reverse=True)
        assert len(codes) > 1


# Lists with filters that keep one order, each for its reason.
OF_ONE_ORDER = {
    "crf/queries_several.html": "queries to answer together, one participant after the other",
    "exports/import.html": "the lines of a file, as they stand in it",
    "reports/protocol.html": "the values of the protocol, by chapter",
    "reports/trail.html": "what happened, in the order in which it did",
}


def test_point_20_every_list_with_filters_is_sorted_and_keeps_views() -> None:
    texts = {str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")}

    def whole(name: str) -> str:
        return texts[name] + "".join(map(whole, re.findall(r'{% include "([^"]+)"', texts[name])))

    lists = {name: whole(name) for name in texts if 'include "partials/pages.html"' in texts[name]}
    lists = {name: text for name, text in lists.items() if '"p3-filter"' in text}
    assert len(lists) > 10
    assert {name for name, text in lists.items() if not re.search("{% sort_(head|link) ", text)} == set(
        OF_ONE_ORDER
    )
    assert {name for name, text in lists.items() if "{% saved_views %}" not in text} <= set(OF_ONE_ORDER)


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
