"""The rows of copied participants, one INSERT … SELECT per table and batch."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import connection, models

from accounts.models import Signature
from audit.acts import put_in_force
from audit.models import Act
from crf import catalogue
from crf.eligibility.evidence import SOURCE_FORMS
from demo.simulation.unguarded import as_a_replica, is_unguarded, settle_verification, with_versions
from kernel.scope import tell_copying
from trials.models import Consent, EligibilityDecision, Milestone, Participant, ScreeningOutcome

NOT_COPIED: Final = {
    "randomization",
    "exports",
}  # places are taken one by one; nobody takes an export in bulk
# A caller became one participant, a message was sent once, and a reason for one answer is of its own save.
NOT_REPEATED: Final = {
    "trials.contactrequest",
    "trials.contactattempt",
    "followup.reminder",
    "followup.escalation",
    "crf.changereason",
}
SCREENING: Final = (Consent, ScreeningOutcome, EligibilityDecision)
BATCH: Final = (
    "unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[]) "
    "AS c(source, shift, id, number, site)"
)
# The frozen evidence names the records it was read from: those of the copy.
EVIDENCE: Final = (
    "jsonb_set(t.evidence, '{records}', coalesce((SELECT jsonb_object_agg(r.key, jsonb_set(r.value, '{id}', "
    "to_jsonb((r.value ->> 'id')::bigint + c.shift))) FROM jsonb_each(t.evidence -> 'records') r), '{}'))"
)


@dataclass(frozen=True)
class Source:
    """Whose rows are copied, by how much their row numbers move, and who they are about then."""

    source: int
    shift: int
    participant: int
    number: str
    site: int


def copy_rows(batch: list[Source], act: Act, *, before: bool | None = None) -> None:
    """The rows of ``batch`` stand: those of the time before randomization, those after, or all of them."""
    if not batch:
        return
    parameters = _as_arrays(batch)
    tell_copying()
    unguarded = is_unguarded()
    with connection.cursor() as cursor:
        if before is False:
            cursor.execute(_GO_ON, [act.pk, *parameters])
        else:
            cursor.execute(_SCREENED if before else _REGISTERED, [act.pk, *parameters])
        with as_a_replica(cursor) if unguarded else nullcontext():
            for model in copied_models():
                for statement in _statements(model, before, unguarded):
                    cursor.execute(statement, [act.pk, *parameters])
            _copy_acts(cursor, act, parameters, before)
        put_in_force(act)
        if unguarded:
            settle_verification(cursor, act, BATCH, parameters)
        if not before:
            cursor.execute(_EXPECTED, parameters)


def _as_arrays(batch: list[Source]) -> list[list[Any]]:
    return [
        [one.source for one in batch],
        [one.shift for one in batch],
        [one.participant for one in batch],
        [one.number for one in batch],
        [one.site for one in batch],
    ]


_PERSON: Final = (
    "INSERT INTO trials_participant (act_id, id, number, site_id, state, state_since, arm, strat_stage, "
    "protocol_version, registered_on, came_by_request) SELECT %s, c.id, c.number, c.site, {}, "
    f"t.protocol_version, t.registered_on, false FROM {BATCH} JOIN trials_participant t ON t.id = c.source"
)
_SCREENED: Final = _PERSON.format("'SCREENED', t.registered_on, NULL, NULL")
_REGISTERED: Final = _PERSON.format("t.state, t.state_since, t.arm, t.strat_stage")
_GO_ON: Final = (
    "UPDATE trials_participant p SET act_id = %s, arm = t.arm, state = t.state, state_since = t.state_since, "
    "strat_stage = (SELECT a.strat_stage FROM randomization_allocation a WHERE a.participant_id = c.id) "
    f"FROM {BATCH} JOIN trials_participant t ON t.id = c.source WHERE p.id = c.id"
)


# What was screened as one participant may go on as another: a form of the participant is then the copy's own.
_EXPECTED: Final = (
    "INSERT INTO crf_expectedform (participant_id, site_id, visit_id, visit_code, took_place_on, form_code, filled_by, "
    "due_on, record_id, state, entered_at, is_waived) SELECT c.id, c.site, t.visit_id + c.shift, t.visit_code, "
    "t.took_place_on, t.form_code, t.filled_by, t.due_on, "
    "(SELECT min(r.id) FROM crf_record r WHERE r.participant_id = c.id "
    "AND r.form_code = t.form_code AND (r.id = t.record_id + c.shift OR t.filled_by = 'participant')), "
    "t.state, t.entered_at, t.is_waived "
    f"FROM {BATCH} JOIN crf_expectedform t ON t.participant_id = c.source ON CONFLICT DO NOTHING"
)


@cache
def copied_models() -> tuple[Any, ...]:
    """Return the models of a participant's rows, each after those it refers to."""
    rows: list[Any] = [Participant]
    candidates = [
        model
        for model in apps.get_models()
        if model._meta.app_label not in NOT_COPIED
        and model._meta.label_lower not in NOT_REPEATED
        and hasattr(model, "act")
        and not hasattr(model, "pgh_tracked_model")
    ]
    personal = _personal(candidates)
    while more := [
        model
        for model in personal
        if model not in rows
        and all(key.related_model in rows for key in _keys(model) if key.related_model in personal)
    ]:
        rows.extend(more)
    return tuple(rows[1:])


