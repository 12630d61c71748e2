"""Issue point 4: releases of dictionaries are read as their publishers lay them out; everything here is made up."""

from __future__ import annotations

import pytest

from crf.coding.release_files import (
    FileBroken,
    ReadTerm,
    decoded,
    meddra_terms,
    whodrug_terms,
)
from tests.made_up_dictionaries import MEDDRA, WHODRUG, dd, dda


def test_point_04_a_term_of_meddra_has_its_preferred_term_and_the_primary_path() -> None:
    terms = {term.code: term for term in meddra_terms(MEDDRA)}
    assert terms["90000011"] == ReadTerm(
        "90000011",
        "Blue nose",
        True,
        "90000001",
        "Nose discolouration",
        (
            ("91000001", "Nose colours"),
            ("92000001", "Nose disorders"),
            ("93000001", "Disorders of made-up noses"),
        ),
    )
    assert not terms["90000012"].is_current
    assert len(terms) == 5


def test_point_04_a_drug_has_its_preferred_name_and_every_atc_class() -> None:
    terms = {term.code: term for term in whodrug_terms(WHODRUG)}
    brand = terms["90000101002"]
    assert (brand.name, brand.preferred, brand.preferred_code) == ("Nasofix", "Nasamide", "90000101001")
    assert dict(brand.classes) == {"Z01AA01": "nasamide", "Z02B": "OTHER NOSE DRUGS"}
    assert dict(terms["90000201001"].classes) == {"Z03AA": ""}


@pytest.mark.parametrize(
    ("read", "texts", "says"),
    [
        (meddra_terms, {**MEDDRA, "llt.asc": "90000011$Blue nose$90000001"}, "llt.asc"),
        (meddra_terms, {**MEDDRA, "llt.asc": "1$No path$77777777$$$$$$$Y$$"}, "No path"),
        (meddra_terms, {**MEDDRA, "mdhier.asc": "a$b"}, "mdhier.asc"),
        (whodrug_terms, {**WHODRUG, "DD.txt": dd("x00001", "01", "001", "Nasamide")}, "DD.txt"),
        (whodrug_terms, {**WHODRUG, "DDA.txt": dda("900001", "01", "001", "?")}, "DDA.txt"),
    ],
)
def test_point_04_a_line_that_is_not_laid_out_so_is_named(read, texts, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FileBroken) as refused:
        list(read(texts))
    assert says in str(refused.value)


def test_point_04_a_file_is_read_in_the_encoding_of_its_language() -> None:
    assert decoded("\ufeff鼻".encode(), language="zh-hans", file="llt.asc") == "鼻"
    assert decoded("鼻子".encode("gb18030"), language="zh-hans", file="llt.asc") == "鼻子"
    assert decoded("Öl".encode("latin-1"), language="en", file="llt.asc") == "Öl"
    with pytest.raises(FileBroken, match=r"Line 2 of llt\.asc"):
        decoded("鼻\n".encode("gb18030") + b"\xff\xff", language="zh-hans", file="llt.asc")


@pytest.mark.parametrize("sign", ["\x85", "\x0b", "\x1c", "\u2028"])
def test_point_04_only_a_line_end_ends_a_line(sign: str) -> None:
    """A point of suspension of Windows (0x85) stands in names of former releases, and was taken for a line end."""
    texts = {name: text.replace("Blue nose", f"Blue{sign}nose") for name, text in MEDDRA.items()}
    for ends in (texts, {name: text.replace("\n", "\r\n") for name, text in texts.items()}):
        assert {term.code: term.name for term in meddra_terms(ends)}["90000011"] == f"Blue{sign}nose"
