"""How the database keeps the table of expected forms; ``crf.trial_rules.expected`` says the same in Python.

Policies hold inside the functions as well: they read and write what the transaction may see.
"""

from __future__ import annotations

# Which record fills an expected form, how far it is, and since when it is answered. A log is up to date for a visit
# once it was typed in, or said to have nothing new, on the day of the visit or later; for screening, at any time.
RECORD_OF = """
CREATE FUNCTION crf_expected_record(by text, person bigint, at_visit bigint, form text, since date, zone text)
RETURNS TABLE (record_id bigint, state text, entered_at timestamptz) LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF by = 'log' THEN
        RETURN QUERY
        SELECT NULL::bigint, 'complete', min(told.at) FROM (
            SELECT a.at, NULL::bigint AS visit_id FROM (
                SELECT DISTINCT ON (e.pgh_obj_id, e.version) e.act_id
                FROM crf_record r JOIN crf_recordevent e ON e.pgh_obj_id = r.id
                WHERE r.participant_id = person AND r.form_code = form
                ORDER BY e.pgh_obj_id, e.version, e.pgh_id
            ) typed JOIN audit_act a ON a.id = typed.act_id
            UNION ALL
            SELECT a.at, n.visit_id FROM crf_nothingnew n JOIN audit_act a ON a.id = n.act_id
            WHERE n.participant_id = person AND n.form_code = form
        ) told
        WHERE (told.at AT TIME ZONE zone)::date >= since OR told.visit_id = at_visit
        HAVING min(told.at) IS NOT NULL;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT r.id, r.state::text, (
        SELECT a.at FROM crf_recordevent e JOIN audit_act a ON a.id = e.act_id
        WHERE e.pgh_obj_id = r.id ORDER BY e.pgh_id LIMIT 1
    )
    FROM crf_record r
    WHERE r.participant_id = person AND r.form_code = form AND (by <> 'visit' OR r.visit_id = at_visit)
    ORDER BY array_position(ARRAY['locked', 'signed', 'verified', 'complete', 'in_progress', 'empty'], r.state::text),
        r.id
    LIMIT 1;
END $$;
"""

# ``rules`` are those of each version of the protocol: what fills a form, in how many days, after which milestone.
# A form of the participant belongs to the last of the visits that list it.
KEEP = """
CREATE FUNCTION crf_keep_expected(people bigint[], rules jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH rule AS (
        SELECT * FROM jsonb_to_recordset(rules) AS given(
            version text, code text, filled_by text, days int, after text, from_register boolean)
    ), wanted AS MATERIALIZED (
        SELECT p.id AS participant_id, p.site_id, v.id AS visit_id, v.code AS visit_code, v.took_place_on,
            r.code AS form_code, r.filled_by, v.took_place_on + r.days AS due_on,
            f.record_id, coalesce(f.state, 'empty') AS state, f.entered_at,
            NOT r.from_register AND EXISTS (
                SELECT 1 FROM trials_withdrawal x
                WHERE x.participant_id = p.id AND x.all_contact AND x.cancelled_at IS NULL
            ) AS is_waived
        FROM trials_participant p
        JOIN trials_site s ON s.id = p.site_id
        JOIN followup_visit v ON v.participant_id = p.id AND v.state = 'done'
        JOIN rule r ON r.version = p.protocol_version AND r.code = ANY(v.forms)
        LEFT JOIN LATERAL crf_expected_record(
            r.filled_by, p.id, v.id, r.code,
            CASE v.code WHEN 'SCR' THEN '-infinity' ELSE v.took_place_on END, s.time_zone) f ON true
        WHERE p.id = ANY(people)
          AND (r.after = '' OR EXISTS (
              SELECT 1 FROM trials_milestone m
              WHERE m.participant_id = p.id AND m.code = r.after AND m."on" IS NOT NULL))
          AND (r.filled_by <> 'participant' OR NOT EXISTS (
              SELECT 1 FROM followup_visit w
              WHERE w.participant_id = p.id AND r.code = ANY(w.forms) AND (
                  w.state NOT IN ('done', 'not_done', 'cancelled')
                  OR (w.state = 'done' AND (w.took_place_on, w.id) > (v.took_place_on, v.id)))))
    ), gone AS (
        DELETE FROM crf_expectedform e WHERE e.participant_id = ANY(people) AND NOT EXISTS (
            SELECT 1 FROM wanted w WHERE w.visit_id = e.visit_id AND w.form_code = e.form_code)
    )
    INSERT INTO crf_expectedform AS kept (participant_id, site_id, visit_id, visit_code, took_place_on, form_code,
        filled_by, due_on, record_id, state, entered_at, is_waived)
    SELECT participant_id, site_id, visit_id, visit_code, took_place_on, form_code,
        filled_by, due_on, record_id, state, entered_at, is_waived FROM wanted
    ON CONFLICT (visit_id, form_code) DO UPDATE SET
        took_place_on = excluded.took_place_on, filled_by = excluded.filled_by, due_on = excluded.due_on,
        record_id = excluded.record_id, state = excluded.state, entered_at = excluded.entered_at,
        is_waived = excluded.is_waived
    WHERE (kept.took_place_on, kept.filled_by, kept.due_on, kept.record_id, kept.state, kept.entered_at, kept.is_waived)
        IS DISTINCT FROM (excluded.took_place_on, excluded.filled_by, excluded.due_on, excluded.record_id,
            excluded.state, excluded.entered_at, excluded.is_waived);
END $$;
"""

