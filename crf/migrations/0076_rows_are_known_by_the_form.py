# Which test or dose a row is about is said by the form: nobody is asked to compare it with paper.
from django.db import migrations

from audit.upgrade import has_rows, open_upgrade_act, see_every_site
from crf.models.verification_sql import ROW_KEYS, WORKED_OUT


def follow(_apps, schema_editor):
    """What is left to verify is worked out anew, and the states of records follow."""
    with schema_editor.connection.cursor() as cursor:
        see_every_site(cursor)
        if not has_rows(cursor, "crf_recordverification", "true"):
            return
        reason = "Which test or dose a row is about is no answer that is compared with source."
        act = open_upgrade_act(cursor, verb="crf:record:upgrade", reason=reason)
        cursor.execute("SELECT crf_work_out_verification(array_agg(id)) FROM crf_record")
        cursor.execute("SELECT crf_settle_verified(array_agg(id), %s) FROM crf_record", [act])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("crf", "0075_gap_of_radiotherapy_names_its_event"),
    ]

    operations = [
        migrations.RunSQL(
            (ROW_KEYS + WORKED_OUT).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(follow, migrations.RunPython.noop),
    ]
