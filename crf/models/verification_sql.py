"""How the database keeps what is left to verify, and lets the verification of an answer fall when it changes.

Policies hold inside the functions as well. ``crf.engine.verification_draw`` says the same in Python.
"""

from __future__ import annotations

# An answer with its name within the record; a reason for a missing one stands in for it. What is derived begins with
# "calc_"; the columns of control are no answers.
ANSWERS = """
CREATE FUNCTION crf_answers(held jsonb, of_group text)
RETURNS TABLE (target text, value jsonb) LANGUAGE sql STABLE AS $$
    SELECT CASE of_group WHEN '' THEN c.key ELSE of_group || '.' || (held->>'position') || '.' || c.key END,
        CASE WHEN c.value IN ('null', '""', '[]') THEN to_jsonb('(' || (held->'missing'->>c.key) || ')')
            ELSE c.value END
    FROM jsonb_each(held) c
    WHERE c.key <> ALL (ARRAY['id', 'site_id', 'act_id', 'record_id', 'row_id', 'position', 'removed', 'missing'])
      AND c.key NOT LIKE 'calc\\_%'
      AND NOT coalesce((held->>'removed')::boolean, false)
      AND (c.value NOT IN ('null', '""', '[]') OR held->'missing' ? c.key)
$$;
"""

# In each run of twenty participants of a site, in the order of registration, the places with the smallest digests
# are drawn; a larger share keeps those of a smaller one.
DRAW = """
CREATE FUNCTION crf_draws(seed text, of_number text, percent int) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT percent > 0 AND (percent >= 100 OR 5 * (
        SELECT count(*) FROM generate_series(0, 19) AS other(place)
        WHERE crf_lot(seed, site || ':' || run || ':' || other.place)
            < crf_lot(seed, site || ':' || run || ':' || own)
    ) < percent)
    FROM (
        SELECT split_part(of_number, '-', 1) AS site,
            (split_part(of_number, '-', 2)::int - 1) / 20 AS run, (split_part(of_number, '-', 2)::int - 1) % 20 AS own
    ) place
$$;

CREATE FUNCTION crf_is_drawn(of_number text, registered date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_or(crf_draws(p.seed, of_number,
        coalesce((p.site_percents->>split_part(of_number, '-', 1))::int, p.participants_percent))), false)
    FROM crf_verificationplan p WHERE p.ends_on IS NULL OR p.ends_on >= registered
$$;
"""
LOT = """
CREATE FUNCTION crf_lot(seed text, what text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(seed || ':' || what, 'UTF8')), 'hex')
$$;
"""

# What the form itself says of a row, such as which test or which dose it is about, is on no paper to be compared
# with: it is verified with the answers of its row. A test compares the list with the catalogue.
ROW_KEYS = """
CREATE FUNCTION crf_row_keys() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['LB.tests.lb_test', 'TREAT.camre.ci_no', 'TREAT.chemo.dose_no']
$$;
"""

