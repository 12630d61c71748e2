"""The scripts that leave with the data print the numbers that the pages show, in Python and in R."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
import zipfile
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from analysis.adam.declarations import TIMES
from analysis.definitions import DEFINITIONS, NEARLY_TELLING
from tests.integration.analysis.played_reports import played_reports

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CHAPTERS = ("6.1", "6.2")
OF_GROUP = ("n", "events", "median", "median_lower", "median_upper", "at36", "at36_lower", "at36_upper")
BETWEEN = ("hr", "hr_lower", "hr_upper", "logrank_p", "diff36", "diff36_lower", "diff36_upper")
NUMBER = r"-?\d+(?:\.\d+)?|–"
Line = tuple[str, ...]


@pytest.fixture
def made(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played_reports(settings, tmp_path_factory)


def printed(made: Path, name: str, *command: str) -> list[Line]:
    """What a script prints from the files of one zip alone."""
    folder = made / f"unpacked-{name}"
    with zipfile.ZipFile(made / f"{name}.zip") as archive:
        archive.extractall(folder)
    run = subprocess.run([command[0], str(folder / command[1])], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    return [tuple(line.split("|")) for line in run.stdout.decode().splitlines()]


def shown(made: Path, name: str) -> dict[tuple[str, str, str], str]:
    """Every number of a page of survival: by endpoint, group and measure."""
    page = (made / f"{name}.html").read_text(encoding="utf-8")
    numbers: dict[tuple[str, str, str], str] = {}
    for section in page.split('<section class="p3-panel" aria-labelledby="')[1:]:
        code = section.partition('"')[0]
        for group, body in re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', section, re.DOTALL):
            found = re.findall(NUMBER, re.sub(r"</td>.*?>| – ", " ", unescape(body)).partition(">")[2])
            key = group.removeprefix("Arm ") if group != "Everybody" else "all"
            numbers |= {(code, key, measure): text for measure, text in zip(OF_GROUP, found, strict=True)}
        facts = re.findall(r"<dd>(.*?)</dd>", section)
        found = [
            text for fact in facts for text in re.findall(NUMBER, fact.replace(" – ", " ").replace("(", " "))
        ]
        if facts:
            numbers |= {
                (code, "between", measure): text for measure, text in zip(BETWEEN, found, strict=True)
            }
    return numbers


def survival(lines: list[Line]) -> dict[tuple[str, str, str], str]:
    return {(line[1], line[2], line[3]): line[4] for line in lines if line[0] == "SURVIVAL"}


@pytest.mark.parametrize(("page", "name"), [("survival-by-arm", "by-arm"), ("survival", "pooled")])
def test_python_prints_the_numbers_of_survival(made: Path, page: str, name: str) -> None:
    numbers = shown(made, page)
    assert len(numbers) > 50
    medians = [text for (_code, _group, measure), text in numbers.items() if measure == "median"]
    assert set(medians) - {"–"}
    told = survival(printed(made, name, sys.executable, "reproduce.py"))
    assert of_the_page(told, numbers, name) == numbers


def of_the_page(
    told: dict[tuple[str, str, str], str], numbers: dict[tuple[str, str, str], str], name: str
) -> dict[tuple[str, str, str], str]:
    """What is told of the endpoints on the page; over both arms it leaves out those that nearly tell the arm."""
    left_out = {code for code, _group, _measure in told} - {code for code, _group, _measure in numbers}
    telling = {each.code for each in TIMES if each.endpoint in NEARLY_TELLING}
    assert left_out == (telling & {code for code, _group, _measure in told} if name == "pooled" else set())
    return {key: text for key, text in told.items() if key[0] not in left_out}


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize(("page", "name"), [("survival-by-arm", "by-arm"), ("survival", "pooled")])
def test_r_prints_the_same(made: Path, page: str, name: str) -> None:
    lines = printed(made, name, "Rscript", "reproduce.R")
    numbers = shown(made, page)
    assert of_the_page(survival(lines), numbers, name) == numbers
    other = printed(made, name, sys.executable, "reproduce.py")
    assert sorted(line for line in lines if line[0] != "SURVIVAL") == sorted(
        line for line in other if line[0] != "SURVIVAL"
    )


@pytest.mark.parametrize(("page", "name"), [("results-by-arm", "by-arm"), ("results", "pooled")])
def test_python_prints_the_counts_of_endpoints(made: Path, page: str, name: str) -> None:
    told: dict[str, list[str]] = {}
    for line in printed(made, name, sys.executable, "reproduce.py"):
        if line[0] == "COUNT":
            told.setdefault(line[1], []).append(line[3])
    text = (made / f"{page}.html").read_text(encoding="utf-8")
    rows = dict(re.findall(r'<tr><th scope="row"><code>(\w+)</code></th>(.*?)</tr>', text, re.DOTALL))
    assert len(rows) > (80 if name == "by-arm" else 40)
    telling = {column for each in DEFINITIONS if each.tells_arm for column in each.columns}
    assert bool(telling & rows.keys()) == (name == "by-arm"), "what nearly tells the arm is told by arm alone"
    for column, body in rows.items():
        found = [plain(cell) for cell in re.findall(r"<td>(.*?)</td>", body, re.DOTALL)]
        assert found == told[column], column


def plain(cell: str) -> str:
    """The words of the page as the script says them."""
    text = unescape(cell).replace("events: ", "events ").replace(" · ", "; ")
    return text.removeprefix("–; ") if text.startswith("–; ") else text


def test_the_flow_adds_up_again(made: Path) -> None:
    page = (made / "flow.html").read_text(encoding="utf-8")
    row = r'participant-flow/([\w-]+)/">[^<]*</a></th><td>[^<]*</td><td class="is-number">(\d+)</td>'
    rows = re.findall(row, page)
    lines = printed(made, "pooled", sys.executable, "reproduce.py")
    assert {line[1]: line[2] for line in lines if line[0] == "FLOW"} == {
        box: number for box, number in rows if number != "0"
    }


def test_the_data_tell_the_arm_to_the_statistician_alone(made: Path) -> None:
    with zipfile.ZipFile(made / "pooled.zip") as archive:
        assert {"ADSL.csv", "ADTTE.csv", "ADAE.csv", "FLOW.csv", "reproduce.py", "reproduce.R"} <= set(
            archive.namelist()
        )
        rows = list(csv.DictReader(archive.read("ADSL.csv").decode("utf-8-sig").splitlines()))
    assert {row["TRTPN"] for row in rows} == {"all"}
    assert "ARM" not in rows[0]
