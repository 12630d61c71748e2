"""Conventions that keep the code predictable (docs/conventions.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from palace3.celery import app
from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
APPS = PACKAGES


def sources(pattern: str = "*.py") -> Iterator[tuple[Path, ast.Module]]:
    for package in APPS:
        for path in sorted((ROOT / package).rglob(pattern)):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text())


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def is_view(path: Path) -> bool:
    return "views" in path.relative_to(ROOT).parts or path.name == "views.py"


SESSIONS = "SessionStore"  # a store of Django's, no model: saving is what it is for


def test_no_save_override() -> None:
    found = [
        where(path, node)
        for path, tree in sources()
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef) and owner.bases and owner.name != SESSIONS
        for node in owner.body
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}
    ]
    assert not found, f"services write, models do not: {found}"


def test_no_signals_of_django() -> None:
    found = [
        where(path, node)
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith(("django.db.models.signals", "django.dispatch"))
    ]
    assert not found, f"call the service instead of listening: {found}"


def test_views_load_through_open_to() -> None:
    """In a view, ``Model.objects`` is followed by ``open_to`` and by nothing else."""
    found = []
    for path, tree in sources():
        if not is_view(path):
            continue
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "objects":
                after = parents.get(node)
                if not (isinstance(after, ast.Attribute) and after.attr == "open_to"):
                    found.append(where(path, node))
    assert not found, f"load what the person may reach: {found}"


# What writes outside a folder or file named services, and why. The list only shrinks.
GUARDED_STORES = {
    "accounts/outbox.py": "a mail is marked as sent in the transaction that hands it over",
    "accounts/sessions.py": "Django's sessions: a store, not the record of the trial",
    "audit/acts.py": "the act that every service opens",
    "audit/seals.py": "the seal over acts that are written",
    "crf/queries/system.py": "queries that a check opens and closes, inside the act of a save",
    "crf/recheck.py": "records judged again, inside the act of a save",
    "accounts/browsers.py": "the services of one's own sessions: noted, followed, ended",
    "crf/records/": "the services of one record: save, sign, override, draft",
    "crf/safety/": "the services of safety: clocks and the sponsor's assessment",
    "crf/deviations/": "the services of deviations: proposals settled, central decisions",
    "crf/coding/": "the services of coding: releases loaded and put in use, words coded",
    "crf/store/": "the rows of a record, written by crf/records alone",
    "demo/simulation/": "thousands of rows copied for a rehearsal; nothing of the product imports it",
}
WRITERS = {
    "create",
    "bulk_create",
    "update",
    "update_or_create",
    "get_or_create",
    "bulk_update",
    "delete",
    "save",
}


def writes(tree: ast.Module) -> Iterator[ast.Call]:
    """Return the calls that write rows: on a manager, on a query set in a variable, or of named columns."""
    for node, name in calls(tree):
        if name not in WRITERS or not isinstance(node.func, ast.Attribute):
            continue
        columns = {keyword.arg for keyword in node.keywords}
        on_manager = "objects" in ast.unparse(node.func)
        on_variable = name == "update" and isinstance(node.func.value, ast.Name) and columns and not node.args
        if (
            on_manager
            or on_variable
            or name.startswith("bulk_")
            or columns & {"update_fields", "force_insert"}
        ):
            yield node


def is_service(path: Path) -> bool:
    return "services" in path.parts or path.name == "services.py"


def test_no_raw_write_outside_services() -> None:
    """What creates, updates or deletes rows stands in services, or in a guarded store named above."""
    found, used = [], set()
    for path, tree in sources():
        name = path.relative_to(ROOT).as_posix()
        store = next((store for store in GUARDED_STORES if name.startswith(store)), None)
        nodes = [] if is_service(path) else list(writes(tree))
        if store is None:
            found += [where(path, node) for node in nodes]
        elif nodes:
            used.add(store)
    assert not found, f"call a service: {found}"
    assert used == set(GUARDED_STORES), "it writes no more: take it off the list"


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Return every call with the last part of the name that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func).rpartition(".")[2]


def test_tasks_are_sent_through_one_function() -> None:
    found = [
        where(path, node)
        for path, tree in sources()
        if path != ROOT / "kernel" / "tasks.py"
        for node, name in calls(tree)
        if name in {"delay", "apply_async", "send_task"}
    ]
    assert not found, f"send tasks by kernel.tasks.send: {found}"


def test_every_task_that_is_sent_exists() -> None:
    sent = {
        where(path, node): ast.literal_eval(node.args[0])
        for path, tree in sources()
        for node, name in calls(tree)
        if name == "send" and node.args and isinstance(node.args[0], ast.Constant)
    }
    assert len(sent) > 5
    unknown = {place: name for place, name in sent.items() if name not in app.tasks}
    assert not unknown, f"no task bears this name: {unknown}"


def test_the_name_of_a_task_that_is_sent_stands_where_it_is_sent() -> None:
    """A name that is put together at run time is seen by no test."""
    found = [
        where(path, node)
        for path, tree in sources()
        for node, name in calls(tree)
        if name == "send" and node.args and not isinstance(node.args[0], ast.Constant)
    ]
    assert not found, f"write the name of the task as a string: {found}"


CATALOGUE = "crf/catalogue/__init__.py"  # the list of forms, each named in one line


def test_nothing_is_called_by_a_string() -> None:
    """A name in a string is an import that neither the floors nor the types see: import what is called."""
    strange = {"import_string", "import_module", "__import__", "get_model"}
    found = [
        where(path, node)
        for path, tree in sources()
        if path.relative_to(ROOT).as_posix() != CATALOGUE
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id in strange)
        or (isinstance(node, ast.Attribute) and node.attr in strange)
        or (isinstance(node, ast.alias) and node.name in strange)
    ]
    assert not found, f"import what is called, or hand it over as a value: {found}"


def test_views_are_straight_lines() -> None:
    """No function stands inside a function of a view: a form is given to its service (kernel.service_form)."""
    found = {
        where(path, inner)
        for path, tree in sources()
        if is_view(path)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.FunctionDef) and inner is not outer
    }
    assert not found, f"let the form name its arguments: {sorted(found)}"
