"""Guards of this app's own tables; see ``audit.guards`` for how they reach the database."""

from __future__ import annotations

from audit.guards import DatabaseGuard

FUNCTIONS = """
CREATE FUNCTION randomization_guard_scheme_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) IN (('draft', 'active'), ('draft', 'rejected'))
        OR (OLD.state, NEW.state) = ('active', 'closed') AND EXISTS (
            SELECT 1 FROM randomization_schemeclosing
            WHERE scheme_id = NEW.id AND confirmed_at IS NOT NULL AND ended_at IS NULL)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '%: not a step that a scheme takes, or not without two people: % to %',
        TG_TABLE_NAME, OLD.state, NEW.state USING ERRCODE = 'insufficient_privilege';
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION randomization_guard_scheme_moves;"


class SchemeMoves(DatabaseGuard):
    """A draft is activated or rejected, an active scheme is closed by two people, and nothing comes back."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER scheme_moves BEFORE UPDATE OF state ON {table} FOR EACH ROW "
            "WHEN (NEW.state IS DISTINCT FROM OLD.state) EXECUTE FUNCTION randomization_guard_scheme_moves();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER scheme_moves ON {table};"


class OpeningStays(DatabaseGuard):
    """What is on record of an opening is corrected only until the participant has the place of the envelope."""

    def statements(self, table: str) -> str:
        columns = ("state", "opened_at", "opened_by", "allocation_id")
        changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns)
        return (
            f"CREATE TRIGGER opening_stays BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (OLD.allocation_id IS NOT NULL AND ({changed})) EXECUTE FUNCTION audit_refuse_change();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER opening_stays ON {table};"
