"""Scores of the EORTC QLQ-C30 version 3.0 and QLQ-OES18 (protocol section 5). No item wording stands here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class ScaleKind(StrEnum):
    """How a raw score is turned into 0 to 100 (protocol 5.1)."""

    FUNCTIONAL = "functional"
    SYMPTOM = "symptom"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Scale:
    """One scale: its code, its items, and the largest answer an item takes (protocol 5.2, 5.3)."""

    code: str
    kind: ScaleKind
    items: tuple[int, ...]
    highest: int = 4

    @property
    def range(self) -> int:
        """Largest minus smallest possible item value (protocol 5.1)."""
        return self.highest - 1


C30_SCALES = (
    Scale("QL2", ScaleKind.GLOBAL, (29, 30), highest=7),
    Scale("PF2", ScaleKind.FUNCTIONAL, (1, 2, 3, 4, 5)),
    Scale("RF2", ScaleKind.FUNCTIONAL, (6, 7)),
    Scale("EF", ScaleKind.FUNCTIONAL, (21, 22, 23, 24)),
    Scale("CF", ScaleKind.FUNCTIONAL, (20, 25)),
    Scale("SF", ScaleKind.FUNCTIONAL, (26, 27)),
    Scale("FA", ScaleKind.SYMPTOM, (10, 12, 18)),
    Scale("NV", ScaleKind.SYMPTOM, (14, 15)),
    Scale("PA", ScaleKind.SYMPTOM, (9, 19)),
    Scale("DY", ScaleKind.SYMPTOM, (8,)),
    Scale("SL", ScaleKind.SYMPTOM, (11,)),
    Scale("AP", ScaleKind.SYMPTOM, (13,)),
    Scale("CO", ScaleKind.SYMPTOM, (16,)),
    Scale("DI", ScaleKind.SYMPTOM, (17,)),
    Scale("FI", ScaleKind.SYMPTOM, (28,)),
)

OES18_SCALES = (
    Scale("OESDYS", ScaleKind.SYMPTOM, (31, 32, 33)),
    Scale("OESEAT", ScaleKind.SYMPTOM, (36, 37, 38, 39)),
    Scale("OESRFX", ScaleKind.SYMPTOM, (44, 45)),
    Scale("OESPA", ScaleKind.SYMPTOM, (46, 47, 48)),
    Scale("OESSV", ScaleKind.SYMPTOM, (34,)),
    Scale("OESCH", ScaleKind.SYMPTOM, (35,)),
    Scale("OESDM", ScaleKind.SYMPTOM, (40,)),
    Scale("OESTA", ScaleKind.SYMPTOM, (41,)),
    Scale("OESCO", ScaleKind.SYMPTOM, (42,)),
    Scale("OESSP", ScaleKind.SYMPTOM, (43,)),
)

SUMMARY = "SUMMARY"
NOT_IN_SUMMARY = ("QL2", "FI")


def score_c30(answers: Mapping[str | int, object]) -> dict[str, Decimal | None]:
    """Every QLQ-C30 scale and the summary score, 0 to 100 in full precision, ``None`` where missing (protocol
    5.2).

    Items are named ``"q1"``, ``"Q1"``, ``"1"`` or ``1``.
    """
    scores = {scale.code: _score(scale, answers) for scale in C30_SCALES}
    return scores | {SUMMARY: _summary(scores)}


def score_oes18(
    answers: Mapping[str | int, object], *, dysphagia_reversed: bool = True
) -> dict[str, Decimal | None]:
    """Every QLQ-OES18 scale from items 31 to 48, ``None`` where missing (protocol 5.3).

    Items 31-33 ask about ability. Reversed, OESDYS is 0 without dysphagia and 100 at worst, in the
    direction of its module; the licence holder has still to confirm that direction.
    """
    scores = {scale.code: _score(scale, answers) for scale in OES18_SCALES}
    dysphagia = scores["OESDYS"]
    if dysphagia_reversed and dysphagia is not None:
        scores["OESDYS"] = 100 - dysphagia
    return scores


def item_answer(answers: Mapping[str | int, object], item: int, *, highest: int) -> int | None:
    """The answer given to ``item``, ``None`` when it is missing or out of 1 to ``highest`` (protocol 5.1)."""
    for key in (f"q{item}", f"Q{item}", item, str(item)):
        if key in answers:
            return _in_range(answers[key], highest)
    return None


def _in_range(value: object, highest: int) -> int | None:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 1 <= value <= highest else None


def _score(scale: Scale, answers: Mapping[str | int, object]) -> Decimal | None:
    given = [item_answer(answers, item, highest=scale.highest) for item in scale.items]
    answered: Sequence[int] = [answer for answer in given if answer is not None]
    if len(answered) * 2 < len(scale.items):
        return None
    least, most = len(answered), len(answered) * (1 + scale.range)
    counted = most - sum(answered) if scale.kind is ScaleKind.FUNCTIONAL else sum(answered) - least
    return Decimal(100 * counted) / (most - least)


def _summary(scores: Mapping[str, Decimal | None]) -> Decimal | None:
    turned: list[Decimal] = []
    for scale in C30_SCALES:
        if scale.code in NOT_IN_SUMMARY:
            continue
        score = scores[scale.code]
        if score is None:
            return None
        turned.append(100 - score if scale.kind is ScaleKind.SYMPTOM else score)
    return sum(turned, Decimal()) / len(turned)
