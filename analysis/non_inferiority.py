"""Non-inferiority of overall survival at 36 months: a verdict only from what the study team signed (6.1; E1, E6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.reading import DerivedParticipant
from analysis.sets import NAMES, AnalysisSet, sets_of
from analysis.signed_sets import SignedSets
from analysis.survival_report import as_number
from protocol.endpoints import kaplan_meier, non_inferior, rate_difference
from protocol.loader.schema import PUBLISHED
from protocol.survival import NonInferiority, NoVerdictReason
from protocol.text import ProtocolText
from trials.confirmed import confirmations_of

Words = str | Promise
IN_SETS: Final = (AnalysisSet.RANDOMIZED, AnalysisSet.PER_PROTOCOL)
MARGIN, CONFIDENCE = "ni_margin", "confidence_level"
ASKED: Final = {MARGIN: _("the margin of non-inferiority"), CONFIDENCE: _("the confidence level")}
NOT_SET: Final = _("{what} has no value in the text of the protocol")
NOT_SIGNED: Final = _("{what} is not confirmed by the study team with a signature")
SETS_NOT_SIGNED: Final = _(
    "the analysis sets are not signed by the statistician and for the chief investigator"
)
SETS_CHANGED: Final = _("the analysis sets have changed since they were signed")
WHY_NOT: Final[Mapping[NoVerdictReason, Words]] = {
    NoVerdictReason.NO_RATE: _("an arm was not followed to 36 months"),
    NoVerdictReason.NO_EVENT: _("an arm has no death by 36 months"),
    NoVerdictReason.NO_STANDARD_ERROR: _("the rate of an arm has no standard error, or one of zero"),
    NoVerdictReason.NO_CONFIDENCE: _("there is no confidence level"),
    NoVerdictReason.NO_MARGIN: _("there is no margin"),
}


@dataclass(frozen=True)
class SignedLimits:
    """Margin and confidence level where the study team has signed them, and what of them is missing."""

    margin: float | None
    confidence: float | None
    missing: tuple[str, ...]


@dataclass(frozen=True)
class SetVerdict:
    """One set: how many of each arm it holds, the difference at 36 months with its limits, and what follows."""

    title: Words
    numbers: tuple[int, int]
    difference: str
    lower: str
    upper: str
    answer: NonInferiority

    @property
    def why(self) -> Words:
        """Say why this set has no verdict; nothing where it has one."""
        return WHY_NOT[self.answer.because] if self.answer.because else ""


@dataclass(frozen=True)
class NonInferiorityReport:
    """The verdict with everything that it rests on: none while anything is missing, or in one set alone."""

    missing: tuple[str, ...]
    limits: SignedLimits
    sets: tuple[SetVerdict, ...]

    @property
    def margin(self) -> str:
        """Return the margin as the page prints it."""
        return as_number(self.limits.margin)

    @property
    def shown(self) -> bool | None:
        """Say whether it is shown in both sets; ``None`` where there is no verdict (decision E6)."""
        if self.missing or any(each.answer.shown is None for each in self.sets):
            return None
        return all(each.answer.shown for each in self.sets)


def signed_limits(text: ProtocolText) -> SignedLimits:
    """Return margin and confidence level: published, or confirmed by the study team exactly as they stand."""
    signed = confirmations_of(text.open_questions())
    values: dict[str, float | None] = {}
    missing = []
    for key, what in ASKED.items():
        setting = text.setting_entry(key)
        values[key] = None
        if setting.value is None:
            missing.append(str(NOT_SET).format(what=what))
        elif setting.source != PUBLISHED and f"setting|{key}|value" not in signed:
            missing.append(str(NOT_SIGNED).format(what=what))
        else:
            values[key] = float(str(setting.value))
    return SignedLimits(values[MARGIN], values[CONFIDENCE], tuple(missing))


def non_inferiority_of(
    rows: Sequence[DerivedParticipant],
    arms: Mapping[str, str],
    limits: SignedLimits,
    signed: SignedSets | None,
) -> NonInferiorityReport:
    """Return the report; nothing is compared while margin, confidence level or sets are not signed."""
    missing = limits.missing
    if signed is None:
        missing += (str(SETS_NOT_SIGNED),)
    elif not signed.stand:
        missing += (str(SETS_CHANGED),)
    sets = () if missing else tuple(_in_set(code, rows, arms, limits) for code in IN_SETS)
    return NonInferiorityReport(missing, limits, sets)


def _in_set(
    code: AnalysisSet, rows: Sequence[DerivedParticipant], arms: Mapping[str, str], limits: SignedLimits
) -> SetVerdict:
    pairs: dict[str, list[tuple[int, bool]]] = {"1": [], "2": []}
    for each in rows:
        if sets_of(each)[code].inside:
            pairs[arms[each.facts.number]].append((each.values.os.days, each.values.os.event))
    rates = [kaplan_meier(told).rate_at(confidence=limits.confidence) for told in pairs.values()]
    difference = rate_difference(rates[0], rates[1], confidence=limits.confidence)
    return SetVerdict(
        NAMES[code],
        (len(pairs["1"]), len(pairs["2"])),
        as_number(difference.value if difference else None),
        as_number(difference.lower if difference else None),
        as_number(difference.upper if difference else None),
        non_inferior(difference, margin=limits.margin),
    )