# Without a plan, every field is critical.
WORKED_OUT = """
CREATE FUNCTION crf_work_out_verification(records bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE crf_recordverification kept
    SET unverified = now.unverified, required = now.required, critical = now.critical,
        "left" = cardinality(now.unverified), critical_left = now.critical_left
    FROM (
        SELECT t.record_id,
            coalesce(array_agg(t.target ORDER BY t.target) FILTER (WHERE t.needed AND NOT t.verified), '{}')
                AS unverified,
            count(*) FILTER (WHERE t.needed) AS required,
            count(*) FILTER (WHERE t.critical) AS critical,
            count(*) FILTER (WHERE t.critical AND NOT t.verified) AS critical_left
        FROM (
            SELECT v.record_id, a.target, named.critical,
                named.compared AND (named.critical OR v.drawn OR (plan.others_percent > 0 AND
                    ('x' || left(crf_lot(plan.seed, v.number || ':' || v.form_code || ':' || named.item), 7)
                        )::bit(28)::int % 100 < plan.others_percent)) AS needed,
                f.id IS NOT NULL AS verified
            FROM (
                SELECT w.record_id, w.form_code, w.answered, p.number, crf_is_drawn(p.number, p.registered_on) AS drawn
                FROM crf_recordverification w JOIN trials_participant p ON p.id = w.participant_id
                WHERE w.record_id = ANY(records) OFFSET 0  -- drawn once for each record, not for each of its answers
            ) v
            LEFT JOIN crf_verificationplan plan ON plan.ends_on IS NULL
            LEFT JOIN LATERAL unnest(v.answered) AS a(target) ON true
            LEFT JOIN LATERAL (
                SELECT i.item, i.compared, i.compared AND (
                    plan.id IS NULL OR coalesce(plan.critical->v.form_code ? i.item, false)) AS critical
                FROM (
                    SELECT n.item,
                        a.target IS NOT NULL AND v.form_code || '.' || n.item <> ALL (crf_row_keys()) AS compared
                    FROM (SELECT CASE WHEN position('.' IN a.target) > 0
                        THEN split_part(a.target, '.', 1) || '.' || split_part(a.target, '.', 3)
                        ELSE a.target END AS item) n
                ) i
            ) named ON true
            LEFT JOIN crf_fieldverification f
                ON f.record_id = v.record_id AND f.target = a.target AND f.fell_at IS NULL
        ) t
        GROUP BY t.record_id
    ) now
    WHERE kept.record_id = now.record_id
      AND (kept.unverified, kept.required, kept.critical, kept.critical_left)
        IS DISTINCT FROM (now.unverified, now.required::int, now.critical::int, now.critical_left::int);
END $$;

CREATE FUNCTION crf_settle_verified(records bigint[], of_act bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE crf_record r
    SET state = CASE WHEN v."left" = 0 THEN 'verified' ELSE 'complete' END, act_id = of_act
    FROM crf_recordverification v
    WHERE r.id = ANY(records) AND v.record_id = r.id
      AND ((r.state = 'complete' AND v."left" = 0 AND v.required > 0) OR (r.state = 'verified' AND v."left" > 0));
END $$;
"""

