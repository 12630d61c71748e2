"""The version that a site or participant follows is what is read; the first one only where none is followed yet."""

from __future__ import annotations

import re
from pathlib import Path

from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
# Where nobody follows a version: the list was made by the design that no amendment changes, the public page and the
# erasing of contact requests belong to no site, and a command's own default can be overruled by its option.
# Analyses of everybody together follow one text.
FOLLOWS_NONE = {
    "analysis/quality_of_life.py",
    "committee/content.py",
    "followup/management/commands/plan.py",
    "palace3/apps.py",
    "randomization/allocation/documents.py",
    "randomization/forms.py",
    "randomization/management/commands/allocation_list.py",
    "randomization/scheme/simulation_report.py",
    "randomization/services/lists.py",
    "randomization/services/minimizing.py",
    "reports/views/protocol.py",
    "reports/vital_status.py",
    "website/contact/mails.py",
    "website/public/page.py",
    "website/services/erasing.py",
    "website/services/escalating.py",
    "website/services/texts.py",
    "website/views/public.py",
    "website/views/texts.py",
}


def reading_the_first() -> set[str]:
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    pattern = re.compile(r"settings\.PROTOCOL_VERSION|load\(\"1\.0\"\)")
    return {str(file.relative_to(ROOT)) for file in files if pattern.search(file.read_text(encoding="utf-8"))}


def test_rare_04_nobody_else_reads_the_first_version() -> None:
    assert reading_the_first() - FOLLOWS_NONE == set()
    assert FOLLOWS_NONE - reading_the_first() == set()
