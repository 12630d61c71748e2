"""The statement of conformance with WCAG 2.2, for everybody, and as a paper of ``docs/``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from design.terms import text_of
from palace3.help_texts import read

FILE = "accessibility"


@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """Show what was tested, how the pages can be used, and what is known not to conform."""
    return render(request, "palace3/accessibility.html", statement(get_language() or "en"))


def statement(language: str) -> dict[str, Any]:
    """Return the statement in one language."""
    rows = read(FILE)
    parts = [
        {
            "title": text_of(part["title"]).said(language),
            "items": [(text_of(item).said(language), item.get("test", "")) for item in part["items"]],
        }
        for part in rows["parts"]
    ]
    return {
        "title": text_of(rows["title"]).said(language),
        "lead": text_of(rows["lead"]).said(language),
        "parts": parts,
    }


def statement_lines() -> Iterator[str]:
    """Yield the paper: English first, then Chinese."""
    for number, language in enumerate(("en", "zh-hans")):
        said: Mapping[str, Any] = statement(language)
        if number:
            yield f"# {said['title']}"
            yield ""
        yield said["lead"]
        for part in said["parts"]:
            yield ""
            yield f"## {part['title']}"
            yield ""
            for text, test in part["items"]:
                yield f"* {text}" + (f" (`{test}`)" if test else "")
        yield ""
