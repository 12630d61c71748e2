"""Guards of this app's own tables; see ``audit.guards`` for how they reach the database."""

from __future__ import annotations

from typing import ClassVar

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


class RolesApart(DatabaseGuard):
    """Nobody gives a role to themselves, and nobody holds two roles at a time of which one checks the other."""

    told: ClassVar[tuple[str, ...]] = ("pairs",)

    def __init__(self, *, name: str, pairs: tuple[tuple[str, str], ...]) -> None:
        super().__init__(name=name)
        self.pairs = tuple(tuple(pair) for pair in pairs)

    def statements(self, table: str) -> str:
        arguments = ", ".join(f"'{one} {other}'" for one, other in self.pairs)
        return (
            f"CREATE TRIGGER roles_apart BEFORE INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION trials_guard_roles({arguments});"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER roles_apart ON {table};"


# The roles of a person at every site count, whichever the writer sees: for the comparison the scope is widened.
ROLES_APART = """
CREATE OR REPLACE FUNCTION trials_guard_roles() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sites text := coalesce(current_setting('app.sites', true), '');
    other text;
BEGIN
    IF NEW.granted_by_id = NEW.user_id THEN
        RAISE EXCEPTION '%: nobody gives a role to themselves', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.ended_at IS NOT NULL THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('trials_delegation ' || NEW.user_id));
    PERFORM set_config('app.sites', '*', true);
    SELECT d.role INTO other FROM trials_delegation d
    WHERE d.user_id = NEW.user_id AND d.id <> NEW.id AND d.ended_at IS NULL
      AND (d.role || ' ' || NEW.role = ANY (TG_ARGV::text[]) OR NEW.role || ' ' || d.role = ANY (TG_ARGV::text[]))
      AND coalesce(d.ends_on, 'infinity') >= NEW.starts_on AND d.starts_on <= coalesce(NEW.ends_on, 'infinity')
      AND (d.site_id IS NULL OR NEW.site_id IS NULL OR d.site_id = NEW.site_id)
    LIMIT 1;
    PERFORM set_config('app.sites', sites, true);
    IF other IS NOT NULL THEN
        RAISE EXCEPTION '%: whoever is % is not % at the same time', TG_TABLE_NAME, other, NEW.role
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
DROP_ROLES_APART = "DROP FUNCTION trials_guard_roles;"

# What widens the scope for a comparison does so as the owner: the application's role cannot widen it (ADR 49).
WIDENED_BY_OWNER = """
ALTER FUNCTION trials_guard_roles() SECURITY DEFINER SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION trials_guard_roles() FROM palace3_app;
ALTER FUNCTION trials_public_sites(date, varchar[]) SECURITY DEFINER SET search_path = public, pg_temp;
"""
WIDENED_BY_CALLER = """
ALTER FUNCTION trials_guard_roles() SECURITY INVOKER RESET search_path;
ALTER FUNCTION trials_public_sites(date, varchar[]) SECURITY INVOKER RESET search_path;
"""

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
