"""What is committed serves anybody, anywhere: no address of a package host, no path of one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written in two halves, so that this file passes its own test.
PACKAGE_HOSTS = [
    "pypi." + "org", "pythonhosted." + "org", "registry." + "npmjs", "npmmirror." + "com", "deb." + "debian.org",
    "archive." + "ubuntu.com", "--" + "index-url", "--" + "find-links", "tuna." + "tsinghua",
]  # fmt: skip
MACHINE_PATH = re.compile(r"(?<![\w./{}$-])/(?:root|work|home/\w+|Users/\w+|opt/(?!palace3/)\w+)/")
BINARY = {".xz", ".png", ".jpg", ".ico", ".woff2", ".pdf", ".gz", ".zip", ".xlsx"}


def tracked() -> list[Path]:
    answer = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if answer.returncode:
        pytest.skip("this is not a clone: there is no list of tracked files")
    paths = [ROOT / name for name in answer.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() or path.is_symlink()]


def texts() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in tracked()
        if path.suffix not in BINARY and path.is_file()
    }


def test_no_address_of_a_package_host() -> None:
    assert [(name, host) for name, text in texts().items() for host in PACKAGE_HOSTS if host in text] == []


def test_no_path_of_one_machine() -> None:
    found = [
        (name, match.group())
        for name, text in texts().items()
        if (match := MACHINE_PATH.search(text)) is not None
    ]
    assert found == []


def test_every_requirement_is_pinned_with_a_hash() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text().replace("\\\n", " ")
        loose = [
            line for line in text.splitlines() if line and line[0] != "#" and "--hash=sha256:" not in line
        ]
        assert loose == [], path.name


def test_what_is_made_is_not_committed() -> None:
    folders = {"node_modules", "assets", "var", ".venv", "staticfiles"}
    assert [path for path in tracked() if path.relative_to(ROOT).parts[0] in folders] == []
    assert [path for path in tracked() if path.suffix in {".mo", ".pyc"}] == []
