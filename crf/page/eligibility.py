"""The evidence on eligibility as the investigator reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from crf.eligibility.evidence import Evidence, EvidenceItem, items_of
from crf.eligibility.texts import REASONS
from kernel.days import in_chinese
from protocol import text
from trials.models import EligibilityDecision, Participant

VERDICTS = {True: "met", False: "not_met", None: "unknown"}
# "Met" beside an exclusion would read as the opposite of what is so.
VERDICTS_ON_EXCLUSIONS = {True: "absent", False: "excludes", None: "unknown"}


@dataclass(frozen=True)
class CriterionLine:
    """One criterion: its wording, the answers it rests on, the verdict and why."""

    code: str
    wording: str
    items: tuple[EvidenceItem, ...]
    verdict: str
    why: str | Promise


def criteria_of(evidence: Evidence) -> list[CriterionLine]:
    """Return every criterion in the order of the protocol."""
    protocol = text.load(evidence.participant.protocol_version)
    rules = {
        each.code: protocol.criterion(each.code.replace("_", "-")) for each in evidence.assessment.criteria
    }
    return [
        CriterionLine(
            code=criterion.code,
            wording=_in_language(rules[criterion.code].wording),
            items=tuple(items_of(evidence, criterion)),
            verdict=_verdict(rules[criterion.code].kind, criterion.met),
            why=criterion.answer or ("" if criterion.met else REASONS[criterion.reason]),
        )
        for criterion in evidence.assessment.criteria
    ]


def _verdict(kind: str, met: bool | None) -> str:
    return (VERDICTS_ON_EXCLUSIONS if kind == "exclusion" else VERDICTS)[met]


def _in_language(words: Any) -> str:
    return str(words.zh if in_chinese() else words.en)


def decisions_of(participant: Participant) -> list[EligibilityDecision]:
    """Return every decision that was signed, the latest first."""
    eligibility_decisions = EligibilityDecision.objects.filter(participant=participant)
    return list(eligibility_decisions.select_related("signature"))
