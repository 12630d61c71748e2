"""Each disease and each drug that was a row of DM is a record of its log (protocol 3.3, decision C8)."""

from typing import Any, NamedTuple

from django.db import migrations

from audit.upgrade import has_rows, open_upgrade_act

REASON = "Medical history and medication have logs; each row of the form DM is copied to a record of one."
HISTORY = ("mh_text", "mh_decod", "mh_start", "mh_ongo")
MEDICATION = (
    *("cm_trt", "cm_code", "cm_dose", "cm_dosu", "cm_route", "cm_freq", "cm_start", "cm_ongo", "cm_end"),
    *("cm_indc", "cm_indc_txt", "cm_steroid", "cm_pred", "cm_immuno", "cm_gcsf", "cm_abx"),
)


class Log(NamedTuple):
    """A table of rows, the log that takes them, and when a copied record answers all that the log asks."""

    code: str
    rows: str
    table: str
    names: tuple[str, ...]
    complete: str


TOLD = " AND ".join(f"(t.{name} <> '' OR t.missing ? '{name}')" for name in ("mh_text", "mh_ongo"))
LOGS = (
    Log("MH", "crf_demographicsdisease", "crf_medicalhistory", HISTORY, TOLD),
    Log("CM", "crf_demographicsmedication", "crf_medication", MEDICATION, "false"),
)


def copy_to_the_logs(_apps: Any, schema_editor: Any) -> None:
    """Rows stay where they are with their versions; what a log asks and nobody said is open."""
    with schema_editor.connection.cursor() as cursor:
        act = None
        for log in LOGS:
            waiting = f"""NOT t.removed AND NOT EXISTS (
                SELECT FROM crf_record f JOIN crf_record s ON s.participant_id = f.participant_id
                WHERE f.id = t.record_id AND s.form_code = '{log.code}')"""  # noqa: S608
            if not has_rows(cursor, log.rows, waiting):
                continue
            act = act or open_upgrade_act(cursor, verb="crf:record:upgrade", reason=REASON)
            _copy(cursor, log, waiting, act)
        if act:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _copy(cursor: Any, log: Log, waiting: str, act: int) -> None:
    rows = f"""
        SELECT t.*, f.participant_id, f.protocol_version,
               row_number() OVER (PARTITION BY f.participant_id ORDER BY t.position, t.id) AS number
        FROM {log.rows} t JOIN crf_record f ON f.id = t.record_id WHERE NOT t.removed"""  # noqa: S608
    cursor.execute(
        f"""
        INSERT INTO crf_record (participant_id, site_id, form_code, visit_id, sequence, operation_no, state,
                                form_version, protocol_version, version, act_id)
        SELECT participant_id, site_id, '{log.code}', NULL, number, NULL,
               CASE WHEN {log.complete} THEN 'complete' ELSE 'in_progress' END, 1, protocol_version, 1, %(act)s
        FROM ({rows}) AS t WHERE {waiting}""",  # noqa: S608
        {"act": act},
    )
    missing = ", ".join(f"'{name}', t.missing->'{name}'" for name in log.names)
    cursor.execute(
        f"""
        INSERT INTO {log.table} (id, site_id, act_id, missing, {", ".join(log.names)})
        SELECT r.id, t.site_id, %(act)s, jsonb_strip_nulls(jsonb_build_object({missing})),
               {", ".join(f"t.{name}" for name in log.names)}
        FROM ({rows}) AS t JOIN crf_record r
          ON r.act_id = %(act)s AND r.form_code = '{log.code}'
         AND r.participant_id = t.participant_id AND r.sequence = t.number""",  # noqa: S608
        {"act": act},
    )


class Migration(migrations.Migration):
    dependencies = [("crf", "0021_history_and_medication")]

    operations = [migrations.RunPython(copy_to_the_logs, migrations.RunPython.noop)]
