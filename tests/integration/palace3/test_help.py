"""Help by role: each role reads of its tasks in both languages, and each link leads to a page that it may open."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from accounts.permissions import ADDED_ROLES, ROLE_LABELS
from design.terms import explained
from palace3.help_texts import common, manual, manuals
from tests.imports import ROOT
from tests.integration.system.test_permission_matrix import MATRIX
from tests.world import World, screen

CHINESE = re.compile(r"[\u4e00-\u9fff]")
pytestmark = pytest.mark.django_db


def of(user: object, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)  # type: ignore[arg-type]
    client.cookies["django_language"] = language
    return client


def test_each_role_has_a_manual_that_leads_only_to_pages_of_that_role(world: World) -> None:
    # given somebody of each role
    for role in manuals():
        client = of(getattr(world, role.value))
        steps = [step for task in manual(role).tasks for step in task.steps if step.page]
        assert steps, role
        # when every link of the role's manual is followed
        answers = {step.page: client.get(reverse(step.page)).status_code for step in steps}
        # then each page opens
        assert set(answers.values()) == {200}, (role, answers)


def test_a_link_is_drawn_for_who_may_open_it_and_for_nobody_else(world: World) -> None:
    page = reverse("help-role", args=["trial_manager"])
    link = f'href="{reverse("trials:new-person")}"'
    assert link in of(world.trial_manager).get(page).text
    theirs = of(world.coordinator).get(page).text
    assert link not in theirs
    assert "One account for one person" in theirs


def test_every_text_stands_in_both_languages() -> None:
    texts = [text for each in manuals().values() for text in each.texts()] + list(common().texts())
    assert len(texts) > 150
    assert [text for text in texts if not text.en or CHINESE.search(text.en)] == []
    assert [text for text in texts if not CHINESE.search(text.zh)] == []


def test_where_a_task_is_done_is_a_page_that_exists() -> None:
    named = {at for each in manuals().values() for task in each.tasks for at in task.at}
    assert named - set(MATRIX) - {"participant", "visit"} == set()


def test_what_is_new_stands_in_the_changelog_word_for_word() -> None:
    lines = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    assert [item.en for item in common().news if item.en not in lines] == []


def test_help_finds_in_either_language_and_says_when_nothing_fits(world: World) -> None:
    client = of(world.coordinator)
    page = reverse("help")
    assert (
        f"{reverse('help-role', args=['coordinator'])}#sae" in client.get(page, {"q": "serious report"}).text
    )
    assert "emergency envelope" in client.get(page, {"q": "应急信封"}).text.lower()
    assert "Nothing fits" in client.get(page, {"q": "zeppelin"}).text
    assert "严重不良事件" in of(world.coordinator, "zh-hans").get(page, {"q": "SAE"}).text


def test_the_key_opens_what_can_be_done_on_the_page_where_it_is_pressed(world: World) -> None:
    # given the list of queries, whose frame leads to help
    client = of(world.coordinator)
    asked = re.search(r'href="([^"]+)" data-help', client.get(reverse("crf:queries")).text)
    assert asked
    # when help is opened from there
    text = client.get(asked.group(1).replace("&amp;", "&")).text
    # then what is done there stands first
    first = text.index("On the page from which you come")
    assert first < text.index("Answer queries", first) < text.index("Your tasks")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_page_shows_the_name_of_the_role_in_the_readers_language(world: World, language: str) -> None:
    client = of(world.inspector, language)
    for role in manuals():
        text = client.get(reverse("help-role", args=[role.value])).text
        assert manual(role).tasks[0].title.said(language) in text
        assert f'<html lang="{language[:2]}' in text
    assert client.get(reverse("help-role", args=["pilot"])).status_code == 404
    assert set(ROLE_LABELS) - ADDED_ROLES == set(manuals())


def test_point_12_help_shows_pictures_of_the_screenshot_book_in_the_readers_language(world: World) -> None:
    named = {task.picture for each in manuals().values() for task in each.tasks if task.picture}
    assert len(named) > 12
    for name in named:
        for short in ("en", "zh"):
            assert finders.find(f"screens/{name}.{short}.1280.png"), name
    page = reverse("help-role", args=["coordinator"])
    for language, short in (("en", "en"), ("zh-hans", "zh")):
        assert (
            f'src="/static/screens/form.{short}.1280.png" width="1280" height="800"'
            in of(world.coordinator, language).get(page).text
        )


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("cCR at CRE-1 and cCR at CRE-2", ["cCR", "CRE-1"]),
        ("在CRE-2时判为cCR", ["CRE-2", "cCR"]),
        ("SAEs, PRE-CRE, cCRs and OSx", []),
        ("a < b & DFS", ["DFS"]),
    ],
)
def test_point_12_a_term_is_marked_where_it_stands_first_and_by_itself(text: str, marked: list[str]) -> None:
    shown = explained(text, "en")
    assert (
        re.findall(r'<dfn class="p3-explained" tabindex="0" title="[^"<>]+">([^<]+)</dfn>', shown) == marked
    )
    assert unescape(re.sub("<[^>]+>", "", shown)) == text, "nothing of the text is lost"


def test_point_12_a_term_is_explained_in_the_readers_language_on_forms_and_reports(world: World) -> None:
    assert "病理" in explained("ypTNM", "zh-hans")
    participant = screen(world)
    address = f"/participants/{participant.number}/forms/ELIG/"
    for language, means in (("en", "How active a person is"), ("zh-hans", "活动能力")):
        page = of(world.coordinator, language).get(address, follow=True).text
        assert re.search(rf'<dfn class="p3-explained" tabindex="0" title="ECOG[^":：]+(?:: |：){means}', page)
    report = of(world.trial_manager).get(reverse("reports:report", args=["elements"])).text
    assert 'class="p3-explained"' in report
