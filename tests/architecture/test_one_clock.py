"""Work has one moment: it is read where the work begins, once, and handed on; nothing asks a second clock."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
READINGS = {
    "timezone.now",
    "timezone.localdate",
    "timezone.localtime",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
}
WORK_BEGINS = re.compile(
    r".*/views(/\w+)?\.py|.*/tasks\.py|.*/management/commands/\w+\.py|exports/api/\w+\.py"
    r"|palace3/middleware\.py|palace3/tasks_watched\.py|accounts/sessions\.py|accounts/series\.py|palace3/health\.py|palace3/metrics\.py"
    r"|operations/scheduler\.py|operations/watching\.py"
)
DATABASE_CLOCK = re.compile(
    r"\b(current_date|current_time|current_timestamp|localtime|localtimestamp|clock_timestamp|statement_timestamp"
    r"|transaction_timestamp|timeofday|pgh_created_at)\b|(?<!\.)\bnow\(\)",
    re.IGNORECASE,
)
WHEN_STORED = (
    "evidence of when the database stored it, beside the moment of the act; no right and no day rests on it"
)
MAY_ASK_THE_DATABASE = {
    "audit/sql.py": WHEN_STORED,
    "kernel/postgresql/scope_sql.py": "an act long ago or ahead is refused, by the clock that no caller sets",
    "audit/verify.py": "how long acts have waited for their seal since the database stored them",
    "audit/models.py": WHEN_STORED,
    "audit/upgrade.py": "an upgrade happens when the database runs it; no right and no day rests on it",
    "randomization/allocation_list/paper_schema.py": WHEN_STORED,
    "randomization/allocation_list/schema.py": WHEN_STORED,
    "randomization/allocation_list/admission.py": WHEN_STORED,
    "randomization/allocation_list/minimization_schema.py": WHEN_STORED,
    "operations/qualification/attacks.py": "the name of a column, in an attack that is refused",
    "operations/watching.py": "this machine's clock is compared with the database's",
    "operations/backups/point_in_time.py": "until when a base backup reaches, by the clock that WAL is stamped with",
    "exports/cuts.py": "the moment of a snapshot is compared with when acts were stored, by the same clock",
    "exports/api/shapes.py": WHEN_STORED,
    "demo/simulation/copied_rows.py": WHEN_STORED,
    "demo/simulation/unguarded.py": WHEN_STORED,
}
MAY_ASK_THE_BROWSER = {
    "counts.js": "for how long counts of the menu were kept: differences of one clock",
    "app.js": "how many seconds are left: differences of one clock",
    "drafts.js": "when this device kept answers while there was no connection",
}

Function = tuple[str, str]  # module, name


@cache
def trees() -> dict[str, ast.Module]:
    """The product's files without migrations, whose SQL is that of the modules that they import."""
    files = (path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py")))
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for path in files
        if "migrations" not in path.parts
    }


def readings(tree: ast.AST) -> list[int]:
    """The lines on which a clock is read, or handed on to be read."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in READINGS
    ]


def hidden_readings(tree: ast.AST) -> list[int]:
    """The lines that import a reading of the clock under its bare name."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module in ("django.utils.timezone", "time")
        and any(alias.name in {"now", "localdate", "localtime", "time"} for alias in node.names)
    ]


def test_the_clock_is_read_where_work_begins() -> None:
    found = [
        f"{path}:{line}"
        for path, tree in trees().items()
        for line in hidden_readings(tree) + ([] if WORK_BEGINS.fullmatch(path) else readings(tree))
    ]
    assert not found, f"take `at` as an argument; views, tasks and commands read the clock: {found}"


class Callers:
    """The product's functions, and which of them each one calls."""

    def __init__(self, files: dict[str, ast.Module]) -> None:
        self.functions: dict[Function, ast.FunctionDef] = {}
        self.imports: dict[str, dict[str, tuple[str, str]]] = {}
        self._known: dict[Function, list[str]] = {}
        for path, tree in files.items():
            module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            self.imports[module] = {
                alias.asname or alias.name: (node.module, alias.name)
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and node.module
                for alias in node.names
            }
            for node in ast.walk(tree):
                owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
                for child in node.body if isinstance(node, ast.ClassDef | ast.Module) else ():
                    if isinstance(child, ast.FunctionDef):
                        self.functions[module, owner + child.name] = child

    def called(self, caller: Function, name: str) -> Function | None:
        """The function that ``name`` is inside ``caller``, through the packages that pass it on."""
        module, (first, *rest) = caller[0], name.split(".")
        if first == "self" and rest:
            name = f"{caller[1].split('.')[0]}.{rest[0]}"
        if (module, name) in self.functions:
            return module, name
        while first in self.imports.get(module, {}):
            source, original = self.imports[module][first]
            found = (f"{source}.{original}", ".".join(rest)) if rest else (source, original)
            if found in self.functions:
                return found  # a task that is sent (``task.delay``) is other work, with its own moment
            module, first = source, original
        return None

    def readings_of(self, function: Function, above: tuple[Function, ...] = ()) -> list[str]:
        """Where the clock is read while ``function`` works, once for each call that leads there."""
        if function in above:
            return []
        if function not in self._known:
            body = self.functions[function]
            found = [f"{function[0]}:{line}" for line in readings(body)]
            for node in ast.walk(body):
                if isinstance(node, ast.Call):
                    inner = self.called(function, ast.unparse(node.func))
                    if inner and inner != function:
                        found += self.readings_of(inner, (*above, function))
            self._known[function] = found
        return self._known[function]


