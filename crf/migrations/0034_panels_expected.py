"""Visits that ask for a laboratory panel or the end of study expect it, those of before too (protocol 2.2, 3.4 G)."""

import json
from importlib import import_module
from typing import Any

from django.db import migrations

from audit.upgrade import has_rows, see_every_site

before = import_module("crf.migrations.0029_expected_forms_filled")
RULES = (*before.RULES, ("LB", "visit", 5, "", False), ("EOS", "operation", 5, "", False))


def fill(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        if not has_rows(cursor, "trials_participant", "true"):
            return
        see_every_site(cursor)
        cursor.execute("SELECT DISTINCT protocol_version FROM trials_participant")
        rules = [
            {"version": version, **dict(zip(before.NAMES, rule, strict=True))}
            for (version,) in cursor.fetchall()
            for rule in RULES
        ]
        cursor.execute(
            "SELECT crf_keep_expected(ARRAY(SELECT id FROM trials_participant), %s::jsonb)", [json.dumps(rules)]
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("crf", "0033_laboratory")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
