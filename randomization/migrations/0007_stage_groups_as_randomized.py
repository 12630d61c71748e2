"""Participants hold the stage group of their stratum; a staging form says where it has another one (protocol X072)."""

from typing import Any

from django.db import migrations

from audit.upgrade import has_rows, open_upgrade_act
from crf.migrations._answers import rewrite_answers

REASON = "The stage group as randomized stands with the participant, and beside it the one of a staging form that differs."
USED = "(SELECT a.strat_stage FROM randomization_allocation a WHERE a.participant_id = {participant})"
OF_FORM = USED.format(participant="(SELECT r.participant_id FROM crf_record r WHERE r.id = t.id)")
WITHOUT = "t.arm IS NOT NULL AND t.strat_stage IS NULL"


def fill(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        if has_rows(cursor, "trials_participant", WITHOUT):
            act = open_upgrade_act(cursor, verb="trials:participant:upgrade", reason=REASON)
            used = USED.format(participant="t.id")
            cursor.execute(
                f"UPDATE trials_participant AS t SET strat_stage = {used}, act_id = %s WHERE {WITHOUT}",  # noqa: S608
                [act],
            )
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    rewrite_answers(
        schema_editor,
        table="crf_staging",
        values="calc_strat_stage_corr = t.calc_cstage",
        where=f"t.calc_cstage <> {OF_FORM} AND t.calc_strat_stage_corr IS NULL",
        reason=REASON,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("crf", "0019_corrected_stage_group"),
        ("randomization", "0006_first_free_place"),
        ("trials", "0012_stage_as_randomized"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
