"""Guards of attached files; see ``audit.guards`` for how they reach the database (ADR 40)."""

from __future__ import annotations

from audit.guards import _OWN, _VISIBLE, BY_SYSTEM, DatabaseGuard, SiteScoped


class ContentDigest(DatabaseGuard):
    """Bytes are those of their digest: the database works it out. They are stored as they came, and read in parts."""

    def statements(self, table: str) -> str:
        return (
            f"ALTER TABLE {table} ALTER COLUMN data SET STORAGE EXTERNAL;"
            f"ALTER TABLE {table} ADD CONSTRAINT content_digest "
            "CHECK (size = octet_length(data) AND digest = encode(sha256(data), 'hex'));"
            f"ALTER TABLE {table} ADD CONSTRAINT content_known UNIQUE (id, digest, size);"
        )

    def removal(self, table: str) -> str:
        return f"ALTER TABLE {table} DROP CONSTRAINT content_known; ALTER TABLE {table} DROP CONSTRAINT content_digest;"


class SameContent(DatabaseGuard):
    """The digest and size that a file says of itself are those of its bytes."""

    def statements(self, table: str) -> str:
        return (
            f"ALTER TABLE {table} ADD CONSTRAINT same_content FOREIGN KEY (content_id, digest, size) "
            "REFERENCES crf_attachmentcontent (id, digest, size);"
        )

    def removal(self, table: str) -> str:
        return f"ALTER TABLE {table} DROP CONSTRAINT same_content;"


class ContentScoped(SiteScoped):
    """Bytes exist for whoever sees their file as it is now: they move along with its participant."""

    def statements(self, table: str) -> str:
        own = f"EXISTS (SELECT 1 FROM crf_attachment a WHERE a.content_id = {table}.id)"  # noqa: S608 (constants alone)
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({own}) WITH CHECK (true);"
        )


class SendersUploads(SiteScoped):
    """Rows belong to one person at a site of theirs; the system deletes those that nobody answers for."""

    def statements(self, table: str) -> str:
        mine = f"{_OWN.format(column='owner_id')} AND {_VISIBLE.format(column=self.column)}"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING (({mine}) OR {BY_SYSTEM}) WITH CHECK ({mine});"
        )
