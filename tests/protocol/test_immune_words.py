"""Words that name camrelizumab or what follows it, in either language, and words that do not (protocol 3.6)."""

from __future__ import annotations

import pytest

from protocol.ctcae import terms
from protocol.immune_words import name_immunotherapy

CHAPTERS = ("3.6",)


@pytest.mark.parametrize(
    "words",
    [
        "RCCEP",
        "rccep, face and neck",
        "ＲＣＣＥＰ",
        "CCEP grade 1",
        "面部RCCEP",
        "Reactive capillary endothelial proliferation",
        "reactive cutaneous  capillary\nendothelial proliferation",
        "Capillary proliferation of the skin",
        "Capillary haemangioma of the cheek",
        "capillary hemangioma",
        "反应性皮肤毛细血管增生症",
        "毛细血管内皮增生",
        "Immune-mediated lung disease",
        "immune‐related hepatitis",
        "immunotherapy-induced rash",
        "irAE",
        "checkpoint inhibitor pneumonitis",
        "anti-PD-1 colitis",
        "Rash after camrelizumab",
        "SHR-1210 infusion reaction",
        "免疫相关性肺炎",
        "免疫性心肌炎",
        "免疫介导性肝炎",
        "卡瑞利珠单抗输注反应",
        "艾瑞卡输注反应",
    ],
)
def test_words_that_name_it(words: str) -> None:
    assert name_immunotherapy(["", words])


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Fatigue",
        "Capillary leak syndrome",
        "Immune thrombocytopenia",
        "免疫性血小板减少症",
        "Immune system disorders - Other, specify",
        "Autoimmune disorder",
        "自身免疫性疾病",
        "Pneumonitis",
        "success",
        "upd-10",
    ],
)
def test_words_that_do_not(words: str) -> None:
    assert not name_immunotherapy([words])


def test_no_term_of_ctcae_names_it() -> None:
    """What both arms can have stays in tables over both: CTCAE has no term of camrelizumab's own."""
    assert [each.name for each in terms() if name_immunotherapy((each.name, each.name_zh))] == []
