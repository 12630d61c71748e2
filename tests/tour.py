"""The chapters of docs/tour.md, made from traces: which files one reads, in order, and what each is."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

from tests.tracing import ROOT, Trace

PAGE = ROOT / "docs" / "tour.md"
WRITES = "PALACE3_WRITE_TOUR"


def way_of(trace: Trace) -> str:
    """Return the files of a trace as a numbered list, each with the first line of its docstring."""
    lines = [
        f"{number}. [`{file}`](../{file}): {_about(ROOT / file)}"
        for number, file in enumerate(trace.files, 1)
    ]
    return "\n".join([f"{len(trace.files)} files, {len(trace.functions)} functions.", "", *lines])


def check_chapter(name: str, trace: Trace) -> None:
    """The page tells the way of the trace; with PALACE3_WRITE_TOUR set, it is written anew."""
    text, way = PAGE.read_text(encoding="utf-8"), way_of(trace)
    chapter = re.compile(rf"(?<=<!-- {name}: made by `make tour` -->\n).*?(?=\n<!-- end of {name} -->)", re.S)
    told = chapter.search(text)
    assert told is not None, f"docs/tour.md has no chapter {name}"
    if WRITES in os.environ:
        PAGE.write_text(chapter.sub(lambda _found: way, text), encoding="utf-8")
        return
    assert _files_in(told[0]) == trace.files, (
        f"docs/tour.md no longer tells the way of {name}: run `make tour`"
    )


def _files_in(way: str) -> list[str]:
    return re.findall(r"^\d+\. \[`([^`]+)`\]", way, re.M)


def _about(path: Path) -> str:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "no docstring"
    return said.splitlines()[0].replace("|", "\\|")