def twice(files: dict[str, ast.Module]) -> dict[str, list[str]]:
    """The functions in which the clock is read more than once, with the places."""
    callers = Callers(files)
    return {
        ".".join(function): places
        for function in callers.functions
        if len(places := callers.readings_of(function)) > 1
    }


def test_no_view_task_or_command_reads_the_clock_twice() -> None:
    assert twice(trees()) == {}, "take the moment once and hand it on"


def words_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts of a file with their lines; what explains a module, class or function is not meant."""
    explaining = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explaining:
            yield node.lineno, node.value


def database_clock(tree: ast.Module) -> list[int]:
    """The lines on which PostgreSQL is asked what time or day it is."""
    functions = {"Now", "TransactionNow", "auto_now", "auto_now_add"}
    found = [line for line, text in words_of(tree) if DATABASE_CLOCK.search(text)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in functions:
            found.append(node.lineno)
        if isinstance(node, ast.keyword) and node.arg in functions:
            found.append(node.value.lineno)
    return found


def test_only_what_is_listed_asks_the_database_for_the_time() -> None:
    asking = {path for path, tree in trees().items() if database_clock(tree)}
    assert asking == set(MAY_ASK_THE_DATABASE), "the work's own moment is a parameter of the statement"


def test_no_page_reckons_from_now_by_itself() -> None:
    """Django's ``now`` and the filters that count from it read the clock a second time; with ``:at`` they do not."""
    asking = re.compile(r"{%\s*now\b|\|\s*(timesince|timeuntil)\b(?!:)|\|\s*natural(time|day)\b")
    found = [
        str(path.relative_to(ROOT))
        for folder in ("templates", *PACKAGES)
        for path in sorted((ROOT / folder).rglob("*.html"))
        if asking.search(path.read_text(encoding="utf-8"))
    ]
    assert not found, f"hand the page the moment: {found}"


def test_only_what_is_listed_asks_the_browser_for_the_time() -> None:
    scripts = sorted((ROOT / "static").rglob("*.js"))
    asking = {path.name for path in scripts if re.search(r"new Date\(\)|\bDate\.now\(", path.read_text())}
    assert asking == set(MAY_ASK_THE_BROWSER), "the page says what day it is"


def test_tests_read_the_pinned_clock() -> None:
    found = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        # Faults are played by hand on the machine's own clock; pytest collects none of them.
        if path.name == "clock.py" or path == Path(__file__) or "faults" in path.parts:
            continue
        replaced = [line for line, text in words_of(tree) if text.endswith(("timezone.now", "time.time"))]
        modules = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        clocks = [node.lineno for node in modules if "time_machine" in ast.unparse(node)]
        lines = (
            readings(tree)
            + hidden_readings(tree)
            + (clocks + replaced if "architecture" not in path.parts else [])
        )
        found += [f"{path.relative_to(ROOT)}:{line}" for line in lines]
    assert not found, f"ask tests.clock: {found}"


@pytest.mark.parametrize(
    "source",
    [
        "def view():\n    show(timezone.now())\n    keep(at=timezone.now())",
        "def today():\n    return timezone.now()\ndef view():\n    show(today())\n    keep(today())",
        "class C:\n    def a(self):\n        return timezone.now()\n    def b(self):\n        self.a(), timezone.now()",
    ],
)
def test_the_guard_sees_a_second_reading(source: str) -> None:
    assert len(twice({"a/views.py": ast.parse(source)})) == 1


def test_the_guard_follows_calls_into_other_modules() -> None:
    files = {
        "a/days.py": ast.parse("def today():\n    return timezone.now()"),
        "a/__init__.py": ast.parse("from a.days import today"),
        "b/views.py": ast.parse("from a import today\ndef view():\n    today()\n    timezone.now()"),
    }
    assert twice(files) == {"b.views.view": ["b.views:4", "a.days:2"]}


@pytest.mark.parametrize(
    "source",
    [
        'sql = "SELECT 1 WHERE ends_on >= CURRENT_DATE"',
        'f"{a} < now()"',
        "models.functions.Now()",
        "DateField(auto_now=True)",
    ],
)
def test_the_guard_sees_the_clock_of_the_database(source: str) -> None:
    assert database_clock(ast.parse(source)) == [1]


def test_the_guard_sees_readings_by_any_name() -> None:
    assert readings(ast.parse("DateField(default=timezone.now)")) == [1]
    assert hidden_readings(ast.parse("from django.utils.timezone import now")) == [1]
    assert database_clock(ast.parse('text = "the tokens run out now"')) == []
