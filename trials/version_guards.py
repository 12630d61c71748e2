"""Guards of protocol versions; see ``audit.guards`` for how they reach the database."""

from __future__ import annotations

from audit.guards import DatabaseGuard

# 1.0 is what every site begins with: the version that the trial was opened under.
FUNCTIONS = """
CREATE FUNCTION trials_guard_site_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.protocol_version = '1.0' THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM trials_siteversion
        WHERE site_id = NEW.id AND version = NEW.protocol_version AND opened_on IS NOT NULL
    ) THEN
        RAISE EXCEPTION '%: version % is not open at this site', TG_TABLE_NAME, NEW.protocol_version
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION trials_guard_participant_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A site that the transaction does not see is none of this guard's: the policy of the row refuses it.
    IF EXISTS (
        SELECT 1 FROM trials_site WHERE id = NEW.site_id AND protocol_version <> NEW.protocol_version
    ) THEN
        RAISE EXCEPTION '%: version % is not the one in force at the site', TG_TABLE_NAME, NEW.protocol_version
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION trials_guard_site_version, trials_guard_participant_version;"


class SiteVersionGuard(DatabaseGuard):
    """A site follows the first version, or one that was opened there after its approval (requirement 49)."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER version_guard BEFORE INSERT OR UPDATE OF protocol_version ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trials_guard_site_version();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER version_guard ON {table};"


class ParticipantVersionGuard(DatabaseGuard):
    """A participant is taken to no other version than the one in force at the site."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER version_guard BEFORE INSERT OR UPDATE OF protocol_version ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trials_guard_participant_version();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER version_guard ON {table};"


class OpenedStays(DatabaseGuard):
    """What was on record when a version was opened at a site is no longer changed."""

    def statements(self, table: str) -> str:
        columns = ("version", "site_id", "approved_on", "opened_on", "consent_id")
        changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns)
        return (
            f"CREATE TRIGGER opened_stays BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (OLD.opened_on IS NOT NULL AND ({changed})) EXECUTE FUNCTION audit_refuse_change();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER opened_stays ON {table};"


class LetterStays(DatabaseGuard):
    """The letter by which the approval is known stays as it was when the version was opened at a site."""

    def statements(self, table: str) -> str:
        changed = " OR ".join(
            f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in ("reference", "letter_on")
        )
        return (
            f"CREATE TRIGGER letter_stays BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (OLD.opened_on IS NOT NULL AND ({changed})) EXECUTE FUNCTION audit_refuse_change();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER letter_stays ON {table};"
