"""A long page of HTML set as PDF part by part: the memory is that of the longest part, the file as if set in one piece.

The typesetter holds every box of a document until it is written, some 3 MB a page. A page that may be set in parts says
where with comments: ``CHAPTER`` stands where a new page begins anyway, ``RECORD`` where one may begin if it must.
"""

from __future__ import annotations

import copy
import gc
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pydyf
from django.conf import settings

from kernel.paper import ARCHIVED, OF_PRACTICE, quiet, typesetter

CHAPTER: Final = "<!-- a part may begin: chapter -->"
RECORD: Final = "<!-- a part may begin: record -->"
LONG, VERY_LONG = 42_000, 84_000  # characters of HTML; a page of print has some 3,900
EDGES: Final = ("top-left", "top-center", "top-right", "bottom-left", "bottom-center")
NUMBER_EDGE: Final = "bottom-right"  # where the style of printed pages puts "page / pages"
FIXED: Final = 3  # a PDF begins with its free object, its list of pages and its catalog
NUMBERED: Final = 1_000_000_000  # numbers from here on stand for the page numbers, which are set last
REFERENCES: Final = re.compile(rb"\((?:[^\\()]|\\.)*\)|<[0-9A-Fa-f]+>|(?<![0-9.])(\d+) 0 R\b", re.DOTALL)

# Rules of the typesetter's own style that it would try on every element: of marks, notes, lists, links and directions.
TRIED_ON_EVERY_ELEMENT: Final = re.compile(
    r"^.*(?:::marker|::footnote-|::note-|:is\(|:link|\[dir).*$", re.MULTILINE
)
SELDOM: Final = (100_000, 50, 1_000)  # thresholds of the collector of garbage while boxes are made
_setting: list[tuple[tuple[int, int, int], bool]] = []  # what was usual, once for each page that is being set
_turn, _thread = threading.Lock(), threading.local()

Objects = list[tuple[int, bytes, bool]]  # number, content, whether it is a stream


class _Placed(pydyf.Object):
    """An object of another PDF, as bytes."""

    def __init__(self, content: bytes, *, is_stream: bool) -> None:
        super().__init__()
        self._content, self._is_stream = content, is_stream

    @property
    def data(self) -> bytes:
        return self._content

    @property
    def compressible(self) -> bool:
        return not self._is_stream


class _FontsOfPart(dict[Any, Any]):
    """The fonts of a part, without copies of their files."""

    def refuse_lack(self) -> None:
        """Refuse to go on with a font that was not cut."""
        cut = {font.hash for font in self.values() if font.file_content}
        if lacking := {font.family for font in self.values() if font.hash not in cut}:
            raise RuntimeError(f"not embedded: {', '.join(sorted(lacking))}")


@cache
def _leave_font_files() -> None:
    """From here on a thread that sets a long page reads no font as a whole: of a Chinese one 20 MB, and as many copied.

    What is embedded is cut by HarfBuzz from the font itself; where that is too old, the copies are needed.
    """
    ffi, fonts = typesetter().text.ffi, typesetter().pdf.fonts
    if not (ffi.harfbuzz_subset and ffi.harfbuzz.hb_version_atleast(4, 1, 0)):
        return
    usual = fonts.get_hb_object_data

    class FontOfLongPaper(fonts.Font):  # type: ignore[name-defined]
        def __init__(self, *of: Any) -> None:
            _thread.makes_font = getattr(_thread, "sets_long_page", False)
            try:
                super().__init__(*of)
            finally:
                _thread.makes_font = False

    def data_of(hb_object: Any, *of: Any) -> bytes:
        return b"" if getattr(_thread, "makes_font", False) else usual(hb_object, *of)

    fonts.get_hb_object_data, typesetter().pdf.stream.Font = data_of, FontOfLongPaper


@contextmanager
def _without_font_files() -> Iterator[None]:
    _leave_font_files()
    _thread.sets_long_page = True
    try:
        yield
    finally:
        _thread.sets_long_page = False


@dataclass
class _SetPart:
    """What was set of one part: its objects as bytes, and the numbers that the whole has to know."""

    objects: Objects
    bookmarks: list[Any]  # by page
    numbers: list[int]  # of the objects of pages
    dictionaries: list[dict[str, Any]]
    tags: list[bytes]  # by page: what each marked piece of it belongs to
    elements: bytes
    document: int


