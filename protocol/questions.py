"""What the study team still has to confirm: every value of the text with its source (protocol 0.1, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from protocol.loader.schema import (
    Anchoring,
    BilingualText,
    Offset,
    OpenQuestion,
    Setting,
    Source,
    TrialFact,
    VisitRule,
    Window,
)

if TYPE_CHECKING:
    from protocol.text import ProtocolText

UNKNOWN = BilingualText("unknown", "未知")
HIDDEN = BilingualText("not shown here", "此处不予显示")


# The section of what stands in the text without naming one.
SECTIONS = {
    "conflict": "1.10",
    "criterion": "1.3",
    "arm": "1.4",
    "treatment": "1.4",
    "randomization": "1.9",
    "milestone": "2.1",
    "move": "2.5",
    "visit": "2.2",
    "trigger": "2.6",
}


def asked_by(text: ProtocolText) -> Iterator[OpenQuestion]:
    """One entry per value of ``text``, published ones included, in the order of the text."""
    for each in _asked_by(text):
        yield each if each.section else replace(each, section=SECTIONS[each.kind])


def _asked_by(text: ProtocolText) -> Iterator[OpenQuestion]:
    for fact in text.facts:
        told: dict[str, Any] = {"confirmable": not fact.unknown, "section": fact.section}
        yield OpenQuestion("fact", fact.code, "value", fact.source, _shown(fact), fact.name, **told)
    yield from _eligibility_and_arms(text)
    yield from _randomization(text)
    for setting in text.settings:
        yield _setting(setting)
    for milestone in text.milestones:
        read = (milestone.form, milestone.field)
        yield OpenQuestion(
            "milestone", milestone.code, "rule", milestone.source, milestone.rule, milestone.name, read
        )
    for move in text.moves:
        way = f"{move.start} - {move.to}"
        yield OpenQuestion("move", way, "allowed", move.source, move.why, also=move.arms)
    for rule in text.visits:
        yield from _visit(text, rule)
    for trigger in text.triggers:
        due = (trigger.forms, trigger.hours, trigger.days)
        yield OpenQuestion("trigger", trigger.code, "due", trigger.source, trigger.task, trigger.event, due)


def _setting(setting: Setting) -> OpenQuestion:
    return OpenQuestion(
        *("setting", setting.key, "value", setting.source, _shown(setting), setting.question),
        also=(setting.type, setting.value),
        confirmable=not setting.unknown,
        section=setting.section,
    )


def _eligibility_and_arms(text: ProtocolText) -> Iterator[OpenQuestion]:
    for conflict in text.conflicts:
        yield OpenQuestion("conflict", conflict.code, "used", conflict.source, conflict.used, conflict.name)
    for criterion in text.criteria:
        judged = (criterion.kind, criterion.enforced)
        yield OpenQuestion(
            "criterion", criterion.code, "wording", criterion.source, criterion.wording, also=judged
        )
    for arm in text.arms:
        yield OpenQuestion("arm", arm.code, "name", arm.source, arm.name)
    for treatment in text.treatments:
        given = (treatment.arms, treatment.days, treatment.amount, treatment.unit, treatment.route)
        yield OpenQuestion(
            "treatment", treatment.code, "dose", treatment.source, treatment.dose, treatment.name, given
        )


def _randomization(text: ProtocolText) -> Iterator[OpenQuestion]:
    randomization = text.randomization
    ratio = ":".join(str(part) for part in randomization.ratio)
    yield OpenQuestion(
        "randomization", "ratio", "value", randomization.ratio_source, BilingualText(ratio, ratio)
    )
    yield OpenQuestion("randomization", "method", "value", randomization.source, randomization.method)
    for stratum in randomization.strata:
        levels = stratum.levels
        yield OpenQuestion(
            "randomization", stratum.code, "stratum", stratum.source, stratum.name, also=levels
        )
    scheme = randomization.scheme_default
    yield OpenQuestion(
        *("randomization", "scheme_default", "value", scheme.source, HIDDEN, scheme.question),
        confirmable=False,
    )


def _visit(text: ProtocolText, rule: VisitRule) -> Iterator[OpenQuestion]:
    def ask(part: str, source: Source, shown: BilingualText) -> OpenQuestion:
        return OpenQuestion("visit", f"{rule.code} ({'/'.join(rule.arms)})", part, source, shown, rule.name)

    for prefix, due in (("", rule.due), ("until_known.", rule.until_known)):
        if due is not None:
            yield ask(f"{prefix}anchor", due.source, BilingualText(due.anchor, due.anchor))
            yield ask(f"{prefix}target", due.target.source, _offset_shown(due.target))
            yield ask(f"{prefix}window", due.window.source, _window_shown(due))
    for form in rule.forms:
        yield ask(f"form {form.code}", form.source, BilingualText(form.code, form.code))
    for procedure in rule.procedures:
        yield ask(f"procedure {procedure.code}", procedure.source, text.procedure(procedure.code).name)


def _offset_shown(offset: Offset) -> BilingualText:
    units = (
        (offset.months, "months", "个月"),
        (offset.weeks, "weeks", "周"),
        (offset.days, "days", "天"),
    )
    said = [(f"{number:+d} {en}", f"{number:+d} {zh}") for number, en, zh in units if number is not None]
    return BilingualText(" ".join(en for en, _zh in said), " ".join(zh for _en, zh in said))


def _window_shown(due: Anchoring) -> BilingualText:
    window: Window = due.window
    if window.opens is not None:
        return BilingualText(
            f"day {window.opens} to {window.closes} after {due.anchor}",
            f"{due.anchor} 后第 {window.opens} 至 {window.closes} 天",
        )
    return BilingualText(
        f"-{window.before} to +{window.after} days", f"-{window.before} 至 +{window.after} 天"
    )


def _shown(entry: TrialFact | Setting) -> BilingualText:
    if isinstance(entry, TrialFact) and entry.text is not None:
        return entry.text
    if entry.value is None:
        return UNKNOWN
    if isinstance(entry.value, bool):
        return BilingualText("yes", "是") if entry.value else BilingualText("no", "否")
    if isinstance(entry.value, tuple):
        words = ", ".join(str(item) for item in entry.value)
        return BilingualText(words, words)
    return BilingualText(str(entry.value), str(entry.value))
