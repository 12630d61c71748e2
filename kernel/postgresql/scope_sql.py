"""The functions of the database that open a transaction's scope and say whether it still holds (ADR 49).

``scope.key`` holds the two padded halves of the program's key. The application's role may not read it, so nothing that
it says in SQL makes a seal: only ``scope_open``, which wants the program's proof, and for a person looks the
delegations up itself: whatever the program asks for, the person sees no site that no role of the day shows.
"""

from __future__ import annotations

from kernel.postgresql.roles import ALLOCATOR, APP, OWNER

FUNCTIONS = f"""
CREATE SCHEMA scope;
CREATE TABLE scope.key (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    inner_pad bytea NOT NULL CHECK (length(inner_pad) = 64),
    outer_pad bytea NOT NULL CHECK (length(outer_pad) = 64)
);
CREATE TABLE scope.rule (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    acts_at_most_old interval NOT NULL,
    acts_at_most_ahead interval NOT NULL
);
REVOKE ALL ON SCHEMA scope FROM PUBLIC, {APP};
REVOKE ALL ON ALL TABLES IN SCHEMA scope FROM PUBLIC, {APP};

CREATE FUNCTION scope.code(message text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key scope.key%ROWTYPE;
BEGIN
    SELECT * INTO key FROM scope.key;
    RETURN encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(message, 'UTF8'))), 'hex');
END $$;

CREATE FUNCTION public.scope_holds() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER COST 200 AS $$
DECLARE
    said text := pg_catalog.current_setting('app.seal', true);
    parts text[] := ARRAY[
        pg_catalog.current_setting('app.user', true), pg_catalog.current_setting('app.sites', true),
        pg_catalog.current_setting('app.confided', true), pg_catalog.current_setting('app.day', true)
    ];
    key scope.key%ROWTYPE;
BEGIN
    IF session_user <> '{APP}' THEN
        RETURN true;
    END IF;
    IF said IS NULL OR said = '' THEN
        RETURN false;
    END IF;
    SELECT * INTO key FROM scope.key;
    RETURN said = pg_catalog.encode(pg_catalog.sha256(key.outer_pad || pg_catalog.sha256(key.inner_pad ||
        pg_catalog.convert_to(
            'seal' || pg_catalog.pg_backend_pid() || ' ' || extract(epoch FROM pg_catalog.transaction_timestamp())
            || parts::text, 'UTF8'
        ))), 'hex');
END $$;

CREATE FUNCTION public.scope_open(
    person bigint, sites text, confided text, day text, by_delegations boolean, proof text
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    everywhere boolean;
    shown bigint[];
    parts text[] := ARRAY[coalesce(person::text, ''), sites, confided, day];
BEGIN
    IF proof IS DISTINCT FROM scope.code('open' || parts::text || by_delegations) THEN
        RAISE EXCEPTION 'a scope is opened by the program alone; after a change of its key run manage.py migrate'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF by_delegations THEN  -- as DelegationSet.in_force has it; a role of no site shows all of them
        PERFORM set_config('app.sites', '*', true), set_config('app.user', '', true);
        SELECT coalesce(bool_or(d.site_id IS NULL), false), coalesce(array_agg(d.site_id), '{{}}')
        INTO everywhere, shown
        FROM public.trials_delegation d JOIN public.accounts_user u ON u.id = d.user_id AND u.is_active
        WHERE d.user_id = person AND d.starts_on <= day::date AND (d.ends_on IS NULL OR d.ends_on >= day::date)
          AND NOT (d.ended_at IS NOT NULL AND d.ends_on = day::date) AND d.waits_for_confirmation IS NOT TRUE;
        IF NOT everywhere THEN
            parts[2] := array_to_string(ARRAY(
                SELECT one FROM unnest(CASE WHEN sites = '*' THEN shown
                    ELSE string_to_array(nullif(sites, ''), ',')::bigint[] END) AS one
                WHERE one = ANY (shown) ORDER BY one
            ), ',');
            parts[3] := array_to_string(ARRAY(
                SELECT one FROM unnest(string_to_array(nullif(confided, ''), ',')::bigint[]) AS one
                WHERE one = ANY (shown) ORDER BY one
            ), ',');
        END IF;
    END IF;
    PERFORM set_config('app.user', parts[1], true), set_config('app.sites', parts[2], true),
        set_config('app.confided', parts[3], true), set_config('app.day', day, true),
        set_config('app.seal', scope.code(
            'seal' || pg_backend_pid() || ' ' || extract(epoch FROM transaction_timestamp()) || parts::text
        ), true);
END $$;

CREATE FUNCTION public.scope_admits(at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT 1 FROM scope.rule r
        WHERE at < clock_timestamp() - r.acts_at_most_old OR at > clock_timestamp() + r.acts_at_most_ahead
    );
END $$;

CREATE FUNCTION public.scope_guard_signature() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user = '{APP}' AND coalesce(current_setting('app.signature', true), '') NOT IN (
        scope.code('signature' || ARRAY[NEW.by_id::text, NEW.record, NEW.digest]::text),
        scope.code('signatures copied in ' || pg_current_xact_id()::text)
    ) THEN
        RAISE EXCEPTION '%: a signature is put by the program, which has asked its signer', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION public.scope_guard_signature() FROM {APP};
"""  # noqa: S608 (constants alone)