def set_long_page(page: str) -> bytes:
    """Return the PDF of a long page of HTML, tagged and fit for an archive; it holds text and tables, and no links.

    Refuses: a server that cannot print.
    """
    page = _styled(page, OF_PRACTICE) if settings.PALACE3_PRACTICE else page
    head, segments = _segments(page)
    with quiet(), _seldom_collected(), _without_font_files():
        fonts = typesetter().text.fonts.FontConfiguration()  # read once for all parts
        if len(segments) == 1:
            return bytes(_page(page).write_pdf(font_config=fonts, pdf_variant=ARCHIVED))
        parts: list[_SetPart] = []
        for segment in segments:
            part = _without(head, NUMBER_EDGE) + segment
            parts.append(_set_part(part, fonts, len(parts), _pages(parts)))
            gc.collect()  # boxes point at each other
        numbers = _set_numbers(_without(head, *EDGES), fonts, _pages(parts))
        return _joined(_without(head, NUMBER_EDGE, *EDGES), fonts, parts, numbers)


def _page(page: str) -> Any:
    """Return a page of HTML to be set in the plain style."""
    return _plain_page()(string=page)


@cache
def _plain_page() -> Any:
    """Return the typesetter's class of pages with its own style, less what a page of text and tables has not.

    Of every element it would compute the styles of five notes and a mark: a tenth of the time of a casebook.
    """
    setter = typesetter()
    plain = TRIED_ON_EVERY_ELEMENT.sub("", setter.html.UA)
    style = setter.CSS(string=plain, counter_style=setter.html.UA_COUNTER_STYLE)

    return type("PlainPage", (setter.HTML,), {"_ua_stylesheets": lambda _self, _forms=False: [style]})


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Boxes point at each other by the hundred thousand: the collector would go through them for nothing.

    A tenth of the time of a casebook went there, and as much into what the program had before, which is left alone
    meanwhile. The last page that is set in this process restores what was usual.
    """
    with _turn:
        if _setting:
            _setting.append(_setting[-1])
        else:
            is_ours = not gc.get_freeze_count()  # what somebody else set aside stays so
            _setting.append((gc.get_threshold(), is_ours))
            if is_ours:
                gc.collect()  # what nobody needs any more is not set aside with the rest
                gc.freeze()
        gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        with _turn:
            usual, is_ours = _setting.pop()
            if not _setting:
                gc.set_threshold(*usual)
                if is_ours:
                    gc.unfreeze()


def _pages(parts: list[_SetPart]) -> int:
    return sum(len(part.bookmarks) for part in parts)


def _segments(page: str) -> tuple[str, list[str]]:
    """Return the page as far as its body, and the body in parts none of which is long where that can be avoided."""
    head, body, rest = page.partition("<body>")
    segments, marks = [""], re.compile(f"({re.escape(CHAPTER)}|{re.escape(RECORD)})")
    mark = CHAPTER
    for piece in marks.split(rest):
        if piece in (CHAPTER, RECORD):
            mark = piece
        elif len(segments[-1]) + len(piece) > (LONG if mark == CHAPTER else VERY_LONG) and segments[-1]:
            segments.append(piece)
        else:
            segments[-1] += piece
    return head + body, segments


def _without(head: str, *edges: str) -> str:
    """Return the head with nothing printed in these places of the margin."""
    empty = " ".join(f"@{edge} {{ content: none }}" for edge in edges)
    return _styled(head, f"@page {{ {empty} }}")


def _styled(page: str, style: str) -> str:
    """Return the page with some style more, which comes last and so counts."""
    return page.replace("</head>", f"<style>{style}</style></head>", 1)


def _set_part(page: str, fonts: Any, place: int, before: int) -> _SetPart:
    """Set one part; ``before`` pages stand before it."""
    taken: list[_SetPart] = []
    document = _page(page).render(font_config=fonts, pdf_variant=ARCHIVED)
    document.fonts = _FontsOfPart()
    document.make_bookmark_tree = lambda *_args, **_more: []  # those of the whole are made at the end

    def take(_document: Any, pdf: Any) -> None:
        document.fonts.refuse_lack()
        taken.append(_taken(document, pdf, place, before))
        del pdf.objects[FIXED:]  # nothing is written

    document.write_pdf(io.BytesIO(), finisher=take, pdf_variant=ARCHIVED)
    return taken[0]


def _taken(document: Any, pdf: Any, place: int, before: int) -> _SetPart:
    dictionaries = [_object(pdf, each) for each in pdf.page_references]
    for number, each in enumerate(dictionaries, before):
        upright = b"q 1 0 0 -1 0 %.4f cm" % each["MediaBox"][3]  # the typesetter counts from the top
        _object(pdf, each["Contents"]).stream.append(b"/Artifact BMC %s /page%d Do Q EMC" % (upright, number))
        _object(pdf, each["Resources"])["XObject"][f"page{number}"] = b"%d 0 R" % (NUMBERED + number)
    root = _object(pdf, pdf.catalog["StructTreeRoot"])
    tree, top = _object(pdf, root["ParentTree"]), _object(pdf, root["K"][0])
    for each in pdf.objects:
        if isinstance(each, dict) and "ID" in each:
            each["ID"].string = f"{place}-{each['ID'].string}"  # the headers of cells name the same string
    left_out = {root.number, tree.number, top.number, *(each.number for each in dictionaries)}
    left_out.add(_object(pdf, pdf.catalog["Metadata"]).number)
    return _SetPart(
        objects=[
            (each.number, each.data, not each.compressible)
            for each in pdf.objects[FIXED:]
            if each.number not in left_out
        ],
        bookmarks=[each.bookmarks for each in document.pages],
        numbers=[each.number for each in dictionaries],
        dictionaries=dictionaries,
        tags=[each.data for each in tree["Nums"][1 : 2 * len(dictionaries) : 2]],
        elements=b" ".join(top["K"]),
        document=top.number,
    )


def _object(pdf: Any, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _set_numbers(head: str, fonts: Any, pages: int) -> Objects:
    """Return the objects of a PDF whose pages are the numbers of the pages, each as a form that a page may draw."""
    taken: Objects = []

    def take(_document: Any, pdf: Any) -> None:
        drawn = {}
        for number, each in enumerate(_object(pdf, reference) for reference in pdf.page_references):
            form = _object(pdf, each["Contents"])
            form.extra |= {"Type": "/XObject", "Subtype": "/Form", "BBox": each["MediaBox"]}
            form.extra["Resources"] = each["Resources"]
            drawn[form.number] = NUMBERED + number
        left_out = {_object(pdf, reference).number for reference in pdf.page_references}
        taken.extend(
            (drawn.get(each.number, each.number), each.data, not each.compressible)
            for each in pdf.objects[FIXED:]
            if each.number not in left_out
        )
        del pdf.objects[FIXED:]

    body = '<p style="break-after: page; margin: 0"></p>' * (pages - 1)
    numbers = _page(f"{head}{body}<p></p>")
    numbers.write_pdf(io.BytesIO(), font_config=fonts, finisher=take, output_intent="srgb")
    return taken


def _joined(head: str, fonts: Any, parts: list[_SetPart], numbers: Objects) -> bytes:
    """Return one PDF with the pages of all parts: title, bookmarks and profile are made by the typesetter itself."""
    frame = _page(head).render(font_config=fonts, pdf_variant=ARCHIVED)
    pages = []
    for bookmarks in (each for part in parts for each in part.bookmarks):
        blank = copy.copy(frame.pages[0])
        blank.bookmarks = bookmarks
        pages.append(blank)

    def place(_document: Any, pdf: Any) -> None:
        of_numbers = _place(pdf, numbers, {})
        drawn = {old: new for old, new in of_numbers.items() if old >= NUMBERED}
        root = _object(pdf, pdf.catalog["StructTreeRoot"])
        tree, top = _object(pdf, root["ParentTree"]), _object(pdf, root["K"][0])
        first = 0
        for part in parts:
            references = pdf.page_references[first : first + len(part.bookmarks)]
            whole = [_object(pdf, reference) for reference in references]
            same = drawn | {old: each.number for old, each in zip(part.numbers, whole, strict=True)}
            moved = _place(pdf, part.objects, same | {part.document: top.number})
            for position, (each, old) in enumerate(zip(whole, part.dictionaries, strict=True)):
                each |= {key: _renumbered(old[key], moved) for key in ("Contents", "Resources")}
                tree["Nums"][2 * (first + position) + 1] = _renumbered(part.tags[position], moved)
            top["K"].append(_renumbered(part.elements, moved))
            first += len(part.bookmarks)
            part.objects.clear()

    target = io.BytesIO()
    frame.copy(pages).write_pdf(target, finisher=place, pdf_variant=ARCHIVED)
    return target.getvalue()


def _place(pdf: Any, objects: Objects, known: dict[int, int]) -> dict[int, int]:
    """Put objects of another PDF into this one; return their numbers in it, with those that were known."""
    moved = known | {number: len(pdf.objects) + place for place, (number, _data, _is) in enumerate(objects)}
    for _number, content, is_stream in objects:
        said, between, drawing = content.partition(b"\nstream\n") if is_stream else (content, b"", b"")
        pdf.add_object(_Placed(_renumbered(said, moved) + between + drawing, is_stream=is_stream))
    return moved


def _renumbered(content: bytes, moved: dict[int, int]) -> bytes:
    """Return the bytes of an object with its references as they are in the other PDF; texts stay as they are."""

    def renumbered(each: re.Match[bytes]) -> bytes:
        return each[0] if each[1] is None else b"%d 0 R" % moved[int(each[1])]

    return REFERENCES.sub(renumbered, content)
