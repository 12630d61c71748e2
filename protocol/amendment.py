"""What one version of the protocol changes against an earlier one, point by point, in words of both languages.

Every value that differs is a point: an ethics committee reads them, and nothing changes that is not among them.
Block sizes are never said; an amendment cannot change them (protocol 1.9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from protocol.in_words import (
    NONE,
    UNKNOWN,
    anchoring_words,
    days_words,
    forms_words,
    joined,
    procedures_words,
    same,
    value_words,
)
from protocol.loader.schema import Anchoring, BilingualText, Scalar, VisitRule
from protocol.text import ProtocolText

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
Aspects = Mapping[str, BilingualText]

# What each part of the text is called, in the order in which the points are told.
PARTS: Mapping[str, BilingualText] = {
    "head": BilingualText("Trial", "试验"),
    "criterion": BilingualText("Eligibility", "入排标准"),
    "arm": BilingualText("Arms", "治疗组"),
    "treatment": BilingualText("Treatment", "治疗"),
    "visit": BilingualText("Visits", "访视"),
    "milestone": BilingualText("Milestones", "里程碑"),
    "trigger": BilingualText("Forms and tasks opened by an event", "由事件触发的表单与任务"),
    "setting": BilingualText("Limits and rules", "限值与规则"),
    "fact": BilingualText("Facts of the trial", "试验基本信息"),
    "move": BilingualText("Moves between states", "状态转换"),
    "track": BilingualText("States", "状态"),
    "procedure": BilingualText("Procedures", "检查与操作"),
    "reason": BilingualText("Reasons of visits", "访视安排的理由"),
    "randomization": BilingualText("Randomization", "随机化"),
    "conflict": BilingualText("Conflicts between public sources", "公开资料之间的冲突"),
}
# What is compared of an item, in the words of the page.
ASPECTS: Mapping[str, BilingualText] = {
    "value": BilingualText("Value", "取值"),
    "wording": BilingualText("Wording", "文字"),
    "plain": BilingualText("In a patient's words", "面向患者的说明"),
    "kind": BilingualText("Kind", "类别"),
    "enforced": BilingualText("Applies", "是否执行"),
    "name": BilingualText("Name", "名称"),
    "label": BilingualText("Label", "标签"),
    "after": BilingualText("After neoadjuvant treatment", "新辅助治疗之后"),
    "arms": BilingualText("Arms", "适用组"),
    "dose": BilingualText("Dose", "剂量"),
    "days": BilingualText("Given on", "给药日"),
    "amount": BilingualText("Amount of one dose", "单次剂量"),
    "route": BilingualText("Route", "途径"),
    "due": BilingualText("When", "时间"),
    "until_known": BilingualText("When, while that date is not known", "该日期未知时的时间"),
    "condition": BilingualText("For whom", "适用对象"),
    "forms": BilingualText("Forms", "表单"),
    "procedures": BilingualText("What is done", "检查与操作"),
    "series": BilingualText("Series", "系列"),
    "merges": BilingualText("Merges with", "可合并访视"),
    "latest_day": BilingualText("Latest day", "最迟日"),
    "every": BilingualText("Repeated every (months)", "重复间隔（月）"),
    "rule": BilingualText("Rule", "规则"),
    "read_from": BilingualText("Read from", "读取自"),
    "task": BilingualText("Task", "任务"),
    "hours": BilingualText("Within (hours)", "时限（小时）"),
    "day_limit": BilingualText("Within (days)", "时限（天）"),
    "terminal": BilingualText("Ends the following", "终止随访"),
    "from_any": BilingualText("Reached from any state", "可由任何状态进入"),
    "ends_at": BilingualText("Ends with the visit", "结束于访视"),
    "lasts_days": BilingualText(
        "Lasts, while no such visit is planned (days)", "未计划该访视时的持续时间（天）"
    ),
    "awaits": BilingualText("Awaits the milestone", "等待的里程碑"),
    "open_ended": BilingualText("Has no end of its own", "无自身终点"),
    "choices": BilingualText("Choices", "可选值"),
    "type": BilingualText("Type", "类型"),
    "section": BilingualText("Section", "章节"),
    "topic": BilingualText("Topic", "主题"),
    "reference": BilingualText("Reference", "参考文献"),
    "first": BilingualText("First source", "来源一"),
    "second": BilingualText("Second source", "来源二"),
    "used": BilingualText("What is used", "采用"),
    "method": BilingualText("Method", "方法"),
    "ratio": BilingualText("Ratio", "分配比例"),
    "strata": BilingualText("Strata", "分层因素"),
    "source": BilingualText("Source of the value", "取值来源"),
}

WHOLE = BilingualText("The whole", "全文")
LEFT_OUT_OF_WHOLE = frozenset(("name", "label", "source", "series", "section", "topic", "type"))


@dataclass(frozen=True, slots=True)
class AmendmentPoint:
    """One thing that the later version says otherwise.

    What is added has no ``before``, what is removed no ``after``, and both say the item whole.
    """

    part: str
    code: str
    kind: str
    title: BilingualText
    aspect: BilingualText
    before: BilingualText | None
    after: BilingualText | None
    arms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One item of a text: what it is called, and each of its aspects in words; the first one stands for it whole."""

    code: str
    title: BilingualText
    aspects: Aspects
    arms: tuple[str, ...] = ()


