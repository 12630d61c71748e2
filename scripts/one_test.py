"""Runs some tests in seconds: installs nothing, keeps the migrated database, loads Django only where it is needed.

``make t ARGS=tests/protocol/test_staging.py`` runs this with pytest's arguments. PostgreSQL's folder is kept in
``PALACE3_TEST_DIR`` (``var/test``). Test files that reach no Django by their imports and ask for none of its
fixtures run without pytest-django: neither settings, models nor a server cost them anything.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DJANGO = "django"
# Packages that are of no use without Django, and fixtures that pytest-django or the database give.
NEEDS_DJANGO = {
    DJANGO,
    "rest_framework",
    "celery",
    "kombu",
    "crispy_forms",
    "pghistory",
    "pgtrigger",
    "playwright",
}
FIXTURES = {
    "admin_client", "admin_url", "app_sql", "client", "db", "django_assert_num_queries", "django_db_blocker",
    "django_capture_on_commit_callbacks", "live_server", "mailoutbox", "rf", "settings", "superuser", "test_database",
    "transactional_db", "world",
}  # fmt: skip
WITHOUT_DJANGO = ("-p", "no:django", "-p", "no:valkey", "-p", "no:xdist", "-p", "no:pytest_cov")


def main(arguments: list[str]) -> None:
    """Replace this process by pytest, with Django or without."""
    os.environ.setdefault("PALACE3_TEST_DIR", str(ROOT / "var" / "test"))
    lane = WITHOUT_DJANGO if are_pure(files_of(arguments)) else ()
    command = [sys.executable, "-m", "pytest", *lane, *arguments]
    os.chdir(ROOT)
    os.execv(command[0], command)  # noqa: S606 (arguments of the developer who runs it)


def files_of(arguments: Iterable[str]) -> list[Path]:
    """The test files that pytest would collect for ``arguments``; none where no path is among them."""
    paths = [ROOT / argument.split("::")[0] for argument in arguments if not argument.startswith("-")]
    return [
        file
        for path in paths
        if path.exists()
        for file in (sorted(path.rglob("test_*.py")) if path.is_dir() else [path])
    ]


def are_pure(files: Iterable[Path]) -> bool:
    """Say whether there are files and none of them needs Django, by itself or by what it imports."""
    files = list(files)
    return bool(files) and not any(asks_for_fixtures(file) or reaches_django(file) for file in files)


def asks_for_fixtures(file: Path) -> bool:
    arguments = {
        argument.arg
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
    }
    return bool(arguments & FIXTURES)


def reaches_django(file: Path) -> bool:
    """Say whether the imports of ``file`` lead to Django, through any files of ours."""
    seen: set[Path] = set()
    waiting = [file, *conftests_of(file)]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for name in imports_of(here):
            if name.split(".")[0] in NEEDS_DJANGO:
                return True
            waiting += files_named(name)
    return False


def conftests_of(file: Path) -> list[Path]:
    """The ``conftest.py`` that pytest loads for ``file``, the one of all tests apart: it leaves Django alone."""
    folders = [folder for folder in file.parents if ROOT / "tests" in folder.parents]
    return [folder / "conftest.py" for folder in folders if (folder / "conftest.py").exists()]


def imports_of(file: Path) -> Iterator[str]:
    """The modules that ``file`` imports, inside functions too; not those for types alone."""
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            waiting += ast.iter_child_nodes(node)


def files_named(module: str) -> list[Path]:
    """The files that Python reads for ``module``: itself and the packages around it."""
    parts = module.split(".")
    folders = [ROOT.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    files = [folder / "__init__.py" for folder in folders] + [folders[-1].with_suffix(".py")]
    return [file for file in files if file.exists()]


if __name__ == "__main__":
    main(sys.argv[1:])
