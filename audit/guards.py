"""What the database itself refuses: declared on the model, written by its migration.

Each guard stands in ``Meta.constraints`` like any other constraint, so that ``makemigrations``
notices it and a model without it is found by ``tests/architecture/test_database_guards.py``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models.constraints import BaseConstraint

APPLICATION_ROLE = "palace3_app"

# Asked once a statement, and not of each row: what a policy compares inside of its SELECT costs a row nothing.
EVERY_SITE = "(SELECT current_setting('app.sites', true) = '*')"
_VISIBLE = (
    f"({EVERY_SITE} OR {{column}} = ANY ((SELECT string_to_array("
    "nullif(nullif(current_setting('app.sites', true), ''), '*'), ','))::bigint[]))"
)
_OWN = "{column} = (SELECT nullif(current_setting('app.user', true), '')::bigint)"

_CONFIDED = (
    "{column} = ANY ((SELECT string_to_array("
    "nullif(current_setting('app.confided', true), ''), ','))::bigint[])"
)
BY_SYSTEM = f"({EVERY_SITE} AND (SELECT coalesce(current_setting('app.user', true), '')) = '')"


class DatabaseGuard(BaseConstraint):
    """A trigger, policy or grant that lives and dies with its table.

    ``told`` names what a guard was told beside its name: migrations keep it, and two guards differ by it.
    """

    told: ClassVar[tuple[str, ...]] = ()

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), kwargs | {name: getattr(self, name) for name in self.told}

    def statements(self, table: str) -> str:
        """Return the SQL that puts the guard on ``table`` (quoted)."""
        raise NotImplementedError

    def removal(self, table: str) -> str:
        """Return the SQL that takes the guard off ``table`` (quoted)."""
        raise NotImplementedError

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return ""  # nothing for inside CREATE TABLE

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        return self.statements(schema_editor.quote_name(model._meta.db_table))

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return self.removal(schema_editor.quote_name(model._meta.db_table))

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to do in Python: the database is the judge."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.name))


def _never_emptied(table: str) -> str:
    """Return the SQL that refuses TRUNCATE, which row triggers do not see."""
    return (
        f"CREATE TRIGGER truncate_guard BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_truncate();"
    )


class ActGuard(DatabaseGuard):
    """A row is written only under the act of its own transaction, and never deleted.

    A ``frozen`` row is never changed either.
    """

    told: ClassVar[tuple[str, ...]] = ("frozen",)

    def __init__(self, *, name: str, frozen: bool = False) -> None:
        super().__init__(name=name)
        self.frozen = frozen

    def statements(self, table: str) -> str:
        kept = "DELETE, TRUNCATE, UPDATE" if self.frozen else "DELETE, TRUNCATE"
        return (
            f"CREATE TRIGGER act_guard BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_guard_act();"
            f"{_never_emptied(table)}"
            f"REVOKE {kept} ON {table} FROM {APPLICATION_ROLE};"
        )

    def removal(self, table: str) -> str:
        granted = f"GRANT UPDATE ON {table} TO {APPLICATION_ROLE};" if self.frozen else ""
        return f"DROP TRIGGER act_guard ON {table}; DROP TRIGGER truncate_guard ON {table};{granted}"


class ReasonGuard(DatabaseGuard):
    """An answer once saved changes only under an act that gives a reason.

    Columns named in ``except_columns``, and those that begin with ``calc_`` (the server derives
    them), may change without one. (21 CFR Part 11 11.10(e); EMA 2023, 6.2.1)
    """

    told: ClassVar[tuple[str, ...]] = ("except_columns",)

    def __init__(self, *, name: str, except_columns: tuple[str, ...] = ()) -> None:
        super().__init__(name=name)
        self.except_columns = tuple(except_columns)

    def statements(self, table: str) -> str:
        arguments = ", ".join(f"'{column}'" for column in self.except_columns)
        return (
            f"CREATE TRIGGER reason_guard BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION audit_guard_reason({arguments});"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER reason_guard ON {table};"


class SetOnce(DatabaseGuard):
    """The column is filled once and keeps its value for good."""

    told: ClassVar[tuple[str, ...]] = ("column",)

    def __init__(self, *, name: str, column: str) -> None:
        super().__init__(name=name)
        self.column = column

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER once_{self.column} BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (OLD.{self.column} IS NOT NULL AND NEW.{self.column} IS DISTINCT FROM OLD.{self.column}) "
            "EXECUTE FUNCTION audit_refuse_change();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER once_{self.column} ON {table};"


class LockGuard(DatabaseGuard):
    """A row whose ``state`` is ``locked`` changes only under an unlocking act."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER lock_guard BEFORE UPDATE ON {table} FOR EACH ROW "
            "WHEN (OLD.state = 'locked') EXECUTE FUNCTION audit_guard_lock();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER lock_guard ON {table};"


