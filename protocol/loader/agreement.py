"""What a protocol text says twice, in numbers and in words: two that contradict each other are refused with a line."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from protocol.loader.carried import FIRST_DAY
from protocol.loader.parse import TextLocation
from protocol.loader.schema import ARM_CODES, BilingualText, Scalar, TreatmentPlan, VisitRule

if TYPE_CHECKING:
    from protocol.text import ProtocolText

NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
SURVEILLANCE, CALENDAR = "surveillance", "surveillance_calendar"
# The months of each calendar that the setting may name; another name is free to mean what the rows say.
MONTHS_OF = {
    "SANO": (6, 9, 12, 16, 20, 24, 30, 36, 48, 60),
    "three_then_six_months": (6, 9, 12, 15, 18, 21, 24, 30, 36, 42, 48, 54, 60),
}
RADIOTHERAPY = "RADIOTHERAPY"
RADIATED = ("rt_total_gy", "rt_fractions", "rt_fraction_gy", "rt_fractions_per_week")
IN_WORDS_OF = {
    "AGE": ("age_min", "age_max"),
    "I-1": ("eligible_ct", "eligible_cm"),
    "I-2": ("eligible_ecog",),
}
MONTH_IN_NAME = (re.compile(r"month ([0-9]+)"), re.compile(r"第 ?([0-9]+) ?个月"))
DAY_IN_NAME = (re.compile(r"\bday ([0-9]+)"), re.compile(r"第 ?([0-9]+) ?天"))


def check(text: ProtocolText, top: TextLocation) -> None:
    """Return when settings, facts, rows and words that say the same thing agree."""
    for index, rule in enumerate(text.visits):
        _check_name(rule, top.at("visits", index))
    _check_calendar(text, top)
    _check_radiotherapy(text, top)
    _check_facts_of_criteria(text, top)
    _check_amounts(text, top)
    _check_shares(text, top)


def numbers_in(words: str) -> set[Decimal]:
    """The numbers that a sentence names; 41.40 and 41.4 are one."""
    return {Decimal(number) for number in NUMBER.findall(words)}


def _check_calendar(text: ProtocolText, top: TextLocation) -> None:
    """The setting says which calendar is followed, and the rows are what is followed."""
    for index, setting in enumerate(text.settings):
        if setting.key != CALENDAR or setting.value not in MONTHS_OF:
            continue
        rows = (rule.due.target.months for rule in text.visits if rule.series == SURVEILLANCE)
        planned = tuple(sorted(month for month in rows if month is not None))
        if planned != MONTHS_OF[str(setting.value)]:
            top.at("settings", index, "value").refuse(
                f"{CALENDAR} is {setting.value!r}, and the visits of surveillance are those of months "
                f"{', '.join(map(str, planned))}: name the calendar that they follow, as one of the choices."
            )


def _check_radiotherapy(text: ProtocolText, top: TextLocation) -> None:
    said = {code: _fact(text, code) for code in RADIATED}
    if any(value is None for value in said.values()):
        return
    total, fractions, dose, _per_week = (Decimal(str(value)) for value in said.values())
    index = [fact.code for fact in text.facts].index("rt_total_gy")
    if fractions * dose != total:
        top.at("facts", index, "value").refuse(
            f"{fractions} fractions of {dose} Gy are {fractions * dose} Gy, and rt_total_gy is {total}."
        )
    for index, plan in enumerate(text.treatments):
        if plan.code == RADIOTHERAPY:
            place = top.at("treatments", index, "dose")
            for code, value in said.items():
                _must_name(plan.dose, value, code, place)


def _check_facts_of_criteria(text: ProtocolText, top: TextLocation) -> None:
    for index, criterion in enumerate(text.criteria):
        for code in IN_WORDS_OF.get(criterion.code, ()):
            place = top.at("criteria", index, "wording")
            _must_name(criterion.wording, _fact(text, code), code, place)
        if criterion.code == "AGE":
            stated = {Decimal(str(_fact(text, code) or 0)) for code in IN_WORDS_OF["AGE"]}
            for name, words in (("wording", criterion.wording), ("plain", criterion.plain)):
                if any(numbers_in(said) - stated for said in (words.en, words.zh)):
                    top.at("criteria", index, name).refuse(
                        f"AGE names other ages than age_min and age_max: {words.en!r}."
                    )


def _check_amounts(text: ProtocolText, top: TextLocation) -> None:
    for index, plan in enumerate(text.treatments):
        if plan.amount is not None:
            _must_name(
                plan.dose, plan.amount, f"the amount of {plan.code}", top.at("treatments", index, "dose")
            )
    for (_index, first), (index, second) in pairwise(_given_together(text)):
        if (first.days, first.arms) != (second.days, second.arms):
            top.at("treatments", index, "days").refuse(
                f"{second.code} is given with {first.code}, on one row of form TREAT: give both the same days and arms."
            )


def _given_together(text: ProtocolText) -> list[tuple[int, TreatmentPlan]]:
    """The drugs of one chemotherapy day."""
    drugs = ("CARBOPLATIN", "NAB_PACLITAXEL")
    return [(index, plan) for index, plan in enumerate(text.treatments) if plan.code in drugs]


def _check_shares(text: ProtocolText, top: TextLocation) -> None:
    """What the facts say of randomization is what its section says."""
    ratio = ":".join(map(str, text.randomization.ratio))
    for index, fact in enumerate(text.facts):
        if fact.code == "allocation_ratio" and fact.value != ratio:
            top.at("facts", index, "value").refuse(
                f"allocation_ratio is {fact.value}, and randomization says {ratio}: give both the same."
            )
        if fact.code == "sample_size_per_arm" and not _is_share(text, fact.value):
            top.at("facts", index, "value").refuse(
                f"sample_size_per_arm is {fact.value}, and sample_size is {_fact(text, 'sample_size')}: "
                f"with {len(ARM_CODES)} arms these are not the same trial."
            )


def _is_share(text: ProtocolText, per_arm: Scalar | None) -> bool:
    whole = _fact(text, "sample_size")
    return not isinstance(per_arm, int) or not isinstance(whole, int) or per_arm * len(ARM_CODES) == whole


def _check_name(rule: VisitRule, place: TextLocation) -> None:
    """A visit that is called month 12 is planned in month 12, and one that is called day 8 on day 8."""
    target = rule.due.target
    for words, month, day in zip((rule.name.en, rule.name.zh), MONTH_IN_NAME, DAY_IN_NAME, strict=True):
        if (named := month.search(words)) and target.months != int(named[1]):
            place.at("name").refuse(
                f"{rule.code} is called {words!r} and is not planned in that month: write the months of its target, "
                "with days or weeks beside them where it lies later."
            )
        is_of_treatment = rule.due.anchor == FIRST_DAY and target.days is not None
        if is_of_treatment and (named := day.search(words)) and target.days != int(named[1]) - 1:
            place.at("name").refuse(
                f"{rule.code} is called {words!r} and is planned on day {(target.days or 0) + 1}."
            )


def _fact(text: ProtocolText, code: str) -> Scalar | None:
    return next((fact.value for fact in text.facts if fact.code == code), None)


def _must_name(words: BilingualText, value: Scalar | None, what: str, place: TextLocation) -> None:
    """Refuse words in which the first and the last of the values do not stand."""
    if value is None:
        return
    ends = (value[0], value[-1]) if isinstance(value, tuple) else (value,)
    for said in (words.en, words.zh):
        for each in ends:
            is_there = each in said if isinstance(each, str) else Decimal(str(each)) in numbers_in(said)
            if not is_there:
                place.refuse(f"{what} is {value}, and the words say {said!r}: give both the same.")