def _personal(candidates: list[Any]) -> list[Any]:
    """Return the models whose rows are about a participant, themselves or by what they belong to."""
    rows = [Participant]
    while more := [
        m for m in candidates if m not in rows and any(key.related_model in rows for key in _keys(m))
    ]:
        rows.extend(more)
    return rows


def _keys(model: Any) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if isinstance(field, models.ForeignKey)]


@cache
def _statements(model: Any, before: bool | None, unguarded: bool) -> tuple[str, ...]:
    """Return the statements that copy the model's rows: first the signatures that stand under them.

    ``unguarded``, they write the rows' versions as well, which else the triggers write.
    """
    source, side = _source(model), _is_before(model)
    if before is not None:
        source += f" WHERE {'' if before else 'NOT '}({side})"
    signed = [key for key in _keys(model) if key.related_model is Signature]
    inserts = [(Signature, _signatures(source, key)) for key in signed] + [(model, source)]
    return tuple(
        with_versions(_insert(one, rows), _versions_of(one)) if unguarded else _insert(one, rows)
        for one, rows in inserts
    )


def _versions_of(model: Any) -> Any:
    """Return the model of the versions of the model's rows."""
    return next(one for one in apps.get_models() if getattr(one, "pgh_tracked_model", None) is model)


def _signatures(source: str, key: Any) -> str:
    return f"(SELECT c.*, t.{key.column} AS signature FROM {source}) c JOIN accounts_signature t ON t.id = c.signature"


def _insert(model: Any, source: str) -> str:
    columns = [field for field in model._meta.local_concrete_fields if field.column != "act_id"]
    names = ", ".join(f'"{field.column}"' for field in columns)
    values = ", ".join(_value(model, field) for field in columns)
    return f'INSERT INTO "{model._meta.db_table}" (act_id, {names}) SELECT %s, {values} FROM {source}'


def _value(model: Any, field: Any) -> str:
    column = f't."{field.column}"'
    related = field.related_model if isinstance(field, models.ForeignKey) else None
    if related is Participant:
        return "c.id"
    if field.column == "site_id":
        return "c.site"
    if field.primary_key or related is Signature or related in copied_models():
        return f"{column} + c.shift"
    if model is EligibilityDecision and field.name == "evidence":
        return EVIDENCE
    if model is Signature and field.name == "record":
        return f"regexp_replace({column}, '[0-9]{{2}}-[0-9]{{4,5}}', c.number)"
    return column


def _source(model: Any) -> str:
    """Return the rows of the batch's walked participants as ``t``, each with its copy as ``c``."""
    table = model._meta.db_table
    own = next((key for key in _keys(model) if key.related_model is Participant), None)
    if own:
        return f'{BATCH} JOIN "{table}" t ON t."{own.column}" = c.source'
    parent = next(key for key in _keys(model) if key.related_model in copied_models())
    return (
        f'{BATCH} JOIN "{_record_table(parent.related_model)}" p ON p.participant_id = c.source '
        f'JOIN "{table}" t ON t."{parent.column}" = p.id'
    )


def _record_table(model: Any) -> str:
    """Return the table in which a row of the model says whose it is: of a form's answers, that of the records."""
    table: str = next(iter(model._meta.parents), model)._meta.db_table
    return table


def _is_before(model: Any) -> str:
    """Return the condition that a row tells of the time before randomization."""
    forms = ", ".join(f"'{code}'" for code in sorted(SOURCE_FORMS))
    if (form := _form_of(model)) is not None:
        return "true" if form in SOURCE_FORMS else "false"
    names = {field.name for field in model._meta.local_concrete_fields}
    if "form_code" in names:
        return f"t.form_code IN ({forms})"
    for key in _keys(model):
        if key.related_model in copied_models() and hasattr(key.related_model, "form_code"):
            table = _record_table(key.related_model)
            return f"(SELECT q.form_code FROM {table} q WHERE q.id = t.{key.column}) IN ({forms})"
    if model is Milestone:
        return "t.code = 'ICF'"
    return "true" if model in SCREENING else "false"


def _form_of(model: Any) -> str | None:
    for form in catalogue.forms().values():
        if model is form.model or any(model is group.model for group in form.groups.values()):
            return form.code
    return None


def _copy_acts(cursor: Any, act: Act, parameters: list[list[Any]], before: bool | None) -> None:
    """The acts of the walked participants are told of their copies too.

    What was part of another act is part of the bulk act. The places of copies have acts of their own.
    """
    side = {None: "true", True: "a.at < l.randomized_at", False: "a.at >= l.randomized_at"}[before]
    cursor.execute(
        "INSERT INTO audit_act (parent_id, verb, by_id, role, site_id, participant_id, at, reason, request_id, "
        "transaction, stored_at) "
        "SELECT CASE WHEN a.parent_id IS NOT NULL THEN %s END, a.verb, a.by_id, a.role, c.site, c.id, a.at, a.reason, "
        f"a.request_id, pg_current_xact_id()::text::bigint, clock_timestamp() FROM {BATCH} "
        "JOIN audit_act a ON a.participant_id = c.source "
        "LEFT JOIN randomization_allocation l ON l.participant_id = c.source "
        f"WHERE a.verb NOT LIKE 'randomization:%%' AND {side} ORDER BY a.id",
        [act.pk, *parameters],
    )
