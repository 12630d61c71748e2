"""The schema ``allocation``: the list, and the only doors to it. Installed by migration 0002.

Everything here belongs to ``palace3_allocator``, which cannot sign in. ``palace3_app`` may not read a
table; it may execute the functions, which run with the allocator's rights and under the caller's own
row-level scope. Two steps, each a transaction of its own (ADR 7):
``take_next_slot`` marks the next place as a participant's and says nothing about its arm, ``reveal`` gives
the sealed arm only to a transaction that did not take the place. Nobody can look and then roll back.
"""

CREATE = """
GRANT SELECT ON audit_act, trials_site, trials_participant, trials_eligibilitydecision,
    randomization_scheme, randomization_listpart TO palace3_allocator;
SET ROLE palace3_allocator;
CREATE SCHEMA allocation;

CREATE TABLE allocation.list (
    part_id bigint PRIMARY KEY,
    scheme_id bigint NOT NULL,
    scheme text NOT NULL,
    sealed_seed bytea NOT NULL,
    seed_key_id text NOT NULL,
    sealed_design bytea NOT NULL,
    design_key_id text NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE allocation.draft (
    scheme_id bigint PRIMARY KEY,
    scheme text NOT NULL,
    sealed_design bytea NOT NULL,
    key_id text NOT NULL
);

CREATE TABLE allocation.stratum (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scheme_id bigint NOT NULL,
    name text NOT NULL,
    site_id bigint NOT NULL,
    size integer NOT NULL CHECK (size >= 0),
    used integer NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND size),
    UNIQUE (scheme_id, name)
);

CREATE TABLE allocation.slot (
    stratum_id bigint NOT NULL REFERENCES allocation.stratum,
    sequence integer NOT NULL CHECK (sequence > 0),
    part_id bigint NOT NULL REFERENCES allocation.list,
    leaf integer NOT NULL,
    number text NOT NULL UNIQUE,
    sealed bytea NOT NULL,
    key_id text NOT NULL,
    proof bytea NOT NULL,
    participant_id bigint UNIQUE,
    taken_by bigint,
    taken_act bigint,
    taken_at timestamptz,
    taken_in xid8,
    PRIMARY KEY (stratum_id, sequence),
    UNIQUE (part_id, leaf),
    CHECK (num_nulls(participant_id, taken_by, taken_act, taken_at, taken_in) IN (0, 5))
);

CREATE FUNCTION allocation.keep_slot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'allocation.%: nothing is ever removed from the list', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (OLD.stratum_id, OLD.sequence, OLD.part_id, OLD.leaf, OLD.number, OLD.proof)
        IS DISTINCT FROM (NEW.stratum_id, NEW.sequence, NEW.part_id, NEW.leaf, NEW.number, NEW.proof)
        OR (OLD.participant_id IS NOT NULL
            AND (OLD.participant_id, OLD.taken_by, OLD.taken_act, OLD.taken_at, OLD.taken_in)
            IS DISTINCT FROM (NEW.participant_id, NEW.taken_by, NEW.taken_act, NEW.taken_at, NEW.taken_in))
    THEN
        RAISE EXCEPTION 'allocation.slot: a place keeps its position, and a used place stays used'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER keep_slot BEFORE UPDATE OR DELETE ON allocation.slot
    FOR EACH ROW EXECUTE FUNCTION allocation.keep_slot();
CREATE TRIGGER keep_slots BEFORE TRUNCATE ON allocation.slot
    FOR EACH STATEMENT EXECUTE FUNCTION allocation.keep_slot();
CREATE TRIGGER keep_list BEFORE DELETE ON allocation.list
    FOR EACH ROW EXECUTE FUNCTION allocation.keep_slot();
CREATE TRIGGER keep_lists BEFORE TRUNCATE ON allocation.list
    FOR EACH STATEMENT EXECUTE FUNCTION allocation.keep_slot();
CREATE TRIGGER keep_stratum BEFORE DELETE ON allocation.stratum
    FOR EACH ROW EXECUTE FUNCTION allocation.keep_slot();
CREATE TRIGGER keep_strata BEFORE TRUNCATE ON allocation.stratum
    FOR EACH STATEMENT EXECUTE FUNCTION allocation.keep_slot();

-- The act in force, if it is this transaction's own, has this verb and was done by a person.
CREATE FUNCTION allocation.own_act(wanted text, about bigint) RETURNS public.audit_act
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own public.audit_act;
BEGIN
    SELECT * INTO own FROM public.audit_act AS a
    WHERE a.id = nullif(current_setting('app.act', true), '')::bigint
      AND a.transaction = pg_current_xact_id()::text::bigint
      AND a.verb = wanted AND a.participant_id IS NOT DISTINCT FROM about AND a.by_id IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'allocation: only inside the act %, in its own transaction', wanted
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN own;
END $$;

-- Says why no place was found; never returns.
CREATE FUNCTION allocation.refuse_to_take(wanted_participant bigint, wanted_scheme bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM public.trials_participant AS p
        JOIN public.trials_site AS site ON site.id = p.site_id AND site.state = 'active'
        JOIN public.trials_eligibilitydecision AS d
          ON d.participant_id = p.id AND d.eligible AND d.lapsed_at IS NULL
        WHERE p.id = wanted_participant AND p.arm IS NULL AND p.state = 'SCREENED')
    THEN
        RAISE EXCEPTION 'allocation: the participant has no live decision at an active site'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM public.randomization_scheme AS s WHERE s.id = wanted_scheme AND s.state = 'active')
    THEN
        RAISE EXCEPTION 'allocation: the scheme is not active' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RAISE EXCEPTION 'allocation: the stratum is not one of the participant''s site'
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION allocation.take_next_slot(wanted_participant bigint, wanted_scheme bigint, wanted_stratum text)
RETURNS TABLE (taken_stratum text, taken_sequence integer, taken_number text, taken_part bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    act public.audit_act := allocation.own_act('randomization:slot:take', wanted_participant);
    place allocation.stratum;
    next_place integer;
BEGIN
    RETURN QUERY SELECT t.name, s.sequence, s.number, s.part_id
        FROM allocation.slot AS s JOIN allocation.stratum AS t ON t.id = s.stratum_id
        WHERE s.participant_id = wanted_participant;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT t.* INTO place FROM allocation.stratum AS t
        JOIN public.randomization_scheme AS scheme ON scheme.id = t.scheme_id AND scheme.state = 'active'
        JOIN public.trials_participant AS p
          ON p.id = wanted_participant AND p.site_id = t.site_id AND p.arm IS NULL AND p.state = 'SCREENED'
        JOIN public.trials_site AS site ON site.id = p.site_id AND site.state = 'active'
        JOIN public.trials_eligibilitydecision AS d
          ON d.participant_id = p.id AND d.eligible AND d.lapsed_at IS NULL
        WHERE t.scheme_id = wanted_scheme AND t.name = wanted_stratum
        FOR UPDATE OF t;
    IF NOT FOUND THEN
        PERFORM allocation.refuse_to_take(wanted_participant, wanted_scheme);
    END IF;
    next_place := place.used + 1;
    IF next_place > place.size THEN
        RETURN;
    END IF;
    UPDATE allocation.slot AS s
        SET participant_id = wanted_participant, taken_by = act.by_id, taken_act = act.id,
            taken_at = clock_timestamp(), taken_in = pg_current_xact_id()
        WHERE s.stratum_id = place.id AND s.sequence = next_place AND s.participant_id IS NULL
        RETURNING s.number, s.part_id INTO taken_number, taken_part;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'allocation: the list does not agree with its own count'
            USING ERRCODE = 'data_corrupted';
    END IF;
    UPDATE allocation.stratum AS t SET used = next_place WHERE t.id = place.id;
    taken_stratum := place.name;
    taken_sequence := next_place;
    RETURN NEXT;
END $$;

CREATE FUNCTION allocation.reveal(wanted_participant bigint)
RETURNS TABLE (scheme text, stratum text, sequence integer, number text, part_id bigint, leaf integer,
    key_id text, sealed bytea, proof bytea, taken_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT l.scheme, t.name, s.sequence, s.number, s.part_id, s.leaf, s.key_id, s.sealed,
            s.proof, s.taken_at
        FROM allocation.slot AS s
        JOIN allocation.stratum AS t ON t.id = s.stratum_id
        JOIN allocation.list AS l ON l.part_id = s.part_id
        JOIN public.trials_participant AS p ON p.id = s.participant_id
        WHERE s.participant_id = wanted_participant
          AND s.taken_in IS DISTINCT FROM pg_current_xact_id_if_assigned();
    IF NOT FOUND AND EXISTS (
        SELECT 1 FROM allocation.slot AS s
        WHERE s.participant_id = wanted_participant AND s.taken_in = pg_current_xact_id_if_assigned())
    THEN
        RAISE EXCEPTION 'allocation: a place taken in this transaction is not revealed in it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

CREATE FUNCTION allocation.keep_design(wanted_scheme bigint, scheme_name text, sealed bytea, sealed_with text)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM allocation.own_act('randomization:scheme:define', NULL);
    INSERT INTO allocation.draft (scheme_id, scheme, sealed_design, key_id)
        VALUES (wanted_scheme, scheme_name, sealed, sealed_with);
END $$;

-- Block sizes, sealed: for the statistician who looks (an act of its own) and for a list that is activated.
CREATE FUNCTION allocation.design_of(wanted_scheme bigint) RETURNS TABLE (sealed_design bytea, key_id text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM 1 FROM public.audit_act AS a
        WHERE a.id = nullif(current_setting('app.act', true), '')::bigint
          AND a.transaction = pg_current_xact_id()::text::bigint AND a.by_id IS NOT NULL
          AND a.verb IN ('randomization:design:look', 'randomization:list:activate');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'allocation: a look at the design is an act of its own'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY SELECT d.sealed_design, d.key_id FROM allocation.draft AS d WHERE d.scheme_id = wanted_scheme;
END $$;

CREATE FUNCTION allocation.store_list(wanted_part bigint, scheme_name text, seed bytea, seed_key text,
    design bytea, design_key text, names text[], sites bigint[], strata text[], sequences integer[],
    leaves integer[], numbers text[], sealeds bytea[], key_ids text[], proofs bytea[])
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    act public.audit_act := allocation.own_act('randomization:list:activate', NULL);
    part public.randomization_listpart;
BEGIN
    SELECT * INTO part FROM public.randomization_listpart AS p WHERE p.id = wanted_part;
    IF part.id IS NULL OR part.activated_at IS NOT NULL OR part.asked_by_id = act.by_id
        OR EXISTS (SELECT 1 FROM public.audit_act AS a
                   WHERE a.id = part.act_id AND a.transaction = pg_current_xact_id()::text::bigint)
    THEN
        RAISE EXCEPTION 'allocation: a list is asked for by one person and activated later by another'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF part.kind <> 'extension' AND EXISTS (
        SELECT 1 FROM allocation.stratum AS t WHERE t.scheme_id = part.scheme_id AND t.name = ANY (names))
    THEN
        RAISE EXCEPTION 'allocation: a stratum of this list has one already'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO allocation.list (part_id, scheme_id, scheme, sealed_seed, seed_key_id, sealed_design,
            design_key_id)
        VALUES (wanted_part, part.scheme_id, scheme_name, seed, seed_key, design, design_key);
    INSERT INTO allocation.stratum (scheme_id, name, site_id, size)
        SELECT part.scheme_id, n.name, n.site, 0 FROM unnest(names, sites) AS n (name, site)
        ON CONFLICT (scheme_id, name) DO NOTHING;
    INSERT INTO allocation.slot (stratum_id, sequence, part_id, leaf, number, sealed, key_id, proof)
        SELECT t.id, n.sequence, wanted_part, n.leaf, n.number, n.sealed, n.key_id, n.proof
        FROM unnest(strata, sequences, leaves, numbers, sealeds, key_ids, proofs)
            AS n (stratum, sequence, leaf, number, sealed, key_id, proof)
        JOIN allocation.stratum AS t ON t.scheme_id = part.scheme_id AND t.name = n.stratum;
    UPDATE allocation.stratum AS t SET size = n.size
        FROM (SELECT s.stratum_id, count(*)::integer AS size, max(s.sequence) AS last
              FROM allocation.slot AS s GROUP BY s.stratum_id) AS n
        WHERE t.id = n.stratum_id AND t.scheme_id = part.scheme_id;
    PERFORM 1 FROM allocation.slot AS s JOIN allocation.stratum AS t ON t.id = s.stratum_id
        WHERE t.scheme_id = part.scheme_id GROUP BY t.id HAVING max(s.sequence) <> t.size;
    IF FOUND THEN
        RAISE EXCEPTION 'allocation: the places of a stratum do not follow one another'
            USING ERRCODE = 'data_corrupted';
    END IF;
END $$;

CREATE FUNCTION allocation.counts(wanted_scheme bigint)
RETURNS TABLE (stratum text, site_id bigint, size integer, used integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.name, t.site_id, t.size, t.used FROM allocation.stratum AS t
    JOIN public.trials_site AS s ON s.id = t.site_id
    WHERE t.scheme_id = wanted_scheme ORDER BY t.name
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA allocation FROM PUBLIC;
GRANT USAGE ON SCHEMA allocation TO palace3_app;
GRANT EXECUTE ON FUNCTION allocation.take_next_slot, allocation.reveal, allocation.keep_design,
    allocation.design_of, allocation.store_list, allocation.counts TO palace3_app;
RESET ROLE;
"""

DROP = """
SET ROLE palace3_allocator;
DROP SCHEMA allocation CASCADE;
RESET ROLE;
REVOKE SELECT ON audit_act, trials_site, trials_participant, trials_eligibilitydecision,
    randomization_scheme, randomization_listpart FROM palace3_allocator;
"""
