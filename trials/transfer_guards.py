"""Guards of transfers between sites; see ``audit.guards`` for how they reach the database (ADR 34)."""

from __future__ import annotations

from audit.guards import _VISIBLE, APPLICATION_ROLE, DatabaseGuard, SiteScoped
from kernel.postgresql.roles import OWNER

CONFIRM = "trials:transfer:confirm"
TAKE_BACK = "trials:transfer:take_back"

ACCEPTED = f"""
CREATE FUNCTION trials_guard_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.accepted_at IS NOT NULL OR NEW.accepted_by_id IS NOT NULL
        OR NEW.confirmed_at IS NOT NULL OR NEW.ended_at IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM audit_act WHERE id = NEW.act_id AND verb = '{TAKE_BACK}') THEN
        RAISE EXCEPTION '%: an acceptance stays until its site takes it back', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""  # noqa: S608 (constants alone)
DROP_ACCEPTED = "DROP FUNCTION trials_guard_accepted();"

# What the guards of moved rows judge by; locks let a moved row pass. Everybody runs these as themselves.
MOVED = f"""
CREATE FUNCTION trials_moved_only(before jsonb, after jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_user = '{OWNER}'
        AND before - 'site_id' - 'act_id' = after - 'site_id' - 'act_id'
        AND before -> 'site_id' <> after -> 'site_id'
        AND EXISTS (
            SELECT 1 FROM audit_act WHERE id = (after ->> 'act_id')::bigint AND verb = '{CONFIRM}'
        )
$$;

CREATE FUNCTION trials_guard_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> '{OWNER}' THEN
        RAISE EXCEPTION '%: a participant changes the site by a transfer that both sites and the sponsor agreed on',
            TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION audit_guard_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_act WHERE id = NEW.act_id AND verb = 'crf:record:unlock')
        AND NOT trials_moved_only(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RAISE EXCEPTION '%: the record is locked', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

DROP POLICY act_read ON audit_act;
CREATE POLICY act_read ON audit_act FOR SELECT USING (
    (SELECT current_setting('app.sites', true) = '*')
    OR transaction = (SELECT pg_current_xact_id_if_assigned()::text::bigint)
    OR by_id = (SELECT nullif(current_setting('app.user', true), '')::bigint)
    OR site_id = ANY ((SELECT string_to_array(
        nullif(nullif(current_setting('app.sites', true), ''), '*'), ','))::bigint[])
    OR EXISTS (SELECT 1 FROM trials_participant p WHERE p.id = audit_act.participant_id)
);
"""  # noqa: S608 (constants alone)

# Whether three people agreed, read from the versions that each of them wrote under their own act.
AGREED = f"""
CREATE OR REPLACE FUNCTION trials_had_role(person bigint, wanted text, place bigint, act bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM trials_delegation d, audit_act a, trials_site s
        WHERE a.id = act AND a.by_id = person AND s.id = place
          AND d.user_id = person AND d.role = wanted AND (d.site_id = place OR d.site_id IS NULL)
          AND d.waits_for_confirmation IS NOT TRUE AND (d.ended_at IS NULL OR d.ended_at > a.at)
          AND (a.at AT TIME ZONE s.time_zone)::date BETWEEN d.starts_on AND coalesce(d.ends_on, 'infinity')
    )
$$;

CREATE OR REPLACE FUNCTION trials_transfer_agreed(agreed bigint, current bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM trials_transfer t JOIN trials_participant p ON p.id = t.participant_id
        JOIN audit_act a ON a.id = t.act_id
        JOIN trials_transferevent proposal ON proposal.pgh_obj_id = t.id AND proposal.pgh_label = 'insert'
        JOIN trials_transferevent acceptance ON acceptance.pgh_obj_id = t.id
        JOIN audit_act proposed ON proposed.id = proposal.act_id
        JOIN audit_act accepted ON accepted.id = acceptance.act_id
        WHERE t.id = agreed AND t.act_id = current AND t.ended_at IS NULL
          AND p.site_id = t.site_id AND t.site_id <> t.receiving_id
          AND a.verb = '{CONFIRM}' AND a.transaction = pg_current_xact_id()::text::bigint
          AND a.participant_id = p.id AND a.by_id = t.confirmed_by_id
          AND proposed.verb = 'trials:transfer:propose' AND proposed.participant_id = p.id
          AND proposal.accepted_at IS NULL AND proposal.confirmed_at IS NULL
          AND accepted.verb = 'trials:transfer:accept'
          AND acceptance.accepted_at IS NOT NULL AND acceptance.confirmed_at IS NULL
          AND NOT EXISTS (
              SELECT 1 FROM trials_transferevent v
              WHERE v.pgh_obj_id = t.id AND v.pgh_id > acceptance.pgh_id AND v.accepted_at IS NULL
          )
          AND (t.participant_id, t.site_id, t.receiving_id, t.proposed_by_id)
              = (proposal.participant_id, proposal.site_id, proposal.receiving_id, proposal.proposed_by_id)
          AND t.accepted_by_id = acceptance.accepted_by_id
          AND t.proposed_by_id <> t.accepted_by_id
          AND t.confirmed_by_id NOT IN (t.proposed_by_id, t.accepted_by_id)
          AND trials_had_role(t.proposed_by_id, 'investigator', t.site_id, proposed.id)
          AND trials_had_role(t.accepted_by_id, 'investigator', t.receiving_id, accepted.id)
          AND trials_had_role(t.confirmed_by_id, 'trial_manager', t.receiving_id, a.id)
          AND (
              SELECT array_agg(v.act_id) FROM trials_transferevent v
              WHERE v.pgh_obj_id = t.id AND v.confirmed_at IS NOT NULL
          ) = ARRAY[current]
          AND NOT EXISTS (
              SELECT 1 FROM trials_participantevent v WHERE v.pgh_obj_id = p.id AND v.act_id = current
          )
    )
$$;
"""  # noqa: S608 (constants alone)

# A participant's rows name the participant's site, and so do the answers and rows below their records. They are found
# in the catalogue: a table that is added later moves along. The owner may change rows that stay as they were written:
# the one function of the owner that the application's role may run, by a transfer's number alone (ADR 34).
MOVE = f"""
CREATE FUNCTION trials_move_participant(agreed bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    current bigint := nullif(current_setting('app.act', true), '')::bigint;
    moved bigint;
    receiving bigint;
    place record;
BEGIN
    IF current_setting('app.sites', true) IS DISTINCT FROM '*' THEN
        RAISE EXCEPTION 'a transfer is confirmed by somebody who sees every site'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT coalesce(trials_transfer_agreed(agreed, current), false) THEN
        RAISE EXCEPTION 'a participant changes the site by a transfer that both sites and the sponsor agreed on'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT participant_id, receiving_id INTO STRICT moved, receiving FROM trials_transfer WHERE id = agreed;
    SET CONSTRAINTS same_site DEFERRED;
    UPDATE trials_participant SET site_id = receiving, act_id = current WHERE id = moved;
    FOR place IN
        SELECT k.conrelid::regclass AS name FROM pg_constraint k
        WHERE k.conname = 'same_site' AND k.connamespace = 'public'::regnamespace ORDER BY 1
    LOOP
        EXECUTE format('UPDATE %s SET site_id = $1, act_id = $2 WHERE participant_id = $3', place.name)
        USING receiving, current, moved;
    END LOOP;
    FOR place IN
        SELECT k.conrelid::regclass AS name, a.attname AS link, (
            SELECT count(*) FROM pg_attribute c
            WHERE c.attrelid = k.conrelid AND c.attname = 'act_id' AND NOT c.attisdropped
        ) AS acts
        FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
          AND k.confrelid = 'crf_record'::regclass AND a.attname IN ('id', 'record_id')
          AND EXISTS (
              SELECT 1 FROM pg_attribute c
              WHERE c.attrelid = k.conrelid AND c.attname = 'site_id' AND NOT c.attisdropped
          )
          AND NOT EXISTS (
              SELECT 1 FROM pg_constraint s WHERE s.conrelid = k.conrelid AND s.conname = 'same_site'
          )
        UNION
        SELECT k.conrelid::regclass, 'record_id', 1
        FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
          AND a.attname = 'record_id' AND k.confrelid IN (
            SELECT answers.conrelid FROM pg_constraint answers
            JOIN pg_attribute b ON b.attrelid = answers.conrelid AND b.attnum = answers.conkey[1]
            WHERE answers.contype = 'f' AND answers.confrelid = 'crf_record'::regclass AND b.attname = 'id'
        )
        ORDER BY 1
    LOOP
        EXECUTE format(
            'UPDATE %s SET site_id = $1%s WHERE %I IN (SELECT id FROM crf_record WHERE participant_id = $3)',
            place.name, CASE WHEN place.acts > 0 THEN ', act_id = $2' ELSE '' END, place.link
        ) USING receiving, current, moved;
    END LOOP;
    UPDATE crf_draft SET site_id = receiving WHERE participant_id = moved;
    FOR place IN
        SELECT k.conrelid::regclass AS name, a.attname AS link
        FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
          AND k.confrelid = 'accounts_signature'::regclass AND EXISTS (
            SELECT 1 FROM pg_constraint s WHERE s.conrelid = k.conrelid AND s.conname = 'same_site'
        )
        ORDER BY 1, 2
    LOOP
        EXECUTE format(
            'UPDATE accounts_signature SET site_id = $1, act_id = $2 WHERE id IN '
            '(SELECT %I FROM %s WHERE participant_id = $3)', place.link, place.name
        ) USING receiving, current, moved;
    END LOOP;
    SET CONSTRAINTS same_site IMMEDIATE;
END $$;

REVOKE ALL ON FUNCTION trials_move_participant(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trials_move_participant(bigint) TO {APPLICATION_ROLE};
"""  # noqa: S608 (constants alone)

# The settings that the function reads are those that the program wrote (ADR 49).
MOVE_PROVEN = MOVE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "IF current_setting('app.sites', true) IS DISTINCT FROM '*' THEN",
    "IF current_setting('app.sites', true) IS DISTINCT FROM '*' OR NOT scope_holds() THEN",
)

DROP_MOVE = """
DROP FUNCTION trials_move_participant(bigint);
DROP FUNCTION trials_transfer_agreed(bigint, bigint);
DROP FUNCTION trials_had_role(bigint, text, bigint, bigint);
"""
DROP_MOVED = "DROP FUNCTION trials_guard_moved();"


class AcceptedUntilTakenBack(DatabaseGuard):
    """An acceptance keeps its person and moment until the receiving site takes it back, before the confirmation."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER accepted_guard BEFORE UPDATE ON {table} FOR EACH ROW WHEN (OLD.accepted_at IS NOT NULL "
            "AND (NEW.accepted_at, NEW.accepted_by_id) IS DISTINCT FROM (OLD.accepted_at, OLD.accepted_by_id)) "
            "EXECUTE FUNCTION trials_guard_accepted();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER accepted_guard ON {table};"


class MovedByTransfer(DatabaseGuard):
    """The site of a participant changes only by a transfer that both sites and the sponsor agreed on."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER moved BEFORE UPDATE ON {table} FOR EACH ROW "
            "WHEN (NEW.site_id IS DISTINCT FROM OLD.site_id) EXECUTE FUNCTION trials_guard_moved();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER moved ON {table};"


class BetweenSites(SiteScoped):
    """Rows exist for both sites of a transfer, the releasing and the receiving one."""

    def statements(self, table: str) -> str:
        seen = f"{_VISIBLE.format(column=self.column)} OR {_VISIBLE.format(column='receiving_id')}"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({seen}) WITH CHECK ({seen});"
        )


class SignedTexts(SiteScoped):
    """A consent text exists for its own site, and for whoever sees a participant who was asked to sign it."""

    def statements(self, table: str) -> str:
        own = _VISIBLE.format(column=self.column)
        asked = " OR ".join(
            f"EXISTS (SELECT 1 FROM {answers} c WHERE c.version_id = {table}.id)"  # noqa: S608 (names of tables)
            for answers in ("trials_consent", "trials_consentrefusal")
        )
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({own} OR {asked}) WITH CHECK ({own});"
        )
