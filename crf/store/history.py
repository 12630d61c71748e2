"""Who changed what, when and why, answer by answer, from the trail that the database keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ROLE_LABELS, Role
from audit.authors import name_authors
from audit.models import Act
from crf.engine import messages
from crf.engine.base import CrfRecord, RecordState
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.questions import Question
from crf.engine.versions import worded
from crf.models import AnswerComment, EntryPrompt
from crf.store.reasons import Reasons, reasons_under
from crf.store.records import RecordKey, StoredRecord
from kernel.reading import row_number


@dataclass(frozen=True)
class Entry:
    """One change of one answer, with all six parts (requirements 14)."""

    act: Act
    label: str | Promise
    row: str
    old: str
    new: str
    target: str = ""
    why: str = ""

    @property
    def role(self) -> str | Promise:
        return ROLE_LABELS[Role(self.act.role)] if self.act.role in set(Role) else self.act.role


def history_of(record_key: RecordKey, stored: StoredRecord, field: str = "") -> list[Entry]:
    """Return every change of the record, or of the answer called ``field`` on the page; latest first."""
    form = worded(record_key.form, stored.record.protocol_version)
    record_key = replace(record_key, form=form)
    zone = record_key.participant.site.time_zone
    entries = list(_of_record(record_key, stored, zone, field))
    for name, group in record_key.form.groups.items():
        if not field or field == name or field.startswith(f"{name}-"):
            entries += _of_rows(stored, name, group, zone, field)
    entries += _comments(record_key, stored, field)
    reasons = reasons_under(entry.act for entry in entries)
    explained = [replace(entry, why=_why(entry, reasons)) for entry in entries]
    return sorted(explained, key=lambda entry: entry.act.pk, reverse=True)


def _why(entry: Entry, reasons: Reasons) -> str:
    """Return the answer's own reason, else the one that its save gave for everything."""
    return reasons.get(entry.act.pk, {}).get(entry.target) or entry.act.reason


def prompts_of(record_key: RecordKey, stored: StoredRecord, field: str = "") -> list[EntryPrompt]:
    """Return what was typed first, which prompt was shown and what was then saved."""
    entry_prompts = EntryPrompt.objects.filter(record_id=stored.record.pk)
    entry_prompts = entry_prompts.select_related("act__by").order_by("-pk")
    return name_authors(entry_prompts.filter(target=field) if field else entry_prompts)


def _of_record(record_key: RecordKey, stored: StoredRecord, zone: str, field: str) -> Iterator[Entry]:
    questions = {
        name: question for name, question in record_key.form.questions.items() if not field or name == field
    }
    before: Any = None
    for event in stored.record.events.select_related("answers_act__by").order_by("pgh_id"):
        yield from _changed(questions, before, event, event.answers_act, zone)
        before = event
    if not field:
        yield from _states(stored.record)


def _comments(record_key: RecordKey, stored: StoredRecord, field: str) -> Iterator[Entry]:
    """Yield what was said beside the answers, or beside the one called ``field`` on the page."""
    rows = AnswerComment.objects.filter(record_id=stored.record.pk).select_related("act__by")
    if field:
        rows = rows.filter(target=_target_of(record_key, stored, field))
    for row in rows:
        label = gettext("Comment on: {answer}").format(answer=messages.label_at(record_key.form, row.target))
        yield Entry(row.act, label, "", "", row.text)


def _target_of(record_key: RecordKey, stored: StoredRecord, field: str) -> str:
    """Return the name within the record of an answer that the page calls ``field``."""
    group = field.partition("-")[0]
    if group not in record_key.form.groups:
        return field
    index, question = _row_and_question(group, field)
    standing = stored.standing(group)
    position = standing[index].position if index is not None and index < len(standing) else 0
    return f"{group}.{position}.{question}"


def _states(record: CrfRecord) -> Iterator[Entry]:
    """Yield each step of the record from one state to the next."""
    old = ""
    for event in record.record_events.select_related("act__by").order_by("pgh_id"):
        new = str(RecordState(event.state).label)
        if new != old:
            yield Entry(event.act, _("State of the form"), "", old, new)
        old = new


