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


class DigestOfContent(DatabaseGuard):
    """Bytes are those of their size and digest: the database works both out. They are stored as they came."""

    def statements(self, table: str) -> str:
        return (
            f"ALTER TABLE {table} ALTER COLUMN content SET STORAGE EXTERNAL;"
            f"ALTER TABLE {table} ADD CONSTRAINT digest_of_content "
            "CHECK (size = octet_length(content) AND digest = encode(sha256(content), 'hex'));"
        )

    def removal(self, table: str) -> str:
        return f"ALTER TABLE {table} DROP CONSTRAINT digest_of_content;"


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


class RolesGiven(DatabaseGuard):
    """A role is given and confirmed by whoever does it in the act, who may, and never taken by its holder."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER roles_given BEFORE INSERT OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trials_guard_giving();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER roles_given ON {table};"


# An act of the system is opened by the program alone (ADR 49); what the system gives needs nobody's word.
ROLES_GIVEN = """
CREATE FUNCTION trials_guard_giving() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    sites text := coalesce(current_setting('app.sites', true), '');
    actor bigint;
    is_allowed boolean;
BEGIN
    PERFORM set_config('app.sites', '*', true);
    SELECT a.by_id INTO actor FROM audit_act a WHERE a.id = NEW.act_id;
    IF actor IS NULL THEN
        is_allowed := TG_OP = 'UPDATE' OR NEW.granted_by_id IS NULL;
    ELSIF TG_OP = 'INSERT' THEN
        is_allowed := NEW.granted_by_id = actor AND NEW.user_id <> actor AND NEW.waits_for_confirmation
            AND NEW.confirmed_by_id IS NULL AND trials_holds_role(actor, 'trial_manager', NULL, NEW.act_id);
    ELSIF OLD.waits_for_confirmation IS TRUE AND NEW.waits_for_confirmation IS NOT TRUE THEN
        is_allowed := NEW.confirmed_by_id = actor AND (
            trials_holds_role(actor, 'trial_manager', NULL, NEW.act_id)
            OR NEW.signature_id IS NOT NULL AND trials_holds_role(actor, 'investigator', NEW.site_id, NEW.act_id)
        );
    ELSE
        is_allowed := (NEW.starts_on, NEW.waits_for_confirmation, NEW.confirmed_by_id) IS NOT DISTINCT FROM
            (OLD.starts_on, OLD.waits_for_confirmation, OLD.confirmed_by_id)
            AND coalesce(NEW.ends_on, 'infinity') <= coalesce(OLD.ends_on, 'infinity');
    END IF;
    PERFORM set_config('app.sites', sites, true);
    IF is_allowed IS NOT TRUE THEN
        RAISE EXCEPTION '%: a role is given and confirmed by whoever may, in their own act', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION trials_guard_giving() FROM palace3_app;

CREATE FUNCTION trials_holds_role(person bigint, wanted text, place bigint, act bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM trials_delegation d, audit_act a
        WHERE a.id = act AND d.user_id = person AND d.role = wanted AND d.site_id IS NOT DISTINCT FROM place
          AND d.waits_for_confirmation IS NOT TRUE AND (d.ended_at IS NULL OR d.ended_at > a.at)
          AND a.at::date >= d.starts_on - 1 AND (d.ends_on IS NULL OR a.at::date <= d.ends_on + 1)
    )
$$;
"""
DROP_ROLES_GIVEN = "DROP FUNCTION trials_guard_giving; DROP FUNCTION trials_holds_role;"

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
