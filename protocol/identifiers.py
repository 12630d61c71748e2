"""What in a free text could say who somebody is (protocol 3.0, 3.6 sae_narr). A hint for people, no proof."""

import re

PATTERNS = {
    "id_card": re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"),
    "telephone": re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)|(?<!\d)0\d{2,3}[ -]\d{7,8}(?!\d)"),
    "hospital_number": re.compile(r"(?<![\d.-])\d{7,16}(?![\d.])"),
    "mail": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "name": re.compile(
        r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? ?[A-Z]\w+|姓名|[\u4e00-\u9fff]{1,3}(?:先生|女士|患者姓)"
    ),
    "address": re.compile(
        r"身份证|住址|住院号|病历号|门诊号|\b(?:ID card|home address|medical record no)", re.I
    ),
}


def identifying(text: str | None) -> tuple[str, ...]:
    """The kinds of identifier that ``text`` seems to hold, none when it looks clean."""
    return tuple(kind for kind, pattern in PATTERNS.items() if pattern.search(text or ""))