IDENTITY = f"""
CREATE FUNCTION public.scope_guard_identity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user = '{APP}' AND coalesce(current_setting('app.identity', true), '') <> scope.code(
        'identity' || ARRAY[NEW.id::text, pg_current_xact_id()::text]::text
    ) THEN
        RAISE EXCEPTION '%: what a person signs in with is changed by the program, which has asked who it is',
            TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION public.scope_guard_identity() FROM {APP};
"""
DROP_IDENTITY = "DROP FUNCTION public.scope_guard_identity() CASCADE;"

# Told what is proven and which column says of whom; and what only the system writes, whoever it works for.
ACCESS = f"""
CREATE FUNCTION public.scope_guard_access() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user = '{APP}' AND coalesce(current_setting('app.identity', true), '') <> scope.code(
        TG_ARGV[0] || ARRAY[to_jsonb(NEW) ->> TG_ARGV[1], pg_current_xact_id()::text]::text
    ) THEN
        RAISE EXCEPTION '%: what opens or closes something to somebody is written by the program, which has asked who '
            'it is', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION public.scope_guard_access() FROM {APP};

CREATE FUNCTION public.scope_guard_system() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user = '{APP}' AND NOT (
        coalesce(current_setting('app.user', true), '') = '' AND current_setting('app.sites', true) = '*'
        AND public.scope_holds()
    ) THEN
        RAISE EXCEPTION '%: written by the system alone', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION public.scope_guard_system() FROM {APP};
"""
DROP_ACCESS = """
DROP FUNCTION public.scope_guard_access() CASCADE;
DROP FUNCTION public.scope_guard_system() CASCADE;
"""

# Beside what each table says of who sees which row: whatever the settings say, they are what the function wrote. The
# owner's own functions widen what they see for a comparison, and the owner is none whom policies keep out.
PROVEN = f"""
DO $$
DECLARE
    place record;
BEGIN
    FOR place IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relrowsecurity AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'scope_proven'
        )
    LOOP
        EXECUTE format(
            'CREATE POLICY scope_proven ON %s AS RESTRICTIVE '
            'USING ((SELECT current_user = ''{OWNER}'' OR public.scope_holds()))', place.name
        );
    END LOOP;
END $$;
"""  # noqa: S608 (constants alone)

ALLOCATOR_TOO = f"GRANT EXECUTE ON FUNCTION public.scope_holds() TO {ALLOCATOR};"

DROP_FUNCTIONS = """
DROP FUNCTION public.scope_guard_signature() CASCADE;
DROP FUNCTION public.scope_admits(timestamptz);
DROP FUNCTION public.scope_open(bigint, text, text, text, boolean, text);
DROP FUNCTION public.scope_holds() CASCADE;
DROP SCHEMA scope CASCADE;
"""

KEY = """
INSERT INTO scope.key (inner_pad, outer_pad) VALUES (%s, %s)
ON CONFLICT (single) DO UPDATE SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad
WHERE (scope.key.inner_pad, scope.key.outer_pad) IS DISTINCT FROM (excluded.inner_pad, excluded.outer_pad);
"""

# A task that was handed over late, or an answer typed while midnight passed, is no forgery; a day is.
ACTS_NEAR_THE_CLOCK = """
INSERT INTO scope.rule (acts_at_most_old, acts_at_most_ahead) VALUES ('1 day', '5 minutes')
ON CONFLICT (single) DO UPDATE SET acts_at_most_old = excluded.acts_at_most_old,
    acts_at_most_ahead = excluded.acts_at_most_ahead;
"""