class SiteScoped(DatabaseGuard):
    """Rows of sites outside the transaction's scope do not exist for the application role.

    ``own`` names a column that holds a person: their own rows are theirs to see anywhere.
    """

    told: ClassVar[tuple[str, ...]] = ("column", "own")
    versions_follow_rows: ClassVar[bool] = False  # of a policy of its own: versions are seen with their row

    def __init__(self, *, name: str, column: str = "site_id", own: str = "") -> None:
        super().__init__(name=name)
        self.column, self.own = column, own

    def statements(self, table: str) -> str:
        visible = _VISIBLE.format(column=self.column)
        seen = f"{visible} OR {_OWN.format(column=self.own)}" if self.own else visible
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({seen}) WITH CHECK ({visible});"
        )

    def removal(self, table: str) -> str:
        return (
            f"DROP POLICY site_scope ON {table}; ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
        )


class VersionsScoped(DatabaseGuard):
    """Versions of a row exist for whoever sees the row as it is now: a participant who moves takes their history along.

    ``rows`` names the table of the rows. A version keeps the site at which it was written. What is written is checked
    with the row itself: ``AppendOnly`` lets nobody else write here.
    """

    told: ClassVar[tuple[str, ...]] = ("rows",)

    def __init__(self, *, name: str, rows: str) -> None:
        super().__init__(name=name)
        self.rows = rows

    def statements(self, table: str) -> str:
        own = f"EXISTS (SELECT 1 FROM {self.rows} now WHERE now.id = {table}.pgh_obj_id)"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({EVERY_SITE} OR {own}) WITH CHECK (true);"
        )

    def removal(self, table: str) -> str:
        return (
            f"DROP POLICY site_scope ON {table}; ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
        )


class ConfidentialToSite(SiteScoped):
    """Rows exist only for transactions whose scope names their site among its confidences.

    A scope that sees every site does not see them. With ``kept_by_system`` the system itself does
    (nobody's user, every site): it seals, reminds and counts, and such rows name nobody.
    """

    told: ClassVar[tuple[str, ...]] = ("column", "own", "kept_by_system")

    def __init__(
        self, *, name: str, column: str = "site_id", own: str = "", kept_by_system: bool = False
    ) -> None:
        super().__init__(name=name, column=column, own=own)
        self.kept_by_system = kept_by_system

    def statements(self, table: str) -> str:
        seen = _CONFIDED.format(column=self.column) + (f" OR {BY_SYSTEM}" if self.kept_by_system else "")
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({seen}) WITH CHECK ({seen});"
        )


class SystemRows(DatabaseGuard):
    """Rows exist only for transactions without a person: visitors before the door, and the system."""

    def statements(self, table: str) -> str:
        nobody = "(SELECT coalesce(current_setting('app.user', true), '')) = ''"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY nobodys ON {table} USING ({nobody}) WITH CHECK ({nobody});"
        )

    def removal(self, table: str) -> str:
        return (
            f"DROP POLICY nobodys ON {table}; ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
        )


class SameSite(DatabaseGuard):
    """A record's site is its participant's site."""

    told: ClassVar[tuple[str, ...]] = ("column",)

    def __init__(self, *, name: str, column: str = "participant_id") -> None:
        super().__init__(name=name)
        self.column = column

    def statements(self, table: str) -> str:
        return (
            "CREATE UNIQUE INDEX IF NOT EXISTS trials_participant_at_site ON trials_participant (id, site_id);"
            f"ALTER TABLE {table} ADD CONSTRAINT same_site FOREIGN KEY ({self.column}, site_id) "
            "REFERENCES trials_participant (id, site_id) DEFERRABLE INITIALLY IMMEDIATE;"
        )

    def removal(self, table: str) -> str:
        return f"ALTER TABLE {table} DROP CONSTRAINT same_site;"


class AppendOnly(DatabaseGuard):
    """Rows are written by the tracked table's trigger alone, and stay as they were written."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER trail_guard BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_guard_trail();"
            f"{_never_emptied(table)}"
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APPLICATION_ROLE};"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER trail_guard ON {table}; DROP TRIGGER truncate_guard ON {table};"


class AppendOnlyRows(DatabaseGuard):
    """Rows are added, and never changed or removed."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER kept_guard BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();"
            f"{_never_emptied(table)}"
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APPLICATION_ROLE};"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER kept_guard ON {table}; DROP TRIGGER truncate_guard ON {table};"


class NextSeal(DatabaseGuard):
    """A seal begins after the last one and ends at an act that exists: no row can keep sealing from going on."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER seal_guard BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_guard_seal();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER seal_guard ON {table};"


class ProvenSignature(DatabaseGuard):
    """A signature is put under one content by the program, which has asked its signer; no SQL alone puts one."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER signer_guard BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION scope_guard_signature();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER signer_guard ON {table};"


def _changed(columns: tuple[str, ...]) -> str:
    """Return the condition as PostgreSQL reads it back, so that a restored table has the definition that it had."""
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


