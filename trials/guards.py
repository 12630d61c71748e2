"""Guards of this app's own tables; see ``audit.guards`` for how they reach the database."""

from __future__ import annotations

from audit.guards import DatabaseGuard


class ActiveSite(DatabaseGuard):
    """A row begins only at a site that is active; the site may not leave that state meanwhile."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER active_site BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trials_guard_active_site();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER active_site ON {table};"


class ClosedOutGuard(DatabaseGuard):
    """A site is closed out exactly while a close-out that two people agreed on stands."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER closed_out BEFORE INSERT OR UPDATE OF state ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trials_guard_closed_out();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER closed_out ON {table};"


FUNCTIONS = """
CREATE FUNCTION trials_guard_active_site() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM trials_site WHERE id = NEW.site_id AND state = 'active') THEN
        RAISE EXCEPTION '%: the site is not active', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION trials_guard_active_site;"

CLOSED_OUT = """
CREATE FUNCTION trials_guard_closed_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.state = 'closed_out') <> EXISTS (
        SELECT 1 FROM trials_closeout
        WHERE site_id = NEW.id AND confirmed_at IS NOT NULL AND ended_at IS NULL
    ) THEN
        RAISE EXCEPTION '%: a site is closed out by two people, and only while they have not undone it', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
DROP_CLOSED_OUT = "DROP FUNCTION trials_guard_closed_out;"
