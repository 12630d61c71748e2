"""Migrations hold no large table for long: what reads or rewrites all of it under a lock is named here with its reason.

Every migration after the first of its app is drawn as SQL. People are out while it runs (docs/operations/upgrade.md),
but a table of versions of a long trial takes hours to be rewritten, and an upgrade must end the same evening.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from palace3.packages import PACKAGES

# Before these the rule did not exist; tests/architecture/test_upgrade.py runs all of them on a filled database.
BEGUN_AFTER = {
    "accounts": "0010", "analysis": "0000", "audit": "0003", "crf": "0074", "exports": "0012", "followup": "0010",
    "operations": "0001", "randomization": "0009", "reports": "0000", "trials": "0022", "website": "0000",
}  # fmt: skip
LONG = {
    "rewrites the table": re.compile(
        r'ALTER TABLE (?:ONLY )?"?(?P<table>[\w.]+)"? ALTER COLUMN \S+ TYPE (?!varchar)', re.I
    ),
    "reads all rows for a check": re.compile(
        r'ALTER TABLE (?:ONLY )?"?(?P<table>[\w.]+)"? '
        r"(?:ADD CONSTRAINT \S+ CHECK (?!.*NOT VALID)|ALTER COLUMN \S+ SET NOT NULL)",
        re.I,
    ),
    "builds an index while nobody may write": re.compile(
        r'CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)\S+ ON "?(?P<table>[\w.]+)"?', re.I
    ),
    "writes every row": re.compile(r'^\s*UPDATE "?(?P<table>[\w.]+)"? SET (?:(?!WHERE).)*$', re.I),
}
CREATES = re.compile(r'CREATE TABLE "?(?P<table>[\w.]+)"?', re.I)
# (migration, table, what): why it is short all the same.
INDEX, CHECK = "builds an index while nobody may write", "reads all rows for a check"
ACCEPTED: dict[tuple[str, str, str], str] = {
    ("accounts.0013_digests", "accounts_mailevent", "builds an index while nobody may write"): (
        "a trial has some thousand mails: a part of a second"
    ),
    ("accounts.0012_passkeys_and_sessions", "accounts_user", INDEX): "one row for each person",
    ("accounts.0012_passkeys_and_sessions", "accounts_userevent", INDEX): "some rows for each sign-in",
    ("trials.0030_copies_of_living_sites", "trials_sitecopy", INDEX): "some rows for each site",
    ("exports.0015_basis_for_leaving", "exports_export", INDEX): "one row for each export of the trial",
    ("exports.0019_leaving_of_tokens", "exports_apitoken", INDEX): "one row for each token",
    ("exports.0019_leaving_of_tokens", "exports_apitokenevent", INDEX): "few rows for each token",
    (
        "exports.0015_basis_for_leaving",
        "exports_exportevent",
        INDEX,
    ): "some rows for each export of the trial",
    ("followup.0012_undescribed_visits", "followup_visit", INDEX): "one pass: a million visits take seconds",
    ("followup.0014_described_by_forms", "followup_visit", INDEX): "as the one before, which it replaces",
    ("randomization.0010_void_envelopes", "randomization_envelope", CHECK): "some dozens of envelopes a site",
}


def statements(app: str, name: str, loader: MigrationLoader) -> Iterator[str]:
    """Yield the SQL of a migration, statement by statement."""
    plan = [(loader.graph.nodes[app, name], False)]
    yield from (line for line in loader.collect_sql(plan) if not line.startswith("--"))


def long_locks(sql: list[str]) -> set[tuple[str, str]]:
    """Return table and reason of each statement that takes as long as the table is large; a new table is empty."""
    new = {match["table"] for line in sql if (match := CREATES.search(line))}
    return {
        (match["table"], why)
        for line in sql
        for why, pattern in LONG.items()
        if (match := pattern.search(line)) and match["table"] not in new
    }


def later_migrations() -> list[tuple[str, str]]:
    root = Path(__file__).resolve().parents[2]
    return sorted(
        (package, path.stem)
        for package in PACKAGES
        for path in (root / package / "migrations").glob("0*.py")
        if path.stem[:4] > BEGUN_AFTER.get(package, "0000") and path.stem != "0001_initial"
    )


@pytest.mark.django_db
def test_no_migration_holds_a_large_table_for_long() -> None:
    loader = MigrationLoader(connection, replace_migrations=False)
    named = {
        (f"{app}.{name}", table, why)
        for app, name in later_migrations()
        for table, why in long_locks(list(statements(app, name, loader)))
    }
    assert named == ACCEPTED.keys(), (
        "do it in steps (NOT VALID, CONCURRENTLY, batches), or say why it is short"
    )


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ('ALTER TABLE "crf_record" ALTER COLUMN "code" TYPE text', "rewrites the table"),
        ('ALTER TABLE "crf_record" ALTER COLUMN "code" TYPE varchar(80)', ""),
        ('ALTER TABLE "crf_record" ADD CONSTRAINT "c" CHECK (code <> \'\')', "reads all rows for a check"),
        ('ALTER TABLE "crf_record" ADD CONSTRAINT "c" CHECK (code <> \'\') NOT VALID', ""),
        ('ALTER TABLE "crf_record" ALTER COLUMN "code" SET NOT NULL', "reads all rows for a check"),
        ('CREATE INDEX "i" ON "crf_record" ("code")', "builds an index while nobody may write"),
        ('CREATE INDEX CONCURRENTLY "i" ON "crf_record" ("code")', ""),
        ('ALTER TABLE "crf_record" ADD COLUMN "late" varchar(20) NULL', ""),
        ("UPDATE crf_record SET code = 'X'", "writes every row"),
        ("UPDATE crf_record SET code = 'X' WHERE id = 1", ""),
    ],
)
def test_what_takes_long_is_told_apart(statement: str, why: str) -> None:
    assert {reason for _table, reason in long_locks([statement])} == ({why} if why else set())
    assert long_locks(['CREATE TABLE "crf_record" (id int)', statement]) == set()
