"""Every citation leads somewhere: sections, checks, decisions, requirements, ADRs, links and paths."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from palace3.citations import SPECIFICATION, chapter_of, cited, sections

ROOT = Path(__file__).resolve().parents[2]
READ = {".py", ".md", ".html", ".txt", ".toml", ".js", ".css", ".sh", ".yml"}
KNOWN = sections(ROOT)

CHECK = re.compile(r"\b(X\d{3})[a-z]?\b")
DECISION = re.compile(r"\b[Dd]ecisions? ([A-E]\d(?:(?:, | and | to )[A-E]\d)*)")
ITEM = re.compile(r"protocol (\d+\.\d+), ([a-z]+_[a-z_0-9]+)")
ADR = re.compile(r"\bADRs? (\d+(?:(?:, | and )\d+)*)\b")
REQUIREMENT = re.compile(r"\brequirements? ([CE]?\d+(?:(?:, | and | to |-|–)[CE]?\d+)*)\b")
LINK = re.compile(r"(?<!\\)\[[^\]\[]*(?:\[[^\]]*\][^\]\[]*)*\]\(([^)\s]+)\)")
PAGE = re.compile(r"\bdocs/[\w/.-]+\.md\b")
PATH = re.compile(r"`([\w./*-]+)`")
ARCHITECTURE = re.compile(r"\barchitecture (\d+(?:(?:, | and )\d+)*)\b")
# Papers outside the repository, written in two halves, so that this file passes its own test.
OUTSIDE = re.compile(
    r"(?<![\w/-])(?:(?:design|style|platform|words|house|protocol)\." + r"md\b|(?:design|style|issue),? \d"
    r"|\(issue" + r":)",
    re.IGNORECASE,
)


@cache
def texts() -> dict[str, str]:
    """Path and text of every file of the repository that people write."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if listed.returncode:
        pytest.skip("this is not a clone: there is no list of files")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in paths
        if path.suffix in READ and path.is_file() and not path.is_symlink()
    }


def pages() -> dict[str, str]:
    return {name: text for name, text in texts().items() if name.endswith(".md")}


def matches(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for name, text in texts().items():
        for match in pattern.finditer(text):
            yield name, match


def numbers(listed: str) -> list[str]:
    return re.findall(r"[A-E]?\d+", listed)


# ---- The specification ---------------------------------------------------------------------------------------


def test_every_section_is_there() -> None:
    lost = [
        (name, section)
        for name, text in texts().items()
        for section in cited(text, KNOWN)
        if section not in KNOWN
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("(protocol 3.13)", ["3.13"]),
        ("protocol 2.5, 3.9", ["2.5", "3.9"]),
        ("protocol 2.4-2.6", ["2.4", "2.5", "2.6"]),
        ("protocol 3.4 F to G", ["3.4 F", "3.4 G"]),
        ("(requirements 28, protocol\n    # 1.9 and 3.2, row by row)", ["1.9", "3.2"]),
        ("protocol 2.6, 24 hours", ["2.6"]),
        ("Chapters 1, 2, 7; and more", ["1", "2", "7"]),
        ("protocol " + "9.9", ["9.9"]),
        ("the protocol has 3 arms", []),
    ],
)
def test_how_a_citation_is_read(text: str, numbers: list[str]) -> None:
    assert list(cited(text, KNOWN)) == numbers