def points(earlier: ProtocolText, later: ProtocolText) -> tuple[AmendmentPoint, ...]:
    """Everything that ``later`` says otherwise than ``earlier``, in the order of ``PARTS``."""
    return tuple(point for part in PARTS for point in _points_of(part, earlier, later))


def _points_of(part: str, earlier: ProtocolText, later: ProtocolText) -> Iterator[AmendmentPoint]:
    old, new = _items(part, earlier), _items(part, later)
    for key, item in {**old, **new}.items():
        was, is_now = old.get(key), new.get(key)
        if was and is_now:
            yield from _changed(part, was, is_now)
        elif is_now:
            yield AmendmentPoint(part, item.code, ADDED, item.title, WHOLE, None, _whole(item), item.arms)
        else:
            yield AmendmentPoint(part, item.code, REMOVED, item.title, WHOLE, _whole(item), None, item.arms)


def _whole(item: _Entry) -> BilingualText:
    """What an added or removed item says: its aspects, each with its name."""
    said = {
        name: words for name, words in item.aspects.items() if name not in LEFT_OUT_OF_WHOLE and words != NONE
    }
    if len(said) == 1:
        return next(iter(said.values()))
    named = (
        BilingualText(f"{ASPECTS[name].en}: {words.en}", f"{ASPECTS[name].zh}：{words.zh}")
        for name, words in said.items()
    )
    return joined(named, en=". ", zh="。")


def _changed(part: str, old: _Entry, new: _Entry) -> Iterator[AmendmentPoint]:
    for name in {**old.aspects, **new.aspects}:
        before, after = old.aspects.get(name, NONE), new.aspects.get(name, NONE)
        if before != after:
            arms = tuple(dict.fromkeys((*old.arms, *new.arms)))
            yield AmendmentPoint(part, new.code, CHANGED, new.title, ASPECTS[name], before, after, arms)


def _items(part: str, text: ProtocolText) -> dict[str, _Entry]:
    return dict(READERS[part](text))


Read = Iterator[tuple[str, _Entry]]


def _by_code(items: Iterable[_Entry]) -> Read:
    for item in items:
        yield item.code, item


def _head(text: ProtocolText) -> Read:
    yield "trial", _Entry("trial", PARTS["head"], {"name": text.head.trial})


def _criteria(text: ProtocolText) -> Read:
    kinds = {
        "inclusion": BilingualText("Inclusion criterion", "入选标准"),
        "exclusion": BilingualText("Exclusion criterion", "排除标准"),
        "optional": BilingualText("Optional criterion", "可选标准"),
    }
    return _by_code(
        _Entry(
            each.code,
            BilingualText(f"{kinds[each.kind].en} {each.code}", f"{kinds[each.kind].zh} {each.code}"),
            {
                "wording": each.wording,
                "plain": each.plain,
                "kind": kinds[each.kind],
                "enforced": value_words(each.enforced),
                "source": same(each.source),
            },
        )
        for each in text.criteria
    )


