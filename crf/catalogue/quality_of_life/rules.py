"""Scores of the quality of life form, and what has to hold around it (protocol 3.14, 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from crf.engine.answers import AnswerRow
from protocol import qol

LAST_OF_C30 = 30
SEVEN_POINT = (29, 30)
REVERSED = "setting.oes18_dysphagia_reversed"
SCALES = {scale.code: scale for scale in (*qol.C30_SCALES, *qol.OES18_SCALES)}
C30 = tuple(scale.code for scale in qol.C30_SCALES)
OES18 = tuple(scale.code for scale in qol.OES18_SCALES)
ITEMS = tuple(f"q{number}" for number in range(1, 49))
COUNTED = ("q_done", "q_inst", *ITEMS)


@cache
def reads_of(code: str) -> tuple[str, ...]:
    """Return what a scale is computed from."""
    numbers = range(1, LAST_OF_C30 + 1) if code == qol.SUMMARY else SCALES[code].items
    items = tuple(f"q{number}" for number in numbers)
    return (*items, "q_by", "q_double", *((REVERSED,) if code == "OESDYS" else ()))


def direction_of(code: str) -> str:
    """Say whether a high score is good or bad (protocol 5.1)."""
    if code == "OESDYS":
        return "said"
    return "good" if code == qol.SUMMARY or SCALES[code].kind is not qol.ScaleKind.SYMPTOM else "bad"


def scored(code: str) -> Callable[..., Decimal | None]:
    """Make the function of one scale; a proxy is not scored, an item ticked twice is missing."""

    def compute(q_by: str | None, q_double: list[AnswerRow], **known: Any) -> Decimal | None:
        if q_by in (None, "proxy"):
            return None
        reversed_ = code == "OESDYS" and known.pop("setting_oes18_dysphagia_reversed")
        twice = {f"q{row['d_item']}" for row in q_double}
        answers: dict[str | int, object] = {name: value for name, value in known.items() if name not in twice}
        if code in OES18:
            return qol.score_oes18(answers, dysphagia_reversed=reversed_)[code]
        return qol.score_c30(answers)[code]

    return compute


def direction_of_dysphagia(q_done: str, setting_oes18_dysphagia_reversed: bool) -> str | None:
    if q_done != "Y":
        return None
    return "high_is_worse" if setting_oes18_dysphagia_reversed else "high_is_better"


def asked_items(q_inst: list[str] | None) -> tuple[str, ...]:
    """Return the items of the instruments that were handed out."""
    given = set(q_inst or ())
    first = ITEMS[:LAST_OF_C30] if "c30" in given else ()
    return first + (ITEMS[LAST_OF_C30:] if "oes18" in given else ())


def blank_items(q_done: str | None, q_inst: list[str] | None, **answers: str | None) -> int | None:
    """Return how many items of the instruments handed out have no answer."""
    if q_done != "Y" or not q_inst:
        return None
    return sum(answers[name] is None for name in asked_items(q_inst))


def blanks_explained(q_blank: int, q_double: list[AnswerRow]) -> bool:
    """Say whether each blank item is one that was ticked twice."""
    return q_blank <= len({row["d_item"] for row in q_double if row["d_item"]})


def twice_is_blank(q_double: list[AnswerRow], **answers: str | None) -> bool:
    return all(answers.get(f"q{row['d_item']}") is None for row in q_double)


def not_all_the_same(q_inst: list[str] | None, **answers: str | None) -> bool:
    """Say whether the answers of four points differ; one answer to everything is looked at."""
    asked = [name for name in asked_items(q_inst) if int(name[1:]) not in SEVEN_POINT]
    given = [answers[name] for name in asked if answers[name] is not None]
    return len(given) < len(asked) / 2 or len(set(given)) > 1


def near_due(q_done_dt: date, q_due: date, setting_qol_window_days: int) -> bool:
    return abs((q_done_dt - q_due).days) <= setting_qol_window_days


def before_the_arm_is_known(q_done_dt: date, milestone_rand: date) -> bool:
    return q_done_dt <= milestone_rand
