"""Guards of attached files; see ``audit.guards`` for how they reach the database (ADR 40)."""

from __future__ import annotations

from audit.guards import _OWN, _VISIBLE, BY_SYSTEM, DatabaseGuard, SiteScoped

# The digest is compared by the database: no program writes bytes that are not those of their row.
FUNCTIONS = """
CREATE FUNCTION crf_guard_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM crf_attachment a WHERE a.id = NEW.attachment_id
        AND a.size = octet_length(NEW.data) AND a.digest = encode(sha256(NEW.data), 'hex')
    ) THEN
        RAISE EXCEPTION '%: these are not the bytes of the file', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION crf_guard_has_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM crf_attachmentcontent c WHERE c.attachment_id = NEW.id) THEN
        RAISE EXCEPTION '%: a file has its bytes', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION crf_guard_has_content, crf_guard_content;"


class ContentGuard(DatabaseGuard):
    """Bytes are those of their file. They are stored as they came, so that a part is read without the rest."""

    def statements(self, table: str) -> str:
        return (
            f"ALTER TABLE {table} ALTER COLUMN data SET STORAGE EXTERNAL;"
            f"CREATE TRIGGER content_guard BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION crf_guard_content();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER content_guard ON {table};"


class ContentNeeded(DatabaseGuard):
    """No file is on record without its bytes."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE CONSTRAINT TRIGGER has_content AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION crf_guard_has_content();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER has_content ON {table};"


class ContentScoped(SiteScoped):
    """Bytes exist for whoever sees their file as it is now: they move along with its participant."""

    def statements(self, table: str) -> str:
        own = f"EXISTS (SELECT 1 FROM crf_attachment a WHERE a.id = {table}.attachment_id)"  # noqa: S608 (constants alone)
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({own}) WITH CHECK ({own});"
        )


class SendersUploads(SiteScoped):
    """Rows belong to one person at a site of theirs; the system deletes those that nobody answers for."""

    def statements(self, table: str) -> str:
        mine = f"{_OWN.format(column='owner_id')} AND {_VISIBLE.format(column=self.column)}"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING (({mine}) OR {BY_SYSTEM}) WITH CHECK ({mine});"
        )
