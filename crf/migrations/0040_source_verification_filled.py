from django.db import migrations

from audit.upgrade import has_rows, open_upgrade_act, see_every_site

TABLES = """
SELECT c.relname, convert_from(rtrim(t.tgargs, '\\000'::bytea), 'UTF8')
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgname = 'verification_insert' ORDER BY 1
"""
ROWS = """
INSERT INTO crf_recordverification (record_id, participant_id, site_id, form_code, visit_code,
    answered, unverified, required, "left", critical, critical_left)
SELECT r.id, r.participant_id, r.site_id, r.form_code, coalesce(v.code, ''), '{}', '{}', 0, 0, 0, 0
FROM crf_record r LEFT JOIN followup_visit v ON v.id = r.visit_id
"""
ANSWERED = """
WITH told AS (
    SELECT coalesce(to_jsonb(x)->>'record_id', to_jsonb(x)->>'id')::bigint AS record_id, a.target, a.value
    FROM {table} x, crf_answers(to_jsonb(x), %s) a
), kept AS (
    UPDATE crf_recordverification k SET answered = k.answered || t.targets
    FROM (SELECT record_id, array_agg(target ORDER BY target) AS targets FROM told GROUP BY 1) t
    WHERE k.record_id = t.record_id
)
INSERT INTO crf_fieldverification (participant_id, site_id, record_id, target, value, verified_by_id, verified_at, act_id)
SELECT r.participant_id, r.site_id, r.id, told.target, told.value, by.by_id, by.at, %s
FROM told JOIN crf_record r ON r.id = told.record_id
JOIN LATERAL (
    SELECT a.by_id, a.at FROM crf_recordevent e JOIN audit_act a ON a.id = e.act_id
    WHERE e.pgh_obj_id = r.id AND e.state = 'verified' AND e.version = r.version AND a.by_id IS NOT NULL
    ORDER BY e.pgh_id DESC LIMIT 1
) by ON true
"""


def fill(_apps, schema_editor):
    """What is left to verify is worked out; a form that was verified as a whole is verified in each of its answers."""
    with schema_editor.connection.cursor() as cursor:
        see_every_site(cursor)
        if not has_rows(cursor, "crf_record", "true"):
            return
        reason = "Verification of a form as a whole is kept as verification of each of its answers."
        act = open_upgrade_act(cursor, verb="crf:record:upgrade", reason=reason)
        cursor.execute(ROWS)
        cursor.execute(TABLES)
        for table, group in cursor.fetchall():
            cursor.execute(ANSWERED.format(table=table), [group, act])
        cursor.execute("SELECT crf_work_out_verification(array_agg(id)) FROM crf_record")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("crf", "0039_source_verification"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
