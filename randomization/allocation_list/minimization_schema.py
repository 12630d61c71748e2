"""What minimization adds to the schema ``allocation``. Installed by migration 0004; the doors stay as they are.

A list whose scheme does not use blocks is stored only while the owner of the database allows it: the switch
is a row that ``palace3_app`` can read and not write. From then on every place of that scheme that is taken
gets the scheme's next turn, in the same statement; the counter's row stays locked until the transaction
ends, so turns are kept in the order in which they are numbered (ADR 14).
"""

CREATE = """
SET ROLE palace3_allocator;

CREATE TABLE allocation.switch (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    minimization boolean NOT NULL,
    turned_by text NOT NULL CHECK (turned_by <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    turned_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE allocation.turn_counter (
    scheme_id bigint PRIMARY KEY,
    taken integer NOT NULL DEFAULT 0 CHECK (taken >= 0)
);

CREATE TABLE allocation.turn (
    scheme_id bigint NOT NULL REFERENCES allocation.turn_counter,
    turn integer NOT NULL CHECK (turn > 0),
    participant_id bigint NOT NULL UNIQUE,
    stratum_id bigint NOT NULL,
    sequence integer NOT NULL,
    PRIMARY KEY (scheme_id, turn),
    UNIQUE (stratum_id, sequence),
    FOREIGN KEY (stratum_id, sequence) REFERENCES allocation.slot
);

CREATE FUNCTION allocation.keep_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'allocation.%: what was written stays as it was written', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER keep_turn BEFORE UPDATE OR DELETE ON allocation.turn
    FOR EACH ROW EXECUTE FUNCTION allocation.keep_turn();
CREATE TRIGGER keep_turns BEFORE TRUNCATE ON allocation.turn
    FOR EACH STATEMENT EXECUTE FUNCTION allocation.keep_turn();
CREATE TRIGGER keep_counter BEFORE DELETE ON allocation.turn_counter
    FOR EACH ROW EXECUTE FUNCTION allocation.keep_turn();
CREATE TRIGGER keep_counters BEFORE TRUNCATE ON allocation.turn_counter
    FOR EACH STATEMENT EXECUTE FUNCTION allocation.keep_turn();
CREATE TRIGGER keep_switch BEFORE UPDATE OR DELETE ON allocation.switch
    FOR EACH ROW EXECUTE FUNCTION allocation.keep_turn();
CREATE TRIGGER keep_switches BEFORE TRUNCATE ON allocation.switch
    FOR EACH STATEMENT EXECUTE FUNCTION allocation.keep_turn();

-- A list is of blocks, unless the owner allows minimization; and every list of a scheme is of one kind.
CREATE FUNCTION allocation.admit_list() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    minimizes boolean;
    counted boolean;
BEGIN
    SELECT s.algorithm NOT LIKE 'palace3-blocks-%' INTO STRICT minimizes
        FROM public.randomization_scheme AS s WHERE s.id = NEW.scheme_id;
    counted := EXISTS (SELECT 1 FROM allocation.turn_counter AS c WHERE c.scheme_id = NEW.scheme_id);
    IF minimizes <> counted
        AND EXISTS (SELECT 1 FROM allocation.list AS l WHERE l.scheme_id = NEW.scheme_id)
    THEN
        RAISE EXCEPTION 'allocation: the lists of a scheme are all of blocks or all of coins'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT minimizes THEN
        RETURN NEW;
    END IF;
    IF NOT coalesce((SELECT w.minimization FROM allocation.switch AS w ORDER BY w.id DESC LIMIT 1), false)
    THEN
        RAISE EXCEPTION 'allocation: minimization is switched off; the owner of the database has not allowed it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO allocation.turn_counter (scheme_id) VALUES (NEW.scheme_id) ON CONFLICT DO NOTHING;
    RETURN NEW;
END $$;

CREATE TRIGGER admit_list BEFORE INSERT ON allocation.list
    FOR EACH ROW EXECUTE FUNCTION allocation.admit_list();

-- The place that is being taken gets the next turn of its scheme; a scheme of blocks counts no turns.
CREATE FUNCTION allocation.write_turn() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counter allocation.turn_counter;
BEGIN
    UPDATE allocation.turn_counter AS c SET taken = c.taken + 1
        FROM allocation.stratum AS t WHERE t.id = NEW.stratum_id AND c.scheme_id = t.scheme_id
        RETURNING c.* INTO counter;
    IF FOUND THEN
        INSERT INTO allocation.turn (scheme_id, turn, participant_id, stratum_id, sequence)
            VALUES (counter.scheme_id, counter.taken, NEW.participant_id, NEW.stratum_id, NEW.sequence);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER write_turn AFTER UPDATE OF participant_id ON allocation.slot
    FOR EACH ROW WHEN (OLD.participant_id IS NULL AND NEW.participant_id IS NOT NULL)
    EXECUTE FUNCTION allocation.write_turn();

-- Who took which turn, under the caller's own scope. Nothing of a coming place is in it.
CREATE VIEW allocation.turns_taken WITH (security_barrier) AS
    SELECT n.scheme_id, n.turn, n.participant_id, t.name AS stratum, p.arm
    FROM allocation.turn AS n
    JOIN allocation.stratum AS t ON t.id = n.stratum_id
    JOIN public.trials_participant AS p ON p.id = n.participant_id;

REVOKE ALL ON FUNCTION allocation.keep_turn, allocation.admit_list, allocation.write_turn FROM PUBLIC;
GRANT SELECT ON allocation.switch, allocation.turns_taken TO palace3_app;
RESET ROLE;
"""

DROP = """
SET ROLE palace3_allocator;
DROP VIEW allocation.turns_taken;
DROP TRIGGER write_turn ON allocation.slot;
DROP TRIGGER admit_list ON allocation.list;
DROP TABLE allocation.turn;
DROP TABLE allocation.turn_counter;
DROP TABLE allocation.switch;
DROP FUNCTION allocation.write_turn;
DROP FUNCTION allocation.admit_list;
DROP FUNCTION allocation.keep_turn;
RESET ROLE;
"""
