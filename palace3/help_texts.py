"""What help says: the manual of each role, keys, terms and what is new, from the files of ``palace3/help``.

Both languages stand side by side in one file, so that neither is changed without the other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from accounts.permissions import ADDED_ROLES, Role
from design.terms import HelpTerm, HelpText, glossary, text_of

FOLDER: Final = Path(__file__).resolve().parent / "help"


@dataclass(frozen=True)
class HelpStep:
    """One step of a task, with the name of the page on which it is done."""

    text: HelpText
    page: str = ""


@dataclass(frozen=True)
class HelpTask:
    """What a role does, in steps; ``at`` names the pages on which it is looked for, ``picture`` one of docs/screens."""

    key: str
    title: HelpText
    at: tuple[str, ...]
    steps: tuple[HelpStep, ...]
    picture: str = ""

    def texts(self) -> Iterator[HelpText]:
        yield self.title
        for step in self.steps:
            yield step.text

    def is_about(self, view: str) -> bool:
        return view in self.at or any(step.page == view for step in self.steps)

    def fits(self, words: list[str]) -> bool:
        whole = list(self.texts())
        return HelpText(" ".join(each.en for each in whole), " ".join(each.zh for each in whole)).fits(words)


@dataclass(frozen=True)
class Manual:
    """What one role is for, and its main tasks."""

    role: Role
    about: HelpText
    tasks: tuple[HelpTask, ...]

    def texts(self) -> Iterator[HelpText]:
        yield self.about
        for task in self.tasks:
            yield from task.texts()


@dataclass(frozen=True)
class CommonHelp:
    """What help says to every role."""

    keys: tuple[HelpTerm, ...]
    terms: tuple[HelpTerm, ...]
    news: tuple[HelpText, ...]
    pages: Mapping[str, HelpText]

    def texts(self) -> Iterator[HelpText]:
        """Yield what stands in two languages; the names of keys are the same in both."""
        for key in self.keys:
            yield key.means
        for term in self.terms:
            yield from (term.name, term.means)
        yield from self.news
        yield from self.pages.values()


def read(name: str) -> dict[str, Any]:
    """Return what stands in a file of the folder."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def manuals() -> dict[Role, Manual]:
    """Return the manual of each role that opens pages; one that is given beside another has none."""
    return {role: _manual(role, read(role.value)) for role in Role if role not in ADDED_ROLES}


def manual(role: Role) -> Manual:
    return manuals()[role]


def _manual(role: Role, rows: Mapping[str, Any]) -> Manual:
    return Manual(role, text_of(rows["about"]), tuple(_task(row) for row in rows["tasks"]))


def _task(row: Mapping[str, Any]) -> HelpTask:
    steps = tuple(HelpStep(text_of(step), step.get("page", "")) for step in row["steps"])
    return HelpTask(row["key"], text_of(row["title"]), tuple(row["at"]), steps, row.get("picture", ""))


@lru_cache(maxsize=1)
def common() -> CommonHelp:
    """Return keys, terms, what is new, and names of pages."""
    rows = read("common")
    return CommonHelp(
        keys=tuple(HelpTerm(HelpText(row["key"], row["key"]), text_of(row)) for row in rows["keys"]),
        terms=glossary(),
        news=tuple(text_of(row) for row in rows["news"]),
        pages={name: text_of(row) for name, row in rows["pages"].items()},
    )
