"""Queries between people: raised, answered, confirmed, asked again, closed (requirements 19, C19, C20)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.engine import messages
from crf.models import MessageKind, Query, QueryState, Resolution
from crf.queries.system import add_message, confirm_and_close
from crf.store.records import RecordKey, find_stored_record
from kernel.errors import Forbidden, Refusal
from trials.models import Participant


class NotYourStep(Forbidden):
    code = "crf.not_your_step"
    message = _("Your role does not include this step with queries at this site.")


class WordsNeeded(Refusal):
    code = "crf.words_needed"
    fields = ("text",)
    message = _("Write what you want to say; a query without words helps nobody.")
    status = 422


class QueryClosed(Refusal):
    code = "crf.query_closed"
    message = _("This query is closed. Ask again if it is not settled.")


class NoSuchQuestion(Refusal):
    code = "crf.no_such_question"
    fields = ("target",)
    message = _("The form {form} has no question “{target}”. Choose a question of the form.")
    status = 422


class OnlyForChecks(Refusal):
    code = "crf.only_for_checks"
    message = _("A person asked this. Answer it; the person who asked closes it.")


def raise_query(*, record_key: RecordKey, target: str = "", text: str, by: User, at: datetime) -> Query:
    """A person asks about an answer, a form, or a form that is not there yet (requirements C20).

    Refuses: who may not raise queries at the site; an empty text; a target that the form does not have.
    """
    _refuse_unless(by, Permission.QUERY_RAISE, record_key.participant, text)
    _refuse_unknown(record_key, target)
    with open_act("crf:query:raise", by=by, at=at, participant=record_key.participant) as act:
        stored = find_stored_record(record_key)
        query = Query.objects.create(
            participant=record_key.participant,
            site_id=record_key.participant.site_id,
            form_code=record_key.form.code,
            record_id=stored.record.pk if stored else None,
            visit=record_key.visit,
            sequence=record_key.sequence,
            target=target,
            raised_by=by,
            opened_at=at,
            act=act,
        )
        add_message(query, MessageKind.RAISED, by=by, at=at, text=text.strip(), act=act)
    return query


def _refuse_unknown(record_key: RecordKey, target: str) -> None:
    known = (
        target == ""
        or target in record_key.form.groups
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

    Refuses: who may not answer queries; an empty reason; a query of a person; a closed one. Locks: the query.
    """
    _refuse_unless(by, Permission.QUERY_ANSWER, query.participant, reason)
    with open_act("crf:query:confirm", by=by, at=at, participant=query.participant, reason=reason) as act:
        locked = _held(query)
        if not locked.is_system:
            raise OnlyForChecks
        if locked.state == QueryState.CLOSED:
            raise QueryClosed
        confirm_and_close(locked, reason=reason.strip(), by=by, at=at, act=act)
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
        locked.state, locked.resolution = QueryState.CLOSED, Resolution.SETTLED
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
        Query.objects.select_for_update(of=("self",)).select_related("participant").get(pk=query.pk)
    )
    return locked


def _refuse_unless(by: User, permission: Permission, participant: Any, text: str) -> None:
    if not by.may(permission, participant.site_id):
        raise NotYourStep
    if not text.strip():
        raise WordsNeeded