class ProvenIdentity(DatabaseGuard):
    """What a person signs in with is changed by the program alone; no SQL alone opens an account for somebody else."""

    told: ClassVar[tuple[str, ...]] = ("columns",)

    def __init__(self, *, name: str, columns: tuple[str, ...]) -> None:
        super().__init__(name=name)
        self.columns = tuple(columns)

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER identity_guard BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN ({_changed(self.columns)}) EXECUTE FUNCTION scope_guard_identity();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER identity_guard ON {table};"


class ProvenAccess(DatabaseGuard):
    """What opens or closes something to somebody is written by the program alone, with its proof of whom it asked.

    ``of`` is what is proven (an identity, an account, a site), ``key`` the column that says which. Rows are made with
    a proof unless they are only ``changed``; ``columns`` are those that change with one.
    """

    told: ClassVar[tuple[str, ...]] = ("of", "key", "columns", "made")

    def __init__(
        self,
        *,
        name: str,
        columns: tuple[str, ...] = (),
        of: str = "identity",
        key: str = "user_id",
        made: bool = True,
    ) -> None:
        super().__init__(name=name)
        self.of, self.key, self.columns, self.made = of, key, tuple(columns), made

    def statements(self, table: str) -> str:
        function = f"EXECUTE FUNCTION scope_guard_access('{self.of}', '{self.key}');"
        changed = _changed(self.columns)
        return "".join(
            (
                f"CREATE TRIGGER scope_made BEFORE INSERT ON {table} FOR EACH ROW {function}"
                if self.made
                else "",
                f"CREATE TRIGGER scope_changed BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({changed}) {function}"
                if changed
                else "",
            )
        )

    def removal(self, table: str) -> str:
        return (
            f"DROP TRIGGER IF EXISTS scope_made ON {table}; DROP TRIGGER IF EXISTS scope_changed ON {table};"
        )


class NamesItsActor(DatabaseGuard):
    """Whoever a row names as having asked, confirmed or released is the person of the act that says so."""

    told: ClassVar[tuple[str, ...]] = ("columns",)

    def __init__(self, *, name: str, columns: tuple[str, ...]) -> None:
        super().__init__(name=name)
        self.columns = tuple(columns)

    def statements(self, table: str) -> str:
        arguments = ", ".join(f"'{column}'" for column in self.columns)
        return (
            f"CREATE TRIGGER actor_guard BEFORE INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION audit_guard_actor({arguments});"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER actor_guard ON {table};"


class WrittenBySystem(DatabaseGuard):
    """Rows are written in transactions of the system alone: what a watch reads, and what leaves the outbox.

    With ``settled`` rows are made by whoever may, and only changed by the system.
    """

    told: ClassVar[tuple[str, ...]] = ("settled",)

    def __init__(self, *, name: str, settled: bool = False) -> None:
        super().__init__(name=name)
        self.settled = settled

    def statements(self, table: str) -> str:
        moments = "UPDATE" if self.settled else "INSERT OR UPDATE OR DELETE"
        return (
            f"CREATE TRIGGER system_guard BEFORE {moments} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION scope_guard_system();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER system_guard ON {table};"


class WrittenByTriggers(DatabaseGuard):
    """Rows are worked out by the database from rows under acts: in its triggers, or in a function of the owner.

    The application's role writes none by itself: a gate, a lock or a signature that asks such a row asks its source.
    """

    def statements(self, table: str) -> str:
        # The application's role makes no trigger, table or function of its own: whatever runs below one is the owner's.
        return (
            f"CREATE TRIGGER worked_out_guard BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT "
            f"WHEN (pg_trigger_depth() = 0 AND CURRENT_USER = '{APPLICATION_ROLE}'::name) "
            "EXECUTE FUNCTION audit_refuse_by_hand();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER worked_out_guard ON {table};"


class ErasedUnderAct(DatabaseGuard):
    """A row is deleted only under an act of its own transaction whose verb is named: what erases lawfully."""

    told: ClassVar[tuple[str, ...]] = ("verbs",)

    def __init__(self, *, name: str, verbs: tuple[str, ...]) -> None:
        super().__init__(name=name)
        self.verbs = tuple(verbs)

    def statements(self, table: str) -> str:
        arguments = ", ".join(f"'{verb}'" for verb in self.verbs)
        return (
            f"CREATE TRIGGER erasure_guard BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION audit_guard_erasure({arguments});"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER erasure_guard ON {table};"


class MayDelete(DatabaseGuard):
    """The application may delete rows here: working copies, and what says who somebody is until it is erased."""

    def statements(self, table: str) -> str:
        return f"GRANT DELETE ON {table} TO {APPLICATION_ROLE};"

    def removal(self, table: str) -> str:
        return f"REVOKE DELETE ON {table} FROM {APPLICATION_ROLE};"
