"""The scripts of reproduction on made-up times: they print what the product's own statistics say, at 36 months too."""

from __future__ import annotations

import csv
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.adam.declarations import TIMES
from analysis.reproduction.data import FOLDER, SCRIPTS
from analysis.survival_report import EVERYBODY, SurvivalOfEndpoint, survival_of_endpoint
from protocol.statistics.observations import Observation

CHAPTERS = ("6.1",)
COMMANDS = {"reproduce.py": sys.executable, "reproduce.R": "Rscript"}
Made = dict[tuple[str, str, str], str]


def made_up(seed: int, groups: tuple[str, ...], number: int, *, events: bool = True) -> list[Observation]:
    """Times with many ties around the landmark, some of them past it."""
    chance = random.Random(seed)
    return [
        Observation(
            float(chance.choice((0, 90, 365, 700, 1096, 1097, chance.randrange(1, 1800)))),
            int(events and chance.random() < 0.6),
            chance.choice(groups),
        )
        for _each in range(number)
    ]


CASES = {
    "two arms": made_up(1, ("1", "2"), 80),
    "one group": made_up(2, (EVERYBODY,), 30),
    "no event": made_up(3, ("1", "2"), 20, events=False),
    "one arm spared": [Observation(float(day), int(day < 500), "1") for day in range(0, 1200, 100)]
    + [Observation(float(day), 0, "2") for day in range(50, 1250, 100)],
    "all dead": [Observation(float(day), 1, "1") for day in (10, 20, 30)]
    + [Observation(float(day), 1, "2") for day in (15, 20, 1200)],
}


def written(folder: Path, seen: list[Observation]) -> None:
    for name in SCRIPTS:
        shutil.copy(FOLDER / f"{name}.txt", folder / name)
    for name, head, rows in (
        ("FLOW.csv", ("SUBJID", "BOX"), [("01-0001", "followed")]),
        ("ADSL.csv", ("SUBJID", "TRTPN", "CCR"), [("01-0001", seen[0].group, "Y")]),
        (
            "ADTTE.csv",
            ("PARAMCD", "COMPETING", "TRTPN", "AVAL", "CNSR"),
            [("OS", "N", each.group, int(each.time), 1 - each.cause) for each in seen],
        ),
    ):
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as lines:
            csv.writer(lines).writerows([head, *rows])


def told(each: SurvivalOfEndpoint) -> Made:
    said = {("OS", group, name): text for group, cells in each.groups.items() for name, text in cells.items()}
    return said | {("OS", "between", name): text for name, text in each.between.items()}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("case", CASES)
def test_a_script_prints_what_the_product_says(tmp_path: Path, case: str, script: str) -> None:
    if shutil.which(COMMANDS[script]) is None:
        pytest.skip("R is not installed")
    seen = CASES[case]
    written(tmp_path, seen)
    run = subprocess.run([COMMANDS[script], str(tmp_path / script)], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    lines = [line.split("|") for line in run.stdout.decode().splitlines()]
    printed = {(line[1], line[2], line[3]): line[4] for line in lines if line[0] == "SURVIVAL"}
    assert printed == told(survival_of_endpoint(TIMES[0], seen))
    assert ["FLOW", "followed", "1"] in lines
