"""The files of a study definition: the model as JSON, and the sections of ICH M11 in both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from django.template.loader import render_to_string
from django.utils.translation import override

from exports.packages import PackageOrder
from exports.usdm.m11 import sections
from exports.usdm.study import study_definition
from protocol.text import load, versions

DEFINITION: Final = "usdm.json"
SECTIONS: Final = {"en": "m11.html", "zh-hans": "m11.zh-hans.html"}


def write_usdm(order: PackageOrder, folder: Path) -> Mapping[str, int]:
    """The definition of the newest version of the protocol text stands in the folder; it holds no participant."""
    text = load(max(versions()))
    definition = study_definition(text)
    (folder / DEFINITION).write_text(
        json.dumps(definition, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    records = {DEFINITION: 1}
    for language, name in SECTIONS.items():
        with override(language):
            told = sections(text, language)
            page = render_to_string(
                "exports/usdm/m11.html", {"sections": told, "text": text, "language": language}
            )
        (folder / name).write_text(page, encoding="utf-8")
        records[name] = len(told)
    return records
