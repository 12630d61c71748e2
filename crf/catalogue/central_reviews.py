"""Every central review of the trial, by its code; another one is declared beside its form and named here."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from crf.catalogue.survival.review import CAUSE_OF_DEATH
from crf.engine.central_review import CentralReview

CENTRAL_REVIEWS: Final = MappingProxyType[str, CentralReview](
    {review.code: review for review in (CAUSE_OF_DEATH,)}
)
