"""The file that ``allocation_list simulate`` writes, examined as a stranger would: by its columns alone.

The command is run as a stranger runs it: a process with an empty environment, no database, no secret.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import combinations
from math import comb
from pathlib import Path

import pytest

CHAPTERS = ("1.9",)

REPOSITORY = Path(__file__).resolve().parents[3]
COLUMNS = ["stratum", "sequence", "block", "block_size", "arm", "participant", "at"]
STRATA = [f"{site:02d}/{stage}" for site in range(1, 7) for stage in ("II", "III", "IVA")]
PER_STRATUM = 1000
# 99.99 % points of chi-square by degrees of freedom: a fair list of a pinned seed stays far below.
LIMIT = {1: 15.14, 5: 25.74, 19: 50.80}

Row = dict[str, str]


def ask_for(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "allocation_list", "simulate", *words]
    return subprocess.run(command, cwd=REPOSITORY, env={}, capture_output=True, text=True, check=False)


def simulate(folder: Path, seed: str, per_stratum: int = PER_STRATUM) -> bytes:
    out = folder / f"{seed}-{per_stratum}.csv"
    done = ask_for("--seed", seed, "--per-stratum", str(per_stratum), "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out.read_bytes()


def read(content: bytes) -> list[Row]:
    return list(csv.DictReader(content.decode("utf-8").splitlines()))


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return simulate(tmp_path_factory.mktemp("simulated"), "20261")


@pytest.fixture(scope="module")
def rows(content: bytes) -> list[Row]:
    return read(content)


@pytest.fixture(scope="module")
def blocks(rows: list[Row]) -> dict[str, list[list[Row]]]:
    """The blocks of each stratum, in order; the last of a stratum may be cut."""
    found: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row["stratum"]][int(row["block"])].append(row)
    return {stratum: [numbered[n] for n in sorted(numbered)] for stratum, numbered in found.items()}


def complete(blocks: dict[str, list[list[Row]]]) -> list[list[Row]]:
    return [block for each in blocks.values() for block in each if len(block) == int(block[0]["block_size"])]


def chi_square(counts: Counter[str], cells: int) -> float:
    expected = sum(counts.values()) / cells
    return sum((count - expected) ** 2 / expected for count in counts.values()) + expected * (
        cells - len(counts)
    )


def test_columns_strata_and_sequences(rows):
    assert list(rows[0]) == COLUMNS
    for stratum in STRATA:
        own = [int(row["sequence"]) for row in rows if row["stratum"] == stratum]
        assert own == list(range(1, PER_STRATUM + 1))
    assert len(rows) == len(STRATA) * PER_STRATUM
    assert {(row["participant"], row["at"]) for row in rows} == {("", "")}


def test_block_sizes_are_those_of_the_scheme_and_each_complete_block_is_balanced(blocks):
    for stratum, each in blocks.items():
        numbers = [int(block[0]["block"]) for block in each]
        assert numbers == list(range(1, len(each) + 1)), stratum
        for block in each[:-1]:
            assert len(block) == int(block[0]["block_size"])
    for block in complete(blocks):
        assert len(block) in (4, 6)
        assert Counter(row["arm"] for row in block) == dict.fromkeys("12", len(block) // 2)


@pytest.mark.parametrize("size", [4, 6])
def test_patterns_are_uniform(blocks, size):
    patterns = Counter("".join(row["arm"] for row in b) for b in complete(blocks) if len(b) == size)
    assert len(patterns) == comb(size, size // 2)
    assert chi_square(patterns, len(patterns)) < LIMIT[len(patterns) - 1]


def test_the_order_of_sizes_says_nothing_about_the_next(blocks):
    sizes = {stratum: [int(block[0]["block_size"]) for block in each] for stratum, each in blocks.items()}
    assert chi_square(Counter(str(size) for each in sizes.values() for size in each), 2) < LIMIT[1]
    for lag in (1, 2, 3):
        alike = Counter(
            str(a == b) for each in sizes.values() for a, b in zip(each, each[lag:], strict=False)
        )
        assert chi_square(alike, 2) < LIMIT[1]
    assert len({tuple(each[:40]) for each in sizes.values()}) == len(STRATA)


def test_no_stratum_drifts_by_more_than_half_the_largest_block(rows):
    ahead: Counter[str] = Counter()
    worst = 0
    for row in rows:
        ahead[row["stratum"]] += 1 if row["arm"] == "1" else -1
        worst = max(worst, abs(ahead[row["stratum"]]))
    assert worst == 3


def test_no_two_strata_are_alike_or_go_together(rows):
    arms = {s: [row["arm"] for row in rows if row["stratum"] == s] for s in STRATA}
    for one, other in combinations(STRATA, 2):
        agreeing = sum(a == b for a, b in zip(arms[one], arms[other], strict=True))
        assert abs(agreeing - PER_STRATUM / 2) < 4.5 * (PER_STRATUM / 4) ** 0.5, (one, other)


def test_a_seed_gives_one_file_and_another_seed_another(content, rows, tmp_path):
    assert simulate(tmp_path, "20261") == content
    shorter = read(simulate(tmp_path, "20261", 60))
    assert shorter == [row for row in rows if int(row["sequence"]) <= 60]
    other = read(simulate(tmp_path, "20262", 60))
    by_stratum = [
        {s: "".join(r["arm"] for r in each if r["stratum"] == s) for s in STRATA} for each in (shorter, other)
    ]
    assert not set(by_stratum[0].values()) & set(by_stratum[1].values())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("--seed", "5", "--per-stratum", "4", "--out", "."),
            "The file . cannot be written: Is a directory.",
        ),
        (("--seed", "5", "--per-stratum", "-1"), "'-1' is not a whole number from 0 to 1000000."),
        (("--seed", "5", "--per-stratum", "9" * 5000), "is not a whole number from 0 to 1000000."),
        (("--seed", "5", "--per-stratum", "4", "--sites", "0"), "'0' is not a whole number from 1 to 99."),
        (("--seed", " ", "--per-stratum", "4"), "the seed is empty"),
        (("--seed", "5", "--per-stratum", "4", "--blocks", "5"), "A block size is not a multiple of the sum"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_a_sentence(words, sentence):
    done = ask_for(*words)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_no_place_and_an_odd_number_of_places(tmp_path):
    assert simulate(tmp_path, "5", 0).decode() == ",".join(COLUMNS) + "\n"
    assert len(read(simulate(tmp_path, "9" * 100, 7))) == 7 * len(STRATA)
