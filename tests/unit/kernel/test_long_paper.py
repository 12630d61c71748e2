"""A long page set in parts is the page set in one piece: text, numbers of pages, bookmarks, tags."""

from __future__ import annotations

import gc
import io
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pypdfium2
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from kernel import long_paper
from kernel.long_paper import CHAPTER, RECORD, set_long_page
from kernel.paper import quiet, set_pages, typesetter
from tests.archival import faults_of_archive

STYLE = """<style>
@page { size: A6; @bottom-right { content: counter(page) " / " counter(pages) } @top-left { content: string(sheet) } }
h1, h2, h3 { string-set: sheet content() } h2 { break-before: page; bookmark-level: 1 } h3 { bookmark-level: 2 }
</style>"""
ODD = "refers to (12 0 R), or to 7 0 R \\ 受试者"


def table(of: int) -> str:
    rows = "".join(f"<tr><td>{of}.{n} {ODD}</td><td>{n * of}</td></tr>" for n in range(9))
    return f"<table><thead><tr><th>What {of}</th><th>How many</th></tr></thead><tbody>{rows}</tbody></table>"


def chapter(of: int) -> str:
    records = (f"<h3>Record {of}.{n} {ODD}</h3>{table(of * 10 + n)}" for n in range(2))
    return f"{CHAPTER}<h2>Chapter {of} {ODD}</h2>{RECORD.join(records)}"


PAGE = (
    f'<!doctype html><html lang="zh-hans"><head><title>Book</title>{STYLE}</head><body><h1>Book</h1>'
    f"{''.join(map(chapter, range(1, 4)))}</body></html>"
)


@pytest.fixture(scope="module")
def whole() -> bytes:
    """The page set in one piece."""
    return set_pages(PAGE)


@pytest.fixture
def parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_paper, "LONG", len(chapter(1)))


@pytest.fixture(scope="module")
def in_parts() -> bytes:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(long_paper, "LONG", len(chapter(1)))
        return set_long_page(PAGE)


def root_of(pdf: bytes) -> Any:
    return PdfReader(io.BytesIO(pdf)).trailer["/Root"]


