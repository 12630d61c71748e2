"""Variables of the environment: one table, and every secret also as a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kernel.environment import READS_ITS_OWN_FILE, VARIABLES, EnvironmentRefused, example_lines, take_files
from palace3.packages import PACKAGES

ROOT = Path(__file__).parents[3]
NAMED = re.compile(r"""\b(?:environ(?:\.get\(|\[)|_flag\(|_number\()\s*["']([A-Z][A-Z0-9_]+)["']""")
# The program's own word to Django, and words that PostgreSQL's and Python's own programs know.
OF_OTHERS = {"DJANGO_SETTINGS_MODULE"}


@pytest.mark.parametrize(
    "secret", [v.name for v in VARIABLES if v.secret and v.name not in READS_ITS_OWN_FILE]
)
def test_every_secret_may_be_a_file(tmp_path: Path, secret: str) -> None:
    (tmp_path / "secret").write_text("of-the-safe\n")
    environment = {f"{secret}_FILE": str(tmp_path / "secret")}
    take_files(environment)
    assert environment[secret] == "of-the-safe"


def test_a_file_that_is_missing_or_doubled_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentRefused, match="SECRET_KEY_FILE names"):
        take_files({"SECRET_KEY_FILE": str(tmp_path / "nothing")})
    (tmp_path / "secret").write_text("a")
    with pytest.raises(EnvironmentRefused, match="SECRET_KEY and SECRET_KEY_FILE are both set"):
        take_files({"SECRET_KEY_FILE": str(tmp_path / "secret"), "SECRET_KEY": "b"})


def test_every_variable_that_the_code_reads_stands_in_the_table() -> None:
    read: set[str] = set()
    for package in set(PACKAGES) - {"demo"}:
        for path in (ROOT / package).rglob("*.py"):
            read |= set(NAMED.findall(path.read_text(encoding="utf-8")))
    files = {f"{v.name}_FILE" for v in VARIABLES if v.secret}
    assert read - OF_OTHERS - files - {v.name for v in VARIABLES} == set()


def test_compose_reads_only_what_the_example_names() -> None:
    asked = set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    asked -= {line.partition("=")[0] for line in (ROOT / "deploy/images").read_text("utf-8").splitlines()}
    assert asked - {v.name for v in VARIABLES} == set()
    named = "\n".join(example_lines())
    assert all(re.search(rf"^(?:# )?{name}=", named, re.MULTILINE) for name in asked)
    assert not [v.name for v in VARIABLES if v.secret and v.example], "a secret has no example"
