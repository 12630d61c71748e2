"""The records of one form of one participant, as a list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from accounts.models import User
from crf.engine import messages
from crf.engine.base import CrfRecord
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.questions import Question
from crf.engine.versions import worded
from crf.links import form_url
from crf.models import Draft
from crf.page.editor import storage_name
from crf.records.drafts import drafts_of_new, keys_of_new
from crf.store.records import NEW, RecordKey
from kernel.punctuation import listed

COLUMNS = 4


@dataclass(frozen=True)
class LogLine:
    """One record: its number, visit, state and first answers."""

    record: CrfRecord
    href: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class DraftLine:
    """A new record that the reader typed and did not save: since when it waits, and its first answers as typed."""

    saved_at: datetime
    href: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Log:
    """Every record of the form, where a new one begins, and the reader's own new ones that are not saved yet.

    ``storage`` is how the names of the browser's copies of new records begin; ``stored`` are keys of pages that were
    saved.
    """

    form: FormDeclaration
    headings: tuple[str, ...]
    lines: tuple[LogLine, ...]
    new: str
    drafts: tuple[DraftLine, ...]
    storage: str
    stored: tuple[str, ...]


def log_of(record_key: RecordKey, user: User) -> Log:
    """Return the list in one query, and what the reader typed in two."""
    form, participant = record_key.form, record_key.participant
    asked = _listed(form)
    stored = form.model.objects.open_to(user, form.seen_by).filter(participant=participant)
    lines = [
        LogLine(
            record,
            form_url(participant.number, form.code, visit_id=record.visit_id, sequence=record.sequence),
            tuple(
                messages.display(question, getattr(record, question.name), zone=participant.site.time_zone)
                for question in _listed(worded(form, record.protocol_version))
            ),
        )
        for record in stored.select_related("visit").order_by("sequence", "pk")
    ]
    may_add = form.repeats == Repeats.LOG and user.may(form.entered_by, participant.site_id)
    headings = tuple(str(question.text) for question in asked)
    if not may_add:
        return Log(form, headings, tuple(lines), "", (), "", ())
    new_key = replace(record_key, sequence=NEW)
    return Log(
        form,
        headings,
        tuple(lines),
        form_url(participant.number, form.code, sequence=NEW),
        tuple(_draft_line(draft, asked) for draft in drafts_of_new(new_key, by=user)),
        storage_name(new_key, "", user),
        tuple(keys_of_new(new_key, by=user)),
    )


def _draft_line(draft: Draft, asked: list[Question]) -> DraftLine:
    typed = (listed(draft.raw.get(question.name, ())) for question in asked)
    return DraftLine(draft.saved_at, draft.get_absolute_url(), tuple(typed))


def _listed(form: FormDeclaration) -> list[Question]:
    """Return the answers that the form names for its list, else the first few."""
    if form.listed:
        return [form.questions[name] for name in form.listed]
    return [question for question in form.questions.values() if not question.derived][:COLUMNS]
