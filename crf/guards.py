"""Guards of this app's own tables; see ``audit.guards`` for how they reach the database."""

from __future__ import annotations

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from audit.guards import _OWN, _VISIBLE, BY_SYSTEM, DatabaseGuard, SiteScoped

FUNCTIONS = """
CREATE FUNCTION crf_guard_row_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held text;
BEGIN
    EXECUTE format('SELECT state FROM %I WHERE id = $1', TG_ARGV[0]) INTO held USING NEW.record_id;
    IF held = 'locked' THEN
        RAISE EXCEPTION '%: the record is locked', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION crf_guard_row_lock;"

# Policies hide records of other sites from the function as well: what it does not find, it refuses.
ROWS_WITH_THEIR_RECORD = """
CREATE OR REPLACE FUNCTION crf_guard_row_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held text;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.record_id <> OLD.record_id THEN
        RAISE EXCEPTION '%: a row stays with its record', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('SELECT state FROM %I WHERE id = $1 AND site_id = $2', TG_ARGV[0])
        INTO held USING NEW.record_id, NEW.site_id;
    IF held IS NULL THEN
        RAISE EXCEPTION '%: a row is of its record''s site', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF held = 'locked' THEN
        RAISE EXCEPTION '%: the record is locked', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
ROWS_BY_THEMSELVES = FUNCTIONS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")

# The day the work is done on (kernel.scope), as for every other right: CURRENT_DATE is a second clock, in UTC.
_DAY = "(SELECT nullif(current_setting('app.day', true), '')::date)"
_INSPECTS = (
    "SELECT 1 FROM trials_delegation d WHERE d.role = 'inspector' AND {own} "
    "AND d.starts_on <= {day} AND (d.ends_on IS NULL OR d.ends_on >= {day})"
)


class RowLock(DatabaseGuard):
    """The rows of a repeating group are as locked as the record they belong to, and of its site."""

    def create_sql(  # type: ignore[override]
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        record = model._meta.get_field("record").related_model._meta.db_table  # type: ignore[union-attr]
        return (
            f"CREATE TRIGGER row_lock BEFORE INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION crf_guard_row_lock('{record}');"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER row_lock ON {table};"


class OwnerScoped(SiteScoped):
    """Rows belong to one person: nobody else sees them, and the owner only while the site is theirs."""

    def statements(self, table: str) -> str:
        mine = f"{_OWN.format(column='owner_id')} AND {_VISIBLE.format(column=self.column)}"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({mine}) WITH CHECK ({mine});"
        )


class OwnersNotes(SiteScoped):
    """Rows belong to one person; an inspector may read them all, and the system seals them."""

    def statements(self, table: str) -> str:
        mine = f"{_OWN.format(column='owner_id')} AND {_VISIBLE.format(column=self.column)}"
        inspector = f"EXISTS ({_INSPECTS.format(own=_OWN.format(column='d.user_id'), day=_DAY)})"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING (({mine}) OR {inspector} OR {BY_SYSTEM}) WITH CHECK ({mine});"
        )
