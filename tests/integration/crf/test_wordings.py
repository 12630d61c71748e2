"""The licensed wording of a questionnaire: loaded as a whole by a command, shown on the page and on paper."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from crf.catalogue import form
from crf.models import QuestionnaireText
from crf.page.blank_pdf import blank_html
from crf.store.licensed_wording import wordings_of
from followup.services import add_unscheduled_visit
from kernel.row_keys import row_key
from tests.integration.crf.test_pages import client_of
from tests.world import NOW, TODAY, World
from trials.models import Participant

CHAPTERS = ("3.14",)

pytestmark = pytest.mark.django_db


def written(folder: Path, *, leave_out: int = 0, more: str = "") -> str:
    lines = [f'{number},"made-up words {number}"' for number in range(1, 49) if number != leave_out]
    file = folder / "words.csv"
    file.write_text("\n".join(["item,text", *lines, "c30,made-up scale", more]), encoding="utf-8")
    return str(file)


def load(file: str, **changes: Any) -> str:
    out = StringIO()
    said = {"language": "en", "licence": "Agreement 12", "stdout": out} | changes
    call_command("load_questionnaire", file, **said)
    return out.getvalue()


def test_the_blank_report_of_a_serious_event_tells_its_two_parts_apart() -> None:
    paper = blank_html(form("SAE"), before=[form("AE")])
    assert "<h2>Event</h2>" not in paper
    assert paper.count(" – Event</h2>") == 2


def test_the_words_are_loaded_once_and_only_what_changed_is_written(everything: None, tmp_path: Path) -> None:
    assert load(written(tmp_path)).startswith("49 of 49")
    assert load(written(tmp_path)).startswith("0 of 49")
    words = wordings_of(form("QOL"), "en")
    assert (words["q7"], words["c30"], len(words)) == ("made-up words 7", "made-up scale", 49)
    assert wordings_of(form("QOL"), "zh-hans") == {}
    row = QuestionnaireText.objects.get(item="q7")
    assert (row.act.verb, row.act.reason, len(row.digest)) == ("crf:wording:load", "Agreement 12", 64)


@pytest.mark.parametrize(
    ("file", "changes", "says"),
    [
        ({"leave_out": 9}, {}, "q9"),
        ({"more": "49,too many"}, {}, "q49"),
        ({"more": "7,again"}, {}, "two texts for q7"),
        ({"more": f"oes18,{'x' * 501}"}, {}, "longer than 500"),
        ({}, {"licence": " "}, "licence"),
    ],
)
def test_a_file_that_is_not_whole_changes_nothing(
    everything: None, tmp_path: Path, file: dict[str, Any], changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(CommandError, match=says):
        load(written(tmp_path, **file), **changes)
    assert not QuestionnaireText.objects.exists()


def test_a_file_that_cannot_be_read_is_refused(everything: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        load(str(tmp_path / "none.csv"))
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CommandError, match="columns item and text"):
        load(str(file))


def test_page_and_paper_show_them(operated: Participant, world: World, tmp_path: Path) -> None:
    visit = add_unscheduled_visit(
        participant=operated, took_place_on=TODAY, forms=["QOL"], why="Test", by=world.coordinator, at=NOW
    )
    url = reverse("crf:form", args=[operated.number, "QOL"]) + f"?visit={row_key(visit)}"
    coordinator = client_of(world.coordinator)
    assert "Item 7" in coordinator.get(url).content.decode()
    load(written(tmp_path))
    assert "Item 7 · made-up words 7" in coordinator.get(url).content.decode()
    paper = blank_html(form("QOL"), wordings_of(form("QOL"), "en"))
    assert "Item 7 · made-up words 7" in paper
    assert "made-up scale" in paper
