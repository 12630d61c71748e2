"""The papers keep their own rules: numbers without gaps, a status for each, a word once in the glossary."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "adr"
FILES = sorted(DECISIONS.glob("[0-9]*.md"))
HEAD = re.compile(
    r"# (?P<number>\d+)\. (?P<title>.+)\n\n- \*\*Date:\*\* (?P<date>\d{4}-\d\d-\d\d)(?: \(.+\))?\n"
    r"- \*\*Status:\*\* (?P<status>accepted|superseded by (?P<by>\d+))\n"
)
ROW = re.compile(r"^\| (\d+) \| \[(.+)\]\((.+)\) \| (\d{4}-\d\d-\d\d) \| (.+) \|$", re.MULTILINE)
RULE = re.compile(r"^\| ([CE]?)(\d+) \|(?: [^|]+ \|){2,} ([^|]+) \|$", re.MULTILINE)
STATUS = re.compile(r"met|(partly|open): .+|open")


def head_of(path: Path) -> re.Match[str]:
    head = HEAD.match(path.read_text())
    assert head, f"{path.name} begins with its number and title, **Date** and **Status**"
    return head


def terms_of(text: str) -> list[str]:
    """The first cell of each row of the glossary's tables, in lower case, without its head."""
    cells = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    words = [re.sub(r" \(.+?\)", "", cell) for cell in cells if cell != "word"]
    return [term.strip("` ").lower() for word in words for term in word.split(",")]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in FILES] == list(range(1, len(FILES) + 1))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_decision_has_number_date_and_status(path: Path) -> None:
    head = head_of(path)
    assert int(head["number"]) == int(path.name[:4])
    assert head["by"] is None or int(head["by"]) <= len(FILES)


def test_decisions_are_in_order_of_date() -> None:
    days = [date.fromisoformat(head_of(path)["date"]) for path in FILES]
    assert days == sorted(days)


def test_the_index_lists_every_decision_as_it_stands() -> None:
    listed = ROW.findall((DECISIONS / "README.md").read_text())
    heads = [(path.name, head_of(path)) for path in FILES]
    assert listed == [
        (head["number"], head["title"], name, head["date"], head["status"]) for name, head in heads
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_decision_is_one_page(path: Path) -> None:
    assert len(path.read_text().split()) <= 700, "say it shorter, or make it two decisions"


def test_a_word_stands_once_in_the_glossary() -> None:
    terms = terms_of((ROOT / "docs" / "glossary.md").read_text())
    assert [term for term, times in Counter(terms).items() if times > 1] == []


def test_the_reader_of_the_glossary_sees_a_word_that_stands_twice() -> None:
    assert terms_of("| word | means |\n|---|---|\n| site | a |\n| Site (again), `visit` | b |") == [
        "site",
        "site",
        "visit",
    ]


@pytest.mark.parametrize("letter", ["", "C", "E"])
def test_requirements_are_numbered_without_gaps(letter: str) -> None:
    """A number stays with its rule, so that "requirement 12" in code leads to the same rule for good."""
    rules = RULE.findall((ROOT / "docs" / "requirements.md").read_text())
    numbers = [int(number) for before, number, _status in rules if before == letter]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= {"": 68, "C": 25, "E": 12}[letter]


def test_every_requirement_says_how_far_it_is_met() -> None:
    rules = RULE.findall((ROOT / "docs" / "requirements.md").read_text())
    assert [letter + number for letter, number, status in rules if not STATUS.fullmatch(status)] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "quick-starts").glob("[a-z]*.md")), ids=lambda path: path.stem
)
def test_a_quick_start_shows_its_pages_in_both_languages(path: Path) -> None:
    halves = path.read_text(encoding="utf-8").split("\n---\n")
    for language, half in zip(("en", "zh"), halves, strict=True):
        pictures = re.findall(r"!\[.+\]\((.+)\)", half)
        assert pictures
        assert all(f".{language}." in each and (path.parent / each).exists() for each in pictures), pictures


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "quick-starts").glob("[a-z]*.md")), ids=lambda path: path.stem
)
def test_a_quick_start_names_what_stands_on_the_pages(path: Path) -> None:
    """What is emphasised in English and quoted in Chinese is a text of the program, or the code of a form."""
    texts: dict[str, str] = {}
    for entry in polib.pofile(ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"):
        texts |= {entry.msgid: entry.msgstr} | dict.fromkeys(entry.msgstr_plural.values(), "")
    english, chinese = path.read_text(encoding="utf-8").split("\n---\n")
    named = set(re.findall(r"(?<!\*)\*([A-Z][^*\n]+?)\.?\*(?!\*)", english.replace("**", "")))
    assert {name for name in named if name not in texts and not re.fullmatch("[A-Z]+", name)} == set()
    spaceless = {text.replace(" ", "") for text in texts.values()}
    quoted = set(re.findall(r"“([^”\n]+)”", chinese))
    assert {
        each for each in quoted if not any(text.startswith(each.replace(" ", "")) for text in spaceless)
    } == set()
