"""What in a free text could say who somebody is (protocol 3.6, sae_narr)."""

from __future__ import annotations

import pytest

from protocol.identifiers import identifying

CHAPTERS = ("3.6",)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("card 11010519491231002X seen", "id_card"),
        ("call 13800138000", "telephone"),
        ("call 138 0013 8000", "telephone"),
        ("ward 021-64041990", "telephone"),
        ("record 00482913 of the ward", "hospital_number"),
        ("write to someone@hospital.example", "mail"),
        ("Mr Example was admitted", "name"),
        ("患者姓名某某", "name"),
        ("某先生入院", "name"),
        ("住院号见附件", "address"),
        ("see the medical record no above", "address"),
    ],
)
def test_it_is_noticed(text: str, kind: str) -> None:
    assert kind in identifying(text)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "Grade 3 pneumonitis on 2026-03-01, CRP 182.5 mg/L, platelets 145000, methylprednisolone 1 mg/kg.",
        "第 3 级肺炎，2026-03-01 入院，甲泼尼龙 80 mg/日。",
        "Neutrophils 0.4 x 10^9/L at 08:30.",
    ],
)
def test_a_clean_text_passes(text: str | None) -> None:
    assert identifying(text) == ()
