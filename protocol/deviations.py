"""Protocol deviations: their categories, and what is proposed of each before people decide (protocol 3.15)."""

import re
from collections.abc import Iterable

CATEGORIES = (
    *("consent", "eligibility", "randomization", "wrong_treatment", "drug_dose", "radiotherapy"),
    *("cre_timing", "cre_content", "missed_visit", "surgery_timing", "crossover", "prohibited_drug"),
    *("late_sae", "quality_of_life", "sample", "privacy", "other"),
)
# Rules whose name is not the category of what they find.
OF_RULE = {
    "RAND": "randomization",
    "X007": "eligibility",
    "VISIT-MISSED": "missed_visit",
    "late_pregnancy": "late_sae",
}
STRATEGIES = {"1": "surveillance", "2": "surgery"}
NAME_OF_AN_ARM = re.compile(
    r"\barms?\s*(?:[12]\b|one\b|two\b)|第?\s*[12一二]\s*组|[AB]\s*组|(?:试验|对照|实验)组", re.IGNORECASE
)


def category_of(rule: str) -> str:
    """The category of what a rule found."""
    category = OF_RULE.get(rule, rule)
    return category if category in CATEGORIES else "other"


def proposed_importance(category: str, important: Iterable[str]) -> str:
    """Whether a deviation is proposed as important, from the categories that the trial's text names."""
    return "important" if category in important else "minor"


def proposed_exclusion(category: str, excluding: Iterable[str]) -> str:
    """Whether it is proposed that a deviation excludes from the per-protocol set: Y or N."""
    return "Y" if category in excluding else "N"


def allocated_strategy(arm: str | None) -> str | None:
    """The strategy of an arm: surveillance after chemoradiotherapy, or surgery."""
    return STRATEGIES.get(arm or "")


def names_an_arm(words: str | None) -> bool:
    """Whether words say which arm somebody is in: who decides on a deviation must not read it."""
    return bool(words) and NAME_OF_AN_ARM.search(words or "") is not None
