"""The functions behind the guards, as the first migration installs them."""

# A row's number names it in its history, and an act's number says where it stands in the seals: neither is chosen.
# An act is in force as soon as it is stored, without being told.
FUNCTIONS = """
CREATE FUNCTION audit_guard_act() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    current bigint := nullif(current_setting('app.act', true), '')::bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '%: rows are never deleted', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.id <> OLD.id THEN
        RAISE EXCEPTION '%: a row keeps its number', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF current IS NULL OR NEW.act_id IS DISTINCT FROM current OR NOT EXISTS (
        SELECT 1 FROM audit_act
        WHERE id = current AND transaction = pg_current_xact_id()::text::bigint
    ) THEN
        RAISE EXCEPTION '%: the write does not name the act of its own transaction', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION audit_guard_reason() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    altered text;
BEGIN
    SELECT o.key INTO altered
    FROM jsonb_each(to_jsonb(OLD)) AS o JOIN jsonb_each(to_jsonb(NEW)) AS n USING (key)
    WHERE o.value IS DISTINCT FROM n.value
      AND o.value NOT IN ('null', '""', '{}', '[]')
      AND o.key NOT LIKE 'calc\\_%'
      AND o.key <> 'act_id'
      AND NOT o.key = ANY (coalesce(TG_ARGV::text[], '{}'))
    LIMIT 1;
    IF altered IS NOT NULL AND NOT audit_act_gives_reason(NEW.act_id) THEN
        RAISE EXCEPTION '%.%: a saved answer changes only with a reason', TG_TABLE_NAME, altered
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION audit_guard_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_act WHERE id = NEW.act_id AND verb = 'crf:record:unlock') THEN
        RAISE EXCEPTION '%: the record is locked', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION audit_guard_trail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' OR pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '%: the trail is written by its table alone, and stays', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION audit_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: the table is never emptied', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: this value is set once and stays', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION audit_stamp_act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'audit_act: acts stay as they were written' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.id <> currval('audit_act_id_seq') THEN
        RAISE EXCEPTION 'audit_act: an act takes the next number' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.transaction := pg_current_xact_id()::text::bigint;
    NEW.stored_at := clock_timestamp();
    PERFORM set_config('app.act', NEW.id::text, true);
    RETURN NEW;
END $$;
"""

DROP_FUNCTIONS = """
DROP FUNCTION audit_guard_act, audit_guard_reason, audit_guard_lock, audit_guard_trail,
    audit_refuse_truncate, audit_refuse_change, audit_stamp_act;
"""

# What counts as a reason is one function of its own: the forms add the reasons of single answers to it.
ACT_GIVES_REASON = """
CREATE OR REPLACE FUNCTION audit_act_gives_reason(act bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM audit_act WHERE id = act AND btrim(reason) <> '')
$$;
"""
DROP_ACT_GIVES_REASON = "DROP FUNCTION audit_act_gives_reason;"

# The library behind the event triggers asks this before each version and lets a session name triggers to skip.
# It writes the function anew with every trigger that a migration adds: `manage.py migrate` puts ours back.
NOTHING_SKIPPED = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean
LANGUAGE sql IMMUTABLE AS 'SELECT false';
"""

ACT_GUARDS = """
CREATE TRIGGER act_stamp BEFORE INSERT OR UPDATE OR DELETE ON audit_act
    FOR EACH ROW EXECUTE FUNCTION audit_stamp_act();
