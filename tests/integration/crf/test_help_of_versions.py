"""Help beside a question says the values of the version under which the record is answered (protocol 1.3, 1.4, 3.5)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from crf import catalogue
from crf.engine.help import on_paper, places
from crf.links import form_url
from crf.page.blank_pdf import blank_html
from protocol.values import is_value
from tests.integration.crf.test_pages import client_of
from tests.versions import amended, shelf
from tests.world import NOW, World, screen
from trials import services as trials

CHAPTERS = ("1.3", "1.4", "3.5")

pytestmark = pytest.mark.django_db

CHANGES = (
    ("200 mg IV, days 1 and 22", "240 mg IV, days 1 and 29"),
    ("200 mg 静脉滴注，第 1、22 天", "240 mg 静脉滴注，第 1、29 天"),
    ("amount = 200", "amount = 240"),
    ("days = [1, 22]", "days = [1, 29]"),
)


def second() -> str:
    text = amended()
    for old, new in CHANGES:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def every_help() -> list[Any]:
    return [
        explained.help
        for form in catalogue.forms().values()
        for explained in (*form.all_questions(), *form.groups.values())
        if explained.help
    ]


def test_rare_04_every_place_in_a_help_names_a_value_of_the_text() -> None:
    named = {name for each in every_help() for name in places(each)}
    assert {"treatment.CAMRELIZUMAB.days", "fact.rt_fractions", "setting.bsa_formula"} <= named
    assert all(is_value(name) for name in named)
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert {name for each in every_help() for name in places(each)} == named


def test_rare_04_no_help_names_a_dose_or_a_number_of_the_text_itself() -> None:
    """What was a number of the protocol in a help text is a place for it now."""
    spoken = [str(each) for each in every_help()]
    assert [
        words for words in spoken if re.search(r"[0-9.]+ (Gy|mg)\b.*protocol|AUC [0-9]|days [0-9]", words)
    ] == []


@pytest.mark.parametrize(
    ("version", "words"), [("1.0", "200 mg on days 1, 22."), ("2.0", "240 mg on days 1, 29.")]
)
def test_rare_04_the_page_says_the_dose_of_the_version_followed(
    world: World, everything: None, tmp_path: Path, version: str, words: str
) -> None:
    with shelf(tmp_path, v2_0=second()):
        participant = screen(world)
        trials.reveal_arm(participant=participant, arm="1", by=world.investigator, at=NOW)
        trials.set_milestone(
            participant=participant, code="RAND", on=NOW.date(), source="test", by=world.investigator, at=NOW
        )
        if version == "2.0":
            _open(world, participant)
        address = form_url(participant.number, "TREAT")
        page = client_of(world.coordinator).get(address)
        assert words in page.text
        assert "%(" not in page.text
        assert "23 fractions by the protocol" in page.text


def _open(world: World, participant: Any) -> None:
    from followup.services import migrate_participants
    from tests.versions import LETTER

    told: dict[str, Any] = {"site": world.site, "version": "2.0", "by": world.trial_manager, "at": NOW}
    trials.record_version_approval(approved_on=NOW.date(), **LETTER, **told)
    opened = trials.open_site_version(reason="Amendment 1", **told)
    migrate_participants(site_version=opened, at=NOW)


def test_rare_04_a_blank_form_names_the_versions_that_differ(tmp_path: Path) -> None:
    form = catalogue.form("TREAT")
    assert "200 mg on days 1, 22." in blank_html(form)
    with shelf(tmp_path, v2_0=second()):
        assert "200 (1.0) / 240 (2.0) mg on days 1, 22 (1.0) / 1, 29 (2.0)." in blank_html(form)
    assert on_paper("%(fact.rt_fractions)s") == "23"