def _arms(text: ProtocolText) -> Read:
    return _by_code(
        _Entry(
            each.code,
            each.label,
            {
                "name": each.name,
                "label": each.label,
                "plain": each.plain,
                "after": each.after_neoadjuvant,
                "source": same(each.source),
            },
            (each.code,),
        )
        for each in text.arms
    )


def _treatments(text: ProtocolText) -> Read:
    return _by_code(
        _Entry(
            each.code,
            each.name,
            {
                "dose": each.dose,
                "days": days_words(each.days),
                "amount": same(f"{each.amount:g} {each.unit or ''}".strip())
                if each.amount is not None
                else NONE,
                "route": same(each.route) if each.route else NONE,
                "arms": _arm_words(each.arms),
                "name": each.name,
                "source": same(each.source),
            },
            each.arms,
        )
        for each in text.treatments
    )


def _visits(text: ProtocolText) -> Read:
    for rule in text.visits:
        arms = "/".join(rule.arms)
        shared = len(rule.arms) > 1
        title = BilingualText(
            f"{rule.name.en} ({rule.code})" if shared else f"{rule.name.en} ({rule.code}, arm {arms})",
            f"{rule.name.zh}（{rule.code}）" if shared else f"{rule.name.zh}（{rule.code}，第 {arms} 组）",
        )
        yield f"{rule.code} {arms}", _Entry(rule.code, title, _visit_aspects(text, rule), rule.arms)


def _visit_aspects(text: ProtocolText, rule: VisitRule) -> Aspects:
    return {
        "due": anchoring_words(text, rule.due),
        "until_known": anchoring_words(text, rule.until_known),
        "forms": forms_words(rule.forms),
        "procedures": procedures_words(text, rule.procedures),
        "condition": rule.condition,
        "name": rule.name,
        "series": same(rule.series),
        "merges": joined(same(code) for code in rule.merges_with),
        "latest_day": _or_none(rule.latest_day),
        "every": _or_none(rule.every_months),
        "source": _visit_sources(rule),
    }


def _visit_sources(rule: VisitRule) -> BilingualText:
    """Who says each value of the row."""
    said = [*_due_sources(rule.due), *(_due_sources(rule.until_known) if rule.until_known else ())]
    said += [(each.code, each.source) for each in (*rule.forms, *rule.procedures)]
    return joined(same(f"{what}: {source}") for what, source in said)


def _due_sources(due: Anchoring) -> tuple[tuple[str, str], ...]:
    return (due.anchor, due.source), ("target", due.target.source), ("window", due.window.source)


def _milestones(text: ProtocolText) -> Read:
    return _by_code(
        _Entry(
            each.code,
            each.name,
            {
                "rule": each.rule,
                "name": each.name,
                "read_from": same(f"{each.form or '–'} {each.field or '–'}"),
                "source": same(each.source),
            },
        )
        for each in text.milestones
    )


def _triggers(text: ProtocolText) -> Read:
    return _by_code(
        _Entry(
            each.code,
            each.event,
            {
                "task": each.task,
                "name": each.event,
                "forms": joined(same(code) for code in each.forms),
                "hours": _or_none(each.hours),
                "day_limit": _or_none(each.days),
                "source": same(each.source),
            },
        )
        for each in text.triggers
    )


def _settings(text: ProtocolText) -> Read:
    return _by_code(
        _Entry(
            each.key,
            each.question,
            {
                "value": value_words(each.value),
                "name": each.question,
                "choices": joined(same(choice) for choice in each.choices),
                "type": same(each.type),
                "section": same(each.section),
                "source": same(each.source),
            },
        )
        for each in text.settings
    )


