"""The public page: what anybody sees without signing in, in each language."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import User
from kernel.scope import EVERYTHING, scope
from protocol.text import load
from tests.integration.trials.test_public_texts import second_trial_manager
from tests.world import NOW, PASSWORD, TODAY, World
from trials.models import PublicText, Site
from trials.services import move_site
from website.public.drawing import drawn, paths_of, wrapped
from website.public.page import public_page
from website.public.placeholders import facts_of
from website.public.sites import public_sites
from website.public.wording import passages_of
from website.services import texts

CHAPTERS = ("1.1", "1.2")

pytestmark = pytest.mark.django_db
HOMES = ("/", "/zh/")


def released(world: World, *, only: str | None = None, **words: str) -> User:
    """The first texts are on the page (or one text with ``words``); the releasing person is returned."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        second = second_trial_manager()
        if words:
            drafts = [texts.draft_text(**words, based_on=0, by=world.trial_manager, at=NOW)]  # type: ignore[arg-type]
        else:
            drafts = texts.draft_first_texts(by=world.trial_manager, at=NOW)
            drafts = [each for each in drafts if only in {None, each.language}]
        texts.release_texts(
            texts=drafts,
            ethics_approved_on=TODAY,
            ethics_reference="EC-1",
            password=PASSWORD,
            by=second,
            at=NOW,
        )
        return second


def get(address: str, client: Client | None = None) -> Any:
    response = (client or Client()).get(address)
    assert response.status_code == 200
    return response


def test_reading_sets_no_cookie_and_writes_no_session(world: World) -> None:
    released(world)
    for address in (*HOMES, "/robots.txt", "/sitemap.xml"):
        response = get(address)
        assert not response.cookies, address
        assert "Set-Cookie" not in response.headers
    assert "public" in get("/").headers["Cache-Control"]


def test_without_released_texts_the_page_shows_the_facts_alone(world: World) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        drafted = texts.draft_first_texts(by=world.trial_manager, at=NOW)
    said = get("/").text
    assert "This page is being prepared." in said
    assert "NCT06339060" in said
    assert "histologically confirmed" in said
    assert load("1.0").criterion("I-1").plain.en not in said
    assert not [text.title for text in drafted if text.language == "en" and f"{text.title}</h" in said and
                text.block not in {"compare", "who"}]  # fmt: skip
    assert 'content="noindex"' in said
    assert "正在准备" in get("/zh/").text


def test_each_language_has_its_own_address_and_names_the_other(world: World) -> None:
    released(world)
    for address, language in zip(HOMES, ("en", "zh-hans"), strict=True):
        response = get(address, Client(headers={"accept-language": "fr"}))
        assert f'<html lang="{language}">' in response.text
        assert response.headers["Content-Language"] == language
        assert f'<link rel="canonical" href="http://testserver{address}">' in response.text
        for home, code in zip(HOMES, ("en", "zh-hans"), strict=True):
            assert f'hreflang="{code}" href="http://testserver{home}"' in response.text


def test_an_unreleased_language_shows_the_approved_text_of_the_other_and_says_so(world: World) -> None:
    released(world, only="en")
    chinese = get("/zh/").text
    assert 'lang="en"' in chinese
    assert "本页的中文说明尚未获得批准" in chinese
    assert 'content="noindex"' in chinese
    assert load("1.0").criterion("I-1").plain.zh not in chinese
    assert 'content="noindex"' not in get("/").text
    assert "/zh/</loc>" not in get("/sitemap.xml").text


def test_the_centres_are_those_of_the_database(world: World) -> None:
    released(world)
    assert get("/").text.count("Open: takes people in") == 2
    assert "/contact/?site=02" in get("/").text
    assert "/contact/?lang=zh-hans&amp;site=02" in get("/zh/").text
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        move_site(site=world.other_site, to="suspended", by=world.trial_manager, at=NOW)
    paused = get("/").text
    assert paused.count("Open: takes people in") == 1
    assert "Paused: takes nobody in" in paused
    assert "/contact/?site=02" not in paused
    assert "1 of 2 is taking people in now" in paused


def test_without_an_open_centre_nobody_is_sent_to_the_contact_form(world: World) -> None:
    released(world)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        for site in (world.site, world.other_site):
            move_site(site=site, to="suspended", by=world.trial_manager, at=NOW)
    said = get("/").text
    assert "None is taking people in at the moment" in said
    assert "there is nobody to write to" in said
    assert "schema.org/ActiveNotRecruiting" in said


def test_the_function_behind_the_centres_lends_nothing_to_the_rest_of_the_request(
    world: World, app_sql: Any
) -> None:
    with scope(user_id=None, sites=()), transaction.atomic():
        assert [site.code for site in public_sites(at=NOW)] == ["01", "02"]
        assert not Site.objects.exists()
    columns = [
        column.name
        for column in app_sql.execute("SELECT * FROM trials_public_sites('2026-11-20', '{}')").description
    ]
    assert set(columns) == {
        *("code", "name", "name_zh", "city", "city_zh", "state", "time_zone"),
        *("latitude", "longitude", "languages_spoken", "office_hours", "telephone", "is_answered"),
    }


def test_the_page_asks_the_database_three_questions_however_much_it_holds(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection, ) as queries:  # fmt: skip
            get("/")
        return len([q for q in queries if "SAVEPOINT" not in q["sql"] and "set_config('app" not in q["sql"]])

    empty = asked()
    released(world)
    assert asked() <= empty + 1
    assert asked() <= 4


NASTY = (
    '<script>alert(1)</script> & "quoted" <img src=x onerror=alert(1)>\n\n- <b>bold</b>\n- \u202e\u0007 done'
)


