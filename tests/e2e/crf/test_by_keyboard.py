"""A form of sixty fields from its first answer to the save, by the keyboard alone."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crf.engine.codelists import CodeList
from crf.engine.conditions import Is
from crf.engine.declaration import FormSection
from crf.engine.questions import QuestionKind
from tests.e2e.crf.test_form_page import Clinic, browser
from tests.unit.crf.small import ask, rows, small

__all__ = ["browser"]  # fixture

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]

K = QuestionKind
DRUGS = CodeList("DRUGS", {f"D{number}": f"drug {number}" for number in range(12)})
NUMBERS = [ask(f"number_{n}", hard=(0, 999), soft=(1, 90)) for n in range(20)]
DECIMALS = [ask(f"decimal_{n}", K.DECIMAL, places=1, unit="mmol/L") for n in range(10)]
CHOICES = [ask(f"choice_{n}", K.CHOICE, required=True) for n in range(12)]
LISTS = [ask(f"drug_{n}", K.CHOICE, codes=DRUGS) for n in range(4)]
DAYS = [ask(f"day_{n}", K.DATE) for n in range(6)]
TEXTS = [ask(f"text_{n}", K.TEXT) for n in range(4)]
TICKS = [ask("colours", K.MULTIPLE)]
LATER = [ask("why_not", K.TEXT, shown_when=Is("choice_0", "N"), required_when=Is("choice_0", "N"))]
ALONE = [*NUMBERS, *DECIMALS, *CHOICES, *LISTS, *DAYS, *TEXTS, *LATER, *TICKS]
NODES = rows("nodes", ask("examined", hard=(0, 150)), ask("positive", hard=(0, 150)))
FORM = small(
    *ALONE,
    groups=(NODES,),
    sections=(
        FormSection("counts", "Counts", tuple(each.name for each in [*NUMBERS, *DECIMALS])),
        FormSection("choices", "Choices", tuple(each.name for each in [*CHOICES, *LATER, *LISTS])),
        FormSection("rest", "Rest", tuple(each.name for each in [*DAYS, *TEXTS, *TICKS])),
        FormSection("table", "Table", ("nodes",)),
    ),
)


@pytest.fixture
def opened(browser: Any) -> Any:
    hospital = Clinic(FORM)
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(hospital.address)
    yield tab, hospital
    tab.close()
    hospital.server.shutdown()
    hospital.server.server_close()


def focused(tab: Page) -> str:
    name: str = tab.evaluate("document.activeElement.name || ''")
    return name


def tab_to(tab: Page, name: str, key: str = "Tab") -> None:
    for _press in range(60):
        if focused(tab) == name:
            return
        tab.keyboard.press(key)
    raise AssertionError(f"{name} is not reached by {key}; the focus is on {focused(tab)!r}")


def answer(tab: Page, name: str, *keys: str) -> None:
    """Type an answer where Enter has led to, and go on with Enter."""
    assert focused(tab) == name
    for key in keys:
        if key == "Space":
            tab.keyboard.press(key)
        else:
            tab.keyboard.type(key)
    tab.keyboard.press("Enter")


def test_point_12_sixty_fields_are_answered_and_saved_by_the_keyboard_alone(opened: Any) -> None:
    tab, hospital = opened
    assert len(ALONE) + len(NODES.questions) == 60
    # given the first field, reached past the keys and the parts of the form
    tab_to(tab, "number_0")
    # when each answer is typed and left by Enter: numbers,
    for number in range(20):
        answer(tab, f"number_{number}", str(number + 1))
    for number in range(10):
        answer(tab, f"decimal_{number}", f"{number}.5")
    # choices by digit or code, of which one makes another question appear,
    for number in range(12):
        answer(tab, f"choice_{number}", "n" if number == 0 else "1")
        if number == 0:
            assert tab.locator("#q-why_not").is_visible()
    answer(tab, "why_not", "refused")
    for number in range(4):
        answer(tab, f"drug_{number}", f"drug {number}")
    # days in any of the usual forms, texts,
    for number, typed in enumerate(
        ("5 Mar 2025", "28/11/2025", "20250305", "today", "2025年3月5日", "2025.3.5")
    ):
        answer(tab, f"day_{number}", typed)
    for number in range(4):
        answer(tab, f"text_{number}", f"words {number}")
    # a tick, and two rows of a table, the second of which Enter adds
    answer(tab, "colours", "Space")
    tab_to(tab, "nodes-0-examined", "Enter")
    answer(tab, "nodes-0-examined", "12")
    answer(tab, "nodes-0-positive", "3")
    answer(tab, "nodes-1-examined", "7")
    # then nothing is missing, and Ctrl+S saves everything
    expect(tab.locator("[data-missing]")).to_be_hidden()
    tab.keyboard.press("Control+s")
    tab.wait_for_url("**/save")
    sent = {name: texts for name, texts in hospital.sent.items() if not name.startswith("_")}
    assert [sent[f"number_{n}"] for n in range(20)] == [[str(n + 1)] for n in range(20)]
    assert [sent[f"decimal_{n}"] for n in range(10)] == [[f"{n}.5"] for n in range(10)]
    assert [sent[f"choice_{n}"] for n in range(12)] == [["N"]] + [["Y"]] * 11
    assert [sent[f"drug_{n}"] for n in range(4)] == [[f"D{n}"] for n in range(4)]
    days = ["2025-03-05", "2025-11-28", "2025-03-05", "2026-06-01", "2025-03-05", "2025-03-05"]
    assert [sent[f"day_{n}"] for n in range(6)] == [[day] for day in days]
    assert [sent[f"text_{n}"] for n in range(4)] == [[f"words {n}"] for n in range(4)]
    assert (sent["why_not"], sent["colours"]) == (["refused"], ["red"])
    assert (sent["nodes-0-positive"], sent["nodes-1-examined"]) == (["3"], ["7"])


def test_point_12_a_refusal_a_doubt_and_a_missing_answer_are_settled_by_the_keyboard(opened: Any) -> None:
    tab, hospital = opened
    # given an impossible number and an unusual one
    tab_to(tab, "number_0")
    answer(tab, "number_0", "5000")
    answer(tab, "number_1", "95")
    tab.keyboard.press("Control+s")
    tab.wait_for_selector(".p3-errors")
    tab.wait_for_load_state()  # Enter leads on once the page is whole
    tab.locator(".p3-errors:focus, .p3-errors :focus").wait_for()
    # when the link of the refusal is taken and the number corrected
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert focused(tab) == "number_0"
    tab.keyboard.press("Control+a")
    answer(tab, "number_0", "50")
    # and the unusual one is confirmed
    assert focused(tab) == "number_1"
    tab_to(tab, "_confirm:number_1:soft")
    tab.keyboard.type("Measured twice")
    # and the menu of the next field says why it has no answer
    tab_to(tab, "number_2")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab_to(tab, "number_2__why")
    tab.keyboard.type("not known")
    # then Alt+M leads to the first missing answer, and Ctrl+Enter saves and goes on
    tab.keyboard.press("Alt+m")
    assert focused(tab) == "choice_0"
    tab.keyboard.press("Control+Enter")
    expect(tab.locator("#id-number_0")).to_have_value("50")
    assert hospital.sent["_action"] == ["next"]
    assert hospital.sent["_confirm:number_1:soft"] == ["Measured twice"]
    assert hospital.sent["number_2__why"] == ["NK"]


def test_point_12_the_keys_are_written_on_the_page(opened: Any) -> None:
    tab, _hospital = opened
    for _press in range(5):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.closest('.p3-keys') !== null"):
            break
    tab.keyboard.press("Enter")
    keys = [" ".join(text.split()) for text in tab.locator(".p3-keys dt").all_inner_texts()]
    wanted = [
        "Enter",
        "1 2 3",
        "Delete",
        "Tab Enter",
        "Alt + M",
        "Alt + N",
        "Alt + ↓",
        "Ctrl + S",
        "Ctrl + Enter",
    ]
    assert [key.replace(" + ", "+").replace("+", " + ") for key in keys] == wanted
