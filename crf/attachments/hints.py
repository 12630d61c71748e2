"""What in a file or in its name could say who the participant is (protocol 3.0). A hint for people, no proof."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from protocol.identifiers import SURNAMES, identifying

# Reports name the person on a line of its own; free text, for which the rules of the protocol are made, does not.
_LABELLED: Final = {
    "name": re.compile(
        r"\b(?:patient(?:'s)?|full|family|given|first|last)[ _-]?names?\b|\bname ?:|病人姓名|患者[:：]|家属签[字名]",
        re.I,
    ),
    "birth": re.compile(r"\b(?:date of birth|birth ?date|d\.?o\.?b\b)|出生(?:日期|年月)", re.I),
    "telephone": re.compile(r"\b(?:tel|telephone|mobile|phone)\b\.? ?:|(?:电话|手机)号?码?[:：]", re.I),
    "address": re.compile(
        r"\b(?:address|hospital no|mrn)\b\.? ?:|(?:家庭|联系|现)?(?:地址|住址)[:：]|床号", re.I
    ),
}
# A part of a name of a file that begins with a surname may be a person.
_PERSON: Final = re.compile(rf"[{SURNAMES}][\u4e00-\u9fff]{{1,2}}")
_PARTS: Final = re.compile(r"[\s._()（）【】\[\]+,，、-]+")
_BETWEEN_SIGNS: Final = re.compile(r"(?<=[\u4e00-\u9fff：:]) +(?=[\u4e00-\u9fff：:])")
NUMBER_OF_PARTICIPANT: Final = re.compile(r"(?<!\d)\d{2}-\d{4}(?!\d)")


def hints_in_text(text: str) -> set[str]:
    """Return the kinds of identifier that the text layer of a file seems to hold."""
    folded = _BETWEEN_SIGNS.sub("", unicodedata.normalize("NFKC", text))
    hints = set(identifying(folded))
    return hints | {kind for kind, pattern in _LABELLED.items() if pattern.search(folded)}


def hints_in_name(name: str) -> set[str]:
    """Return the kinds of identifier that the name of a file seems to hold; a participant's number is none."""
    stem = NUMBER_OF_PARTICIPANT.sub(" ", unicodedata.normalize("NFKC", name).rpartition(".")[0])
    hints = hints_in_text(stem)
    return hints | {"name" for part in _PARTS.split(stem) if _PERSON.fullmatch(part)}