def test_sections_of_the_protocol_text_are_there() -> None:
    def named(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (inner for key, inner in value.items() if key == "section" and isinstance(inner, str))
            yield from (section for inner in value.values() for section in named(inner))
        elif isinstance(value, list):
            yield from (section for inner in value for section in named(inner))

    versions = [name for name in texts() if re.fullmatch(r".*protocol/versions/[\d.]+\.toml", name)]
    assert versions
    for name in versions:
        assert set(named(tomllib.loads(texts()[name]))) - KNOWN.keys() == set(), name


def test_every_item_is_in_its_section() -> None:
    bodies = section_texts()
    lost = [(name, match.group()) for name, match in matches(ITEM) if match[2] not in bodies[match[1]]]
    assert lost == []


def section_texts() -> dict[str, str]:
    """What stands under each heading "N.N", its parts included."""
    bodies = {}
    for page in (ROOT / SPECIFICATION).glob("[0-9]-*.md"):
        for part in re.split(r"(?m)^## ", page.read_text(encoding="utf-8"))[1:]:
            bodies[chapter_of(part)] = part
    return bodies


def test_every_check_is_there() -> None:
    known = set(re.findall(r'^\| <a id="x\d{3}"></a>(X\d{3}) \|', section_texts()["3.17"], re.MULTILINE))
    assert len(known) > 50
    assert [(name, match.group()) for name, match in matches(CHECK) if match[1] not in known] == []


def test_every_decision_is_there_and_stands_in_a_section() -> None:
    listed = set(re.findall(r'<a id="([a-e]\d)"></a>', (ROOT / SPECIFICATION / "decisions.md").read_text()))
    named = {(name, one) for name, match in matches(DECISION) for one in numbers(match[1])}
    assert {(name, one) for name, one in named if one.lower() not in listed} == set()
    in_sections = {one.lower() for name, one in named if re.match(r"docs/protocol/\d", name)}
    assert listed - in_sections == set()


def test_the_contents_name_every_section() -> None:
    contents = (ROOT / SPECIFICATION / "README.md").read_text(encoding="utf-8")
    assert [
        number
        for number, title in KNOWN.items()
        if " " not in number and f"[{number} {title}]" not in contents
    ] == []


# ---- The other papers ----------------------------------------------------------------------------------------


def test_every_adr_is_there() -> None:
    known = {int(path.name[:4]) for path in (ROOT / "docs/adr").glob("[0-9][0-9][0-9][0-9]-*.md")}
    lost = [
        (name, match.group()) for name, match in matches(ADR) if {int(n) for n in numbers(match[1])} - known
    ]
    assert lost == []


def test_every_section_of_the_architecture_is_there() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    known = set(re.findall(r"(?m)^## (\d+)\.", text))
    lost = [(name, match.group()) for name, match in matches(ARCHITECTURE) if set(numbers(match[1])) - known]
    assert lost == []


def test_every_requirement_is_there() -> None:
    text = (ROOT / "docs/requirements.md").read_text(encoding="utf-8")
    known = set(re.findall(r"(?m)^(?:\|\s*|#+ |\*\*|- \*\*)(?:<a [^>]*></a>\s*)?\**([CE]?\d+)\b", text))
    named = [(name, one) for name, match in matches(REQUIREMENT) for one in re.findall(r"[CE]?\d+", match[1])]
    assert [(name, one) for name, one in named if one not in known] == []


def test_nothing_is_cited_that_a_reader_cannot_open() -> None:
    assert [(name, match.group()) for name, match in matches(OUTSIDE)] == []


# ---- Links and paths -----------------------------------------------------------------------------------------


def without_code(text: str) -> str:
    return re.sub(r"(?ms)^```.*?^```", "", text)


def anchors(page: Path) -> set[str]:
    """Anchors of a page: its headings as GitHub names them, and those set by hand."""
    text = without_code(page.read_text(encoding="utf-8"))
    named = set(re.findall(r'<a id="([^"]+)">', text))
    for title in re.findall(r"(?m)^#{1,6} (.+)$", text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        again = (f"{anchor}-{number}" for number in count(1))
        named.add(anchor if anchor not in named else next(name for name in again if name not in named))
    return named


def test_every_link_leads_somewhere() -> None:
    dead = []
    for name, text in pages().items():
        for target in LINK.findall(without_code(text)):
            path, _, anchor = target.partition("#")
            if "://" in target or target.startswith("mailto:"):
                continue
            page = (ROOT / name).parent / path if path else ROOT / name
            if not page.exists() or (anchor and anchor not in anchors(page)):
                dead.append((name, target))
    assert dead == []


def test_every_page_that_is_named_is_there() -> None:
    assert [
        (name, match.group()) for name, match in matches(PAGE) if not (ROOT / match.group()).exists()
    ] == []


def test_every_path_in_backticks_is_there() -> None:
    """A path is one that begins with a folder or a file of the repository, such as `crf/models.py` or `docs/adr/`."""
    tops = {name.split("/")[0] for name in texts()} - {"README.md"}
    lost = [
        (name, path)
        for name, text in pages().items()
        for path in PATH.findall(without_code(text))
        if path.split("/")[0] in tops and "/" in path and not list(ROOT.glob(path.rstrip("/")))
    ]
    assert lost == []
