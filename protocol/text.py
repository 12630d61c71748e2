"""The protocol as a text that can be reviewed, loaded once (architecture 3; protocol 1, 2 and 7)."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

from protocol import questions
from protocol.loader import agreement, carried, consistency
from protocol.loader.locate import LineIndex
from protocol.loader.parse import ProtocolTextError, TextLocation, build
from protocol.loader.schema import (
    ARM_CODES,
    PUBLISHED,
    Arm,
    BilingualText,
    Conflict,
    Criterion,
    MilestoneRule,
    Move,
    OpenQuestion,
    Procedure,
    Randomization,
    Scalar,
    Setting,
    TrackRule,
    TreatmentPlan,
    TrialFact,
    Trigger,
    Version,
    VisitReason,
    VisitRule,
)

__all__ = [
    "ProtocolText",
    "ProtocolTextError",
    "digest_of",
    "later_than",
    "load",
    "parse",
    "read_from",
    "source_of",
    "versions",
]

VERSIONS = Path(__file__).parent / "versions"
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)+")


@dataclass(frozen=True)
class ProtocolText:
    """One version of the protocol."""

    head: Version
    facts: tuple[TrialFact, ...]
    conflicts: tuple[Conflict, ...]
    criteria: tuple[Criterion, ...]
    arms: tuple[Arm, ...]
    treatments: tuple[TreatmentPlan, ...]
    randomization: Randomization = field(repr=False)
    settings: tuple[Setting, ...]
    milestones: tuple[MilestoneRule, ...]
    tracks: tuple[TrackRule, ...]
    moves: tuple[Move, ...]
    procedures: tuple[Procedure, ...]
    visits: tuple[VisitRule, ...]
    triggers: tuple[Trigger, ...]
    reasons: tuple[VisitReason, ...]

    @property
    def version(self) -> str:
        """The number of this version, such as ``1.0``."""
        return self.head.version

    def fact(self, code: str) -> TrialFact:
        """The fact ``code``; KeyError when the text has none."""
        return _coded(self.facts, code)

    def setting(self, key: str) -> Scalar | None:
        """The value of the setting ``key``; None while it is unknown, KeyError when there is none."""
        return self.setting_entry(key).value

    def setting_entry(self, key: str) -> Setting:
        """The setting ``key`` with its source and question."""
        for setting in self.settings:
            if setting.key == key:
                return setting
        raise KeyError(key)

    def criterion(self, code: str) -> Criterion:
        """The eligibility criterion ``code``, such as ``E-1``."""
        return _coded(self.criteria, code)

    def arm(self, code: str) -> Arm:
        """The arm ``1`` or ``2``."""
        return _coded(self.arms, code)

    def treatment(self, code: str) -> TreatmentPlan:
        """The component of the neoadjuvant treatment ``code``, such as ``CARBOPLATIN``."""
        return _coded(self.treatments, code)

    def milestone(self, code: str) -> MilestoneRule:
        """The milestone ``code``, such as ``NEO_END``."""
        return _coded(self.milestones, code)

    def track(self, code: str) -> TrackRule:
        """The track ``code``, such as ``SURVEILLANCE``."""
        return _coded(self.tracks, code)

    def procedure(self, code: str) -> Procedure:
        """The procedure ``code``, such as ``PET_CT``."""
        return _coded(self.procedures, code)

    def trigger(self, code: str) -> Trigger:
        """The triggered form or task ``code``."""
        return _coded(self.triggers, code)

    def reason(self, code: str) -> BilingualText:
        """Why a visit with this reason code is planned, in words."""
        return _coded(self.reasons, code).text

    def visit(self, code: str, arm: str | None = None) -> VisitRule:
        """The row of the schedule for ``code``, of ``arm`` where arms differ; KeyError when there is none."""
        return _coded((rule for rule in self.visits if arm is None or arm in rule.arms), code)

    def visits_for(self, arm: str | None) -> tuple[VisitRule, ...]:
        """The rows of the schedule for one arm; before allocation, those that both arms share."""
        needed = ARM_CODES if arm is None else {arm}
        return tuple(rule for rule in self.visits if needed <= set(rule.arms))

    def open_questions(self) -> tuple[OpenQuestion, ...]:
        """Everything that is not published, in the order of the text (protocol 0.1), block sizes hidden."""
        return tuple(question for question in questions.asked_by(self) if question.source != PUBLISHED)


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


Item = TypeVar("Item", bound=_Coded)


def _coded(items: Iterable[Item], code: str) -> Item:
    for item in items:
        if item.code == code:
            return item
    raise KeyError(code)


def parse(source: str) -> ProtocolText:
    """The protocol text written in ``source``; a ProtocolTextError names the line of what is wrong."""
    try:
        tables = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else source.count("\n") + 1
        raise ProtocolTextError(line, f"This is not TOML: {error}.") from error
    top = TextLocation(LineIndex(source), ())
    text = build(ProtocolText, tables, top)
    consistency.check(text, top)
    carried.check(text, top)
    agreement.check(text, top)
    return text


def load(version: str) -> ProtocolText:
    """Version ``version`` of the protocol, read once; LookupError when the shelf has none of that number."""
    return _read(_shelf.folder, version)


def source_of(version: str) -> str:
    """The words of version ``version`` as its file had them when it was read; LookupError when there is none."""
    load(version)
    return _source(_shelf.folder, version)


def digest_of(version: str) -> str:
    """What stands for every letter of version ``version``: SHA-256 of its file as it was read."""
    return hashlib.sha256(source_of(version).encode()).hexdigest()


def versions() -> tuple[str, ...]:
    """The numbers of the versions on the shelf, oldest first: 1.9 comes before 1.10."""
    return _listed(_shelf.folder)


def newest() -> ProtocolText:
    """Return the last version of the text: what the trial as a whole assumes and plans stands there."""
    return load(versions()[-1])


def later_than(version: str) -> tuple[str, ...]:
    """The versions on the shelf that follow ``version``."""
    return tuple(each for each in versions() if _rank(each) > _rank(version))


def read_from(folder: Path = VERSIONS) -> tuple[ProtocolText, ...]:
    """Versions are read from ``folder`` from now on; each is whole and follows the one before, or nothing starts.

    A ProtocolTextError names the file and the line.
    """
    texts = tuple(_read(folder, version) for version in _listed(folder))
    if not texts:
        raise ProtocolTextError(1, "There is no version of the protocol in this folder.", str(folder))
    for earlier, later in pairwise(texts):
        _check_next(folder, earlier, later)
    _shelf.folder = folder
    return texts


class _Shelf:
    """The folder that holds the versions: one for the whole program, chosen when it starts."""

    folder = VERSIONS


_shelf = _Shelf()


def _rank(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@functools.cache
def _listed(folder: Path) -> tuple[str, ...]:
    for file in folder.glob("*.toml"):
        if not NUMBER.fullmatch(file.stem):
            raise ProtocolTextError(1, "The file must be named after its version, as in 1.1.toml.", file.name)
    return tuple(sorted((file.stem for file in folder.glob("*.toml")), key=_rank))


@functools.cache
def _source(folder: Path, version: str) -> str:
    return (folder / f"{version}.toml").read_text(encoding="utf-8")


@functools.cache
def _read(folder: Path, version: str) -> ProtocolText:
    file = folder / f"{version}.toml"
    if not NUMBER.fullmatch(version) or not file.exists():
        raise LookupError(f"There is no version {version} of the protocol in {folder}.")
    source = _source(folder, version)
    try:
        text = parse(source)
        if text.version != version:
            line = LineIndex(source).line(("head", "version"))
            raise ProtocolTextError(line, f"The file says that it is version {text.version!r}.")
    except ProtocolTextError as error:
        raise ProtocolTextError(error.line, error.message, file.name) from error
    return text


def _check_next(folder: Path, earlier: ProtocolText, later: ProtocolText) -> None:
    file = folder / f"{later.version}.toml"
    try:
        top = TextLocation(LineIndex(file.read_text(encoding="utf-8")), ())
        consistency.check_next(earlier, later, top)
        carried.check_next(earlier, later, top)
    except ProtocolTextError as error:
        raise ProtocolTextError(error.line, error.message, file.name) from error