# Fires after the trigger that writes the version of the record: its name comes last.
FOLLOW_RECORD = """
CREATE FUNCTION crf_expected_follows_record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told timestamptz := (SELECT at FROM audit_act WHERE id = NEW.act_id);
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = NEW.state AND NOT EXISTS (
        SELECT 1 FROM crf_expectedform
        WHERE participant_id = NEW.participant_id AND form_code = NEW.form_code
          AND filled_by = 'log' AND (state = 'empty' OR entered_at > told)
    ) THEN
        RETURN NULL;
    END IF;
    UPDATE crf_expectedform e SET record_id = now.record_id, state = now.state, entered_at = now.entered_at
    FROM (
        SELECT x.id, f.* FROM crf_expectedform x JOIN trials_site s ON s.id = x.site_id,
        LATERAL crf_expected_record(
            x.filled_by, x.participant_id, x.visit_id, x.form_code,
            CASE x.visit_code WHEN 'SCR' THEN '-infinity' ELSE x.took_place_on END, s.time_zone) f
        WHERE x.participant_id = NEW.participant_id AND x.form_code = NEW.form_code
          AND (x.filled_by <> 'log' OR x.state = 'empty' OR x.entered_at > told)
          AND (x.filled_by <> 'visit' OR x.visit_id = NEW.visit_id)
    ) now
    WHERE e.id = now.id
      AND (e.record_id, e.state, e.entered_at) IS DISTINCT FROM (now.record_id, now.state, now.entered_at);
    RETURN NULL;
END $$;

CREATE TRIGGER zz_expected_insert AFTER INSERT ON crf_record
FOR EACH ROW EXECUTE FUNCTION crf_expected_follows_record();
CREATE TRIGGER zz_expected_update AFTER UPDATE ON crf_record FOR EACH ROW
WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.version IS DISTINCT FROM NEW.version)
EXECUTE FUNCTION crf_expected_follows_record();
"""

FUNCTIONS = RECORD_OF + KEEP + FOLLOW_RECORD
DROP_FUNCTIONS = """
DROP TRIGGER zz_expected_insert ON crf_record;
DROP TRIGGER zz_expected_update ON crf_record;
DROP FUNCTION crf_expected_follows_record();
DROP FUNCTION crf_keep_expected(bigint[], jsonb);
DROP FUNCTION crf_expected_record(text, bigint, bigint, text, date, text);
"""
