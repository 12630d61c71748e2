"""Django's own `migrate`, many times as fast on this schema.

Every regulated table has several constraints and triggers, each an operation of its own, and before each Django
copies every model, after each it draws every related one anew: nearly all models, hundreds of times. A constraint
changes no model's fields, so the drawing waits for the next operation that does; a new model or a new column changes
the SQL of no other model, and a data migration draws all of them anew when it asks for the first, which ours, written
in SQL, never do. The schema that results is the same to the letter (ADR 12).

At the end nothing can keep a version out of the trail any more (ADR 3), and no table is seen without a proven scope.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.core.management.commands import migrate
from django.db import connections, router
from django.db.migrations.operations import RunPython
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import field_is_referenced
from django.db.models.fields import NOT_PROVIDED, Field
from django.utils.functional import SimpleLazyObject
from pgtrigger.migrations import AddTrigger, RemoveTrigger

from audit.sql import NOTHING_SKIPPED
from kernel.postgresql.scope_sql import KEY, PROVEN
from kernel.scope import padded_key

USUAL_ALTER_FIELD = ProjectState.alter_field


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        with models_drawn_once():
            said = super().handle(*args, **options)
        if not options["plan"]:
            with connections[options["database"]].cursor() as cursor:
                cursor.execute(NOTHING_SKIPPED)
                close_scopes(cursor)
        return said


def close_scopes(cursor: Any) -> None:
    """Every table with a policy asks for a proven scope as well, and the database knows the program's key (ADR 49)."""
    cursor.execute("SELECT to_regclass('scope.key') IS NOT NULL")
    if cursor.fetchone()[0]:  # else the migrations went only part of the way, or back
        cursor.execute(PROVEN)
        cursor.execute(KEY, padded_key())


@contextmanager
def models_drawn_once() -> Iterator[None]:
    """A constraint, index or trigger, added or removed, draws no model; a new model or column, or a
    changed column, draws that one model."""
    with (
        patch.object(ModelState, "clone", clone),
        patch.object(ProjectState, "add_model", add_model),
        patch.object(ProjectState, "add_field", add_field),
        patch.object(ProjectState, "alter_field", alter_field),
        patch.object(ProjectState, "_append_option", append_option),
        patch.object(ProjectState, "_remove_option", remove_option),
        patch.object(RunPython, "database_forwards", run_python),
        patch.object(AddTrigger, "state_forwards", add_trigger),
        patch.object(RemoveTrigger, "state_forwards", remove_trigger),
    ):
        yield


def clone(model: ModelState) -> ModelState:
    """The same, without examining once more the fields that were examined when the model was read."""
    copied = object.__new__(ModelState)
    copied.app_label, copied.name, copied.bases = model.app_label, model.name, model.bases
    copied.fields, copied.options = dict(model.fields), dict(model.options)
    copied.managers = list(model.managers)
    return copied


def add_model(state: Any, model: ModelState) -> None:
    key = model.app_label, model.name_lower
    state.models[key] = model
    if state._relations is not None:  # noqa: SLF001
        state.resolve_model_relations(key)
    if "apps" in vars(state):
        state.apps.render_multiple([model])


def add_field(state: Any, app: str, model: str, name: str, field: Field, preserve_default: bool) -> None:
    """The SQL of a column needs one model; ``is_delayed`` has a data migration draw all of them before it asks."""
    if not preserve_default:
        field = field.clone()
        field.default = NOT_PROVIDED
    key = app, model
    state.models[key].fields[name] = field
    if state._relations is not None:  # noqa: SLF001
        state.resolve_model_field_relations(key, name, field)
    state.is_delayed = True
    if "apps" in vars(state):
        state._reload({key})  # noqa: SLF001


def alter_field(state: Any, app: str, model: str, name: str, field: Field, preserve_default: bool) -> None:
    """A column that no relation leads to concerns its model alone; any other is drawn as Django does."""
    key = app, model
    is_relation = field.is_relation or state.models[key].fields[name].is_relation
    if is_relation or field_is_referenced(state, key, (name, field)):
        USUAL_ALTER_FIELD(state, app, model, name, field, preserve_default)
    else:
        add_field(state, app, model, name, field, preserve_default)


def run_python(
    operation: RunPython, app: str, schema_editor: Any, from_state: Any, _to_state: ProjectState
) -> None:
    """The models are drawn, all of them anew, once the data migration asks for one."""
    if router.allow_migrate(schema_editor.connection.alias, app, **operation.hints):
        drawn: Any = SimpleLazyObject(lambda: drawn_anew(from_state))
        operation.code(drawn, schema_editor)


def drawn_anew(state: Any) -> Any:
    state.clear_delayed_apps_cache()
    return state.apps


def append_option(state: ProjectState, app: str, model: str, option: str, added: Any) -> None:
    options = state.models[app, model].options
    options[option] = [*options.get(option, []), added]


def remove_option(state: ProjectState, app: str, model: str, option: str, name: str) -> None:
    options = state.models[app, model].options
    options[option] = [one for one in options[option] if one.name != name]


def add_trigger(operation: AddTrigger, app: str, state: ProjectState) -> None:
    append_option(state, app, operation.model_name.lower(), "triggers", operation.trigger)


def remove_trigger(operation: RemoveTrigger, app: str, state: ProjectState) -> None:
    remove_option(state, app, operation.model_name.lower(), "triggers", operation.name)
