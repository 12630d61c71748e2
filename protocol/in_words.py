"""What the parts of a protocol text say, in words of both languages (protocol 1, 2 and 7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from protocol.loader.schema import Anchoring, BilingualText, Offset, Scalar, Sourced, Window

if TYPE_CHECKING:
    from protocol.text import ProtocolText

UNKNOWN = BilingualText("unknown", "未知")
NONE = BilingualText("none", "无")
YES, NO = BilingualText("yes", "是"), BilingualText("no", "否")


def same(words: str) -> BilingualText:
    """Words that are the same in both languages, such as codes and numbers."""
    return BilingualText(words, words)


def joined(parts: Iterable[BilingualText], *, en: str = ", ", zh: str = "、") -> BilingualText:
    """The parts one after the other, or "none" where there are none."""
    listed = list(parts)
    if not listed:
        return NONE
    return BilingualText(en.join(each.en for each in listed), zh.join(each.zh for each in listed))


def value_words(value: Scalar | None) -> BilingualText:
    """One value of the text; what is not set is unknown."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, tuple):
        return joined(same(str(item)) for item in value)
    return same(f"{value:g}" if isinstance(value, float) else str(value))


def offset_words(offset: Offset) -> BilingualText:
    """How far a target lies from its anchor: "12 months and 14 days"."""
    units = (
        (offset.months, "month", "个月"),
        (offset.weeks, "week", "周"),
        (offset.days, "day", "天"),
    )
    said = [
        BilingualText(f"{number} {unit}{'' if abs(number) == 1 else 's'}", f"{number} {zh}")
        for number, unit, zh in units
        if number is not None
    ]
    return joined(said, en=" and ", zh="又 ")


def window_words(window: Window) -> BilingualText:
    """The days allowed, counted from the anchor or from the target."""
    if window.opens is not None:
        return BilingualText(
            f"window from day {window.opens} to day {window.closes}, counted from the same date",
            f"时间窗自同一日期起第 {window.opens} 天至第 {window.closes} 天",
        )
    return BilingualText(
        f"window from {window.before} days before to {window.after} days after",
        f"时间窗为提前 {window.before} 天至推后 {window.after} 天",
    )


def anchoring_words(text: ProtocolText, due: Anchoring | None) -> BilingualText:
    """When a visit is due: "12 months after end of neoadjuvant treatment (NEO_END); window from …"."""
    if due is None:
        return NONE
    name, offset, window = text.milestone(due.anchor).name, offset_words(due.target), window_words(due.window)
    return BilingualText(
        f"{offset.en} after {name.en} ({due.anchor}); {window.en}",
        f"{name.zh}（{due.anchor}）后 {offset.zh}；{window.zh}",
    )


def forms_words(forms: Iterable[Sourced]) -> BilingualText:
    """The forms that are due, by their codes."""
    return joined(same(form.code) for form in forms)


def procedures_words(text: ProtocolText, procedures: Iterable[Sourced]) -> BilingualText:
    """What is done, by the names of the procedures."""
    return joined(text.procedure(each.code).name for each in procedures)


def days_words(days: tuple[int, ...]) -> BilingualText:
    """The days of treatment on which something is given."""
    listed = ", ".join(map(str, days))
    return BilingualText(
        f"day {listed}" if len(days) == 1 else f"days {listed}", f"第 {'、'.join(map(str, days))} 天"
    )
