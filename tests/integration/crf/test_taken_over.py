"""Answers that another form has already are shown, and taken over by a press (protocol 3.1 to 3.3)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crf import catalogue
from tests.integration.crf.conftest import Save, everything, save, screened
from tests.integration.crf.test_pages import client_of, form_url
from tests.unit.crf.examples import demographics, eligibility
from tests.world import World
from trials.models import Participant

CHAPTERS = ("3.1", "3.3")
__all__ = ["everything", "save", "screened"]  # fixtures

pytestmark = pytest.mark.django_db


def known(page: str) -> dict[str, tuple[str, str, bool]]:
    """What is offered: by question, its source and words, what is taken over, and whether it is offered."""
    found: dict[str, tuple[str, str, bool]] = {}
    for name, part in re.findall(r'id="q-(\w+)"(.*?)(?=id="q-|</form>)', page, re.DOTALL):
        said = re.search(
            r'class="p3-q-note p3-known"><span>(.*?)</span>.*?data-take="(.*?)"( hidden)?>', part
        )
        if said:
            found[name] = (
                re.sub("<.*?>", "", said[1]),
                said[2].replace("&quot;", '"'),
                not said[3],
            )
    return found


def opened(client: Any, participant: Participant, code: str) -> str:
    page: str = client.get(form_url(participant, code)).content.decode()
    return page


def test_ecog_and_stage_of_the_eligibility_form_are_offered_on_the_others(
    screened: Participant, world: World, save: Save
) -> None:
    client = client_of(world.coordinator)
    assert known(opened(client, screened, "DM")) == known(opened(client, screened, "STAGE")) == {}
    save(screened, "ELIG", values={**eligibility.VALUES, "ecog": "1", "ct_e": "T3"})
    offered = known(opened(client, screened, "DM"))
    source, typed, is_offered = offered["ecog"]
    assert (source.startswith("Eligibility, "), typed, is_offered) == (True, '["1"]', True)
    assert offered.keys() == {"ecog"}
    assert known(opened(client, screened, "STAGE")).keys() == {"ct", "cn", "cm"}
    # and nothing is offered any more once it is answered alike
    save(screened, "DM", values={**demographics.VALUES, "ecog": "1"})
    assert known(opened(client, screened, "DM"))["ecog"][2] is False


def test_who_only_reads_is_offered_nothing(screened: Participant, world: World, save: Save) -> None:
    save(screened, "ELIG", values=eligibility.VALUES)
    assert known(opened(client_of(world.data_manager), screened, "DM")) == {}


def test_without_scripts_a_press_takes_the_answer_over_and_saves_nothing(
    screened: Participant, world: World, save: Save, everything: None
) -> None:
    save(screened, "ELIG", values={**eligibility.VALUES, "ecog": "1"})
    client = client_of(world.coordinator)
    page = opened(client, screened, "DM")
    bare = " ".join(re.findall("<noscript>(.*?)</noscript>", page, re.DOTALL))
    # Enter presses the first button of a form: without scripts that is Save
    assert re.findall(r'name="_action" value="(.*?)"', bare) == ["save", "take ecog"]
    answer = client.post(
        form_url(screened, "DM"), {"_action": "take ecog", "ecog__why": "NK", "weight": "61"}
    )
    taken = answer.content.decode()
    assert (answer.status_code, stored_records(screened)) == (200, 0)
    assert re.search(r'name="ecog" value="1"[^>]* checked', taken)
    assert 'value="61"' in taken
    assert 'value="61"' in opened(client, screened, "DM"), "it is kept as anything typed is"
    # what no other form has stays as it is
    assert client.post(form_url(screened, "DM"), {"_action": "take weight"}).status_code == 200


def stored_records(participant: Participant) -> int:
    return catalogue.form("DM").model.objects.filter(participant=participant).count()