def test_a_nasty_text_is_shown_as_it_was_typed(world: World) -> None:
    released(world, block="headline", language="en", title="</title><script>1</script>", body=NASTY)
    said = get("/").text
    assert "<script>alert" not in said
    assert "<script>1" not in said
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quoted&quot;" in said
    assert "<li>&lt;b&gt;bold&lt;/b&gt;</li>" in said
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', said, re.S)
    assert block
    assert "<" not in block.group(1)


def test_structured_data_say_what_the_page_says(world: World) -> None:
    released(world)
    for address, sponsor in zip(HOMES, ("Ruijin Hospital", "上海交通大学医学院附属瑞金医院"), strict=True):
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', get(address).text, re.S)
        assert found
        told = json.loads(found.group(1))
        assert told["identifier"] == "NCT06339060"
        assert told["sponsor"]["name"] == sponsor
        assert told["status"].endswith("/Recruiting")
        assert len(told["studyLocation"]) == 2


def test_robots_and_sitemap(world: World, settings: Any) -> None:
    released(world)
    robots = get("/robots.txt").text
    assert "Allow: /$" in robots
    assert "Sitemap: http://testserver/sitemap.xml" in robots
    listed = ET.fromstring(get("/sitemap.xml").content)  # noqa: S314 (our own)
    places = [place.text for place in listed.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert places == ["http://testserver/", "http://testserver/zh/"]
    settings.PALACE3_DEMO = True
    assert get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert 'content="noindex"' in get("/").text


def test_the_share_images_are_there() -> None:
    for name in ("share-en.png", "share-zh.png"):
        image = Path(str(finders.find(f"img/{name}"))).read_bytes()
        width, height = (int.from_bytes(image[start : start + 4], "big") for start in (16, 20))
        assert (width, height) == (1200, 630)
        assert len(image) < 300_000


def test_no_default_of_the_study_team_stands_on_the_page(world: World) -> None:
    """Criteria that are not published are not shown; nor is any value of a sister trial."""
    released(world)
    page = public_page("en", at=NOW)
    assert {each.source for each in page.criteria} == {"published"}
    said = get("/").text
    for criterion in load("1.0").criteria:
        assert (criterion.wording.en in said.replace("&#x27;", "'")) == (criterion.source == "published")


def test_the_drawing_tells_each_way_from_the_protocol() -> None:
    protocol = load(settings.PROTOCOL_VERSION)
    for language in ("en", "zh-hans"):
        with translation.override(language):
            facts = {name: words.in_language(language) for name, words in facts_of(protocol).items()}
            first, second = paths_of(protocol, facts)
            assert facts["camrelizumab"] in first.in_words()
            assert facts["camrelizumab"] not in second.in_words()
            assert len(first.fork) == 2
            assert second.fork == ()
            drawing = ET.fromstring(drawn(first))  # noqa: S314 (our own)
            assert drawing.attrib["role"] == "img"
            assert "23" in "".join(drawing.itertext())


def test_lines_of_a_drawing_keep_their_words_and_their_room() -> None:
    english = "Chemotherapy: 5 drips (carboplatin, albumin-bound paclitaxel)"
    assert " ".join(wrapped(english, 200)) == english
    chinese = "化疗：输液 5 次（卡铂、白蛋白结合型紫杉醇）"
    lines = list(wrapped(chinese, 150))
    assert "".join(lines).replace(" ", "") == chinese.replace(" ", "")
    assert not [line for line in lines if line[0] in "，。、）：" or line[-1] in "（"]


def test_paragraphs_and_lists_are_read_as_typed() -> None:
    found = passages_of("One\nline.\r\n\r\nA list:\n- first\n- second\nand on")
    assert [(passage.is_list, passage.lines) for passage in found] == [
        (False, ("One", "line.")),
        (False, ("A list:",)),
        (True, ("first", "second")),
        (False, ("and on",)),
    ]


def test_only_get_and_head_are_answered(world: World) -> None:
    assert Client().head("/").status_code == 200
    assert Client().post("/").status_code == 405


def test_somebody_signed_in_reads_the_same_page_and_finds_the_work_list(world: World) -> None:
    client = Client()
    client.force_login(world.coordinator)
    assert 'href="/work-list/"' in get("/", client).text
    assert PublicText.objects.count() == 0


@pytest.mark.parametrize(
    ("prefers", "address"),
    [
        ("zh-CN,zh;q=0.9", "/zh/"),
        ("zh-TW", "/zh/"),
        ("fr,zh-Hans;q=0.5,en;q=0.4", "/zh/"),
        ("en,zh;q=0.5", None),
        ("fr", None),
        ("", None),
    ],
)
def test_point_24_the_first_visit_is_in_the_language_of_the_browser(
    world: World, prefers: str, address: str | None
) -> None:
    released(world)
    response = Client(headers={"accept-language": prefers}).get("/")
    assert (response.status_code, response.headers.get("Location")) == (
        (302, address) if address else (200, None)
    )
    assert {"Accept-Language", "Cookie"} <= {each.strip() for each in response.headers["Vary"].split(",")}
    assert not response.cookies


def test_point_24_a_reader_of_chinese_may_choose_english_and_stays_there(world: World) -> None:
    released(world)
    chinese = Client(headers={"accept-language": "zh-CN"})
    assert 'href="/?lang=en"' in get("/zh/", chinese).text
    english = get("/?lang=en", chinese)
    assert '<html lang="en">' in english.text
    assert '<a class="pub-brand" href="/?lang=en">' in english.text
    assert '<link rel="canonical" href="http://testserver/">' in english.text


def test_point_24_the_own_setting_of_a_reader_goes_before_the_browser(world: World) -> None:
    released(world)
    reader = Client(headers={"accept-language": "zh-CN"})
    reader.cookies["django_language"] = "en"
    assert '<html lang="en">' in get("/", reader).text
