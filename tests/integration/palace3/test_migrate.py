"""Our quicker `migrate` ends in the state that Django's own ends in."""

from __future__ import annotations

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

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
