"""An amendment in words: nothing differs between two versions that is not among its points (protocol 1, 2, 7)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from protocol.amendment import ADDED, CHANGED, PARTS, REMOVED, AmendmentPoint, points, reads_of
from protocol.loader.schema import BilingualText, Offset, Source, Window
from protocol.text import ProtocolText, parse
from protocol.windows import target_of
from tests.versions import FIRST, amended

CHAPTERS = ("1.3", "1.4", "2.2", "7")

OLD = parse(FIRST)
# Told apart from the points: the page's head says them, and block sizes are said nowhere.
APART = {
    ("head", "version"),
    ("head", "released_on"),
    ("head", "summary"),
    ("randomization", "scheme_default"),
}
NAMES = {"code", "key", "start", "to", "arms", "kind", "anchor", "unknown"}
PARTS_OF_TEXT = tuple(field.name for field in dataclasses.fields(ProtocolText))


def other(value: Any) -> Any:
    """A value of the same kind that says something else."""
    if isinstance(value, BilingualText):
        return BilingualText(value.en + " (amended)", value.zh + "（修订）")
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, date):
        return value.replace(year=value.year + 1)
    if isinstance(value, tuple):
        return value[:-1]
    return "published" if value != "published" else "default"


def leaves(text: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value that a file may say otherwise.

    Codes and anchors name other things; ``unknown`` says that there is no value.
    """
    if dataclasses.is_dataclass(text) and not isinstance(text, BilingualText):
        for field in dataclasses.fields(text):
            names_another = bool(path) and field.name in NAMES
            if (*path, field.name)[:2] not in APART and not names_another:
                yield from leaves(getattr(text, field.name), (*path, field.name))
    elif isinstance(text, tuple) and text and dataclasses.is_dataclass(text[0]):
        for index, item in enumerate(text):
            yield from leaves(item, (*path, index))
    elif text is not None and text != ():
        yield path


def changed(text: Any, path: tuple[Any, ...]) -> Any:
    if not path:
        return other(text)
    step, *rest = path
    if isinstance(step, int):
        return (*text[:step], changed(text[step], tuple(rest)), *text[step + 1 :])
    return dataclasses.replace(text, **{step: changed(getattr(text, step), tuple(rest))})


WAYS = list(leaves(OLD))


KINDS_OF_VALUE: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
for _way in WAYS:
    KINDS_OF_VALUE.setdefault(tuple(step for step in _way if not isinstance(step, int)), []).append(_way)


@pytest.mark.parametrize("kind", KINDS_OF_VALUE, ids=".".join)
def test_rare_05_no_value_changes_without_a_point(kind: tuple[Any, ...]) -> None:
    """Property: whichever value of the text is amended, in every item that has it, each of them has its point."""
    new, items = OLD, {way[:2] for way in KINDS_OF_VALUE[kind]}
    for way in KINDS_OF_VALUE[kind]:
        new = changed(new, way)
    found = [point for point in points(OLD, new) if point.before != point.after]
    assert found
    assert len(found) >= len(items)


def test_rare_05_the_same_text_has_no_points_and_no_part_is_forgotten() -> None:
    assert points(OLD, OLD) == ()
    assert len(WAYS) > 2000
    assert len(PARTS) == len(PARTS_OF_TEXT) == len({way[0] for way in WAYS})


def said(*changes: tuple[str, str]) -> dict[str, AmendmentPoint]:
    source = amended("1.1")
    for before, after in changes:
        assert before in source
        source = source.replace(before, after, 1)
    return {f"{each.part} {each.code}": each for each in points(OLD, parse(source))}


def test_rare_05_an_added_and_a_removed_visit_are_told_whole() -> None:
    found = said()
    new, gone = found["visit AS-15"], found["visit AS-16"]
    assert (new.kind, new.before, gone.kind, gone.after) == (ADDED, None, REMOVED, None)
    assert new.after is not None
    assert new.after.en.startswith(
        "When: 15 months after end of neoadjuvant treatment (NEO_END); window from 21"
    )
    assert "Forms: CRE, QOL, AS, AE, LB" in new.after.en
    assert new.after.zh.startswith("时间：新辅助治疗结束（NEO_END）后 15 个月")
    assert gone.title == BilingualText("Surveillance, month 16 (AS-16)", "主动监测，第 16 个月（AS-16）")


def test_rare_05_a_limit_a_criterion_and_a_dose_are_told_old_beside_new() -> None:
    found = said(
        (
            'value = 75\nsource = "default"\nsection = "7.9"',
            'value = 90\nsource = "default"\nsection = "7.9"',
        ),
        ("pregnant or breast-feeding", "pregnant, breast-feeding or planning a pregnancy"),
        ("200 mg IV, days 1 and 22 (two doses, flat)", "240 mg IV, days 1 and 22 (two doses, flat)"),
        ("200 mg 静脉滴注", "240 mg 静脉滴注"),
        ("amount = 200", "amount = 240"),
    )
    limit = found["setting neoadjuvant_platelets_min"]
    assert (limit.kind, limit.before, limit.after) == (
        CHANGED,
        BilingualText("75", "75"),
        BilingualText("90", "90"),
    )
    assert reads_of(limit) == ("setting.neoadjuvant_platelets_min",)
    criterion = found["criterion E-5"]
    assert criterion.after is not None
    assert "planning a pregnancy" in criterion.after.en
    dose = found["treatment CAMRELIZUMAB"]
    assert (dose.arms, dose.after) == (("1",), BilingualText("240 mg", "240 mg"))


def test_rare_05_block_sizes_are_in_no_point() -> None:
    blocks = dataclasses.replace(OLD.randomization.scheme_default, block_sizes=(2, 8))
    other_blocks = dataclasses.replace(OLD.randomization, scheme_default=blocks)
    assert points(OLD, dataclasses.replace(OLD, randomization=other_blocks)) == ()


@pytest.mark.parametrize(
    ("offset", "day"),
    [
        (Offset(Source("default"), months=12, days=14), date(2027, 6, 4)),
        (Offset(Source("default"), months=12, weeks=2), date(2027, 6, 4)),
        (Offset(Source("default"), months=12), date(2027, 5, 21)),
        (Offset(Source("default"), weeks=54), date(2027, 6, 3)),
    ],
)
def test_rare_04_twelve_months_and_two_weeks_can_be_written(offset: Offset, day: date) -> None:
    assert target_of(offset, date(2026, 5, 21)) == day
    assert Window(Source("default")).before is None
