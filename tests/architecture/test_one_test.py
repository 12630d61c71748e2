"""``make t`` runs tests of pure modules without Django, and every other test with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.one_test import are_pure, files_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "pure"),
    [
        (["tests/protocol/test_staging.py"], True),
        (["tests/protocol/test_staging.py::test_x", "-x", "-k", "stage"], True),
        (["tests/unit/protocol", "tests/unit/randomization/test_merkle.py"], True),
        (["tests/unit/crf/test_conditions.py"], True),
        (["tests/unit/crf/test_treatment.py"], False),  # a form is a model
        (["tests/protocol/test_staging.py", "tests/unit/crf/test_treatment.py"], False),
        (["tests/integration/crf"], False),
        (["tests/architecture/test_acts_in_words.py"], False),  # imports Django inside a function
        (["-x"], False),  # every test
        ([], False),
    ],
)
def test_which_tests_need_no_django(arguments: list[str], pure: bool) -> None:
    assert are_pure(files_of(arguments)) is pure


def test_a_test_that_asks_for_the_database_needs_django(tmp_path: Path) -> None:
    plain, asking = tmp_path / "test_plain.py", tmp_path / "test_asking.py"
    plain.write_text("def test_it(tmp_path): ...\n")
    asking.write_text("def test_it(db): ...\n")
    assert (are_pure([plain]), are_pure([asking])) == (True, False)


def test_a_pure_file_passes_without_django() -> None:
    answer = subprocess.run(
        [
            sys.executable,
            "scripts/one_test.py",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/unit/protocol/test_windows.py",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_django_cannot_be_imported_where_it_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (tmp_path / "test_sly.py").write_text("def test_it():\n    __import__('django.conf')\n")
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "import of django halted" in answer.stdout or "'django' is not a package" in answer.stdout
