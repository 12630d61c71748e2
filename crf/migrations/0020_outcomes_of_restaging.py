"""Outcomes of restaging in Arm 2 have their own codes: they shared those of CRE-1, which mean something else (protocol 3.7).

An unscheduled evaluation that repeats restaging alone is judged as restaging is.
"""

from typing import Any

from django.db import migrations

from audit.upgrade import see_every_site
from crf.migrations._answers import rewrite_answers

REASON = "Outcomes of restaging have their own codes: CCR_SO_FAR is RST_CLEAR, NON_CCR is RST_RESIDUE"
OUTCOMES = {"CCR_SO_FAR": "RST_CLEAR", "CCR": "RST_CLEAR", "NON_CCR": "RST_RESIDUE"}
CASES = " ".join(f"WHEN '{old}' THEN '{new}'" for old, new in OUTCOMES.items())
OLD = ", ".join(f"'{old}'" for old in OUTCOMES)
OTHERS = """
    SELECT FROM crf_record r JOIN crf_record o ON o.participant_id = r.participant_id
    JOIN crf_responseevaluation e ON e.id = o.id WHERE r.id = t.id AND o.id <> r.id
"""
REPEATED = (
    f"t.calc_cre_type = 'UNS' AND EXISTS ({OTHERS} AND e.calc_cre_type = 'RST' AND e.calc_cre_dt <= t.calc_cre_dt) "
    f"AND NOT EXISTS ({OTHERS} AND e.calc_cre_type NOT IN ('RST', 'UNS') AND e.calc_cre_dt <= t.calc_cre_dt)"
)
DRAFTS = f"""
    UPDATE crf_draft AS d SET raw = jsonb_set(d.raw, '{{cre_outcome}}', CASE jsonb_typeof(d.raw->'cre_outcome')
        WHEN 'array' THEN jsonb_build_array(CASE d.raw->'cre_outcome'->>0 {CASES} END)
        ELSE to_jsonb(CASE d.raw->>'cre_outcome' {CASES} END) END)
    FROM followup_visit v
    WHERE v.id = d.visit_id AND v.code = 'RST' AND d.form_code = 'CRE'
      AND (d.raw->>'cre_outcome' IN ({OLD}) OR d.raw->'cre_outcome'->>0 IN ({OLD}))
"""  # noqa: S608


def rename(_apps: Any, schema_editor: Any) -> None:
    """Rows, locked ones too, and drafts; what a person confirmed at an unscheduled evaluation stays as it is."""
    both = f"cre_outcome = CASE t.cre_outcome {CASES} ELSE t.cre_outcome END"
    worked_out = (
        f"calc_cre_outcome_calc = CASE t.calc_cre_outcome_calc {CASES} WHEN '{{doubt}}' THEN 'UNCERTAIN_REPEAT' "
        "ELSE t.calc_cre_outcome_calc END"
    )
    rewrite_answers(
        schema_editor,
        table="crf_responseevaluation",
        values=f"{both}, {worked_out.format(doubt='PROCEED_TO_CRE2')}",
        where=f"t.calc_cre_type = 'RST' AND (t.cre_outcome IN ({OLD}) OR t.calc_cre_outcome_calc IN ({OLD}))",
        reason=REASON,
    )
    rewrite_answers(
        schema_editor,
        table="crf_responseevaluation",
        values=worked_out.format(doubt="PROCEED_TO_CRE2"),
        where=f"t.calc_cre_outcome_calc IN ({OLD}, 'PROCEED_TO_CRE2') AND {REPEATED}",
        reason=REASON,
    )
    with schema_editor.connection.cursor() as cursor:
        see_every_site(cursor)
        cursor.execute("ALTER TABLE crf_draft NO FORCE ROW LEVEL SECURITY")
        cursor.execute(DRAFTS)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE crf_draft FORCE ROW LEVEL SECURITY")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):
    dependencies = [("crf", "0019_corrected_stage_group"), ("followup", "0006_visits_by_the_day_they_stand_on")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