def printed(pdf: bytes) -> tuple[list[list[str]], list[tuple[int, str, int | None]]]:
    """The words of each page, and the bookmarks with their pages."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        pages = [sorted(page.get_textpage().get_text_bounded().split()) for page in document]
        marks = [(each.level, each.get_title(), each.get_dest().get_index()) for each in document.get_toc()]
    return pages, marks


def elements(top: Any, depth: int = 0) -> Iterator[tuple[int, Any]]:
    """Yield the elements of the tree of tags from above, each with its depth."""
    for each in top["/K"]:
        element = each.get_object()
        if isinstance(element, dict):
            yield depth, element
            yield from elements(element, depth + 1)


def test_a_page_in_parts_prints_like_one_piece(in_parts: bytes, whole: bytes, parted: None) -> None:
    assert len(long_paper._segments(PAGE)[1]) == 3
    assert printed(in_parts) == printed(whole)
    pages, marks = printed(in_parts)
    assert {str(len(pages)), "/", "1"} <= set(pages[0])
    assert f"Chapter 3 {ODD}" in [title for _level, title, _page in marks]


def test_its_tags_are_those_of_one_piece_and_each_leads_to_its_page(in_parts: bytes, whole: bytes) -> None:
    root = root_of(in_parts)
    told = [
        [(depth, each["/S"]) for depth, each in elements(of["/StructTreeRoot"]["/K"][0])]
        for of in (root, root_of(whole))
    ]
    assert told[0] == told[1]
    assert (root["/Lang"], root["/MarkInfo"], len(root["/OutputIntents"])) == (
        "zh-hans",
        {"/Marked": True},
        1,
    )
    assert b'pdfaid:part="3" pdfaid:conformance="A"' in root["/Metadata"].get_data()
    names = [each["/ID"] for _depth, each in elements(root["/StructTreeRoot"]["/K"][0]) if "/ID" in each]
    assert len(set(names)) == len(names) > 6
    headed = [each for _depth, each in elements(root["/StructTreeRoot"]["/K"][0]) if each["/S"] == "/TD"]
    assert all(set(each["/A"]["/Headers"]) <= set(names) for each in headed)
    assert any(each["/A"]["/Headers"] for each in headed)
    nums = root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    pages = PdfReader(io.BytesIO(in_parts)).pages
    assert nums[::2] == list(range(len(pages)))
    page: Any
    for page, of_page in zip(pages, nums[1::2], strict=True):
        owners = [each.get_object() for each in of_page.get_object()]
        assert {each.raw_get("/Pg").idnum for each in owners} == {page.indirect_reference.idnum}
        assert b"/Artifact BMC" in page.get_contents().get_data()


def test_it_is_the_same_each_time_and_a_short_page_is_set_in_one_piece(in_parts: bytes, parted: None) -> None:
    assert set_long_page(PAGE) == in_parts
    short = PAGE[: PAGE.index(CHAPTER)]
    assert set_long_page(short) == set_pages(short)


def test_a_chapter_that_is_very_long_is_parted_between_its_records(
    whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_paper, "LONG", 1)
    monkeypatch.setattr(long_paper, "VERY_LONG", 1)
    pages, marks = printed(set_long_page(PAGE))
    assert [(level, title) for level, title, _page in marks] == [
        (level, title) for level, title, _page in printed(whole)[1]
    ]
    firsts = [page for level, _title, page in marks if level == 1]
    assert len(set(firsts)) == len(firsts) == 6
    assert str(len(pages)) in pages[-1]


@pytest.mark.parametrize("set_paper", [set_pages, set_long_page])
def test_a_paper_of_practice_says_so_on_each_page(settings: Any, parted: None, set_paper: Any) -> None:
    paper = f"<html><head>{STYLE}</head><body><h2>One</h2>{CHAPTER}<h2>Two {'word ' * 200}</h2></body></html>"
    for is_practice in (False, True):
        settings.PALACE3_PRACTICE = is_practice
        pages = PdfReader(io.BytesIO(set_paper(paper))).pages
        assert len(pages) > 1
        assert ["PRACTICE" in each.extract_text() for each in pages] == [is_practice] * len(pages)


def test_every_way_of_setting_is_fit_for_an_archive(in_parts: bytes, whole: bytes) -> None:
    with_a_file = set_pages(PAGE, {"certificate.json": "{}"})
    for name, pdf in {"whole": whole, "in parts": in_parts, "with a file": with_a_file}.items():
        assert (name, faults_of_archive(pdf)) == (name, [])


def test_what_is_not_fit_is_seen() -> None:
    """The examination is no formality: a page as a browser would print it has the faults that an archive minds."""
    with quiet():
        plain = bytes(typesetter().HTML(string=PAGE.replace(' lang="zh-hans"', "")).write_pdf())
    clauses = {re.search(r"\((.*)\)", each)[1] for each in faults_of_archive(plain)}  # type: ignore[index]
    assert clauses >= {"6.2.3", "6.6.4", "6.7.2", "6.7.4"}
    spoiled = PdfWriter(clone_from=io.BytesIO(set_pages(PAGE)))
    script = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("")}
    )
    spoiled.root_object[NameObject("/OpenAction")] = script
    page: Any = spoiled.pages[0]
    for each in page["/Resources"]["/Font"].values():
        for inner in each.get_object().get("/DescendantFonts", []):
            del inner.get_object()["/FontDescriptor"].get_object()[
                next(k for k in inner.get_object()["/FontDescriptor"].get_object() if "FontFile" in k)
            ]
    target = io.BytesIO()
    spoiled.write(target)
    said = " ".join(faults_of_archive(target.getvalue()))
    assert ("6.5.2" in said, "not embedded (6.2.11.4)" in said) == (True, True)


def test_the_collector_of_garbage_is_as_it_was_after_a_page_was_set_or_was_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual, aside, seen = gc.get_threshold(), gc.get_freeze_count(), []

    def fail(*_said: Any, **_more: Any) -> Any:
        seen.append(gc.get_threshold())
        raise RuntimeError

    monkeypatch.setattr(long_paper, "_set_part", fail)
    monkeypatch.setattr(long_paper, "LONG", len(chapter(1)))
    with pytest.raises(RuntimeError), long_paper._seldom_collected():
        set_long_page(PAGE)
    assert (seen, gc.get_threshold(), gc.get_freeze_count()) == ([long_paper.SELDOM], usual, aside)
    gc.unfreeze()
    with long_paper._seldom_collected(), long_paper._seldom_collected():
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
    gc.freeze()  # as the tests had it
