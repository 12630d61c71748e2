"""The records of one form of one participant, as a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from crf.engine import messages
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.questions import Question
from crf.links import form_url
from crf.store.records import NEW, RecordKey

COLUMNS = 4


@dataclass(frozen=True)
class LogLine:
    """One record: its number, visit, state and first answers."""

    record: Any
    href: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Log:
    """Every record of the form, and where a new one begins."""

    form: FormDeclaration
    headings: tuple[str, ...]
    lines: tuple[LogLine, ...]
    new: str


def log_of(record_key: RecordKey, user: User) -> Log:
    """Return the list in one query."""
    form, participant = record_key.form, record_key.participant
    asked = _listed(form)
    found = form.model.objects.open_to(user, Permission.CRF_VIEW).filter(participant=participant)
    lines = [
        LogLine(
            record,
            form_url(participant.number, form.code, visit_id=record.visit_id, sequence=record.sequence),
            tuple(
                messages.display(question, getattr(record, question.name), zone=participant.site.time_zone)
                for question in asked
            ),
        )
        for record in found.select_related("visit").order_by("sequence", "pk")
    ]
    may_add = form.repeats == Repeats.LOG and user.may(Permission.CRF_EDIT, participant.site_id)
    new = form_url(participant.number, form.code, sequence=NEW) if may_add else ""
    return Log(form, tuple(str(question.text) for question in asked), tuple(lines), new)


def _listed(form: FormDeclaration) -> list[Question]:
    """Return the answers that the form names for its list, else the first few."""
    if form.listed:
        return [form.questions[name] for name in form.listed]
    return [question for question in form.questions.values() if not question.derived][:COLUMNS]
