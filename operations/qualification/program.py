"""What the database holds beside rows, and what it must hold by the program: functions, triggers, policies, rights."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pgtrigger
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models.constraints import BaseConstraint

from audit.guards import (
    ActGuard,
    AppendOnly,
    AppendOnlyRows,
    LockGuard,
    MayDelete,
    ReasonGuard,
    SiteScoped,
    SystemRows,
    VersionsScoped,
)
from operations.services import QualificationFinding

FUNCTION: Final = re.compile(
    r"CREATE (?:OR REPLACE )?FUNCTION\s+(?:\w+\.)?\"?(\w+)\"?\s*\(.*?\bAS\s+(\$\w*\$|')(.*?)\2", re.S | re.I
)
TRIGGERS_OF: Final[dict[type[BaseConstraint], tuple[str, ...]]] = {
    ActGuard: ("act_guard", "truncate_guard"),
    ReasonGuard: ("reason_guard",),
    LockGuard: ("lock_guard",),
    AppendOnly: ("trail_guard", "truncate_guard"),
    AppendOnlyRows: ("kept_guard", "truncate_guard"),
}
# The library of event tables brings it, and no table of ours asks it.
UNUSED: Final = frozenset({"_pgh_attach_context"})
POLICED: Final = (SiteScoped, VersionsScoped, SystemRows)


def _ours() -> set[str]:
    """Return the packages of this repository."""
    return {each.label for each in apps.get_app_configs() if Path(each.path).parent == settings.BASE_DIR}


def _rows(query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def functions_are_ours() -> QualificationFinding:
    """Say which function of the database has another body than every one that the program installs under its name."""
    known = _bodies()
    there = _rows(
        "SELECT p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname IN ('public', 'allocation') AND NOT EXISTS "
        "(SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    odd = sorted(name for name, body in there if name not in UNUSED and _plain(body) not in known[name])
    absent = sorted(known.keys() & GUARDING - {name for name, _body in there})
    said = [*(f"{name} is not the program's" for name in odd), *(f"{name} is missing" for name in absent)]
    return QualificationFinding(
        "functions", not said, "; ".join(said[:8]) or f"{len(there)} functions are the program's"
    )


GUARDING: Final = frozenset(
    {
        "audit_guard_act",
        "audit_guard_reason",
        "audit_guard_lock",
        "audit_guard_trail",
        "audit_refuse_truncate",
    }
    | {"audit_refuse_change", "audit_stamp_act", "audit_act_gives_reason", "_pgtrigger_should_ignore"}
    | {"scope_open", "scope_holds", "scope_guard_signature"}
)


def _bodies() -> dict[str, set[str]]:
    bodies: dict[str, set[str]] = defaultdict(set)
    for text in _texts():
        for name, _quote, body in FUNCTION.findall(text):
            bodies[name].add(_plain(body))
    return bodies


def _texts() -> Iterator[str]:
    """Yield every text of the program that may make a function."""
    MigrationLoader(None)  # loads all migrations, and with them what they install
    ours = _ours()
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ours:
            yield from (
                text for text in vars(module).values() if isinstance(text, str) and "FUNCTION" in text
            )
            yield from _of_operations(module)
    for model, trigger in pgtrigger.registered():
        yield str(trigger.compile(model).install_sql)


def _of_operations(module: Any) -> Iterator[str]:
    for operation in getattr(getattr(module, "Migration", None), "operations", ()):
        if trigger := getattr(operation, "trigger", None):
            yield str(trigger.install_sql)
        sql = getattr(operation, "sql", None)
        if isinstance(sql, str):
            yield sql
        elif isinstance(sql, list | tuple):
            yield from (each if isinstance(each, str) else str(each[0]) for each in sql)


def _plain(body: str) -> str:
    return " ".join(body.split())


def triggers_stand() -> QualificationFinding:
    """Say which trigger of a guard is missing or switched off."""
    there = {
        (str(table), str(name))
        for table, name in _rows(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
        )
    }
    wanted = set(_wanted_triggers())
    said = sorted(f"{name} on {table}" for table, name in wanted - there)
    missing = "missing or switched off: " + "; ".join(said[:8])
    return QualificationFinding("triggers", not said, missing if said else f"{len(wanted)} triggers stand")


def _wanted_triggers() -> Iterator[tuple[str, str]]:
    yield "audit_act", "act_stamp"
    yield "audit_act", "truncate_guard"
    for model in apps.get_models():
        for guard in model._meta.constraints:
            for name in TRIGGERS_OF.get(type(guard), ()):
                yield model._meta.db_table, name
    for tracked, trigger in pgtrigger.registered():
        yield tracked._meta.db_table, trigger.get_pgid(tracked)


def policies_stand() -> QualificationFinding:
    """Say which table with rows of sites lacks its policy, or lets its owner past it."""
    there = {
        str(table)
        for (table,) in _rows(
            "SELECT c.relname FROM pg_class c WHERE c.relrowsecurity AND c.relforcerowsecurity "
            "AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)"
        )
    }
    wanted = {"audit_act"} | {
        model._meta.db_table
        for model in apps.get_models()
        if any(isinstance(guard, POLICED) for guard in model._meta.constraints)
    }
    said = sorted(wanted - there)
    missing = "without a policy in force: " + ", ".join(said[:8])
    return QualificationFinding(
        "row policies", not said, missing if said else f"{len(wanted)} tables are policed"
    )


def rights_are_few() -> QualificationFinding:
    """Say what the application may do to a table that it must not: delete, empty, own."""
    ours = _ours()
    deletable = {
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.app_label not in ours or any(isinstance(g, MayDelete) for g in model._meta.constraints)
    }
    rows = _rows(
        "SELECT c.relname, has_table_privilege(c.oid, 'DELETE'), has_table_privilege(c.oid, 'TRUNCATE'), "
        "pg_has_role(c.relowner, 'MEMBER') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind = 'r'"
    )
    said = [
        *(
            f"rows of {name} may be deleted"
            for name, delete, _t, owns in rows
            if delete and not owns and name not in deletable
        ),
        *(f"may empty {name}" for name, _d, empty, owns in rows if empty and not owns),
        *(f"owns {name}" for name, _d, _t, owns in rows if owns),
    ]
    return QualificationFinding(
        "rights of the application", not said, "; ".join(said[:8]) or f"{len(rows)} tables, none too open"
    )


def roles_are_plain() -> QualificationFinding:
    """Say which role is more than it must be."""
    rows = _rows(
        "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR "
        "(rolreplication AND rolname <> 'palace3_replication') OR (rolbypassrls AND rolname <> 'palace3_backup'), "
        "rolcanlogin FROM pg_roles WHERE rolname LIKE 'palace3\\_%%'",
        [],
    )
    known = {name: (strong, enters) for name, strong, enters in rows}
    ((current,),) = _rows("SELECT current_user")
    said = [f"{name} has more rights than it must" for name, (strong, _e) in known.items() if strong]
    said += [
        f"{name} is missing"
        for name in ("palace3_app", "palace3_owner", "palace3_allocator")
        if name not in known
    ]
    if known.get("palace3_allocator", (False, False))[1]:
        said.append("palace3_allocator can sign in")
    if current != "palace3_app":
        said.append(f"the program is signed in as {current}")
    return QualificationFinding("database roles", not said, "; ".join(said) or ", ".join(sorted(known)))
