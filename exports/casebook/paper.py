"""The pages of a casebook: first as HTML, of one moment; then set as PDF, outside any transaction."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import User
from crf.store.context import FormContext
from crf.store.records import RecordKey, StoredRecord
from crf.store.signatures import standing_signature
from exports.casebook.content import Casebook, casebook_of
from exports.casebook.records import printed_sections
from protocol.text import load
from trials.models import Participant


@dataclass(frozen=True)
class Making:
    """What a casebook says of itself: who had it made, when and why, and the number of the act."""

    pk: int
    by: User | None
    at: datetime
    reason: str


OF_THE_MAKING: Final = re.compile("<!-- the making -->.*?<!-- end of the making -->", re.DOTALL)


@dataclass(frozen=True)
class CasebookSheet:
    """A casebook as HTML; ``content`` is the digest of what it says, whoever had it made, when and why."""

    page: str
    content: str


def casebook_sheet(participant: Participant, *, reader: User, made: Making, language: str) -> CasebookSheet:
    """Return the casebook as HTML in ``language``, with what ``reader`` may see, and the digest of what it says."""
    with translation.override(language):
        page = _as_html(casebook_of(participant, user=reader, at=made.at), made, language)
    content = OF_THE_MAKING.sub("", page)
    return CasebookSheet(page, hashlib.sha256(content.encode()).hexdigest())


def casebook_page(participant: Participant, *, reader: User | None, made: Making, language: str) -> str:
    """Return the casebook as HTML in ``language``, with what ``reader`` may see; without one, with everything."""
    with translation.override(language):
        return _as_html(casebook_of(participant, user=reader, at=made.at), made, language)


def _as_html(book: Casebook, made: Making, language: str) -> str:
    context = {"book": book, "made": made, "language": language}
    return render_to_string("exports/pdf/casebook.html", context)


def filled_form_page(record_key: RecordKey, stored: StoredRecord, *, reader: User, at: datetime) -> str:
    """Return one record as it is saved, with the questions that the form of ``record_key`` asks, as HTML."""
    sections = printed_sections(record_key, stored, FormContext(record_key.participant, at=at))
    signature = standing_signature(record_key, stored.record)
    context = {"key": record_key, "record": stored.record, "sections": sections, "signed": signature}
    registry = load(stored.record.protocol_version).fact("registry_id").value
    printed = {"by": reader, "at": at, "language": translation.get_language() or "en", "registry": registry}
    return render_to_string("exports/pdf/filled_form.html", context | printed)
