"""The protocol's facts as words that a public text may name: ``{participants}``, ``{arm1_name}`` (pure).

Only what the protocol text calls *published* can be named. A default or a value of a sister trial has no
placeholder at all, so that no public text can present it as the protocol.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from protocol.loader.schema import PUBLISHED, BilingualText, TrialFact
from protocol.text import ProtocolText

FACTS: Final = {
    "nct": "registry_id",
    "sponsor": "sponsor",
    "phase": "phase",
    "status": "status",
    "start_date": "start_date",
    "paper": "paper_doi",
    "participants": "sample_size",
    "centres": "sites_paper",
    "ratio": "allocation_ratio",
    "age_min": "age_min",
    "age_max": "age_max",
    "radiotherapy_sessions": "rt_fractions",
    "radiotherapy_days_a_week": "rt_fractions_per_week",
    "followed_months": "follow_up_months_needed",
    "main_outcome": "outcome_primary",
}
TREATMENTS: Final = {
    "camrelizumab": "CAMRELIZUMAB",
    "carboplatin": "CARBOPLATIN",
    "paclitaxel": "NAB_PACLITAXEL",
}

PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
# What no reader may ever see: braces of any template language, and the other marks that stand for a value.
TOKEN: Final = re.compile(r"[{}⟦⟧]|%\(|%[sd]\b|\[\[|\]\]|<%|%>|\b[A-Z]{2,}_[A-Z_]{2,}\b")


class Unfilled(ValueError):  # noqa: N818 (says something of a text, not of the program)
    """A text names what the protocol does not publish, or holds a mark that would be shown raw."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        super().__init__(", ".join(tokens))
        self.tokens = tokens


def facts_of(protocol: ProtocolText) -> dict[str, BilingualText]:
    """Return every placeholder with the words that fill it, in both languages; published ones only."""
    facts: dict[str, BilingualText] = {}
    for name, code in FACTS.items():
        fact = protocol.fact(code)
        if fact.source == PUBLISHED and not fact.unknown:
            facts[name] = _words(fact)
    for arm in protocol.arms:
        if arm.source == PUBLISHED:
            facts |= {
                f"arm{arm.code}_label": arm.label,
                f"arm{arm.code}_name": arm.name,
                f"arm{arm.code}_plain": arm.plain,
            }
    return facts | _of_treatments(protocol) | _worked_out(protocol)


def _words(fact: TrialFact) -> BilingualText:
    if fact.text is not None:
        return fact.text
    return BilingualText(en=str(fact.value), zh=str(fact.value))


def _of_treatments(protocol: ProtocolText) -> dict[str, BilingualText]:
    facts: dict[str, BilingualText] = {}
    published = {each.code: each for each in protocol.treatments if each.source == PUBLISHED}
    for name, code in TREATMENTS.items():
        if code in published:
            times = str(len(published[code].days))
            facts[name] = _in_a_sentence(published[code].name)
            facts[f"{name}_times"] = BilingualText(en=times, zh=times)
    return facts


def _in_a_sentence(name: BilingualText) -> BilingualText:
    return BilingualText(en=name.en[:1].lower() + name.en[1:], zh=name.zh)


def _worked_out(protocol: ProtocolText) -> dict[str, BilingualText]:
    """Whole weeks of radiotherapy and whole years of follow-up, where what they come from is published."""
    facts: dict[str, BilingualText] = {}
    sessions, weekly = protocol.fact("rt_fractions"), protocol.fact("rt_fractions_per_week")
    if {sessions.source, weekly.source} == {PUBLISHED}:
        weeks = str(math.ceil(int(str(sessions.value)) / int(str(weekly.value))))
        facts["treatment_weeks"] = BilingualText(en=weeks, zh=weeks)
    months = protocol.fact("follow_up_months_needed")
    if months.source == PUBLISHED and int(str(months.value)) % 12 == 0:
        years = str(int(str(months.value)) // 12)
        facts["followed_years"] = BilingualText(en=years, zh=years)
    return facts


def tokens_left(text: str, known: Mapping[str, object]) -> tuple[str, ...]:
    """Return what of ``text`` would reach the reader raw: unknown placeholders, stray marks."""
    unknown = [match.group() for match in PLACEHOLDER.finditer(text) if match.group(1) not in known]
    stray = [match.group() for match in TOKEN.finditer(PLACEHOLDER.sub("", text))]
    return tuple(dict.fromkeys([*unknown, *stray]))


def fill(text: str, facts: Mapping[str, BilingualText], language: str) -> str:
    """Return ``text`` with each placeholder filled in ``language``; ``Unfilled`` rather than anything raw."""
    if left := tokens_left(text, facts):
        raise Unfilled(left)
    return PLACEHOLDER.sub(lambda match: facts[match.group(1)].in_language(language), text)
