"""The record of a qualification on paper, in one language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from kernel.paper import set_pages
from operations.qualification.checks import NAMES
from operations.services import QualificationFinding


def paper(
    installed: Sequence[QualificationFinding],
    working: Sequence[QualificationFinding],
    *,
    language: str,
    at: datetime,
) -> bytes:
    """Return the PDF: installation, then operation, with room for the names of those who tested and approved."""
    with translation.override(language):
        parts = [[(NAMES[finding.name], finding) for finding in part] for part in (installed, working)]
        context = {
            "installed": parts[0],
            "working": parts[1],
            "passed": all(finding.is_well for finding in [*installed, *working]),
            "at": at,
            "language": language,
            "address": settings.PUBLIC_ADDRESS,
        }
        return set_pages(render_to_string("operations/qualification.html", context))
