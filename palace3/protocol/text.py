"""The protocol as a text that can be reviewed, loaded once (design.md 3, protocol.md 1, 2 and 7)."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from palace3.protocol import agreement, questions
from palace3.protocol.lines import LineIndex
from palace3.protocol.reading import Place, ProtocolTextError, build
from palace3.protocol.shapes import (
    ARM_CODES,
    PUBLISHED,
    Arm,
    Conflict,
    Criterion,
    Fact,
    Milestone,
    Move,
    OpenQuestion,
    Procedure,
    Randomization,
    Reason,
    Scalar,
    Setting,
    Text,
    Track,
    Treatment,
    Trigger,
    Version,
    VisitRule,
)

__all__ = ["ProtocolText", "ProtocolTextError", "load", "parse"]

VERSIONS = Path(__file__).parent / "versions"


@dataclass(frozen=True)
class ProtocolText:
    """One version of the protocol."""

    head: Version
    facts: tuple[Fact, ...]
    conflicts: tuple[Conflict, ...]
    criteria: tuple[Criterion, ...]
    arms: tuple[Arm, ...]
    treatments: tuple[Treatment, ...]
    randomization: Randomization = field(repr=False)
    settings: tuple[Setting, ...]
    milestones: tuple[Milestone, ...]
    tracks: tuple[Track, ...]
    moves: tuple[Move, ...]
    procedures: tuple[Procedure, ...]
    visits: tuple[VisitRule, ...]
    triggers: tuple[Trigger, ...]
    reasons: tuple[Reason, ...]

    @property
    def version(self) -> str:
        """The number of this version, such as ``1.0``."""
        return self.head.version

    def fact(self, code: str) -> Fact:
        """The fact ``code``; KeyError when the text has none."""
        return _coded(self.facts, code)

    def setting(self, key: str) -> Scalar | None:
        """The value of the setting ``key``; None while it is unknown, KeyError when there is none."""
        return self.setting_entry(key).value

    def setting_entry(self, key: str) -> Setting:
        """The setting ``key`` with its source and question."""
        return _coded(self.settings, key)

    def criterion(self, code: str) -> Criterion:
        """The eligibility criterion ``code``, such as ``E-1``."""
        return _coded(self.criteria, code)

    def arm(self, code: str) -> Arm:
        """The arm ``1`` or ``2``."""
        return _coded(self.arms, code)

    def milestone(self, code: str) -> Milestone:
        """The milestone ``code``, such as ``NEO_END``."""
        return _coded(self.milestones, code)

    def track(self, code: str) -> Track:
        """The track ``code``, such as ``SURVEILLANCE``."""
        return _coded(self.tracks, code)

    def procedure(self, code: str) -> Procedure:
        """The procedure ``code``, such as ``PET_CT``."""
        return _coded(self.procedures, code)

    def trigger(self, code: str) -> Trigger:
        """The triggered form or task ``code``."""
        return _coded(self.triggers, code)

    def reason(self, code: str) -> Text:
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
    top = Place(LineIndex(source), ())
    text = build(ProtocolText, tables, top)
    agreement.check(text, top)
    return text


@functools.cache
def load(version: str = "1.0") -> ProtocolText:
    """Version ``version`` of the protocol, read once."""
    return parse((VERSIONS / f"{version}.toml").read_text(encoding="utf-8"))
