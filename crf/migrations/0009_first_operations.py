"""The one surgery record that a participant had is operation 1, and its report names it (protocol 3.8, decision D1)."""

from typing import Any

from django.db import migrations

from crf.migrations._answers import rewrite_answers

REASON = "Surgery and pathology have one record for each operation; the record that was there is operation 1."
OF_FIRST = (
    "(SELECT s.{column} FROM crf_surgery s JOIN crf_record o ON o.id = s.id JOIN crf_record r ON r.id = t.id "
    "WHERE o.participant_id = r.participant_id AND o.sequence = 1)"
)


def number_operations(_apps: Any, schema_editor: Any) -> None:
    rewrite_answers(
        schema_editor,
        table="crf_surgery",
        values="calc_op_no = (SELECT r.sequence FROM crf_record r WHERE r.id = t.id)",
        where="calc_op_no IS NULL",
        reason=REASON,
    )
    rewrite_answers(
        schema_editor,
        table="crf_pathology",
        values=f"op_no = {OF_FIRST.format(column='calc_op_no')}, calc_op_dt = {OF_FIRST.format(column='surg_dt')}",
        where="op_no IS NULL",
        reason=REASON,
    )


class Migration(migrations.Migration):
    dependencies = [("crf", "0008_operation_numbers")]

    operations = [migrations.RunPython(number_operations, migrations.RunPython.noop)]
