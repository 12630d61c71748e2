"""What was answered for both drugs of a day is answered for each of them (protocol 3.5 A, decision C1)."""

from typing import Any

from django.db import migrations

from crf.migrations._answers import rewrite_answers

REASON = "Each drug of a day of chemotherapy has its own answers; what was answered for both is copied to paclitaxel."
GIVEN = (
    "(SELECT count(*) FROM crf_treatmentchemotherapy c WHERE c.record_id = t.id AND NOT c.removed "
    "AND c.{given} IN ('full', 'reduced'))"
)


def separate_the_drugs(_apps: Any, schema_editor: Any) -> None:
    rewrite_answers(
        schema_editor,
        table="crf_treatmentchemotherapy",
        values="nabp_given = given, nabp_dt = adm_dt, nabp_reason = mod_reason, missing = missing "
        "|| CASE WHEN missing ? 'adm_dt' THEN jsonb_build_object('nabp_dt', missing->'adm_dt') ELSE '{}' END "
        "|| CASE WHEN missing ? 'mod_reason' THEN jsonb_build_object('nabp_reason', missing->'mod_reason') "
        "ELSE '{}' END",
        where="nabp_given IS NULL AND given IS NOT NULL",
        reason=REASON,
        rows_of_group=True,
    )
    counted = {name: GIVEN.format(given=given) for name, given in (("carbo", "given"), ("nabp", "nabp_given"))}
    rewrite_answers(
        schema_editor,
        table="crf_treatment",
        values=", ".join(f"calc_{name}_n = {number}" for name, number in counted.items()),
        where="calc_carbo_n IS NULL AND calc_chemo_n IS NOT NULL",
        reason=REASON,
    )


class Migration(migrations.Migration):
    dependencies = [("crf", "0005_drugs_of_a_day")]

    operations = [migrations.RunPython(separate_the_drugs, migrations.RunPython.noop)]
