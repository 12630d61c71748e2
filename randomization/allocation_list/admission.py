"""More places are stored only after the owner of the database has admitted them. Installed by migration 0005.

An extension goes on with a sealed seed that no serving process can read, so an honest one is made at the
owner's desk alone. Whoever took over the web process could still have asked for one in a statistician's name,
activated it in another's, and sealed arms of their own choice: found at the end, used until then.
"""

CREATE = """
SET ROLE palace3_allocator;

CREATE TABLE allocation.admitted (
    part_id bigint PRIMARY KEY,
    admitted_by text NOT NULL CHECK (admitted_by <> ''),
    admitted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER keep_admitted BEFORE UPDATE OR DELETE ON allocation.admitted
    FOR EACH ROW EXECUTE FUNCTION allocation.keep_turn();
CREATE TRIGGER keep_all_admitted BEFORE TRUNCATE ON allocation.admitted
    FOR EACH STATEMENT EXECUTE FUNCTION allocation.keep_turn();

CREATE FUNCTION allocation.admit_extension() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM public.randomization_listpart AS p WHERE p.id = NEW.part_id AND p.kind = 'extension')
        AND NOT EXISTS (SELECT 1 FROM allocation.admitted AS a WHERE a.part_id = NEW.part_id)
    THEN
        RAISE EXCEPTION 'allocation: more places are stored only as the owner of the database admits them'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER admit_extension BEFORE INSERT ON allocation.list
    FOR EACH ROW EXECUTE FUNCTION allocation.admit_extension();

REVOKE ALL ON FUNCTION allocation.admit_extension FROM PUBLIC;
RESET ROLE;
"""

DROP = """
SET ROLE palace3_allocator;
DROP TRIGGER admit_extension ON allocation.list;
DROP FUNCTION allocation.admit_extension;
DROP TABLE allocation.admitted;
RESET ROLE;
"""
