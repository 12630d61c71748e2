"""Our quicker `migrate` ends in the state that Django's own ends in."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython
from django.db.migrations.state import ProjectState, StateApps
from django.db.models import Model

from crf.models import Record
from palace3.management.commands.migrate import models_drawn_once


def state_after_everything() -> ProjectState:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return loader.project_state(loader.graph.leaf_nodes())


def test_the_state_is_the_same() -> None:
    usual = state_after_everything()
    with models_drawn_once():
        quick = state_after_everything()

    assert quick.models.keys() == usual.models.keys()
    for key, model in usual.models.items():
        assert quick.models[key].options == model.options, key
        assert list(quick.models[key].fields) == list(model.fields), key


def test_point_24_a_column_or_a_trigger_draws_one_model_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn on the way has the columns of a fresh drawing, and as many drawings as operations are enough."""
    drawn: list[int] = []
    usual = StateApps.render_multiple
    monkeypatch.setattr(
        StateApps,
        "render_multiple",
        lambda apps, models: (drawn.append(len(models)), usual(apps, models))[1],
    )
    loader = MigrationLoader(None, ignore_no_migrations=True)
    operations = 0
    with models_drawn_once():
        state = ProjectState(real_apps=loader.unmigrated_apps)
        assert state.apps
        for key in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):
            operations += len(loader.graph.nodes[key].operations)
            loader.graph.nodes[key].mutate_state(state, preserve=False)

    assert sum(drawn) < operations
    fresh = ProjectState(models=state.models, real_apps=loader.unmigrated_apps)
    for model in fresh.apps.get_models(include_auto_created=True):
        quick = state.apps.get_model(model._meta.label)
        assert columns_of(quick) == columns_of(model), model._meta.label


@pytest.mark.django_db
def test_a_data_migration_that_asks_for_a_model_finds_it_as_it_is_then() -> None:
    state = state_after_everything()
    drawn: list[bool] = []
    asked: list[type[Model]] = []

    def move(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
        drawn.append("apps" in vars(state))
        asked.append(apps.get_model("crf", "Record"))

    with models_drawn_once(), connection.schema_editor(collect_sql=True) as editor:
        RunPython(move).database_forwards("crf", editor, state, state)

    assert drawn == [False]
    assert set(columns_of(asked[0])) == set(columns_of(Record))


def columns_of(model: type[Model]) -> list[tuple[str, str | None]]:
    return [(field.column, field.db_type(connection)) for field in model._meta.local_fields]
