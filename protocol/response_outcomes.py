"""Which outcomes an evaluation can have at all, whatever was found (protocol 3.7 A)."""

from collections.abc import Mapping
from types import MappingProxyType

from protocol.response import EvaluationType, Outcome

WITH_DISEASE = frozenset({Outcome.NON_CCR, Outcome.REGROWTH, Outcome.DISTANT})
_AFTER_CCR = (Outcome.PERSISTENT_CCR, Outcome.REGROWTH)
IMPOSSIBLE_AT: Mapping[EvaluationType, tuple[Outcome, ...]] = MappingProxyType(
    {
        EvaluationType.CRE1: (Outcome.CCR, *_AFTER_CCR),  # a cCR is never declared from CRE-1 alone
        EvaluationType.CRE2: (Outcome.PROCEED_TO_CRE2,),
        EvaluationType.SURVEILLANCE: (Outcome.PROCEED_TO_CRE2,),
        EvaluationType.RESTAGING: (Outcome.PROCEED_TO_CRE2, *_AFTER_CCR),
        EvaluationType.UNSCHEDULED: (),
    }
)
"""What an evaluation cannot have for its outcome, whatever was found (protocol 3.7 A)."""