# Fires once for each statement that writes answers, after the versions of its rows are written. An upgrade spells an
# answer anew and does not change it: what was verified of it stands.
FOLLOW = """
CREATE FUNCTION crf_verification_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_group text := TG_ARGV[0];
    held_by text := CASE TG_ARGV[0] WHEN '' THEN 'id' ELSE 'record_id' END;
    news jsonb[] := (SELECT array_agg(to_jsonb(b)) FROM after b);
    olds jsonb[];
    changed jsonb;
    turned boolean := true;
    fell int := 0;
    touched bigint[];
    of_act bigint := (SELECT max((j.held->>'act_id')::bigint) FROM unnest(news) AS j(held));
BEGIN
    IF news IS NULL THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        olds := (SELECT array_agg(to_jsonb(b)) FROM before b);
        SELECT jsonb_agg(jsonb_build_array(coalesce(n.record_id, o.record_id), coalesce(n.target, o.target))),
            bool_or(n.target IS NULL OR o.target IS NULL)
        INTO changed, turned
        FROM (SELECT (j.held->>held_by)::bigint AS record_id, a.* FROM unnest(olds) AS j(held),
            crf_answers(j.held, of_group) a) o
        FULL JOIN (SELECT (j.held->>held_by)::bigint AS record_id, a.* FROM unnest(news) AS j(held),
            crf_answers(j.held, of_group) a) n
        ON n.record_id = o.record_id AND n.target = o.target
        WHERE n.value IS DISTINCT FROM o.value;
        IF changed IS NULL THEN
            RETURN NULL;
        END IF;
        UPDATE crf_fieldverification f SET fell_at = a.at, act_id = a.id
        FROM jsonb_array_elements(changed) c, audit_act a
        WHERE f.record_id = (c->>0)::bigint AND f.target = c->>1 AND f.fell_at IS NULL
          AND a.id = of_act AND a.verb <> 'crf:record:upgrade';
        GET DIAGNOSTICS fell = ROW_COUNT;
    END IF;
    touched := (SELECT array_agg(DISTINCT (j.held->>held_by)::bigint) FROM unnest(news) AS j(held));
    IF NOT turned AND fell = 0 THEN  -- the same answers stand, and what was verified of them
        PERFORM crf_settle_verified(touched, of_act);
        RETURN NULL;
    END IF;
    INSERT INTO crf_recordverification AS kept (record_id, participant_id, site_id, form_code, visit_code,
        answered, unverified, required, "left", critical, critical_left)
    SELECT r.id, r.participant_id, r.site_id, r.form_code, coalesce(v.code, ''), '{}', '{}', 0, 0, 0, 0
    FROM crf_record r LEFT JOIN followup_visit v ON v.id = r.visit_id WHERE r.id = ANY(touched)
    ON CONFLICT (record_id) DO NOTHING;
    UPDATE crf_recordverification kept SET answered = (
        SELECT coalesce(array_agg(t.target ORDER BY t.target), '{}') FROM (
            SELECT target FROM unnest(kept.answered) target
            WHERE NOT (CASE of_group WHEN '' THEN position('.' IN target) = 0 ELSE EXISTS (
                SELECT 1 FROM unnest(news) AS j(held)
                WHERE (j.held->>'record_id')::bigint = kept.record_id
                  AND starts_with(target, of_group || '.' || (j.held->>'position') || '.')
            ) END)
            UNION
            SELECT a.target FROM unnest(news) AS j(held), crf_answers(j.held, of_group) a
            WHERE (j.held->>held_by)::bigint = kept.record_id
        ) t
    )
    WHERE kept.record_id = ANY(touched);
    PERFORM crf_work_out_verification(touched);
    PERFORM crf_settle_verified(touched, of_act);
    RETURN NULL;
END $$;
"""

# Derived answers of another form may make a record complete without an answer of its own changing.
COMPLETED = """
CREATE FUNCTION crf_verified_when_complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM crf_settle_verified(ARRAY[NEW.id], NEW.act_id);
    RETURN NULL;
END $$;

"""
# Without IN: PostgreSQL writes a list of texts otherwise after a dump and a restore, and the guard would seem another.
COMPLETED_TRIGGER = """
CREATE OR REPLACE TRIGGER zzz_verified AFTER UPDATE OF state ON crf_record FOR EACH ROW
WHEN (NEW.state = 'complete' AND (OLD.state = 'empty' OR OLD.state = 'in_progress'))
EXECUTE FUNCTION crf_verified_when_complete();
"""

# Nobody writes the table by hand (``WrittenByTriggers``): whoever changes a plan or verifies asks the owner's function.
WORKED_OUT_BY_OWNER = """
ALTER FUNCTION crf_work_out_verification(bigint[]) SECURITY DEFINER SET search_path = public, pg_temp;
"""
WORKED_OUT_BY_CALLER = """
ALTER FUNCTION crf_work_out_verification(bigint[]) SECURITY INVOKER RESET search_path;
"""

# The triggers of the answers' tables name the last function; the others look at tables of this migration.
BEFORE = ANSWERS + LOT + FOLLOW
AFTER = DRAW + ROW_KEYS + WORKED_OUT + COMPLETED + COMPLETED_TRIGGER
DROP_BEFORE = """
DROP FUNCTION crf_verification_follows();
DROP FUNCTION crf_lot(text, text);
DROP FUNCTION crf_answers(jsonb, text);
"""
DROP_AFTER = """
DROP TRIGGER zzz_verified ON crf_record;
DROP FUNCTION crf_verified_when_complete();
DROP FUNCTION crf_settle_verified(bigint[], bigint);
DROP FUNCTION crf_work_out_verification(bigint[]);
DROP FUNCTION crf_row_keys();
DROP FUNCTION crf_is_drawn(text, date);
DROP FUNCTION crf_draws(text, text, int);
"""
