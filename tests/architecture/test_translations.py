"""Every text has its Chinese translation, with the same placeholders; the catalogue holds no others."""

from __future__ import annotations

from pathlib import Path

from palace3.translations import Catalogue, faults, texts_of_project

ROOT = Path(__file__).resolve().parents[2]


def test_every_text_is_translated() -> None:
    assert faults(Catalogue(ROOT), texts_of_project(ROOT)) == []
