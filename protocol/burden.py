"""What keeping watch cost: evaluations kept, examinations and days in hospital (protocol 6.5, 6.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from protocol.facts import ParticipantFacts

DAYS_OF_A_YEAR = Decimal("365.25")
PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class EvaluationAdherence:
    """Evaluations that were due by the cut: done, done in their window, and done with every element."""

    due: int
    done: int
    in_window: int
    evaluated: int
    whole: int


@dataclass(frozen=True, slots=True)
class Burden:
    """Examinations and days in hospital after randomization, and the years they are counted over."""

    endoscopies: int
    pet_cts: int
    dilatations: int
    hospital_days: int
    years: Decimal


def adherence_of(facts: ParticipantFacts) -> EvaluationAdherence:
    """How the evaluations were kept; a visit whose window is not over is not due yet."""
    due = [
        each
        for each in facts.evaluation_visits
        if each.due_by <= facts.cutoff or (each.took_place_on and each.took_place_on <= facts.cutoff)
    ]
    evaluated = [each for each in facts.evaluations if each.on <= facts.cutoff]
    return EvaluationAdherence(
        due=len(due),
        done=sum(each.took_place_on is not None for each in due),
        in_window=sum(each.took_place_on is not None and each.in_window for each in due),
        evaluated=len(evaluated),
        whole=sum(each.is_whole for each in evaluated),
    )


def burden_of(facts: ParticipantFacts, *, until: date) -> Burden:
    """The burden from randomization on, over the years that the participant is known to have lived."""
    days = max((until - facts.rand).days, 0)

    def counted(on: tuple[date, ...]) -> int:
        return len({day for day in on if facts.rand <= day <= facts.cutoff})

    return Burden(
        endoscopies=counted(facts.burden.endoscopies),
        pet_cts=counted(facts.burden.pet_cts),
        dilatations=facts.burden.dilatations,
        hospital_days=facts.burden.hospital_days,
        years=(Decimal(days) / DAYS_OF_A_YEAR).quantize(PLACES),
    )
