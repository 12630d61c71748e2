"""What stands around the form: its state, its signature, its queries, and the next steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from crf.engine.base import RecordState
from crf.models import Query, RecordSignature
from crf.page.editor import Desk, address
from crf.queries.system import question_of_query
from crf.records.signing import signature_holds
from crf.store.signatures import standing_signature

S = RecordState


@dataclass(frozen=True)
class Step:
    """A step that the person can take with the record now."""

    name: str
    label: str | Promise
    href: str
    icon: str
    password: bool = False
    reason: bool = False


@dataclass(frozen=True)
class Bar:
    """Everything around one form."""

    state: str
    steps: tuple[Step, ...]
    signed: RecordSignature | None
    signature_holds: bool
    queries: tuple[tuple[Query, str], ...]
    ask: str
    note: str
    override: str
    merge: str
    history: str


STEPS: tuple[tuple[str, Any, Permission, tuple[RecordState, ...], str, dict[str, bool]], ...] = (
    ("verify", _("Verified against source"), Permission.CRF_VERIFY, (S.COMPLETE,), "shield-check", {}),
    ("sign", _("Sign"), Permission.CRF_SIGN, (S.COMPLETE, S.VERIFIED), "pen", {"password": True}),
    ("lock", _("Lock"), Permission.CRF_LOCK, (S.COMPLETE, S.VERIFIED, S.SIGNED), "lock", {}),
    ("unlock", _("Unlock"), Permission.CRF_LOCK, (S.LOCKED,), "key", {"reason": True}),
)


def bar_of(desk: Desk) -> Bar:
    """Return what stands around the form for this person."""
    place, sheet, site = desk.place, desk.sheet, desk.place.participant.site_id
    state = sheet.record.state if sheet else S.EMPTY
    signed = standing_signature(place, sheet.record) if sheet and state in (S.SIGNED, S.LOCKED) else None
    queries = desk.queries() if desk.user.may(Permission.QUERY_VIEW, site) else []
    may_ask = desk.user.may(Permission.QUERY_RAISE, site)
    return Bar(
        state=state,
        steps=tuple(_steps(desk, state)),
        signed=signed,
        signature_holds=bool(signed and sheet and signature_holds(place, sheet, signed)),
        queries=tuple((query, _text(desk, query)) for query in queries),
        ask=address("ask", place) if may_ask else "",
        note=address("note", place) if desk.user.may(Permission.NOTE_KEEP, site) else "",
        override=address("override", place) if desk.user.may(Permission.CRF_LOCK, site) else "",
        merge=address("merge", place) if desk.draft_is_old else "",
        history=address("history", place) if sheet else "",
    )


def _text(desk: Desk, query: Query) -> str:
    return question_of_query(desk.place.form, query, () if query.is_system else query.messages.all())


def _steps(desk: Desk, state: str) -> list[Step]:
    site = desk.place.participant.site_id
    return [
        Step(name, label, address(name, desk.place), icon, **asks)
        for name, label, permission, states, icon, asks in STEPS
        if state in states and desk.user.may(permission, site)
    ]
