"""Words of an adverse event that name camrelizumab or what follows it, whatever was ticked beside them (protocol 3.6).

Sources: the label of camrelizumab (reactive cutaneous capillary endothelial proliferation), MedDRA's preferred terms
"Immune-mediated ...", and how sites write them in either language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_NAMES: Final = re.compile(
    r"\br?ccep\b"
    r"|capillary (endothelial )?(proliferation|hyperplasia|ha?emangioma)"
    r"|proliferation of (skin |cutaneous )?capillar"
    r"|\bimmun[eo]?[- ]?(related|mediated)\b|\bimmuno[- ]?therap|\bir-?aes?\b"
    r"|checkpoint inhibitor|\bpd-? ?l?1\b|camrelizumab|\bshr-? ?1210\b"
    r"|毛细血管(内皮)?(细胞)?(增生|血管瘤)|毛细血管瘤"
    r"|(?<!自身)免疫(相关|介导|治疗|检查点|不良|性(?!血小板|溶血))|卡瑞利珠|艾瑞卡",
    re.ASCII,  # a word ends where Chinese begins
)


def name_immunotherapy(words: Iterable[str]) -> bool:
    """Say whether one of the words names camrelizumab or an event that is known to follow it."""
    return any(_names(each) for each in words if each)


@lru_cache  # bounded: no process keeps all the words that people typed
def _names(words: str) -> bool:
    plain = " ".join(
        unicodedata.normalize("NFKC", words).casefold().replace("‐", "-").replace("–", "-").split()
    )
    return _NAMES.search(plain) is not None
