"""Each proposal that somebody confirmed is a deviation on the log (protocol 3.15, decision D6)."""

import json
import re
from typing import Any

from django.db import migrations

from audit.upgrade import has_rows, open_upgrade_act

REASON = "Deviations have a log; each proposal that was confirmed is copied to a record of it."
TO_COPY = "t.state = 'confirmed' AND t.deviation_no IS NULL"
ROWS = """
    SELECT t.id, t.participant_id, t.site_id, t.rule, t.key, t.detail, t."values", t.found_on, p.protocol_version,
           p.arm,
           row_number() OVER (PARTITION BY t.participant_id ORDER BY t.found_on, t.id)
    FROM trials_deviationproposal t JOIN trials_participant p ON p.id = t.participant_id
    WHERE t.state = 'confirmed' AND t.deviation_no IS NULL
    ORDER BY t.participant_id, t.found_on, t.id
"""
RECORD = """
    INSERT INTO crf_record (participant_id, site_id, form_code, visit_id, sequence, operation_no, state,
                            form_version, protocol_version, version, act_id)
    VALUES (%(participant)s, %(site)s, 'DV', NULL, %(number)s, NULL, 'in_progress', 1, %(version)s, 1, %(act)s)
    RETURNING id
"""
ANSWERS = """
    INSERT INTO crf_deviation (id, site_id, act_id, missing, dv_src, dv_rule, dv_found, dv_cat, dv_term,
                               calc_dv_cross_from, calc_dv_imp_calc, calc_dv_pp_calc)
    VALUES (%(id)s, %(site)s, %(act)s, '{}', 'rule', %(rule)s, %(found_on)s, %(category)s, %(term)s,
            %(strategy)s, %(importance)s, %(excludes)s)
"""
NUMBER = "UPDATE trials_deviationproposal SET deviation_no = %(number)s, act_id = %(act)s WHERE id = %(proposal)s"
CATEGORIES = frozenset(
    (
        *("consent", "eligibility", "randomization", "wrong_treatment", "drug_dose", "radiotherapy"),
        *("cre_timing", "cre_content", "missed_visit", "surgery_timing", "crossover", "late_sae"),
    )
)
OF_RULE = {
    "RAND": "randomization",
    "X007": "eligibility",
    "VISIT-MISSED": "missed_visit",
    "late_pregnancy": "late_sae",
}
IMPORTANT = frozenset(
    ("consent", "eligibility", "randomization", "wrong_treatment", "crossover", "late_sae")
)
STRATEGIES = {"1": "surveillance", "2": "surgery"}
EXCLUDING = frozenset(("eligibility", "wrong_treatment", "crossover"))
NAMES_AN_ARM = re.compile(r"\barms?\s*[12]\b|第?\s*[12一二]\s*组", re.IGNORECASE)


def copy_to_the_log(_apps: Any, schema_editor: Any) -> None:
    """What nobody said yet, such as the day of the deviation, is open; words that name the arm are left out."""
    with schema_editor.connection.cursor() as cursor:
        if not has_rows(cursor, "trials_deviationproposal", TO_COPY):
            return
        cursor.execute(ROWS)
        rows = cursor.fetchall()
        act = open_upgrade_act(cursor, verb="crf:record:upgrade", reason=REASON)
        for row in rows:
            _copy(cursor, act, *row)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _copy(
    cursor: Any,
    act: int,
    proposal: int,
    participant: int,
    site: int,
    rule: str,
    key: str,
    detail: str,
    values: Any,
    found_on: Any,
    version: str,
    arm: str | None,
    number: int,
) -> None:
    category = OF_RULE.get(rule, rule if rule in CATEGORIES else "other")
    said = _said(detail, values)
    told = {
        "act": act,
        "participant": participant,
        "site": site,
        "number": number,
        "version": version,
        "proposal": proposal,
        "rule": f"{rule} {key}"[:240],
        "found_on": found_on,
        "category": category,
        "term": None if NAMES_AN_ARM.search(said) else said[:1000],
        "strategy": STRATEGIES.get(arm or "") if category == "crossover" else None,
        "importance": "important" if category in IMPORTANT else "minor",
        "excludes": "Y" if category in EXCLUDING else "N",
    }
    cursor.execute(RECORD, told)
    told["id"] = cursor.fetchone()[0]
    cursor.execute(ANSWERS, told)
    cursor.execute(NUMBER, told)


def _said(detail: str, values: Any) -> str:
    known = json.loads(values) if isinstance(values, str) else values
    return detail % known if known else detail


class Migration(migrations.Migration):
    dependencies = [("crf", "0024_deviation"), ("trials", "0014_deviations_on_the_log")]

    operations = [migrations.RunPython(copy_to_the_log, migrations.RunPython.noop)]
