"""Encounters, activities and timelines: one timeline for each arm, its visits timed from the milestones of the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from crf import catalogue
from exports.usdm.building import Instance, Instances
from exports.usdm.marking import marked
from protocol.loader.schema import Offset, VisitRule, Window
from protocol.text import ProtocolText

DAYS_OF_WEEK: Final = 7
EPOCH_OF_SERIES: Final = {
    "screening": "SCREENING",
    "baseline quality of life": "SCREENING",
    "randomisation": "SCREENING",
    "start of treatment": "TREATMENT",
    "treatment": "TREATMENT",
    "end of treatment": "TREATMENT",
    "restaging": "OBSERVATION",
    "response": "OBSERVATION",
}
LAST_EPOCH: Final = "FOLLOW-UP"


@dataclass(frozen=True)
class PlannedSchedule:
    """What the design holds of the schedule."""

    encounters: list[Instance]
    activities: list[Instance]
    timelines: list[Instance]


def planned_schedule(
    make: Instances,
    text: ProtocolText,
    epochs: Mapping[str, Instance],
    concepts: Mapping[str, Instance],
) -> PlannedSchedule:
    """Return the visits of the protocol, what is done at them, and when."""
    encounters = [_encounter(make, rule) for rule in text.visits]
    by_code = dict(_activities(make, text, concepts))
    timelines = [
        _timeline(make, text, arm, list(zip(text.visits, encounters, strict=True)), by_code, epochs)
        for arm in (each.code for each in text.arms)
    ]
    return PlannedSchedule(make.chained(encounters), make.chained(list(by_code.values())), timelines)


def epoch_of(rule: VisitRule) -> str:
    """Return the epoch that a visit belongs to."""
    return EPOCH_OF_SERIES.get(rule.series, LAST_EPOCH)


def _encounter(make: Instances, rule: VisitRule) -> Instance:
    return make.make(
        "Encounter",
        name=rule.code if len(rule.arms) > 1 else f"{rule.code} (arm {rule.arms[0]})",
        label=rule.name.en,
        description=marked(rule.condition.en, rule.due.source),
        type=make.term("visit"),
        scheduledAtId=None,
        environmentalSettings=[],
        contactModes=[make.term("in-person")],
    )


def _activities(
    make: Instances, text: ProtocolText, concepts: Mapping[str, Instance]
) -> Iterable[tuple[str, Instance]]:
    for each in text.procedures:
        yield (
            each.code,
            make.make(
                "Activity",
                name=each.code,
                label=each.name.en,
                description=each.kind,
                childIds=[],
                definedProcedures=[
                    make.make(
                        "Procedure",
                        name=each.code,
                        label=each.name.en,
                        procedureType=each.kind,
                        code=make.own_code(each.code, each.name.en),
                    )
                ],
                biomedicalConceptIds=[],
                bcCategoryIds=[],
                bcSurrogateIds=[],
            ),
        )
    for code, form in catalogue.forms().items():
        yield (
            f"form {code}",
            make.make(
                "Activity",
                name=f"FORM-{code}",
                label=str(form.title),
                description="Case report form",
                childIds=[],
                definedProcedures=[],
                biomedicalConceptIds=[concepts[code]["id"]],
                bcCategoryIds=[],
                bcSurrogateIds=[],
            ),
        )


def _timeline(
    make: Instances,
    text: ProtocolText,
    arm: str,
    visits: list[tuple[VisitRule, Instance]],
    activities: Mapping[str, Instance],
    epochs: Mapping[str, Instance],
) -> Instance:
    own = [(rule, encounter) for rule, encounter in visits if arm in rule.arms]
    anchors = {code: _milestone(make, text, code) for code in dict.fromkeys(r.due.anchor for r, _e in own)}
    instances, timings = list(anchors.values()), [_fixed(make, each) for each in anchors.values()]
    for rule, encounter in own:
        done = [activities[each.code]["id"] for each in rule.procedures]
        done += [activities[f"form {each.code}"]["id"] for each in rule.forms]
        instance = make.make(
            "ScheduledActivityInstance",
            name=f"{encounter['name']}, arm {arm}",
            label=rule.name.en,
            epochId=epochs[epoch_of(rule)]["id"],
            activityIds=done,
            encounterId=encounter["id"],
        )
        instances.append(instance)
        timings.append(_timing(make, rule, instance, anchors[rule.due.anchor]))
    leave = make.make("ScheduleTimelineExit")
    for number, instance in enumerate(instances):
        is_last = number + 1 == len(instances)
        instance["defaultConditionId"] = None if is_last else instances[number + 1]["id"]
        instance["timelineExitId"] = leave["id"] if is_last else None
    return make.make(
        "ScheduleTimeline",
        name=f"Arm {arm}",
        label=text.arm(arm).name.en,
        mainTimeline=arm == text.arms[0].code,
        entryCondition=f"Screened for the trial; after randomization, allocated to arm {arm}",
        entryId=instances[0]["id"],
        exits=[leave],
        timings=timings,
        instances=instances,
    )


def _milestone(make: Instances, text: ProtocolText, code: str) -> Instance:
    rule = text.milestone(code)
    return make.make(
        "ScheduledActivityInstance",
        name=f"Milestone {code}",
        label=rule.name.en,
        description=marked(rule.rule.en, rule.source),
        epochId=None,
        activityIds=[],
        encounterId=None,
    )


def _fixed(make: Instances, instance: Instance) -> Instance:
    return make.make(
        "Timing",
        name=instance["name"],
        label=instance["label"],
        type=make.term("reference"),
        value="P0D",
        valueLabel="0 days",
        relativeToFrom=make.term("start-to-start"),
        relativeFromScheduledInstanceId=instance["id"],
        relativeToScheduledInstanceId=instance["id"],
    )


def _timing(make: Instances, rule: VisitRule, instance: Instance, anchor: Instance) -> Instance:
    target, window = rule.due.target, rule.due.window
    lower, upper = _bounds(target, window)
    return make.make(
        "Timing",
        name=instance["name"],
        label=f"{rule.due.anchor}: {_words(target)}",
        description=marked(f"Target from {rule.due.anchor}", target.source),
        type=make.term("before" if _amount(target) < 0 else "after"),
        value=_duration(target),
        valueLabel=_words(target),
        relativeToFrom=make.term("start-to-start"),
        relativeFromScheduledInstanceId=instance["id"],
        relativeToScheduledInstanceId=anchor["id"],
        windowLower=lower,
        windowUpper=upper,
        windowLabel=marked(_in_words(window), window.source),
    )


def _amount(target: Offset) -> int:
    return target.days or target.weeks or target.months or 0


def _duration(target: Offset) -> str:
    unit = "W" if target.weeks else "M" if target.months else "D"
    return f"P{abs(_amount(target))}{unit}"


def _words(target: Offset) -> str:
    unit = "weeks" if target.weeks else "months" if target.months else "days"
    return f"{_amount(target)} {unit}"


def _bounds(target: Offset, window: Window) -> tuple[str | None, str | None]:
    """Return how far before and after its target a visit may be; nothing where the text says it another way."""
    if window.before is not None or window.after is not None:
        return f"P{window.before or 0}D", f"P{window.after or 0}D"
    if target.months is not None or window.opens is None or window.closes is None:
        return None, None
    day = (target.days or 0) + DAYS_OF_WEEK * (target.weeks or 0)
    return f"P{abs(day - window.opens)}D", f"P{abs(window.closes - day)}D"


def _in_words(window: Window) -> str:
    if window.before is not None or window.after is not None:
        return f"{window.before or 0} days before to {window.after or 0} days after the target"
    return f"day {window.opens} to day {window.closes} from the anchor"
