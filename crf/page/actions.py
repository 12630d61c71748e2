"""What stands around the form: its state, its signature, its queries, and the next steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from crf.engine.base import RecordState
from crf.models import Query, RecordSignature
from crf.page.attachments import AttachedFiles, attached_files
from crf.page.coding import CodedAnswer, coded_answers
from crf.page.editor import RecordEditor, address
from crf.page.leads import LeadLine, LeadList, leads_of, led_from
from crf.page.linked import LinkedLine, linked_records
from crf.page.locks import lock_notice
from crf.page.safety import ClockLine, lines_at
from crf.queries.assigning import choices_at
from crf.records.signing import signature_holds
from crf.store.signatures import standing_signature
from followup.models import VisitState

S = RecordState


@dataclass(frozen=True)
class RecordStep:
    """A step that the person can take with the record now."""

    name: str
    label: str | Promise
    href: str
    icon: str
    password: bool = False
    reason: bool = False
    confirms: bool = False


@dataclass(frozen=True)
class RecordActions:
    """Everything around one form."""

    state: str
    steps: tuple[RecordStep, ...]
    signed: RecordSignature | None
    signature_holds: bool
    queries: tuple[tuple[Query, str], ...]
    ask: str
    assignees: list[tuple[str, str]]
    note: str
    override: str
    merge: str
    history: str
    source: str
    signatures: str
    clocks: tuple[ClockLine, ...]
    leads: tuple[LeadList, ...]
    led_from: tuple[LeadLine, ...]
    linked: tuple[LinkedLine, ...]
    say_how_made: str
    coded: tuple[CodedAnswer, ...]
    files: AttachedFiles | None
    notice: str


BEGUN = tuple(state for state in S if state != S.EMPTY)
STEPS: tuple[tuple[str, Any, Permission, tuple[RecordState, ...], str, dict[str, bool]], ...] = (
    ("sign", _("Sign"), Permission.CRF_SIGN, (S.COMPLETE, S.VERIFIED), "pen", {"password": True}),
    ("lock", _("Freeze and lock"), Permission.CRF_LOCK, BEGUN, "lock", {"confirms": True}),
    ("unlock", _("Unlock"), Permission.CRF_LOCK, (S.LOCKED,), "key", {"reason": True}),
)


def actions_for(editor: RecordEditor) -> RecordActions:
    """Return what stands around the form for this person."""
    record_key, stored, site = editor.record_key, editor.stored, editor.record_key.participant.site_id
    state = stored.record.state if stored else S.EMPTY
    queries = tuple(editor.queries)
    signed = (
        standing_signature(record_key, stored.record) if stored and state in (S.SIGNED, S.LOCKED) else None
    )
    return RecordActions(
        state=state,
        steps=tuple(_steps(editor, state)),
        signed=signed,
        signature_holds=bool(signed and stored and signature_holds(record_key, stored, signed)),
        queries=queries,
        ask=editor.ask,
        assignees=choices_at(record_key.participant.site, at=editor.at) if editor.ask else [],
        note=address("note", record_key) if editor.user.may(Permission.NOTE_KEEP, site) else "",
        override=address("override", record_key) if editor.user.may(Permission.CRF_LOCK, site) else "",
        merge=address("merge", record_key, draft=editor.draft.page)
        if editor.draft and editor.draft_is_old
        else "",
        history=address("history", record_key) if stored else "",
        source=address("verify", record_key) if stored else "",
        signatures=address("signatures", record_key) if stored else "",
        clocks=tuple(_clocks(editor)),
        leads=leads_of(editor, queries),
        led_from=led_from(editor),
        linked=linked_records(editor),
        say_how_made=_say_how_made(editor),
        coded=tuple(coded_answers(editor.record_key.form.code, stored.record if stored else None)),
        files=attached_files(editor),
        notice=lock_notice(editor.lock),
    )


def _say_how_made(editor: RecordEditor) -> str:
    """Return where this person says how the visit was made, while it took place and nobody has said it."""
    visit, participant = editor.record_key.visit, editor.record_key.participant
    if visit is None or visit.state != VisitState.DONE or visit.contact_mode:
        return ""
    if not editor.user.may(Permission.VISIT_RECORD, participant.site_id):
        return ""
    return reverse("followup:describe", args=[participant.number, visit.pk])


def _clocks(editor: RecordEditor) -> list[ClockLine]:
    if editor.stored is None:
        return []
    values = editor.stored.outcome(editor.record_key.form).values
    return lines_at(editor.record_key, values, user=editor.user, at=editor.at)


def _steps(editor: RecordEditor, state: str) -> list[RecordStep]:
    site = editor.record_key.participant.site_id
    return [
        RecordStep(name, label, address(name, editor.record_key), icon, **asks)
        for name, label, permission, states, icon, asks in STEPS
        if state in states and editor.user.may(permission, site)
    ]