def _facts(text: ProtocolText) -> Read:
    return _by_code(
        _Entry(
            each.code,
            each.name,
            {
                "value": UNKNOWN if each.unknown else each.text or value_words(each.value),
                "name": each.name,
                "reference": same(each.reference) if each.reference else NONE,
                "topic": same(each.topic),
                "section": same(each.section),
                "source": same(each.source),
            },
        )
        for each in text.facts
    )


def _moves(text: ProtocolText) -> Read:
    for each in text.moves:
        start, to = text.track(each.start).name, text.track(each.to).name
        title = BilingualText(f"{start.en} → {to.en}", f"{start.zh} → {to.zh}")
        aspects = {"rule": each.why, "arms": _arm_words(each.arms), "source": same(each.source)}
        key = f"{each.start} {each.to} {'/'.join(each.arms)}"
        yield key, _Entry(f"{each.start} → {each.to}", title, aspects, each.arms)


def _tracks(text: ProtocolText) -> Read:
    return _by_code(
        _Entry(
            each.code,
            each.name,
            {
                "name": each.name,
                "terminal": value_words(each.terminal),
                "from_any": value_words(each.from_any),
                "ends_at": joined(same(code) for code in each.ends_at),
                "lasts_days": value_words(each.lasts_days),
                "awaits": value_words(each.awaits),
                "open_ended": value_words(each.open_ended),
                "source": same(each.source),
            },
        )
        for each in text.tracks
    )


def _procedures(text: ProtocolText) -> Read:
    return _by_code(
        _Entry(each.code, each.name, {"name": each.name, "kind": same(each.kind)}) for each in text.procedures
    )


def _reasons(text: ProtocolText) -> Read:
    return _by_code(_Entry(each.code, PARTS["reason"], {"wording": each.text}) for each in text.reasons)


def _conflicts(text: ProtocolText) -> Read:
    return _by_code(
        _Entry(
            each.code,
            each.name,
            {
                "used": each.used,
                "first": each.first,
                "second": each.second,
                "name": each.name,
                "source": same(each.source),
            },
        )
        for each in text.conflicts
    )


def _randomization(text: ProtocolText) -> Read:
    drawn = text.randomization
    strata = (
        BilingualText(
            f"{each.name.en} ({', '.join(each.levels)})", f"{each.name.zh}（{'、'.join(each.levels)}）"
        )
        for each in drawn.strata
    )
    sources = [drawn.source, drawn.ratio_source, *(f"{each.code}: {each.source}" for each in drawn.strata)]
    aspects = {
        "method": drawn.method,
        "ratio": same(":".join(map(str, drawn.ratio))),
        "strata": joined(strata, en="; ", zh="；"),
        "source": joined(same(each) for each in sources),
    }
    yield "randomization", _Entry("randomization", PARTS["randomization"], aspects)


def _arm_words(arms: tuple[str, ...]) -> BilingualText:
    return joined(same(arm) for arm in arms)


def _or_none(value: Scalar | None) -> BilingualText:
    return NONE if value is None else value_words(value)


READERS: Mapping[str, Callable[[ProtocolText], Read]] = {
    "head": _head,
    "criterion": _criteria,
    "arm": _arms,
    "treatment": _treatments,
    "visit": _visits,
    "milestone": _milestones,
    "trigger": _triggers,
    "setting": _settings,
    "fact": _facts,
    "move": _moves,
    "track": _tracks,
    "procedure": _procedures,
    "reason": _reasons,
    "randomization": _randomization,
    "conflict": _conflicts,
}


def reads_of(point: AmendmentPoint) -> tuple[str, ...]:
    """The names under which rules and checks read what the point changes (``protocol.values``)."""
    named: dict[str, tuple[Any, ...]] = {
        "setting": (f"setting.{point.code}",),
        "fact": (f"fact.{point.code}",),
        "treatment": tuple(f"treatment.{point.code}.{part}" for part in ("amount", "days", "doses")),
        "visit": (f"schedule.{point.code}.opens", f"schedule.{point.code}.closes"),
        "criterion": (f"setting.{point.code.lower().replace('-', '_')}",),
    }
    return named.get(point.part, ())
