"""What of safety one arm alone has, or nearly: it is counted by arm, on record, and over both arms by nobody (ADR 55).

Over those at risk, who are of that arm, such a number is the arm's own, whatever the table is called. What is left
out of a table leaves its sums as well, so that nobody gets it by subtraction.
"""

from __future__ import annotations

from typing import Final

from analysis.safety.reading import SafetyFacts
from protocol.facts import EventFacts
from protocol.immune_words import name_immunotherapy
from protocol.safety_signals import SafetySignal

# Camrelizumab, and what is done in an evaluation: one arm waits and watches.
COMPONENTS_OF_ONE_ARM: Final = frozenset({"camre", "proc"})
# A cCR, a salvage and an evaluation belong to surveillance; these two are counted over everybody treated.
SIGNALS_OF_BOTH_ARMS: Final = frozenset({SafetySignal.TREATMENT_DEATH, SafetySignal.LUNG_OR_HEART})
# Deaths of these causes are counted together: those of camrelizumab and of evaluations are among them.
CAUSES_OF_TREATMENT: Final = frozenset({"neoadjuvant", "surgery", "cre_procedure", "immune"})


def is_of_one_arm(event: EventFacts) -> bool:
    """Say whether the event is one that follows camrelizumab, or an evaluation: by what was ticked, or by its words."""
    ticked = event.immune or bool(event.immune_kind) or event.of_evaluation
    return ticked or name_immunotherapy((event.term, *event.words))


def died_of_treatment(each: SafetyFacts) -> bool:
    """Say whether somebody died of what the trial does, by the site's word."""
    return each.facts.death is not None and each.facts.cause_of_death in CAUSES_OF_TREATMENT
