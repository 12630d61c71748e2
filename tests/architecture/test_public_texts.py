"""No first text of the public page can show a patient a raw token, or leave out a language."""

from __future__ import annotations

import pytest

from protocol.text import load, versions
from website.public.first_texts import first_texts
from website.public.placeholders import Unfilled, facts_of, fill, tokens_left

LANGUAGES = {"en", "zh-hans"}


@pytest.mark.parametrize("version", versions())
def test_every_placeholder_of_the_first_texts_is_a_fact_of_the_protocol(version: str) -> None:
    facts = facts_of(load(version))
    for text in first_texts():
        shown = fill(f"{text.title}\n{text.body}", facts, text.language)
        assert "{" not in shown, (text.block, text.language)
        assert "}" not in shown, (text.block, text.language)


def test_every_block_has_its_first_text_in_both_languages() -> None:
    blocks: dict[str, set[str]] = {}
    for text in first_texts():
        blocks.setdefault(text.block, set()).add(text.language)
    assert blocks
    assert all(languages == LANGUAGES for languages in blocks.values()), blocks


@pytest.mark.parametrize("text", ["{SITE_NAME}", "{{SITE_NAME}}", "{{ registry_number }}"])
def test_a_name_that_is_no_fact_is_found(text: str) -> None:
    facts = facts_of(load("1.0"))
    assert tokens_left(text, facts)
    with pytest.raises(Unfilled):
        fill(text, facts, "en")
