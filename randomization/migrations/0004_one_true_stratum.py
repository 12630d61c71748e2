"""Of several marks of a wrong stratum on one allocation the last one holds (requirement 30)."""

from typing import Any

from django.db import migrations, models

from audit.upgrade import has_rows, open_upgrade_act

REASON = "An allocation has one true stratum: the mark that was made last holds, the earlier ones are withdrawn."
EARLIER = """
    t.kind = 'wrong_stratum' AND t.withdrawn_at IS NULL AND EXISTS (
        SELECT 1 FROM randomization_allocationerror AS later
        WHERE later.allocation_id = t.allocation_id AND later.kind = 'wrong_stratum'
          AND later.withdrawn_at IS NULL AND later.id > t.id)
"""
WITHDRAW = f"UPDATE randomization_allocationerror AS t SET withdrawn_at = now(), act_id = %s WHERE {EARLIER}"  # noqa: S608


def withdraw_earlier_marks(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        if has_rows(cursor, "randomization_allocationerror", EARLIER):
            act = open_upgrade_act(cursor, verb="randomization:error:withdraw", reason=REASON)
            cursor.execute(WITHDRAW, [act])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("randomization", "0003_closing_of_schemes")]

    operations = [
        migrations.RunPython(withdraw_earlier_marks, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='allocationerror',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'wrong_stratum'), ('withdrawn_at', None)), fields=('allocation',), name='randomization_error_one_true_stratum'),
        ),
    ]
