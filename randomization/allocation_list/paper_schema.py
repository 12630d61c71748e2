"""Places on paper: kept for their envelopes, and taken out of order. Installed by migration 0002.

An emergency envelope holds the arm of one place. While it is out, the place is given to nobody on line; whoever
opened it in an outage takes that very place afterwards. Returned or destroyed unopened, the place is given on
line again. A participant is given a place only on the protocol version that their site follows.
"""

_ADMITTED = """
    SELECT t.* INTO place FROM allocation.stratum AS t
        JOIN public.randomization_scheme AS scheme ON scheme.id = t.scheme_id AND scheme.state = 'active'
        JOIN public.trials_participant AS p
          ON p.id = wanted_participant AND p.site_id = t.site_id AND p.arm IS NULL AND p.state = 'SCREENED'
        JOIN public.trials_site AS site ON site.id = p.site_id AND site.state = 'active'
          AND site.protocol_version = p.protocol_version
        JOIN public.trials_eligibilitydecision AS d
          ON d.participant_id = p.id AND d.eligible AND d.lapsed_at IS NULL
        WHERE t.scheme_id = wanted_scheme AND t.name = wanted_stratum
        FOR UPDATE OF t;
    IF NOT FOUND THEN
        PERFORM allocation.refuse_to_take(wanted_participant, wanted_scheme);
    END IF;"""

_HELD = """
    RETURN QUERY SELECT t.name, s.sequence, s.number, s.part_id
        FROM allocation.slot AS s JOIN allocation.stratum AS t ON t.id = s.stratum_id
        WHERE s.participant_id = wanted_participant;
    IF FOUND THEN
        RETURN;
    END IF;"""

_TAKE = """
    UPDATE allocation.slot AS s
        SET participant_id = wanted_participant, taken_by = act.by_id, taken_act = act.id,
            taken_at = clock_timestamp(), taken_in = pg_current_xact_id()
        WHERE s.stratum_id = place.id AND s.sequence = next_place AND s.participant_id IS NULL
        RETURNING s.number, s.part_id INTO taken_number, taken_part;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'allocation: the list does not agree with its own count'
            USING ERRCODE = 'data_corrupted';
    END IF;
    UPDATE allocation.stratum AS t SET used = place.used + 1 WHERE t.id = place.id;
    taken_stratum := place.name;
    taken_sequence := next_place;
    RETURN NEXT;"""

_HEAD = """
RETURNS TABLE (taken_stratum text, taken_sequence integer, taken_number text, taken_part bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    act public.audit_act := allocation.own_act('randomization:slot:take', wanted_participant);
    place allocation.stratum;
    next_place integer;
BEGIN"""

_IS_OUT = "e.state NOT IN ('returned', 'destroyed')"

CREATE = f"""
GRANT SELECT ON randomization_envelope TO palace3_allocator;
SET ROLE palace3_allocator;

CREATE OR REPLACE FUNCTION allocation.take_next_slot(
    wanted_participant bigint, wanted_scheme bigint, wanted_stratum text){_HEAD}{_HELD}{_ADMITTED}
    SELECT min(s.sequence) INTO next_place FROM allocation.slot AS s
        WHERE s.stratum_id = place.id AND s.participant_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM public.randomization_envelope AS e WHERE e.number = s.number AND {_IS_OUT});
    IF next_place IS NULL OR next_place > place.size THEN
        RETURN;
    END IF;{_TAKE}
END $$;

CREATE FUNCTION allocation.take_slot_on_paper(
    wanted_participant bigint, wanted_scheme bigint, wanted_stratum text, wanted_number text){_HEAD}{_HELD}{_ADMITTED}
    SELECT s.sequence INTO next_place FROM allocation.slot AS s
        JOIN public.randomization_envelope AS e ON e.number = s.number AND {_IS_OUT}
        WHERE s.stratum_id = place.id AND s.participant_id IS NULL AND s.number = wanted_number;
    IF next_place IS NULL THEN
        RETURN;
    END IF;{_TAKE}
END $$;

CREATE OR REPLACE FUNCTION allocation.refuse_to_take(wanted_participant bigint, wanted_scheme bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM public.trials_participant AS p
        JOIN public.trials_site AS site ON site.id = p.site_id
        WHERE p.id = wanted_participant AND site.protocol_version <> p.protocol_version)
    THEN
        RAISE EXCEPTION 'allocation: the site follows another version of the protocol than the participant'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
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

REVOKE ALL ON FUNCTION allocation.take_slot_on_paper FROM PUBLIC;
GRANT EXECUTE ON FUNCTION allocation.take_slot_on_paper TO palace3_app;
RESET ROLE;
"""  # noqa: S608 (constants of this module)

# Installed by migration 0006: the first free place is the first entry of an index, however long the list is.
FIRST_FREE_PLACE = f"""
SET ROLE palace3_allocator;

CREATE INDEX allocation_slot_free ON allocation.slot (stratum_id, sequence) WHERE participant_id IS NULL;

CREATE OR REPLACE FUNCTION allocation.take_next_slot(
    wanted_participant bigint, wanted_scheme bigint, wanted_stratum text){_HEAD}{_HELD}{_ADMITTED}
    SELECT s.sequence INTO next_place FROM allocation.slot AS s
        WHERE s.stratum_id = place.id AND s.participant_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM public.randomization_envelope AS e WHERE e.number = s.number AND {_IS_OUT})
        ORDER BY s.sequence LIMIT 1;
    IF next_place IS NULL OR next_place > place.size THEN
        RETURN;
    END IF;{_TAKE}
END $$;

-- What replaces a function replaces its settings: planned once for a session, by the indexes.
ALTER FUNCTION allocation.take_next_slot SET enable_seqscan = off;
ALTER FUNCTION allocation.take_next_slot SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION allocation.take_slot_on_paper SET enable_seqscan = off;
ALTER FUNCTION allocation.take_slot_on_paper SET plan_cache_mode = force_generic_plan;

RESET ROLE;
"""  # noqa: S608 (constants of this module)
