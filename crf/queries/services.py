"""Queries between people: raised, answered, confirmed, asked again, closed (requirements 19, C19, C20)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.engine import messages
from crf.engine.conditions import canonical
from crf.engine.declaration import FormDeclaration
from crf.models import MessageKind, Query, QueryState, Resolution
from crf.queries.assigning import Assignee, refuse_unknown_assignee
from crf.queries.refusals import (
    NoSuchQuestion,
    NotYourStep,
    OnlyForChecks,
    QueryClosed,
    WordsNeeded,
)
from crf.queries.system import add_message, keep_confirmation
from crf.queries.values import seen_of_visit
from crf.store.records import RecordKey, StoredRecord, find_stored_record
from followup.models import Visit
from kernel.reading import row_number
from trials.models import Participant


def raise_query(
    *, record_key: RecordKey, target: str = "", text: str, assignee: str = "", by: User, at: datetime
) -> Query:
    """A person asks about an answer, a row, a form, or a form that is not there yet (requirements C20).

    Refuses: who may not raise queries at the site; an empty text; a target that the form does not have; an assignee
    who handles no queries of the site.
    """
    _refuse_unless(by, Permission.QUERY_RAISE, record_key.participant, text)
    _refuse_unknown(record_key, target)
    stored = find_stored_record(record_key)
    return _raise(
        record_key.participant,
        {
            "form_code": record_key.form.code,
            "record_id": stored.record.pk if stored else None,
            "visit": record_key.visit,
            "sequence": record_key.sequence,
            "target": target,
            "seen": _seen(record_key.form, stored, target),
        },
        text=text,
        assignee=assignee,
        by=by,
        at=at,
    )


def raise_general_query(
    *,
    participant: Participant,
    visit: Visit | None = None,
    text: str,
    assignee: str = "",
    by: User,
    at: datetime,
) -> Query:
    """A person asks about a visit, or about the participant as a whole.

    Refuses: who may not raise queries at the site; an empty text; an assignee who handles no queries of the site.
    """
    _refuse_unless(by, Permission.QUERY_RAISE, participant, text)
    about = {"form_code": "", "visit": visit, "seen": seen_of_visit(visit) if visit else {}}
    return _raise(participant, about, text=text, assignee=assignee, by=by, at=at)


def _seen(form: FormDeclaration, stored: StoredRecord | None, target: str) -> dict[str, Any]:
    """Return the answer that is asked about as it stands now; nothing for a row or a form as a whole."""
    if stored is None or messages.question_at(form, target) is None:
        return {}
    group, position, name = [*target.split("."), "", ""][:3]
    outcome = stored.outcome(form)
    rows = {str(row["position"]): row for row in outcome.groups.get(group, ())}
    value = rows.get(position, {}).get(name) if position else outcome.values.get(target)
    return {"value": canonical(value)}


def _raise(
    participant: Participant, about: dict[str, Any], *, text: str, assignee: str, by: User, at: datetime
) -> Query:
    to = Assignee.read(assignee)
    refuse_unknown_assignee(to, participant, at=at)
    with open_act("crf:query:raise", by=by, at=at, participant=participant) as act:
        query = Query.objects.create(
            participant=participant,
            site_id=participant.site_id,
            raised_by=by,
            assigned_role=to.role or None,
            assigned_to_id=to.user_id,
            opened_at=at,
            act=act,
            **about,
        )
        add_message(query, MessageKind.RAISED, by=by, at=at, text=text.strip(), act=act)
    return query


def assign_query(*, query: Query, assignee: str, by: User, at: datetime) -> Query:
    """The query waits for a person or a role; with an empty ``assignee`` for everybody who may answer it.

    Refuses: who may neither answer nor raise queries at the site; an assignee who handles none there; a closed query.
    Locks: the participant, then the query.
    """
    if not any(by.may(each, query.site_id) for each in (Permission.QUERY_ANSWER, Permission.QUERY_RAISE)):
        raise NotYourStep
    to = Assignee.read(assignee)
    with open_act("crf:query:assign", by=by, at=at, participant=query.participant) as act:
        locked = _held(query)
        if locked.state == QueryState.CLOSED:
            raise QueryClosed
        refuse_unknown_assignee(to, locked.participant, at=at)
        locked.assigned_role, locked.assigned_to_id, locked.act = to.role or None, to.user_id, act
        locked.save(update_fields=["assigned_role", "assigned_to", "act"])
        add_message(locked, MessageKind.ASSIGNED, by=by, at=at, text=to.in_words(), act=act)
    return locked


def _refuse_unknown(record_key: RecordKey, target: str) -> None:
    group, _dot, position = target.partition(".")
    known = (
        target == ""
        or (group in record_key.form.groups and (not position or row_number(position) is not None))
        or messages.question_at(record_key.form, target) is not None
    )
    if not known:
        raise NoSuchQuestion(form=record_key.form.code, target=target)


def answer_query(*, query: Query, text: str, by: User, at: datetime) -> Query:
    """The site has answered; who asked decides whether that settles it."""
    _refuse_unless(by, Permission.QUERY_ANSWER, query.participant, text)
    return _contribute(query, MessageKind.ANSWERED, QueryState.ANSWERED, text=text, by=by, at=at)


def confirm_answer(*, query: Query, reason: str, by: User, at: datetime) -> Query:
    """The answer that a check doubts is right, because ``reason``: the query closes (architecture 6).

    Where data management looks at the confirmations of the check, it waits to be reviewed instead.

    Refuses: who may not answer queries; an empty reason; a query of a person; a closed one. Locks: the query.
    """
    _refuse_unless(by, Permission.QUERY_ANSWER, query.participant, reason)
    with open_act("crf:query:confirm", by=by, at=at, participant=query.participant, reason=reason) as act:
        locked = _held(query)
        if not locked.is_system:
            raise OnlyForChecks
        if locked.state == QueryState.CLOSED:
            raise QueryClosed
        keep_confirmation(locked, reason=reason.strip(), by=by, at=at, act=act)
    return locked


def close_query(*, query: Query, text: str = "", by: User, at: datetime) -> Query:
    """The person who watches the data is satisfied.

    Refuses: who may not close queries; a closed one. Locks: the query.
    """
    _refuse_unless(by, Permission.QUERY_CLOSE, query.participant, text or "closed")
    with open_act("crf:query:close", by=by, at=at, participant=query.participant) as act:
        locked = _held(query)
        if locked.state == QueryState.CLOSED:
            raise QueryClosed
        locked.resolution = Resolution.CONFIRMED if locked.waits_for_review else Resolution.SETTLED
        locked.state = QueryState.CLOSED
        locked.closed_at, locked.act = at, act
        locked.save(update_fields=["state", "resolution", "closed_at", "act"])
        add_message(locked, MessageKind.CLOSED, by=by, at=at, text=text.strip(), act=act)
    return locked


def reopen(*, query: Query, text: str, by: User, at: datetime) -> Query:
    """The answer did not settle it: the query is open again, with what is still asked."""
    _refuse_unless(by, Permission.QUERY_RAISE, query.participant, text)
    return _contribute(query, MessageKind.REOPENED, QueryState.OPEN, text=text, by=by, at=at)


def _contribute(
    query: Query, kind: MessageKind, state: QueryState, *, text: str, by: User, at: datetime
) -> Query:
    verb = {"answered": "answer", "reopened": "ask_again"}[kind.value]
    with open_act(f"crf:query:{verb}", by=by, at=at, participant=query.participant) as act:
        locked = _held(query)
        if locked.state == QueryState.CLOSED and kind == MessageKind.ANSWERED:
            raise QueryClosed
        locked.state, locked.resolution, locked.closed_at, locked.act = state, "", None, act
        locked.save(update_fields=["state", "resolution", "closed_at", "act"])
        add_message(locked, kind, by=by, at=at, text=text.strip(), act=act)
    return locked


def _held(query: Query) -> Query:
    Participant.objects.lock(query.participant_id)
    locked: Query = (
        Query.objects.select_for_update(of=("self",)).select_related("participant__site").get(pk=query.pk)
    )
    return locked


def _refuse_unless(by: User, permission: Permission, participant: Any, text: str) -> None:
    if not by.may(permission, participant.site_id):
        raise NotYourStep
    if not text.strip():
        raise WordsNeeded
