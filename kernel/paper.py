"""HTML set as PDF: tagged and fit for an archive (PDF/A-3a), with files attached where there are any."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal

ARCHIVED: Final = "pdf/a-3a"
# On each page of a paper that practice makes, so that none is taken for one of the trial (ADR 57).
OF_PRACTICE: Final = """@page { @bottom-center { content: "PRACTICE · 练习"; color: #883a00;
    font: bold 9pt "DejaVu Sans", "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif; } }"""


class NoPrinting(Refusal):
    code = "kernel.no_printing"
    message = _(
        "This server lacks the libraries that make a PDF. Nothing is lost: the page itself can be printed. "
        "Telephone the operator of the system."
    )
    status = 503


def typesetter() -> Any:
    """Return what sets HTML as PDF. Refuses: a server that cannot print."""
    try:
        import weasyprint  # loads the system's text engine: only when a PDF is asked for
    except OSError as missing:
        raise NoPrinting from missing
    return weasyprint


def set_pages(page: str, attached: Mapping[str, str] | None = None) -> bytes:
    """Return the PDF of a page of HTML; ``attached`` are texts that travel in it, by their file names.

    Refuses: a server that cannot print.
    """
    setter = typesetter()
    files = [setter.Attachment(string=text, name=name) for name, text in (attached or {}).items()]
    marks = [setter.CSS(string=OF_PRACTICE)] if settings.PALACE3_PRACTICE else []
    with quiet():
        paper = setter.HTML(string=page)
        return bytes(paper.write_pdf(pdf_variant=ARCHIVED, attachments=files, stylesheets=marks))


@contextmanager
def quiet() -> Iterator[None]:
    """Say nothing of the colour profile that the typesetter opens for PDF/A and leaves to the collector to close."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