CREATE TRIGGER truncate_guard BEFORE TRUNCATE ON audit_act
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_truncate();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_act FROM palace3_app;
ALTER TABLE audit_act ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_act FORCE ROW LEVEL SECURITY;
CREATE POLICY act_write ON audit_act FOR INSERT WITH CHECK (true);
CREATE POLICY act_read ON audit_act FOR SELECT USING (
    (SELECT current_setting('app.sites', true) = '*')
    OR transaction = (SELECT pg_current_xact_id_if_assigned()::text::bigint)
    OR by_id = (SELECT nullif(current_setting('app.user', true), '')::bigint)
    OR site_id = ANY ((SELECT string_to_array(
        nullif(nullif(current_setting('app.sites', true), ''), '*'), ','))::bigint[])
);
"""

DROP_ACT_GUARDS = """
DROP POLICY act_read ON audit_act;
DROP POLICY act_write ON audit_act;
ALTER TABLE audit_act NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_act DISABLE ROW LEVEL SECURITY;
DROP TRIGGER truncate_guard ON audit_act;
DROP TRIGGER act_stamp ON audit_act;
"""

# The last act is looked up as whoever seals sees it: the system sees all of them.
SEAL_GUARD = """
CREATE OR REPLACE FUNCTION audit_guard_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sealed bigint := coalesce((SELECT max(last_act) FROM audit_seal), 0);
BEGIN
    IF NEW.first_act <> sealed + 1 OR NEW.last_act < NEW.first_act
        OR NEW.last_act > coalesce((SELECT max(id) FROM audit_act), 0) THEN
        RAISE EXCEPTION 'audit_seal: a seal begins at act %, and ends at an act that exists', sealed + 1
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
DROP_SEAL_GUARD = "DROP FUNCTION audit_guard_seal;"

# A person's scope writes acts of that person, and what follows from one is its child; a visitor's, sign-ins alone. Once
# `prepare_database --production` has said so, no act is dated far from the clock.
NAMED_ACTS = """
CREATE OR REPLACE FUNCTION audit_stamp_act() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person text := coalesce(current_setting('app.user', true), '');
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'audit_act: acts stay as they were written' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.id <> currval('audit_act_id_seq') THEN
        RAISE EXCEPTION 'audit_act: an act takes the next number' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF session_user = 'palace3_app' AND (CASE
        WHEN person = '' THEN NEW.by_id IS NOT NULL AND current_setting('app.sites', true) IS DISTINCT FROM '*'
            AND NEW.verb NOT LIKE 'accounts:%'
        ELSE coalesce(NEW.by_id::text, person) <> person OR (NEW.by_id IS NULL AND NEW.parent_id IS NULL)
    END) THEN
        RAISE EXCEPTION 'audit_act: nobody acts in the name of somebody else' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT scope_admits(NEW.at) THEN
        RAISE EXCEPTION 'audit_act: an act is dated when it happens' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.transaction := pg_current_xact_id()::text::bigint;
    NEW.stored_at := clock_timestamp();
    PERFORM set_config('app.act', NEW.id::text, true);
    RETURN NEW;
END $$;

CREATE FUNCTION audit_guard_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM audit_act
        WHERE id = nullif(current_setting('app.act', true), '')::bigint
          AND transaction = pg_current_xact_id()::text::bigint AND verb = ANY (TG_ARGV::text[])
    ) THEN
        RAISE EXCEPTION '%: who somebody is is erased under an act that says so', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
"""
DROP_NAMED_ACTS = (
    f"CREATE OR REPLACE {FUNCTIONS.rsplit('CREATE ', maxsplit=1)[-1]}"
    "DROP FUNCTION audit_guard_erasure() CASCADE;"
)

# What runs by itself is in the program's schedule: the application's role enters it, and ends none of it.
SCHEDULE_TABLES = (
    "django_celery_beat_periodictask",
    "django_celery_beat_periodictasks",
    "django_celery_beat_intervalschedule",
    "django_celery_beat_crontabschedule",
    "django_celery_beat_clockedschedule",
    "django_celery_beat_solarschedule",
)
_NEITHER_OFF_NOR_ANOTHER = """FUNCTION audit_guard_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user = 'palace3_app' AND (
        (OLD.enabled AND NOT NEW.enabled) OR NEW.name <> OLD.name OR NEW.task <> OLD.task
    ) THEN
        RAISE EXCEPTION 'a scheduled task is neither switched off nor made another'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
SCHEDULE_GUARD = f"""
REVOKE DELETE ON {", ".join(SCHEDULE_TABLES)} FROM palace3_app;
CREATE {_NEITHER_OFF_NOR_ANOTHER}CREATE TRIGGER schedule_guard BEFORE UPDATE ON django_celery_beat_periodictask
    FOR EACH ROW EXECUTE FUNCTION audit_guard_schedule();
