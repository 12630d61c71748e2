"""What happens to one synthetic participant: seeded, plausible, never about a real person.

Rates follow the sister trials where they are known (protocol 1.11): about a third of cCR patients
regrow within two years, a few decline what their arm asks for, a few die.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

SCREEN_FAILURES: Final = 0.14
DECLINES: Final = 0.06
NEVER_DECIDED: Final = 0.04
EARLY_OF_DISTANT: Final = 0.2


@dataclass(frozen=True)
class Person:
    """What was true of a participant before the trial."""

    birth: str
    sex: str
    height: float
    weight: float
    usual_weight: float
    t: str
    nodes: int
    grade: str
    epicentre: float
    length: float
    smoker: str
    ecog: str

    @property
    def n(self) -> str:
        return "N0" if self.nodes == 0 else "N1" if self.nodes <= 2 else "N2" if self.nodes <= 6 else "N3"


@dataclass(frozen=True)
class Story:
    """Everything that fate has decided for one participant, whichever arm they are given."""

    person: Person
    consent_on: date
    ending: str
    failed_criterion: str
    tumour_gone: bool
    node_left: bool
    regrows_after: int | None
    distant_after: int | None
    dies_after: int | None
    declines_surgery: bool
    wants_surgery: bool
    withdraws_after: int | None
    residual: int
    lateness: float
    diligence: float

    @property
    def progresses_early(self) -> bool:
        """Say whether a metastasis is found by the end of neoadjuvant treatment, before the decision."""
        return self.distant_after is not None and self.lateness < EARLY_OF_DISTANT


def tell(dice: random.Random, *, consent_on: date) -> Story:
    """Return one story; the same dice tell the same story."""
    gone = dice.random() < 0.52
    ending = _ending(dice)
    return Story(
        person=_person(dice, consent_on, ending),
        consent_on=consent_on,
        ending=ending,
        failed_criterion=dice.choice(("E-1", "E-2", "E-7", "E-8", "I-2")),
        tumour_gone=gone,
        node_left=dice.random() < (0.08 if gone else 0.35),
        regrows_after=_months(dice, 0.42, 4, 26) if gone else None,
        distant_after=_months(dice, 0.16, 5, 30),
        dies_after=_months(dice, 0.2, 6, 36),
        declines_surgery=dice.random() < 0.09,
        wants_surgery=dice.random() < 0.04,
        withdraws_after=_months(dice, 0.03, 2, 18),
        residual=0 if gone else dice.choice((1, 3, 5, 8, 15, 25, 40, 60)),
        lateness=dice.random(),
        diligence=0.86 + 0.13 * dice.random(),
    )


def _ending(dice: random.Random) -> str:
    roll = dice.random()
    if roll < SCREEN_FAILURES:
        return "fails"
    if roll < SCREEN_FAILURES + DECLINES:
        return "declines"
    return "waits" if roll < SCREEN_FAILURES + DECLINES + NEVER_DECIDED else "randomized"


def _months(dice: random.Random, chance: float, first: int, last: int) -> int | None:
    month = dice.randint(first, last)
    return month if dice.random() < chance else None


def _person(dice: random.Random, consent_on: date, ending: str) -> Person:
    age = min(74.5, max(38.0, dice.gauss(62, 7.5)))
    born = consent_on - timedelta(days=int(age * 365.25))
    sex = "M" if dice.random() < 0.82 else "F"
    height = round(dice.gauss(168 if sex == "M" else 158, 5.5), 1)
    weight = round(max(42.0, dice.gauss(62 if sex == "M" else 54, 8)), 1)
    return Person(
        birth=born.isoformat() if dice.random() < 0.7 else f"{born.year}-{born.month:02d}",
        sex=sex,
        height=min(186.0, max(146.0, height)),
        weight=min(95.0, weight),
        usual_weight=round(min(98.0, weight * (1 + abs(dice.gauss(0.04, 0.03)))), 1),
        t=dice.choices(("T2", "T3", "T4a"), (18, 72, 10))[0],
        nodes=dice.choices((0, 1, 2, 3, 4, 5), (30, 30, 18, 12, 7, 3))[0],
        grade=dice.choices(("G1", "G2", "G3"), (15, 55, 30))[0],
        epicentre=round(dice.uniform(24, 36), 1),
        length=round(min(9.0, max(2.0, dice.gauss(5, 1.6))), 1),
        smoker=dice.choices(("current", "former", "never"), (35, 35, 30))[0],
        ecog=dice.choices(("0", "1"), (55, 45))[0],
    )
