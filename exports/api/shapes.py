"""How things look to a program: plain values under the protocol's names."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from crf.engine.codebook import codebook
from crf.engine.declaration import FormDeclaration
from crf.records.save import Saved
from crf.records.visit_changes import VisitsWouldChange
from exports.models import Export
from followup.models import Visit
from followup.services.planning import VisitChange
from trials.models import Participant


def participant(row: Participant) -> dict[str, Any]:
    """Return one participant; the arm only once it is allocated."""
    return {
        "number": row.number,
        "site": row.site.code,
        "state": row.state,
        "arm": row.arm,
        "registered_on": row.registered_on,
        "protocol_version": row.protocol_version,
    }


def visit(row: Visit) -> dict[str, Any]:
    """Return one visit with its window and what happened."""
    return {
        "id": row.pk,
        "participant": row.participant.number,
        "code": row.code,
        "occurrence": row.occurrence,
        "state": row.state,
        "target": row.target,
        "opens": row.opens,
        "closes": row.closes,
        "took_place_on": row.took_place_on,
        "timing": row.timing,
        "forms": row.forms,
    }


def record(form: FormDeclaration, row: Any) -> dict[str, Any]:
    """Return one record: its place, its answers, and why answers are missing."""
    return {
        "participant": row.participant.number,
        "form": form.code,
        "visit": row.visit_id,
        "sequence": row.sequence,
        "state": row.state,
        "version": row.version,
        "answers": {name: getattr(row, name) for name in form.questions},
        "missing": row.missing,
        "groups": {name: _rows(group, row) for name, group in form.groups.items()},
    }


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


def _rows(group: Any, record: Any) -> list[dict[str, Any]]:
    found = group.model.objects.filter(record=record, removed=False).order_by("position")
    return [
        {
            "position": row.position,
            "missing": row.missing,
            **{name: getattr(row, name) for name in group.questions},
        }
        for row in found
    ]


def form(declared: FormDeclaration) -> dict[str, Any]:
    """Return the codebook of one form."""
    return {
        "code": declared.code,
        "title": str(declared.title),
        "version": declared.version,
        "repeats": str(declared.repeats),
        "variables": [asdict(variable) for variable in codebook(declared)],
    }


def export(row: Export) -> dict[str, Any]:
    """Return one entry of the register of exports."""
    return {
        "id": row.pk,
        "state": row.state,
        "purpose": row.purpose,
        "requested_by": row.requested_by.username,
        "requested_at": row.requested_at,
        "data_as_of": row.cut_at,
        "forms": row.forms,
        "sites": row.site_codes,
        "rows": row.rows,
        "sha256": row.digest,
        "manifest": row.manifest,
    }
