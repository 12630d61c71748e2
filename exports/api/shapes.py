"""How things look to a program: plain values under the protocol's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import Max

from accounts.models import User
from accounts.permissions import Permission
from crf.engine.base import Record
from crf.engine.codebook import codebook
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.questions import Classification, Question, QuestionKind
from crf.models import ListedFinding
from crf.page.findings import line_of
from crf.queries.sparing import spared_if_naming
from crf.records.save import Saved
from crf.records.visit_changes import VisitsWouldChange
from crf.store.records import identity_of
from exports.api.past import as_they_stood, rows_as_they_stood
from exports.jobs.progress import progress_of
from exports.models import Export, KeptCut
from followup.models import Visit
from followup.services.planning import VisitChange
from kernel.clock import with_offset
from kernel.row_keys import key_of, row_key
from protocol.text import digest_of
from trials.models import Participant, Site


def participant(row: Participant, reader: User) -> dict[str, Any]:
    """Return one participant; the arm, once it is allocated, to whoever may see allocations at the site."""
    return _participant(row, tells_arm=reader.may(Permission.ALLOCATION_VIEW, row.site))


def _participant(row: Participant, *, tells_arm: bool) -> dict[str, Any]:
    return {
        "number": row.number,
        "site": row.site.code,
        "state": row.state,
        **({"arm": row.arm} if tells_arm else {}),
        "registered_on": row.registered_on,
        "protocol_version": row.protocol_version,
        "protocol_digest": digest_of(row.protocol_version),
    }


def listed_participant(row: Participant, reader: User) -> dict[str, Any]:
    """Return a participant in a list, where the arm takes a right of its own (ADR 55)."""
    return _participant(row, tells_arm=reader.may(Permission.ALLOCATION_LIST, row.site))


def visit(row: Visit) -> dict[str, Any]:
    """Return one visit with its window and what happened."""
    return {
        "id": row_key(row),
        "participant": row.participant.number,
        "code": row.code,
        "occurrence": row.occurrence,
        "state": row.state,
        "target": row.target,
        "opens": row.opens,
        "closes": row.closes,
        "took_place_on": row.took_place_on,
        "timing": row.timing,
        "contact_mode": row.contact_mode,
        "source_keeper": row.source_keeper,
        "forms": row.forms,
    }


def finding(row: ListedFinding, reader: User) -> dict[str, Any]:
    """Return one listed finding with its words in the language of the call."""
    record, line = row.record, line_of(row, reader=reader)
    return {
        "id": row_key(row),
        "participant": row.participant.number,
        "site": row.site.code,
        "form": record.form_code,
        "visit": record.visit.code if record.visit else None,
        "sequence": record.sequence,
        "check": line.check,
        "question": row.target,
        "text": line.text,
        "found_at": with_offset(row.found_at, row.site.time_zone),
        "gone_at": with_offset(row.gone_at, row.site.time_zone) if row.gone_at else None,
    }


def records(
    form: FormDeclaration,
    rows: list[Any],
    *,
    identifying: bool,
    removed: bool = False,
    at: datetime | None,
) -> list[dict[str, Any]]:
    """Return each record: its place, its answers, and why answers are missing; as it stood ``at`` a moment.

    Answers that could say who somebody is are there only where ``identifying``; else ``left_out`` names them. Rows
    of the repeating groups are read for all records at once, one query for each group. With ``removed`` those that
    were removed are named too, without their answers.
    """
    rows = rows if at is None else as_they_stood(form, rows, at)
    rows_of = {name: _rows_by_record(group, rows, removed, at) for name, group in form.groups.items()}
    zones, stored_at = _zones_of(form, rows), _stored_at(rows, at)
    return [
        {
            "id": key_of("record", row.pk),
            "participant": row.participant.number,
            "form": form.code,
            "visit": key_of("visit", row.visit_id) if row.visit_id else None,
            "visit_code": row.visit.code if row.visit else None,
            "sequence": row.sequence,
            "state": row.state,
            "version": row.version,
            "protocol_version": row.protocol_version,
            "protocol_digest": row.protocol_version and digest_of(row.protocol_version),
            "act": row.act_id,
            "changed_at": with_offset(stored_at[row.pk], settings.TRIAL_TIME_ZONE),
            "answers": _answers(form, form.questions, row, identifying, zones),
            "missing": row.missing,
            "groups": {
                name: [_row(form, group, each, identifying, zones) for each in rows_of[name].get(row.pk, ())]
                for name, group in form.groups.items()
            },
            "left_out": [] if identifying else _identifying_of(form),
        }
        for row in rows
    ]


def without_names_of_arms(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records with nothing that people typed where it names an arm, as lists show them (ADR 55)."""
    return [_without_names(each) for each in told]