"""
# An act is in one's own name (NAMED_ACTS); what the system does names whoever asked it to.
ACTORS = """
CREATE FUNCTION audit_guard_actor() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    new_row jsonb := to_jsonb(NEW);
    old_row jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
    actor text;
    named text;
BEGIN
    SELECT by_id::text INTO actor FROM audit_act WHERE id = NEW.act_id;
    FOREACH named IN ARRAY TG_ARGV LOOP
        IF actor IS NOT NULL AND new_row ->> named <> actor
            AND new_row ->> named IS DISTINCT FROM old_row ->> named THEN
            RAISE EXCEPTION '%.%: names somebody whose act this is not', TG_TABLE_NAME, named
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""
DROP_ACTORS = "DROP FUNCTION audit_guard_actor() CASCADE;"
SCHEDULE_NOT_AHEAD = """
CREATE OR REPLACE FUNCTION audit_guard_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'palace3_app' THEN
        RETURN NEW;
    END IF;
    IF (OLD.enabled AND NOT NEW.enabled) OR NEW.name <> OLD.name OR NEW.task <> OLD.task THEN
        RAISE EXCEPTION 'a scheduled task is neither switched off nor made another'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.last_run_at > clock_timestamp() + interval '5 minutes' OR NEW.start_time > OLD.start_time
        OR NEW.start_time IS NOT NULL AND OLD.start_time IS NULL OR NEW.expires IS NOT NULL OR NEW.one_off THEN
        RAISE EXCEPTION 'a scheduled task does not begin later, and does not end'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
SCHEDULE_MAY_BE_AHEAD = f"\nCREATE OR REPLACE {_NEITHER_OFF_NOR_ANOTHER}"
DROP_SCHEDULE_GUARD = f"""
DROP FUNCTION audit_guard_schedule() CASCADE;
GRANT DELETE ON {", ".join(SCHEDULE_TABLES)} TO palace3_app;
"""

WORKED_OUT_ALONE = """
CREATE FUNCTION audit_refuse_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: the database works it out, and nobody writes it', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
DROP_WORKED_OUT_ALONE = "DROP FUNCTION audit_refuse_by_hand();"

# What a policy compares with a setting is compared once a statement (a SELECT of its own), and not for each row, which
# took as long as reading the row. The policies that stand say the same in other words; those that come are made so.
POLICIES_BY_STATEMENT = """
DO $$
DECLARE
    sites constant text := $q$( SELECT current_setting('app.sites'::text, true) AS current_setting) = '*'::text$q$;
    owner constant text := $q$(CURRENT_USER = 'palace3_owner'::name) OR ( SELECT scope_holds() AS scope_holds)$q$;
    asked_once constant text := $q$(SELECT current_setting('app.sites'::text, true) = '*'::text)$q$;
    policy record;
BEGIN
    FOR policy IN
        SELECT p.polname, p.polrelid::regclass AS place,
            pg_get_expr(p.polqual, p.polrelid) AS visible, pg_get_expr(p.polwithcheck, p.polrelid) AS writable
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'public'::regnamespace
    LOOP
        IF strpos(policy.visible, owner) > 0 THEN
            EXECUTE format('ALTER POLICY %I ON %s USING ((SELECT %s))', policy.polname, policy.place,
                $q$current_user = 'palace3_owner' OR public.scope_holds()$q$);
        ELSIF strpos(concat(policy.visible, policy.writable), sites) > 0 THEN
            EXECUTE format('ALTER POLICY %I ON %s', policy.polname, policy.place)
                || coalesce(' USING (' || replace(policy.visible, sites, asked_once) || ')', '')
                || coalesce(' WITH CHECK (' || replace(policy.writable, sites, asked_once) || ')', '');
        END IF;
    END LOOP;
END $$;
"""
