"""What a freeze or a lock refuses in the database; see ``audit.guards`` for how guards reach it (ADR 36)."""

from __future__ import annotations

from typing import ClassVar

from audit.guards import _VISIBLE, DatabaseGuard, SiteScoped
from audit.locked import LOCKED_STATE

# The row that decides over a place: an opening lifts what stands above it, and of the rest the strongest counts; a
# lock of the study is lifted by nothing. "frozen" sorts before "locked".
LOCK_OVER = """
CREATE FUNCTION trials_lock_over(site bigint, participant bigint, visit bigint, record bigint)
RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH standing AS (
        SELECT l.kind, l.level FROM trials_datalock l
        WHERE l.ended_at IS NULL AND (
            l.level = 5
            OR l.level = 4 AND l.site_id = $1
            OR l.level = 3 AND l.participant_id = $2
            OR l.level = 2 AND l.participant_id = $2 AND l.visit_number = $3
            OR l.level = 1 AND l.participant_id = $2 AND l.record_number = $4
        )
    )
    SELECT jsonb_build_object(
        'kind', s.kind, 'level', s.level,
        'site', (SELECT code FROM trials_site WHERE id = $1),
        'participant', (SELECT number FROM trials_participant WHERE id = $2)
    )
    FROM standing s
    WHERE s.kind <> 'open' AND (
        s.level = 5 AND s.kind = 'locked'
        OR NOT EXISTS (SELECT 1 FROM standing o WHERE o.kind = 'open' AND o.level <= s.level)
    )
    ORDER BY s.kind DESC, s.level LIMIT 1
$$;

CREATE FUNCTION trials_lock_kind(site bigint, participant bigint, visit bigint, record bigint)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(trials_lock_over($1, $2, $3, $4) ->> 'kind', '')
$$;
"""

FUNCTIONS = f"""
CREATE FUNCTION trials_refuse_locked(place text, lock jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: the data are %', place, lock ->> 'kind' USING ERRCODE = '{LOCKED_STATE}', DETAIL = lock::text;
END $$;

CREATE FUNCTION trials_guard_data_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    after jsonb := to_jsonb(NEW);
    before jsonb;
    lock jsonb := trials_lock_over(
        NEW.site_id, NEW.participant_id,
        (after ->> CASE TG_TABLE_NAME WHEN 'followup_visit' THEN 'id' ELSE 'visit_id' END)::bigint,
        (after ->> CASE TG_TABLE_NAME WHEN 'crf_record' THEN 'id' ELSE 'record_id' END)::bigint
    );
BEGIN
    IF lock IS NULL THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        before := to_jsonb(OLD);
        IF trials_moved_only(before, after) THEN
            RETURN NEW;
        END IF;
    END IF;
    IF lock ->> 'kind' = 'frozen' AND NOT EXISTS (
        SELECT 1 FROM unnest(TG_ARGV::text[]) AS kept
        WHERE coalesce(before -> kept, 'null') IS DISTINCT FROM after -> kept
          AND (before IS NOT NULL OR after -> kept NOT IN ('null', '""'))
    ) THEN
        RETURN NEW;
    END IF;
    PERFORM trials_refuse_locked(TG_TABLE_NAME, lock);
    RETURN NEW;
END $$;

CREATE FUNCTION trials_guard_participant_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lock jsonb;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.site_id <> OLD.site_id THEN
        lock := coalesce(
            trials_lock_over(OLD.site_id, NULL, NULL, NULL), trials_lock_over(NEW.site_id, NULL, NULL, NULL)
        );
        IF lock IS NOT NULL THEN
            PERFORM trials_refuse_locked(TG_TABLE_NAME, lock);
        END IF;
        RETURN NEW;
    END IF;
    lock := trials_lock_over(NEW.site_id, NEW.id, NULL, NULL);
    IF lock ->> 'kind' = 'locked' THEN
        PERFORM trials_refuse_locked(TG_TABLE_NAME, lock);
    END IF;
    RETURN NEW;
END $$;
"""  # noqa: S608 (constants alone)
DROP_FUNCTIONS = """
DROP FUNCTION trials_guard_participant_lock, trials_guard_data_lock, trials_refuse_locked;
DROP FUNCTION trials_lock_kind, trials_lock_over;
"""


class DataLockGuard(DatabaseGuard):
    """Rows under a lock are neither written nor changed; under a freeze, ``frozen`` names the columns that stay."""

    told: ClassVar[tuple[str, ...]] = ("frozen",)

    def __init__(self, *, name: str, frozen: tuple[str, ...] = ()) -> None:
        super().__init__(name=name)
        self.frozen = tuple(frozen)

    def statements(self, table: str) -> str:
        columns = ", ".join(f"'{column}'" for column in self.frozen)
        return (
            f"CREATE TRIGGER data_lock BEFORE INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION trials_guard_data_lock({columns});"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER data_lock ON {table};"


class ParticipantLockGuard(DatabaseGuard):
    """Nobody joins or leaves a site whose data are frozen or locked, and a locked participant stays as they are."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER data_lock BEFORE INSERT OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trials_guard_participant_lock();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER data_lock ON {table};"


class SiteScopedOrStudy(SiteScoped):
    """Rows of a site exist for whoever sees the site; a row of the whole study, without a site, for everybody."""

    versions_follow_rows: ClassVar[bool] = True

    def statements(self, table: str) -> str:
        visible = _VISIBLE.format(column=self.column)
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({visible} OR {self.column} IS NULL) WITH CHECK ({visible});"
        )
