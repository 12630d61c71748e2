"""What the program can carry out: what no question, visit or list follows is refused with its line."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from protocol.laboratory import SETS, TESTS
from protocol.loader.parse import TextLocation
from protocol.loader.schema import VisitRule
from protocol.windows import target_of

if TYPE_CHECKING:
    from protocol.text import ProtocolText

# Criteria that form ELIG asks and that eligibility is assessed by (protocol 1.3).
ASKED = ("AGE", "I-1", "I-2", "I-3", "E-1", "E-2", "E-3", "E-4", "E-5", "E-6", "E-7", "E-8")
OPTIONAL = ("LAB", "LOC", "LEN", "WT", "FIST", "HEP", "CA2", "LUNG", "ER")
DRUGS = frozenset(("CAMRELIZUMAB", "CARBOPLATIN", "NAB_PACLITAXEL"))
MOST_DOSES = 12  # the highest number that form TREAT takes for a dose
# Another value of these needs another rule, not another number (protocol 3.7): such a text is not loaded.
CARRIED_OUT_ONLY_AS: dict[str, int | bool] = {
    "evaluations_needed_for_ccr": 2,
    "high_grade_dysplasia_is_uncertain": True,
}
FIRST_DAY = "NEO_D1"
SOME_DAY = date(2024, 1, 1)  # only the order of what is planned from it counts
DAYS_IN_WORDS = (re.compile(r"days? ([0-9, and]+)"), re.compile(r"第 ?([0-9、]+) ?天"))
A_LIST = (
    "A list that is in use cannot change: that is another trial design, and needs a change of the program."
)


def check(text: ProtocolText, top: TextLocation) -> None:
    """Return when what the text asks for has its question, its rows, its visit, its order and its rule."""
    _check_criteria(text, top)
    _check_doses(text, top)
    _check_order(text, top)
    _check_rules(text, top)
    _check_tests(text, top)


def check_next(earlier: ProtocolText, later: ProtocolText, top: TextLocation) -> None:
    """Return when ``later`` leaves ratio, strata and block sizes as they are: the lists in use were made by them."""
    old, new = earlier.randomization, later.randomization
    place = top.at("randomization")
    if old.ratio != new.ratio:
        place.at("ratio").refuse(f"The ratio is {old.ratio} in version {earlier.version}. {A_LIST}")
    if [(each.code, each.levels) for each in old.strata] != [(each.code, each.levels) for each in new.strata]:
        place.at("strata").refuse(f"The strata are not those of version {earlier.version}. {A_LIST}")
    if old.scheme_default.block_sizes != new.scheme_default.block_sizes:
        place.at("scheme_default").refuse(f"The blocks are not those of version {earlier.version}. {A_LIST}")


def _check_criteria(text: ProtocolText, top: TextLocation) -> None:
    known = {*ASKED, *(f"OPT-{code}" for code in OPTIONAL)}
    for index, criterion in enumerate(text.criteria):
        if criterion.code not in known:
            top.at("criteria", index).refuse(
                f"No form asks {criterion.code}: a new criterion needs a question and a rule in the program first."
            )
    stated = {criterion.code for criterion in text.criteria}
    for code in ASKED:
        if code not in stated:
            top.at("criteria").refuse(
                f"{code} is missing, and form ELIG asks it and eligibility rests on it."
            )


def _check_doses(text: ProtocolText, top: TextLocation) -> None:
    for index, plan in enumerate(text.treatments):
        if plan.code not in DRUGS:
            continue
        place = top.at("treatments", index, "days")
        if not 1 <= len(plan.days) <= MOST_DOSES:
            place.refuse(
                f"Form TREAT takes 1 to {MOST_DOSES} doses of {plan.code}, and {len(plan.days)} are due."
            )
        for arm in plan.arms:
            for day in plan.days:
                if day not in _days_of_treatment(text, arm):
                    place.refuse(
                        f"{plan.code} is due on day {day}, and no visit of arm {arm} is planned on it."
                    )
        for words, pattern in zip((plan.dose.en, plan.dose.zh), DAYS_IN_WORDS, strict=True):
            said = pattern.search(words)
            if said and tuple(map(int, re.findall(r"[0-9]+", said[1]))) != plan.days:
                top.at("treatments", index, "dose").refuse(
                    f"{plan.code} is due on days {', '.join(map(str, plan.days))}, and its words say {said[0]!r}."
                )


def _days_of_treatment(text: ProtocolText, arm: str) -> set[int]:
    """Return the days of treatment on which a visit is planned; the first dose makes day 1 (protocol 2.1)."""
    planned = (rule.due for rule in text.visits_for(arm) if rule.due.anchor == FIRST_DAY)
    return {1, *(due.target.days + 1 for due in planned if due.target.days is not None)}


def _check_order(text: ProtocolText, top: TextLocation) -> None:
    """Refuse a visit whose number in its code is larger than the next one's, though it comes earlier."""
    for arm in ("1", "2"):
        numbered: dict[tuple[str, str], list[tuple[int, int, VisitRule]]] = {}
        for index, rule in enumerate(text.visits):
            number = re.fullmatch(r"[A-Z]+-?([0-9]+)", rule.code)
            target = rule.due.target
            if number and arm in rule.arms and target.months is not None:
                series = numbered.setdefault((rule.series, rule.due.anchor), [])
                series.append((int(number[1]), index, rule))
        for series in numbered.values():
            for (_, _, first), (_, index, second) in pairwise(sorted(series, key=lambda each: each[:2])):
                if target_of(first.due.target, SOME_DAY) >= target_of(second.due.target, SOME_DAY):
                    top.at("visits", index, "due", "target").refuse(
                        f"{second.code} is planned no later than {first.code}, in the series {second.series}."
                    )


def _check_tests(text: ProtocolText, top: TextLocation) -> None:
    """Refuse a set of laboratory tests with one that form LB does not know (protocol 3.4 G)."""
    for index, setting in enumerate(text.settings):
        listed = setting.value if setting.key in SETS.values() and isinstance(setting.value, tuple) else ()
        for code in listed:
            if code not in TESTS:
                top.at("settings", index, "value").refuse(f"Form LB has no test {code!r}.")


def _check_rules(text: ProtocolText, top: TextLocation) -> None:
    for index, setting in enumerate(text.settings):
        only = CARRIED_OUT_ONLY_AS.get(setting.key, setting.value)
        if setting.value != only:
            top.at("settings", index, "value").refuse(
                f"{setting.key} is {setting.value}, and the program can only carry out {only}: "
                "another value needs a change of the response rules first."
            )
