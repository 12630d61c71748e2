"""Colours and density are a person's own, on every device."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.world import World

pytestmark = pytest.mark.django_db
PAGE = "/accounts/appearance/"


@pytest.mark.parametrize(
    ("theme", "dark", "contrast"),
    [
        ("", "screen and (prefers-color-scheme: dark)", "screen and (prefers-contrast: more)"),
        ("light", None, "screen and (prefers-contrast: more)"),
        ("dark", "screen", "screen and (prefers-contrast: more)"),
        ("contrast", "screen and (prefers-color-scheme: dark)", "screen"),
    ],
)
def test_point_01_what_a_person_chose_stands_on_every_page_in_every_browser(
    world: World, theme: str, dark: str | None, contrast: str
) -> None:
    here, elsewhere = Client(), Client()
    here.force_login(world.coordinator)
    elsewhere.force_login(world.coordinator)
    assert here.post(PAGE, {"theme": theme, "density": "compact"}, follow=True).status_code == 200
    page = elsewhere.get("/participants/").text
    assert ' data-density="compact"' in page
    assert ("dark.css" in page) is (dark is not None)
    assert dark is None or f'dark.css" media="{dark}"' in page
    assert f'contrast.css" media="{contrast}"' in page
    # and of nobody else
    stranger = Client()
    stranger.force_login(world.investigator)
    assert "data-density" not in stranger.get("/participants/").text


def test_point_01_what_is_no_choice_is_refused(world: World) -> None:
    client = Client()
    client.force_login(world.coordinator)
    assert client.post(PAGE, {"theme": "pink"}).status_code == 422
