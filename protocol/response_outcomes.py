"""Which outcomes an evaluation can have at all, whatever was found (protocol 3.7 A)."""

from collections.abc import Mapping
from types import MappingProxyType

from protocol.response import AT_RESTAGING, POSITIVE_OUTCOMES, EvaluationType, Outcome

WITH_DISEASE = frozenset(POSITIVE_OUTCOMES)
_OF_RESTAGING = tuple(AT_RESTAGING.values())
_AFTER_CCR = (Outcome.PERSISTENT_CCR, Outcome.REGROWTH)
IMPOSSIBLE_AT: Mapping[EvaluationType, tuple[Outcome, ...]] = MappingProxyType(
    {
        EvaluationType.CRE1: (
            Outcome.CCR,
            *_AFTER_CCR,
            *_OF_RESTAGING,
        ),  # a cCR is never declared from CRE-1 alone
        EvaluationType.CRE2: (Outcome.PROCEED_TO_CRE2, *_OF_RESTAGING),
        EvaluationType.SURVEILLANCE: (Outcome.PROCEED_TO_CRE2, *_OF_RESTAGING),
        EvaluationType.RESTAGING: (Outcome.PROCEED_TO_CRE2, Outcome.CCR, *_AFTER_CCR, *AT_RESTAGING),
        EvaluationType.UNSCHEDULED: (),
    }
)
"""What an evaluation cannot have for its outcome, whatever was found (protocol 3.7 A)."""