def _without_names(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _without_names(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_without_names(value) for value in told]
    return spared_if_naming(told) if isinstance(told, str) else told


def _stored_at(records: list[Any], at: datetime | None) -> dict[int, datetime]:
    """Return when each record was stored last, up to ``at``, whatever was written in it."""
    versions: Any = Record._meta.get_field("record_events").related_model
    of_these = versions.objects.filter(pgh_obj_id__in=[row.pk for row in records])
    by_then = of_these if at is None else of_these.filter(pgh_created_at__lte=at)
    return dict(by_then.values_list("pgh_obj_id").annotate(Max("pgh_created_at")))


def _rows_by_record(
    group: Group, records: list[Any], removed: bool, at: datetime | None
) -> dict[int, list[Any]]:
    rows_by_record: dict[int, list[Any]] = {}
    now = group.model.objects.filter(record__in=records).order_by("position", "pk")
    for row in now if at is None else rows_as_they_stood(group, records, at):
        if removed or not row.removed:
            rows_by_record.setdefault(row.record_id, []).append(row)
    return rows_by_record


def _row(
    form: FormDeclaration, group: Group, row: Any, identifying: bool, zones: Mapping[int, str]
) -> dict[str, Any]:
    place = {"row_id": identity_of(group.name, row), "position": row.position}
    if row.removed:
        return {**place, "removed": True}
    return {
        **place,
        "missing": row.missing,
        **_answers(form, group.questions, row, identifying, zones),
    }


def _zones_of(form: FormDeclaration, rows: list[Any]) -> dict[int, str]:
    """Return the time zone of each site of the records, where the form asks for an instant."""
    groups = (group.questions.values() for group in form.groups.values())
    if all(question.kind != QuestionKind.DATETIME for question in chain(form.questions.values(), *groups)):
        return {}
    sites = Site.objects.filter(pk__in={row.site_id for row in rows})
    return dict(sites.values_list("pk", "time_zone"))


def _leaving(value: Any, zone: str) -> Any:
    """Return an instant as the site's clock shows it, with its offset: 2025-12-22T07:30+08:00; else the value."""
    if isinstance(value, datetime):
        return with_offset(value, zone, to="minutes")
    return value


def _answers(
    form: FormDeclaration,
    questions: Mapping[str, Question],
    row: Any,
    identifying: bool,
    zones: Mapping[int, str],
) -> dict[str, Any]:
    return {
        name: _leaving(getattr(row, name), zones.get(row.site_id, ""))
        for name, question in questions.items()
        if identifying or not is_identifying(form, question)
    }


def is_identifying(form: FormDeclaration, question: Question) -> bool:
    """Say whether the answer could tell who somebody is."""
    return (question.classification or form.classification) == Classification.IDENTIFYING


def _identifying_of(form: FormDeclaration) -> list[str]:
    questions = chain(form.questions.items(), *(group.questions.items() for group in form.groups.values()))
    return [name for name, question in questions if is_identifying(form, question)]


def saved(done: Saved) -> dict[str, Any]:
    """Return what a save did, as the page says it in words."""
    return {
        "sequence": done.record_key.sequence,
        "version": done.version,
        "state": done.state,
        "queries_opened": done.queries_opened,
        "moved": [_moved(change) for change in done.moved],
    }


def plan(refusal: VisitsWouldChange) -> dict[str, Any]:
    """Return which visits a save would move, and what to send once somebody has read them."""
    return {
        "detail": str(refusal),
        "code": refusal.code,
        "moved": [_moved(change) for change in refusal.changes],
        "seen_plan": refusal.digest,
    }


def _moved(change: VisitChange) -> dict[str, Any]:
    return {"visit": change.code, "kind": change.kind, "before": change.before, "after": change.after}


def form(declared: FormDeclaration) -> dict[str, Any]:
    """Return the codebook of one form."""
    return {
        "code": declared.code,
        "title": str(declared.title),
        "version": declared.version,
        "repeats": str(declared.repeats),
        "variables": [asdict(variable) for variable in codebook(declared)],
    }


def export_with_manifest(row: Export) -> dict[str, Any]:
    """Return one export with what the manifest says of each file."""
    progress = progress_of(row)
    return {
        **export(row),
        "progress": asdict(progress) if progress else None,
        "failure": row.get_failure_display() if row.failure else "",
        "deleted_at": with_offset(row.deleted_at, settings.TRIAL_TIME_ZONE) if row.deleted_at else None,
        "manifest": row.manifest,
    }


def cut(row: KeptCut) -> dict[str, Any]:
    """Return a cut that has a name."""
    return {
        "name": row.name,
        "data_as_of": with_offset(row.cut_at, settings.TRIAL_TIME_ZONE),
        "read_by": row.read_by,
    }


def export(row: Export) -> dict[str, Any]:
    """Return one entry of the register of exports; the manifest stands with the export itself."""
    return {
        "id": row_key(row),
        "state": row.state,
        "purpose": row.purpose,
        "requested_by": row.requested_by.username,
        "requested_at": with_offset(row.requested_at, settings.TRIAL_TIME_ZONE),
        "data_as_of": with_offset(row.cut_at, settings.TRIAL_TIME_ZONE) if row.cut_at else None,
        "cut": (row.cut.name if row.cut else row.cut_name) or "",
        "forms": row.forms,
        "sites": row.site_codes,
        "rows": row.rows,
        "sha256": row.digest,
        "language": row.language,
        "format": row.data_format or "csv",
        "selection": row.selection or {},
    }
