"""Private working notes: what one person keeps in mind about a participant or a passage of a form.

They are not source data and never exported. The owner alone reads them; an inspector may (EMA 2023, 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef

from accounts.models import User
from accounts.permissions import Permission, Role
from crf import catalogue
from crf.models import WorkingNote
from kernel.pagination import CountOf
from trials.models import Participant


@dataclass(frozen=True)
class NoteLine:
    """One note as the page shows it."""

    note: WorkingNote
    about: str
    href: str
    is_own: bool
    may_ask: bool


def notes_about(participant: Participant, *, reader: User) -> list[NoteLine]:
    """Return the notes that the reader may see: their own, or everybody's for an inspector; newest first."""
    working_notes = WorkingNote.objects.filter(participant=participant).select_related(
        "owner", "visit", "participant"
    )
    if Role.INSPECTOR not in reader.roles:
        working_notes = working_notes.filter(owner=reader)
    may_ask = reader.may(Permission.QUERY_RAISE, participant.site_id)
    return [_line(note, reader, may_ask) for note in working_notes.order_by("-written_at", "-pk")]


def _line(note: WorkingNote, reader: User, may_ask: bool) -> NoteLine:
    is_own = note.owner_id == reader.pk
    asks = may_ask and is_own and bool(note.form_code) and note.settled_at is None
    return NoteLine(note, passage_of(note), note.href, is_own, asks)


def passage_of(note: WorkingNote) -> str:
    """Return what the note is about, in words: the form and question, or an empty text for the participant."""
    form = catalogue.forms().get(note.form_code)
    if form is None:
        return ""
    questions: dict[str, Any] = {question.name: question.text for question in form.all_questions()}
    target = note.target.rpartition(".")[2]
    parts = [str(form.title), str(note.visit or ""), str(questions.get(target, note.target))]
    return " · ".join(part for part in parts if part)


def open_notes_of(reader: User) -> CountOf:
    """Return, for a query of participants, how many of the reader's own notes about each are not settled."""
    own = WorkingNote.objects.filter(participant=OuterRef("pk"), owner=reader, settled_at=None)
    return CountOf(own.order_by().values("pk"))
