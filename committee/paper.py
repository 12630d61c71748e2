"""The files of a pack: PDF with bookmarks, data as CSV, and the watermark of whoever a PDF is handed to."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from pypdf import PdfReader, PdfWriter

from committee.arms import UNMASKING, ArmView
from committee.content import PackFacts, PackSection, sections_of
from committee.models import ArmDisplay, CommitteePack, FileKind, PackPart
from kernel.paper import set_pages
from kernel.spreadsheets import as_csv

DATA_LANGUAGE: Final = "en"
CSV_COLUMNS: Final = ("SECTION", "TABLE", "ROW", "GROUP", "GROUP_N", "VALUE")


@dataclass(frozen=True)
class MadeFile:
    """One file as it was made, before it is kept."""

    part: PackPart
    kind: FileKind
    language: str
    content: bytes


def files_of(pack: CommitteePack, facts: PackFacts, *, at: datetime) -> Iterator[MadeFile]:
    """Yield the files of each part that the pack has: a PDF in every language, and the data."""
    parts = [PackPart.OPEN] if pack.arms == ArmDisplay.ABSENT else [PackPart.OPEN, PackPart.CLOSED]
    for part in parts:
        view = ArmView.of_part(part, pack.arms, pack.arm_of_a)
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                sections = sections_of(facts, view)
                page = _page(pack, part, view, sections, language=language, at=at)
                if language == DATA_LANGUAGE:
                    yield MadeFile(part, FileKind.CSV, language, as_csv(_data(sections)))
            yield MadeFile(part, FileKind.PDF, language, set_pages(page))


def _page(
    pack: CommitteePack,
    part: PackPart,
    view: ArmView,
    sections: Sequence[PackSection],
    *,
    language: str,
    at: datetime,
) -> str:
    context = {
        "pack": pack,
        "part": part,
        "view": view,
        "sections": sections,
        "unmasking": UNMASKING if view.is_masked else (),
        "language": language,
        "at": at,
    }
    return render_to_string("committee/pdf/pack.html", context)


def _data(sections: Sequence[PackSection]) -> Iterator[tuple[str | int, ...]]:
    yield CSV_COLUMNS
    for section in sections:
        for table in section.tables:
            for row in table.rows:
                for group, value in zip(table.groups, row.values, strict=True):
                    yield (section.slug, table.slug, row.label, group.label, group.size, value)


def with_watermark(content: bytes, *, reader: str, at: datetime) -> bytes:
    """Return the PDF with the name of its reader across each page and at its foot; bookmarks stay."""
    mark = set_pages(render_to_string("committee/pdf/watermark.html", {"reader": reader, "at": at}))
    stamp = PdfReader(io.BytesIO(mark)).pages[0]
    marked = PdfWriter(clone_from=io.BytesIO(content))
    for page in marked.pages:
        page.merge_page(stamp)
    out = io.BytesIO()
    marked.write(out)
    return out.getvalue()
