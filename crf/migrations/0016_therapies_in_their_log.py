"""Each treatment that was a row of a follow-up form is a record of the therapy log (protocol 3.12, decision D3)."""

from typing import Any

from django.db import migrations

from audit.upgrade import has_rows, open_upgrade_act

REASON = "Subsequent anticancer therapy has a log; each row of a follow-up form is copied to a record of it."
ROWS = """
    SELECT t.*, f.participant_id, f.protocol_version,
           row_number() OVER (PARTITION BY f.participant_id ORDER BY t.tx_start NULLS LAST, t.id) AS number
    FROM crf_followuptreatment t JOIN crf_record f ON f.id = t.record_id
    WHERE NOT t.removed
"""
TO_COPY = """NOT t.removed AND NOT EXISTS (
    SELECT FROM crf_record f JOIN crf_record s ON s.participant_id = f.participant_id AND s.form_code = 'ST'
    WHERE f.id = t.record_id)"""
RECORDS = f"""
    INSERT INTO crf_record (participant_id, site_id, form_code, visit_id, sequence, operation_no, state,
                            form_version, protocol_version, version, act_id)
    SELECT participant_id, site_id, 'ST', NULL, number, NULL, 'in_progress', 1, protocol_version, 1, %(act)s
    FROM ({ROWS}) AS t
    WHERE {TO_COPY}
"""  # noqa: S608
NAMES = {
    "tx_kind": "st_kind",
    "tx_drug": "st_regimen",
    "tx_gy": "st_gy",
    "tx_site": "st_part",
    "tx_start": "st_start",
    "tx_end": "st_end",
    "tx_line": "st_line",
}
MISSING = ", ".join(f"'{new}', t.missing->'{old}'" for old, new in NAMES.items())
ANSWERS = f"""
    INSERT INTO crf_subsequenttherapy (id, site_id, act_id, missing, st_class, {", ".join(NAMES.values())})
    SELECT r.id, t.site_id, %(act)s, jsonb_strip_nulls(jsonb_build_object({MISSING})),
           CASE WHEN t.tx_kind IN ('chemo', 'targeted') THEN ARRAY[t.tx_kind] END,
           {", ".join(f"t.{name}" for name in NAMES)}
    FROM ({ROWS}) AS t JOIN crf_record r
      ON r.act_id = %(act)s AND r.participant_id = t.participant_id AND r.sequence = t.number
"""  # noqa: S608


def copy_to_the_log(_apps: Any, schema_editor: Any) -> None:
    """Rows stay where they are with their versions; what the log asks and nobody said is open."""
    with schema_editor.connection.cursor() as cursor:
        if not has_rows(cursor, "crf_followuptreatment", TO_COPY):
            return
        act = open_upgrade_act(cursor, verb="crf:record:upgrade", reason=REASON)
        cursor.execute(RECORDS, {"act": act})
        cursor.execute(ANSWERS, {"act": act})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("crf", "0015_subsequent_therapy")]

    operations = [migrations.RunPython(copy_to_the_log, migrations.RunPython.noop)]