def _of_rows(stored: StoredRecord, name: str, group: Any, zone: str, field: str) -> Iterator[Entry]:
    index, question = _row_and_question(name, field)
    standing = stored.standing(name)
    wanted = standing[index].pk if index is not None and index < len(standing) else None
    events = group.model._meta.get_field("events").related_model.objects.filter(record_id=stored.record.pk)
    last: dict[int, Any] = {}
    questions = {key: value for key, value in group.questions.items() if not question or key == question}
    for event in events.select_related("act__by").order_by("pgh_id"):
        if wanted is None or event.pgh_obj_id == wanted:
            row = f"{group.title} {event.position}"
            before = last.get(event.pgh_obj_id)
            within = f"{name}.{event.position}."
            yield from _changed(questions, before, event, event.act, zone, row=row, within=within)
            if event.removed and not (before and before.removed):
                target = f"{name}.{event.position}.removed"
                yield Entry(event.act, _("Row"), row, "", str(_("removed")), target)
            elif before and before.removed and not event.removed:
                target = f"{name}.{event.position}.removed"
                yield Entry(event.act, _("Row"), row, str(_("removed")), str(_("put back")), target)
        last[event.pgh_obj_id] = event


def changes_under(
    form: FormDeclaration, records: Iterable[int], *, acts: Mapping[int, Act], zone: str
) -> Iterator[tuple[int, Entry]]:
    """Yield the number of the record with each change of an answer of ``form`` that one of the acts made."""
    versions: Any = form.model._meta.get_field("events").related_model
    last: dict[int, Any] = {}
    for event in versions.objects.filter(pgh_obj_id__in=records).order_by("pgh_id"):
        if event.answers_act_id in acts:
            changed = _changed(
                form.questions, last.get(event.pgh_obj_id), event, acts[event.answers_act_id], zone
            )
            yield from ((event.pgh_obj_id, entry) for entry in changed)
        last[event.pgh_obj_id] = event
    for name, group in form.groups.items():
        yield from _row_changes(name, group, records, acts, zone)


def _row_changes(
    name: str, group: Group, records: Iterable[int], acts: Mapping[int, Act], zone: str
) -> Iterator[tuple[int, Entry]]:
    versions: Any = group.model._meta.get_field("events").related_model
    last: dict[int, Any] = {}
    for event in versions.objects.filter(record_id__in=records).order_by("pgh_id"):
        before = last.get(event.pgh_obj_id)
        if event.act_id in acts:
            row, within = f"{group.title} {event.position}", f"{name}.{event.position}."
            act = acts[event.act_id]
            changed = _changed(group.questions, before, event, act, zone, row=row, within=within)
            yield from ((event.record_id, entry) for entry in changed)
            if event.removed and not (before and before.removed):
                entry = Entry(act, _("Row"), row, "", str(_("removed")), f"{within}removed")
                yield event.record_id, entry
        last[event.pgh_obj_id] = event


def _row_and_question(group: str, field: str) -> tuple[int | None, str]:
    if not field.startswith(f"{group}-"):
        return None, ""
    index, _dash, question = field.removeprefix(f"{group}-").partition("-")
    return row_number(index), question


def _changed(
    questions: Mapping[str, Question],
    before: Any,
    event: Any,
    act: Act,
    zone: str,
    *,
    row: str = "",
    within: str = "",
) -> Iterator[Entry]:
    for name, question in questions.items():
        old = _said(question, before, zone) if before else ""
        new = _said(question, event, zone)
        if old != new:
            yield Entry(act, question.text, row, old, new, f"{within}{name}")


def _said(question: Question, event: Any, zone: str) -> str:
    missing = (event.missing or {}).get(question.name)
    if missing:
        return messages.missing_text(missing)
    return messages.display(question, getattr(event, question.name), zone=zone)
